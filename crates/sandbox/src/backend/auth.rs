//! Authentication: the API key of administrators, the anonymous key of applications, and the tokens of their users.

use crate::API_KEY;
use crate::backend::api_error::ApiError;
use crate::backend::{Context, Request};
use crate::generation::Generation;
use crate::token::{self, ANON_KEY};

const CHECK_TOKEN: &str = "Check the token is valid or login to get a new token.";
const CHECK_ADMIN_TOKEN: &str = "Check the admin token is valid or login as admin to get a new token.";
const CHECK_API_KEY: &str = "Check the API key is valid or generate a new API key.";

/// Who sends a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// A program with the project's API key.
    ApiKey,
    /// A visitor who is not signed in.
    Anonymous,
    /// A user of the application, with the token's role.
    User { role: String },
}

/// The credentials of a request: a valid API key, or a bearer token to verify.
enum Credentials<'a> {
    ApiKey,
    Bearer(&'a str),
}

/// Requires the API key or a token of the role `project_admin`. An anonymous key is not a valid token here.
pub(super) fn require_admin(request: &Request, context: &Context) -> Result<(), ApiError> {
    let Credentials::Bearer(token) = credentials(request, "No admin token provided")? else { return Ok(()) };
    if role(token, context)? == "project_admin" {
        return Ok(());
    }
    Err(ApiError::new(403, "AUTH_UNAUTHORIZED", "Admin access required").next_actions(CHECK_ADMIN_TOKEN))
}

/// Identifies the caller of a route for the application's users.
pub(super) fn identify(request: &Request, context: &Context) -> Result<Caller, ApiError> {
    match credentials(request, "No token provided")? {
        Credentials::ApiKey => Ok(Caller::ApiKey),
        Credentials::Bearer(ANON_KEY) => Ok(Caller::Anonymous),
        Credentials::Bearer(key) if key.starts_with("anon_") && context.generation == Generation::Newer => {
            Err(ApiError::new(401, "AUTH_INVALID_CREDENTIALS", "Invalid anon key").next_actions(CHECK_TOKEN))
        }
        Credentials::Bearer(token) => match role(token, context)? {
            role if role == "anon" => Ok(Caller::Anonymous),
            role => Ok(Caller::User { role }),
        },
    }
}

/// Reads the credentials. `missing` is the message if there are none.
fn credentials<'a>(request: &'a Request, missing: &str) -> Result<Credentials<'a>, ApiError> {
    // The backend matches the scheme case-sensitively.
    let bearer = request.header("authorization").and_then(|text| text.strip_prefix("Bearer "));
    let bearer = bearer.filter(|token| !token.is_empty());
    let key = bearer.filter(|token| token.starts_with("ik_")).or(request.header("x-api-key"));
    match (key.filter(|key| !key.is_empty()), bearer) {
        (Some(API_KEY), _) => Ok(Credentials::ApiKey),
        (Some(_), _) => {
            Err(ApiError::new(401, "AUTH_INVALID_API_KEY", "Invalid API key").next_actions(CHECK_API_KEY))
        }
        (None, Some(token)) => Ok(Credentials::Bearer(token)),
        (None, None) => {
            Err(ApiError::new(401, "AUTH_INVALID_CREDENTIALS", missing).next_actions(CHECK_TOKEN))
        }
    }
}

/// The role of a valid token.
fn role(token: &str, context: &Context) -> Result<String, ApiError> {
    token::verify(token, context.real_now)
        .ok_or_else(|| ApiError::new(401, "AUTH_UNAUTHORIZED", "Invalid token"))
}

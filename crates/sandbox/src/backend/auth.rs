//! Authentication. The sandbox has one API key and no users, so every session token is invalid.

use crate::API_KEY;
use crate::backend::Request;
use crate::backend::api_error::ApiError;

const CHECK_TOKEN: &str = "Check the token is valid or login to get a new token.";
const CHECK_API_KEY: &str = "Check the API key is valid or generate a new API key.";

/// Requires the API key.
pub(super) fn require_admin(request: &Request) -> Result<(), ApiError> {
    let missing =
        ApiError::new(401, "AUTH_INVALID_CREDENTIALS", "No admin token provided").next_actions(CHECK_TOKEN);
    check(request, missing)
}

/// Accepts the API key where the backend requires a signed-in user.
pub(super) fn require_user(request: &Request) -> Result<(), ApiError> {
    let missing =
        ApiError::new(401, "AUTH_INVALID_CREDENTIALS", "No token provided").next_actions(CHECK_TOKEN);
    check(request, missing)
}

fn check(request: &Request, missing: ApiError) -> Result<(), ApiError> {
    // The backend matches the scheme case-sensitively.
    let bearer = request.authorization.as_deref().and_then(|text| text.strip_prefix("Bearer "));
    let key = bearer.filter(|token| token.starts_with("ik_")).or(request.api_key.as_deref());
    let key = key.filter(|key| !key.is_empty());
    match (key, bearer) {
        (Some(API_KEY), _) => Ok(()),
        (Some(_), _) => {
            Err(ApiError::new(401, "AUTH_INVALID_API_KEY", "Invalid API key").next_actions(CHECK_API_KEY))
        }
        (None, Some(_)) => Err(ApiError::new(401, "AUTH_UNAUTHORIZED", "Invalid token")),
        (None, None) => Err(missing),
    }
}

//! Who asks. The sandbox knows one API key and no users: whoever brings a session token has none that it gave.

use crate::API_KEY;
use crate::backend::Request;
use crate::backend::refusal::Refusal;

const CHECK_TOKEN: &str = "Check the token is valid or login to get a new token.";
const CHECK_API_KEY: &str = "Check the API key is valid or generate a new API key.";

/// Lets the project's administrator through.
pub(super) fn admin(request: &Request) -> Result<(), Refusal> {
    let missing =
        Refusal::new(401, "AUTH_INVALID_CREDENTIALS", "No admin token provided").advising(CHECK_TOKEN);
    check(request, missing)
}

/// Lets everybody through who shows something that can be theirs.
pub(super) fn user(request: &Request) -> Result<(), Refusal> {
    let missing = Refusal::new(401, "AUTH_INVALID_CREDENTIALS", "No token provided").advising(CHECK_TOKEN);
    check(request, missing)
}

fn check(request: &Request, missing: Refusal) -> Result<(), Refusal> {
    // The scheme is matched case-sensitively.
    let bearer = request.authorization.as_deref().and_then(|text| text.strip_prefix("Bearer "));
    let key = bearer.filter(|token| token.starts_with("ik_")).or(request.api_key.as_deref());
    let key = key.filter(|key| !key.is_empty());
    match (key, bearer) {
        (Some(API_KEY), _) => Ok(()),
        (Some(_), _) => {
            Err(Refusal::new(401, "AUTH_INVALID_API_KEY", "Invalid API key").advising(CHECK_API_KEY))
        }
        (None, Some(_)) => Err(Refusal::new(401, "AUTH_UNAUTHORIZED", "Invalid token")),
        (None, None) => Err(missing),
    }
}

//! The plain codes of InsForge 2.1.0 to 2.1.7. These backends pass Stripe's errors on, with a code that follows from the
//! status alone: a key that Stripe refuses is `AUTH_UNAUTHORIZED`, like a refused token of the backend's own. Only the
//! message tells them apart.

use crate::api::method::Method;
use crate::api::provider::{BackendError, Meaning};
use crate::wire::Generation;

/// What an error with a plain code means. `None` if it is not Stripe's, or if status and code say it already.
pub(super) fn meaning(error: &BackendError<'_>) -> Option<Meaning> {
    if error.generation != Generation::Older {
        return None;
    }
    let message = error.message;
    // A GET never contacts Stripe.
    let may_be_stripes = error.method != Method::Get;
    let (status, code) = match (error.status, error.code) {
        (400, "INVALID_INPUT") if is_about_the_stored_key(message) => (400, "PAYMENT_CONFIG_INVALID"),
        (404, "NOT_FOUND") if message == "No Stripe key configured" => (404, "PAYMENT_CONFIG_NOT_FOUND"),
        _ if !may_be_stripes => return None,
        (401, "AUTH_UNAUTHORIZED") if !is_about_a_token(message) => (401, "PAYMENT_CONFIG_INVALID"),
        (403, "FORBIDDEN") => (403, "PAYMENT_CONFIG_INVALID"),
        (400, "INVALID_INPUT") if !names_fields(message) => (400, "UPSTREAM_FAILURE"),
        (404, "NOT_FOUND") if message.starts_with("No such ") => (404, "UPSTREAM_FAILURE"),
        (409, "ALREADY_EXISTS") => (409, "UPSTREAM_FAILURE"),
        (402, "INTERNAL_ERROR") => (402, "PAYMENT_METHOD_DECLINED"),
        (429, "INTERNAL_ERROR") => (429, "RATE_LIMITED"),
        _ => return None,
    };
    Some(Meaning::new(status, code))
}

/// `STRIPE_TEST_SECRET_KEY is not configured`, or `… must start with sk_test_`.
fn is_about_the_stored_key(message: &str) -> bool {
    message.starts_with("STRIPE_")
        && ["is not configured", "must start with"].iter().any(|end| message.contains(end))
}

/// Whether the backend itself refused the credentials: `Invalid token`. Stripe's messages are about an API key.
fn is_about_a_token(message: &str) -> bool {
    let message = message.to_lowercase();
    message.contains("token") && !message.contains("api key")
}

/// Whether the backend itself refused fields of the request: `name: Required, recurring.interval: Invalid enum value`.
/// Stripe's messages are sentences, some with a colon: `Invalid URL: URL must be publicly accessible`.
fn names_fields(message: &str) -> bool {
    let field = message.split_once(": ").map(|(path, _)| path.split('.').next().unwrap_or_default());
    field.is_some_and(|field| field.chars().all(|c| c.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_decides_whose_error_it_is() {
        let invalid = Some((400, "PAYMENT_CONFIG_INVALID"));
        let refused = Some((400, "UPSTREAM_FAILURE"));
        // status, code, message, meaning for a POST, meaning for a GET
        let table = [
            (400, "INVALID_INPUT", "STRIPE_LIVE_SECRET_KEY is not configured", invalid, invalid),
            (400, "INVALID_INPUT", "STRIPE_TEST_SECRET_KEY must start with sk_test_", invalid, invalid),
            (400, "INVALID_INPUT", "name: Required, description: Expected string", None, None),
            (400, "INVALID_INPUT", ": Unrecognized key(s) in object: 'foo'", None, None),
            (400, "INVALID_INPUT", "metadata.my key: Expected string, received number", None, None),
            (400, "INVALID_INPUT", "Invalid URL: URL must be publicly accessible.", refused, None),
            (400, "INVALID_INPUT", "No such product: 'prod_missing'", refused, None),
            (400, "INVALID_INPUT", "This value must be less than or equal to 99999999.", refused, None),
            (401, "AUTH_UNAUTHORIZED", "Invalid token", None, None),
            (401, "AUTH_INVALID_API_KEY", "Invalid API key", None, None),
            (
                401,
                "AUTH_UNAUTHORIZED",
                "Expired API Key provided: sk_test_****oken",
                Some((401, "PAYMENT_CONFIG_INVALID")),
                None,
            ),
            (403, "AUTH_UNAUTHORIZED", "Admin access required", None, None),
            (
                403,
                "FORBIDDEN",
                "The provided key does not have …",
                Some((403, "PAYMENT_CONFIG_INVALID")),
                None,
            ),
            (404, "NOT_FOUND", "Stripe test product not found: prod_x", None, None),
            (404, "NOT_FOUND", "No such price: 'price_missing'", Some((404, "UPSTREAM_FAILURE")), None),
            (409, "ALREADY_EXISTS", "Object is locked.", Some((409, "UPSTREAM_FAILURE")), None),
            (429, "INTERNAL_ERROR", "Request rate limit exceeded.", Some((429, "RATE_LIMITED")), None),
            (500, "INTERNAL_ERROR", "prices exploded", None, None),
        ];
        for (status, code, message, of_post, of_get) in table {
            for (method, expected) in [(Method::Post, of_post), (Method::Get, of_get)] {
                let error = BackendError { method, generation: Generation::Older, status, code, message };
                let expected = expected.map(|(status, code)| Meaning::new(status, code));
                assert_eq!(meaning(&error), expected, "{method} {error:?}");
                assert_eq!(meaning(&BackendError { generation: Generation::Newer, ..error }), None);
            }
        }
    }
}

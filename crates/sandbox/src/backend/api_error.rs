//! The backend's error responses.

use serde_json::{Value, json};

use crate::backend::Response;
use crate::state::CustomerTaken;
use crate::stripe::StripeError;

/// An error response of the backend.
#[derive(Debug)]
pub(super) struct ApiError {
    status: u16,
    code: &'static str,
    message: String,
    /// The advice in the field `nextActions`.
    next_actions: Option<String>,
}

impl ApiError {
    pub(super) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), next_actions: None }
    }

    pub(super) fn next_actions(mut self, next_actions: impl Into<String>) -> Self {
        self.next_actions = Some(next_actions.into());
        self
    }

    pub(super) fn invalid_input(message: impl Into<String>) -> Self {
        Self::new(400, "INVALID_INPUT", message)
    }

    pub(super) fn endpoint_not_found(target: &str) -> Self {
        Self::new(404, "NOT_FOUND", format!("Endpoint {target} not found"))
            .next_actions("Please check the API documentation for available endpoints")
    }

    /// The error of a row that another row excludes.
    pub(super) fn duplicate(constraint: &str) -> Self {
        let message = format!("duplicate key value violates unique constraint \"{constraint}\"");
        Self::new(409, "DATABASE_DUPLICATE", message).next_actions(
            "A record with this field(field) already exists. You can query the existing record by using the query \
             tool and then try again.",
        )
    }

    pub(super) fn user_token_required(action: &str) -> Self {
        Self::new(401, "AUTH_INVALID_CREDENTIALS", format!("{action} requires a user token"))
    }

    /// The message, which the backend also stores in `last_error`.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    pub(super) fn into_response(self) -> Response {
        let mut body = json!({"error": self.code, "message": self.message, "statusCode": self.status});
        if let (Some(next_actions), Value::Object(fields)) = (self.next_actions, &mut body) {
            fields.insert("nextActions".to_owned(), next_actions.into());
        }
        Response { status: self.status, body: Some(body) }
    }
}

impl From<CustomerTaken> for ApiError {
    fn from(CustomerTaken: CustomerTaken) -> Self {
        Self::duplicate("customer_mappings_provider_environment_provider_customer_id_key")
    }
}

/// Keeps Stripe's status and message.
impl From<StripeError> for ApiError {
    fn from(error: StripeError) -> Self {
        let code = match error.status {
            401 | 403 => "PAYMENT_CONFIG_INVALID",
            402 => "PAYMENT_METHOD_DECLINED",
            429 => "RATE_LIMITED",
            _ => "UPSTREAM_FAILURE",
        };
        Self::new(error.status, code, error.message)
    }
}

/// The response to an unexpected error.
pub(crate) fn internal_error(message: &str) -> Response {
    ApiError::new(500, "INTERNAL_ERROR", message).into_response()
}

/// The sandbox's response to a request for a host that is not allowed.
pub(crate) fn host_not_allowed(host: &str) -> Response {
    ApiError::new(
        421,
        "HOST_NOT_ALLOWED",
        format!("The sandbox does not accept requests for the host {host}"),
    )
    .next_actions(format!("If you trust this host, start the sandbox with --allow-host {host}"))
    .into_response()
}

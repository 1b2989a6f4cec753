//! The routes for the application's users: orders and subscriptions.

use serde_json::Value;

use crate::backend::Handler;
use crate::backend::api_error::ApiError;
use crate::backend::auth::Caller;
use crate::backend::razorpay::{RazorpayRuntime, manage, orders};
use crate::backend::validate::{StringRules, Validator};
use crate::patch::Patch;
use crate::signature::is_hmac_sha256;
use crate::state::razorpay::Key;

/// Runs an action. Returns the status and the body.
pub(super) fn run(
    handler: &mut Handler,
    action: &RazorpayRuntime,
    caller: &Caller,
) -> Result<(u16, Value), ApiError> {
    let environment = handler.environment()?;
    let caller = RuntimeCaller { caller, action };
    match action {
        RazorpayRuntime::CreateOrder => Ok((201, orders::create(handler, environment, &caller)?)),
        RazorpayRuntime::VerifyOrder => Ok((200, orders::verify(handler, environment, &caller)?)),
        RazorpayRuntime::CreateSubscription => Ok((201, manage::create(handler, environment, &caller)?)),
        RazorpayRuntime::VerifySubscription => Ok((200, manage::verify(handler, environment, &caller)?)),
        RazorpayRuntime::CancelSubscription(id) => {
            Ok((200, manage::cancel(handler, environment, &caller, id)?))
        }
        RazorpayRuntime::PauseSubscription(id) => {
            Ok((200, manage::pause(handler, environment, &caller, id)?))
        }
        RazorpayRuntime::ResumeSubscription(id) => {
            Ok((200, manage::resume(handler, environment, &caller, id)?))
        }
    }
}

/// The caller of an action. The backend checks the body before it refuses a caller.
pub(super) struct RuntimeCaller<'a> {
    caller: &'a Caller,
    action: &'a RazorpayRuntime,
}

impl RuntimeCaller<'_> {
    /// Requires a user or a visitor.
    pub(super) fn require_application(&self) -> Result<(), ApiError> {
        match self.caller {
            Caller::Anonymous => Ok(()),
            _ => self.require_user(self.action.name()),
        }
    }

    /// Requires a user who is signed in. `what` is for the error if the caller is not one, but has a valid token.
    pub(super) fn require_user(&self, what: &str) -> Result<(), ApiError> {
        match self.caller {
            Caller::User { role } if matches!(role.as_str(), "authenticated" | "project_admin") => Ok(()),
            Caller::ApiKey => Err(ApiError::user_token_required(self.action.name())),
            Caller::User { .. } | Caller::Anonymous => Err(ApiError::user_token_required(what)),
        }
    }
}

/// The body of a verification.
pub(super) struct Verification {
    /// The id of the order or subscription.
    pub(super) object: String,
    pub(super) payment: String,
    signature: String,
}

impl Verification {
    /// Reads the body. `field` is the name of the field with the object's id.
    pub(super) fn read(
        handler: &Handler,
        field: &'static str,
        required: &'static str,
    ) -> Result<Self, ApiError> {
        let rules = |message| StringRules { required_message: Some(message), ..StringRules::default() };
        let mut fields = handler.body()?;
        let verification = Self {
            object: fields.required_string(field, rules(required)),
            payment: fields.required_string("paymentId", rules("Razorpay payment id is required")),
            signature: fields.required_string("signature", rules("Razorpay signature is required")),
        };
        fields.reject_unknown_fields();
        fields.finish()?;
        Ok(verification)
    }

    /// Checks the signature, which the checkout page gets from Razorpay.
    /// Source: <https://razorpay.com/docs/payments/server-integration/nodejs/payment-gateway/build-integration/>.
    pub(super) fn check(&self, key: &Key, signed: &str, what: &str) -> Result<(), ApiError> {
        let bytes = decode_hex(&self.signature).unwrap_or_default();
        if is_hmac_sha256(&bytes, key.secret.as_bytes(), signed.as_bytes()) {
            return Ok(());
        }
        Err(ApiError::invalid_input(format!("Invalid Razorpay {what} signature")))
    }
}

/// An optional string that can be `null`.
pub(super) fn nullable(fields: &mut Validator, name: &'static str, rules: StringRules) -> Option<String> {
    match fields.nullable_string(name, rules) {
        Patch::Set(text) => Some(text),
        Patch::Keep | Patch::Clear => None,
    }
}

/// Decodes hexadecimal digits of either case.
pub(in crate::backend) fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some([char::from(*high).to_digit(16)?, char::from(*low).to_digit(16)?]),
        _ => None,
    });
    digits.map(|pair| pair.and_then(|[high, low]| u8::try_from(high * 16 + low).ok())).collect()
}

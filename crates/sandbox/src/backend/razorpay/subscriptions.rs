//! Razorpay subscriptions.

use serde_json::{Value, json};

use crate::backend::Handler;
use crate::backend::api_error::ApiError;
use crate::backend::razorpay::rows;
use crate::environment::Environment;

pub(super) fn list(handler: &Handler, environment: Environment) -> Result<Value, ApiError> {
    let (subject, limit) = handler.subject_and_limit()?;
    let all = handler.state.insforge.razorpay(environment).subscriptions.iter();
    let rows = all
        .filter(|row| subject.is_none() || row.subject == subject)
        .take(limit)
        .map(|row| rows::subscription(row, environment));
    Ok(json!({"subscriptions": rows.collect::<Vec<_>>()}))
}

//! Razorpay's subscriptions.

use serde_json::{Value, json};

use crate::backend::Scene;
use crate::backend::razorpay::rows;
use crate::backend::refusal::Refusal;
use crate::environment::Environment;

pub(super) fn list(scene: &Scene, environment: Environment) -> Result<Value, Refusal> {
    let (subject, limit) = scene.subject_and_limit()?;
    let all = scene.state.insforge.razorpay(environment).subscriptions.iter();
    let rows = all
        .filter(|row| subject.is_none() || row.subject == subject)
        .take(limit)
        .map(|row| rows::subscription(row, environment));
    Ok(json!({"subscriptions": rows.collect::<Vec<_>>()}))
}

//! Stripe subscriptions.

use serde_json::{Value, json};

use crate::backend::Handler;
use crate::backend::api_error::ApiError;
use crate::backend::stripe::rows;
use crate::state::stripe::MirroredSubscription;

impl Handler<'_> {
    pub(super) fn subscriptions(&self) -> Result<Value, ApiError> {
        let environment = self.environment()?;
        let (subject, limit) = self.subject_and_limit()?;
        let all = self.state.insforge.stripe(environment).subscriptions.values();
        let mut rows: Vec<&MirroredSubscription> =
            all.filter(|row| subject.is_none() || row.subject == subject).collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.written));
        let rows = rows.into_iter().take(limit).map(|row| rows::subscription(row, environment));
        Ok(json!({"subscriptions": rows.collect::<Vec<_>>()}))
    }
}

//! A failure as programs read it.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::error::Failure;
use crate::secret::redact;

/// What a JSON error says of a failure by itself: of a whole run, or of one of many objects.
pub(crate) fn fields(failure: &Failure) -> Map<String, Value> {
    let fields: [(&str, Value); 8] = [
        ("error", safe(Some(&failure.what)).into()),
        ("code", failure.code.as_str().into()),
        ("status", failure.status.into()),
        ("why", safe(failure.why.as_deref()).into()),
        ("hint", safe(failure.hint.as_deref()).into()),
        ("retryable", failure.retryable().into()),
        ("idempotencyKey", safe(failure.idempotency_key.as_ref().map(|key| key.as_str())).into()),
        ("exitCode", failure.exit.code().into()),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Redacted before it becomes JSON: there an escaped line break would be glued to the key behind it.
fn safe(text: Option<&str>) -> Option<Cow<'_, str>> {
    text.map(redact)
}

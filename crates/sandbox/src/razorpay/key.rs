//! Razorpay keys. Only made-up keys are accepted, because the state file contains them in clear text.
//!
//! The word after the prefix names the account: `rzp_test_shop_0001` and `rzp_test_shop_0002` are keys of the same account.
//! Any secret is valid unless it contains `invalid`.

use crate::state::razorpay::Key;

/// Real key ids have this many letters and digits after their prefix.
const REAL_ID_LENGTH: usize = 14;

/// Real secrets have this many letters and digits.
const REAL_SECRET_LENGTH: usize = 24;

/// The account that a key belongs to.
pub(super) fn account(id: &str) -> &str {
    after_prefix(id).split('_').next().unwrap_or_default()
}

/// Whether Razorpay rejects the key: the advice to add to the error, which can be empty.
pub(super) fn rejection(key: &Key) -> Option<&'static str> {
    let id = after_prefix(&key.id);
    if looks_real(id, REAL_ID_LENGTH) || looks_real(&key.secret, REAL_SECRET_LENGTH) {
        return Some(". The sandbox accepts only made-up keys; do not use a real key here");
    }
    (id.is_empty() || key.secret.contains("invalid")).then_some("")
}

/// Whether this is as long as a real value, or longer.
fn looks_real(text: &str, length: usize) -> bool {
    text.len() >= length && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The part after `rzp_test_` or `rzp_live_`.
fn after_prefix(id: &str) -> &str {
    id.get(9..).unwrap_or_default()
}

/// Masks a key id like the backend.
pub(crate) fn mask(id: &str) -> String {
    if id.chars().count() <= 8 {
        return "****".to_owned();
    }
    let known = ["rzp_test_", "rzp_live_"].into_iter().find(|prefix| id.starts_with(prefix));
    let first: String = known.map_or_else(|| id.chars().take(4).collect(), str::to_owned);
    let skip = id.chars().count().saturating_sub(4);
    format!("{first}****{}", id.chars().skip(skip).collect::<String>())
}

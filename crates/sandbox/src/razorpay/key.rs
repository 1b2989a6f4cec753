//! What a Razorpay key says of itself. Made-up keys are enough here, and only they are taken: the state file has them as
//! they are, and a real one has no business there.
//!
//! `rzp_test_shop_0001`: the word after the prefix is the account, so that `rzp_test_shop_0002` is another key of the same one.
//! Any secret fits, unless it has `invalid` in it.

use crate::state::razorpay::Key;

/// Razorpay's own key IDs have so many letters and digits behind their prefix.
const REAL_ID: usize = 14;

/// Its secrets have so many.
const REAL_SECRET: usize = 24;

/// The account that a key belongs to.
pub(super) fn account(id: &str) -> &str {
    behind_prefix(id).split('_').next().unwrap_or_default()
}

/// Nobody has this key; what is to be said to it.
pub(super) fn refused(key: &Key) -> Option<&'static str> {
    let id = behind_prefix(&key.id);
    if looks_real(id, REAL_ID) || looks_real(&key.secret, REAL_SECRET) {
        // Nobody else will say it where it matters.
        return Some(". A sandbox takes made-up keys only: use no real one here");
    }
    (id.is_empty() || key.secret.contains("invalid")).then_some("")
}

/// As long as what Razorpay gives out, or longer.
fn looks_real(text: &str, length: usize) -> bool {
    text.len() >= length && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// What follows `rzp_test_` or `rzp_live_`.
fn behind_prefix(id: &str) -> &str {
    id.get(9..).unwrap_or_default()
}

/// The key ID as the backend shows it.
pub(crate) fn masked(id: &str) -> String {
    if id.chars().count() <= 8 {
        return "****".to_owned();
    }
    let known = ["rzp_test_", "rzp_live_"].into_iter().find(|prefix| id.starts_with(prefix));
    let first: String = known.map_or_else(|| id.chars().take(4).collect(), str::to_owned);
    let skip = id.chars().count().saturating_sub(4);
    format!("{first}****{}", id.chars().skip(skip).collect::<String>())
}

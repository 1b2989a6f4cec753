//! What a Stripe key says of itself. Made-up keys are enough here, and only they are taken: the state file has them as they
//! are, and a real one has no business there.
//!
//! `sk_test_shop_1`: the word after the prefix is the account, so that `sk_test_shop_2` is another key of the same one.
//! A key in the form of Stripe's own has its account in it: `sk_test_5` and sixteen characters.

/// The account that a key belongs to.
pub(super) fn account_id(key: &str) -> String {
    named_account(key).unwrap_or_else(|| {
        // Any spread will do: the same word must always give the same account.
        let spread = word(key).bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut random = fastrand::Rng::with_seed(spread);
        (0..16).fold("acct_".to_owned(), |id, _| format!("{id}{}", random.alphanumeric()))
    })
}

/// Nobody has this key: nothing is behind its prefix, or so much as only Stripe gives out.
pub(super) fn is_of_nobody(key: &str) -> bool {
    let rest = behind_prefix(key);
    rest.is_empty() || (rest.len() >= SHORTEST_REAL && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// What follows the prefix of a key that Stripe gave out has at least so many letters and digits.
const SHORTEST_REAL: usize = 24;

/// The e-mail address of a key's account.
pub(super) fn email(key: &str) -> String {
    match named_account(key) {
        Some(account) => format!("{}@fake-stripe.test", account.to_lowercase()),
        None => format!("{}@fake-stripe.test", word(key)),
    }
}

/// What follows `sk_test_` or `sk_live_`.
fn behind_prefix(key: &str) -> &str {
    key.get(8..).unwrap_or_default()
}

fn word(key: &str) -> &str {
    behind_prefix(key).split('_').next().unwrap_or_default()
}

/// Stripe's keys of recent years begin `sk_test_5` followed by the account's id without `acct_`.
fn named_account(key: &str) -> Option<String> {
    let account = behind_prefix(key).strip_prefix('5')?.get(..16)?;
    account.bytes().all(|byte| byte.is_ascii_alphanumeric()).then(|| format!("acct_{account}"))
}

/// The key as the backend shows it.
pub(crate) fn masked(key: &str) -> String {
    match key.get(..8) {
        Some(prefix) if key.len() > 8 => format!("{prefix}****{}", last_four(key)),
        _ => "****".to_owned(),
    }
}

/// The key as Stripe's own errors show it.
pub(super) fn masked_by_stripe(key: &str) -> String {
    let hidden = key.len().saturating_sub(12).max(4);
    format!("{}{}{}", key.get(..8).unwrap_or_default(), "*".repeat(hidden), last_four(key))
}

fn last_four(key: &str) -> String {
    let skip = key.chars().count().saturating_sub(4);
    key.chars().skip(skip).collect()
}

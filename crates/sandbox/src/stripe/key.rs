//! Stripe keys. Only made-up keys are accepted, because the state file contains them in clear text.
//!
//! The word after the prefix names the account: `sk_test_shop_1` and `sk_test_shop_2` are keys of the same account. A key
//! in Stripe's own format contains the account's id: `sk_test_5`, then the sixteen characters of the id.

/// The account that a key belongs to.
pub(super) fn account_id(key: &str) -> String {
    embedded_account_id(key).unwrap_or_else(|| {
        // FNV-1a: the same word must always give the same account.
        let hash = account_word(key).bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut random = fastrand::Rng::with_seed(hash);
        (0..16).fold("acct_".to_owned(), |id, _| format!("{id}{}", random.alphanumeric()))
    })
}

/// Whether Stripe rejects the key: it has nothing after its prefix, or it looks like a real key.
pub(super) fn is_rejected(key: &str) -> bool {
    let rest = after_prefix(key);
    rest.is_empty()
        || (rest.len() >= MIN_REAL_LENGTH && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Real keys have at least this many letters and digits after their prefix.
const MIN_REAL_LENGTH: usize = 24;

/// The email address of a key's account.
pub(super) fn email(key: &str) -> String {
    match embedded_account_id(key) {
        Some(account) => format!("{}@fake-stripe.test", account.to_lowercase()),
        None => format!("{}@fake-stripe.test", account_word(key)),
    }
}

/// The part after `sk_test_` or `sk_live_`.
fn after_prefix(key: &str) -> &str {
    key.get(8..).unwrap_or_default()
}

fn account_word(key: &str) -> &str {
    after_prefix(key).split('_').next().unwrap_or_default()
}

/// The account id in a key. Stripe's current keys are `sk_test_5`, then the account's id without `acct_`.
fn embedded_account_id(key: &str) -> Option<String> {
    let account = after_prefix(key).strip_prefix('5')?.get(..16)?;
    account.bytes().all(|byte| byte.is_ascii_alphanumeric()).then(|| format!("acct_{account}"))
}

/// Masks a key like the backend.
pub(crate) fn mask(key: &str) -> String {
    match key.get(..8) {
        Some(prefix) if key.len() > 8 => format!("{prefix}****{}", last_four(key)),
        _ => "****".to_owned(),
    }
}

/// Masks a key like Stripe's error messages.
pub(super) fn mask_like_stripe(key: &str) -> String {
    let hidden = key.len().saturating_sub(12).max(4);
    format!("{}{}{}", key.get(..8).unwrap_or_default(), "*".repeat(hidden), last_four(key))
}

fn last_four(key: &str) -> String {
    let skip = key.chars().count().saturating_sub(4);
    key.chars().skip(skip).collect()
}

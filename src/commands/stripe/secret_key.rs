//! Checks of a Stripe secret key before it is sent. No message repeats a part of the key.

use crate::commands::common::check_prefix;
use crate::secret::Secret;
use crate::wire::{Connection, Environment};

/// Refuses a key that the backend or Stripe would refuse.
///
/// # Errors
/// The rest of a sentence that begins with “the key”.
pub(super) fn check(key: &Secret, environment: Environment) -> Result<(), String> {
    let text = key.expose();
    if let Some(flaw) = key.flaw() {
        return Err(flaw.into());
    }
    if text.starts_with("pk_") {
        return Err("is a publishable key, which is for frontends: use the secret key".into());
    }
    if text.starts_with("rk_") {
        return Err("is a restricted key, and the backend accepts only secret keys".into());
    }
    if text.starts_with("whsec_") {
        return Err("is a webhook's signing secret".into());
    }
    if text.starts_with("ik_") {
        return Err("is the project's API key, not Stripe's".into());
    }
    check_prefix(text, environment, prefix)
}

/// Whether the key says that it is for live.
pub(super) fn is_for_live(key: &str) -> bool {
    key.trim_start().starts_with(prefix(Environment::Live))
}

/// The prefix of an environment's keys.
pub(super) const fn prefix(environment: Environment) -> &'static str {
    match environment {
        Environment::Test => "sk_test_",
        Environment::Live => "sk_live_",
    }
}

/// Whether this key may belong to another account than the connected one. Setting such a key deletes all mirrored data
/// of the environment (CONTRACT: Config).
///
/// Nothing is lost if no account was ever connected, if the key ends with the same four characters as the present key,
/// or if the key names the account: recent keys begin with `sk_test_5` and the account's id.
pub(super) fn may_change_account(key: &Secret, connection: Option<&Connection>) -> bool {
    let Some(account) = connection.and_then(|connection| connection.account_id.as_deref()) else {
        return false;
    };
    let is_present = connection.is_some_and(|connection| matches_masked(key, connection));
    !(is_present || shows_account(key.expose(), account))
}

/// Whether the connection's key ends with the same four characters, so that it is the same key.
pub(super) fn matches_masked(key: &Secret, connection: &Connection) -> bool {
    let end =
        connection.masked_key.as_deref().and_then(|masked| masked.rsplit('*').next()).unwrap_or_default();
    end.len() >= 4 && key.expose().trim().ends_with(end)
}

fn shows_account(key: &str, account: &str) -> bool {
    let inside = Environment::ALL.into_iter().find_map(|environment| key.strip_prefix(prefix(environment)));
    let id = account.strip_prefix("acct_").unwrap_or_default();
    id.len() >= 8
        && inside.and_then(|inside| inside.strip_prefix('5')).is_some_and(|rest| rest.starts_with(id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Environment::{Live, Test};

    #[test]
    fn an_invalid_key_is_explained_and_never_shown() {
        for (key, environment, why) in [
            ("", Test, "empty"),
            ("sk_test_ab cd", Test, "white space"),
            ("sk_test_ab\u{7}cd", Test, "characters that no key has"),
            ("sk_test_schlüssel", Test, "characters that no key has"),
            ("pk_test_abcdefgh", Test, "publishable"),
            ("pk_live_abcdefgh", Live, "publishable"),
            ("rk_test_abcdefgh", Test, "restricted"),
            ("whsec_abcdefgh", Test, "signing secret"),
            ("ik_abcdefgh", Test, "project's API key"),
            ("sk_live_abcdefgh", Test, "is for live, not for test"),
            ("sk_test_abcdefgh", Live, "is for test, not for live"),
            ("sk_test_", Test, "only the prefix"),
            ("hello", Test, "does not begin with sk_test_"),
            ("sk_abcdefgh", Live, "does not begin with sk_live_"),
        ] {
            let error = check(&Secret::new(key.into()), environment).unwrap_err();
            assert!(error.contains(why), "{key}: {error}");
            assert!(!error.contains("abcdefgh") && !error.contains("hello"), "{error}");
        }
        for (key, environment) in [("sk_test_alpha_1", Test), ("  sk_live_alpha_1\n", Live)] {
            assert_eq!(check(&Secret::new(key.into()), environment), Ok(()));
        }
    }

    #[test]
    fn a_key_may_change_the_account_unless_it_shows_the_same_one() {
        let account = Some("acct_1AbCdEfGhIjKlMnO");
        for (key, account, masked, may) in [
            ("sk_test_other_9999", None, None, false),
            ("sk_test_other_9999", account, None, true),
            ("sk_test_other_9999", account, Some("sk_test_****1234"), true),
            ("sk_test_other_1234", account, Some("sk_test_****1234"), false),
            ("sk_test_other_1234", account, Some("sk_test_****"), true),
            ("sk_test_51AbCdEfGhIjKlMnOxyz", account, Some("sk_test_****1234"), false),
            ("sk_live_51AbCdEfGhIjKlMnOxyz", account, None, false),
            ("sk_test_51AbCdEfGhIjKlMnXxyz", account, None, true),
            ("sk_test_1AbCdEfGhIjKlMnOxyz", account, None, true),
            ("sk_test_5", Some("acct_"), None, true),
        ] {
            let status = serde_json::json!({
                "environment": "test", "status": "connected", "accountId": account, "maskedKey": masked,
            });
            let connection: Connection = serde_json::from_value(status).unwrap();
            let key = Secret::new(key.into());
            assert_eq!(may_change_account(&key, Some(&connection)), may, "{connection:?}");
        }
        assert!(!may_change_account(&Secret::new("sk_test_x".into()), None));
    }
}

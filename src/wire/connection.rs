//! An environment's connection to a provider, and the keys that it is made with. The aliases are the names that the older
//! generation has for a field, or one of the providers.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// The connection of each environment.
#[derive(Debug, Deserialize)]
pub(crate) struct Status {
    #[serde(alias = "razorpayConnections")]
    pub(crate) connections: Vec<Connection>,
}

/// What their list is called, at one provider or another.
pub(crate) const CONNECTIONS: [&str; 2] = ["connections", "razorpayConnections"];

/// What the backend knows of one environment's connection to a provider.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Connection {
    pub(crate) environment: String,
    /// `connected`, `error` or `unconfigured`.
    pub(crate) status: String,
    #[serde(alias = "stripeAccountId")]
    pub(crate) account_id: Option<String>,
    #[serde(rename = "accountEmail", alias = "stripeAccountEmail", alias = "merchantName")]
    pub(crate) account_name: Option<String>,
    pub(crate) webhook_endpoint_id: Option<String>,
    pub(crate) webhook_endpoint_url: Option<String>,
    pub(crate) webhook_configured_at: Option<String>,
    pub(crate) masked_key: Option<String>,
    /// Of the last sync that succeeded.
    pub(crate) last_synced_at: Option<String>,
    /// Of the last sync that was tried: `succeeded` or `failed`.
    pub(crate) last_sync_status: Option<String>,
    last_sync_error: Option<String>,
    /// Of the last sync that succeeded.
    #[serde(default)]
    pub(crate) last_sync_counts: Counts,
}

impl Connection {
    /// The account that it is to, where the backend knows one. It does so still when the key was removed.
    pub(crate) fn account(&self) -> Option<Account> {
        Some(Account { id: self.account_id.clone()?, name: self.account_name.clone() })
    }

    /// Whether a key is configured.
    pub(crate) fn is_configured(&self) -> bool {
        self.status != "unconfigured"
    }

    /// Why the last sync failed.
    pub(crate) fn last_sync_error(&self) -> Option<Cow<'_, str>> {
        self.last_sync_error.as_deref().map(sync_error)
    }
}

/// Why a sync failed, in words. Where the reason was lost on its way through the backend, what is left of it is which part
/// failed (exchanges 325 and 326: `customers: [object Object]`; without a part it was the catalog).
pub(crate) fn sync_error(text: &str) -> Cow<'_, str> {
    const LOST: &str = "[object Object]";
    if !text.contains(LOST) {
        return text.into();
    }
    let parts = text.split("; ").map(|part| match part.strip_suffix(LOST) {
        Some("") => Cow::Borrowed("catalog sync failed"),
        Some(part) => format!("{} sync failed", part.trim_end_matches([':', ' '])).into(),
        None => part.into(),
    });
    parts.collect::<Vec<_>>().join("; ").into()
}

/// A provider's account, shown as `acct_1 (mail@example.com)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) id: String,
    /// The merchant's name or e-mail address.
    pub(crate) name: Option<String>,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)?;
        self.name.as_ref().map_or(Ok(()), |name| write!(f, " ({name})"))
    }
}

/// What a sync wrote; a count that the backend does not give is not zero but unknown.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Counts {
    pub(crate) products: Option<u64>,
    pub(crate) prices: Option<u64>,
    pub(crate) customers: Option<u64>,
}

/// Which keys are configured. Reading it masks them: what [`Serialize`] writes has no secret in it, in the shape
/// that the older backend gives by itself.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Config {
    pub(crate) keys: Vec<Key>,
}

/// One key of an environment's, masked.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", from = "KeyInClear")]
pub(crate) struct Key {
    pub(crate) environment: String,
    /// Which of the provider's keys it is, where it has several: `api_key`, `api_secret`, `webhook_secret`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key_type: Option<String>,
    pub(crate) has_key: bool,
    pub(crate) masked_key: Option<String>,
}

/// As the two generations send it: the newer one **the key itself**, the older one its masked form.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyInClear {
    environment: String,
    key_type: Option<String>,
    value: Option<String>,
    has_key: Option<bool>,
    masked_key: Option<String>,
}

impl From<KeyInClear> for Key {
    fn from(key: KeyInClear) -> Self {
        let masked_key = key.value.map(|value| Secret::new(value).masked()).or(key.masked_key);
        Self {
            environment: key.environment,
            key_type: key.key_type,
            has_key: key.has_key.unwrap_or(masked_key.is_some()),
            masked_key,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_config_that_was_read_holds_no_secret() {
        let newer = r#"{"keys":[{"environment":"test","value":"sk_test_alpha_2"},{"environment":"live","value":null}]}"#;
        let config: Config = serde_json::from_str(newer).unwrap();
        assert_eq!(
            serde_json::to_string(&config).unwrap(),
            r#"{"keys":[{"environment":"test","hasKey":true,"maskedKey":"sk_test_****ha_2"},{"environment":"live","hasKey":false,"maskedKey":null}]}"#
        );
        let several = r#"{"keys":[{"environment":"test","keyType":"api_secret","value":"4f8Xw3Kq9Zb1"}]}"#;
        let config: Config = serde_json::from_str(several).unwrap();
        assert_eq!(
            serde_json::to_string(&config).unwrap(),
            r#"{"keys":[{"environment":"test","keyType":"api_secret","hasKey":true,"maskedKey":"****9Zb1"}]}"#
        );
        let older = r#"{"keys":[{"environment":"test","hasKey":true,"maskedKey":"sk_test_****ha_2"}]}"#;
        let config: Config = serde_json::from_str(older).unwrap();
        assert_eq!(serde_json::to_string(&config).unwrap(), older);
    }

    #[test]
    fn a_reason_that_was_lost_leaves_what_failed() {
        for (text, shown) in [
            ("prices exploded", "prices exploded"),
            ("[object Object]", "catalog sync failed"),
            ("customers: [object Object]", "customers sync failed"),
            (
                "customers: [object Object]; invoices: too many; payments: [object Object]",
                "customers sync failed; invoices: too many; payments sync failed",
            ),
        ] {
            assert_eq!(sync_error(text), shown);
        }
    }
}

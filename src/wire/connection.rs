//! The connection of an environment to a provider, and its keys. The aliases are field names of the older generation or of
//! one provider.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::secret::Secret;
use crate::wire::Number;
use crate::wire::number::null_as_default;

/// The connections of all environments.
#[derive(Debug, Deserialize)]
pub(crate) struct Connections {
    #[serde(alias = "razorpayConnections")]
    pub(crate) connections: Vec<Connection>,
}

/// The id of a webhook that the user creates in the provider's dashboard.
pub(crate) const MANUAL_WEBHOOK: &str = "manual";

/// The name of a merchant, for a provider whose connections have such a field.
#[derive(Debug, Default)]
pub(crate) struct MerchantName {
    /// Whether the JSON has the field, even if it is null.
    pub(crate) is_present: bool,
    pub(crate) name: Option<String>,
}

impl<'de> Deserialize<'de> for MerchantName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self { is_present: true, name: Option::deserialize(deserializer)? })
    }
}

/// The JSON field with the connections; its name depends on the provider.
pub(crate) const CONNECTIONS: [&str; 2] = ["connections", "razorpayConnections"];

/// The connection of one environment to a provider.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Connection {
    pub(crate) environment: String,
    /// `connected`, `error` or `unconfigured`.
    pub(crate) status: String,
    #[serde(alias = "stripeAccountId")]
    pub(crate) account_id: Option<String>,
    #[serde(alias = "stripeAccountEmail")]
    account_email: Option<String>,
    #[serde(default)]
    pub(crate) merchant_name: MerchantName,
    pub(crate) webhook_endpoint_id: Option<String>,
    pub(crate) webhook_endpoint_url: Option<String>,
    pub(crate) webhook_configured_at: Option<String>,
    pub(crate) masked_key: Option<String>,
    /// The time of the last successful sync.
    pub(crate) last_synced_at: Option<String>,
    /// The outcome of the last sync: `succeeded` or `failed`.
    pub(crate) last_sync_status: Option<String>,
    last_sync_error: Option<String>,
    /// The counts of the last successful sync.
    #[serde(default, deserialize_with = "null_as_default")]
    pub(crate) last_sync_counts: LastSyncCounts,
}

impl Connection {
    /// The provider's account, if known. The backend still reports it after the key was removed.
    pub(crate) fn account(&self) -> Option<Account> {
        let name = self.account_email.clone().or_else(|| self.merchant_name.name.clone());
        Some(Account { id: self.account_id.clone()?, name })
    }

    /// Whether a key is configured.
    pub(crate) fn is_configured(&self) -> bool {
        self.status != "unconfigured"
    }

    /// Whether the last sync failed because of the provider's key. Then another sync fails too.
    pub(crate) fn key_is_refused(&self) -> bool {
        self.last_sync_error.as_deref().is_some_and(is_about_the_key)
    }

    /// Why the last sync failed.
    pub(crate) fn last_sync_error(&self) -> Option<Cow<'_, str>> {
        self.last_sync_error.as_deref().map(sync_error)
    }
}

/// The reason of a sync that failed at its first request, if the backend lost the true one.
pub(crate) const CATALOG_FAILED: &str = "catalog sync failed";

/// The reason why a sync failed. The backend may lose the reason and name only the part that failed (exchanges 325 and
/// 326: `customers: [object Object]`). Without a part it was the catalog.
pub(crate) fn sync_error(text: &str) -> Cow<'_, str> {
    const LOST: &str = "[object Object]";
    if !text.contains(LOST) {
        return text.into();
    }
    let parts = text.split("; ").map(|part| match part.strip_suffix(LOST) {
        Some("") => Cow::Borrowed(CATALOG_FAILED),
        Some(part) => format!("{} sync failed", part.trim_end_matches([':', ' '])).into(),
        None => part.into(),
    });
    parts.collect::<Vec<_>>().join("; ").into()
}

/// Whether a sync failed because of the provider's key: it is invalid or missing, or lacks a permission.
pub(crate) fn is_about_the_key(reason: &str) -> bool {
    const WORDS: [&str; 5] = [
        "api key",
        "provided key",
        "required permissions",
        "_key is not configured",
        "authentication failed",
    ];
    let reason = reason.to_ascii_lowercase();
    WORDS.iter().any(|words| reason.contains(words))
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

/// How many objects the last successful sync mirrored. A missing count is unknown, not zero.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct LastSyncCounts {
    pub(crate) products: Option<Number>,
    pub(crate) prices: Option<Number>,
    pub(crate) customers: Option<Number>,
}

/// The keys of all environments, masked. Deserializing masks them, so the serialized form has no secrets. It is the form
/// that the older backend sends.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct KeyList {
    pub(crate) keys: Vec<MaskedKey>,
}

/// One key of one environment, masked.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", from = "KeyResponse")]
pub(crate) struct MaskedKey {
    pub(crate) environment: String,
    /// `api_key`, `api_secret` or `webhook_secret`, for a provider with several keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key_type: Option<String>,
    pub(crate) has_key: bool,
    pub(crate) masked_key: Option<String>,
}

/// A key as the backend sends it. The newer generation sends **the key itself**, the older one its masked form.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyResponse {
    environment: String,
    key_type: Option<String>,
    value: Option<String>,
    has_key: Option<bool>,
    masked_key: Option<String>,
}

impl From<KeyResponse> for MaskedKey {
    fn from(key: KeyResponse) -> Self {
        // A masked key stays as it is.
        let masked_key = key.value.or(key.masked_key).map(|value| Secret::new(value).masked());
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
    fn deserialized_keys_are_masked() {
        let newer = r#"{"keys":[{"environment":"test","value":"sk_test_alpha_2"},{"environment":"live","value":null}]}"#;
        let keys: KeyList = serde_json::from_str(newer).unwrap();
        assert_eq!(
            serde_json::to_string(&keys).unwrap(),
            r#"{"keys":[{"environment":"test","hasKey":true,"maskedKey":"sk_test_****ha_2"},{"environment":"live","hasKey":false,"maskedKey":null}]}"#
        );
        let several = r#"{"keys":[{"environment":"test","keyType":"api_secret","value":"4f8Xw3Kq9Zb1"}]}"#;
        let keys: KeyList = serde_json::from_str(several).unwrap();
        assert_eq!(
            serde_json::to_string(&keys).unwrap(),
            r#"{"keys":[{"environment":"test","keyType":"api_secret","hasKey":true,"maskedKey":"****9Zb1"}]}"#
        );
        let older = r#"{"keys":[{"environment":"test","hasKey":true,"maskedKey":"sk_test_****ha_2"}]}"#;
        let keys: KeyList = serde_json::from_str(older).unwrap();
        assert_eq!(serde_json::to_string(&keys).unwrap(), older);
    }

    #[test]
    fn a_lost_reason_still_names_the_failed_part() {
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

//! Stripe's part of the backend's answers. The aliases are the older generation's field names.
//!
//! Only what is shown or judged is named here: the JSON output is the backend's own body, whatever else is in it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::secret::Secret;
use crate::wire::Subject;

/// The connection of each environment.
#[derive(Debug, Deserialize)]
pub(crate) struct Status {
    pub(crate) connections: Vec<Connection>,
}

/// What the backend knows of one environment's connection to Stripe.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Connection {
    pub(crate) environment: String,
    /// `connected`, `error` or `unconfigured`.
    pub(crate) status: String,
    #[serde(alias = "stripeAccountId")]
    pub(crate) account_id: Option<String>,
    #[serde(alias = "stripeAccountEmail")]
    pub(crate) account_email: Option<String>,
    pub(crate) webhook_endpoint_id: Option<String>,
    pub(crate) webhook_endpoint_url: Option<String>,
    pub(crate) webhook_configured_at: Option<String>,
    pub(crate) masked_key: Option<String>,
    /// Of the last sync that succeeded.
    pub(crate) last_synced_at: Option<String>,
    /// Of the last sync that was tried: `succeeded` or `failed`.
    pub(crate) last_sync_status: Option<String>,
    pub(crate) last_sync_error: Option<String>,
    /// Of the last sync that succeeded.
    #[serde(default)]
    pub(crate) last_sync_counts: Counts,
}

impl Connection {
    /// The account that it is to, where the backend knows one. It does so still when the key was removed.
    pub(crate) fn account(&self) -> Option<Account> {
        Some(Account { id: self.account_id.clone()?, email: self.account_email.clone() })
    }
}

/// A provider's account, shown as `acct_1 (mail@example.com)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) email: Option<String>,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)?;
        self.email.as_ref().map_or(Ok(()), |email| write!(f, " ({email})"))
    }
}

/// The connection of the environment whose webhook endpoint was configured.
#[derive(Debug, Deserialize)]
pub(crate) struct ConnectionReply {
    pub(crate) connection: Connection,
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

/// One environment's key, masked.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", from = "KeyInClear")]
pub(crate) struct Key {
    pub(crate) environment: String,
    pub(crate) has_key: bool,
    pub(crate) masked_key: Option<String>,
}

/// As the two generations send it: the newer one **the key itself**, the older one its masked form.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyInClear {
    environment: String,
    value: Option<String>,
    has_key: Option<bool>,
    masked_key: Option<String>,
}

impl From<KeyInClear> for Key {
    fn from(key: KeyInClear) -> Self {
        let masked_key = key.value.map(|value| Secret::new(value).masked()).or(key.masked_key);
        Self {
            environment: key.environment,
            has_key: key.has_key.unwrap_or(masked_key.is_some()),
            masked_key,
        }
    }
}

/// One result for each environment that was synced.
#[derive(Debug, Deserialize)]
pub(crate) struct SyncResults {
    pub(crate) results: Vec<SyncResult>,
}

/// What became of one environment's sync. The HTTP status is 200 whatever became of it.
#[derive(Debug, Deserialize)]
pub(crate) struct SyncResult {
    pub(crate) environment: String,
    pub(crate) connection: Connection,
    pub(crate) subscriptions: Option<SyncedSubscriptions>,
}

/// What a sync wrote of subscriptions; `unmapped` ones have no billing subject.
#[derive(Debug, Deserialize)]
pub(crate) struct SyncedSubscriptions {
    pub(crate) synced: Option<u64>,
    pub(crate) unmapped: Option<u64>,
}

/// All products and prices of one environment.
#[derive(Debug, Deserialize)]
pub(crate) struct Catalog {
    pub(crate) products: Vec<Product>,
    pub(crate) prices: Vec<Price>,
}

/// The products of one environment.
#[derive(Debug, Deserialize)]
pub(crate) struct Products {
    pub(crate) products: Vec<Product>,
}

/// One product, with its prices where it was asked for by id.
#[derive(Debug, Deserialize)]
pub(crate) struct ProductReply {
    pub(crate) product: Product,
    #[serde(default)]
    pub(crate) prices: Vec<Price>,
}

/// A Stripe product, as the mirror has it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Product {
    pub(crate) environment: String,
    #[serde(alias = "stripeProductId")]
    pub(crate) product_id: String,
    pub(crate) name: Option<String>,
    pub(crate) active: Option<bool>,
    pub(crate) default_price_id: Option<String>,
    pub(crate) synced_at: Option<String>,
}

/// What became of a product that was to be deleted.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProductDeleted {
    #[serde(alias = "stripeProductId")]
    pub(crate) product_id: String,
    pub(crate) deleted: bool,
}

/// The prices of one environment.
#[derive(Debug, Deserialize)]
pub(crate) struct Prices {
    pub(crate) prices: Vec<Price>,
}

/// One price.
#[derive(Debug, Deserialize)]
pub(crate) struct PriceReply {
    pub(crate) price: Price,
}

/// A Stripe price, as the mirror has it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Price {
    pub(crate) environment: String,
    #[serde(alias = "stripePriceId")]
    pub(crate) price_id: String,
    #[serde(alias = "stripeProductId")]
    pub(crate) product_id: Option<String>,
    pub(crate) active: Option<bool>,
    pub(crate) currency: Option<String>,
    /// In the currency's smallest unit; null for tiered prices and for fractions of the smallest unit.
    pub(crate) unit_amount: Option<i64>,
    /// In the currency's smallest unit, with its fraction.
    pub(crate) unit_amount_decimal: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) billing_scheme: Option<String>,
    pub(crate) recurring_interval: Option<String>,
    pub(crate) recurring_interval_count: Option<u64>,
    pub(crate) synced_at: Option<String>,
}

/// The subscriptions of one environment.
#[derive(Debug, Deserialize)]
pub(crate) struct Subscriptions {
    pub(crate) subscriptions: Vec<Subscription>,
}

/// A Stripe subscription, as the mirror has it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Subscription {
    #[serde(alias = "stripeSubscriptionId")]
    pub(crate) subscription_id: String,
    #[serde(alias = "stripeCustomerId")]
    pub(crate) customer_id: Option<String>,
    subject_type: Option<String>,
    subject_id: Option<String>,
    pub(crate) status: String,
    pub(crate) current_period_end: Option<String>,
    #[serde(default)]
    pub(crate) items: Vec<serde::de::IgnoredAny>,
}

impl Subscription {
    pub(crate) fn subject(&self) -> Option<Subject<'_>> {
        Subject::of(self.subject_type.as_deref(), self.subject_id.as_deref())
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
        let older = r#"{"keys":[{"environment":"test","hasKey":true,"maskedKey":"sk_test_****ha_2"}]}"#;
        let config: Config = serde_json::from_str(older).unwrap();
        assert_eq!(serde_json::to_string(&config).unwrap(), older);
    }
}

//! Everything the sandbox knows: what Stripe has, and what the backend has of it. Plain data, as it stands in the
//! state file.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::sandbox::stripe::{Customer, Price, Product, Stripe, Subscription};
use crate::wire::Environment;

/// The format of the state file. A file with a higher number was written by a later version.
pub(super) const VERSION: u32 = 1;

/// A moment as the backend writes it, `2026-11-23T20:04:15.719Z`: such texts sort as the moments do.
pub(super) type Time = String;

/// The moment as the backend writes it.
pub(super) fn time(moment: Timestamp) -> Time {
    moment.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// What the sandbox knows.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct State {
    pub(super) version: u32,
    pub(super) ids: Ids,
    pub(super) insforge: Insforge,
    pub(super) stripe: Stripe,
}

impl State {
    /// A backend without a key, and a Stripe that nobody has used yet.
    pub(super) fn empty() -> Self {
        Self {
            version: VERSION,
            ids: Ids::default(),
            insforge: Insforge::default(),
            stripe: Stripe::default(),
        }
    }
}

/// Makes ids that look like the provider's. The same actions on a fresh sandbox give the same ids, so that what a
/// document shows is what its reader sees.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Ids {
    issued: u64,
}

impl Ids {
    /// `prod_` and so many letters and digits.
    pub(super) fn next(&mut self, prefix: &str, length: usize) -> String {
        self.issued += 1;
        let mut random = fastrand::Rng::with_seed(self.issued.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        std::iter::once(prefix.to_owned())
            .chain((0..length).map(|_| random.alphanumeric().to_string()))
            .collect()
    }

    /// A number that is higher than every one before.
    pub(super) fn tick(&mut self) -> u64 {
        self.issued += 1;
        self.issued
    }
}

/// The backend: a project's two environments.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Insforge {
    test: Mirror,
    live: Mirror,
}

impl Insforge {
    pub(super) fn of(&self, environment: Environment) -> &Mirror {
        match environment {
            Environment::Test => &self.test,
            Environment::Live => &self.live,
        }
    }

    pub(super) fn of_mut(&mut self, environment: Environment) -> &mut Mirror {
        match environment {
            Environment::Test => &mut self.test,
            Environment::Live => &mut self.live,
        }
    }
}

/// What the backend has of one environment: Stripe's key, and copies of Stripe's objects as they were when they were
/// last seen.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Mirror {
    pub(super) key: Option<String>,
    pub(super) connection: Connection,
    pub(super) products: BTreeMap<String, Synced<Product>>,
    pub(super) prices: BTreeMap<String, Synced<Price>>,
    pub(super) customers: BTreeMap<String, MirroredCustomer>,
    pub(super) subscriptions: BTreeMap<String, MirroredSubscription>,
    /// Whose customer is which billing subject; only newer backends learn it from subscriptions.
    pub(super) subjects: BTreeMap<String, Subject>,
    /// In the order in which Stripe's events brought them.
    pub(super) transactions: Vec<Transaction>,
}

/// A row of `status`, without what follows from the key.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Connection {
    pub(super) status: String,
    pub(super) account_id: Option<String>,
    pub(super) account_email: Option<String>,
    pub(super) account_livemode: Option<bool>,
    pub(super) webhook: Option<Webhook>,
    pub(super) last_synced_at: Option<Time>,
    pub(super) last_sync_status: Option<String>,
    pub(super) last_sync_error: Option<String>,
    pub(super) last_sync_counts: Option<Counts>,
}

impl Default for Connection {
    fn default() -> Self {
        Self {
            status: "unconfigured".to_owned(),
            account_id: None,
            account_email: None,
            account_livemode: None,
            webhook: None,
            last_synced_at: None,
            last_sync_status: None,
            last_sync_error: None,
            last_sync_counts: None,
        }
    }
}

/// The endpoint at Stripe that the backend made.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Webhook {
    pub(super) endpoint_id: String,
    pub(super) endpoint_url: String,
    pub(super) configured_at: Time,
}

/// How many objects the last successful sync saw.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Counts {
    pub(super) prices: usize,
    pub(super) products: usize,
}

/// A copy, and when it was made.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Synced<T> {
    #[serde(flatten)]
    pub(super) object: T,
    pub(super) synced_at: Time,
}

/// A customer as the backend knows them; one that Stripe does not list any more stays, marked.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MirroredCustomer {
    #[serde(flatten)]
    pub(super) customer: Customer,
    pub(super) deleted: bool,
    pub(super) synced_at: Time,
}

/// A subscription as the backend knows it, and whose it is.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MirroredSubscription {
    #[serde(flatten)]
    pub(super) subscription: Subscription,
    pub(super) subject: Option<Subject>,
    pub(super) created_at: Time,
    pub(super) synced_at: Time,
    /// The higher, the later it was written: moments are too coarse to list the newest first.
    pub(super) written: u64,
}

/// Who is billed: a team, a user, whatever the application calls it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Subject {
    pub(super) r#type: String,
    pub(super) id: String,
}

impl Subject {
    /// The subject that an object's metadata names.
    pub(super) fn of(metadata: &Map<String, Value>) -> Option<Self> {
        let text =
            |name: &str| metadata.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        Some(Self { r#type: text("insforge_subject_type")?, id: text("insforge_subject_id")? })
    }
}

/// A payment, a failed payment or a refund, as Stripe's events told of it. Amounts are in the currency's smallest unit.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Transaction {
    pub(super) r#type: String,
    pub(super) status: String,
    pub(super) subject: Option<Subject>,
    pub(super) customer_id: Option<String>,
    pub(super) customer_email: Option<String>,
    pub(super) references: References,
    pub(super) amount: Option<u64>,
    pub(super) amount_refunded: Option<u64>,
    pub(super) currency: Option<String>,
    pub(super) description: Option<String>,
    pub(super) paid_at: Option<Time>,
    pub(super) failed_at: Option<Time>,
    pub(super) refunded_at: Option<Time>,
    pub(super) provider_created_at: Option<Time>,
    pub(super) created_at: Time,
    pub(super) updated_at: Time,
}

/// Stripe's objects that a transaction is about. Older backends show them all, newer ones the one that tells most.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct References {
    pub(super) checkout_session: Option<String>,
    pub(super) payment_intent: Option<String>,
    pub(super) invoice: Option<String>,
    pub(super) charge: Option<String>,
    pub(super) refund: Option<String>,
    pub(super) subscription: Option<String>,
    pub(super) product: Option<String>,
    pub(super) price: Option<String>,
}

impl References {
    /// The object that a newer backend names, and what it is.
    pub(super) fn main(&self) -> Option<(&str, &'static str)> {
        let all = [
            (&self.refund, "refund"),
            (&self.payment_intent, "payment_intent"),
            (&self.invoice, "invoice"),
            (&self.charge, "charge"),
            (&self.checkout_session, "checkout_session"),
        ];
        all.into_iter().find_map(|(id, kind)| Some((id.as_deref()?, kind)))
    }
}

//! Razorpay's part of the backend's answers.
//!
//! Only what is shown or judged is named here: the JSON output is the backend's own body, whatever else is in it.

mod bodies;

use clap::ValueEnum;
use serde::{Deserialize, Deserializer};

pub(crate) use bodies::{ItemAmount, ItemChanges, NewItem, NewPlan, PlanInterval, PlanPeriod, Rhythm};

use crate::secret::Secret;
use crate::wire::{Connection, List, Subject};

/// One result for each environment that was synced.
#[derive(Debug, Deserialize)]
pub(crate) struct SyncResults {
    pub(crate) results: Vec<SyncResult>,
}

/// What became of one environment's sync. The HTTP status is 200 whatever became of it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SyncResult {
    pub(crate) environment: String,
    /// `succeeded` or `failed`.
    pub(crate) status: String,
    pub(crate) connection: Connection,
    /// Of this sync; what failed counts as 0.
    #[serde(default)]
    pub(crate) sync_counts: Counts,
    pub(crate) error: Option<String>,
}

/// How many objects a sync mirrored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Counts {
    pub(crate) items: Option<u64>,
    pub(crate) plans: Option<u64>,
    pub(crate) customers: Option<u64>,
    pub(crate) subscriptions: Option<u64>,
    pub(crate) invoices: Option<u64>,
    pub(crate) payments: Option<u64>,
}

/// What has to stand in Razorpay's dashboard, so that the backend hears of payments.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookSetup {
    pub(crate) webhook_url: String,
    #[serde(deserialize_with = "secret")]
    pub(crate) webhook_secret: Secret,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}

/// All items and plans of one environment.
#[derive(Debug, Deserialize)]
#[serde(from = "CatalogRows")]
pub(crate) struct Catalog {
    pub(crate) items: Vec<Item>,
    /// With the names of their items.
    pub(crate) plans: Vec<Plan>,
}

#[derive(Deserialize)]
struct CatalogRows {
    items: Vec<Item>,
    plans: Vec<Plan>,
}

/// A plan has no name of its own: it is its item's.
impl From<CatalogRows> for Catalog {
    fn from(CatalogRows { items, mut plans }: CatalogRows) -> Self {
        for plan in &mut plans {
            let item = items.iter().find(|item| Some(&item.item_id) == plan.item_id.as_ref());
            plan.item_name = item.and_then(|item| item.name.clone());
        }
        Self { items, plans }
    }
}

/// One item.
#[derive(Debug, Deserialize)]
pub(crate) struct ItemReply {
    pub(crate) item: Item,
}

/// A Razorpay item, as the mirror has it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Item {
    pub(crate) environment: String,
    pub(crate) item_id: String,
    pub(crate) name: Option<String>,
    pub(crate) active: Option<bool>,
    /// In the currency's smallest unit.
    pub(crate) amount: Option<i64>,
    pub(crate) currency: Option<String>,
    /// `invoice` where it is sold by itself, `plan` where a plan made it.
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) provider_created_at: Option<String>,
    pub(crate) synced_at: Option<String>,
}

/// One plan.
#[derive(Debug, Deserialize)]
pub(crate) struct PlanReply {
    pub(crate) plan: Plan,
}

/// A Razorpay plan, as the mirror has it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Plan {
    pub(crate) environment: String,
    pub(crate) plan_id: String,
    pub(crate) item_id: Option<String>,
    /// Known where the item is: in the catalog.
    #[serde(skip)]
    pub(crate) item_name: Option<String>,
    /// `daily`, `weekly`, `monthly` or `yearly`.
    pub(crate) period: Option<String>,
    /// It is paid every so many periods.
    pub(crate) interval: Option<u64>,
    /// In the currency's smallest unit.
    pub(crate) amount: Option<i64>,
    pub(crate) currency: Option<String>,
    pub(crate) active: Option<bool>,
    pub(crate) provider_created_at: Option<String>,
    pub(crate) synced_at: Option<String>,
}

impl Plan {
    /// How often it is paid: `month`, `3 months`.
    pub(crate) fn rhythm(&self) -> Option<String> {
        let period = self.period.as_deref()?;
        let count = self.interval.unwrap_or(1);
        // A period that is not known here is shown as it came.
        let known = PlanPeriod::from_str(period, false).ok();
        Some(known.map_or_else(|| format!("{count} {period}"), |period| bodies::every(period.unit(), count)))
    }
}

/// The subscriptions of one environment.
#[derive(Debug, Deserialize)]
pub(crate) struct Subscriptions {
    pub(crate) subscriptions: List<Subscription>,
}

/// A Razorpay subscription, as the mirror has it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Subscription {
    pub(crate) subscription_id: String,
    pub(crate) plan_id: Option<String>,
    pub(crate) customer_id: Option<String>,
    subject_type: Option<String>,
    subject_id: Option<String>,
    pub(crate) status: String,
    pub(crate) current_end: Option<String>,
    /// How many of `total_count` payments were made.
    pub(crate) paid_count: Option<u64>,
    pub(crate) total_count: Option<u64>,
}

impl Subscription {
    pub(crate) fn subject(&self) -> Option<Subject<'_>> {
        Subject::of(self.subject_type.as_deref(), self.subject_id.as_deref())
    }
}

//! The backend's responses about Razorpay.
//!
//! The types contain only the fields that the program uses. The JSON output is the backend's own body, with all fields.

mod bodies;

use std::collections::HashMap;

use clap::ValueEnum;
use serde::{Deserialize, Deserializer};

pub(crate) use bodies::{BillingCycle, ItemAmount, ItemChanges, NewItem, NewPlan, PlanInterval, PlanPeriod};

use crate::secret::Secret;
use crate::wire::number::{every, null_as_default};
use crate::wire::{Connection, List, Number, Subject};

/// The response of `sync`: one result for each environment.
#[derive(Debug, Deserialize)]
pub(crate) struct SyncResults {
    pub(crate) results: Vec<SyncResult>,
}

/// The result of one environment's sync. The HTTP status is 200 even if the sync failed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SyncResult {
    pub(crate) environment: String,
    /// `succeeded` or `failed`.
    pub(crate) status: String,
    pub(crate) connection: Connection,
    /// The counts of this sync. Parts that failed count as 0.
    #[serde(default, deserialize_with = "null_as_default")]
    pub(crate) sync_counts: SyncCounts,
    pub(crate) error: Option<String>,
}

/// How many objects a sync mirrored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SyncCounts {
    pub(crate) items: Option<Number>,
    pub(crate) plans: Option<Number>,
    pub(crate) customers: Option<Number>,
    pub(crate) subscriptions: Option<Number>,
    pub(crate) invoices: Option<Number>,
    pub(crate) payments: Option<Number>,
}

/// The webhook settings to enter in Razorpay's dashboard, so that the backend receives payment events.
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
    /// Each plan has the name of its item.
    pub(crate) plans: Vec<Plan>,
}

#[derive(Deserialize)]
struct CatalogRows {
    items: Vec<Item>,
    plans: Vec<Plan>,
}

/// Gives each plan the name of its item, because the backend's plans have no name.
impl From<CatalogRows> for Catalog {
    fn from(CatalogRows { items, mut plans }: CatalogRows) -> Self {
        let names: HashMap<&str, &Option<String>> =
            items.iter().rev().map(|item| (item.item_id.as_str(), &item.name)).collect();
        for plan in &mut plans {
            let name = plan.item_id.as_deref().and_then(|id| names.get(id));
            plan.item_name = name.copied().cloned().flatten();
        }
        Self { items, plans }
    }
}

/// One item.
#[derive(Debug, Deserialize)]
pub(crate) struct ItemReply {
    pub(crate) item: Item,
}

/// A Razorpay item from the mirror.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Item {
    pub(crate) environment: String,
    pub(crate) item_id: String,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) active: Option<bool>,
    /// In the currency's smallest unit.
    pub(crate) amount: Option<Number>,
    pub(crate) currency: Option<String>,
    /// `plan` if it was created with a plan, otherwise `invoice`.
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

/// A Razorpay plan from the mirror.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Plan {
    pub(crate) environment: String,
    pub(crate) plan_id: String,
    pub(crate) item_id: Option<String>,
    /// Known only in a catalog, which contains the item.
    #[serde(skip)]
    pub(crate) item_name: Option<String>,
    /// `daily`, `weekly`, `monthly` or `yearly`.
    pub(crate) period: Option<String>,
    /// The number of periods between two payments.
    pub(crate) interval: Option<Number>,
    /// In the currency's smallest unit.
    pub(crate) amount: Option<Number>,
    pub(crate) currency: Option<String>,
    pub(crate) active: Option<bool>,
    pub(crate) provider_created_at: Option<String>,
    pub(crate) synced_at: Option<String>,
}

impl Plan {
    /// How often it is paid: `month`, `3 months`.
    pub(crate) fn billing_cycle(&self) -> Option<String> {
        let period = self.period.as_deref()?;
        let count = self.interval.as_ref();
        // An unknown period is shown unchanged.
        Some(PlanPeriod::from_str(period, false).map_or_else(
            |_| count.map_or_else(|| period.to_owned(), |count| format!("{count} {period}")),
            |period| every(count, period.unit()),
        ))
    }
}

/// The subscriptions of one environment.
#[derive(Debug, Deserialize)]
pub(crate) struct Subscriptions {
    pub(crate) subscriptions: List<Subscription>,
}

/// A Razorpay subscription from the mirror.
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
    /// The number of payments made.
    pub(crate) paid_count: Option<Number>,
    /// The number of payments to come.
    pub(crate) remaining_count: Option<Number>,
}

impl Subscription {
    /// Whether it has ended. Every other one counts as active: even one that is halted or paused can charge its customer
    /// again.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.status.as_str(), "cancelled" | "completed" | "expired")
    }

    pub(crate) fn subject(&self) -> Option<Subject<'_>> {
        Subject::of(self.subject_type.as_deref(), self.subject_id.as_deref())
    }
}

//! Razorpay as a [`Gateway`].

use std::borrow::Cow;

use crate::api::Provider;
use crate::api::razorpay::RAZORPAY;
use crate::commands::razorpay::config_set::{self, ConfigSet};
use crate::commands::razorpay::id_lists;
use crate::runner::{Finding, Gateway, SyncOutcome, SyncReply, UnmappedSubscriptions, WebhookSupport};
use crate::settings::CachedIds;
use crate::ui::{Column, Page, RowLists, Section, Tables, View, dash, into_owned, short_date};
use crate::wire::razorpay::{Catalog, Subscription, Subscriptions, SyncResult, SyncResults};
use crate::wire::{Connections, Environment, KeyList, Number, fields, sync_error};

/// Razorpay, for the commands that exist for every provider.
pub(crate) enum RazorpayGateway {}

impl Gateway for RazorpayGateway {
    const PROVIDER: &'static Provider = &RAZORPAY;
    type ConfigSet = ConfigSet;
    type Sync = SyncResults;
    type Catalog = Catalog;
    type Subscriptions = Subscriptions;
    type DoctorCatalog = Catalog;
    const KEY_TABLES: Tables = &[KeyList::TABLES[1]];
    const KEY_ROWS: RowLists = KeyList::ROWS;
    const STATUS_TABLES: Tables = &[Connections::TABLES[1]];
    const STATUS_ROWS: RowLists = &[Connections::ROWS[1]];
    const WEBHOOK: &'static WebhookSupport =
        &WebhookSupport { setup: &["webhooks", "setup"], is_managed: false, forwarder: None };
    const SUBSCRIPTION_STATUSES: &'static [&'static str] = &[
        "created",
        "authenticated",
        "active",
        "pending",
        "halted",
        "cancelled",
        "completed",
        "expired",
        "paused",
    ];

    fn key_prefix(environment: Environment) -> &'static str {
        config_set::prefix(environment)
    }

    /// Finds plans whose item is not in the catalog. Every item has an amount, and Razorpay has no lookup keys.
    fn check_catalog(catalog: &Catalog, _environment: Environment) -> Vec<Finding> {
        let items = catalog.items.iter().filter(|item| item.active == Some(true)).count();
        let plans = || catalog.plans.iter().filter(|plan| plan.active == Some(true));
        let exists = |id: &String| catalog.items.iter().any(|item| item.item_id == *id);
        let without_item: Vec<&str> = plans()
            .filter(|plan| !plan.item_id.as_ref().is_some_and(exists))
            .map(|plan| plan.plan_id.as_str())
            .collect();
        vec![
            Finding::about_objects("items", items, ("", "each with an amount"), &[], |_| None),
            Finding::about_objects(
                "plans",
                plans().count(),
                ("without their item in the mirror", "each with its item"),
                &without_item,
                // A sync adds an item that exists at Razorpay. The check of the last sync says when one is due.
                |_| None,
            ),
        ]
    }

    fn ids(catalog: &Catalog, environment: Environment) -> CachedIds {
        id_lists::all(catalog, environment)
    }

    fn unmapped(subscriptions: &Subscriptions) -> UnmappedSubscriptions {
        UnmappedSubscriptions::count(
            subscriptions
                .subscriptions
                .iter()
                .map(|one| (one.subscription_id.clone(), !one.is_over(), one.subject().is_some())),
        )
    }
}

impl View for SyncResults {
    const NOUN: &'static str = "environments to sync";
    const ROWS: RowLists = &[("results", "result", fields::RAZORPAY_SYNC_RESULT)];
    const TABLES: Tables = &[&[
        Column::new("Env"),
        Column::new("Status"),
        Column::new("Items"),
        Column::new("Plans"),
        Column::new("Customers"),
        Column::new("Subscriptions"),
        Column::new("Invoices"),
        Column::new("Payments"),
        Column::spare("Synced At"),
    ]];

    fn page(&self) -> Page<'_> {
        Section::new(Self::TABLES[0], self.results.iter().map(sync_row)).of("result").into()
    }
}

fn sync_row(result: &SyncResult) -> Vec<Cow<'_, str>> {
    let outcome = outcome(result);
    let done = outcome == SyncOutcome::Succeeded;
    let counts = &result.sync_counts;
    // The backend reports 0 for a part that failed, so a 0 is shown only after a success.
    let count = |count: &Option<Number>| {
        let count = count.as_ref().filter(|count| done || count.whole() != Some(0));
        dash(count.map(Number::to_string))
    };
    vec![
        result.environment.as_str().into(),
        outcome.as_str().into(),
        count(&counts.items),
        count(&counts.plans),
        count(&counts.customers),
        count(&counts.subscriptions),
        count(&counts.invoices),
        count(&counts.payments),
        short_date(result.connection.last_synced_at.as_deref().filter(|_| done)),
    ]
}

impl SyncReply for SyncResults {
    fn outcomes(&self) -> Vec<(&str, SyncOutcome)> {
        self.results.iter().map(|result| (result.environment.as_str(), outcome(result))).collect()
    }
}

/// A sync succeeded if the backend reports a success without an error.
fn outcome(result: &SyncResult) -> SyncOutcome {
    if !result.connection.is_configured() {
        return SyncOutcome::Unconfigured;
    }
    match (result.status.as_str(), &result.error) {
        ("succeeded", None) => SyncOutcome::Succeeded,
        (_, Some(reason)) => SyncOutcome::Failed(sync_error(reason).into_owned()),
        (status, None) => {
            SyncOutcome::Failed(format!("the backend reports the status {status} without a reason"))
        }
    }
}

impl View for Subscriptions {
    const NOUN: &'static str = "subscriptions";
    const ROWS: RowLists = &[("subscriptions", "subscription", fields::RAZORPAY_SUBSCRIPTION)];
    const TABLES: Tables = &[&[
        Column::new("Subscription ID"),
        Column::new("Plan ID"),
        Column::spare("Customer"),
        Column::new("Subject"),
        Column::new("Status"),
        Column::spare("Paid"),
        Column::spare("Remaining"),
        Column::new("Current End"),
    ]];

    fn page(&self) -> Page<'_> {
        let rows = self.subscriptions.iter().map(|one| into_owned(subscription_row(&one)));
        Section::new(Self::TABLES[0], rows).of("subscription").into()
    }

    fn for_each_id(&self, take: &mut dyn FnMut(&str)) {
        self.subscriptions.iter().for_each(|subscription| take(&subscription.subscription_id));
    }
}

fn subscription_row(subscription: &Subscription) -> Vec<Cow<'_, str>> {
    vec![
        subscription.subscription_id.as_str().into(),
        dash(subscription.plan_id.as_deref()),
        dash(subscription.customer_id.as_deref()),
        dash(subscription.subject().map(|subject| subject.to_string())),
        subscription.status.as_str().into(),
        dash(subscription.paid_count.as_ref().map(Number::as_str)),
        dash(subscription.remaining_count.as_ref().map(Number::as_str)),
        short_date(subscription.current_end.as_deref()),
    ]
}

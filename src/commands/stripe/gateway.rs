//! Stripe as a [`Gateway`].

use std::borrow::Cow;

use jiff::Timestamp;

use crate::api::Provider;
use crate::api::stripe::STRIPE;
use crate::commands::stripe::config_set::ConfigSet;
use crate::commands::stripe::prices::{self, ProductNames};
use crate::commands::stripe::{doctor, id_lists, products, secret_key};
use crate::runner::{Finding, Gateway, SyncOutcome, SyncReply, UnmappedSubscriptions, WebhookSupport};
use crate::settings::CachedIds;
use crate::ui::{Column, Page, RowLists, Section, Tables, View, dash, into_owned, short_date};
use crate::wire::{
    Catalog, Connection, Connections, Environment, KeyList, Mirror, Number, Subscription, Subscriptions,
    SyncResult, SyncResults, fields,
};

/// Stripe, for the commands that exist for every provider.
pub(crate) enum StripeGateway {}

impl Gateway for StripeGateway {
    const PROVIDER: &'static Provider = &STRIPE;
    type ConfigSet = ConfigSet;
    type Sync = SyncResults;
    type Catalog = Catalog;
    type Subscriptions = Subscriptions;
    type DoctorCatalog = Mirror;
    /// Each environment has one key.
    const KEY_TABLES: Tables = &[KeyList::TABLES[0]];
    const KEY_ROWS: RowLists = &[("keys", "key", fields::KEY)];
    const STATUS_TABLES: Tables = &[Connections::TABLES[0]];
    const STATUS_ROWS: RowLists = &[Connections::ROWS[0]];
    const WEBHOOK: &'static WebhookSupport = &WebhookSupport {
        setup: &["webhooks", "configure"],
        is_managed: true,
        forwarder: Some("stripe listen"),
    };
    const SUBSCRIPTION_STATUSES: &'static [&'static str] = &[
        "incomplete",
        "incomplete_expired",
        "trialing",
        "active",
        "past_due",
        "canceled",
        "unpaid",
        "paused",
    ];

    fn key_prefix(environment: Environment) -> &'static str {
        secret_key::prefix(environment)
    }

    fn check_catalog(catalog: &Mirror, environment: Environment) -> Vec<Finding> {
        doctor::check_catalog(catalog, environment)
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
    const ROWS: RowLists = &[("results", "result", fields::SYNC_RESULT)];
    const TABLES: Tables = &[&[
        Column::new("Env"),
        Column::new("Status"),
        Column::new("Products"),
        Column::new("Prices"),
        Column::new("Customers"),
        Column::new("Subscriptions"),
        Column::new("Unmapped"),
        Column::spare("Synced At"),
    ]];

    fn page(&self) -> Page<'_> {
        Section::new(Self::TABLES[0], self.results.iter().map(sync_row)).of("result").into()
    }
}

/// The counts and the time are those of the last *successful* sync, so they are shown only if this sync succeeded.
fn sync_row(result: &SyncResult) -> Vec<Cow<'_, str>> {
    let outcome = outcome(&result.connection);
    let this = (outcome == SyncOutcome::Succeeded).then_some(&result.connection);
    let subscriptions = result.subscriptions.as_ref();
    vec![
        result.environment.as_str().into(),
        outcome.as_str().into(),
        count(this.and_then(|this| this.last_sync_counts.products.as_ref())),
        count(this.and_then(|this| this.last_sync_counts.prices.as_ref())),
        count(this.and_then(|this| this.last_sync_counts.customers.as_ref())),
        count(subscriptions.and_then(|subscriptions| subscriptions.synced.as_ref())),
        count(subscriptions.and_then(|subscriptions| subscriptions.unmapped.as_ref())),
        short_date(this.and_then(|this| this.last_synced_at.as_deref())),
    ]
}

impl SyncReply for SyncResults {
    fn outcomes(&self) -> Vec<(&str, SyncOutcome)> {
        self.results.iter().map(|result| (result.environment.as_str(), outcome(&result.connection))).collect()
    }

    /// The backend hides a failure of the customers (exchange 234).
    fn hides_failed_customers(&self) -> Vec<(Environment, Timestamp)> {
        let succeeded =
            self.results.iter().filter(|result| outcome(&result.connection) == SyncOutcome::Succeeded);
        succeeded
            .filter_map(|SyncResult { environment, connection, .. }| {
                let started = connection.last_synced_at.as_deref()?.parse().ok()?;
                Some((Environment::named(environment)?, started))
            })
            .collect()
    }
}

/// A sync succeeded if the backend reports a success and no other field contradicts it.
fn outcome(connection: &Connection) -> SyncOutcome {
    if !connection.is_configured() {
        return SyncOutcome::Unconfigured;
    }
    match (connection.status.as_str(), connection.last_sync_status.as_deref(), connection.last_sync_error()) {
        ("connected", Some("succeeded"), None) => SyncOutcome::Succeeded,
        (_, _, Some(reason)) => SyncOutcome::Failed(reason.into_owned()),
        (status, last, None) => {
            let last = last.unwrap_or("unknown");
            SyncOutcome::Failed(format!(
                "the status of the connection is {status}, and that of the last sync is {last}"
            ))
        }
    }
}

impl View for Catalog {
    const NOUN: &'static str = "catalog records";
    const ROWS: RowLists = &[("products", "product", fields::PRODUCT), ("prices", "price", fields::PRICE)];
    const TABLES: Tables = &[products::COLUMNS, prices::COLUMNS];

    fn page(&self) -> Page<'_> {
        let names = ProductNames::of(self.products.iter());
        vec![
            products::section(&self.products).titled("Products"),
            prices::section(&self.prices, names).titled("Prices"),
        ]
        .into()
    }

    fn for_each_id(&self, take: &mut dyn FnMut(&str)) {
        self.products.iter().for_each(|product| take(&product.product_id));
        self.prices.iter().for_each(|price| take(&price.price_id));
    }
}

impl View for Subscriptions {
    const NOUN: &'static str = "subscriptions";
    const ROWS: RowLists = &[("subscriptions", "subscription", fields::SUBSCRIPTION)];
    const TABLES: Tables = &[&[
        Column::new("Subscription ID"),
        Column::spare("Customer"),
        Column::new("Subject"),
        Column::new("Status"),
        Column::spare("Items"),
        Column::new("Period End"),
    ]];

    fn page(&self) -> Page<'_> {
        let rows = self.subscriptions.iter().map(|one| into_owned(subscription_row(&one)));
        Section::new(Self::TABLES[0], rows).of("subscription").into()
    }

    fn for_each_id(&self, take: &mut dyn FnMut(&str)) {
        self.subscriptions.iter().for_each(|subscription| take(&subscription.subscription_id));
    }
}

fn count(count: Option<&Number>) -> Cow<'_, str> {
    dash(count.map(Number::as_str))
}

/// The status, marked if the end of the subscription is planned.
fn status(subscription: &Subscription) -> Cow<'_, str> {
    let status = subscription.status.as_str();
    if subscription.will_end() { format!("{status} (cancels)").into() } else { status.into() }
}

fn subscription_row(subscription: &Subscription) -> Vec<Cow<'_, str>> {
    vec![
        subscription.subscription_id.as_str().into(),
        dash(subscription.customer_id.as_deref()),
        dash(subscription.subject().map(|subject| subject.to_string())),
        status(subscription),
        subscription.items.len().to_string().into(),
        short_date(subscription.current_period_end.as_deref()),
    ]
}

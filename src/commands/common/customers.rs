use std::borrow::Cow;

use anyhow::Result;
use clap::Args;

use crate::api;
use crate::commands::common::arguments::{LimitArgs, SinceArgs};
use crate::commands::common::{EnvironmentArgs, ForProvider};
use crate::runner::{Command, CommandSpec, Ctx, ListQuery, ListReply, list};
use crate::ui::{Column, Page, RowLists, Section, Tables, View, dash, into_owned, short_date};
use crate::wire::{self, Customer, Money, Number, RowFilter, fields};

/// List the customers of one environment, from the mirror
#[derive(Args)]
#[command(add = CommandSpec::reads::<ForProvider<Self>>("test --limit 10 --json"))]
pub(crate) struct Customers {
    #[command(flatten)]
    environment: EnvironmentArgs,
    #[command(flatten)]
    since: SinceArgs,
    #[command(flatten)]
    limit: LimitArgs,
}

impl Command for ForProvider<Customers> {
    type Reply = ListReply<wire::Customers>;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let Customers { environment, since, limit } = &self.args;
        let filter = RowFilter { since: since.since, ..RowFilter::default() };
        let call = api::customers(self.provider, environment.resolve()?, limit.limit);
        list(ctx, ListQuery::limited(call, limit.rows(), &filter)).await
    }
}

const COLUMNS: &[Column<'_>] = &[
    Column::new("Customer ID"),
    Column::new("Email"),
    Column::text("Name"),
    Column::new("Payments"),
    Column::money("Total Spend"),
    Column::spare("Last Payment"),
    Column::spare("Method"),
    Column::spare("Country"),
];

impl View for wire::Customers {
    const NOUN: &'static str = "customers";
    const ROWS: RowLists = &[("customers", "customer", fields::CUSTOMER)];
    const TABLES: Tables = &[COLUMNS];

    fn page(&self) -> Page<'_> {
        let rows = self.customers.iter().map(|customer| into_owned(row(&customer)));
        Section::new(COLUMNS, rows).of("customer").into()
    }

    fn for_each_id(&self, take: &mut dyn FnMut(&str)) {
        self.customers.iter().for_each(|customer| take(&customer.provider_customer_id));
    }
}

fn row(customer: &Customer) -> Vec<Cow<'_, str>> {
    let spend = customer.total_spend.as_ref().zip(customer.total_spend_currency.as_deref());
    vec![
        customer.provider_customer_id.as_str().into(),
        dash(customer.email.as_deref()),
        dash(name(customer)),
        dash(customer.payments_count.as_ref().map(Number::as_str)),
        dash(spend.map(|(amount, currency)| Money::of(amount, currency).to_string())),
        short_date(customer.last_payment_at.as_deref()),
        dash(method(customer)),
        dash(customer.country_code.as_deref().map(str::to_uppercase)),
    ]
}

/// The name, marked if the provider deleted the customer.
fn name(customer: &Customer) -> Option<Cow<'_, str>> {
    let name = customer.name.as_deref();
    match (customer.deleted, name) {
        (Some(true), Some(name)) => Some(format!("{name} (deleted)").into()),
        (Some(true), None) => Some("(deleted)".into()),
        (_, name) => name.map(Cow::Borrowed),
    }
}

/// The known parts of the payment method: `visa **** 4242`.
fn method(customer: &Customer) -> Option<String> {
    let brand = customer.payment_method_brand.clone();
    let last4 = customer.payment_method_last4.as_deref().map(|last4| format!("**** {last4}"));
    match (brand, last4) {
        (Some(brand), Some(last4)) => Some(format!("{brand} {last4}")),
        (brand, last4) => brand.or(last4),
    }
}

use std::borrow::Cow;
use std::marker::PhantomData;

use anyhow::Result;
use clap::Args;

use crate::api::{self, Reply};
use crate::command::{Command, Ctx, Gateway};
use crate::commands::common::arguments::SubjectRows;
use crate::ui::{Column, Page, Section, View, dash, short_date};
use crate::wire::{self, Money, Transaction};

/// List payments, failed payments and refunds of one environment, newest first
#[derive(Args)]
pub(crate) struct Transactions<G: Gateway> {
    #[command(flatten)]
    rows: SubjectRows,
    #[arg(skip)]
    gateway: PhantomData<G>,
}

impl<G: Gateway> Command for Transactions<G> {
    type Reply = Reply<wire::Transactions>;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let environment = self.rows.environment.resolve()?;
        let limit = self.rows.limit.limit;
        ctx.send(api::transactions(G::PROVIDER, environment, &self.rows.subject(), limit)).await
    }
}

const COLUMNS: &[Column] = &[
    Column::new("Type"),
    Column::new("Status"),
    Column::new("Subject"),
    Column::new("Amount"),
    Column::new("Refunded"),
    Column::new("Customer"),
    Column::new("Provider Object"),
    Column::new("When"),
];

impl View for wire::Transactions {
    const NOUN: &'static str = "transactions";

    fn page(&self) -> Page<'_> {
        Section::new(COLUMNS, self.transactions.iter().map(row)).into()
    }

    fn ids(&self) -> Vec<&str> {
        self.transactions.iter().filter_map(|transaction| Some(transaction.reference()?.1)).collect()
    }
}

fn row(transaction: &Transaction) -> Vec<Cow<'_, str>> {
    let money = |amount: Option<i64>| {
        let (amount, currency) = amount.zip(transaction.currency.as_deref())?;
        Some(Money::new(amount, currency).to_string())
    };
    let customer = &transaction.provider_customer_id;
    let object = transaction.reference().map(|(kind, id)| match kind {
        Some(kind) => format!("{kind}:{id}"),
        None => id.to_owned(),
    });
    vec![
        transaction.kind.as_str().into(),
        transaction.status.as_str().into(),
        dash(transaction.subject().map(|subject| subject.to_string())),
        dash(money(transaction.amount)),
        dash(money(transaction.amount_refunded)),
        dash(customer.as_deref().or(transaction.customer_email_snapshot.as_deref())),
        dash(object),
        short_date(transaction.when()),
    ]
}

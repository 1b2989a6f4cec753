use std::borrow::Cow;
use std::marker::PhantomData;
use std::time::Duration;

use anyhow::Result;
use clap::Args;

use crate::api::{self, Call, Reply};
use crate::commands::common::arguments::SubjectRows;
use crate::error::{Exit, Failure};
use crate::runner::{Command, Ctx, Follow, Gateway, RowKey, execute, execute_follow};
use crate::ui::{Column, Page, Rows, Section, Tables, View, dash, into_owned, short_date};
use crate::wire::{self, Money, Transaction, parse_duration};

/// List payments, failed payments and refunds of one environment, newest first
///
/// With --follow those that are there are shown oldest first, at most --limit of them, and then each that comes or
/// changes, until Ctrl-C. JSON is a line for each. A backend that does not answer is waited for.
#[derive(Args)]
pub(crate) struct Transactions<G: Gateway> {
    #[command(flatten)]
    rows: SubjectRows,
    /// Go on: show each that comes or changes, until Ctrl-C
    #[arg(long)]
    follow: bool,
    /// How long to wait before looking again, at least 1s [default: 5s]
    #[arg(long, value_name = "DURATION", requires = "follow", value_parser = interval)]
    interval: Option<Duration>,
    #[arg(skip)]
    gateway: PhantomData<G>,
}

/// More often would be a burden for a backend that takes one write at a time.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);
const INTERVAL: Duration = Duration::from_secs(5);
/// How many the backend gives at most.
const MOST: u8 = 100;
/// How many it gives where nobody says otherwise.
const USUAL: u8 = 50;

fn interval(text: &str) -> Result<Duration, String> {
    let interval = parse_duration(text)?;
    if interval < SHORTEST_INTERVAL { Err("the shortest interval is 1s".to_owned()) } else { Ok(interval) }
}

impl<G: Gateway> Transactions<G> {
    pub(super) async fn show(self, ctx: &Ctx) -> Result<Exit> {
        if self.follow { execute_follow(self, ctx).await } else { execute(self, ctx).await }
    }
}

impl<G: Gateway> Follow for Transactions<G> {
    type Rows = wire::Transactions;
    const MAX_ROWS: usize = MOST as usize;

    fn call(&self) -> Result<Call<Self::Rows>, Failure> {
        let environment = self.rows.environment.resolve()?;
        Ok(api::transactions(G::PROVIDER, environment, &self.rows.subject(), Some(MOST)))
    }

    fn keys(rows: &Self::Rows) -> Vec<RowKey> {
        let key = |row: Transaction| {
            let id = row.reference().map(|(_, id)| id.to_owned());
            RowKey { identity: row.identity(), version: row.version().to_owned(), id }
        };
        rows.transactions.iter().map(key).collect()
    }

    fn initial_rows(&self) -> usize {
        self.rows.limit.limit.unwrap_or(USUAL).into()
    }

    fn interval(&self) -> Duration {
        self.interval.unwrap_or(INTERVAL)
    }
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
    Column::new("Type").usually(20),
    Column::new("Status").usually(18),
    Column::new("Subject").usually(16),
    Column::new("Amount").usually(12),
    Column::new("Refunded").usually(10),
    Column::new("Customer").usually(18),
    Column::new("Provider Object").usually(42),
    Column::new("When").usually(16),
];

impl View for wire::Transactions {
    const NOUN: &'static str = "transactions";
    const ROWS: Rows = &[("transactions", "transaction"), ("paymentHistory", "transaction")];
    const TABLES: Tables = &[COLUMNS];

    fn page(&self) -> Page<'_> {
        Section::new(COLUMNS, self.transactions.iter().map(|transaction| into_owned(row(&transaction))))
            .into()
    }

    fn for_each_id(&self, take: &mut dyn FnMut(&str)) {
        for transaction in self.transactions.iter() {
            if let Some((_, id)) = transaction.reference() {
                take(id);
            }
        }
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

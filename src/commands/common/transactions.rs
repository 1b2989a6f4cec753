use std::borrow::Cow;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use crate::api::{self, Call, MAX_ROWS};
use crate::commands::common::ForProvider;
use crate::commands::common::arguments::{SubjectListArgs, status_help};
use crate::error::{Exit, Failure};
use crate::runner::{
    Command, CommandSpec, Completes, Ctx, Follow, ListQuery, ListReply, RowKey, execute, execute_follow, list,
};
use crate::ui::{Column, Page, RowLists, Section, Tables, View, dash, into_owned, short_date};
use crate::wire::{self, Json, Money, Number, Transaction, fields, parse_duration};

/// List the payments, failed payments and refunds of one environment, newest first
///
/// With --follow, existing transactions are shown oldest first, at most --limit of them. After that, each new or changed
/// transaction is shown, until Ctrl-C. Filters apply to all of them. JSON output has one line per transaction. If the
/// backend does not respond, the command keeps trying.
#[derive(Args)]
#[command(add = CommandSpec::reads::<ForProvider<Self>>("test --limit 10 --json")
    .note("with --follow it runs until it is stopped, then exits with 0; JSON is then one line for each row"))]
pub(crate) struct Transactions {
    #[command(flatten)]
    list: SubjectListArgs,
    #[arg(
        long,
        value_name = "STATUS",
        help = status_help("transactions", STATUSES),
        value_delimiter = ',',
        value_parser = NonEmptyStringValueParser::new(),
        add = Completes::Words(STATUSES),
    )]
    status: Vec<String>,
    /// Keep running and show each new or changed transaction, until Ctrl-C
    #[arg(long)]
    follow: bool,
    /// Time between two requests, at least 1s [default: 5s]
    #[arg(long, value_name = "DURATION", requires = "follow", value_parser = interval)]
    interval: Option<Duration>,
}

/// More frequent requests would slow down the backend.
const MIN_INTERVAL: Duration = Duration::from_secs(1);
const DEFAULT_INTERVAL: Duration = Duration::from_secs(5);
/// The statuses of both providers' transactions.
const STATUSES: &[&str] = &["pending", "succeeded", "failed", "partially_refunded", "refunded"];

fn interval(text: &str) -> Result<Duration, String> {
    let interval = parse_duration(text)?;
    if interval < MIN_INTERVAL { Err("the interval must be at least 1s".to_owned()) } else { Ok(interval) }
}

impl ForProvider<Transactions> {
    pub(super) async fn dispatch(self, ctx: &Ctx) -> Result<Exit> {
        if self.args.follow { execute_follow(self, ctx).await } else { execute(self, ctx).await }
    }
}

impl Follow for ForProvider<Transactions> {
    type Answer = wire::Transactions;

    fn call(&self) -> Result<Call<Self::Answer>, Failure> {
        let environment = self.args.list.environment.resolve()?;
        Ok(api::transactions(self.provider, environment, &self.args.list.subject(), Some(MAX_ROWS)))
    }

    fn keys(&self, answer: &Self::Answer) -> Vec<RowKey> {
        let filter = self.args.list.filter(&self.args.status);
        let key = |(row, json): (Transaction, Json<'_>)| {
            let id = row.reference().map(|(_, id)| id.to_owned());
            let is_shown = filter.keeps(json);
            RowKey { identity: row.unique_key(), version: row.version().to_owned(), id, is_shown }
        };
        answer.transactions.iter().zip(answer.transactions.rows()).map(key).collect()
    }

    fn initial_rows(&self) -> usize {
        self.args.list.limit.rows().into()
    }

    fn interval(&self) -> Duration {
        self.args.interval.unwrap_or(DEFAULT_INTERVAL)
    }
}

impl Command for ForProvider<Transactions> {
    type Reply = ListReply<wire::Transactions>;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let Transactions { list: args, status, .. } = &self.args;
        let environment = args.environment.resolve()?;
        let call = api::transactions(self.provider, environment, &args.subject(), args.limit.limit);
        list(ctx, ListQuery::limited(call, args.limit.rows(), &args.filter(status))).await
    }
}

const COLUMNS: &[Column<'_>] = &[
    Column::new("Type").usual_width(20),
    Column::new("Status").usual_width(18),
    Column::new("Subject").usual_width(16),
    Column::money("Amount").usual_width(12),
    Column::money("Refunded").if_it_fits().usual_width(10),
    Column::spare("Customer").usual_width(18),
    Column::spare("Provider Object").usual_width(42),
    Column::new("When").usual_width(16),
];

impl View for wire::Transactions {
    const NOUN: &'static str = "transactions";
    const ROWS: RowLists = &[
        ("transactions", "transaction", fields::TRANSACTION),
        ("paymentHistory", "transaction", fields::TRANSACTION),
    ];
    const TABLES: Tables = &[COLUMNS];

    fn page(&self) -> Page<'_> {
        let rows = self.transactions.iter().map(|transaction| into_owned(row(&transaction)));
        Section::new(COLUMNS, rows).of("transaction").into()
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
    let money = |amount: &Option<Number>| {
        let (amount, currency) = amount.as_ref().zip(transaction.currency.as_deref())?;
        Some(Money::of(amount, currency).to_string())
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
        dash(money(&transaction.amount)),
        dash(money(&transaction.amount_refunded)),
        dash(customer.as_deref().or(transaction.customer_email_snapshot.as_deref())),
        dash(object),
        short_date(transaction.when()),
    ]
}

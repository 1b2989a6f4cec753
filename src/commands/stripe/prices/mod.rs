mod archive;
mod create;
mod read;
pub(super) mod reference;
mod replace;
mod update;

use std::borrow::Cow;

use anyhow::Result;
use clap::Subcommand;

use crate::error::Exit;
use crate::runner::{Ctx, execute, execute_multi_write, execute_write};
use crate::ui::{Column, Page, RowLists, Section, Tables, View, dash, into_owned, short_date, yes_no};
use crate::wire::{self, List, Money, Price};

#[derive(Subcommand)]
pub(crate) enum Prices {
    List(read::List),
    Get(read::Get),
    Create(create::Create),
    Update(update::Update),
    Replace(replace::Replace),
    Archive(archive::Archive),
}

impl Prices {
    pub(super) async fn run(self, ctx: &Ctx) -> Result<Exit> {
        match self {
            Self::List(list) => execute(list, ctx).await,
            Self::Get(get) => execute(get, ctx).await,
            Self::Create(create) => execute_write(create, ctx).await,
            Self::Update(update) => execute_write(update, ctx).await,
            // Boxed, because it is by far the largest.
            Self::Replace(replace) => Box::pin(execute_multi_write(replace, ctx)).await,
            Self::Archive(archive) => execute_write(archive, ctx).await,
        }
    }
}

pub(super) const COLUMNS: &[Column] = &[
    Column::new("Env"),
    Column::new("Price ID"),
    Column::new("Product ID"),
    Column::new("Amount"),
    Column::new("Type"),
    Column::new("Active"),
    Column::new("Recurring"),
    Column::spare("Synced At"),
];

/// The table of some prices.
pub(super) fn section(prices: &List<Price>) -> Section<'_> {
    Section::new(COLUMNS, prices.iter().map(|price| into_owned(row(&price))))
}

fn row(price: &Price) -> Vec<Cow<'_, str>> {
    vec![
        price.environment.as_str().into(),
        price.price_id.as_str().into(),
        dash(price.product_id.as_deref()),
        dash(amount(price)),
        dash(price.kind.as_deref()),
        yes_no(price.active),
        recurring(price),
        short_date(price.synced_at.as_deref()),
    ]
}

/// The amount of a price. A tiered price has no single amount; a price below the smallest unit has only a decimal one.
pub(super) fn amount(price: &Price) -> Option<String> {
    if price.billing_scheme.as_deref() == Some("tiered") {
        return Some("tiered".to_owned());
    }
    let currency = price.currency.as_deref()?;
    let money = match (price.unit_amount, price.unit_amount_decimal.as_deref()) {
        (Some(amount), _) => Money::new(amount, currency),
        (None, decimal) => Money::decimal(decimal?, currency)?,
    };
    Some(money.to_string())
}

/// The billing interval: `one-time`, `month`, `3 month`.
pub(super) fn recurring(price: &Price) -> Cow<'_, str> {
    match (price.recurring_interval.as_deref(), price.recurring_interval_count) {
        (None, _) => "one-time".into(),
        (Some(interval), Some(count)) if count > 1 => format!("{count} {interval}").into(),
        (Some(interval), _) => interval.into(),
    }
}

impl View for wire::Prices {
    const NOUN: &'static str = "prices";
    const ROWS: RowLists = &[("prices", "price")];
    const TABLES: Tables = &[COLUMNS];

    fn page(&self) -> Page<'_> {
        section(&self.prices).into()
    }

    fn for_each_id(&self, take: &mut dyn FnMut(&str)) {
        self.prices.iter().for_each(|price| take(&price.price_id));
    }
}

impl View for wire::PriceReply {
    const NOUN: &'static str = "price";
    const ROWS: RowLists = &[("price", "price")];
    const TABLES: Tables = &[COLUMNS];

    fn page(&self) -> Page<'_> {
        Section::new(COLUMNS, std::iter::once(row(&self.price))).into()
    }

    fn ids(&self) -> Vec<&str> {
        vec![&self.price.price_id]
    }
}

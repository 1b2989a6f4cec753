mod archive;
mod create;
mod read;
pub(super) mod reference;
mod replace;
mod update;

use std::borrow::{Borrow, Cow};
use std::collections::HashMap;
use std::rc::Rc;

use anyhow::Result;
use clap::Subcommand;

use crate::error::Exit;
use crate::runner::{Ctx, execute, execute_multi_write, execute_write};
use crate::ui::{Column, Page, RowLists, Section, Tables, View, dash, into_owned, short_date, yes_no};
use crate::wire::{self, List, Money, Price, Product, fields};

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

pub(super) const COLUMNS: &[Column<'_>] = &[
    Column::spare("Env"),
    Column::new("Price ID"),
    Column::text("Product"),
    Column::new("Lookup Key"),
    Column::money("Amount"),
    Column::spare("Type"),
    Column::new("Active"),
    Column::new("Recurring"),
    Column::extra("Product ID"),
    Column::extra("Synced At"),
];

/// The names of products by id, as far as they are known.
#[derive(Clone, Default)]
pub(super) struct ProductNames(Rc<HashMap<String, String>>);

impl ProductNames {
    pub(super) fn of(products: impl Iterator<Item = impl Borrow<Product>>) -> Self {
        let name = |product: &Product| Some((product.product_id.clone(), product.name.clone()?));
        Self(Rc::new(products.filter_map(|product| name(product.borrow())).collect()))
    }
}

/// The table of some prices.
pub(super) fn section(prices: &List<Price>, names: ProductNames) -> Section<'_> {
    Section::new(COLUMNS, prices.iter().map(move |price| into_owned(row(&price, &names)))).of("price")
}

fn row<'a>(price: &'a Price, names: &'a ProductNames) -> Vec<Cow<'a, str>> {
    let product = price.product_id.as_deref();
    let name = product.and_then(|id| names.0.get(id)).map(String::as_str);
    vec![
        price.environment.as_str().into(),
        price.price_id.as_str().into(),
        dash(name.or(product)),
        dash(price.lookup_key.as_deref().filter(|key| !key.is_empty())),
        dash(amount(price)),
        dash(price.kind.as_deref()),
        yes_no(price.active),
        recurring(price),
        dash(product),
        short_date(price.synced_at.as_deref()),
    ]
}

/// The amount of a price. A tiered price has no single amount; a price below the smallest unit has only a decimal one.
pub(super) fn amount(price: &Price) -> Option<String> {
    if price.billing_scheme.as_deref() == Some("tiered") {
        return Some("tiered".to_owned());
    }
    let currency = price.currency.as_deref()?;
    let money = match (&price.unit_amount, price.unit_amount_decimal.as_deref()) {
        (Some(amount), _) => Money::of(amount, currency),
        (None, decimal) => Money::decimal(decimal?, currency)?,
    };
    Some(money.to_string())
}

/// The billing interval: `one-time`, `month`, `3 months`.
pub(super) fn recurring(price: &Price) -> Cow<'_, str> {
    price.recurring().map_or(Cow::Borrowed("one-time"), Cow::Owned)
}

impl View for wire::Prices {
    const NOUN: &'static str = "prices";
    const ROWS: RowLists = &[("prices", "price", fields::PRICE)];
    const TABLES: Tables = &[COLUMNS];

    fn page(&self) -> Page<'_> {
        section(&self.prices, ProductNames::default()).into()
    }

    fn for_each_id(&self, take: &mut dyn FnMut(&str)) {
        self.prices.iter().for_each(|price| take(&price.price_id));
    }
}

impl View for wire::PriceReply {
    const NOUN: &'static str = "price";
    const ROWS: RowLists = &[("price", "price", fields::PRICE)];
    const TABLES: Tables = &[COLUMNS];

    fn page(&self) -> Page<'_> {
        let row = into_owned(row(&self.price, &ProductNames::default()));
        Section::new(COLUMNS, std::iter::once(row)).of("price").into()
    }

    fn ids(&self) -> Vec<&str> {
        vec![&self.price.price_id]
    }
}

mod archive;
mod create;
mod delete;
mod read;
mod update;

use std::borrow::Cow;

use anyhow::Result;
use clap::Subcommand;

use crate::commands::stripe::prices::{self, ProductNames};
use crate::error::Exit;
use crate::runner::{Ctx, execute, execute_multi_write, execute_write};
use crate::ui::{Column, Page, RowLists, Section, Tables, View, dash, into_owned, short_date, yes_no};
use crate::wire::fields::{self, Fields};
use crate::wire::{self, List, Product};

#[derive(Subcommand)]
pub(crate) enum Products {
    List(read::List),
    Get(read::Get),
    Create(create::Create),
    Update(update::Update),
    Archive(archive::Archive),
    Delete(delete::Delete),
}

impl Products {
    pub(super) async fn run(self, ctx: &Ctx) -> Result<Exit> {
        match self {
            Self::List(list) => execute(list, ctx).await,
            Self::Get(get) => execute(get, ctx).await,
            Self::Create(create) => execute_write(create, ctx).await,
            Self::Update(update) => execute_write(update, ctx).await,
            // Boxed, because it is by far the largest.
            Self::Archive(archive) => Box::pin(execute_multi_write(archive, ctx)).await,
            Self::Delete(delete) => execute_write(delete, ctx).await,
        }
    }
}

pub(super) const COLUMNS: &[Column<'_>] = &[
    Column::spare("Env"),
    Column::new("Product ID"),
    Column::text("Name"),
    Column::new("Active"),
    Column::new("Default Price"),
    Column::extra("Synced At"),
];

/// The rows of an answer without prices.
const ROWS_OF_ONE: RowLists = &[("product", "product", fields::PRODUCT)];

/// The table of some products.
pub(super) fn section(products: &List<Product>) -> Section<'_> {
    Section::new(COLUMNS, products.iter().map(|product| into_owned(row(&product)))).of("product")
}

fn row(product: &Product) -> Vec<Cow<'_, str>> {
    vec![
        product.environment.as_str().into(),
        product.product_id.as_str().into(),
        dash(product.name.as_deref()),
        yes_no(product.active),
        dash(product.default_price_id.as_deref()),
        short_date(product.synced_at.as_deref()),
    ]
}

impl View for wire::Products {
    const NOUN: &'static str = "products";
    const ROWS: RowLists = &[("products", "product", fields::PRODUCT)];
    const TABLES: Tables = &[COLUMNS];

    fn page(&self) -> Page<'_> {
        section(&self.products).into()
    }

    fn for_each_id(&self, take: &mut dyn FnMut(&str)) {
        self.products.iter().for_each(|product| take(&product.product_id));
    }
}

impl View for wire::ProductReply {
    const NOUN: &'static str = "product";
    const ROWS: RowLists = &[("product", "product", fields::PRODUCT), ("prices", "price", fields::PRICE)];
    const TABLES: Tables = &[COLUMNS, prices::COLUMNS];

    fn page(&self) -> Page<'_> {
        let product = Section::new(COLUMNS, std::iter::once(row(&self.product))).of("product");
        if self.prices.is_empty() {
            return product.into();
        }
        let names = ProductNames::of(std::iter::once(&self.product));
        vec![product.titled("Product"), prices::section(&self.prices, names).titled("Prices")].into()
    }

    fn ids(&self) -> Vec<&str> {
        vec![&self.product.product_id]
    }
}

impl View for wire::ProductDeleted {
    const NOUN: &'static str = "product";
    const FIELDS: Fields = &["productId", "deleted"];

    fn page(&self) -> Page<'_> {
        Page::default()
    }

    fn ids(&self) -> Vec<&str> {
        vec![&self.product_id]
    }
}

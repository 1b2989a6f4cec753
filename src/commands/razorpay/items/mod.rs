mod create;
mod update;

use std::borrow::Cow;

use anyhow::Result;
use clap::Subcommand;

use crate::commands::razorpay::catalog::{Get, List};
use crate::commands::razorpay::catalog_object::{CatalogObject, section};
use crate::error::Exit;
use crate::runner::{Ctx, execute, execute_write};
use crate::ui::{Column, Page, RowLists, Tables, View, dash, short_date, yes_no};
use crate::wire::Money;
use crate::wire::fields::{self, Fields};
use crate::wire::razorpay::{Catalog, Item, ItemReply};
pub(super) use create::name_and_price;

#[derive(Subcommand)]
pub(crate) enum Items {
    /// List the items of one environment
    List(List<Item>),
    /// Show one item
    Get(Get<Item>),
    Create(create::Create),
    Update(update::Update),
}

impl Items {
    pub(super) async fn run(self, ctx: &Ctx) -> Result<Exit> {
        match self {
            Self::List(list) => execute(list, ctx).await,
            Self::Get(get) => execute(get, ctx).await,
            Self::Create(create) => execute_write(create, ctx).await,
            Self::Update(update) => execute_write(update, ctx).await,
        }
    }
}

impl CatalogObject for Item {
    const GET_EXAMPLE: &'static str = "test item_rTnF3Iv7WglSJS --json";
    const SINGULAR: &'static str = "item";
    const PLURAL: &'static str = "items";
    const ID: &'static str = "itemId";
    const NOT_FOUND: &'static str = "PAYMENT_ITEM_NOT_FOUND";
    const FIELDS: Fields = fields::ITEM;
    const COLUMNS: &'static [Column<'static>] = &[
        Column::spare("Env"),
        Column::new("Item ID"),
        Column::text("Name"),
        Column::money("Amount"),
        Column::new("Active"),
        Column::new("Type"),
        Column::extra("Synced At"),
    ];

    fn all(catalog: &Catalog) -> &[Self] {
        &catalog.items
    }

    fn id(&self) -> &str {
        &self.item_id
    }

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn price(&self) -> Option<Money<'_>> {
        Some(Money::of(self.amount.as_ref()?, self.currency.as_deref()?))
    }

    fn is_part_of_plan(&self) -> bool {
        self.kind.as_deref() == Some("plan")
    }

    fn created_at(&self) -> Option<&str> {
        self.provider_created_at.as_deref()
    }

    fn cells(&self) -> Vec<Cow<'_, str>> {
        vec![
            self.environment.as_str().into(),
            self.item_id.as_str().into(),
            dash(self.name()),
            dash(self.price().map(|price| price.to_string())),
            yes_no(self.active),
            dash(self.kind.as_deref()),
            short_date(self.synced_at.as_deref()),
        ]
    }
}

impl View for ItemReply {
    const NOUN: &'static str = "item";
    const ROWS: RowLists = &[("item", "item", fields::ITEM)];
    const TABLES: Tables = &[Item::COLUMNS];

    fn page(&self) -> Page<'_> {
        section([&self.item]).into()
    }

    fn ids(&self) -> Vec<&str> {
        vec![&self.item.item_id]
    }
}

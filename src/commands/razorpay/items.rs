use std::borrow::Cow;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::api::razorpay::{self, RAZORPAY};
use crate::api::{Call, Reply};
use crate::command::{Bulk, Change, Check, Ctx, Deed, Done, Entries, Write, execute, execute_bulk};
use crate::commands::common::{EnvironmentArgs, FileArgs, Target, Thing, boolean, in_full, missing};
use crate::commands::razorpay::catalog::{self, Get, Likeness, List, Row};
use crate::error::{Exit, Failure};
use crate::guard::Effect;
use crate::ui::{Column, Page, View, dash, short_date, yes_no};
use crate::wire::razorpay::{Catalog, Item, ItemAmount, ItemChanges, ItemReply, NewItem};
use crate::wire::{Addressed, Currency, Environment, ItemDescription, ItemName, Money, Patch};

#[derive(Subcommand)]
pub(crate) enum Items {
    /// List the items of one environment
    List(List<Item>),
    /// Show one item
    Get(Get<Item>),
    Create(Create),
    Update(Update),
}

impl Items {
    pub(super) async fn run(self, ctx: &Ctx) -> Result<Exit> {
        match self {
            Self::List(list) => execute(list, ctx).await,
            Self::Get(get) => execute(get, ctx).await,
            Self::Create(create) => execute_bulk(create, ctx).await,
            Self::Update(update) => execute_bulk(update, ctx).await,
        }
    }
}

impl Row for Item {
    const ONE: &'static str = "item";
    const MANY: &'static str = "items";
    const ID: &'static str = "itemId";
    const NOT_FOUND: &'static str = "PAYMENT_ITEM_NOT_FOUND";
    const COLUMNS: &'static [Column] = &[
        Column::new("Env"),
        Column::new("Item ID"),
        Column::new("Name"),
        Column::new("Amount"),
        Column::new("Active"),
        Column::new("Type"),
        Column::spare("Synced At"),
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
        Some(Money::new(self.amount?, self.currency.as_deref()?))
    }

    fn is_of_a_plan(&self) -> bool {
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

    fn page(&self) -> Page<'_> {
        catalog::section([&self.item]).into()
    }

    fn ids(&self) -> Vec<&str> {
        vec![&self.item.item_id]
    }
}

/// Create an item
///
/// Razorpay takes no idempotency key: two runs make two items. Where the answer is lost, the catalog is looked through for
/// what this run may have made, before anybody runs it again.
///
/// A file of many (an array or JSONL) makes one after the other, after one question, and writes a line of JSON for each; see
/// `insforge help output`. It syncs first: what the catalog has already of the same name and amount is not made again.
#[derive(Args)]
pub(crate) struct Create {
    #[command(flatten)]
    environment: EnvironmentArgs,
    /// Its name, as customers see it; at most 255 characters (required)
    #[arg(long, required_unless_present = "from_file")]
    name: Option<ItemName>,
    /// What it costs, in the currency's smallest unit: 49900 for 499.00 INR (required)
    #[arg(long, required_unless_present = "from_file", allow_negative_numbers = true)]
    amount: Option<ItemAmount>,
    /// The three-letter ISO code of the currency (required)
    #[arg(long, value_name = "CODE", required_unless_present = "from_file")]
    currency: Option<Currency>,
    /// Its description, or `null` for none
    #[arg(long, value_name = "TEXT")]
    description: Option<Patch<ItemDescription>>,
    #[command(flatten)]
    file: FileArgs,
}

impl Write for Create {
    type Resolved = (Environment, NewItem);
    type Answer = ItemReply;
    type Shown = Done<ItemReply>;

    fn effect(&self) -> Result<Effect, Failure> {
        self.environment.resolve().map(Effect::Write)
    }

    fn reads_stdin(&self) -> Option<&'static str> {
        self.file.reads_stdin()
    }

    async fn resolve(&self, ctx: &Ctx) -> Result<Self::Resolved> {
        self.with(ctx, NewItem::default())
    }

    fn change(&self, (environment, item): &Self::Resolved) -> Change {
        Change {
            effect: Effect::Write(*environment),
            provider: &RAZORPAY,
            what: format!("Create item {} at Razorpay", named(item)),
            means: in_full(item),
            account: None,
            check: Check::mirror(&["items", "list", environment.as_str()]),
        }
    }

    fn call(&self, (environment, item): &Self::Resolved) -> Result<Call<ItemReply>> {
        Ok(razorpay::create_item(*environment, item)?)
    }

    async fn look(&self, ctx: &Ctx, (environment, item): &Self::Resolved, failure: Failure) -> Failure {
        match likeness(*environment, item) {
            Some(likeness) => likeness.look::<Item>(ctx, failure).await,
            None => failure,
        }
    }

    async fn conclude(
        &self,
        _ctx: &Ctx,
        _resolved: Self::Resolved,
        reply: Reply<ItemReply>,
    ) -> Result<Self::Shown> {
        let note = format!("Razorpay item created: {}", reply.data.item.item_id);
        Ok(Done { reply, note })
    }
}

impl Bulk for Create {
    type Object = NewItem;
    const DEED: Deed = Deed::Create;

    async fn read(&self) -> Result<Option<Entries<NewItem>>> {
        self.file.read().await
    }

    fn with(&self, _ctx: &Ctx, file: NewItem) -> Result<Self::Resolved> {
        let environment = self.environment.resolve()?;
        let item = NewItem {
            name: self.name.clone().or(file.name),
            description: Patch::from(self.description.clone()).or(file.description),
            amount: self.amount.or(file.amount),
            currency: self.currency.clone().or(file.currency),
        };
        check(&item, ["--name", "--amount", "--currency"])?;
        Ok((environment, item))
    }

    async fn there_already(&self, ctx: &Ctx, all: &[Self::Resolved]) -> Result<Vec<Option<String>>> {
        let wanted = all.iter().map(|(environment, item)| likeness(*environment, item));
        catalog::there_already::<Item>(ctx, self.environment.resolve()?, wanted).await
    }
}

/// Whether it has what an item needs, by itself or in a plan; else the flag that gives it.
pub(super) fn check(item: &NewItem, [name, amount, currency]: [&str; 3]) -> Result<(), Failure> {
    let needed =
        [(name, item.name.is_some()), (amount, item.amount.is_some()), (currency, item.currency.is_some())];
    needed.into_iter().find(|(_, given)| !given).map_or(Ok(()), |(flag, _)| Err(missing(flag)))
}

/// Its name and price, for whoever is to say yes to it.
pub(super) fn named(item: &NewItem) -> String {
    let name = item.name.as_ref().map_or("", |name| name.as_str().trim());
    item.price().map_or_else(|| name.to_owned(), |price| format!("{name}: {price}"))
}

/// What a new item looks like.
pub(super) fn likeness(environment: Environment, item: &NewItem) -> Option<Likeness<'_>> {
    Some(Likeness { environment, name: item.name.as_ref()?.as_str(), price: item.price()?, every: None })
}

/// Change an item
///
/// What it costs can change too; plans keep the price that they were made with.
///
/// A file of many (an array or JSONL), each with its `id`, changes one after the other, after one question, and writes a
/// line of JSON for each; see `insforge help output`.
#[derive(Args)]
pub(crate) struct Update {
    #[command(flatten)]
    item: Target,
    /// Its new name; at most 255 characters
    #[arg(long)]
    name: Option<ItemName>,
    /// What it costs from now on, in the currency's smallest unit
    #[arg(long, allow_negative_numbers = true)]
    amount: Option<ItemAmount>,
    /// The three-letter ISO code of the currency
    #[arg(long, value_name = "CODE")]
    currency: Option<Currency>,
    /// Its new description; `null` empties it
    #[arg(long, value_name = "TEXT")]
    description: Option<Patch<ItemDescription>>,
    /// Whether it can be bought
    #[arg(long, value_name = "BOOL", value_parser = boolean(), ignore_case = true)]
    active: Option<bool>,
    #[command(flatten)]
    file: FileArgs,
}

impl Write for Update {
    type Resolved = (Thing, ItemChanges);
    type Answer = ItemReply;
    type Shown = Done<ItemReply>;

    fn effect(&self) -> Result<Effect, Failure> {
        self.item.environment().map(Effect::Write)
    }

    fn reads_stdin(&self) -> Option<&'static str> {
        self.file.reads_stdin()
    }

    async fn resolve(&self, ctx: &Ctx) -> Result<Self::Resolved> {
        self.with(ctx, Addressed::default())
    }

    fn change(&self, (item, changes): &Self::Resolved) -> Change {
        let Thing { environment, id } = item;
        Change {
            effect: Effect::Write(*environment),
            provider: &RAZORPAY,
            what: format!("Update item {id} at Razorpay"),
            means: in_full(changes),
            account: None,
            check: Check::mirror(&["items", "get", environment.as_str(), id]),
        }
    }

    fn call(&self, (item, changes): &Self::Resolved) -> Result<Call<ItemReply>> {
        Ok(razorpay::update_item(item.environment, &item.id, changes)?)
    }

    /// Razorpay answers with a 400 where there is no such item (exchange 305).
    fn explain(&self, ctx: &Ctx, (item, _): &Self::Resolved, failure: Failure) -> Failure {
        if failure.status != Some(400) || !failure.what.contains("does not exist") {
            return failure;
        }
        let list = ctx.command(&RAZORPAY, &["items", "list", item.environment.as_str()]);
        failure.exit(Exit::NotFound).hint(format!("`{list}` shows their ids"))
    }

    async fn conclude(
        &self,
        _ctx: &Ctx,
        _resolved: Self::Resolved,
        reply: Reply<ItemReply>,
    ) -> Result<Self::Shown> {
        let note = format!("Razorpay item updated: {}", reply.data.item.item_id);
        Ok(Done { reply, note })
    }
}

impl Bulk for Update {
    type Object = Addressed<ItemChanges>;
    const DEED: Deed = Deed::Update;

    async fn read(&self) -> Result<Option<Entries<Addressed<ItemChanges>>>> {
        Ok(self.item.check(self.file.read().await?)?)
    }

    fn with(&self, _ctx: &Ctx, file: Addressed<ItemChanges>) -> Result<Self::Resolved> {
        let item = self.item.resolve(file.id.as_deref())?;
        let file = file.changes;
        let changes = ItemChanges {
            name: self.name.clone().or(file.name),
            description: Patch::from(self.description.clone()).or(file.description),
            amount: self.amount.or(file.amount),
            currency: self.currency.clone().or(file.currency),
            active: self.active.or(file.active),
        };
        if changes.is_empty() {
            return Err(Failure::usage("Nothing to update")
                .hint("give at least one of --name, --amount, --currency, --description, --active")
                .into());
        }
        Ok((item, changes))
    }
}

//! Items and plans. The backend has no routes for them: it only lists them together, as the catalog.

use std::borrow::Cow;
use std::collections::HashMap;
use std::marker::PhantomData;

use anyhow::Result;
use clap::Args;

use crate::api::razorpay::RAZORPAY;
use crate::api::{self, Reply};
use crate::commands::common::{EnvironmentArgs, IdArgs, Target, sync_failure};
use crate::commands::razorpay::id_lists;
use crate::error::{Code, Exit, Failure};
use crate::runner::{Command, CommandSpec, Ctx, Listed, SyncOutcome, Synced};
use crate::settings::CachedIds;
use crate::ui::{Column, Page, RowLists, Section, Show, Tables, View, short_date};
use crate::wire::razorpay::{Catalog, Item, Plan, SyncResults};
use crate::wire::{Environment, Json, Money};

/// A kind of object in the catalog.
pub(crate) trait Row: Listed + Sized + 'static {
    /// The arguments of the example of `get`.
    const GET_EXAMPLE: &'static str;
    /// The singular, and the field of an answer with one object.
    const ONE: &'static str;
    /// The plural, and the field of the catalog.
    const MANY: &'static str;
    /// The field of the ID.
    const ID: &'static str;
    /// The error code for an object that does not exist.
    const NOT_FOUND: &'static str;
    const COLUMNS: &'static [Column];

    fn all(catalog: &Catalog) -> &[Self];
    fn id(&self) -> &str;
    fn name(&self) -> Option<&str>;
    fn price(&self) -> Option<Money<'_>>;
    /// How often it is paid, if it is paid repeatedly.
    fn every(&self) -> Option<String> {
        None
    }
    /// Whether Razorpay created it together with a plan.
    fn is_part_of_plan(&self) -> bool {
        false
    }
    fn created_at(&self) -> Option<&str>;
    /// One cell for each column.
    fn cells(&self) -> Vec<Cow<'_, str>>;
}

/// The table of some rows.
pub(crate) fn section<'a, R: Row>(
    rows: impl IntoIterator<Item = &'a R, IntoIter: Clone + 'a>,
) -> Section<'a> {
    Section::new(R::COLUMNS, rows.into_iter().map(Row::cells))
}

impl View for Catalog {
    const NOUN: &'static str = "catalog records";
    const ROWS: RowLists = &[("items", "item"), ("plans", "plan")];
    const TABLES: Tables = &[Item::COLUMNS, Plan::COLUMNS];

    fn page(&self) -> Page<'_> {
        vec![section(&self.items).titled("Items"), section(&self.plans).titled("Plans")].into()
    }

    fn ids(&self) -> Vec<&str> {
        self.items.iter().map(Item::id).chain(self.plans.iter().map(Plan::id)).collect()
    }
}

/// List the objects of one environment from the mirror
#[derive(Args)]
#[command(add = CommandSpec::reads::<Self>("test --json"))]
pub(crate) struct List<R: Row> {
    #[command(flatten)]
    environment: EnvironmentArgs,
    #[arg(skip)]
    row: PhantomData<R>,
}

impl<R: Row> Command for List<R> {
    type Reply = Part<R>;

    async fn run(&self, ctx: &Ctx) -> Result<Part<R>> {
        Ok(Part { catalog: catalog(ctx, self.environment.resolve()?).await?, row: PhantomData })
    }

    /// The catalog has both lists.
    fn ids_to_cache(&self, reply: &Part<R>) -> Option<CachedIds> {
        Some(id_lists::all(&reply.catalog.data, self.environment.resolve().ok()?))
    }
}

/// Show one object from the mirror
#[derive(Args)]
#[command(add = CommandSpec::reads::<Self>(R::GET_EXAMPLE))]
pub(crate) struct Get<R: Row> {
    #[command(flatten)]
    target: IdArgs<R>,
    #[arg(skip)]
    row: PhantomData<R>,
}

impl<R: Row> Command for Get<R> {
    type Reply = One<R>;

    async fn run(&self, ctx: &Ctx) -> Result<One<R>> {
        let Target { environment, id } = self.target.resolve()?;
        let catalog = catalog(ctx, environment).await?;
        if R::all(&catalog.data).iter().any(|row| row.id() == id) {
            return Ok(One { catalog, id, row: PhantomData });
        }
        let list = ctx.command(&RAZORPAY, &[R::MANY, "list", environment.as_str()]);
        let sync = ctx.command(&RAZORPAY, &["sync", environment.as_str()]);
        let what = format!("{} {environment} {} not found: {id}", RAZORPAY.name, R::ONE);
        Err(Failure::new(Code::Backend(R::NOT_FOUND.into()), what)
            .exit(Exit::NotFound)
            .hint(format!("`{list}` lists existing {}; `{sync}` updates the mirror", R::MANY))
            .into())
    }
}

async fn catalog(ctx: &Ctx, environment: Environment) -> Result<Reply<Catalog>> {
    ctx.send(api::catalog(&RAZORPAY, environment)).await
}

/// One list of the catalog.
pub(crate) struct Part<R> {
    catalog: Reply<Catalog>,
    row: PhantomData<R>,
}

impl<R: Row> Show for Part<R> {
    const ROWS: RowLists = &[(R::MANY, R::ONE)];
    const TABLES: Tables = &[R::COLUMNS];

    /// The list as the backend wrote it.
    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        let catalog = self.catalog.json()?;
        Ok(object(R::MANY, Json::parse(&catalog)?.get(R::MANY)))
    }

    fn page(&self) -> Page<'_> {
        let empty = format!("No {} {} found.", RAZORPAY.name, R::MANY);
        Page { empty, ..section(R::all(&self.catalog.data)).into() }
    }

    fn ids(&self) -> Vec<&str> {
        R::all(&self.catalog.data).iter().map(Row::id).collect()
    }
}

/// An object with one member.
fn object(name: &str, value: Option<Json<'_>>) -> Cow<'static, [u8]> {
    let value = value.unwrap_or(Json::NULL).as_str();
    Cow::Owned(format!("{{\"{name}\":{value}}}").into_bytes())
}

/// One existing row of the catalog.
pub(crate) struct One<R> {
    catalog: Reply<Catalog>,
    id: String,
    row: PhantomData<R>,
}

impl<R: Row> Show for One<R> {
    const ROWS: RowLists = &[(R::ONE, R::ONE)];
    const TABLES: Tables = &[R::COLUMNS];

    /// The row as the backend wrote it.
    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        let catalog = self.catalog.json()?;
        let list = Json::parse(&catalog)?.get(R::MANY).unwrap_or(Json::NULL);
        let is_own = |row: &Json<'_>| row.get(R::ID).and_then(Json::string).is_some_and(|id| id == self.id);
        Ok(object(R::ONE, list.elements().find(is_own)))
    }

    fn page(&self) -> Page<'_> {
        section(R::all(&self.catalog.data).iter().filter(|row| row.id() == self.id)).into()
    }

    fn ids(&self) -> Vec<&str> {
        vec![&self.id]
    }
}

/// The values by which a new object is found in the catalog while its ID is unknown (exchange 296).
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct MatchKey {
    name: String,
    price: Option<String>,
    /// See [`Row::every`].
    every: Option<String>,
}

impl MatchKey {
    /// The key of a new object. Razorpay trims names and returns currencies in lower case.
    pub(crate) fn new(name: &str, price: &Money<'_>, every: Option<String>) -> Self {
        Self { name: name.trim().to_owned(), price: Some(price.to_string()), every }
    }

    fn of(row: &impl Row) -> Option<Self> {
        let price = row.price().map(|price| price.to_string());
        Some(Self { name: row.name()?.to_owned(), price, every: row.every() })
    }
}

/// The IDs of new objects that are in the catalog already; each existing object stands for only one new object. The
/// catalog is synced first: the backend's sync waits for creates that it is still processing.
pub(crate) async fn find_existing<R: Row>(
    ctx: &Ctx,
    environment: Environment,
    keys: impl Iterator<Item = Option<MatchKey>>,
) -> Result<Vec<Option<String>>> {
    let synced = ctx.send(api::sync::<SyncResults>(&RAZORPAY, Some(environment))).await?;
    if let Some(failure) = sync_failure(&synced.data.outcomes(), Some(environment), &RAZORPAY) {
        return Err(failure.into());
    }
    let catalog = catalog(ctx, environment).await?;
    let mut existing: HashMap<MatchKey, Vec<&str>> = HashMap::new();
    for row in R::all(&catalog.data).iter().rev().filter(|row| !row.is_part_of_plan()) {
        if let Some(key) = MatchKey::of(row) {
            existing.entry(key).or_default().push(row.id());
        }
    }
    let take = |key: Option<MatchKey>| Some(existing.get_mut(&key?)?.pop()?.to_owned());
    Ok(keys.map(take).collect())
}

/// Adds to the failure of a create with an unknown outcome which matching objects the catalog has now.
pub(crate) async fn investigate<R: Row>(
    ctx: &Ctx,
    environment: Environment,
    key: Option<MatchKey>,
    failure: Failure,
) -> Failure {
    let Some(key) = key else { return failure };
    // The backend's sync waits until it has processed the create.
    let synced = ctx.send(api::sync::<SyncResults>(&RAZORPAY, Some(environment))).await;
    let synced = synced.is_ok_and(|synced| {
        synced.data.outcomes().iter().all(|(_, outcome)| *outcome == SyncOutcome::Succeeded)
    });
    // Without the catalog, the failure already says what to check.
    let Ok(catalog) = catalog(ctx, environment).await else { return failure };
    let found: Vec<&R> =
        R::all(&catalog.data).iter().filter(|row| MatchKey::of(*row).as_ref() == Some(&key)).collect();
    let place = format!("the catalog of {environment}{}", if synced { ", just synced" } else { "" });
    let what = format!("with this name and amount ({})", key.price.unwrap_or_default());
    let seen = if found.is_empty() {
        format!("no {} {what} is in {place}", R::ONE)
    } else {
        let row = |row: &&R| format!("{}, created {}", row.id(), short_date(row.created_at()));
        let rows: Vec<String> = found.iter().map(row).collect();
        format!("{} {what} in {place}:\n{}", R::MANY, rows.join("\n"))
    };
    let why = failure.why.iter().map(String::as_str).chain([seen.as_str()]).collect::<Vec<_>>().join("\n");
    let hint = match (found.is_empty(), synced) {
        (false, _) => {
            format!("if this is your new {}, it was created; run it again only to create another", R::ONE)
        }
        (true, true) => format!("the {} was probably not created; run it again", R::ONE),
        (true, false) => return failure.why(why),
    };
    failure.why(why).hint(hint)
}

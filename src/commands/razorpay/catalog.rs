//! Lists of items and plans. The backend has no routes for them: it only lists them together, as the catalog.

use std::borrow::Cow;
use std::collections::HashMap;
use std::marker::PhantomData;

use anyhow::Result;
use clap::Args;

use crate::api::razorpay::RAZORPAY;
use crate::api::{self, Reply};
use crate::commands::common::{ActiveArgs, EnvironmentArgs, IdArgs, Target, sync_environment};
use crate::commands::razorpay::catalog_object::{CatalogObject, section};
use crate::commands::razorpay::id_lists;
use crate::error::{Code, Exit, Failure, Warning};
use crate::runner::{
    Command, CommandSpec, Ctx, ExistingObjects, ListQuery, ListReply, SyncOutcome, SyncReply, list,
};
use crate::settings::CachedIds;
use crate::ui::{Page, RowLists, Show, Tables, View, short_date};
use crate::wire::razorpay::{Catalog, Item, Plan, SyncResults};
use crate::wire::{Environment, Json, Money, fields};

impl View for Catalog {
    const NOUN: &'static str = "catalog records";
    const ROWS: RowLists = &[("items", "item", fields::ITEM), ("plans", "plan", fields::PLAN)];
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
pub(crate) struct List<O: CatalogObject> {
    #[command(flatten)]
    environment: EnvironmentArgs,
    #[command(flatten)]
    active: ActiveArgs,
    #[arg(skip)]
    kind: PhantomData<O>,
}

impl<O: CatalogObject> Command for List<O> {
    type Reply = ObjectList<O>;

    async fn run(&self, ctx: &Ctx) -> Result<ObjectList<O>> {
        let call = api::catalog(&RAZORPAY, self.environment.resolve()?);
        let filter = self.active.filter();
        let query = ListQuery { filtered: ObjectList::<O>::ROWS, ..ListQuery::whole(call, &filter) };
        Ok(ObjectList { catalog: list(ctx, query).await?, kind: PhantomData })
    }

    /// The catalog has both lists. Only complete ones are offered.
    fn ids_to_cache(&self, reply: &ObjectList<O>) -> Option<CachedIds> {
        let environment = self.environment.resolve().ok().filter(|_| self.active.filter().is_empty())?;
        Some(id_lists::all(&reply.catalog.reply.data, environment))
    }
}

/// Show one object from the mirror
#[derive(Args)]
#[command(add = CommandSpec::reads::<Self>(O::GET_EXAMPLE))]
pub(crate) struct Get<O: CatalogObject> {
    #[command(flatten)]
    target: IdArgs<O>,
    #[arg(skip)]
    kind: PhantomData<O>,
}

impl<O: CatalogObject> Command for Get<O> {
    type Reply = SingleObject<O>;

    async fn run(&self, ctx: &Ctx) -> Result<SingleObject<O>> {
        let Target { environment, id } = self.target.resolve()?;
        let catalog = catalog(ctx, environment).await?;
        if O::all(&catalog.data).iter().any(|row| row.id() == id) {
            return Ok(SingleObject { catalog, id, kind: PhantomData });
        }
        let list = ctx.command(&RAZORPAY, &[O::PLURAL, "list", environment.as_str()]);
        let sync = ctx.command(&RAZORPAY, &["sync", environment.as_str()]);
        let what = format!("{} {environment} {} not found: {id}", RAZORPAY.name, O::SINGULAR);
        Err(Failure::new(Code::Backend(O::NOT_FOUND.into()), what)
            .exit(Exit::NotFound)
            .hint(format!("`{list}` lists existing {}; `{sync}` updates the mirror", O::PLURAL))
            .into())
    }
}

async fn catalog(ctx: &Ctx, environment: Environment) -> Result<Reply<Catalog>> {
    ctx.send(api::catalog(&RAZORPAY, environment)).await
}

/// One list of the catalog.
pub(crate) struct ObjectList<O> {
    catalog: ListReply<Catalog>,
    kind: PhantomData<O>,
}

impl<O: CatalogObject> Show for ObjectList<O> {
    const ROWS: RowLists = &[(O::PLURAL, O::SINGULAR, O::FIELDS)];
    const TABLES: Tables = &[O::COLUMNS];

    /// The list as the backend wrote it.
    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        let catalog = self.catalog.json()?;
        Ok(object(O::PLURAL, Json::parse(&catalog)?.get(O::PLURAL)))
    }

    fn page(&self) -> Page<'_> {
        let empty = self.catalog.empty(O::PLURAL);
        Page { empty, ..section(O::all(&self.catalog.reply.data)).into() }
    }

    fn ids(&self) -> Vec<&str> {
        O::all(&self.catalog.reply.data).iter().map(CatalogObject::id).collect()
    }

    fn warnings(&self) -> &[Warning] {
        &self.catalog.warnings
    }
}

/// An object with one member.
fn object(name: &str, value: Option<Json<'_>>) -> Cow<'static, [u8]> {
    let value = value.unwrap_or(Json::NULL).as_str();
    Cow::Owned(format!("{{\"{name}\":{value}}}").into_bytes())
}

/// One existing row of the catalog.
pub(crate) struct SingleObject<O> {
    catalog: Reply<Catalog>,
    id: String,
    kind: PhantomData<O>,
}

impl<O: CatalogObject> Show for SingleObject<O> {
    const ROWS: RowLists = &[(O::SINGULAR, O::SINGULAR, O::FIELDS)];
    const TABLES: Tables = &[O::COLUMNS];

    /// The row as the backend wrote it.
    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        let catalog = self.catalog.json()?;
        let list = Json::parse(&catalog)?.get(O::PLURAL).unwrap_or(Json::NULL);
        let is_own = |row: &Json<'_>| row.get(O::ID).and_then(Json::string).is_some_and(|id| id == self.id);
        Ok(object(O::SINGULAR, list.elements().find(is_own)))
    }

    fn page(&self) -> Page<'_> {
        section(O::all(&self.catalog.data).iter().filter(|row| row.id() == self.id)).into()
    }

    fn ids(&self) -> Vec<&str> {
        vec![&self.id]
    }
}

/// The values by which a new object is found in the catalog while its id is unknown (exchange 296).
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct MatchKey {
    name: String,
    price: Option<String>,
    /// See [`CatalogObject::every`].
    every: Option<String>,
}

impl MatchKey {
    /// The key of a new object. Razorpay trims names and returns currencies in lower case.
    pub(crate) fn new(name: &str, price: &Money<'_>, every: Option<String>) -> Self {
        Self { name: name.trim().to_owned(), price: Some(price.to_string()), every }
    }

    fn of(row: &impl CatalogObject) -> Option<Self> {
        let price = row.price().map(|price| price.to_string());
        Some(Self { name: row.name()?.to_owned(), price, every: row.every() })
    }
}

/// Finds new objects that are in the catalog already; each existing object matches only one new object. The
/// catalog is synced first: the backend's sync waits for creates that it is still processing.
pub(crate) async fn find_existing<O: CatalogObject>(
    ctx: &Ctx,
    environment: Environment,
    keys: impl Iterator<Item = Option<MatchKey>>,
) -> Result<ExistingObjects> {
    sync_environment::<SyncResults>(ctx, &RAZORPAY, environment).await?;
    let catalog = catalog(ctx, environment).await?;
    let mut existing: HashMap<MatchKey, Vec<&str>> = HashMap::new();
    for row in O::all(&catalog.data).iter().rev().filter(|row| !row.is_part_of_plan()) {
        if let Some(key) = MatchKey::of(row) {
            existing.entry(key).or_default().push(row.id());
        }
    }
    let take = |key: Option<MatchKey>| Some(existing.get_mut(&key?)?.pop()?.to_owned());
    Ok(ExistingObjects::duplicates(keys.map(take).collect()))
}

/// Adds to the failure of a create with an unknown outcome which matching objects the catalog has now.
pub(crate) async fn investigate<O: CatalogObject>(
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
    let found: Vec<&O> =
        O::all(&catalog.data).iter().filter(|row| MatchKey::of(*row).as_ref() == Some(&key)).collect();
    let place = format!("the catalog of {environment}{}", if synced { ", just synced" } else { "" });
    let what = format!("with this name and amount ({})", key.price.unwrap_or_default());
    let seen = if found.is_empty() {
        format!("no {} {what} is in {place}", O::SINGULAR)
    } else {
        format!("{} {what} in {place}:", O::PLURAL)
    };
    let row = |row: &&O| format!("{}, created {}", row.id(), short_date(row.created_at()));
    let failure = found.iter().map(row).fold(failure.and_why(seen), Failure::and_why);
    let hint = match (found.is_empty(), synced) {
        (false, _) => {
            format!(
                "if this is your new {}, it was created; run it again only to create another",
                O::SINGULAR
            )
        }
        (true, true) => format!("the {} was probably not created; run it again", O::SINGULAR),
        (true, false) => return failure,
    };
    failure.hint(hint)
}

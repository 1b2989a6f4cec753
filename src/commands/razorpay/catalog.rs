//! Items and plans. The backend lists them together and has no route for either alone: lists and single ones are taken
//! from the catalog.

use std::borrow::Cow;
use std::collections::HashMap;
use std::marker::PhantomData;

use anyhow::Result;
use clap::Args;
use serde_json::Value;

use crate::api::razorpay::RAZORPAY;
use crate::api::{self, Reply};
use crate::commands::common::{EnvironmentArgs, Named, Thing, judge_sync};
use crate::commands::razorpay::offers;
use crate::error::{Code, Exit, Failure};
use crate::runner::{Command, Ctx, SyncOutcome, Synced};
use crate::settings::Offers;
use crate::ui::{Column, Page, Rows, Section, Show, Tables, View, short_date};
use crate::wire::razorpay::{Catalog, Item, Plan, SyncResults};
use crate::wire::{Environment, Json, Money};

/// One kind of what is in the catalog.
pub(crate) trait Row: Sized + 'static {
    /// One of them, also as the field of an answer that has one.
    const ONE: &'static str;
    /// Many of them, also as the catalog's field.
    const MANY: &'static str;
    /// The field of its id.
    const ID: &'static str;
    /// What is said of one that is not there.
    const NOT_FOUND: &'static str;
    const COLUMNS: &'static [Column];

    fn all(catalog: &Catalog) -> &[Self];
    fn id(&self) -> &str;
    fn name(&self) -> Option<&str>;
    fn price(&self) -> Option<Money<'_>>;
    /// How often it is paid, where that is part of what it is.
    fn every(&self) -> Option<String> {
        None
    }
    /// A plan has made it, and nobody asked for it by itself.
    fn is_of_a_plan(&self) -> bool {
        false
    }
    fn created_at(&self) -> Option<&str>;
    /// As many cells as there are columns.
    fn cells(&self) -> Vec<Cow<'_, str>>;
}

/// Rows as a table shows them.
pub(crate) fn section<'a, R: Row>(
    rows: impl IntoIterator<Item = &'a R, IntoIter: Clone + 'a>,
) -> Section<'a> {
    Section::new(R::COLUMNS, rows.into_iter().map(Row::cells))
}

impl View for Catalog {
    const NOUN: &'static str = "catalog records";
    const ROWS: Rows = &[("items", "item"), ("plans", "plan")];
    const TABLES: Tables = &[Item::COLUMNS, Plan::COLUMNS];

    fn page(&self) -> Page<'_> {
        vec![section(&self.items).titled("Items"), section(&self.plans).titled("Plans")].into()
    }

    fn ids(&self) -> Vec<&str> {
        self.items.iter().map(Item::id).chain(self.plans.iter().map(Plan::id)).collect()
    }
}

/// List them for one environment, as the mirror has them
#[derive(Args)]
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

    /// It has read both lists.
    fn offers(&self, reply: &Part<R>) -> Option<Offers> {
        Some(offers::of(&reply.catalog.data, self.environment.resolve().ok()?))
    }
}

/// Show one by its id, as the mirror has it
#[derive(Args)]
pub(crate) struct Get<R: Row> {
    #[command(flatten)]
    thing: Named,
    #[arg(skip)]
    row: PhantomData<R>,
}

impl<R: Row> Command for Get<R> {
    type Reply = One<R>;

    async fn run(&self, ctx: &Ctx) -> Result<One<R>> {
        let Thing { environment, id } = self.thing.resolve()?;
        let catalog = catalog(ctx, environment).await?;
        if R::all(&catalog.data).iter().any(|row| row.id() == id) {
            return Ok(One { catalog, id, row: PhantomData });
        }
        let list = ctx.command(&RAZORPAY, &[R::MANY, "list", environment.as_str()]);
        let sync = ctx.command(&RAZORPAY, &["sync", environment.as_str()]);
        let what = format!("{} {environment} {} not found: {id}", RAZORPAY.name, R::ONE);
        Err(Failure::new(Code::Backend(R::NOT_FOUND.into()), what)
            .exit(Exit::NotFound)
            .hint(format!("`{list}` shows what there is; `{sync}` brings the mirror up to date"))
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
    const ROWS: Rows = &[(R::MANY, R::ONE)];
    const TABLES: Tables = &[R::COLUMNS];

    fn json(&self) -> serde_json::Result<Cow<'_, Value>> {
        serde_json::from_slice(&self.text()?).map(Cow::Owned)
    }

    /// The list as the backend wrote it.
    fn text(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        let catalog = self.catalog.text()?;
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

/// One row of the catalog, which is there.
pub(crate) struct One<R> {
    catalog: Reply<Catalog>,
    id: String,
    row: PhantomData<R>,
}

impl<R: Row> Show for One<R> {
    const ROWS: Rows = &[(R::ONE, R::ONE)];
    const TABLES: Tables = &[R::COLUMNS];

    fn json(&self) -> serde_json::Result<Cow<'_, Value>> {
        serde_json::from_slice(&self.text()?).map(Cow::Owned)
    }

    /// The row as the backend wrote it.
    fn text(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        let catalog = self.catalog.text()?;
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

/// What tells a new row from others, where its id is not known: nothing else does (exchange 296).
pub(crate) struct Likeness<'a> {
    pub(crate) environment: Environment,
    pub(crate) name: &'a str,
    pub(crate) price: Money<'a>,
    /// See [`Row::every`].
    pub(crate) every: Option<String>,
}

/// A name, a price and a rhythm, as far as there are such.
type Looks = (String, Option<String>, Option<String>);

fn looks(row: &impl Row) -> Option<Looks> {
    Some((row.name()?.to_owned(), row.price().map(|price| price.to_string()), row.every()))
}

/// Which of many new rows the catalog has already, by their ids: each row is one of them at most. It is synced before, and
/// the backend's sync waits for creates that are still under way there.
pub(crate) async fn there_already<'a, R: Row>(
    ctx: &Ctx,
    environment: Environment,
    wanted: impl Iterator<Item = Option<Likeness<'a>>>,
) -> Result<Vec<Option<String>>> {
    let synced = ctx.send(api::sync::<SyncResults>(&RAZORPAY, Some(environment))).await?;
    if let Some(failure) = judge_sync(&synced.data.outcomes(), Some(environment), &RAZORPAY) {
        return Err(failure.into());
    }
    let catalog = catalog(ctx, environment).await?;
    let mut there: HashMap<Looks, Vec<&str>> = HashMap::new();
    for row in R::all(&catalog.data).iter().rev().filter(|row| !row.is_of_a_plan()) {
        if let Some(looks) = looks(row) {
            there.entry(looks).or_default().push(row.id());
        }
    }
    let taken = |likeness: Option<Likeness<'_>>| Some(there.get_mut(&likeness?.looks())?.pop()?.to_owned());
    Ok(wanted.map(taken).collect())
}

impl Likeness<'_> {
    /// Says of a create whose answer was lost what is there now that looks like it.
    pub(crate) async fn look<R: Row>(&self, ctx: &Ctx, failure: Failure) -> Failure {
        let environment = self.environment;
        // The backend's sync waits until the create is over there, one way or the other.
        let synced = ctx.send(api::sync::<SyncResults>(&RAZORPAY, Some(environment))).await;
        let synced = synced.is_ok_and(|synced| {
            synced.data.outcomes().iter().all(|(_, outcome)| *outcome == SyncOutcome::Done)
        });
        // Where it cannot be seen, what to look at has been said already.
        let Ok(catalog) = catalog(ctx, environment).await else { return failure };
        let found: Vec<&R> = R::all(&catalog.data).iter().filter(|row| self.is_like(*row)).collect();
        let place = format!("the catalog of {environment}{}", if synced { ", just synced" } else { "" });
        let what = format!("of this name and amount ({})", self.price);
        let seen = if found.is_empty() {
            format!("no {} {what} is in {place}", R::ONE)
        } else {
            let row = |row: &&R| format!("{}, created {}", row.id(), short_date(row.created_at()));
            let rows: Vec<String> = found.iter().map(row).collect();
            format!("{} {what} in {place}:\n{}", R::MANY, rows.join("\n"))
        };
        let why =
            failure.why.iter().map(String::as_str).chain([seen.as_str()]).collect::<Vec<_>>().join("\n");
        let hint = match (found.is_empty(), synced) {
            (false, _) => {
                format!("if that is the {} you wanted, it was done; run it again only for another", R::ONE)
            }
            (true, true) => "it was not done as far as can be seen; run it again".to_owned(),
            (true, false) => return failure.why(why),
        };
        failure.why(why).hint(hint)
    }

    fn is_like<R: Row>(&self, row: &R) -> bool {
        looks(row) == Some(self.looks())
    }

    /// Names come back without the blanks around them, and currencies in lower case.
    fn looks(&self) -> Looks {
        (self.name.trim().to_owned(), Some(self.price.to_string()), self.every.clone())
    }
}

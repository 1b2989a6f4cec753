use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use anyhow::Result;
use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use crate::api::stripe;
use crate::catalog::{IDENTITY, Wanted, managed};
use crate::command::{Command, Ctx};
use crate::commands::common::EnvironmentArgs;
use crate::error::Failure;
use crate::ui::{Column, Line, Mark, Page, Section, Show};
use crate::wire::{Environment, Mirror};

/// Give an application the ids of the catalog's prices, by lookup key
#[derive(Args)]
pub(super) struct Ids {
    #[command(flatten)]
    environment: EnvironmentArgs,
    /// As what [default: a table, or JSON with --json]
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
}

/// What the application reads.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// STRIPE_PRICE_PRO_MONTHLY=price_…
    Env,
    /// {"pro_monthly": "price_…"}
    Json,
    /// export const prices = { … }
    Ts,
}

impl Ids {
    pub(super) fn after(mut self, before: Vec<Environment>) -> Self {
        self.environment.given_before(before);
        self
    }
}

impl Command for Ids {
    type Reply = Found;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let environment = self.environment.resolve()?;
        let mirror = ctx.send(stripe::mirror(environment)).await?.data;
        let ids = active(&managed(mirror));
        let text = self.format.map(|format| written(format, &ids)).transpose()?;
        Ok(Found { ids, text, environment })
    }
}

/// The file's prices that are there, in its order.
pub(super) fn of(mirror: &Mirror, wanted: &Wanted) -> Vec<(String, String)> {
    let ids = by_identity(mirror);
    let keys =
        wanted.products.iter().flat_map(|product| &product.prices).map(|price| price.lookup_key.as_str());
    keys.filter_map(|key| Some((key.to_owned(), (*ids.get(key)?).to_owned()))).collect()
}

/// Every price that is managed and on sale, by lookup key.
fn active(mirror: &Mirror) -> BTreeMap<String, String> {
    by_identity(mirror).into_iter().map(|(key, id)| (key.to_owned(), id.to_owned())).collect()
}

fn by_identity(mirror: &Mirror) -> HashMap<&str, &str> {
    let active = mirror.prices.iter().filter(|price| price.active);
    active
        .filter_map(|price| Some((price.metadata.get(IDENTITY)?.as_str(), price.price_id.as_str())))
        .collect()
}

fn written(format: Format, ids: &BTreeMap<String, String>) -> Result<String, Failure> {
    Ok(match format {
        Format::Json => format!("{:#}", json!(ids)),
        Format::Ts => {
            let lines = ids.iter().fold(String::new(), |mut lines, (key, id)| {
                let _ = writeln!(lines, "  {}: {},", json!(key), json!(id));
                lines
            });
            format!("export const prices = {{\n{lines}}} as const;")
        }
        Format::Env => {
            let mut names: BTreeMap<String, &str> = BTreeMap::new();
            let mut lines = Vec::new();
            for (key, id) in ids {
                let name = variable(key);
                if let Some(other) = names.insert(name.clone(), key) {
                    return Err(Failure::usage(format!("`{other}` and `{key}` would both be {name}"))
                        .hint("use --format json, or give one of them another lookup key"));
                }
                lines.push(format!("{name}={id}"));
            }
            lines.join("\n")
        }
    })
}

/// `STRIPE_PRICE_PRO_MONTHLY`
fn variable(key: &str) -> String {
    let upper = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    format!("STRIPE_PRICE_{}", key.chars().map(upper).collect::<String>())
}

/// Lookup keys and their prices.
pub(super) struct Found {
    ids: BTreeMap<String, String>,
    /// As the application reads it.
    text: Option<String>,
    environment: Environment,
}

impl Show for Found {
    fn json(&self) -> serde_json::Result<Cow<'_, Value>> {
        let ids: Map<String, Value> = self.ids.iter().map(|(key, id)| (key.clone(), json!(id))).collect();
        Ok(Cow::Owned(Value::Object(ids)))
    }

    fn page(&self) -> Page<'_> {
        const COLUMNS: &[Column] = &[Column::new("Key"), Column::new("Price ID")];
        let empty = format!(
            "No price in {} has an identity; `insforge payments catalog export {} --adopt` gives them one.",
            self.environment, self.environment
        );
        if let Some(text) = &self.text {
            let lines = text.lines().map(|line| Line::new(Mark::Verbatim, 0, line)).collect();
            let empty = if self.ids.is_empty() { empty } else { String::new() };
            return Page { empty, lines, ..Page::default() };
        }
        let rows = self.ids.iter().map(|(key, id)| vec![key.as_str().into(), id.as_str().into()]);
        Page { empty, ..Section::new(COLUMNS, rows).into() }
    }

    fn ids(&self) -> Vec<&str> {
        self.ids.values().map(String::as_str).collect()
    }
}

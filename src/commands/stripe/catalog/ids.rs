use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Result;
use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use crate::api::stripe::{self, STRIPE};
use crate::catalog::{DesiredCatalog, has_amount, managed, price_key};
use crate::commands::common::EnvironmentArgs;
use crate::error::{Code, Exit, Failure};
use crate::runner::{Command, CommandSpec, Ctx};
use crate::ui::{
    Column, Line, Mark, Page, RowLists, Section, Show, Tables, clean_line, json_line, json_text, write_value,
};
use crate::wire::{Environment, Mirror};

/// Print the price ids of the catalog by lookup key
#[derive(Args)]
#[command(add = CommandSpec::reads::<Self>("test --json"))]
pub(super) struct Ids {
    #[command(flatten)]
    environment: EnvironmentArgs,
    /// Output format [default: a table, or JSON with --json]
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
}

/// A format that an application reads.
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
    pub(super) fn with_environment(mut self, before: Vec<Environment>) -> Self {
        self.environment.add_preceding(before);
        self
    }
}

impl Command for Ids {
    type Reply = PriceIds;

    fn own_format(&self) -> Option<bool> {
        self.format.map(|format| matches!(format, Format::Json))
    }

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let environment = self.environment.resolve()?;
        let mirror = ctx.send(stripe::mirror(environment)).await?.data;
        let ids = active(&managed(mirror));
        if ids.is_empty() {
            self.check_empty(ctx, environment).await?;
        }
        let text = self.format.map(|format| format_ids(format, &ids)).transpose()?;
        let adopt = ctx.command(&STRIPE, &["catalog", "export", environment.as_str(), "--adopt"]);
        Ok(PriceIds { ids, text, environment, adopt })
    }
}

impl Ids {
    /// Fails if the ids are for an application, or if the environment has no key. An application without price ids would
    /// only fail at checkout.
    async fn check_empty(&self, ctx: &Ctx, environment: Environment) -> Result<()> {
        let connection = ctx.connection(&STRIPE, environment).await?;
        if !connection.is_some_and(|connection| connection.is_configured()) {
            let set = ctx.command(&STRIPE, &["config", "set", environment.as_str()]);
            return Err(Failure::new(
                Code::Backend("PAYMENT_CONFIG_NOT_FOUND".to_owned()),
                format!("No Stripe key is configured for {environment}"),
            )
            .hint(format!("set a Stripe key with `{set}`"))
            .into());
        }
        if self.format.is_none() {
            return Ok(());
        }
        let adopt = ctx.command(&STRIPE, &["catalog", "export", environment.as_str(), "--adopt"]);
        Err(Failure::new(Code::Failed, format!("No price in {environment} is managed, so there are no ids"))
            .hint(format!("`insforge payments catalog apply {environment}` creates prices, and `{adopt}` makes existing prices managed"))
            .exit(Exit::NotFound)
            .into())
    }
}

/// The ids of the file's prices that exist at Stripe, in the file's order.
pub(super) fn of_file(mirror: &Mirror, desired: &DesiredCatalog) -> Vec<(String, String)> {
    let ids = by_catalog_key(mirror);
    let keys =
        desired.products.iter().flat_map(|product| &product.prices).map(|price| price.lookup_key.as_str());
    keys.filter_map(|key| Some((key.to_owned(), (*ids.get(key)?).to_owned()))).collect()
}

/// The ids of all active managed prices, by lookup key.
fn active(mirror: &Mirror) -> BTreeMap<String, String> {
    by_catalog_key(mirror).into_iter().map(|(key, id)| (key, id.to_owned())).collect()
}

/// An interrupted replacement leaves two prices with the same `catalog_key`. The price that has the lookup key counts.
/// Prices that a file cannot describe are skipped.
fn by_catalog_key(mirror: &Mirror) -> BTreeMap<String, &str> {
    let mut found: BTreeMap<String, (&str, bool)> = BTreeMap::new();
    for price in mirror.prices.iter().filter(|price| price.active && has_amount(price)) {
        let Some(key) = price_key(price) else { continue };
        let has_lookup_key = price.lookup_key.as_deref() == Some(key);
        let entry = found.entry(key.to_owned()).or_insert((&price.price_id, has_lookup_key));
        if has_lookup_key && !entry.1 {
            *entry = (&price.price_id, has_lookup_key);
        }
    }
    found.into_iter().map(|(key, (id, _))| (key, id)).collect()
}

fn format_ids(format: Format, ids: &BTreeMap<String, String>) -> Result<String, Failure> {
    Ok(match format {
        Format::Json => {
            let mut text = Vec::new();
            // Writing to a vector cannot fail.
            let _ = write_value(&mut text, ids, false);
            String::from_utf8_lossy(&text).into_owned()
        }
        Format::Ts => {
            let lines = ids.iter().fold(String::new(), |mut lines, (key, id)| {
                let _ = writeln!(lines, "  {}: {},", json_line(key), json_line(id));
                lines
            });
            format!("export const prices = {{\n{lines}}} as const;")
        }
        Format::Env => {
            let mut names: BTreeMap<String, &str> = BTreeMap::new();
            let mut lines = Vec::new();
            for (key, id) in ids {
                let name = variable_name(key);
                if let Some(other) = names.insert(name.clone(), key) {
                    return Err(Failure::usage(format!(
                        "`{other}` and `{key}` have the same variable name {name}"
                    ))
                    .hint("use --format json, or give one of them another lookup key"));
                }
                // The file is often sourced by a shell.
                lines.push(format!("{name}={}", shell_words::quote(&clean_line(id))));
            }
            lines.join("\n")
        }
    })
}

/// A variable name such as `STRIPE_PRICE_PRO_MONTHLY`.
fn variable_name(key: &str) -> String {
    let upper = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    format!("STRIPE_PRICE_{}", key.chars().map(upper).collect::<String>())
}

/// The price ids by lookup key.
pub(crate) struct PriceIds {
    ids: BTreeMap<String, String>,
    /// The text for an application.
    text: Option<String>,
    environment: Environment,
    /// The command that makes existing prices managed.
    adopt: String,
}

impl Show for PriceIds {
    const ROWS: RowLists = &[("", "", &["key", "id"])];
    const TABLES: Tables = &[&[Column::new("Key"), Column::new("Price ID")]];

    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        let ids: Map<String, Value> = self.ids.iter().map(|(key, id)| (key.clone(), json!(id))).collect();
        json_text(&Value::Object(ids))
    }

    /// One row for each id, because JSON has one field for each.
    fn rows(&self) -> serde_json::Result<Option<Vec<Value>>> {
        Ok(Some(self.ids.iter().map(|(key, id)| json!({"key": key, "id": id})).collect()))
    }

    fn page(&self) -> Page<'_> {
        let empty = format!(
            "No price in {} is managed; `{}` makes existing prices managed.",
            self.environment, self.adopt
        );
        if let Some(text) = &self.text {
            let lines = text.lines().map(|line| Line::new(Mark::Verbatim, 0, line)).collect();
            let empty = if self.ids.is_empty() { empty } else { String::new() };
            return Page { empty, lines, ..Page::default() };
        }
        let rows = self.ids.iter().map(|(key, id)| vec![key.as_str().into(), id.as_str().into()]);
        Page { empty, ..Section::new(Self::TABLES[0], rows).of("").into() }
    }

    fn ids(&self) -> Vec<&str> {
        self.ids.values().map(String::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::CATALOG_KEY;
    use crate::wire::MirroredPrice;

    fn price(id: &str, catalog_key: &str, lookup_key: Option<&str>) -> MirroredPrice {
        MirroredPrice {
            price_id: id.into(),
            product_id: None,
            active: true,
            currency: "usd".into(),
            unit_amount: Some(1.into()),
            lookup_key: lookup_key.map(Into::into),
            billing_scheme: None,
            tax_behavior: None,
            recurring_interval: None,
            recurring_interval_count: None,
            metadata: [(CATALOG_KEY.to_owned(), catalog_key.to_owned())].into(),
        }
    }

    #[test]
    fn unsafe_characters_in_a_key_are_escaped() {
        let ids = BTreeMap::from([("a\u{200b}\u{202e}b".to_owned(), "price_1".to_owned())]);
        let text = format_ids(Format::Json, &ids).unwrap();
        assert!(text.contains("a\\u200b\\u202eb"), "{text}");
        assert_eq!(serde_json::from_str::<BTreeMap<String, String>>(&text).unwrap(), ids);
        assert!(format_ids(Format::Ts, &ids).unwrap().contains("\"a\\u200b\\u202eb\": \"price_1\""));
    }

    #[test]
    fn of_two_prices_with_one_key_the_one_with_the_lookup_key_counts() {
        let old = price("price_old", "pro", Some("pro"));
        let new = price("price_new", "pro", None);
        let tiered = MirroredPrice {
            billing_scheme: Some("tiered".into()),
            ..price("price_tiered", "tiered", Some("tiered"))
        };
        let fraction = MirroredPrice { unit_amount: None, ..price("price_part", "part", None) };
        let invalid = price("price_broken", " ", None);
        let mut mirror = Mirror { products: Vec::new(), prices: vec![tiered, old, fraction, new, invalid] };
        for _ in 0..2 {
            assert_eq!(active(&mirror), [("pro".to_owned(), "price_old".to_owned())].into());
            mirror.prices.reverse();
        }
    }
}

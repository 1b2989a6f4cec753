use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Result;
use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use crate::api::stripe::{self, STRIPE};
use crate::catalog::{Wanted, carried_by_price, escape, has_amount, managed};
use crate::commands::common::EnvironmentArgs;
use crate::error::{Code, Exit, Failure};
use crate::runner::{Command, Ctx};
use crate::ui::{Column, Line, Mark, Page, Section, Show, Tables};
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

    fn own_form(&self) -> Option<bool> {
        self.format.map(|format| matches!(format, Format::Json))
    }

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let environment = self.environment.resolve()?;
        let mirror = ctx.send(stripe::mirror(environment)).await?.data;
        let ids = active(&managed(mirror));
        if ids.is_empty() {
            self.nothing(ctx, environment).await?;
        }
        let text = self.format.map(|format| written(format, &ids)).transpose()?;
        Ok(Found { ids, text, environment })
    }
}

impl Ids {
    /// An application that was configured with nothing would only find out when somebody wants to pay.
    async fn nothing(&self, ctx: &Ctx, environment: Environment) -> Result<()> {
        let connection = ctx.connection(&STRIPE, environment).await?;
        if !connection.is_some_and(|connection| connection.is_configured()) {
            let set = ctx.command(&STRIPE, &["config", "set", environment.as_str()]);
            return Err(Failure::new(
                Code::ConfigNotFound,
                format!("No Stripe key is configured for {environment}"),
            )
            .hint(format!("give the backend a key with `{set}`"))
            .into());
        }
        if self.format.is_none() {
            return Ok(());
        }
        let adopt = ctx.command(&STRIPE, &["catalog", "export", environment.as_str(), "--adopt"]);
        Err(Failure::new(Code::Failed, format!("No price in {environment} has an identity, so there are no ids"))
            .hint(format!("`insforge payments catalog apply {environment}` makes prices, and `{adopt}` gives an identity to those that are there"))
            .exit(Exit::NotFound)
            .into())
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
    by_identity(mirror).into_iter().map(|(key, id)| (key, id.to_owned())).collect()
}

/// While a replacement is half done two prices carry one identity: it is still the one that its lookup key names. A
/// price that a file cannot say is nobody's.
fn by_identity(mirror: &Mirror) -> BTreeMap<String, &str> {
    let mut found: BTreeMap<String, (&str, bool)> = BTreeMap::new();
    for price in mirror.prices.iter().filter(|price| price.active && has_amount(price)) {
        let Some(key) = carried_by_price(price) else { continue };
        let named = price.lookup_key.as_deref() == Some(key);
        let seen = found.entry(key.to_owned()).or_insert((&price.price_id, named));
        if named && !seen.1 {
            *seen = (&price.price_id, named);
        }
    }
    found.into_iter().map(|(key, (id, _))| (key, id)).collect()
}

fn written(format: Format, ids: &BTreeMap<String, String>) -> Result<String, Failure> {
    Ok(match format {
        Format::Json => escape(&format!("{:#}", json!(ids))),
        Format::Ts => {
            let lines = ids.iter().fold(String::new(), |mut lines, (key, id)| {
                let _ = writeln!(lines, "  {}: {},", json!(key), json!(id));
                lines
            });
            escape(&format!("export const prices = {{\n{lines}}} as const;"))
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
pub(crate) struct Found {
    ids: BTreeMap<String, String>,
    /// As the application reads it.
    text: Option<String>,
    environment: Environment,
}

impl Show for Found {
    const TABLES: Tables = &[&[Column::new("Key"), Column::new("Price ID")]];

    fn json(&self) -> serde_json::Result<Cow<'_, Value>> {
        let ids: Map<String, Value> = self.ids.iter().map(|(key, id)| (key.clone(), json!(id))).collect();
        Ok(Cow::Owned(Value::Object(ids)))
    }

    /// A row for each, as no two of them have a field in common.
    fn rows(&self) -> serde_json::Result<Option<Vec<Value>>> {
        Ok(Some(self.ids.iter().map(|(key, id)| json!({"key": key, "id": id})).collect()))
    }

    fn page(&self) -> Page<'_> {
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
        Page { empty, ..Section::new(Self::TABLES[0], rows).into() }
    }

    fn ids(&self) -> Vec<&str> {
        self.ids.values().map(String::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::IDENTITY;
    use crate::wire::MirroredPrice;

    fn price(id: &str, identity: &str, lookup_key: Option<&str>) -> MirroredPrice {
        MirroredPrice {
            price_id: id.into(),
            product_id: None,
            active: true,
            currency: "usd".into(),
            unit_amount: Some(1),
            lookup_key: lookup_key.map(Into::into),
            billing_scheme: None,
            tax_behavior: None,
            recurring_interval: None,
            recurring_interval_count: None,
            metadata: [(IDENTITY.to_owned(), identity.to_owned())].into(),
        }
    }

    #[test]
    fn a_key_is_the_same_to_a_program_whatever_is_in_it() {
        let ids = BTreeMap::from([("a\u{200b}\u{202e}b".to_owned(), "price_1".to_owned())]);
        let text = written(Format::Json, &ids).unwrap();
        assert!(text.contains("a\\u200B\\u202Eb"), "{text}");
        assert_eq!(serde_json::from_str::<BTreeMap<String, String>>(&text).unwrap(), ids);
        assert!(written(Format::Ts, &ids).unwrap().contains("\"a\\u200B\\u202Eb\": \"price_1\""));
    }

    #[test]
    fn the_lookup_key_tells_which_of_two_it_is() {
        let old = price("price_old", "pro", Some("pro"));
        let new = price("price_new", "pro", None);
        let tiered = MirroredPrice {
            billing_scheme: Some("tiered".into()),
            ..price("price_tiered", "tiered", Some("tiered"))
        };
        let fraction = MirroredPrice { unit_amount: None, ..price("price_part", "part", None) };
        let broken = price("price_broken", " ", None);
        let mut mirror = Mirror { products: Vec::new(), prices: vec![tiered, old, fraction, new, broken] };
        for _ in 0..2 {
            assert_eq!(active(&mirror), [("pro".to_owned(), "price_old".to_owned())].into());
            mirror.prices.reverse();
        }
    }
}

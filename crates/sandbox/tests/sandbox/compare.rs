//! Whether two answers say the same. Ids are others here, but they stand for the same things throughout; moments are
//! moments; everything else is equal, the order of fields too.

use std::collections::HashMap;

use serde_json::Value;

/// Which recorded id is which of ours, as far as it was seen.
#[derive(Debug, Default)]
pub struct Comparison {
    ours: HashMap<String, String>,
    recorded: HashMap<String, String>,
}

impl Comparison {
    /// Compares; true when there was nothing in it that may differ.
    pub fn same(&mut self, recorded: &Value, ours: &Value) -> Result<bool, String> {
        self.at(recorded, ours).map_err(|(place, problem)| format!("{place}: {problem}"))
    }

    fn at(&mut self, recorded: &Value, ours: &Value) -> Result<bool, (String, String)> {
        let differ = || (String::new(), format!("{ours}, recorded was {recorded}"));
        match (recorded, ours) {
            (Value::Object(recorded), Value::Object(ours)) => {
                if !recorded.keys().eq(ours.keys()) {
                    return Err(differ());
                }
                self.all(recorded.iter().map(|(name, value)| (name.clone(), value)), ours.values())
            }
            (Value::Array(recorded), Value::Array(ours)) => {
                if recorded.len() != ours.len() {
                    return Err(differ());
                }
                let ours = self.in_recorded_order(recorded, ours);
                self.all(
                    recorded.iter().enumerate().map(|(at, value)| (at.to_string(), value)),
                    ours.into_iter(),
                )
            }
            (Value::String(recorded), Value::String(ours)) => self.text(recorded, ours).ok_or_else(differ),
            _ if recorded == ours => Ok(true),
            _ => Err(differ()),
        }
    }

    /// Products and items are listed by name, prices by product, plans by item, and all by id where these are the same:
    /// ids that are others come in another order. They must be in the right one, and are compared in the recorded one.
    fn in_recorded_order<'a>(&self, recorded: &[Value], ours: &'a [Value]) -> Vec<&'a Value> {
        let partner = |row: &Value| {
            let own = self.ours.get(own_id(row)?)?;
            ours.iter().find(|ours| own_id(ours) == Some(own))
        };
        let partners: Option<Vec<&Value>> = recorded.iter().map(partner).collect();
        let key = |row: &Value| {
            let groups = ["name", "productId", "stripeProductId", "itemId"];
            let group = groups.iter().find_map(|name| row.get(*name)?.as_str());
            (group.map(str::to_owned), own_id(row).map(str::to_owned))
        };
        match partners {
            Some(partners) if ours.iter().map(key).is_sorted() => partners,
            _ => ours.iter().collect(),
        }
    }

    fn all<'a>(
        &mut self,
        recorded: impl Iterator<Item = (String, &'a Value)>,
        ours: impl Iterator<Item = &'a Value>,
    ) -> Result<bool, (String, String)> {
        let mut exact = true;
        for ((name, recorded), ours) in recorded.zip(ours) {
            exact &=
                self.at(recorded, ours).map_err(|(place, problem)| (format!("/{name}{place}"), problem))?;
        }
        Ok(exact)
    }

    /// Compares two texts word by word: `None` when they differ, true when there was nothing that may.
    fn text(&mut self, recorded: &str, ours: &str) -> Option<bool> {
        if is_moment(recorded) && is_moment(ours) {
            return Some(false);
        }
        let (recorded, ours) = (words(recorded), words(ours));
        if recorded.len() != ours.len() {
            return None;
        }
        let mut exact = true;
        for (recorded, ours) in recorded.into_iter().zip(ours) {
            match (id_kind(recorded), id_kind(ours)) {
                (Some(kind), Some(own)) if kind == own => {
                    exact = false;
                    let known = self.ours.entry(recorded.to_owned()).or_insert_with(|| ours.to_owned());
                    let back = self.recorded.entry(ours.to_owned()).or_insert_with(|| recorded.to_owned());
                    if known != ours || back != recorded {
                        return None;
                    }
                }
                _ if recorded == ours => {}
                _ => return None,
            }
        }
        Some(exact)
    }

    /// A recorded value with our ids in it.
    pub fn translated(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.translated_text(text)),
            Value::Array(values) => values.iter().map(|value| self.translated(value)).collect(),
            Value::Object(fields) => {
                fields.iter().map(|(name, value)| (name.clone(), self.translated(value))).collect()
            }
            other => other.clone(),
        }
    }

    pub fn translated_text(&self, text: &str) -> String {
        words(text).into_iter().map(|word| self.ours.get(word).map_or(word, String::as_str)).collect()
    }
}

/// The id of a row: the first of these that it has, for it names those that it belongs to as well.
fn own_id(row: &Value) -> Option<&str> {
    ["subscriptionId", "planId", "itemId", "priceId", "stripePriceId", "productId", "stripeProductId"]
        .iter()
        .find_map(|name| row.get(*name)?.as_str())
}

/// The words of a text and what is between them.
fn words(text: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| is_word(c) != is_word(first)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        words.push(word);
        rest = behind;
    }
    words
}

/// What kind of id a word is, and how long. The secret of a webhook that the backend made is one too.
fn id_kind(word: &str) -> Option<(&str, usize)> {
    if word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Some(("secret", word.len()));
    }
    let (kind, rest) = word.split_once('_')?;
    let kinds = [
        "acct", "ch", "cus", "cust", "in", "inv", "item", "order", "pay", "pi", "plan", "price", "prod",
        "re", "si", "sub", "we",
    ];
    (kinds.contains(&kind) && rest.len() >= 14 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        .then_some((kind, rest.len()))
}

fn is_moment(text: &str) -> bool {
    text.len() == "2026-11-23T20:04:15.719Z".len() && text.parse::<jiff::Timestamp>().is_ok()
}

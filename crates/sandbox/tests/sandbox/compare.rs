//! Compares responses with recordings. Ids may differ if they map consistently, and times may differ. Everything else must be
//! equal, including the order of the fields.

use std::collections::HashMap;

use serde_json::Value;

/// The mapping between recorded ids and ours, as far as known.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    ours: HashMap<String, String>,
    recorded: HashMap<String, String>,
}

impl Comparison {
    /// Compares two values. Returns whether they contain nothing that may differ.
    pub fn compare(&mut self, recorded: &Value, ours: &Value) -> Result<bool, String> {
        self.compare_at(recorded, ours).map_err(|(path, problem)| format!("{path}: {problem}"))
    }

    fn compare_at(&mut self, recorded: &Value, ours: &Value) -> Result<bool, (String, String)> {
        let difference = || (String::new(), format!("got {ours}, recorded {recorded}"));
        match (recorded, ours) {
            (Value::Object(recorded), Value::Object(ours)) => {
                if !recorded.keys().eq(ours.keys()) {
                    return Err(difference());
                }
                self.compare_all(recorded.iter().map(|(name, value)| (name.clone(), value)), ours.values())
            }
            (Value::Array(recorded), Value::Array(ours)) => {
                if recorded.len() != ours.len() {
                    return Err(difference());
                }
                let ours = self.in_recorded_order(recorded, ours);
                self.compare_all(
                    recorded.iter().enumerate().map(|(index, value)| (index.to_string(), value)),
                    ours.into_iter(),
                )
            }
            (Value::String(recorded), Value::String(ours)) => {
                self.compare_strings(recorded, ours).ok_or_else(difference)
            }
            _ if recorded == ours => Ok(true),
            _ => Err(difference()),
        }
    }

    /// Our rows in the order of the recorded ones. Lists are sorted by name, product or item, and then by id. Our ids
    /// differ, so the rows with equal keys can be in another order. They must be sorted by our ids.
    fn in_recorded_order<'a>(&self, recorded: &[Value], ours: &'a [Value]) -> Vec<&'a Value> {
        let counterpart = |row: &Value| {
            let id = own_id(row)?;
            let own = self.ours.get(id).map_or(id, String::as_str);
            ours.iter().find(|ours| own_id(ours) == Some(own))
        };
        let counterparts: Option<Vec<&Value>> = recorded.iter().map(counterpart).collect();
        let key = |row: &Value| {
            let groups = ["name", "productId", "stripeProductId", "itemId"];
            let group = groups.iter().find_map(|name| row.get(*name)?.as_str());
            (group.map(str::to_owned), own_id(row).map(str::to_owned))
        };
        // Transactions and secrets are sorted by their time, the newest first. Those of the same time can be in any order.
        let time = |row: &Value| {
            let time = match row.get("isReserved") {
                Some(_) => row.get("createdAt"),
                None => {
                    row.get("amountRefunded").and(row.get("providerCreatedAt").or(row.get("stripeCreatedAt")))
                }
            };
            Some(time?.as_str().unwrap_or_default().to_owned())
        };
        let times: Option<Vec<String>> = ours.iter().map(time).collect();
        let is_sorted = match times {
            Some(times) => times.iter().rev().is_sorted(),
            None => ours.iter().map(key).is_sorted(),
        };
        match counterparts {
            Some(counterparts) if is_sorted => counterparts,
            _ => ours.iter().collect(),
        }
    }

    fn compare_all<'a>(
        &mut self,
        recorded: impl Iterator<Item = (String, &'a Value)>,
        ours: impl Iterator<Item = &'a Value>,
    ) -> Result<bool, (String, String)> {
        let mut exact = true;
        for ((name, recorded), ours) in recorded.zip(ours) {
            exact &= self
                .compare_at(recorded, ours)
                .map_err(|(path, problem)| (format!("/{name}{path}"), problem))?;
        }
        Ok(exact)
    }

    /// Compares two strings word by word. `None` if they differ, true if they contain nothing that may differ.
    fn compare_strings(&mut self, recorded: &str, ours: &str) -> Option<bool> {
        if is_time(recorded) && is_time(ours) {
            return Some(false);
        }
        if is_uuid(recorded) && is_uuid(ours) {
            return self.compare_ids(recorded, ours).then_some(false);
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
                    if !self.compare_ids(recorded, ours) {
                        return None;
                    }
                }
                _ if recorded == ours => {}
                _ => return None,
            }
        }
        Some(exact)
    }

    /// Whether an id of ours is the one that a recorded id maps to.
    fn compare_ids(&mut self, recorded: &str, ours: &str) -> bool {
        let known = self.ours.entry(recorded.to_owned()).or_insert_with(|| ours.to_owned());
        let back = self.recorded.entry(ours.to_owned()).or_insert_with(|| recorded.to_owned());
        known == ours && back == recorded
    }

    /// Replaces recorded ids with ours.
    pub fn translate(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.translate_text(text)),
            Value::Array(values) => values.iter().map(|value| self.translate(value)).collect(),
            Value::Object(fields) => {
                fields.iter().map(|(name, value)| (name.clone(), self.translate(value))).collect()
            }
            other => other.clone(),
        }
    }

    pub fn translate_text(&self, text: &str) -> String {
        if let Some(ours) = self.ours.get(text) {
            return ours.clone();
        }
        words(text).into_iter().map(|word| self.ours.get(word).map_or(word, String::as_str)).collect()
    }
}

/// The id of a row: its first field of these. The later ones can name related objects.
fn own_id(row: &Value) -> Option<&str> {
    [
        "key",
        "providerReferenceId",
        "stripeRefundId",
        "stripePaymentIntentId",
        "stripeInvoiceId",
        "subscriptionId",
        "planId",
        "itemId",
        "priceId",
        "stripePriceId",
        "productId",
        "stripeProductId",
    ]
    .iter()
    .find_map(|name| row.get(*name)?.as_str())
}

/// Splits a string into words and the separators between them.
fn words(text: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| is_word(c) != is_word(first)).unwrap_or(rest.len());
        let (word, remainder) = rest.split_at(end);
        words.push(word);
        rest = remainder;
    }
    words
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// The kind and length of an id; `None` for other words. Generated secrets, hashes, and the receipt of an order, which is a
/// UUID without dashes, count as ids.
fn id_kind(word: &str) -> Option<(&str, usize)> {
    if matches!(word.len(), 32 | 64) && word.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Some(("secret", word.len()));
    }
    if let Some(rest) = ["cs_test_", "cs_live_", "bps_"].iter().find_map(|kind| word.strip_prefix(kind)) {
        return (rest.len() >= 14).then_some(("session", word.len()));
    }
    let (kind, rest) = word.split_once('_')?;
    let kinds = [
        "acct", "ch", "cus", "cust", "in", "inv", "item", "order", "pay", "pi", "plan", "price", "prod",
        "re", "si", "sub", "we", "whsec",
    ];
    (kinds.contains(&kind) && rest.len() >= 14 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        .then_some((kind, rest.len()))
}

fn is_time(text: &str) -> bool {
    text.len() == "2026-11-23T20:04:15.719Z".len() && text.parse::<jiff::Timestamp>().is_ok()
}

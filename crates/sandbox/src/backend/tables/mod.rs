//! The rows of the database's `payments` schema, with the columns of each generation. Only tests read them.

mod catalog;
mod customers;
mod events;
mod razorpay;
mod sessions;
mod subscriptions;
mod transactions;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::environment::Environment;
use crate::generation::Generation;
use crate::signature::hex_sha256;
use crate::state::{BillingSubject, State};

/// The rows of each table. A row has the columns in the database's order.
pub(crate) type Tables = BTreeMap<&'static str, Vec<Map<String, Value>>>;

/// All tables of a generation.
pub(crate) fn tables(state: &State, generation: Generation) -> Tables {
    let mut tables = Tables::new();
    catalog::add(&mut tables, state, generation);
    customers::add(&mut tables, state, generation);
    events::add(&mut tables, state, generation);
    sessions::add(&mut tables, state, generation);
    subscriptions::add(&mut tables, state, generation);
    transactions::add(&mut tables, state, generation);
    if generation == Generation::Newer {
        razorpay::add(&mut tables, state);
    }
    tables
}

/// Collects the columns of a row.
struct Row {
    columns: Map<String, Value>,
    generation: Generation,
}

impl Row {
    /// A row whose id follows from what makes it unique, for tables whose ids nobody sees.
    fn new(generation: Generation, table: &str, environment: Environment, unique: &str) -> Self {
        let hash = hex_sha256(format!("{table} {environment} {unique}").as_bytes());
        let part = |from: usize, to: usize| hash.get(from..to).unwrap_or_default().to_owned();
        let id =
            format!("{}-{}-4{}-8{}-{}", part(0, 8), part(8, 12), part(12, 15), part(15, 18), part(18, 30));
        let mut row = Self { columns: Map::new(), generation };
        row.put("id", id);
        row
    }

    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.columns.insert(name.to_owned(), value.into());
    }

    /// A column that has another name in older backends.
    fn put_renamed(&mut self, newer: &str, older: &str, value: impl Into<Value>) {
        self.put(if self.generation == Generation::Newer { newer } else { older }, value);
    }

    /// A column that only newer backends have.
    fn put_if_newer(&mut self, name: &str, value: impl Into<Value>) {
        if self.generation == Generation::Newer {
            self.put(name, value);
        }
    }

    fn put_subject(&mut self, subject: Option<&BillingSubject>) {
        self.put("subject_type", subject.map(|subject| subject.r#type.clone()));
        self.put("subject_id", subject.map(|subject| subject.id.clone()));
    }
}

/// A number of the type `bigint`, which the backend returns as a string.
fn bigint(number: Option<u64>) -> Value {
    number.map(|number| number.to_string()).into()
}

/// The name of a table in each generation.
const fn name(generation: Generation, newer: &'static str, older: &'static str) -> &'static str {
    match generation {
        Generation::Newer => newer,
        Generation::Older => older,
    }
}

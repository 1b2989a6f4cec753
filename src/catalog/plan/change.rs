//! What a plan is made of, as it is shown and as a plan file keeps it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::catalog::plan::{Ref, Step};

/// Everything that has to change, and what stays out of it.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Plan {
    /// In the order in which they are to be made.
    pub(crate) changes: Vec<Change>,
    /// What is on sale at Stripe and is left alone.
    pub(crate) unmanaged: Vec<Unmanaged>,
}

impl Plan {
    /// How many changes of each kind there are.
    pub(crate) fn summary(&self) -> Summary {
        let count = |action| self.changes.iter().filter(|change| change.action == action).count();
        Summary {
            create: count(Action::Create),
            update: count(Action::Update),
            replace: count(Action::Replace),
            archive: count(Action::Archive),
        }
    }
}

/// How many changes of each kind a plan has.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    pub(crate) create: usize,
    pub(crate) update: usize,
    pub(crate) replace: usize,
    pub(crate) archive: usize,
}

/// What becomes of one product or price.
///
/// Two changes are equal when a person who reads them sees the same: the requests that make them are not compared, and
/// a plan file does not have them.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Change {
    pub(crate) action: Action,
    pub(crate) kind: Kind,
    /// A product's key, or a price's lookup key; where something that has lost its identity is archived, its id.
    pub(crate) key: String,
    /// Its id at Stripe; nothing for what is created. Of a replacement, the id of the price that is replaced.
    pub(crate) id: Option<String>,
    /// What differs, as it is; of what is archived, what a person knows it by.
    pub(crate) before: Option<Value>,
    /// What differs, as it will be; of what is created, all of it but the identity in its metadata, which is `key`.
    pub(crate) after: Option<Value>,
    /// Why, in words, without a full stop.
    pub(crate) reason: String,
    /// Of a replacement, the ids of the other prices that give way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) also: Vec<String>,
    /// It is archived because the file does not have it: nothing comes in its place.
    #[serde(skip)]
    pub(crate) pruned: bool,
    /// The requests that make it, in their order.
    #[serde(skip)]
    pub(crate) steps: Vec<Step>,
}

impl Change {
    /// The key of the product that this plan creates and that this change needs.
    pub(crate) fn depends_on(&self) -> Option<&str> {
        self.steps.iter().find_map(|step| match step {
            Step::CreatePrice { product: Ref::Made(key), .. } => Some(key.as_str()),
            _ => None,
        })
    }
}

impl PartialEq for Change {
    fn eq(&self, other: &Self) -> bool {
        let seen = |change: &Self| (change.action, change.kind);
        seen(self) == seen(other)
            && self.key == other.key
            && self.id == other.id
            && self.before == other.before
            && self.after == other.after
            && self.reason == other.reason
            && self.also == other.also
    }
}

/// What is done to a product or a price.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Action {
    Create,
    Update,
    /// A new price takes the place of one that Stripe cannot change.
    Replace,
    Archive,
}

/// What it is done to.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Product,
    Price,
}

/// An active product or price that is left alone.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Unmanaged {
    /// It is not as the file says, and stays so.
    #[serde(skip)]
    pub(crate) differs: bool,
    pub(crate) kind: Kind,
    pub(crate) id: String,
    /// What a person knows it by: a product's name; a price's lookup key, or what it costs.
    pub(crate) name: String,
    /// Why, in words, without a full stop.
    pub(crate) reason: String,
}

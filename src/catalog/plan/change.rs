//! A plan and its changes, as commands print them and plan files store them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::catalog::plan::{ObjectRef, Step};

/// All changes that make Stripe match the desired catalog.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CatalogPlan {
    /// In the order in which they are applied.
    pub(crate) changes: Vec<PlannedChange>,
    /// The active objects that stay unchanged.
    pub(crate) unmanaged: Vec<UnmanagedObject>,
}

impl CatalogPlan {
    /// How many changes of each kind there are.
    pub(crate) fn summary(&self) -> PlanSummary {
        let count = |action| self.changes.iter().filter(|change| change.action == action).count();
        PlanSummary {
            create: count(ChangeAction::Create),
            update: count(ChangeAction::Update),
            replace: count(ChangeAction::Replace),
            archive: count(ChangeAction::Archive),
        }
    }
}

/// How many changes of each kind a plan has.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanSummary {
    pub(crate) create: usize,
    pub(crate) update: usize,
    pub(crate) replace: usize,
    pub(crate) archive: usize,
}

/// The change of one product or price.
///
/// Two changes are equal if they look the same to a reader. The comparison ignores `steps` and `pruned`, which a plan file
/// does not store.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PlannedChange {
    pub(crate) action: ChangeAction,
    pub(crate) kind: ObjectKind,
    /// A product's key or a price's lookup key. The id of a replaced price whose replacement is gone.
    pub(crate) key: String,
    /// Its id at Stripe. `None` for a create; for a replacement the id of the replaced price.
    pub(crate) id: Option<String>,
    /// The current values of the differing fields. For an archive, the fields that identify the object.
    pub(crate) before: Option<Value>,
    /// The new values of the differing fields. For a create, all fields except the `catalog_key`, which is `key`.
    pub(crate) after: Option<Value>,
    /// A sentence part without a full stop.
    pub(crate) reason: String,
    /// The ids of further prices that a replacement replaces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) also: Vec<String>,
    /// Whether it is archived because the file does not have it.
    #[serde(skip)]
    pub(crate) pruned: bool,
    /// The requests of the change, in order.
    #[serde(skip)]
    pub(crate) steps: Vec<Step>,
}

impl PlannedChange {
    /// The creation of an object with these fields.
    pub(super) fn create(kind: ObjectKind, key: &str, fields: Map<String, Value>, step: Step) -> Self {
        Self {
            action: ChangeAction::Create,
            kind,
            key: key.to_owned(),
            id: None,
            before: None,
            after: Some(Value::Object(fields)),
            reason: "does not exist at Stripe yet".into(),
            also: Vec::new(),
            pruned: false,
            steps: vec![step],
        }
    }

    /// The id of the price by which an interrupted replacement is continued.
    pub(crate) fn existing_replacement(&self) -> Option<&str> {
        self.steps.iter().find_map(|step| match step {
            Step::UpdatePrice { replaced_by: Some(ObjectRef::Existing(id)), .. } => Some(id.as_str()),
            _ => None,
        })
    }

    /// The key of the product that an earlier change must create.
    pub(crate) fn depends_on(&self) -> Option<&str> {
        self.steps.iter().find_map(|step| match step {
            Step::CreatePrice { product: ObjectRef::Created(key), .. } => Some(key.as_str()),
            _ => None,
        })
    }
}

impl PartialEq for PlannedChange {
    fn eq(&self, other: &Self) -> bool {
        (self.action, self.kind) == (other.action, other.kind)
            && self.key == other.key
            && self.id == other.id
            && self.before == other.before
            && self.after == other.after
            && self.reason == other.reason
            && self.also == other.also
    }
}

/// The kind of a change.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ChangeAction {
    Create,
    Update,
    /// A new price replaces one that Stripe cannot change.
    Replace,
    Archive,
}

/// The kind of an object.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ObjectKind {
    Product,
    Price,
}

/// An active product or price that stays unchanged.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UnmanagedObject {
    /// Whether it differs from the file.
    #[serde(skip)]
    pub(crate) differs: bool,
    pub(crate) kind: ObjectKind,
    pub(crate) id: String,
    /// A product's name; a price's lookup key or amount.
    pub(crate) name: String,
    /// A sentence part without a full stop.
    pub(crate) reason: String,
}

//! A plan file: a reviewed plan, so that `apply --plan-file` applies exactly that plan.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::catalog::DesiredCatalog;
use crate::catalog::plan::{CatalogPlan, ChangeAction, ObjectKind, PlannedChange};
use crate::commands::stripe::catalog::plan_text::name;
use crate::error::{Code, Failure};
use crate::wire::{Account, Environment};

/// The version of the file format.
const VERSION: u32 = 1;

/// A reviewed plan, with everything that `apply` needs to make it again.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PlanFile {
    version: u32,
    pub(super) account: String,
    environment: String,
    pub(super) prune: bool,
    /// The catalog file.
    #[serde(rename = "wanted")]
    pub(super) desired: DesiredCatalog,
    changes: Vec<PlannedChange>,
}

impl PlanFile {
    pub(super) fn new(
        account: &Account,
        environment: Environment,
        prune: bool,
        desired: DesiredCatalog,
        plan: &CatalogPlan,
    ) -> Self {
        Self {
            version: VERSION,
            account: account.id.clone(),
            environment: environment.as_str().to_owned(),
            prune,
            desired,
            changes: plan.changes.clone(),
        }
    }

    /// The text of the file.
    pub(super) fn to_json(&self) -> Result<String, Failure> {
        let text = serde_json::to_string_pretty(self);
        text.map(|text| text + "\n").map_err(|error| {
            Failure::new(Code::Failed, "Cannot write the plan as JSON").why(error.to_string())
        })
    }

    /// Reads a plan file. `name` is its name in errors.
    pub(super) fn read(text: &str, name: &str) -> Result<Self, Failure> {
        let refused = |why: String| {
            Failure::new(Code::CatalogInvalid, format!("{name} is not a valid plan file"))
                .why(why)
                .hint("`insforge payments catalog plan --out PATH` creates one")
        };
        let version =
            serde_json::from_str::<serde_json::Value>(text).map_err(|error| refused(error.to_string()))?;
        match version.get("version").and_then(serde_json::Value::as_u64) {
            Some(version) if version == u64::from(VERSION) => {}
            version => {
                let version =
                    version.map_or_else(|| "no version".to_owned(), |version| format!("version {version}"));
                return Err(refused(format!("it has {version}, but this insforge reads version {VERSION}")));
            }
        }
        serde_json::from_str(text).map_err(|error| refused(error.to_string()))
    }

    /// The environment of the plan.
    pub(super) fn environment(&self) -> Result<Environment, Failure> {
        Environment::named(&self.environment)
            .ok_or_else(|| out_of_date([format!("it is for the unknown environment `{}`", self.environment)]))
    }

    /// Checks that the reviewed plan contains all changes of a new plan. Reviewed changes can be applied already, completely
    /// or in part.
    ///
    /// # Errors
    /// The new plan has another change.
    pub(super) fn check_covers(&self, plan: &CatalogPlan) -> Result<(), Failure> {
        let others = not_covered(&self.changes, plan);
        if others.is_empty() { Ok(()) } else { Err(out_of_date(others)) }
    }
}

/// The changes of a new plan that reviewed changes do not contain, one sentence for each. Reviewed changes can be applied
/// already, completely or in part.
pub(super) fn not_covered(reviewed: &[PlannedChange], plan: &CatalogPlan) -> Vec<String> {
    let is_price = |change: &PlannedChange| change.kind == ObjectKind::Price;
    let mut by_key: HashMap<(bool, &str), Vec<&PlannedChange>> = HashMap::new();
    for change in reviewed {
        by_key.entry((is_price(change), change.key.as_str())).or_default().push(change);
    }
    let covered = |change: &&PlannedChange| {
        let same_key = by_key.get(&(is_price(change), change.key.as_str()));
        same_key.is_some_and(|same_key| {
            same_key.iter().any(|reviewed| *reviewed == *change || is_rest_of(change, reviewed))
        })
    };
    let others = plan.changes.iter().filter(|change| !covered(change));
    others.map(|change| format!("{} would change differently now", name(change))).collect()
}

/// Whether a change is the rest of a replacement that was applied in part.
fn is_rest_of(rest: &PlannedChange, replacement: &PlannedChange) -> bool {
    if replacement.action != ChangeAction::Replace
        || rest.key != replacement.key
        || rest.kind != replacement.kind
    {
        return false;
    }
    let gets_its_lookup_key = || {
        let (before, after) = (json!({"lookupKey": null}), json!({"lookupKey": replacement.key}));
        rest.before.as_ref() == Some(&before) && rest.after.as_ref() == Some(&after)
    };
    match rest.action {
        ChangeAction::Replace => {
            rest.also.iter().all(|id| replacement.also.contains(id))
                && rest.id == replacement.id
                && rest.before == replacement.before
                && rest.after == replacement.after
        }
        ChangeAction::Update => gets_its_lookup_key(),
        ChangeAction::Archive => {
            rest.id == replacement.id || rest.id.as_ref().is_some_and(|id| replacement.also.contains(id))
        }
        ChangeAction::Create => false,
    }
}

/// The failure of an apply whose plan no longer matches Stripe.
pub(super) fn out_of_date<T: Into<String>>(why: impl IntoIterator<Item = T>) -> Failure {
    Failure::new(Code::PlanStale, "The plan is out of date; nothing was changed")
        .why_lines(why)
        .hint("create a new plan with `insforge payments catalog plan --out PATH`, review it, and apply it")
}

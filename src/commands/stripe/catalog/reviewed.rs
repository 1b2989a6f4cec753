//! A plan in a file: what somebody has looked at, so that this and nothing else is done.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::catalog::Wanted;
use crate::catalog::plan::{Action, Change, Kind, Plan};
use crate::commands::stripe::catalog::plan::moved;
use crate::commands::stripe::catalog::shown::name;
use crate::error::{Code, Failure};
use crate::wire::{Account, Environment};

/// The format of the file.
const VERSION: u32 = 1;

/// What was looked at.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Reviewed {
    version: u32,
    pub(super) account: String,
    environment: String,
    pub(super) prune: bool,
    /// What the catalog's file said.
    pub(super) wanted: Wanted,
    changes: Vec<Change>,
}

impl Reviewed {
    pub(super) fn of(
        account: &Account,
        environment: Environment,
        prune: bool,
        wanted: Wanted,
        plan: &Plan,
    ) -> Self {
        Self {
            version: VERSION,
            account: account.id.clone(),
            environment: environment.as_str().to_owned(),
            prune,
            wanted,
            changes: plan.changes.clone(),
        }
    }

    /// As it stands in the file.
    pub(super) fn written(&self) -> Result<String, Failure> {
        let text = serde_json::to_string_pretty(self);
        text.map(|text| text + "\n")
            .map_err(|error| Failure::new(Code::Failed, "The plan cannot be written").why(error.to_string()))
    }

    /// Reads a file of this name.
    pub(super) fn read(text: &str, name: &str) -> Result<Self, Failure> {
        let refused = |why: String| {
            Failure::new(Code::CatalogInvalid, format!("{name} is no plan that can be applied"))
                .why(why)
                .hint("`insforge payments catalog plan --out PATH` writes one")
        };
        let version =
            serde_json::from_str::<serde_json::Value>(text).map_err(|error| refused(error.to_string()))?;
        match version.get("version").and_then(serde_json::Value::as_u64) {
            Some(version) if version == u64::from(VERSION) => {}
            version => {
                let version = version.map_or_else(|| "none".to_owned(), |version| version.to_string());
                return Err(refused(format!("its version is {version}, and this program knows {VERSION}")));
            }
        }
        serde_json::from_str(text).map_err(|error| refused(error.to_string()))
    }

    /// Where it is for.
    pub(super) fn environment(&self) -> Result<Environment, Failure> {
        Environment::named(&self.environment).ok_or_else(|| {
            moved(format!("it is for an environment `{}`, which does not exist", self.environment))
        })
    }

    /// Whether what is to be done now was looked at. What was looked at and is done already, or half done, does no harm.
    pub(super) fn covers(&self, plan: &Plan) -> Result<(), Failure> {
        let is_price = |change: &Change| change.kind == Kind::Price;
        let mut reviewed: HashMap<(bool, &str), Vec<&Change>> = HashMap::new();
        for seen in &self.changes {
            reviewed.entry((is_price(seen), seen.key.as_str())).or_default().push(seen);
        }
        let covered = |change: &Change| {
            let same = reviewed.get(&(is_price(change), change.key.as_str()));
            same.is_some_and(|same| same.iter().any(|seen| *seen == change || is_rest_of(change, seen)))
        };
        let others: Vec<String> = plan
            .changes
            .iter()
            .filter(|change| !covered(change))
            .map(|change| format!("{} would change in another way now", name(change)))
            .collect();
        if others.is_empty() { Ok(()) } else { Err(moved(others.join("\n"))) }
    }
}

/// Whether this is what is left of a replacement of which some requests were made: all but its beginning, or the new
/// price gets its lookup key, or the old one is archived.
fn is_rest_of(rest: &Change, of: &Change) -> bool {
    if of.action != Action::Replace || rest.key != of.key || rest.kind != of.kind {
        return false;
    }
    let gets_its_lookup_key = || {
        let (before, after) = (json!({"lookupKey": null}), json!({"lookupKey": of.key}));
        rest.before.as_ref() == Some(&before) && rest.after.as_ref() == Some(&after)
    };
    match rest.action {
        Action::Replace => {
            let seen = rest.also.iter().all(|id| of.also.contains(id));
            seen && rest.id == of.id && rest.before == of.before && rest.after == of.after
        }
        Action::Update => gets_its_lookup_key(),
        Action::Archive => rest.id == of.id || rest.id.as_ref().is_some_and(|id| of.also.contains(id)),
        Action::Create => false,
    }
}

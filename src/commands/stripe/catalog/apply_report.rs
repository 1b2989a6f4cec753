//! The report of an apply.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::catalog::apply::{ApplyOutcome, NotApplied, StripeChanged};
use crate::catalog::plan::{CatalogPlan, ChangeAction, ObjectKind, PlannedChange, UnmanagedObject};
use crate::catalog::product_key;
use crate::commands::stripe::catalog::plan_text::{done_summary, kind, mark, name, unmanaged_summary};
use crate::error::{Code, Exit, Failure, Warning, WarningCode};
use crate::ui::{Column, Line, Mark, Page, RowLists, Section, Show, Tables, json_text};
use crate::wire::fields::Fields;
use crate::wire::{Account, Environment, Mirror};

/// The outcome of an apply, and the state of Stripe after it.
pub(crate) struct ApplyReport {
    environment: Environment,
    account: Account,
    /// The name of the file with the desired catalog.
    source_name: String,
    /// The number of planned changes of each kind.
    planned: Value,
    pub(super) outcome: ApplyOutcome,
    /// The file's lookup keys with their price ids.
    pub(super) ids: Vec<(String, String)>,
    unmanaged: Value,
    /// The unmanaged objects that are no difference, in one line.
    unmanaged_summary: Option<String>,
    warnings: Vec<Warning>,
    /// The same command, for hints.
    pub(super) same_command: String,
    /// A failure after the changes, for example of the sync.
    pub(super) failure_after: Option<Failure>,
}

impl ApplyReport {
    pub(super) fn new(
        environment: Environment,
        account: Account,
        source_name: String,
        plan: &CatalogPlan,
        same_command: String,
    ) -> Self {
        let mut report = Self {
            environment,
            account,
            source_name,
            planned: json!(plan.summary()),
            outcome: ApplyOutcome::default(),
            ids: Vec::new(),
            unmanaged: Value::Null,
            unmanaged_summary: None,
            warnings: Vec::new(),
            same_command,
            failure_after: None,
        };
        report.set_unmanaged(plan);
        report
    }

    /// Records the unmanaged objects, and warns of those that differ from the file.
    pub(super) fn set_unmanaged(&mut self, plan: &CatalogPlan) {
        self.unmanaged = json!(plan.unmanaged);
        let (differing, others): (Vec<_>, Vec<_>) = plan.unmanaged.iter().partition(|object| object.differs);
        self.unmanaged_summary = unmanaged_summary(&others);
        let text = |object: &&UnmanagedObject| {
            format!("{} {} ({}) {}", kind(object.kind), object.id, object.name, object.reason)
        };
        self.warnings = differing
            .iter()
            .map(|object| Warning { code: WarningCode::LeftAlone, text: text(object) })
            .collect();
    }

    /// Decides the changes with an unknown outcome by what remains after a sync: the backend's sync waits for the requests
    /// that it is processing. If nothing remains, all changes are done.
    pub(super) fn settle(&mut self, remaining: &CatalogPlan, mirror: &Mirror) {
        for (change, why) in std::mem::take(&mut self.outcome.not_done) {
            let remains = remaining.changes.iter().any(|other| is_about_same_object(other, &change));
            if !remaining.changes.is_empty() && (remains || !why.is_unknown()) {
                self.outcome.not_done.push((change, why.settled()));
                continue;
            }
            let id = self.created_id(&change, mirror).or_else(|| change.id.clone()).unwrap_or_default();
            self.outcome.done.push((change, id));
        }
    }

    /// The id of the object that a change has created.
    fn created_id(&self, change: &PlannedChange, mirror: &Mirror) -> Option<String> {
        let key = change.key.as_str();
        match (change.action, change.kind) {
            (ChangeAction::Update | ChangeAction::Archive, _) => None,
            (_, ObjectKind::Product) => {
                let product = mirror.products.iter().find(|product| product_key(product) == Some(key))?;
                Some(product.product_id.clone())
            }
            (_, ObjectKind::Price) => self.ids.iter().find(|(own, _)| own == key).map(|(_, id)| id.clone()),
        }
    }

    fn done_rows(&self) -> Vec<Value> {
        self.outcome.done.iter().map(|(change, id)| row(change, Some(id))).collect()
    }

    /// The changes without success: those that were not applied, or those that may have been.
    fn rows_without_success(&self, unknown: bool) -> Vec<Value> {
        let with_reason = |(change, why): &(PlannedChange, NotApplied)| {
            let mut row = row(change, change.id.as_deref());
            if let (Some(row), Value::Object(why)) = (row.as_object_mut(), why.json()) {
                row.extend(why);
            }
            row
        };
        self.outcome.not_done.iter().filter(|(_, why)| why.is_unknown() == unknown).map(with_reason).collect()
    }
}

/// A change as JSON, with the id of its object.
fn row(change: &PlannedChange, id: Option<&str>) -> Value {
    json!({"action": change.action, "kind": change.kind, "key": change.key, "id": id})
}

impl Show for ApplyReport {
    const FIELDS: Fields =
        &["account", "environment", "summary", "done", "notDone", "unknown", "ids", "unmanaged"];
    /// The rows of `done` and `notDone`, which say which list they are from.
    const ROWS: RowLists = &[("", "", &["action", "kind", "key", "id", "error", "code", "done"])];
    const TABLES: Tables = &[&[Column::new("Key"), Column::new("Price ID")]];

    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        let ids: Map<String, Value> = self.ids.iter().map(|(key, id)| (key.clone(), json!(id))).collect();
        json_text(&json!({
            "account": self.account.id,
            "environment": self.environment.as_str(),
            "summary": self.planned,
            "done": self.done_rows(),
            "notDone": self.rows_without_success(false),
            "unknown": self.rows_without_success(true),
            "ids": ids,
            "unmanaged": self.unmanaged,
        }))
    }

    /// The rows of `done`, `notDone` and `unknown`, each with the field `done`, which is null if the outcome is unknown.
    fn rows(&self) -> serde_json::Result<Option<Vec<Value>>> {
        let marked = |rows: Vec<Value>, done: Option<bool>| {
            rows.into_iter().map(move |mut row| {
                row["done"] = done.into();
                row
            })
        };
        let done = marked(self.done_rows(), Some(true));
        let not_done = marked(self.rows_without_success(false), Some(false));
        Ok(Some(done.chain(not_done).chain(marked(self.rows_without_success(true), None)).collect()))
    }

    fn page(&self) -> Page<'_> {
        let mut lines: Vec<Line<'_>> = Vec::new();
        for (change, id) in &self.outcome.done {
            lines.push(Line::new(mark(change.action), 0, format!("{}  {id}", name(change))));
        }
        for (change, why) in &self.outcome.not_done {
            if !matches!(why, NotApplied::NotTried) {
                let outcome = if why.is_unknown() { "unknown" } else { "not applied" };
                let text = format!("{outcome}: {} {}", verb(change.action), name(change));
                lines.push(Line::new(Mark::Dimmed, 0, text));
            }
        }
        if !lines.is_empty() && !self.ids.is_empty() {
            lines.push(Line::plain(""));
        }
        let rows = self.ids.iter().map(|(key, id)| vec![key.as_str().into(), id.as_str().into()]);
        Page { lines, sections: vec![Section::new(Self::TABLES[0], rows)], ..Page::default() }
    }

    fn ids(&self) -> Vec<&str> {
        self.outcome.done.iter().map(|(_, id)| id.as_str()).collect()
    }

    fn notes(&self) -> Vec<String> {
        if self.failure().is_some() {
            return Vec::new();
        }
        let target = format!("Stripe {}, account {}", self.environment, self.account);
        let done = done_summary(self.outcome.done.iter().map(|(change, _)| change));
        let result = match (self.outcome.done.is_empty(), self.warnings.len()) {
            (false, _) => format!("✓ {target}: {done}."),
            (true, 0) => format!("✓ Nothing to do: {target}, matches {}.", self.source_name),
            (true, count) => {
                let differ = if count == 1 { "1 object differs" } else { &format!("{count} objects differ") };
                format!("{target}: no changes, but {differ} from {}.", self.source_name)
            }
        };
        let unmanaged = self.unmanaged_summary.as_ref().map(|summary| format!("Left unchanged: {summary}."));
        std::iter::once(result).chain(unmanaged).collect()
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    fn failure(&self) -> Option<Failure> {
        let ApplyOutcome { done, not_done, stripe_changed } = &self.outcome;
        let same_command = &self.same_command;
        if not_done.is_empty() {
            let failure = self.failure_after.clone()?;
            let what = format!("All changes were applied, but: {}", failure.what);
            let helps = failure.retryable();
            let failure = Failure { what, ..failure }.exit(Exit::PartlyDone).rerun_helps(helps);
            return Some(failure.and_hint(&format!("{same_command} checks whether Stripe matches the file")));
        }
        let after = self.failure_after.as_ref().map(|failure| failure.what.clone());
        let why: Vec<String> = reasons(not_done).into_iter().chain(after).collect();
        let first = not_done.iter().find_map(|(_, why)| match why {
            NotApplied::Failed(failure) => Some(failure),
            _ => None,
        });
        let helps = not_done.iter().any(|(_, why)| match why {
            NotApplied::Failed(failure) => failure.retryable() || failure.may_be_applied,
            _ => false,
        });
        // If Stripe is unchanged, the command fails as its first request did.
        if let Some(first) = first.filter(|_| done.is_empty() && *stripe_changed < StripeChanged::Yes) {
            let (what, then) = match stripe_changed {
                StripeChanged::No if first.is_lasting_refusal() => {
                    ("Nothing was changed", format!("after that, run {same_command} again"))
                }
                StripeChanged::No => ("Nothing was changed", format!("{same_command} tries again")),
                _ => {
                    ("No change was completed", format!("{same_command} continues and creates no duplicates"))
                }
            };
            let what = format!("{what}: {}", first.what);
            let failure = Failure { what, ..first.clone() }.why_lines(why);
            return Some(failure.and_hint(&then).rerun_helps(helps));
        }
        let what = match done.len() {
            0 => format!("No change was completed at Stripe {}", self.environment),
            applied => {
                let total = applied + not_done.len();
                format!("{applied} of {total} changes were applied to Stripe {}", self.environment)
            }
        };
        Some(
            Failure::new(Code::CatalogPartlyApplied, what)
                .why_lines(why)
                .hint(format!("{same_command} continues and creates no duplicates"))
                .rerun_helps(helps),
        )
    }
}

/// Whether a remaining change completes another one. A replacement leaves changes of the replaced prices.
fn is_about_same_object(remaining: &PlannedChange, change: &PlannedChange) -> bool {
    let is_same_id =
        |id: &String| change.id.as_ref() == Some(id) || change.also.contains(id) || change.key == *id;
    remaining.kind == change.kind
        && (remaining.key == change.key || remaining.id.as_ref().is_some_and(is_same_id))
}

/// One line for each failed change, and the number of changes that were not tried.
fn reasons(not_done: &[(PlannedChange, NotApplied)]) -> Vec<String> {
    let mut not_tried = 0;
    let mut lines = Vec::new();
    for (change, why) in not_done {
        let what = format!("{} {}", verb(change.action), name(change));
        match why {
            NotApplied::Failed(failure) => lines.push(format!("{what}: {}", failure.what)),
            NotApplied::WaitsFor(product) => lines.push(format!("{what}: needs product {product}")),
            NotApplied::NotTried => not_tried += 1,
        }
    }
    if not_tried > 0 {
        lines.push(format!("not tried: {not_tried} more"));
    }
    lines
}

const fn verb(action: ChangeAction) -> &'static str {
    match action {
        ChangeAction::Create => "create",
        ChangeAction::Update => "update",
        ChangeAction::Replace => "replace",
        ChangeAction::Archive => "archive",
    }
}

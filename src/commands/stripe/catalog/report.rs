//! Applying a plan, and what became of it.

use std::borrow::Cow;

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::catalog::apply::{Applied, Applier, Progress, Touched, Undone};
use crate::catalog::plan::{self, Action, Change, Options, Plan, Unmanaged};
use crate::commands::stripe::catalog::apply::Prepared;
use crate::commands::stripe::catalog::ids;
use crate::commands::stripe::catalog::shown::{kind, mark, name, summary_done};
use crate::commands::stripe::catalog::survey::survey;
use crate::error::{Code, Exit, Failure, Warning};
use crate::runner::Ctx;
use crate::ui::{Column, Line, Mark, Page, Section, Show, Tables};
use crate::wire::{Account, Environment};

/// How often it is looked whether everything is as it was to be, and what is not is done.
const ROUNDS: u32 = 3;

/// What became of it.
pub(crate) struct Report {
    /// How many changes of each kind were planned.
    planned: Value,
    pub(super) account: Account,
    environment: Environment,
    applied: Applied,
    /// Lookup keys and their prices.
    pub(super) ids: Vec<(String, String)>,
    unmanaged: Value,
    warnings: Vec<Warning>,
    again: String,
    /// What went wrong beside the changes themselves.
    unfinished: Option<Failure>,
}

impl Report {
    pub(super) fn of(prepared: &Prepared, again: String) -> Self {
        let mut report = Self {
            planned: json!(prepared.plan.summary()),
            account: prepared.found.account.clone(),
            environment: prepared.environment,
            applied: Applied::default(),
            ids: Vec::new(),
            unmanaged: Value::Null,
            warnings: Vec::new(),
            again,
            unfinished: None,
        };
        report.left_alone(&prepared.plan);
        report
    }

    /// What stays as it is, although the file says otherwise, is nobody's wish.
    fn left_alone(&mut self, plan: &Plan) {
        self.unmanaged = json!(plan.unmanaged);
        let differs = plan.unmanaged.iter().filter(|left| left.differs);
        let text =
            |left: &Unmanaged| format!("{} {} ({}) {}", kind(left.kind), left.id, left.name, left.reason);
        self.warnings = differs.map(|left| Warning { code: "LEFT_ALONE", text: text(left) }).collect();
    }

    /// Makes what is planned, syncs, and looks whether that was all: an answer to a create can be an old one, which
    /// only shows then.
    pub(super) async fn make(&mut self, ctx: &Ctx, prepared: Prepared) -> Result<()> {
        let Prepared { environment, prune, wanted, found, mut plan } = prepared;
        let api = ctx.api().await?;
        let account = self.account.id.clone();
        let mut applier = Applier::new(api, environment, &account, &found.mirror);
        let mut rounds = 0;
        loop {
            self.make_once(ctx, &mut applier, plan).await;
            let survey = survey(ctx, environment, true);
            let after = match ctx.while_busy("Syncing with Stripe…", survey).await {
                Ok(after) if after.account.id == account => after,
                Ok(after) => {
                    self.unfinished = Some(another_account(&after.account));
                    break;
                }
                Err(error) => {
                    self.unfinished = Some(error.downcast::<Failure>()?);
                    break;
                }
            };
            self.ids = ids::of(&after.mirror, &wanted);
            let rest = match plan::plan(&wanted, &after.mirror, Options { prune, environment }) {
                Ok(rest) => rest,
                Err(failure) => {
                    self.unfinished = Some(failure);
                    break;
                }
            };
            self.left_alone(&rest);
            if rest.changes.is_empty() {
                // What was not answered was done.
                for (change, _) in std::mem::take(&mut self.applied.not_done) {
                    let of_key =
                        self.ids.iter().find(|(key, _)| *key == change.key).map(|(_, id)| id.clone());
                    let id = of_key.or_else(|| change.id.clone()).unwrap_or_default();
                    self.applied.done.push((change, id));
                }
                break;
            }
            let brought_old_answers = applier.forget_what_is_gone(&after.mirror, &mut self.applied.done);
            if !self.applied.not_done.is_empty() {
                break;
            }
            // Of what came with an old answer nobody can say yet that somebody else changes it.
            rounds += u32::from(!brought_old_answers);
            if rounds == ROUNDS {
                self.unfinished = Some(still_different(&rest));
                break;
            }
            plan = rest;
        }
        Ok(())
    }

    async fn make_once(&mut self, ctx: &Ctx, applier: &mut Applier<'_>, plan: Plan) {
        let bar = ctx.bar(plan.changes.len());
        let before = self.applied.done.len();
        let tell = |progress: Progress<'_>| {
            bar.set(progress.done, &name(progress.next));
            let Progress { done, of, next } = progress;
            let progress = Progress { done: before + done, of: before + of, next };
            ctx.when_interrupted(interrupted(progress, &self.again));
        };
        let outcome = applier.apply(plan, tell).await;
        self.applied.done.extend(outcome.done);
        self.applied.not_done = outcome.not_done;
        self.applied.touched = outcome.touched;
        ctx.when_interrupted(interrupted_after(&self.again));
    }
}

impl Show for Report {
    const TABLES: Tables = &[&[Column::new("Key"), Column::new("Price ID")]];

    fn json(&self) -> serde_json::Result<Cow<'_, Value>> {
        let row = |change: &Change, id: Option<&str>| json!({"action": change.action, "kind": change.kind, "key": change.key, "id": id});
        let done: Vec<Value> = self.applied.done.iter().map(|(change, id)| row(change, Some(id))).collect();
        let not_done = self.applied.not_done.iter().map(|(change, undone)| {
            let mut row = row(change, change.id.as_deref());
            if let (Some(row), Value::Object(why)) = (row.as_object_mut(), undone.json()) {
                row.extend(why);
            }
            row
        });
        let ids: Map<String, Value> = self.ids.iter().map(|(key, id)| (key.clone(), json!(id))).collect();
        Ok(Cow::Owned(json!({
            "account": self.account.id,
            "environment": self.environment.as_str(),
            "summary": self.planned,
            "done": done,
            "notDone": not_done.collect::<Vec<_>>(),
            "ids": ids,
            "unmanaged": self.unmanaged,
        })))
    }

    /// What was done and what was not, each saying which it is.
    fn rows(&self) -> serde_json::Result<Option<Vec<Value>>> {
        let json = self.json()?;
        let of = |list: &str, done: bool| {
            let rows = json.get(list).and_then(Value::as_array).into_iter().flatten().cloned();
            rows.map(move |mut row| {
                row["done"] = done.into();
                row
            })
        };
        Ok(Some(of("done", true).chain(of("notDone", false)).collect()))
    }

    fn page(&self) -> Page<'_> {
        let mut lines: Vec<Line<'_>> = Vec::new();
        for (change, id) in &self.applied.done {
            lines.push(Line::new(mark(change.action), 0, format!("{}  {id}", name(change))));
        }
        let tried = |undone: &Undone| !matches!(undone, Undone::NotTried);
        for (change, _) in self.applied.not_done.iter().filter(|(_, undone)| tried(undone)) {
            lines.push(Line::new(
                Mark::Dimmed,
                0,
                format!("not done: {} {}", verb(change.action), name(change)),
            ));
        }
        if !lines.is_empty() && !self.ids.is_empty() {
            lines.push(Line::plain(""));
        }
        let rows = self.ids.iter().map(|(key, id)| vec![key.as_str().into(), id.as_str().into()]);
        Page { lines, sections: vec![Section::new(Self::TABLES[0], rows)], ..Page::default() }
    }

    fn ids(&self) -> Vec<&str> {
        self.applied.done.iter().map(|(_, id)| id.as_str()).collect()
    }

    fn notes(&self) -> Vec<String> {
        let to = format!("Stripe {}, account {}", self.environment, self.account);
        match self.failure() {
            Some(_) => Vec::new(),
            None if self.applied.done.is_empty() => {
                vec![format!("✓ Nothing to do: {to} is as the file says.")]
            }
            None => {
                let done = summary_done(self.applied.done.iter().map(|(change, _)| change));
                vec![format!("✓ {to}: {done}.")]
            }
        }
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    fn failure(&self) -> Option<Failure> {
        let Applied { done, not_done, .. } = &self.applied;
        if not_done.is_empty() {
            let failure = self.unfinished.clone()?;
            let what = format!("All changes were made, but: {}", failure.what);
            let failure = Failure { what, ..failure }.exit(Exit::PartlyDone);
            return Some(
                failure.then(&format!("{} looks again whether everything is as it should be", self.again)),
            );
        }
        let beside = self.unfinished.as_ref().map(|failure| failure.what.clone());
        let why: Vec<String> = undone_lines(not_done).into_iter().chain(beside).collect();
        let (all, made) = (done.len() + not_done.len(), done.len());
        let first = not_done.iter().find_map(|(_, undone)| match undone {
            Undone::Failed(failure) => Some(failure),
            _ => None,
        });
        // Nothing was done: it is that failure, and apply is safe to run again whatever it was.
        if let Some(first) = first.filter(|_| made == 0 && self.applied.touched < Touched::Surely) {
            let (what, then) = match self.applied.touched {
                Touched::Not => ("Nothing was changed", "tries again"),
                _ => ("Nothing was finished", "continues, and makes nothing twice"),
            };
            let what = format!("{what}: {}", first.what);
            let failure = Failure { what, why: Some(why.join("\n")), ..first.clone() };
            return Some(failure.then(&format!("{} {then}", self.again)));
        }
        let what = if made == 0 {
            format!("Nothing was finished at Stripe {}", self.environment)
        } else {
            format!("{made} of {all} changes were made at Stripe {}", self.environment)
        };
        Some(
            Failure::new(Code::CatalogPartlyApplied, what)
                .why(why.join("\n"))
                .hint(format!("what is done stays done; {} continues, and makes nothing twice", self.again)),
        )
    }
}

/// What failed, each with its reason; of what was not even tried, how much it is.
fn undone_lines(not_done: &[(Change, Undone)]) -> Vec<String> {
    let mut untried = 0;
    let mut lines = Vec::new();
    for (change, undone) in not_done {
        let what = format!("{} {} {}", verb(change.action), kind(change.kind), change.key);
        match undone {
            Undone::Failed(failure) => lines.push(format!("{what}: {}", failure.what)),
            Undone::Waits(product) => lines.push(format!("{what}: waits for product {product}")),
            Undone::NotTried => untried += 1,
        }
    }
    if untried > 0 {
        lines.push(format!("and {untried} more, which were not tried"));
    }
    lines
}

const fn verb(action: Action) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Update => "update",
        Action::Replace => "replace",
        Action::Archive => "archive",
    }
}

fn interrupted(progress: Progress<'_>, again: &str) -> Failure {
    Failure::new(Code::Interrupted, format!("Interrupted after {} of {} changes", progress.done, progress.of))
        .why(format!("{} may be done or not", name(progress.next)))
        .hint(format!("{again} continues, and makes nothing twice"))
}

fn interrupted_after(again: &str) -> Failure {
    Failure::new(Code::Interrupted, "Interrupted in the sync after the changes")
        .hint(format!("{again} shows whether everything is as it should be"))
}

fn another_account(account: &Account) -> Failure {
    let what = format!("the account is {account} now, and what was made last may be there");
    Failure::new(Code::PlanStale, what).hint("look at both accounts in Stripe's dashboard")
}

fn still_different(rest: &Plan) -> Failure {
    let names: Vec<String> = rest.changes.iter().map(name).collect();
    Failure::new(Code::CatalogPartlyApplied, "Everything was done, and Stripe is still not as the file says")
        .why(format!("still to be done: {}", names.join(", ")))
        .hint("somebody else may be changing it; look with `insforge payments catalog plan`")
}

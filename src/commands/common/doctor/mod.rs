//! `doctor`: checks everything that payments need, and suggests the commands that repair problems. [`input`] sends the
//! requests; [`checks`], [`policies`] and [`environment`] are pure.

mod checks;
mod environment;
mod input;
mod policies;
mod result;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::marker::PhantomData;

use anyhow::Result;
use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::api::Provider;
use crate::commands::common::arguments::ScopeArgs;
use crate::error::{Code, Failure};
use crate::runner::{Command, CommandSpec, Ctx, Gateway};
use crate::ui::{Column, Page, RowLists, Section, Show, Tables, dash, json_text};
use crate::wire::Environment;
use crate::wire::fields::Fields;
use result::{CheckResult, CheckVerdict};

/// Check the address, key, policies, backend, webhook, sync and catalog, and suggest repairs
///
/// Each check passes, warns, fails or is skipped, and names the command that repairs the problem. The exit code is 1 if a
/// check fails. The doctor changes nothing and only contacts the backend. An environment without a key fails only if you
/// select it, or if no environment has a key.
#[derive(Args)]
#[command(add = CommandSpec::reads::<Self>("test --json").note("exits with 1 if a check fails"))]
pub(crate) struct Doctor<G: Gateway> {
    #[command(flatten)]
    scope: ScopeArgs,
    #[arg(skip)]
    gateway: PhantomData<G>,
}

impl<G: Gateway> Command for Doctor<G> {
    type Reply = DoctorReport;
    const HAS_IDS: bool = false;

    fn doing(&self) -> Cow<'static, str> {
        "Running checks…".into()
    }

    async fn run(&self, ctx: &Ctx) -> Result<DoctorReport> {
        let only = self.scope.only()?;
        let input = input::read::<G>(ctx, only).await?;
        let command = |words: &[&str]| ctx.command(G::PROVIDER, words);
        let checks = checks::check(&input, only, Timestamp::now(), &command);
        Ok(DoctorReport { checks, provider: G::PROVIDER })
    }
}

/// The selected environment, or all environments.
fn selected_environments(only: Option<Environment>) -> impl Iterator<Item = Environment> {
    Environment::ALL.into_iter().filter(move |environment| only.is_none_or(|only| only == *environment))
}

/// The results of all checks.
pub(crate) struct DoctorReport {
    checks: Vec<CheckResult>,
    provider: &'static Provider,
}

impl DoctorReport {
    fn count(&self, verdict: CheckVerdict) -> usize {
        self.checks.iter().filter(|check| check.verdict == verdict).count()
    }

    /// The checks that have a repair, failures first. One command may repair several checks; it is listed once.
    fn repairs(&self) -> Vec<(&CheckResult, &str)> {
        let mut repairs: Vec<(&CheckResult, &str)> = Vec::new();
        for verdict in [CheckVerdict::Fail, CheckVerdict::Warn] {
            for check in self.checks.iter().filter(|check| check.verdict == verdict) {
                let Some(repair) = check.repair.as_deref() else { continue };
                if !repairs.iter().any(|(_, known)| *known == repair) {
                    repairs.push((check, repair));
                }
            }
        }
        repairs
    }
}

impl Show for DoctorReport {
    const FIELDS: Fields = &["summary"];
    const ROWS: RowLists = &[("checks", "check", &["check", "environment", "verdict", "found", "repair"])];
    /// In a narrow terminal a row becomes `fail: webhook` and its other columns.
    const TABLES: Tables = &[
        &[Column::verdict("Verdict"), Column::new("Check"), Column::new("Env"), Column::text("Found")],
        &[Column::label("Check"), Column::new("Command")],
    ];

    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        let checks = self.checks.iter().map(|check| {
            json!({
                "check": check.name,
                "environment": check.environment.map(Environment::as_str),
                "verdict": check.verdict.as_str(),
                "found": check.found,
                "repair": check.repair,
            })
        });
        let count = |verdict| self.count(verdict);
        json_text(&json!({
            "checks": checks.collect::<Vec<Value>>(),
            "summary": {
                "pass": count(CheckVerdict::Pass),
                "warn": count(CheckVerdict::Warn),
                "fail": count(CheckVerdict::Fail),
                "skip": count(CheckVerdict::Skip),
            },
        }))
    }

    fn page(&self) -> Page<'_> {
        let checks = self.checks.iter().map(|check| {
            let environment = dash(check.environment.map(Environment::as_str));
            vec![check.verdict.as_str().into(), check.name.into(), environment, check.found.as_str().into()]
        });
        let repairs = self.repairs().into_iter();
        let repairs = repairs.map(|(check, repair)| vec![check.name.into(), repair.into()]);
        let [check_columns, repair_columns] = [Self::TABLES[0], Self::TABLES[1]];
        vec![
            Section::new(check_columns, checks).of("check"),
            Section::new(repair_columns, repairs).titled("Repairs"),
        ]
        .into()
    }

    fn notes(&self) -> Vec<String> {
        if self.count(CheckVerdict::Fail) > 0 {
            return Vec::new();
        }
        let name = self.provider.name;
        let warnings = match self.count(CheckVerdict::Warn) {
            0 => return vec![format!("✓ {name} payments: all checks passed.")],
            1 => "1 warning".to_owned(),
            count => format!("{count} warnings"),
        };
        let mut without_events: Vec<&str> = Vec::new();
        let doubtful = |check: &&CheckResult| check.verdict == CheckVerdict::Warn && check.is_about_webhook();
        for environment in self.checks.iter().filter(doubtful).filter_map(|check| check.environment) {
            if !without_events.contains(&environment.as_str()) {
                without_events.push(environment.as_str());
            }
        }
        if without_events.is_empty() {
            return vec![format!("✓ {name} payments work, with {warnings}.")];
        }
        // Without events, the backend does not learn that a customer has paid.
        let environments = without_events.join(" and ");
        vec![format!(
            "{name} payments: no check failed, but events may not arrive in {environments} ({warnings})."
        )]
    }

    fn failure(&self) -> Option<Failure> {
        let failed: Vec<&CheckResult> =
            self.checks.iter().filter(|check| check.verdict == CheckVerdict::Fail).collect();
        let first = failed.first()?;
        let tested = self.checks.len() - self.count(CheckVerdict::Skip);
        let names: Vec<String> = failed.iter().map(|check| check.full_name()).collect();
        let what = format!("{} of {tested} checks failed", failed.len());
        let what = if names.len() > 1 { format!("{what}: {}", names.join(", ")) } else { what };
        let failure = Failure::new(Code::ChecksFailed, what).why(format!("{}: {}", names[0], first.found));
        let repair = self.repairs().into_iter().find(|(check, _)| check.verdict == CheckVerdict::Fail);
        Some(match repair {
            Some((_, repair)) => failure.hint(format!("start with: {repair}")),
            None => failure,
        })
    }
}

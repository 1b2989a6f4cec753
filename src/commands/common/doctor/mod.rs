//! `doctor`: looks at everything that payments need, and says what to run where something is missing. [`gather`] reads,
//! [`checks`] and [`environment`] judge what was read, without asking anybody.

mod checks;
mod environment;
mod gather;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::marker::PhantomData;

use anyhow::Result;
use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::api::Provider;
use crate::commands::common::arguments::at_most_one;
use crate::error::{Code, Failure};
use crate::runner::{Command, Ctx, Gateway};
use crate::ui::{Column, Page, Rows, Section, Show, Tables, dash};
use crate::wire::Environment;
use checks::{Check, Verdict};

/// Check address, key, backend, webhook, sync and catalog, and say what repairs them
///
/// Every check passes, warns, fails or is skipped, and names the command that repairs it where there is one. It exits 1
/// where one fails. Nothing is changed, and nobody is asked but the backend itself. An environment without a key fails
/// only where it is named, or where no environment has one.
#[derive(Args)]
pub(crate) struct Doctor<G: Gateway> {
    /// Which environment [default: both]
    #[arg(value_name = "ENV")]
    word: Option<Environment>,
    /// The environment, as a flag
    #[arg(short, long = "environment", value_name = "ENV", hide_possible_values = true)]
    environment: Vec<Environment>,
    #[arg(skip)]
    gateway: PhantomData<G>,
}

impl<G: Gateway> Command for Doctor<G> {
    type Reply = Report;
    const HAS_IDS: bool = false;

    fn doing(&self) -> Cow<'static, str> {
        "Examining…".into()
    }

    async fn run(&self, ctx: &Ctx) -> Result<Report> {
        let only = at_most_one(self.word.iter().chain(&self.environment))?;
        let facts = gather::gather::<G>(ctx, only).await?;
        let command = |words: &[&str]| ctx.command(G::PROVIDER, words);
        let checks = checks::judge(&facts, only, Timestamp::now(), &command);
        Ok(Report { checks, provider: G::PROVIDER })
    }
}

/// What was checked, and what came of it.
pub(crate) struct Report {
    checks: Vec<Check>,
    provider: &'static Provider,
}

impl Report {
    fn count(&self, verdict: Verdict) -> usize {
        self.checks.iter().filter(|check| check.verdict == verdict).count()
    }

    /// What repairs something, each command once: often one mends several things.
    fn repairs(&self) -> Vec<(&Check, &str)> {
        let mut repairs: Vec<(&Check, &str)> = Vec::new();
        // What fails comes first; the order is kept beside that.
        for verdict in [Verdict::Fail, Verdict::Warn] {
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

impl Show for Report {
    const ROWS: Rows = &[("checks", "check")];
    /// Where there is no room for a row it becomes `fail: webhook` and what was found.
    const TABLES: Tables = &[
        &[Column::verdict("Verdict"), Column::new("Check"), Column::new("Env"), Column::new("Found")],
        &[Column::label("Check"), Column::new("Command")],
    ];

    fn json(&self) -> serde_json::Result<Cow<'_, Value>> {
        let checks = self.checks.iter().map(|check| {
            json!({
                "check": check.name,
                "environment": check.environment.map(Environment::as_str),
                "verdict": check.verdict.word(),
                "found": check.found,
                "repair": check.repair,
            })
        });
        let count = |verdict| self.count(verdict);
        Ok(Cow::Owned(json!({
            "checks": checks.collect::<Vec<Value>>(),
            "summary": {
                "pass": count(Verdict::Pass),
                "warn": count(Verdict::Warn),
                "fail": count(Verdict::Fail),
                "skip": count(Verdict::Skip),
            },
        })))
    }

    fn page(&self) -> Page<'_> {
        let checks = self.checks.iter().map(|check| {
            let environment = dash(check.environment.map(Environment::as_str));
            vec![check.verdict.word().into(), check.name.into(), environment, check.found.as_str().into()]
        });
        let repairs = self.repairs().into_iter();
        let repairs = repairs.map(|(check, repair)| vec![check.name.into(), repair.into()]);
        let [of_checks, of_repairs] = [Self::TABLES[0], Self::TABLES[1]];
        vec![Section::new(of_checks, checks), Section::new(of_repairs, repairs).titled("Repairs")].into()
    }

    fn notes(&self) -> Vec<String> {
        let name = self.provider.name;
        match (self.count(Verdict::Fail), self.count(Verdict::Warn)) {
            (0, 0) => vec![format!("✓ {name} payments are well.")],
            (0, warned) => vec![format!("✓ {name} payments work; {warned} of the checks warned.")],
            _ => Vec::new(),
        }
    }

    fn failure(&self) -> Option<Failure> {
        let failed: Vec<&Check> = self.checks.iter().filter(|check| check.verdict == Verdict::Fail).collect();
        let first = failed.first()?;
        let made = self.checks.len() - self.count(Verdict::Skip);
        let what = format!("{} of {made} checks failed", failed.len());
        let place = first.environment.map_or_else(String::new, |environment| format!("{environment} "));
        let failure =
            Failure::new(Code::ChecksFailed, what).why(format!("{place}{}: {}", first.name, first.found));
        let repair = self.repairs().into_iter().find(|(check, _)| check.verdict == Verdict::Fail);
        Some(match repair {
            Some((_, repair)) => failure.hint(format!("begin with: {repair}")),
            None => failure,
        })
    }
}

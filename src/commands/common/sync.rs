use std::borrow::Cow;
use std::marker::PhantomData;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use crate::api::{self, Provider, Reply};
use crate::commands::common::arguments::ScopeArgs;
use crate::error::{Code, Exit, Failure, Warning, WarningCode};
use crate::runner::{Command, CommandSpec, Ctx, Gateway, SyncOutcome, SyncReply};
use crate::ui::{Page, RowLists, Show, Tables, View};
use crate::wire::fields::Fields;
use crate::wire::{CATALOG_FAILED, Environment, is_about_the_key};

/// Sync the provider's catalog, customers and subscriptions to the mirror
///
/// Exits 0 if every configured environment was synced, 9 if some failed, and 1 if all failed or no key is configured. It
/// exits 8 if all failed only because the provider is unreachable. (The backend's HTTP status is 200 in all of these cases.)
#[derive(Args)]
#[command(add = CommandSpec::syncs::<Self>("test --json"))]
pub(crate) struct Sync<G: Gateway> {
    #[command(flatten)]
    scope: ScopeArgs,
    #[arg(skip)]
    gateway: PhantomData<G>,
}

/// The time limit of a sync. The backend needs time for thousands of customers.
pub(crate) const SYNC_DEADLINE: Duration = Duration::from_secs(300);

/// Syncs one environment, for a command that needs an up-to-date mirror.
///
/// # Errors
/// The request fails, or its answer is a failed sync.
pub(crate) async fn sync_environment<T: DeserializeOwned + SyncReply>(
    ctx: &Ctx,
    provider: &'static Provider,
    environment: Environment,
) -> Result<T> {
    let results: T = ctx.send(api::sync(provider, Some(environment))).await?.data;
    match sync_failure(&results.outcomes(), Some(environment), provider) {
        Some(failure) => Err(failure.into()),
        None => Ok(results),
    }
}

impl<G: Gateway> Command for Sync<G> {
    type Reply = SyncReport<G::Sync>;
    const HAS_IDS: bool = false;
    const DEADLINE: Duration = SYNC_DEADLINE;

    fn doing(&self) -> Cow<'static, str> {
        format!("Syncing with {}…", G::PROVIDER.name).into()
    }

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let only = self.scope.only()?;
        let reply: Reply<G::Sync> = ctx.send(api::sync(G::PROVIDER, only)).await?;
        let warnings = stale_customers(ctx, &reply.data, G::PROVIDER).await;
        Ok(SyncReport { reply, only, provider: G::PROVIDER, warnings })
    }
}

/// The time limit of the request that checks the customers.
const CHECK_TIME: Duration = Duration::from_secs(10);

/// Warns of environments whose customers were not synced although the sync succeeded. One request for each environment is
/// enough: a sync updates all customers or none, and lists deleted ones last. The sync itself has succeeded, so a failure of
/// these requests is ignored.
async fn stale_customers(ctx: &Ctx, results: &impl SyncReply, provider: &'static Provider) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for (environment, started) in results.hides_failed_customers() {
        let customers = ctx.send(api::customers(provider, environment, Some(1)));
        let Ok(customers) = tokio::time::timeout(CHECK_TIME, customers).await else { continue };
        let first = customers.ok().and_then(|reply| reply.data.customers.iter().next());
        let synced_at =
            first.filter(|customer| customer.deleted != Some(true)).and_then(|customer| customer.synced_at);
        let synced_at = synced_at.and_then(|time| time.parse::<Timestamp>().ok());
        if synced_at.is_some_and(|synced_at| synced_at < started) {
            let sync = ctx.command(provider, &["sync", environment.as_str()]);
            let text = format!(
                "the customers of {environment} were not synced, and the backend does not report why; check that the \
                 {} key may read customers, then run: {sync}",
                provider.name
            );
            warnings.push(Warning { code: WarningCode::CustomersNotSynced, text });
        }
    }
    warnings
}

/// The result of a sync.
pub(crate) struct SyncReport<T> {
    reply: Reply<T>,
    /// The environment that the user selected.
    only: Option<Environment>,
    provider: &'static Provider,
    warnings: Vec<Warning>,
}

impl<T: View + SyncReply> Show for SyncReport<T> {
    const ROWS: RowLists = T::ROWS;
    const FIELDS: Fields = T::FIELDS;
    const TABLES: Tables = T::TABLES;

    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        self.reply.json()
    }

    fn page(&self) -> Page<'_> {
        self.reply.page()
    }

    fn notes(&self) -> Vec<String> {
        let notes = self.failure().is_none().then(|| format!("✓ {} payments synced.", self.provider.name));
        notes.into_iter().collect()
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    fn failure(&self) -> Option<Failure> {
        sync_failure(&self.reply.data.outcomes(), self.only, self.provider)
    }
}

/// The failure of a sync whose HTTP status was 200, if it failed.
///
/// With the default `all`, an unconfigured environment is not a failure. An unconfigured environment that the user
/// selected is one.
fn sync_failure(
    outcomes: &[(&str, SyncOutcome)],
    only: Option<Environment>,
    provider: &Provider,
) -> Option<Failure> {
    let name = provider.name;
    let (mut done, mut failed, mut why, mut causes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (environment, outcome) in outcomes {
        match outcome {
            SyncOutcome::Succeeded => done.push(*environment),
            SyncOutcome::Unconfigured => {}
            SyncOutcome::Failed(reason) => {
                failed.push(*environment);
                why.push(format!("{environment}: {reason}"));
                causes.push((*environment, SyncCause::of(reason, provider)));
            }
        }
    }
    if failed.is_empty() && !done.is_empty() {
        return None;
    }
    if failed.is_empty() {
        let scope = only.map_or("any environment", Environment::as_str);
        let what = format!("Nothing was synced: no {name} key is configured for {scope}");
        let (commands, environment) = (provider.commands, only.unwrap_or(Environment::Test));
        let hint = format!("set a key with `{commands} config set {environment}`, then sync again");
        return Some(Failure::new(Code::Backend("PAYMENT_CONFIG_NOT_FOUND".to_owned()), what).hint(hint));
    }
    let is_transient = causes.iter().all(|(_, cause)| *cause == SyncCause::ProviderUnreachable);
    let (failed, done) = (failed.join(" and "), done.join(" and "));
    let failure = if done.is_empty() {
        let exit = if is_transient { Exit::TryAgain } else { Exit::Failed };
        Failure::new(Code::SyncFailed, format!("The {name} sync of {failed} failed")).exit(exit)
    } else {
        Failure::new(Code::SyncPartlyFailed, format!("The {name} sync of {failed} failed; {done} was synced"))
            .rerun_helps(is_transient)
    };
    let failure = failure.why_lines(why);
    let needs_key = causes.iter().find(|(_, cause)| *cause == SyncCause::KeyRefused);
    let unreported = causes.iter().find(|(_, cause)| *cause == SyncCause::Unreported);
    Some(match (needs_key, unreported) {
        _ if is_transient => failure.hint(format!("{name} is unreachable; wait a moment, then run it again")),
        (Some((environment, _)), _) => {
            let (set, words) = config_set(provider, environment);
            failure.hint(format!("set a key that {name} accepts with `{set}`, then sync again")).repair(words)
        }
        (None, Some((environment, _))) => {
            let (set, _) = config_set(provider, environment);
            failure.hint(format!(
                "the backend does not report the reason; if {name} no longer accepts the key, set another one with \
                 `{set}`, then sync again"
            ))
        }
        (None, None) => failure.hint("the mirror may be out of date; fix the cause, then sync again"),
    })
}

/// The command that sets another key, as text and as a list of arguments.
fn config_set<'a>(provider: &Provider, environment: &'a str) -> (String, Vec<&'a str>) {
    let words: Vec<&str> = provider.commands.split(' ').chain(["config", "set", environment]).collect();
    (words.join(" "), words)
}

/// Why a sync failed, as far as its reason shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SyncCause {
    ProviderUnreachable,
    KeyRefused,
    /// The backend lost the reason, and the sync failed at its first request: it may be the key.
    Unreported,
    Other,
}

impl SyncCause {
    /// Reads the reason. It may have several parts, one for each list that failed.
    fn of(reason: &str, provider: &Provider) -> Self {
        let is_out_of_reach = |part: &str| {
            let is_lost = provider.connection_lost.iter().any(|lost| part.contains(lost));
            is_lost || part.contains("rate limit")
        };
        if reason.split("; ").all(is_out_of_reach) {
            Self::ProviderUnreachable
        } else if is_about_the_key(reason) {
            Self::KeyRefused
        } else if reason == CATALOG_FAILED {
            Self::Unreported
        } else {
            Self::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::stripe::STRIPE;
    use crate::error::Exit;
    use SyncOutcome::{Succeeded, Unconfigured};

    #[test]
    fn the_exit_code_depends_on_all_outcomes() {
        let failed = || SyncOutcome::Failed("prices exploded".into());
        let table = [
            (Succeeded, Succeeded, Exit::Done),
            (Succeeded, Unconfigured, Exit::Done),
            (Unconfigured, Succeeded, Exit::Done),
            (Succeeded, failed(), Exit::PartlyDone),
            (failed(), Succeeded, Exit::PartlyDone),
            (failed(), failed(), Exit::Failed),
            (failed(), Unconfigured, Exit::Failed),
            (Unconfigured, failed(), Exit::Failed),
            (Unconfigured, Unconfigured, Exit::Failed),
        ];
        for (test, live, exit) in table {
            let outcomes = [("test", test), ("live", live)];
            let got = sync_failure(&outcomes, None, &STRIPE).map_or(Exit::Done, |failure| failure.exit);
            assert_eq!(got, exit, "{outcomes:?}");
        }
        for (outcome, exit) in
            [(Succeeded, Exit::Done), (failed(), Exit::Failed), (Unconfigured, Exit::Failed)]
        {
            let outcomes = [("live", outcome)];
            let got = sync_failure(&outcomes, Some(Environment::Live), &STRIPE)
                .map_or(Exit::Done, |failure| failure.exit);
            assert_eq!(got, exit, "{outcomes:?}");
        }
        assert_eq!(
            sync_failure(&[], None, &STRIPE).unwrap().code,
            Code::Backend("PAYMENT_CONFIG_NOT_FOUND".to_owned())
        );
    }
}

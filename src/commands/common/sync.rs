use std::borrow::Cow;
use std::marker::PhantomData;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::api::{self, Provider, Reply};
use crate::commands::common::arguments::at_most_one;
use crate::error::{Code, Failure};
use crate::runner::{Command, CommandSpec, Ctx, Gateway, SyncOutcome, SyncReply};
use crate::ui::{Page, RowLists, Show, Tables, View};
use crate::wire::Environment;

/// The time limit of a sync: the backend needs time for thousands of customers.
pub(crate) const SYNC_DEADLINE: Duration = Duration::from_secs(300);

/// Sync the provider's catalog, customers and subscriptions to the mirror
///
/// Exits 0 if every configured environment was synced, 9 if some failed, and 1 if all failed or no key is configured.
/// (The backend's HTTP status is 200 in all of these cases.)
#[derive(Args)]
#[command(add = CommandSpec::syncs::<Self>("test --json"))]
pub(crate) struct Sync<G: Gateway> {
    /// Environment to sync [default: all]
    #[arg(value_name = "ENV")]
    argument: Option<Scope>,
    /// Environment, instead of the argument
    #[arg(short, long = "environment", value_name = "ENV", hide_possible_values = true)]
    environment: Vec<Scope>,
    #[arg(skip)]
    gateway: PhantomData<G>,
}

/// One environment or all environments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Scope {
    Test,
    Live,
    All,
}

impl<G: Gateway> Command for Sync<G> {
    type Reply = SyncReport<G::Sync>;
    const HAS_IDS: bool = false;
    const DEADLINE: Duration = SYNC_DEADLINE;

    fn doing(&self) -> Cow<'static, str> {
        format!("Syncing with {}…", G::PROVIDER.name).into()
    }

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let only = match at_most_one(self.argument.iter().chain(&self.environment))? {
            Some(Scope::Test) => Some(Environment::Test),
            Some(Scope::Live) => Some(Environment::Live),
            Some(Scope::All) | None => None,
        };
        let reply = ctx.send(api::sync(G::PROVIDER, only)).await?;
        Ok(SyncReport { reply, only, provider: G::PROVIDER })
    }
}

/// The result of a sync.
pub(crate) struct SyncReport<T> {
    reply: Reply<T>,
    /// The environment that the user selected.
    only: Option<Environment>,
    provider: &'static Provider,
}

impl<T: View + SyncReply> Show for SyncReport<T> {
    const ROWS: RowLists = T::ROWS;
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

    fn failure(&self) -> Option<Failure> {
        sync_failure(&self.reply.data.outcomes(), self.only, self.provider)
    }
}

/// The failure of a sync whose HTTP status was 200, if it failed.
///
/// With the default `all`, an unconfigured environment is not a failure. An unconfigured environment that the user
/// selected is one.
pub(crate) fn sync_failure(
    outcomes: &[(&str, SyncOutcome)],
    only: Option<Environment>,
    provider: &Provider,
) -> Option<Failure> {
    let name = provider.name;
    let (mut done, mut failed, mut why) = (Vec::new(), Vec::new(), Vec::new());
    for (environment, outcome) in outcomes {
        match outcome {
            SyncOutcome::Succeeded => done.push(*environment),
            SyncOutcome::Unconfigured => {}
            SyncOutcome::Failed(reason) => {
                failed.push(*environment);
                why.push(format!("{environment}: {reason}"));
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
    let (failed, done) = (failed.join(" and "), done.join(" and "));
    let failure = if done.is_empty() {
        Failure::new(Code::SyncFailed, format!("The {name} sync of {failed} failed"))
    } else {
        Failure::new(Code::SyncPartlyFailed, format!("The {name} sync of {failed} failed; {done} was synced"))
    };
    Some(failure.why(why.join("\n")).hint("the mirror may be out of date; fix the cause, then sync again"))
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

//! Commands that change one object of the catalog with several requests. All of them can be sent again, so after an
//! interruption the same command continues.

use anyhow::Result;

use crate::catalog::apply::{Applier, NotApplied, StripeChanged};
use crate::catalog::plan::{CatalogPlan, PlannedChange};
use crate::commands::stripe::catalog::StripeCatalog;
use crate::error::{Code, Failure};
use crate::interrupt;
use crate::runner::{Ctx, PlannedRequests};
use crate::wire::Environment;

/// The requests of a change, for `--dry-run`.
pub(super) async fn requests(
    ctx: &Ctx,
    environment: Environment,
    current: &StripeCatalog,
    change: Option<&PlannedChange>,
) -> Result<PlannedRequests> {
    let applier = Applier::new(ctx.api().await?, environment, &current.account.id, &current.mirror);
    Ok(PlannedRequests(change.map_or(Ok(Vec::new()), |change| applier.requests(change))?))
}

/// Makes a change, which `what` describes as a sentence. Returns the id of the object that it creates, or else its own.
///
/// # Errors
/// A request failed. The failure says how to continue.
pub(super) async fn make(
    ctx: &Ctx,
    environment: Environment,
    current: &StripeCatalog,
    change: PlannedChange,
    what: &str,
) -> Result<String> {
    let continues = format!("{} continues and creates no duplicates", ctx.same_command(false));
    interrupt::set_failure(
        Failure::new(Code::Interrupted, "Interrupted; the change may be applied in part")
            .why(what)
            .hint(continues.as_str()),
    );
    let mut applier = Applier::new(ctx.api().await?, environment, &current.account.id, &current.mirror);
    let plan = CatalogPlan { changes: vec![change], unmanaged: Vec::new() };
    let outcome = ctx.while_busy("Changing the catalog…", applier.apply(plan, |_| {})).await;
    interrupt::set_failure(
        Failure::new(Code::Interrupted, "Interrupted, but the change was applied").why(what),
    );
    if let Some((_, id)) = outcome.done.into_iter().next() {
        return Ok(id);
    }
    let failure = outcome.not_done.into_iter().find_map(|(_, why)| match why {
        NotApplied::Failed(failure) => Some(failure),
        NotApplied::WaitsFor(_) | NotApplied::NotTried => None,
    });
    let failure = failure.unwrap_or_else(|| Failure::new(Code::Failed, "The change was not applied"));
    Err(match outcome.stripe_changed {
        StripeChanged::No => failure,
        StripeChanged::Maybe | StripeChanged::Yes => {
            let failed = format!("The change may be applied in part: {}", failure.what);
            Failure { what: failed, ..failure }.and_hint(&continues)
        }
    }
    .into())
}

/// The failure when the changed object cannot be read. `done` says what was done.
pub(super) fn not_shown(error: anyhow::Error, done: &str) -> anyhow::Error {
    match error.downcast::<Failure>() {
        Ok(failure) => {
            let what = format!("{} But the result cannot be shown: {}", with_full_stop(done), failure.what);
            Failure { what, ..failure }.into()
        }
        Err(error) => error,
    }
}

fn with_full_stop(sentence: &str) -> String {
    format!("{}.", sentence.trim_end_matches('.'))
}

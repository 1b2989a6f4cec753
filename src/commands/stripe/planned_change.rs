//! Commands that change one object of the catalog with several requests. All of them can be sent again, so after an
//! interruption the same command continues.

use anyhow::Result;

use crate::approval::{Effects, PlannedRequest};
use crate::catalog::apply::{Applier, NotApplied, StripeChanged};
use crate::catalog::plan::{CatalogPlan, PlannedChange};
use crate::commands::stripe::catalog::{StripeCatalog, change_lines};
use crate::commands::stripe::effects::dependents_of_plan;
use crate::error::{Code, Failure};
use crate::interrupt;
use crate::runner::{Ctx, PlannedRequests};
use crate::ui::{Line, TerminalStyle, rendered};
use crate::wire::Environment;

/// Lines that the question wraps itself.
const PLAIN: TerminalStyle = TerminalStyle { width: None, colors: false };

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

/// The effects of a change, for an approval.
pub(super) async fn effects(
    ctx: &Ctx,
    environment: Environment,
    current: &StripeCatalog,
    change: Option<&PlannedChange>,
) -> Result<Effects> {
    let changes = change.map(std::slice::from_ref).unwrap_or_default();
    effects_of_all(ctx, environment, current, changes).await
}

/// The effects of all changes of a plan, with their requests in the order in which they are sent.
pub(super) async fn effects_of_all(
    ctx: &Ctx,
    environment: Environment,
    current: &StripeCatalog,
    changes: &[PlannedChange],
) -> Result<Effects> {
    let applier = Applier::new(ctx.api().await?, environment, &current.account.id, &current.mirror);
    let mut requests = Vec::new();
    for change in changes {
        requests.extend(applier.requests(change)?.iter().map(PlannedRequest::of));
    }
    let lines: Vec<Line<'_>> = changes.iter().flat_map(change_lines).collect();
    let plan = rendered(&lines, PLAIN).lines().map(str::to_owned).collect();
    let dependents = dependents_of_plan(ctx, environment, &current.mirror, changes).await?;
    Ok(Effects { dependents, plan, requests, ..Effects::default() })
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

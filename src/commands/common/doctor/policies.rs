//! The checks of what a write needs besides the command itself: the policy for live, and the guard.

use super::result::{CheckResult, CheckVerdict};
use super::selected_environments;
use crate::error::Failure;
use crate::settings::{Guard, LivePolicy, LiveWrites, Policies, Source};
use crate::wire::Environment;

/// The policy for writes, of live.
const WRITES: &str = "writes";
const GUARD: &str = "guard";

/// The checks of the policies. The policy for live is checked if live is selected. `is_bypassed`: a variable skips approvals.
pub(super) fn check_policies(
    policies: &Result<Policies, Failure>,
    is_bypassed: bool,
    only: Option<Environment>,
) -> Vec<CheckResult> {
    let has_live = selected_environments(only).any(|environment| environment == Environment::Live);
    let (guard, live) = match policies {
        Ok(policies) => (check_guard(&policies.guard, is_bypassed), check_live(&policies.live)),
        Err(failure) => {
            (CheckResult::failed(GUARD, failure), CheckResult::skipped(WRITES, "the policies cannot be read"))
        }
    };
    let live = CheckResult { environment: Some(Environment::Live), ..live };
    std::iter::once(guard).chain(has_live.then_some(live)).collect()
}

fn check_guard(guard: &Guard, is_bypassed: bool) -> CheckResult {
    if is_bypassed {
        return CheckResult::new(GUARD, CheckVerdict::Warn, "INSFORGE_GUARD_BYPASS skips every approval")
            .repaired_by("unset INSFORGE_GUARD_BYPASS".to_owned());
    }
    if let Some(warning) = guard.warning() {
        return CheckResult::new(GUARD, CheckVerdict::Warn, format!("off: {warning}"))
            .repaired_by("unset INSFORGE_GUARD".to_owned());
    }
    let found = if guard.is_on {
        format!("on{}: a person has to approve destructive changes", from(guard.source.as_ref()))
    } else {
        format!("off{}: --yes is enough for destructive changes in test", from(guard.source.as_ref()))
    };
    CheckResult::new(GUARD, CheckVerdict::Pass, found)
}

fn check_live(live: &LiveWrites) -> CheckResult {
    let what = match live.policy {
        LivePolicy::Allow => "only destructive writes need confirmation",
        LivePolicy::Ask => "every write needs confirmation or --yes",
        LivePolicy::Approve => "a person has to approve every write",
        LivePolicy::Deny => "no write is allowed",
    };
    let found = format!("{}{}: {what}", live.policy.as_str(), from(live.source.as_ref()));
    let warning = |more: String| CheckResult::new(WRITES, CheckVerdict::Warn, format!("{found}{more}"));
    match (&live.weakened, &live.source) {
        (Some(weakened), _) => warning(format!("; {weakened}")).repaired_by("unset INSFORGE_LIVE".to_owned()),
        _ if live.policy != LivePolicy::Allow => CheckResult::new(WRITES, CheckVerdict::Pass, found),
        (None, Some(Source::Variable(name))) => {
            warning(String::new()).repaired_by(format!("export {name}=ask"))
        }
        // No command edits a profile's policy.
        (None, Some(source)) => warning(format!("; to change that, set live = \"ask\" for {source}")),
        (None, None) => warning(String::new()),
    }
}

/// `, from INSFORGE_GUARD` or ` (default)`
fn from(source: Option<&Source>) -> String {
    source.map_or_else(|| " (default)".to_owned(), |source| format!(", from {source}"))
}

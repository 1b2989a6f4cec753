//! A change at the provider, as the user confirms it.

use anyhow::Result;

use crate::api::Provider;
use crate::runner::Ctx;
use crate::runner::approve::{self, Examine};
use crate::runner::guard::{self, Effect, Verdict};
use crate::ui::{Stderr, TerminalStyle, ask, clean_line, rendered};
use crate::wire::{Account, Environment};

/// A change that is about to be made.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) effect: Effect,
    pub(crate) environment: Environment,
    pub(crate) provider: &'static Provider,
    /// In the imperative: `Delete product prod_1 at Stripe`.
    pub(crate) what: String,
    /// The objects and their new values, in one line or several. The question of an approval has more about them instead.
    pub(crate) summary: Option<String>,
    /// The consequences, in one line or several.
    pub(crate) details: Option<String>,
    /// The account that changes, where it is known already.
    pub(crate) account: Option<Account>,
    pub(crate) check: Check,
}

/// The command that shows whether a change was applied, as arguments of the provider's command.
#[derive(Clone, Debug)]
pub(crate) enum Check {
    /// Shows what the backend itself stores.
    Backend(Vec<String>),
    /// Shows the mirror, which has to be synced first: it can be out of date.
    Mirror(Vec<String>),
}

impl Check {
    pub(crate) fn backend(args: &[&str]) -> Self {
        Self::Backend(args.iter().map(|arg| (*arg).to_owned()).collect())
    }

    pub(crate) fn mirror(args: &[&str]) -> Self {
        Self::Mirror(args.iter().map(|arg| (*arg).to_owned()).collect())
    }
}

impl Change {
    /// A change without more details.
    pub(crate) fn new(
        provider: &'static Provider,
        environment: Environment,
        what: impl Into<String>,
        check: Check,
    ) -> Self {
        Self {
            effect: Effect::Write,
            environment,
            provider,
            what: what.into(),
            summary: None,
            details: None,
            account: None,
            check,
        }
    }

    pub(crate) fn summary(self, summary: impl Into<Option<String>>) -> Self {
        Self { summary: summary.into(), ..self }
    }

    pub(crate) fn details(self, details: impl Into<Option<String>>) -> Self {
        Self { details: details.into(), ..self }
    }

    /// Requires a confirmation in test too, if there is a reason. The reasons are shown as details.
    pub(crate) fn destroys_if(self, reasons: &[Option<String>]) -> Self {
        let reasons: Vec<_> = reasons.iter().flatten().map(|reason| clean_line(reason)).collect();
        if reasons.is_empty() {
            return self;
        }
        Self { effect: Effect::Destroy, ..self.details(reasons.join("\n")) }
    }

    /// `Delete product prod_1 at Stripe, live`
    pub(super) fn sentence(&self) -> String {
        format!("{}, {}", self.what, self.environment)
    }

    /// The command line that shows whether the change was applied.
    pub(super) fn check(&self, ctx: &Ctx) -> String {
        let command = |args: &[&str]| ctx.command(self.provider, args);
        let (Check::Backend(args) | Check::Mirror(args)) = &self.check;
        let show = command(&args.iter().map(String::as_str).collect::<Vec<_>>());
        match self.check {
            Check::Backend(_) => show,
            Check::Mirror(_) => format!("{} && {show}", command(&["sync", self.environment.as_str()])),
        }
    }

    /// The hint for a change that may have been applied, and that would be applied twice if it were sent again.
    pub(super) fn check_first_hint(&self, ctx: &Ctx) -> String {
        format!("before you run it again, check with `{}` whether it was applied", self.check(ctx))
    }
}

/// Asks for confirmation, or for a person's approval, where the guard requires it.
pub(super) async fn confirm(change: &Change, examine: &impl Examine, ctx: &Ctx) -> Result<()> {
    let policies = ctx.policies(change.effect, change.environment).await?;
    let input = ctx.guard_input(change.effect, change.environment, &policies);
    let verdict = input.verdict();
    // Boxed, because the future of every write would be larger.
    match verdict {
        Verdict::Denied => return Err(guard::denied(policies.live.source.as_ref()).into()),
        Verdict::NeedsReason => {
            return Err(Box::pin(approve::needs_reason(change, &policies, ctx)).await?.into());
        }
        _ => Box::pin(approve::report_weakened(change, &policies, ctx)).await?,
    }
    let here = verdict == Verdict::ApproveHere;
    if here || verdict == Verdict::ApproveElsewhere {
        return Box::pin(approve::approve(change, &policies, here, examine, ctx)).await;
    }
    if verdict != Verdict::NotInteractive && input.bypass && input.needs_approval() {
        Box::pin(approve::bypass(change, &policies, ctx)).await?;
    }
    if verdict == Verdict::Go {
        return Ok(());
    }
    let account = match &change.account {
        Some(account) => Some(account.clone()),
        None => ctx.connection(change.provider, change.environment).await?.and_then(|c| c.account()),
    };
    let account = account.map_or_else(|| "unknown".to_owned(), |account| account.to_string());
    let account = format!("Account: {account}");
    let details = [&change.summary, &change.details].into_iter().flatten().flat_map(|text| text.lines());
    let lines = std::iter::once(account.as_str()).chain(details);
    if verdict == Verdict::NotInteractive {
        let sentence = change.sentence();
        let lines: Vec<&str> = std::iter::once(sentence.as_str()).chain(lines).collect();
        return Err(guard::not_interactive(lines).into());
    }
    let preview = examine.preview();
    if !preview.is_empty() {
        let style = TerminalStyle { colors: ctx.stderr.colors, ..ctx.style };
        Stderr::styled(&rendered(&preview, style));
    }
    ctx.stderr.above_question(0, &change.sentence());
    for line in lines {
        ctx.stderr.above_question(2, line);
    }
    for (indent, line) in ctx.approval.brief.lines() {
        ctx.stderr.above_question(indent, &line);
    }
    if ask::confirm("Continue?").await? { Ok(()) } else { Err(guard::declined().into()) }
}

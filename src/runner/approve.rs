//! Asks a person to approve a change: in this terminal, on the approval page, or with `insforge approve` in another terminal.
//! The answer counts only if nothing of what was shown has changed in between.

use std::cell::Cell;

use anyhow::Result;
use serde_json::json;

use crate::approval::{
    Answer, AnsweredIn, ApprovalServer, AuditEntry, AuditTrail, Decision, Effects, Question, WaitingCommand,
    open_browser,
};
use crate::error::{Code, Failure, Warning, WarningCode};
use crate::runner::guard::Effect;
use crate::runner::{Change, Ctx, rerun};
use crate::secret::redact;
use crate::settings::{LivePolicy, Policies, Source};
use crate::ui::{Line, Stderr, ask, clean_line};
use crate::wire::{Account, Environment, seconds};

/// What a write does, read from the mirror before it is shown, and again after the answer.
pub(super) trait Examine {
    /// What is shown above a question as well, in the terminal's style.
    fn preview(&self) -> Vec<Line<'_>> {
        Vec::new()
    }

    /// The effects as they are shown.
    async fn shown(&self) -> Result<Effects>;

    /// The effects now, to compare.
    async fn now(&self) -> Result<Effects> {
        self.shown().await
    }
}

/// Asks for a person's approval: in this terminal if `here`, otherwise on the approval page.
pub(super) async fn approve(
    change: &Change,
    policies: &Policies,
    here: bool,
    examine: &impl Examine,
    ctx: &Ctx,
) -> Result<()> {
    let account = account_of(change, ctx).await?;
    let question = question(change, policies, account.as_ref(), examine.shown().await?, ctx).await?;
    let shown = question.clone().cleaned();
    let record = Record::start(&shown)?;
    let answer =
        if here { Some(ask_here(&shown, ctx).await?) } else { ask_elsewhere(&shown, &record, ctx).await? };
    let Some(answer) = answer else {
        record.add(Decision::Timeout, None)?;
        let seconds = seconds(ctx.approval.timeout);
        return Err(Failure::new(Code::ApprovalTimedOut, format!("Nobody approved this within {seconds} s"))
            .why(change.sentence())
            .hint(Code::ApprovalTimedOut.info().remedy)
            .into());
    };
    if !answer.approved {
        record.add(Decision::Denied, Some(answer.by))?;
        return Err(denied(change, &question, answer.by).into());
    }
    record.add(Decision::Approved, Some(answer.by))?;
    let moved = match question_now(change, policies, account.as_ref(), examine, ctx).await {
        Ok(now) => question.difference(&now).map(|why| clean_line(&redact(&why)).into_owned()),
        Err(error) => Some(match error.downcast_ref::<Failure>() {
            Some(Failure { what, why: Some(why), .. }) => format!("{what}: {why}"),
            _ => error.to_string(),
        }),
    };
    if let Some(why) = moved {
        record.add(Decision::Void, Some(answer.by))?;
        return Err(Failure::new(Code::ApprovalVoid, "Nothing was changed, because the approval is void")
            .why_lines([change.sentence().as_str(), why.as_str()])
            .hint("run the command again, so that the person sees the current state")
            .into());
    }
    ctx.stderr.note("✓ Approved.");
    Ok(())
}

/// The failure after an answer that is no approval. In this terminal, it was mistyped, or meant as a no.
fn denied(change: &Change, question: &Question, by: AnsweredIn) -> Failure {
    let typed = question.typed_name();
    let elsewhere =
        |place| (format!("a person denied it {place}"), Code::ApprovalDenied.info().remedy.to_owned());
    let (why, hint) = match by {
        AnsweredIn::Terminal => (
            format!("the answer is not {typed}"),
            format!("nothing was changed; to approve, run the command again and type {typed}"),
        ),
        AnsweredIn::Page => elsewhere("on the approval page"),
        AnsweredIn::OtherTerminal => elsewhere("in another terminal"),
    };
    Failure::new(Code::ApprovalDenied, "The change was not approved")
        .why_lines([change.sentence().as_str(), why.as_str()])
        .hint(hint)
}

/// The question as it would be now. If the account is another one, the rest does not matter.
async fn question_now(
    change: &Change,
    policies: &Policies,
    account: Option<&Account>,
    examine: &impl Examine,
    ctx: &Ctx,
) -> Result<Question> {
    let now = account_of(change, ctx).await?;
    let effects = if now.as_ref() == account { examine.now().await? } else { Effects::default() };
    question(change, policies, now.as_ref(), effects, ctx).await
}

/// The failure of a change that needs an approval, and so a reason.
pub(super) async fn needs_reason(change: &Change, policies: &Policies, ctx: &Ctx) -> Result<Failure> {
    let because = because(change, policies, ctx);
    record(Decision::NeedsBrief, change, because.clone(), ctx).await?;
    let because = because.into_iter().map(|because| format!("required by {because}"));
    let why: Vec<String> = std::iter::once(change.sentence()).chain(because).collect();
    Ok(Failure::new(Code::ApprovalNeedsReason, "A person has to approve this, but no reason is given")
        .why_lines(why.iter().map(String::as_str))
        .hint(rerun::with_brief(ctx)))
}

/// Warns of an approval that is skipped, and records it.
pub(super) async fn bypass(change: &Change, policies: &Policies, ctx: &Ctx) -> Result<()> {
    let because = because(change, policies, ctx);
    let text =
        format!("INSFORGE_GUARD_BYPASS skips the approval that is required by {}", because.join(" and "));
    record(Decision::Bypassed, change, because, ctx).await?;
    ctx.warn(&[Warning { code: WarningCode::ApprovalBypassed, text }]);
    Ok(())
}

/// Warns of the environment's settings that make this change easier than the settings of the project and the profile, and
/// records them.
pub(super) async fn report_weakened(change: &Change, policies: &Policies, ctx: &Ctx) -> Result<()> {
    if let (Environment::Live, Some(weakened)) = (change.environment, &policies.live.weakened) {
        let text = weakened.to_string();
        record(Decision::LiveWeakened, change, vec![text.clone()], ctx).await?;
        ctx.warn(&[Warning { code: WarningCode::LivePolicyWeaker, text }]);
    }
    if let (Effect::Destroy, Some(text)) = (change.effect, policies.guard.warning()) {
        record(Decision::GuardOff, change, vec![text.clone()], ctx).await?;
        ctx.warn(&[Warning { code: WarningCode::GuardOff, text }]);
    }
    Ok(())
}

/// Adds to the failure of the audit trail what it means for the change, which is not made.
fn not_recorded(failure: Failure) -> Failure {
    failure.and_why("an approval or a weakened setting has to be recorded there, so nothing was changed")
}

/// Adds a decision that no person made to the audit trail.
async fn record(decision: Decision, change: &Change, because: Vec<String>, ctx: &Ctx) -> Result<()> {
    let entry = AuditEntry {
        backend: Some(ctx.backend().await?.name()),
        environment: Some(change.environment.to_string()),
        because,
        command: ctx.shown_command(),
        brief: ctx.approval.brief.clone(),
        ..AuditEntry::now(decision, change.what.clone())
    };
    Ok(AuditTrail::find().and_then(|trail| trail.append(&entry)).map_err(not_recorded)?)
}

/// Why the change needs an approval.
fn because(change: &Change, policies: &Policies, ctx: &Ctx) -> Vec<String> {
    let source = |source: &Option<Source>| source.as_ref().map(ToString::to_string).unwrap_or_default();
    let live = &policies.live;
    let is_live = change.environment == Environment::Live && live.policy == LivePolicy::Approve;
    let guard = &policies.guard;
    let is_guarded = guard.is_on && change.effect == Effect::Destroy;
    [
        is_guarded.then(|| format!("the guard ({})", source(&guard.source))),
        is_live.then(|| format!("the policy for live ({})", source(&live.source))),
        ctx.approval.flagged.then(|| "--flag-destructive".to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

async fn account_of(change: &Change, ctx: &Ctx) -> Result<Option<Account>> {
    let connection = ctx.connection(change.provider, change.environment).await?;
    // An empty id would make an empty answer an approval.
    Ok(connection.and_then(|connection| connection.account()).filter(|account| !account.id.trim().is_empty()))
}

/// The question, with its texts as they are.
async fn question(
    change: &Change,
    policies: &Policies,
    account: Option<&Account>,
    effects: Effects,
    ctx: &Ctx,
) -> Result<Question> {
    let typed = account.map_or_else(
        || change.environment.to_string(),
        |account| {
            let first = account.id.char_indices().rev().nth(TYPED - 1).map_or(0, |(at, _)| at);
            account.id[first..].to_owned()
        },
    );
    Ok(Question {
        what: change.what.clone(),
        environment: change.environment.to_string(),
        backend: ctx.backend().await?.name(),
        account: account.map(ToString::to_string),
        typed,
        because: because(change, policies, ctx),
        consequences: change.details.iter().flat_map(|lines| lines.lines()).map(str::to_owned).collect(),
        effects,
        brief: ctx.approval.brief.clone(),
        command: ctx.shown_command(),
    })
}

/// How many characters of the account a person types.
const TYPED: usize = 4;

/// Shows a question in this terminal, and lets the person type the account's last characters. Any other answer denies.
async fn ask_here(question: &Question, ctx: &Ctx) -> Result<Answer> {
    for (indent, line) in question.lines() {
        ctx.stderr.above_question(indent, &line);
    }
    // The prompt itself is not wrapped between words, so it is short.
    ctx.stderr.above_question(0, &format!("{}.", question.how_to_approve()));
    let typed = ask::text("Approve with".to_owned()).await?;
    Ok(Answer { approved: typed.trim() == question.typed, by: AnsweredIn::Terminal })
}

/// Asks on the approval page. `None` if nobody answered in time.
async fn ask_elsewhere(question: &Question, record: &Record, ctx: &Ctx) -> Result<Option<Answer>> {
    let server = ApprovalServer::start(question.clone(), ctx.approval.timeout).await.map_err(|error| {
        Failure::new(Code::Failed, "Cannot open the approval page")
            .why(error.to_string())
            .hint("the page needs a port of 127.0.0.1; nothing was changed")
    })?;
    let _waiting = WaitingCommand::publish(&record.code, &server, question)?;
    let link = server.link();
    announce(question, &link, &record.code, ctx);
    if ctx.approval.opens_browser {
        open_browser(&link, &ctx.env);
    }
    let answer = server.answer().await;
    // The page is served until the run ends. The answer is always that of this question.
    let _ = ctx.approval_server.set(server);
    Ok(answer)
}

/// Says where the person answers. The link is the first address on stderr.
fn announce(question: &Question, link: &str, code: &str, ctx: &Ctx) {
    if ctx.stderr.json {
        return Stderr::json(&json!({
            "approval": {
                "link": link,
                "command": format!("insforge approve {code}"),
                "timeoutMs": u64::try_from(ctx.approval.timeout.as_millis()).unwrap_or(u64::MAX),
            },
        }));
    }
    ctx.stderr.above_question(0, &format!("A person has to approve this: {link}"));
    ctx.stderr.above_question(2, &format!("or in another terminal: insforge approve {code}"));
    ctx.stderr.above_question(2, &format!("{}, {}", question.what, question.environment));
    ctx.stderr.above_question(2, &format!("waiting for {} s", seconds(ctx.approval.timeout)));
}

/// The lines of one question in the audit trail. A question that is dropped without an answer was interrupted.
struct Record {
    code: String,
    entry: AuditEntry,
    trail: AuditTrail,
    is_open: Cell<bool>,
}

impl Record {
    fn start(question: &Question) -> Result<Self> {
        let code = new_code();
        let requests = question.effects.requests.iter().map(|request| request.line.clone()).collect();
        let entry = AuditEntry {
            code: Some(code.clone()),
            command: question.command.clone(),
            environment: Some(question.environment.clone()),
            backend: Some(question.backend.clone()),
            account: question.account.clone(),
            because: question.because.clone(),
            brief: question.brief.clone(),
            requests,
            ..AuditEntry::now(Decision::Asked, question.what.clone())
        };
        let trail = AuditTrail::find().map_err(not_recorded)?;
        trail.append(&entry).map_err(not_recorded)?;
        Ok(Self { code, entry, trail, is_open: Cell::new(true) })
    }

    fn add(&self, decision: Decision, by: Option<AnsweredIn>) -> Result<()> {
        self.is_open.set(false);
        let by = by.map(|by| by.as_str().to_owned());
        let AuditEntry { ts, decision, .. } = AuditEntry::now(decision, String::new());
        let entry = AuditEntry { ts, decision, by, ..self.entry.clone() };
        Ok(self.trail.append(&entry).map_err(not_recorded)?)
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if self.is_open.get() {
            // The run is ending, with an error of its own.
            let _ = self.add(Decision::Interrupted, None);
        }
    }
}

/// A code that a person can type: `k7qp-2m4x`.
fn new_code() -> String {
    const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
    let letter = |byte: &u8| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]);
    let random = uuid::Uuid::new_v4().into_bytes();
    let [first, second] =
        [&random[..4], &random[10..14]].map(|bytes| bytes.iter().map(letter).collect::<String>());
    format!("{first}-{second}")
}

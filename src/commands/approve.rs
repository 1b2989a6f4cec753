use std::borrow::Cow;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::approval::{
    AnsweredIn, ApprovalCode, AuditLine, AuditTrail, Question, WaitingCommand, WaitingReply,
};
use crate::error::{Code, Failure};
use crate::runner::{Command, CommandEffect, CommandSpec, Completes, Ctx};
use crate::ui::{Page, Show, Stderr, ask, json_text, short_date};
use crate::wire::fields::Fields;

/// Answer a command that waits for your approval in another terminal
///
/// It shows what the command changes, and asks you to type the last four characters of the account, or `deny`. The waiting
/// command prints CODE, and `insforge approvals` lists it. Only a person at a terminal can answer: a pipe or --yes cannot.
/// No browser is needed.
#[derive(Args)]
#[command(add = CommandSpec::new(CommandEffect::WritesLocally, "k7qp-2m4x")
    .result::<SentAnswer>()
    .note("only for a person at a terminal; contacts no backend")
    .exits(6, "6 because the example has no terminal"))]
pub(crate) struct Approve {
    /// The code that the waiting command prints, such as k7qp-2m4x; case and dash do not matter
    #[arg(value_name = "CODE", add = Completes::WaitingCommands)]
    code: ApprovalCode,
    /// The waiting command and the person's answer.
    #[arg(skip)]
    answered: Option<(WaitingCommand, bool)>,
}

impl Command for Approve {
    type Reply = SentAnswer;
    const HAS_IDS: bool = false;

    fn doing(&self) -> Cow<'static, str> {
        "Sending the answer…".into()
    }

    async fn prepare(&mut self, ctx: &Ctx) -> Result<()> {
        if !ctx.interactive {
            return Err(Failure::new(Code::ApprovalNeedsTerminal, "Only a person at a terminal can approve")
                .why("the session is not interactive, so nothing was answered")
                .hint(format!("ask a person to run `insforge approve {}` in a terminal", self.code))
                .into());
        }
        let waiting = find(&self.code).await?;
        let open = OpenQuestion { stderr: ctx.stderr, code: &self.code };
        let approved = ask(&waiting.question, ctx).await?;
        let Some(approved) = approved else { return Err(open.not_answered().into()) };
        open.close();
        self.answered = Some((waiting, approved));
        Ok(())
    }

    async fn run(&self, _ctx: &Ctx) -> Result<SentAnswer> {
        let Some((waiting, approved)) = &self.answered else {
            return Err(Failure::new(Code::ApprovalNotWaiting, "Nothing was answered").into());
        };
        let reply = waiting.answer(*approved).await;
        let what = match reply {
            WaitingReply::Accepted => None,
            // It may have taken the answer, and ended before its reply.
            WaitingReply::Gone if self.is_recorded(*approved) => None,
            WaitingReply::Gone | WaitingReply::TooLate => Some("Your answer came too late"),
            WaitingReply::Silent => Some("The waiting command has not confirmed your answer"),
        };
        match what {
            None => Ok(SentAnswer { code: self.code.clone(), approved: *approved }),
            Some(what) => {
                Err(Failure { what: what.to_owned(), ..not_waiting(&self.code, Some(reply)) }.into())
            }
        }
    }
}

impl Approve {
    /// Whether the waiting command recorded this answer.
    fn is_recorded(&self, approved: bool) -> bool {
        let decision = if approved { "approved" } else { "denied" };
        last_entry(&self.code).is_some_and(|last| {
            last.text("decision") == Some(decision)
                && last.text("by") == Some(AnsweredIn::OtherTerminal.as_str())
        })
    }
}

/// The last entry about a question in the audit trail. It only explains a failure, so a trail that cannot be read has none.
fn last_entry(code: &ApprovalCode) -> Option<AuditLine> {
    AuditTrail::find().and_then(|trail| trail.last_of(&code.to_string())).unwrap_or_default()
}

/// Finds the command that waits under a code, and checks that it does.
async fn find(code: &ApprovalCode) -> Result<WaitingCommand> {
    let Some(waiting) = WaitingCommand::find(code)? else { return Err(not_waiting(code, None).into()) };
    let reply = waiting.is_waiting().await;
    if reply == WaitingReply::Accepted {
        return Ok(waiting);
    }
    if reply == WaitingReply::Gone {
        WaitingCommand::remove_leftover(code);
    }
    Err(not_waiting(code, Some(reply)).into())
}

/// The failure for a command that does not wait, with the reason as far as it is known. `reply` is `None` if the command
/// has no file.
fn not_waiting(code: &ApprovalCode, reply: Option<WaitingReply>) -> Failure {
    let why = match (last_entry(code), reply) {
        (_, Some(WaitingReply::Silent)) => {
            "it runs, but it does not reply: somebody may have stopped it".to_owned()
        }
        (None, _) => "no question with this code was recorded here; the code may be misspelled, or belong to another user".to_owned(),
        (Some(last), _) => outcome(&last, reply),
    };
    let what = format!("No command waits for an approval with the code {code}");
    Failure::new(Code::ApprovalNotWaiting, what)
        .why(why)
        .hint("run `insforge approvals` to list what was asked and answered")
}

/// How a question ended, from its last line in the audit trail.
fn outcome(last: &AuditLine, reply: Option<WaitingReply>) -> String {
    let decision = last.text("decision").unwrap_or_default();
    let answered = |verb: &str| {
        let place = match last.text("by") {
            Some("page") => " on the approval page",
            Some("terminal") => " in its own terminal",
            Some("other-terminal") => " in another terminal",
            _ => "",
        };
        format!("it was {verb}{place}")
    };
    let end = match (decision, reply) {
        ("approved", _) => answered("approved"),
        ("denied", _) => answered("denied"),
        ("timeout", _) => "nobody answered in time".to_owned(),
        ("void", _) => "it was approved, but what it changes had changed since then".to_owned(),
        ("interrupted", _) => "it was interrupted".to_owned(),
        // Its answer is not in the trail yet.
        ("asked", Some(WaitingReply::TooLate)) => {
            return "it has just been answered, or its time was over".to_owned();
        }
        ("asked", Some(_)) => return "it was killed before an answer".to_owned(),
        ("asked", None) => {
            return "it asks in its own terminal, or it was killed before an answer".to_owned();
        }
        (other, _) => format!("its last entry is `{other}`"),
    };
    format!("{end} at {}", short_date(last.text("ts")))
}

/// A question that the person has not answered yet. It says so if the run is interrupted.
struct OpenQuestion<'a> {
    stderr: Stderr,
    code: &'a ApprovalCode,
}

const NOT_ANSWERED: &str = "Not answered; the command still waits";

impl OpenQuestion<'_> {
    fn close(self) {
        std::mem::forget(self);
    }

    fn not_answered(self) -> Failure {
        let hint = format!("to answer, run `insforge approve {}` again", self.code);
        self.close();
        Failure::new(Code::NotConfirmed, NOT_ANSWERED).hint(hint)
    }
}

impl Drop for OpenQuestion<'_> {
    fn drop(&mut self) {
        // The cursor is behind the prompt.
        Stderr::plain("");
        self.stderr.note(&format!("{NOT_ANSWERED}."));
    }
}

/// How often the person can type the characters.
const ATTEMPTS: usize = 2;

/// Shows a question and asks for the answer. `None` if the person leaves it open.
async fn ask(question: &Question, ctx: &Ctx) -> Result<Option<bool>> {
    for (indent, line) in question.lines() {
        ctx.stderr.above_question(indent, &line);
    }
    let name = question.typed_name();
    let how = question.how_to_approve();
    let how = format!("{how}. To deny it, type deny. An empty line leaves it open.");
    ctx.stderr.above_question(0, &how);
    for attempt in 1..=ATTEMPTS {
        let typed = ask::text("Answer".to_owned()).await?;
        let typed = typed.trim();
        if typed.is_empty() {
            return Ok(None);
        }
        if ["deny", "no", "n"].iter().any(|no| typed.eq_ignore_ascii_case(no)) {
            return Ok(Some(false));
        }
        if typed == question.typed {
            return Ok(Some(true));
        }
        let more = if attempt < ATTEMPTS { "; try again" } else { "" };
        ctx.stderr.above_question(0, &format!("That is neither {name} nor deny{more}."));
    }
    Ok(None)
}

/// An answer that the waiting command has taken.
pub(crate) struct SentAnswer {
    code: ApprovalCode,
    approved: bool,
}

impl Show for SentAnswer {
    const FIELDS: Fields = &["code", "approved"];

    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        json_text(&json!({"code": self.code.to_string(), "approved": self.approved}))
    }

    fn page(&self) -> Page<'_> {
        Page::default()
    }

    fn notes(&self) -> Vec<String> {
        let note = if self.approved {
            "✓ Approved. The waiting command continues."
        } else {
            "Denied. The waiting command changes nothing."
        };
        vec![note.to_owned()]
    }
}

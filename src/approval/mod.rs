//! A person's approval of one change. [`question`] is what the person sees ([`effects`] builds it,
//! [`difference`] compares it with a later one), [`brief`] what the caller says about it. The answer
//! comes from the terminal, from the approval page ([`page`], served by [`server`] and opened by [`browser`]), or from
//! `insforge approve` in another terminal ([`waiting`]). [`audit`] records every question and answer.
//!
//! It stops mistakes and obedient programs. A hostile program of the same user can answer in the person's place.

mod audit;
mod brief;
mod browser;
mod difference;
mod effects;
mod options;
mod page;
mod peer;
mod question;
mod server;
mod waiting;

pub(crate) use audit::{AuditEntry, AuditLine, AuditTrail, Decision};
pub(crate) use brief::Brief;
pub(crate) use browser::open_browser;
pub(crate) use effects::metadata_field;
pub(crate) use options::ApprovalOptions;
pub(crate) use question::{Dependents, Effects, FieldChange, ObjectChange, PlannedRequest, Question};
pub(crate) use server::ApprovalServer;
pub(crate) use waiting::{ApprovalCode, WaitingCommand, WaitingReply};

/// A person's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) approved: bool,
    pub(crate) by: AnsweredIn,
}

/// Where a person answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnsweredIn {
    /// The terminal of the command itself.
    Terminal,
    /// The approval page.
    Page,
    /// `insforge approve`, in another terminal.
    OtherTerminal,
}

impl AnsweredIn {
    /// The word in the audit trail, and in the form of the approval page.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Page => "page",
            Self::OtherTerminal => "other-terminal",
        }
    }
}

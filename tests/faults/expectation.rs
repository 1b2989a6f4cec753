//! The table of the matrix: how a command of each kind has to end under each class of fault.
//!
//! It follows from the documented exit codes, and not from the program: 8 is for failures after which the same command can
//! be run again, and a write whose outcome is unknown and that cannot be repeated ends with 1 and `OUTCOME_UNKNOWN`.

use super::command::{Command, Format, Kind};
use super::fault::{Class, Fault, Wait};
use super::server::Stage;

/// How often a request is sent again in the matrix.
pub const RETRIES: usize = 1;

/// How a run has to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    pub exit: i32,
    /// The code of the error; `None` for a success.
    pub code: Option<String>,
    /// How often the struck request is sent.
    pub attempts: usize,
    pub stdout: Stdout,
    /// The code of a warning.
    pub warning: Option<&'static str>,
}

/// What a run has to print on stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stdout {
    /// Nothing: it failed.
    Empty,
    /// What it prints without a fault.
    Healthy,
    /// Something although it failed, because the reader needs it: the results of other objects, or a report of what failed.
    Partial,
}

/// How one request ends.
struct Outcome {
    exit: i32,
    code: String,
    attempts: usize,
    /// The HTTP status of the error.
    status: Option<u16>,
}

impl Outcome {
    fn new(exit: i32, code: &str, attempts: usize) -> Self {
        Self { exit, code: code.to_owned(), attempts, status: None }
    }

    fn with_status(self, status: u16) -> Self {
        Self { status: Some(status), ..self }
    }
}

/// The end of a run.
pub fn expected(fault: &Fault, command: &Command, format: Format) -> Expected {
    let healthy = |attempts| {
        if command.kind == Kind::Follow {
            return Expected { exit: 0, code: None, attempts, stdout: Stdout::Partial, warning: None };
        }
        let healthy = command.healthy(format);
        let code = command.healthy(Format::Json).code.clone().filter(|_| healthy.exit != 0);
        // The lines of bulk input are JSON in every format.
        let is_extended =
            fault.class == Class::Extended && (format == Format::Json || command.kind == Kind::Bulk);
        let stdout = if is_extended { Stdout::Partial } else { Stdout::Healthy };
        Expected { exit: healthy.exit, code, attempts, stdout, warning: None }
    };
    if command.kind == Kind::Local {
        return healthy(0);
    }
    let is_first = fault.is_before_all_requests();
    // Before all requests there is nothing that must not be repeated.
    let kind = if is_first && !matches!(command.kind, Kind::Report | Kind::Checks) {
        Kind::Read
    } else {
        command.kind
    };
    let retries = if command.kind == Kind::Follow { 0 } else { RETRIES };
    let is_repeatable = !matches!(kind, Kind::Once | Kind::Searched);
    let Some(outcome) = outcome(fault.class, is_repeatable, command.key_is_accepted_before(), retries) else {
        return healthy(1);
    };
    if fault.class == Class::PartlyInvalid {
        return match (command.kind, format) {
            // Its lines are the backend's own, in every format. The other objects have theirs.
            (Kind::Bulk, _) => Expected {
                exit: 1,
                code: Some("RESPONSE_INVALID".to_owned()),
                attempts: 1,
                stdout: Stdout::Partial,
                warning: None,
            },
            // It shows a report of its own, and a table has only the known fields.
            (Kind::Apply, _) | (_, Format::Text) => healthy(1),
            // Also after a write that cannot be repeated: the answer says that it was applied.
            (kind, Format::Json) => Expected {
                exit: 1,
                code: Some("RESPONSE_INVALID".to_owned()),
                attempts: 1,
                stdout: if kind == Kind::Follow { Stdout::Partial } else { Stdout::Empty },
                warning: None,
            },
        };
    }
    // Requests that cannot be told from the struck one, because only their connection or their head is seen, are struck, too.
    let others = match (command.kind, fault.stage()) {
        // The next object.
        (Kind::Bulk, Stage::Connected | Stage::FirstByte | Stage::Head) => outcome.attempts,
        // The sync after the changes.
        (Kind::Apply, Stage::Connected | Stage::FirstByte) => outcome.attempts,
        // The sync and the list in which the object is searched.
        (Kind::Searched, Stage::Connected | Stage::FirstByte) => 2 * (1 + RETRIES),
        _ => 0,
    };
    let failed = |exit, code: &str, stdout| Expected {
        exit,
        code: Some(code.to_owned()),
        attempts: outcome.attempts + others,
        stdout,
        warning: None,
    };
    match kind {
        Kind::Bulk => failed(9, "PARTLY_DONE", Stdout::Partial),
        Kind::Follow if outcome.exit == 8 || outcome.status.is_some_and(|status| status >= 500) => Expected {
            exit: 0,
            code: None,
            attempts: 1,
            stdout: Stdout::Partial,
            warning: Some("LOOKING_AGAIN"),
        },
        // The rows of the first request.
        Kind::Follow => failed(outcome.exit, &outcome.code, Stdout::Partial),
        Kind::Checks => failed(1, "CHECKS_FAILED", Stdout::Partial),
        Kind::Report => failed(outcome.exit, &outcome.code, Stdout::Partial),
        // The results of all objects, of which each has failed.
        _ if command.kind == Kind::Bulk => failed(outcome.exit, &outcome.code, Stdout::Partial),
        // The report of what was applied and what was not.
        Kind::Apply => failed(outcome.exit, &outcome.code, Stdout::Partial),
        _ => failed(outcome.exit, &outcome.code, Stdout::Empty),
    }
}

/// The outcome of one request; `None` for a success.
fn outcome(class: Class, is_repeatable: bool, key_is_accepted: bool, retries: usize) -> Option<Outcome> {
    let all = 1 + retries;
    let unknown = || Outcome::new(1, "OUTCOME_UNKNOWN", 1);
    // A write that cannot be repeated may have been applied.
    let open = |outcome: Outcome| {
        if is_repeatable { outcome } else { Outcome { status: outcome.status, ..unknown() } }
    };
    Some(match class {
        Class::Harmless | Class::Extended => return None,
        Class::Unreachable => Outcome::new(8, "UNREACHABLE", all),
        Class::Unconnected => Outcome::new(8, "TIMED_OUT", 1),
        Class::NoTls => Outcome::new(1, "TLS_FAILED", 1),
        Class::Lost => open(Outcome::new(8, "UNREACHABLE", all)),
        Class::TimedOut => open(Outcome::new(8, "TIMED_OUT", 1)),
        Class::NotHttp => open(Outcome::new(1, "RESPONSE_INVALID", 1)),
        Class::TooLarge => open(Outcome::new(1, "RESPONSE_TOO_LARGE", 1)),
        Class::Unreadable | Class::PartlyInvalid => {
            open(Outcome::new(1, "RESPONSE_INVALID", 1)).with_status(200)
        }
        Class::Redirected(status) => Outcome::new(1, "REDIRECTED", 1).with_status(status),
        Class::Foreign(status, wait) => {
            let again = if wait == Wait::Long { 1 } else { all };
            let busy = format!("HTTP_{status}");
            let invalid = Outcome::new(1, "RESPONSE_INVALID", 1);
            match status {
                // It was refused before anything was done.
                429 => Outcome::new(8, &busy, again),
                _ if is_out_of_reach(status) => open(Outcome::new(8, &busy, again)),
                _ if is_refused(status) => invalid,
                _ => open(invalid),
            }
            .with_status(status)
        }
        Class::Refused(status, code, wait) => {
            let again = if wait == Wait::Long { 1 } else { all };
            match status {
                429 => Outcome::new(8, code, again),
                408 => open(Outcome::new(8, code, again)),
                _ if is_out_of_reach(status) => open(Outcome::new(8, code, again)),
                // Under load, the backend refuses a key that it has accepted before.
                401 if code == "AUTH_INVALID_API_KEY" && key_is_accepted => Outcome::new(2, code, all),
                401 if code.starts_with("AUTH_") => Outcome::new(2, code, 1),
                403 => Outcome::new(5, code, 1),
                404 => Outcome::new(4, code, 1),
                _ if is_refused(status) => Outcome::new(1, code, 1),
                _ => open(Outcome::new(1, code, 1)),
            }
            .with_status(status)
        }
    })
}

/// The statuses of a server whose backend is out of reach; those from 520 are Cloudflare's.
fn is_out_of_reach(status: u16) -> bool {
    matches!(status, 502..=504 | 520..=524)
}

/// Whether a request with this answer was certainly not carried out.
fn is_refused(status: u16) -> bool {
    matches!(status, 400..=407 | 409..=498 | 501 | 505)
}

//! An error as the user and a script see it: text, or one line of JSON, and the exit code.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::panic::PanicHookInfo;

use serde_json::Value;

use crate::command::{fields, next};
use crate::error::{Code, Exit, Failure};
use crate::ui::{Stderr, ask};

/// Says what failed, why and what to do now; gives the exit code. `args` is the command line that failed.
pub(crate) fn report(error: &anyhow::Error, stderr: Stderr, args: &[OsString]) -> Exit {
    // `| head` is how people look: a reader who has seen enough is no error.
    if error.chain().any(is_broken_pipe) {
        return Exit::Done;
    }
    let failure = failure_of(error);
    if stderr.json {
        Stderr::plain(&to_json(&failure, args).to_string());
    } else {
        stderr.error(&failure.what, failure.why.as_deref(), failure.hint.as_deref());
    }
    failure.exit
}

/// From now on a panic, which is a bug, is told like any other failure, and ends the run. The terminal is as it was before.
pub(crate) fn report_panics(stderr: Stderr, args: Vec<OsString>) {
    std::panic::set_hook(Box::new(move |panic| {
        ask::restore_terminal();
        let failure = bug(panic);
        std::process::exit(report(&failure.into(), stderr, &args).code().into());
    }));
}

fn bug(panic: &PanicHookInfo<'_>) -> Failure {
    let payload = panic.payload();
    let message = payload.downcast_ref::<&str>().copied();
    let message = message.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    Failure::new(Code::Failed, "This is a bug in insforge, and not your mistake")
        .why(format!("{} ({place})", message.unwrap_or("no message")))
        .hint("report it with these lines; look what was done before you run a write again")
}

fn is_broken_pipe(error: &(dyn std::error::Error + 'static)) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

fn failure_of(error: &anyhow::Error) -> Failure {
    if let Some(failure) = error.chain().find_map(|error| error.downcast_ref::<Failure>()) {
        return failure.clone();
    }
    let failure = Failure::new(Code::Failed, error.to_string());
    let reasons: Vec<String> = error.chain().skip(1).map(ToString::to_string).collect();
    if reasons.is_empty() { failure } else { failure.why(reasons.join(": ")) }
}

/// One line. `error` and `code` are always there; keys are only ever added.
fn to_json(failure: &Failure, args: &[OsString]) -> Value {
    let mut line = fields(failure);
    line.insert("next".to_owned(), next(failure, args).into());
    Value::Object(line)
}

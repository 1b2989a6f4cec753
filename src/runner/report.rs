//! An error as the user and a script see it: text, or one line of JSON, and the exit code.

use std::ffi::OsString;
use std::panic::PanicHookInfo;

use serde_json::Value;

use crate::error::{Code, Exit, Failure};
use crate::runner::{fields, is_broken_pipe, next};
use crate::ui::{Stderr, ask};

/// Says what failed, why and what to do now; gives the exit code. `args` is the command line that failed.
pub(crate) fn report(error: &anyhow::Error, stderr: Stderr, args: &[OsString]) -> Exit {
    // `| head` is how people look: a reader who has seen enough is no error.
    if is_broken_pipe(error) {
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// Runs in a process of its own, which it ends.
    #[test]
    #[ignore = "the test below runs it"]
    fn panics() {
        let stderr = Stderr { json: true, ..Stderr::default() };
        report_panics(stderr, vec!["insforge".into()]);
        panic!("of ik_0123456789abcdef");
    }

    #[test]
    fn a_panic_is_told_as_a_failure_without_secrets_and_ends_the_run() {
        let mut own = std::process::Command::new("/proc/self/exe");
        let ran = own
            .args(["--ignored", "--exact", "runner::report::tests::panics", "--nocapture"])
            .output()
            .unwrap();
        assert_eq!(ran.status.code(), Some(1), "{ran:?}");
        let stderr = String::from_utf8(ran.stderr).unwrap();
        let told: Value = serde_json::from_str(stderr.lines().last().unwrap()).unwrap();
        assert_eq!(told["error"], "This is a bug in insforge, and not your mistake");
        let why = told["why"].as_str().unwrap();
        assert!(why.contains("of ik_****") && why.contains("src/runner/report.rs"), "{why}");
        assert!(!stderr.contains("0123456789"), "{stderr}");
    }
}

//! Reports an error to users and scripts: as text or one line of JSON, and with an exit code.

use std::ffi::OsString;
use std::panic::PanicHookInfo;

use serde_json::{Map, Value, json};

use crate::error::{Code, Exit, FOR_PEOPLE, Failure, IN_JSON, Mistake, shortened};
use crate::interrupt;
use crate::runner::next_command;
use crate::runner::stdout::is_broken_pipe;
use crate::secret::{forget, redact};
use crate::ui::{Stderr, ask, clean_lines, cut, progress};

/// Reports what failed, why, and what to do next. Returns the exit code. `args` is the command line that failed.
pub(crate) fn report(error: &anyhow::Error, stderr: Stderr, args: &[OsString]) -> Exit {
    // A reader such as `head` that stops early is no error.
    if is_broken_pipe(error) {
        return Exit::Done;
    }
    let mut failure = failure_of(error);
    cut_arguments(&mut failure, args);
    if stderr.json {
        // One line. `error` and `code` are always present, and fields are only ever added.
        let mut line = json_fields(&failure);
        if !failure.mistakes.is_empty() {
            line.insert("mistakes".to_owned(), mistakes(&failure.mistakes));
        }
        line.insert("next".to_owned(), next_command(&failure, args).into());
        Stderr::json(&Value::Object(line));
    } else {
        stderr.error(&failure.what, failure.why.as_deref(), failure.hint.as_deref());
    }
    failure.exit
}

/// Cuts long arguments in the texts of a failure. A text that quotes one could be as long as the command line. Only the hint
/// of a usage error does not repeat the command.
fn cut_arguments(failure: &mut Failure, args: &[OsString]) {
    let Failure { exit, what, why, hint, .. } = failure;
    let mut hint = hint.as_mut().filter(|_| *exit == Exit::Usage);
    for arg in args {
        let arg = arg.to_string_lossy();
        let value = arg.split_once('=').map(|(_, value)| value);
        for long in [Some(&*arg), value].into_iter().flatten().filter(|value| cut(value) != *value) {
            for text in [Some(&mut *what), why.as_mut(), hint.as_deref_mut()].into_iter().flatten() {
                *text = text.replace(long, &cut(long));
            }
        }
    }
}

/// Makes a panic, which is a bug, report like any other failure and end the run. The terminal is restored first.
pub(crate) fn report_panics(stderr: Stderr, args: Vec<OsString>) {
    std::panic::set_hook(Box::new(move |panic| {
        ask::restore_terminal();
        let exit = report(&panic_failure(panic).into(), stderr, &args);
        forget();
        std::process::exit(exit.code().into());
    }));
}

/// Makes an interrupt report like any other failure if the main thread is busy. The terminal is restored first.
pub(crate) fn report_interrupts(stderr: Stderr, args: Vec<OsString>) {
    interrupt::set_reporter(move |failure| {
        ask::restore_terminal();
        match failure {
            Some(failure) => {
                Stderr::keep_for_this_thread();
                report(&failure.into(), stderr, &args);
            }
            None => progress::erase_line(),
        }
    });
}

fn panic_failure(panic: &PanicHookInfo<'_>) -> Failure {
    let payload = panic.payload();
    let message = payload.downcast_ref::<&str>().copied();
    let message = message.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let place = panic.location().map_or_else(|| "unknown location".to_owned(), ToString::to_string);
    Failure::new(Code::Failed, "This is a bug in insforge")
        .why(format!("{} ({place})", message.unwrap_or("no message")))
        .hint("report the bug with these lines and the output of `insforge --version -v`; after a write, check whether it succeeded before you run it again")
}

/// The failure in an error chain. Other errors become one with the code `FAILED`.
pub(super) fn failure_of(error: &anyhow::Error) -> Failure {
    if let Some(failure) = error.chain().find_map(|error| error.downcast_ref::<Failure>()) {
        return failure.clone();
    }
    let failure = Failure::new(Code::Failed, error.to_string());
    let reasons: Vec<String> = error.chain().skip(1).map(ToString::to_string).collect();
    if reasons.is_empty() { failure } else { failure.why(reasons.join(": ")) }
}

/// The JSON fields of a failure, of a whole run or of one object of a bulk input.
pub(super) fn json_fields(failure: &Failure) -> Map<String, Value> {
    let fields: [(&str, Value); 8] = [
        ("error", shown(Some(&failure.what)).into()),
        ("code", failure.code.as_str().into()),
        ("status", failure.status.into()),
        ("why", shown(failure.why.as_deref()).into()),
        ("hint", shown(failure.hint.as_deref()).into()),
        ("retryable", failure.retryable().into()),
        ("idempotencyKey", shown(failure.idempotency_key.as_ref().map(|key| key.as_str())).into()),
        ("exitCode", failure.exit.code().into()),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn mistakes(mistakes: &[Mistake]) -> Value {
    mistakes
        .iter()
        .map(|Mistake { line, column, index, error }| {
            let error = clean_lines(&redact(error)).into_owned();
            let error = shortened(&error, FOR_PEOPLE);
            json!({"line": line, "column": column, "index": index, "error": error})
        })
        .collect()
}

/// A text for JSON, which a script may print: safe lines without secrets. It is redacted before it becomes JSON, because an
/// escaped line break would join the key after it to a longer word.
fn shown(text: Option<&str>) -> Option<String> {
    text.map(|text| shortened(&clean_lines(&redact(text)), IN_JSON).into_owned())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    #[ignore = "it ends the process; the test below runs it in another one"]
    fn panics() {
        let stderr = Stderr { json: true, ..Stderr::default() };
        report_panics(stderr, vec!["insforge".into()]);
        panic!("of ik_0123456789abcdef");
    }

    #[test]
    fn a_panic_is_reported_as_a_failure_without_secrets() {
        let mut own = std::process::Command::new("/proc/self/exe");
        let ran = own
            .args(["--ignored", "--exact", "runner::report::tests::panics", "--nocapture"])
            .output()
            .unwrap();
        assert_eq!(ran.status.code(), Some(1), "{ran:?}");
        let stderr = String::from_utf8(ran.stderr).unwrap();
        let reported: Value = serde_json::from_str(stderr.lines().last().unwrap()).unwrap();
        assert_eq!(reported["error"], "This is a bug in insforge");
        let why = reported["why"].as_str().unwrap();
        assert!(reported["hint"].as_str().unwrap().contains("`insforge --version -v`"), "{reported}");
        assert!(why.contains("of ik_****") && why.contains("src/runner/report.rs"), "{why}");
        assert!(!stderr.contains("0123456789"), "{stderr}");
    }
}

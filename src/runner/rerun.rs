//! Command lines that are printed to be run: the one that failed, with the idempotency key that prevents a duplicate,
//! and others for the same backend.

use std::ffi::OsString;

use crate::api::Provider;
use crate::error::Failure;
use crate::runner::Ctx;
use crate::secret::{Secret, redact};
use crate::settings::KeyFlag;
use crate::ui::is_clean;
use crate::wire::IdempotencyKey;

const FLAG: &str = "--idempotency-key";
/// The values of these options are secrets, even if they do not look like keys.
const SECRET_FLAGS: [&str; 3] = ["--api-key", "--secret-key", "--key-secret"];

/// Masks the values of these options from now on, even if the command line is refused.
pub(crate) fn remember_secret_arguments(args: &[OsString]) {
    let mut args = args.iter().filter_map(|arg| arg.to_str()).skip(1);
    while let Some(arg) = args.next() {
        let (name, value) = arg.split_once('=').map_or((arg, None), |(name, value)| (name, Some(value)));
        if SECRET_FLAGS.contains(&name) {
            Secret::remembered(value.or_else(|| args.next()).unwrap_or_default().to_owned());
        }
    }
}

/// The command line, as a list of arguments, that is safe to run after this failure and may succeed: the one that failed,
/// with its idempotency key. `None` if the command line cannot be shown.
pub(crate) fn next_command(failure: &Failure, args: &[OsString]) -> Option<Vec<String>> {
    if !failure.retryable() && !failure.rerun_helps {
        return None;
    }
    let args = command_line(args, failure.idempotency_key.as_deref())?;
    Some(args.into_iter().map(str::to_owned).collect())
}

/// The command line, with the key if only this run knows it. `None` if an argument cannot be shown in a terminal, or
/// looks like a secret.
fn command_line<'a>(args: &'a [OsString], key: Option<&'a IdempotencyKey>) -> Option<Vec<&'a str>> {
    let mut line = vec!["insforge"];
    for arg in args.iter().skip(1) {
        line.push(arg.to_str().filter(|arg| is_clean(arg))?);
    }
    if let Some(key) = key.filter(|key| key.is_generated()) {
        // After `--` the option would be an argument.
        let end = line.iter().position(|arg| *arg == "--").unwrap_or(line.len());
        line.splice(end..end, [FLAG, key.as_str()]);
    }
    let is_secret = |arg: &&str| {
        SECRET_FLAGS.contains(&arg.split('=').next().unwrap_or_default()) || redact(arg) != **arg
    };
    let joined = shell_words::join(&line);
    (!line.iter().any(is_secret) && redact(&joined) == joined).then_some(line)
}

/// The hint for a create whose outcome is unknown. `reads_stdin` says whether the command had input on stdin.
pub(super) fn hint(key: &IdempotencyKey, ctx: &Ctx, reads_stdin: bool) -> String {
    hint_for(key, &ctx.args, reads_stdin || ctx.flags.key == Some(KeyFlag::Stdin))
}

fn hint_for(key: &IdempotencyKey, args: &[OsString], reads_stdin: bool) -> String {
    let same_input = if reads_stdin { " with the same input" } else { "" };
    match command_line(args, Some(key)) {
        Some(line) => format!(
            "the idempotency key prevents a duplicate; run it again{same_input}: {}",
            shell_words::join(line)
        ),
        None if key.is_generated() => format!(
            "the idempotency key prevents a duplicate; run it again{same_input}, adding {FLAG} {}",
            shell_words::quote(key.as_str())
        ),
        None => "the idempotency key prevents a duplicate; run the same command again".to_owned(),
    }
}

/// The hint for a change that needs an approval: the same command with what the caller says about it.
pub(super) fn with_brief(ctx: &Ctx) -> String {
    let brief = &ctx.approval.brief;
    let missing = [
        ("--reason", &brief.reason, "WHY YOU DO THIS"),
        ("--impact", &brief.impact, "WHAT AND WHO IS AFFECTED"),
        ("--recommendation", &brief.recommendation, "WHAT YOU WOULD ANSWER"),
    ];
    let flags: Vec<&str> = missing
        .into_iter()
        .filter(|(_, given, _)| given.is_none())
        .flat_map(|(flag, _, value)| [flag, value])
        .collect();
    let reads_stdin = ctx.reads_stdin.get() || ctx.flags.key == Some(KeyFlag::Stdin);
    let same_input = if reads_stdin { ", with the same input" } else { "" };
    match command_line(&ctx.args, None) {
        Some(mut line) => {
            let end = line.iter().position(|arg| *arg == "--").unwrap_or(line.len());
            line.splice(end..end, flags);
            format!("tell the person why{same_input}: {}", shell_words::join(line))
        }
        None => format!("run the same command again{same_input}, adding {}", shell_words::join(flags)),
    }
}

impl Ctx {
    /// The command line of this run, if it can be shown.
    pub(crate) fn shown_command(&self) -> Option<String> {
        command_line(&self.args, None).map(shell_words::join)
    }

    /// The command line of this run, to be named in a sentence. `reads_stdin` says whether it had input on stdin.
    pub(crate) fn same_command(&self, reads_stdin: bool) -> String {
        let line = command_line(&self.args, None).map(|line| format!("`{}`", shell_words::join(line)));
        let line = line.unwrap_or_else(|| "the same command".to_owned());
        if reads_stdin || self.flags.key == Some(KeyFlag::Stdin) {
            format!("{line}, with the same input,")
        } else {
            line
        }
    }

    /// Another command of the provider, for the backend of this run.
    pub(crate) fn command(&self, provider: &Provider, args: &[&str]) -> String {
        let mut all: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        if let Some(url) = &self.flags.api_url {
            all.extend(["--api-url".to_owned(), url.clone()]);
        }
        match &self.flags.key {
            Some(KeyFlag::Stdin) => all.push("--api-key-stdin".to_owned()),
            Some(KeyFlag::File(path)) => {
                all.extend(["--api-key-file".to_owned(), path.display().to_string()]);
            }
            None => {}
        }
        if let Some(name) = &self.flags.profile {
            all.extend(["--profile".to_owned(), name.clone()]);
        }
        let given = self.flags.preset.get();
        all.extend(given.and_then(|given| given.flag).map(str::to_owned));
        format!("{} {}", provider.commands, shell_words::join(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    fn os(args: &[&str]) -> Vec<OsString> {
        args.iter().map(OsString::from).collect()
    }

    fn given() -> IdempotencyKey {
        "k 1".parse().unwrap()
    }

    #[test]
    fn the_hint_adds_a_generated_key_to_the_command_line() {
        let key = IdempotencyKey::generate();
        for (args, expected) in [
            (
                &["/usr/bin/insforge", "payments", "x"][..],
                "run it again: insforge payments x --idempotency-key KEY",
            ),
            (
                &["i", "x", "--name", "it's"],
                "run it again: insforge x --name 'it'\\''s' --idempotency-key KEY",
            ),
            (&["i", "x", "--", "test"], "run it again: insforge x --idempotency-key KEY -- test"),
            (&["i", "x", "--name", "two\nlines"], "run it again, adding --idempotency-key KEY"),
        ] {
            let hint = hint_for(&key, &os(args), false);
            assert!(hint.ends_with(&expected.replace("KEY", key.as_str())), "{hint}");
        }
        let hint = hint_for(&given(), &os(&["i", "x", FLAG, "k 1"]), true);
        assert!(
            hint.ends_with("run it again with the same input: insforge x --idempotency-key 'k 1'"),
            "{hint}"
        );
    }

    #[test]
    fn next_is_a_command_line_that_is_safe_to_run_and_has_no_secret() {
        let with_key = |key: &IdempotencyKey| {
            Failure::new(Code::ResponseInvalid, "x").with_idempotency_key(key).rerun_helps(true)
        };
        let key = IdempotencyKey::generate();
        let retryable = || Failure::new(Code::Unreachable, "x");
        for (failure, args, expected) in [
            (
                retryable(),
                &["/bin/i", "payments", "status", "--json"][..],
                Some(&["insforge", "payments", "status", "--json"][..]),
            ),
            (Failure::usage("x"), &["i", "payments"], None),
            (Failure::new(Code::PartlyDone, "x"), &["i", "payments"], None),
            (
                Failure::new(Code::PartlyDone, "x").rerun_helps(true),
                &["i", "payments"],
                Some(&["insforge", "payments"]),
            ),
            (Failure::new(Code::Failed, "x").with_idempotency_key(&key), &["i", "payments"], None),
            (with_key(&key), &["i", "x", "--", "y"], Some(&["insforge", "x", FLAG, key.as_str(), "--", "y"])),
            (with_key(&given()), &["i", "x", FLAG, "k 1"], Some(&["insforge", "x", FLAG, "k 1"])),
            (
                retryable(),
                &["i", "config", "set", "test", "-"],
                Some(&["insforge", "config", "set", "test", "-"]),
            ),
            (retryable(), &["i", "config", "set", "sk_test_abcdefgh"], None),
            (retryable(), &["i", "config", "set", "--key-secret", "hush"], None),
            (retryable(), &["i", "config", "set", "--key-secret=hush"], None),
            (
                retryable(),
                &["i", "config", "set", "--key-secret-file", "f"],
                Some(&["insforge", "config", "set", "--key-secret-file", "f"]),
            ),
            (retryable(), &["i", "x", "two\nlines"], None),
        ] {
            assert_eq!(
                next_command(&failure, &os(args)).as_deref(),
                expected.map(|words| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>()).as_deref(),
                "{args:?}"
            );
        }
    }
}

//! Command lines that are printed to be run: the one that failed, with the key under which it is not done twice, and
//! others for the same backend.

use std::ffi::OsString;

use crate::api::Provider;
use crate::error::{Code, Failure};
use crate::runner::Ctx;
use crate::secret::redact;
use crate::settings::KeyFlag;
use crate::ui::is_unsafe;
use crate::wire::IdempotencyKey;

const FLAG: &str = "--idempotency-key";
/// What stands behind these is a secret, whatever it looks like.
const SECRET_FLAGS: [&str; 3] = ["--api-key", "--secret-key", "--key-secret"];

/// The command line, as words, that is safe to run after this failure: the one that failed, where running it again may
/// help, its idempotency key is known, or a file's objects have theirs. `None` where it cannot be shown as it is.
pub(crate) fn next(failure: &Failure, args: &[OsString]) -> Option<Vec<String>> {
    let key = failure.idempotency_key.as_deref();
    if !failure.retryable() && key.is_none() && failure.code != Code::PartlyDone {
        return None;
    }
    // The same filter fails again.
    if failure.code == Code::JqFailed {
        return None;
    }
    let words = words(args, key.filter(|_| failure.key_is_new))?;
    Some(words.into_iter().map(str::to_owned).collect())
}

/// The same command line, with a key that it has not; `None` where something in it is no text for a terminal, or looks
/// like a secret.
fn words<'a>(args: &'a [OsString], key: Option<&'a str>) -> Option<Vec<&'a str>> {
    let mut words = vec!["insforge"];
    for word in args.iter().skip(1) {
        words.push(word.to_str().filter(|word| !word.contains(is_unsafe))?);
    }
    if let Some(key) = key {
        // Behind a bare `--` it would be taken for a word.
        let end = words.iter().position(|word| *word == "--").unwrap_or(words.len());
        words.splice(end..end, [FLAG, key]);
    }
    let is_secret = |word: &&str| {
        SECRET_FLAGS.contains(&word.split('=').next().unwrap_or_default()) || redact(word) != **word
    };
    let glued = shell_words::join(&words);
    (!words.iter().any(is_secret) && redact(&glued) == glued).then_some(words)
}

/// The idempotency key of a create.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyInUse<'a> {
    pub(crate) key: &'a IdempotencyKey,
    /// It was made for this run: nobody else knows it.
    pub(crate) generated: bool,
}

impl KeyInUse<'_> {
    /// What to do when it is unknown whether the create was done. `input` is whether it had something on stdin.
    pub(super) fn hint(self, args: &[OsString], input: bool) -> String {
        let same = if input { ", with the same input" } else { "" };
        match self.command(args) {
            Some(command) => {
                format!("with its idempotency key it cannot happen twice; run it again{same}: {command}")
            }
            None if self.generated => format!(
                "with its idempotency key it cannot happen twice; run it again{same} with {FLAG} {}",
                shell_words::quote(self.key.as_str())
            ),
            None => "its idempotency key makes it safe to run the same command again".to_owned(),
        }
    }

    /// The same command line, for a POSIX shell.
    fn command(self, args: &[OsString]) -> Option<String> {
        let key = self.generated.then(|| self.key.as_str());
        Some(shell_words::join(words(args, key)?))
    }
}

impl Ctx {
    /// The command that was given, for whoever is to run it again: in the middle of a sentence. `input` is whether it had
    /// something on stdin.
    pub(crate) fn same_command(&self, input: bool) -> String {
        let line = words(&self.args, None).map(|words| format!("`{}`", shell_words::join(words)));
        let line = line.unwrap_or_else(|| "the same command".to_owned());
        if input || self.flags.key == Some(KeyFlag::Stdin) {
            format!("{line}, with the same input,")
        } else {
            line
        }
    }

    /// Another command of a provider's, for the backend that this run is for.
    pub(crate) fn command(&self, provider: &Provider, words: &[&str]) -> String {
        let mut all: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
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

    fn again(args: &[&str], generated: bool) -> String {
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        let key = "k 1".parse().unwrap();
        let hint = KeyInUse { key: &key, generated }.hint(&args, false);
        hint.split_once("run it again").unwrap().1.trim_start_matches(':').trim().to_owned()
    }

    #[test]
    fn the_key_is_added_where_it_was_made_here() {
        for (args, generated, command) in [
            (
                &["/usr/bin/insforge", "payments", "x"][..],
                true,
                "insforge payments x --idempotency-key 'k 1'",
            ),
            (&["i", "x", "--name", "it's"], true, "insforge x --name 'it'\\''s' --idempotency-key 'k 1'"),
            (&["i", "x", "--", "test"], true, "insforge x --idempotency-key 'k 1' -- test"),
            (&["i", "x", "--idempotency-key", "k 1"], false, "insforge x --idempotency-key 'k 1'"),
            (&["i", "x", "--name", "two\nlines"], true, "with --idempotency-key 'k 1'"),
        ] {
            assert_eq!(again(args, generated), command);
        }
    }

    #[test]
    fn what_is_safe_to_run_again_is_there_as_words_without_a_secret() {
        let with_key = |is_new| {
            let failure = Failure::new(Code::OutcomeUnknown, "x");
            Failure { idempotency_key: Some("k 1".into()), key_is_new: is_new, ..failure }
        };
        let retryable = || Failure::new(Code::Unreachable, "x");
        for (failure, args, expected) in [
            (
                retryable(),
                &["/bin/i", "payments", "status", "--json"][..],
                Some(&["insforge", "payments", "status", "--json"][..]),
            ),
            (Failure::usage("x"), &["i", "payments"], None),
            (Failure::new(Code::PartlyDone, "x"), &["i", "payments"], Some(&["insforge", "payments"])),
            (with_key(true), &["i", "x", "--", "y"], Some(&["insforge", "x", FLAG, "k 1", "--", "y"])),
            (with_key(false), &["i", "x", FLAG, "k 1"], Some(&["insforge", "x", FLAG, "k 1"])),
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
            let args: Vec<OsString> = args.iter().map(OsString::from).collect();
            assert_eq!(
                next(&failure, &args).as_deref(),
                expected.map(|words| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>()).as_deref(),
                "{args:?}"
            );
        }
    }
}

//! Command lines that are printed to be run: the one that failed, with the key under which it is not done twice, and
//! others for the same backend.

use std::ffi::OsString;

use crate::api::Provider;
use crate::command::Ctx;

use crate::secret::redact;
use crate::settings::KeyFlag;
use crate::ui::is_unsafe;
use crate::wire::IdempotencyKey;

const FLAG: &str = "--idempotency-key";

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

    /// The same command line, for a POSIX shell; `None` where it cannot be shown as it is: where something in it is no
    /// text for a terminal, or looks like a secret.
    fn command(self, args: &[OsString]) -> Option<String> {
        let key = [FLAG, self.key.as_str()];
        command_line(args, if self.generated { &key } else { &[] })
    }
}

/// The command line with some words more, for a POSIX shell.
fn command_line(args: &[OsString], more: &[&str]) -> Option<String> {
    let mut words = vec!["insforge"];
    for word in args.iter().skip(1) {
        words.push(word.to_str().filter(|word| !word.contains(is_unsafe))?);
    }
    // Behind a bare `--` they would be taken for something else.
    let end = words.iter().position(|word| *word == "--").unwrap_or(words.len());
    words.splice(end..end, more.iter().copied());
    let command = shell_words::join(words);
    (redact(&command) == command).then_some(command)
}

impl Ctx {
    /// The command that was given, for whoever is to run it again: in the middle of a sentence. `input` is whether it had
    /// something on stdin.
    pub(crate) fn same_command(&self, input: bool) -> String {
        let line = command_line(&self.args, &[]).map(|line| format!("`{line}`"));
        let line = line.unwrap_or_else(|| "the same command".to_owned());
        if input || self.asked.key == Some(KeyFlag::Stdin) {
            format!("{line}, with the same input,")
        } else {
            line
        }
    }

    /// Another command of a provider's, for the backend that this run is for.
    pub(crate) fn command(&self, provider: &Provider, words: &[&str]) -> String {
        let mut all: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        if let Some(url) = &self.asked.api_url {
            all.extend(["--api-url".to_owned(), url.clone()]);
        }
        match &self.asked.key {
            Some(KeyFlag::Stdin) => all.push("--api-key-stdin".to_owned()),
            Some(KeyFlag::File(path)) => {
                all.extend(["--api-key-file".to_owned(), path.display().to_string()]);
            }
            None => {}
        }
        if let Some(name) = &self.asked.profile {
            all.extend(["--profile".to_owned(), name.clone()]);
        }
        let given = self.asked.given.get();
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
}

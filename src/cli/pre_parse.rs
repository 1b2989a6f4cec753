//! The settings that a usage error needs, read from the arguments before they are parsed.

use std::ffi::OsString;

use clap::ValueEnum;

use crate::env::ProcessEnv;
use crate::runner::Output;
use crate::ui::Stderr;

/// When to use colors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    pub(super) fn is_enabled(self, terminal: bool, env: &ProcessEnv) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto if env.var("NO_COLOR").is_some() => false,
            Self::Auto if env.is_enabled("CLICOLOR_FORCE") => true,
            Self::Auto => terminal && env.var("TERM") != Some("dumb"),
        }
    }
}

/// How errors are shown.
pub(crate) struct PreParse {
    /// Whether errors are JSON.
    pub(super) json: bool,
    pub(super) color: Color,
}

impl PreParse {
    /// Reads the arguments and the environment. Invalid values are ignored here; the parser reports them later.
    pub(crate) fn read(args: &[OsString], env: &ProcessEnv) -> Self {
        let mut output = env.var("INSFORGE_OUTPUT").map(str::to_owned);
        let (mut json, mut filtered, mut color) = (false, false, None);
        let words: Vec<String> = args.iter().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
        let mut rest = words.iter().map(String::as_str).take_while(|word| *word != "--");
        while let Some(word) = rest.next() {
            // Other short options can precede `o` in one argument: `-qo json`.
            let short = word.strip_prefix('-').map(|word| word.trim_start_matches(['q', 'y', 'v']));
            match (word, short) {
                ("--json", _) => json = true,
                ("--jq", _) => filtered = true,
                ("--output", _) | (_, Some("o")) => output = rest.next().map(str::to_owned),
                ("--color", _) => color = rest.next().map(str::to_owned),
                (long, _) if long.starts_with("--") => match long.split_once('=') {
                    Some(("--output", value)) => output = Some(value.to_owned()),
                    Some(("--color", value)) => color = Some(value.to_owned()),
                    Some(("--jq", _)) => filtered = true,
                    _ => {}
                },
                (_, Some(short)) if short.starts_with('o') => {
                    let value = short[1..].trim_start_matches('=');
                    // Any other word can be the value of an option.
                    if Output::from_str(value, false).is_ok() {
                        output = Some(value.to_owned());
                    }
                }
                _ => {}
            }
        }
        Self {
            // A person who types a filter in a terminal reads the error there.
            json: json
                || filtered && !env.stderr_terminal
                || matches!(output.as_deref(), Some("json" | "jsonl")),
            color: color.and_then(|word| Color::from_str(&word, false).ok()).unwrap_or_default(),
        }
    }

    /// Whether text on stdout is colored.
    pub(crate) fn colors_on_stdout(&self, env: &ProcessEnv) -> bool {
        self.color.is_enabled(env.stdout_colors, env)
    }

    /// The stream for errors.
    pub(crate) fn stderr(&self, env: &ProcessEnv) -> Stderr {
        let colors = self.color.is_enabled(env.stderr_colors, env);
        Stderr { json: self.json, colors, width: env.stderr_width, ..Stderr::default() }
    }
}

//! A secret of a provider's: from the one source that the command line names, or else from the environment, or else from
//! a question.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::commands::common::is_stdin;
use crate::error::{Failure, Warning, WarningCode};
use crate::runner::{Ctx, run_blocking};
use crate::secret::Secret;
use crate::settings::{Found, Source, read_secret};
use crate::ui::ask;
use crate::wire::Environment;

/// A source that the command line names.
pub(crate) enum SecretFrom<'a> {
    /// The secret itself, in this place of the command line; `-` is stdin.
    Word(&'static str, &'a str),
    /// A file, by this flag; `-` is stdin.
    File(&'static str, &'a Path),
    Stdin,
}

/// What a secret is called, and how it comes where the command line names no source.
pub(crate) struct SecretInput {
    /// As in “the key from stdin”.
    pub(crate) what: &'static str,
    /// The environment variable that may have it.
    pub(crate) variable: &'static str,
    /// What to ask for it with.
    pub(crate) question: String,
    /// How to give it by a pipe.
    pub(crate) pipe: String,
}

impl SecretFrom<'_> {
    pub(crate) fn reads_stdin(&self) -> bool {
        match self {
            Self::Word(_, word) => *word == "-",
            Self::File(_, path) => is_stdin(path),
            Self::Stdin => true,
        }
    }
}

impl SecretInput {
    /// Gets it.
    pub(crate) async fn find(&self, ctx: &Ctx, named: &[SecretFrom<'_>]) -> Result<Found<Secret>> {
        match named {
            [] => self.search_surroundings(ctx).await,
            [named] => read_secret_from(ctx, self.what, named, &self.pipe).await,
            _ => Err(Failure::usage(format!("The {} is given twice", self.what))
                .hint(format!("give it once: {}, or in a file", self.pipe))
                .into()),
        }
    }

    async fn search_surroundings(&self, ctx: &Ctx) -> Result<Found<Secret>> {
        if let Some(secret) = ctx.env.var(self.variable) {
            let value = Secret::new(secret.to_owned());
            return Ok(Found { value, source: Source::Variable(self.variable) });
        }
        if !ctx.interactive {
            return Err(Failure::usage(format!("The {} is missing, and nobody can be asked", self.what))
                .hint(format!("{}, or set {}", self.pipe, self.variable))
                .into());
        }
        Ok(Found { value: ask::secret(self.question.clone()).await?, source: Source::Prompt })
    }
}

/// Reads a secret from where the command line says; `pipe` says how it can come by a pipe.
pub(crate) async fn read_secret_from(
    ctx: &Ctx,
    what: &'static str,
    named: &SecretFrom<'_>,
    pipe: &str,
) -> Result<Found<Secret>> {
    let (path, source) = match named {
        _ if named.reads_stdin() => (None, Source::Flag("stdin")),
        SecretFrom::Word(place, secret) => {
            ctx.warn(&[in_argv(what, pipe)]);
            return Ok(Found { value: Secret::new((*secret).to_owned()), source: Source::Flag(place) });
        }
        SecretFrom::File(flag, path) => {
            (Some(path.to_path_buf()), Source::KeyFile { named_by: flag, path: path.to_path_buf() })
        }
        SecretFrom::Stdin => (None, Source::Flag("stdin")),
    };
    // Whoever takes the flag for another has written the secret where the path should be: it is not repeated.
    let place = match &source {
        Source::KeyFile { named_by, .. } => format!("the file that {named_by} names"),
        _ => "stdin".to_owned(),
    };
    let value = run_blocking(move || from(path)).await.map_err(|error| {
        Failure::usage(format!("Cannot read the {what} from {place}"))
            .why(format!("{error:#}"))
            .hint(format!("name a file that holds the {what} and nothing else, or {pipe}"))
    })?;
    ctx.warn(source.readable_by_others().as_slice());
    Ok(Found { value, source })
}

/// From this file, or from stdin.
fn from(path: Option<PathBuf>) -> Result<Secret> {
    match path {
        Some(path) => read_secret(std::fs::File::open(path)?),
        None => read_secret(std::io::stdin().lock()),
    }
}

fn in_argv(what: &str, pipe: &str) -> Warning {
    let text = format!(
        "a {what} on the command line is visible to everyone on this machine and stays in the shell's history; {pipe} \
         next time"
    );
    Warning { code: WarningCode::KeyInArgv, text }
}

/// Refuses a key whose beginning is not that of its environment's keys.
///
/// # Errors
/// The words that go on after “the key”.
pub(crate) fn check_beginning(
    key: &str,
    environment: Environment,
    beginning: fn(Environment) -> &'static str,
) -> Result<(), String> {
    match key.strip_prefix(beginning(environment)) {
        Some("") => Err("is only the beginning of one".into()),
        Some(_) => Ok(()),
        None if key.starts_with(beginning(environment.other())) => {
            Err(format!("is for {}, not for {environment}", environment.other()))
        }
        None => Err(format!("does not begin with {}", beginning(environment))),
    }
}

//! Reads a provider's secret: from the source that the command line names, or else from an environment variable, or else
//! from a prompt.

use std::path::Path;

use anyhow::Result;

use crate::error::{Failure, Warning, WarningCode};
use crate::input::{Input, is_stdin};
use crate::runner::Ctx;
use crate::secret::Secret;
use crate::settings::{Source, WithSource, read_secret};
use crate::ui::ask;
use crate::wire::Environment;

/// A source that the command line names.
pub(crate) enum SecretFrom<'a> {
    /// The secret itself, given in this way; `-` is stdin.
    CommandLine(&'static str, &'a str),
    /// A file, named by this option; `-` is stdin.
    File(&'static str, &'a Path),
    Stdin,
}

/// The name of a secret, and its sources if the command line names none.
pub(crate) struct SecretInput {
    /// Its name, as in “the key from stdin”.
    pub(crate) what: &'static str,
    /// The environment variable that can hold it.
    pub(crate) variable: &'static str,
    /// The prompt.
    pub(crate) question: String,
    /// The advice to use a pipe, such as “pipe it into …”.
    pub(crate) pipe: String,
}

impl SecretFrom<'_> {
    pub(crate) fn reads_stdin(&self) -> bool {
        match self {
            Self::CommandLine(_, text) => *text == "-",
            Self::File(_, path) => is_stdin(path),
            Self::Stdin => true,
        }
    }
}

impl SecretInput {
    /// Reads the secret from the only source that is named, or else from the environment or a prompt.
    pub(crate) async fn find(&self, ctx: &Ctx, named: &[SecretFrom<'_>]) -> Result<WithSource<Secret>> {
        match named {
            [] => self.find_elsewhere(ctx).await,
            [named] => read_secret_from(ctx, self.what, named, &self.pipe).await,
            _ => Err(Failure::usage(format!("The {} is given more than once", self.what))
                .hint(format!("give it once: {}, or use a file", self.pipe))
                .into()),
        }
    }

    async fn find_elsewhere(&self, ctx: &Ctx) -> Result<WithSource<Secret>> {
        if let Some(secret) = ctx.env.utf8_var(self.variable)? {
            let value = Secret::remembered(secret.to_owned());
            return Ok(WithSource { value, source: Source::Variable(self.variable) });
        }
        if !ctx.interactive {
            return Err(Failure::usage(format!(
                "The {} is missing, and the session is not interactive",
                self.what
            ))
            .hint(format!("{}, or set {}", self.pipe, self.variable))
            .into());
        }
        Ok(WithSource { value: ask::secret(self.question.clone()).await?, source: Source::Prompt })
    }
}

/// Reads a secret from the source that the command line names; see [`SecretInput`] for `what` and `pipe`.
pub(crate) async fn read_secret_from(
    ctx: &Ctx,
    what: &'static str,
    named: &SecretFrom<'_>,
    pipe: &str,
) -> Result<WithSource<Secret>> {
    let (input, source) = match named {
        _ if named.reads_stdin() => (Input::Stdin, Source::Flag("stdin")),
        SecretFrom::CommandLine(place, secret) => {
            ctx.warn(&[key_in_argv(what, pipe)]);
            return Ok(WithSource {
                value: Secret::remembered((*secret).to_owned()),
                source: Source::Flag(place),
            });
        }
        SecretFrom::File(flag, path) => {
            let path = path.to_path_buf();
            (Input::Named(path.clone()), Source::KeyFile { named_by: flag, path })
        }
        SecretFrom::Stdin => (Input::Stdin, Source::Flag("stdin")),
    };
    // The path is not repeated: with the wrong option, it may be the secret itself.
    let place = match &source {
        Source::KeyFile { named_by, .. } => format!("the file that {named_by} names"),
        _ => "stdin".to_owned(),
    };
    let read = ctx.run_blocking(format!("the {what} from {place}"), move || Ok(read_secret(&input)));
    let value = read.await?.map_err(|error| {
        Failure::usage(format!("Cannot read the {what} from {place}"))
            .why(error.to_string())
            .hint(format!("name a file that holds the {what} and nothing else, or {pipe}"))
    })?;
    ctx.warn(source.readable_by_others().as_slice());
    Ok(WithSource { value, source })
}

fn key_in_argv(what: &str, pipe: &str) -> Warning {
    let text = format!(
        "everyone on this machine can see a {what} on the command line, and the shell's history keeps it; next time, \
         {pipe}"
    );
    Warning { code: WarningCode::KeyInArgv, text }
}

/// Refuses a key without the prefix of its environment's keys.
///
/// # Errors
/// The rest of a sentence that begins with “the key”.
pub(crate) fn check_prefix(
    key: &str,
    environment: Environment,
    prefix: fn(Environment) -> &'static str,
) -> Result<(), String> {
    match key.strip_prefix(prefix(environment)) {
        Some("") => Err("is only the prefix of a key".into()),
        Some(_) => Ok(()),
        None if key.starts_with(prefix(environment.other())) => {
            Err(format!("is for {}, not for {environment}", environment.other()))
        }
        None => Err(format!("does not begin with {}", prefix(environment))),
    }
}

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::api::stripe::{self, STRIPE};
use crate::api::{Call, Reply};
use crate::command::{Change, Check, Ctx, Write, aside};
use crate::commands::common::{Configured, is_stdin, the_same};
use crate::commands::stripe::secret_key;
use crate::error::{Failure, Warning};
use crate::guard::Effect;
use crate::secret::Secret;
use crate::settings::{Found, Source, read_secret};
use crate::ui::ask;
use crate::wire::{Config, Connection, Environment};

/// Give the backend the Stripe secret key of one environment
///
/// The key comes from stdin (`config set test -`), from --secret-key-file, from STRIPE_TEST_SECRET_KEY or
/// STRIPE_LIVE_SECRET_KEY, or from a hidden prompt. It can be a word or --secret-key too, but a command line is visible
/// to everyone on the machine. The backend syncs and makes a webhook endpoint at once. A key of another Stripe account
/// deletes what is mirrored of the present one; where that may be so, it asks before.
#[derive(Args)]
#[command(override_usage = USAGE)]
pub(crate) struct ConfigSet {
    /// Which environment [default: test], then the key; `-` reads it from stdin
    #[arg(value_names = ["ENV", "KEY"], num_args = 0..=2)]
    words: Vec<String>,
    /// The environment, as a flag
    #[arg(short, long = "environment", value_name = "ENV")]
    environment: Vec<Environment>,
    /// The key itself; better not here
    #[arg(long, value_name = "KEY")]
    secret_key: Option<String>,
    /// Read the key from a file
    #[arg(long, value_name = "PATH")]
    secret_key_file: Option<PathBuf>,
}

/// How it is written; told by every usage error of this command, which tell nothing of what was written.
pub(crate) const USAGE: &str =
    "insforge payments config set [ENV] [- | KEY | --secret-key KEY | --secret-key-file PATH]";

const COMMAND_LINE: &str = "the command line";
const SECRET_KEY: &str = "--secret-key";

/// A key that has passed its check, and what it will meet.
pub(crate) struct Resolved {
    environment: Environment,
    key: Secret,
    /// The environment as it was before; not asked for in a rehearsal.
    before: Option<Connection>,
}

impl Write for ConfigSet {
    type Resolved = Resolved;
    type Answer = Config;
    type Shown = Configured;
    const HAS_IDS: bool = false;

    fn effect(&self) -> Result<Effect, Failure> {
        Ok(Effect::Write(self.words()?.0))
    }

    fn reads_stdin(&self) -> Option<&'static str> {
        let words = self.words.iter().chain(&self.secret_key).any(|word| word == "-");
        (words || self.secret_key_file.as_deref().is_some_and(is_stdin)).then_some("the key's `-`")
    }

    async fn resolve(&self, ctx: &Ctx) -> Result<Resolved> {
        let (environment, word) = self.words()?;
        let key = self.key(ctx, environment, word).await?;
        secret_key::check(&key.value, environment).map_err(|why| {
            Failure::usage(format!("The key from {} {why}", key.source))
                .hint(format!("use the account's secret key for {environment} (sk_{environment}_…)"))
        })?;
        if let Source::Flag(COMMAND_LINE | SECRET_KEY) = key.source {
            ctx.warn(&[in_argv()]);
        }
        let before = if ctx.dry_run { None } else { ctx.connection(&STRIPE, environment).await? };
        Ok(Resolved { environment, key: key.value, before })
    }

    fn change(&self, Resolved { environment, key, before }: &Resolved) -> Change {
        let account = before.as_ref().and_then(Connection::account);
        let destroys = secret_key::may_change_account(key, before.as_ref());
        let means = account.as_ref().filter(|_| destroys).map(|account| {
            format!(
                "Nothing in this key shows that it belongs to {}. If it belongs to another account, everything that \
                 is mirrored of {environment} is deleted and mirrored anew.",
                account.id
            )
        });
        Change {
            effect: if destroys { Effect::Destroy(*environment) } else { Effect::Write(*environment) },
            provider: &STRIPE,
            what: format!("Set the secret key {}", key.masked()),
            means,
            account,
            check: Check::backend(&["status"]),
        }
    }

    fn call(&self, resolved: &Resolved) -> Result<Call<Config>> {
        Ok(stripe::set_key(resolved.environment, resolved.key.clone()))
    }

    /// A key that Stripe refuses changes nothing (exchanges 066, 067 and 071).
    fn explain(&self, _ctx: &Ctx, resolved: &Resolved, failure: Failure) -> Failure {
        if failure.code.as_str() != "PAYMENT_CONFIG_INVALID" {
            return failure;
        }
        let environment = resolved.environment;
        failure.hint(format!(
            "nothing was changed; take the secret key of {environment} from Stripe's dashboard, and set that"
        ))
    }

    /// The backend answers with a success although the webhook or the first sync failed: only `status` shows it.
    async fn conclude(&self, ctx: &Ctx, resolved: Resolved, _reply: Reply<Config>) -> Result<Configured> {
        let Resolved { environment, before, .. } = resolved;
        let mut shown = Configured {
            provider: &STRIPE,
            environment,
            configured: true,
            notes: vec![format!("✓ Stripe {environment} key configured.")],
            warnings: Vec::new(),
        };
        match ctx.connection(&STRIPE, environment).await {
            Ok(Some(now)) => {
                shown.notes.extend(now.account().map(|account| format!("  Connected to account {account}.")));
                shown.warnings = what_is_missing(ctx, before.as_ref(), &now, environment);
            }
            Ok(None) => {
                shown.warnings.push(unseen(ctx, "the backend's status does not name this environment"));
            }
            Err(error) => shown.warnings.push(unseen(ctx, &error.to_string())),
        }
        Ok(shown)
    }
}

impl ConfigSet {
    /// The environment, and the word that is the key.
    fn words(&self) -> Result<(Environment, Option<&str>), Failure> {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let (first, key) = match words[..] {
            [] => (None, None),
            [word] => {
                Environment::named(word).map_or((None, Some(word)), |environment| (Some(environment), None))
            }
            [first, second] => match (Environment::named(first), Environment::named(second)) {
                (Some(first), None) => (Some(first), Some(second)),
                (None, Some(second)) => {
                    return Err(Failure::usage("The environment stands before the key")
                        .hint(format!("insforge payments config set {second} -")));
                }
                (None, None) => {
                    return Err(
                        Failure::usage("The first of two words is neither `test` nor `live`").hint(USAGE)
                    );
                }
                (Some(_), Some(_)) => {
                    return Err(Failure::usage("The environment is given twice, and no key").hint(USAGE));
                }
            },
            _ => return Err(Failure::usage("There are too many words").hint(USAGE)),
        };
        let named = the_same(first.iter().chain(&self.environment))?;
        let given = key.or(self.secret_key.as_deref());
        if named.is_none() && given.is_some_and(secret_key::is_for_live) {
            return Err(Failure::usage("This is a live key, and no environment is named")
                .hint("name it: insforge payments config set live -"));
        }
        Ok((named.unwrap_or(Environment::Test), key))
    }

    /// From the one source that was named, or else from the environment, or else from a question.
    async fn key(&self, ctx: &Ctx, environment: Environment, word: Option<&str>) -> Result<Found<Secret>> {
        let named = usize::from(word.is_some())
            + usize::from(self.secret_key.is_some())
            + usize::from(self.secret_key_file.is_some());
        if named > 1 {
            return Err(Failure::usage("The key is given twice")
                .hint("give it once: from stdin with `-`, or with --secret-key-file")
                .into());
        }
        if let Some(path) = &self.secret_key_file {
            return from_file(ctx, path.clone()).await;
        }
        match word.map(|word| (word, COMMAND_LINE)).or(self.secret_key.as_deref().map(|k| (k, SECRET_KEY))) {
            Some(("-", _)) => from_file(ctx, "-".into()).await,
            Some((key, place)) => {
                Ok(Found { value: Secret::new(key.to_owned()), source: Source::Flag(place) })
            }
            None => from_surroundings(ctx, environment).await,
        }
    }
}

async fn from_file(ctx: &Ctx, path: PathBuf) -> Result<Found<Secret>> {
    let stdin = is_stdin(&path);
    let source = if stdin {
        Source::Flag("stdin")
    } else {
        Source::KeyFile { named_by: "--secret-key-file", path: path.clone() }
    };
    let value = aside(move || {
        if stdin { read_secret(std::io::stdin().lock()) } else { read_secret(std::fs::File::open(&path)?) }
    });
    let value = value.await.map_err(|error| {
        // Whoever takes the flag for --secret-key has written the key where the path should be.
        let place = if stdin { "stdin" } else { "the file that --secret-key-file names" };
        Failure::usage(format!("Cannot read the key from {place}"))
            .why(format!("{error:#}"))
            .hint("name a file that holds the key and nothing else, or pipe it into `config set ENV -`")
    })?;
    ctx.warn(source.readable_by_others().as_slice());
    Ok(Found { value, source })
}

async fn from_surroundings(ctx: &Ctx, environment: Environment) -> Result<Found<Secret>> {
    let variable = match environment {
        Environment::Test => "STRIPE_TEST_SECRET_KEY",
        Environment::Live => "STRIPE_LIVE_SECRET_KEY",
    };
    if let Some(key) = ctx.facts.var(variable) {
        return Ok(Found { value: Secret::new(key.to_owned()), source: Source::Variable(variable) });
    }
    if !ctx.interactive {
        return Err(Failure::usage("The key is missing, and nobody can be asked")
            .hint(format!("pipe it into `config set {environment} -`, or set {variable}"))
            .into());
    }
    let question = format!("Stripe {environment} secret key (sk_{environment}_…)");
    Ok(Found { value: ask::secret(question).await?, source: Source::Prompt })
}

/// The key is stored; this is what is not as it should be.
fn what_is_missing(
    ctx: &Ctx,
    before: Option<&Connection>,
    now: &Connection,
    environment: Environment,
) -> Vec<Warning> {
    let command = |words: &[&str]| ctx.command(&STRIPE, &[words, &[environment.as_str()]].concat());
    let mut warnings = Vec::new();
    let earlier = before.and_then(|before| before.account_id.as_deref());
    if let Some(earlier) = earlier.filter(|earlier| now.account_id.as_deref() != Some(earlier)) {
        let text = format!(
            "this key belongs to another account than {earlier}: what was mirrored of {environment} was deleted, and \
             is mirrored anew"
        );
        warnings.push(Warning { code: "MIRROR_REBUILT", text });
    }
    if now.webhook_endpoint_id.is_none() {
        let text = format!(
            "{environment} has no webhook endpoint, so the backend does not hear of payments; run: {}",
            command(&["webhooks", "configure"])
        );
        warnings.push(Warning { code: "WEBHOOK_MISSING", text });
    }
    if now.last_sync_status.as_deref() == Some("failed") {
        let reason = now.last_sync_error.as_deref().unwrap_or("without a reason").trim_end_matches('.');
        let text = format!("the last sync failed: {reason}; run: {}", command(&["sync"]));
        warnings.push(Warning { code: "SYNC_FAILED", text });
    }
    warnings
}

fn in_argv() -> Warning {
    let text = "a key on the command line is visible to everyone on this machine and stays in the shell's history; pipe \
                it into `config set ENV -` next time";
    Warning { code: "KEY_IN_ARGV", text: text.into() }
}

/// The key is stored; whether webhook and first sync are well could not be seen.
fn unseen(ctx: &Ctx, reason: &str) -> Warning {
    let text = format!(
        "whether webhook and sync are well was not seen: {reason}; run: {}",
        ctx.command(&STRIPE, &["status"])
    );
    Warning { code: "STATUS_NOT_SEEN", text }
}

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::api::razorpay::{self, Keys, RAZORPAY};
use crate::api::{Call, Reply};
use crate::commands::common::{
    Configured, SecretFrom, SecretInput, at_most_one, check_beginning, read_secret_from,
};
use crate::error::Failure;
use crate::runner::guard::Effect;
use crate::runner::{Change, Check, Ctx, Write};
use crate::secret::Secret;
use crate::settings::{Source, WithSource};
use crate::ui::ask;
use crate::wire::{Connection, Environment, KeyList};

/// Give the backend the Razorpay key of one environment: its ID and its secret
///
/// The secret comes from stdin (`config set test --key-id ID -`), from --key-secret-file, from RAZORPAY_TEST_KEY_SECRET or
/// RAZORPAY_LIVE_KEY_SECRET, or from a hidden prompt; with --key-secret a command line shows it to everyone on the
/// machine. The ID is no secret, and can be in RAZORPAY_TEST_KEY_ID or RAZORPAY_LIVE_KEY_ID. The backend tries the key
/// and syncs at once, and makes a webhook secret where it has none. It takes every new key ID for another account, and
/// deletes what is mirrored of the present one; it asks before.
#[derive(Args)]
#[command(override_usage = USAGE)]
pub(crate) struct ConfigSet {
    /// Which environment [default: test]; a `-` reads the secret from stdin
    #[arg(value_names = ["ENV", "-"], num_args = 0..=2)]
    words: Vec<String>,
    /// The environment, as a flag
    #[arg(short, long = "environment", value_name = "ENV")]
    environment: Vec<Environment>,
    /// The key's ID (rzp_test_… or rzp_live_…)
    #[arg(long, value_name = "ID")]
    key_id: Option<String>,
    /// The key's secret itself, better not here; `-` reads it from stdin
    #[arg(long, value_name = "SECRET")]
    key_secret: Option<String>,
    /// Read the key's secret from a file
    #[arg(long, value_name = "PATH")]
    key_secret_file: Option<PathBuf>,
    /// Read a webhook secret of your own from stdin
    #[arg(long)]
    webhook_secret_stdin: bool,
    /// Read a webhook secret of your own from a file
    #[arg(long, value_name = "PATH")]
    webhook_secret_file: Option<PathBuf>,
}

const USAGE: &str = "insforge payments razorpay config set [ENV] --key-id ID [- | --key-secret-file PATH | \
                     --key-secret SECRET] [--webhook-secret-file PATH | --webhook-secret-stdin]";

/// Keys that have passed their check, and what they will meet.
pub(crate) struct Resolved {
    environment: Environment,
    keys: Keys,
    /// The environment as it was before; not asked for in a rehearsal.
    before: Option<Connection>,
}

impl Write for ConfigSet {
    type Resolved = Resolved;
    type Answer = KeyList;
    type Shown = Configured;
    const HAS_IDS: bool = false;

    fn effect(&self) -> Result<Effect, Failure> {
        self.environment().map(Effect::Write)
    }

    fn reads_stdin(&self) -> Option<&'static str> {
        if self.secret().iter().any(SecretFrom::reads_stdin) {
            return Some("the secret's `-`");
        }
        self.webhook_secret().iter().any(SecretFrom::reads_stdin).then_some("the webhook secret")
    }

    async fn resolve(&self, ctx: &Ctx) -> Result<Resolved> {
        let environment = self.environment()?;
        let (secret, webhook_secret) = (self.secret(), self.webhook_secret());
        if [&secret, &webhook_secret].iter().all(|from| from.iter().any(SecretFrom::reads_stdin)) {
            return Err(Failure::usage("The secret and the webhook secret both read stdin")
                .hint("take one of them from a file")
                .into());
        }
        let id = self.key_id(ctx, environment).await?;
        let secret = input(environment).find(ctx, &secret).await?;
        refuse(secret.value.flaw().or_else(|| no_secret(&secret.value)), "key secret", &secret, environment)?;
        let webhook_secret = match &webhook_secret[..] {
            [] => None,
            [from] => Some(own_webhook_secret(ctx, from).await?),
            _ => return Err(Failure::usage("The webhook secret is given twice").hint("give it once").into()),
        };
        let before = if ctx.dry_run { None } else { ctx.connection(&RAZORPAY, environment).await? };
        Ok(Resolved { environment, keys: Keys { id, secret: secret.value, webhook_secret }, before })
    }

    fn change(&self, Resolved { environment, keys, before }: &Resolved) -> Change {
        let account = before.as_ref().and_then(Connection::account);
        // To the backend a key's ID is the account (exchange 327).
        let other = account.clone().filter(|account| account.id != keys.id);
        let means = other.as_ref().map(|_| {
            format!(
                "The backend takes every new key ID for another account: everything that is mirrored of {environment} is \
                 deleted and mirrored anew, and the webhook has to be set up again."
            )
        });
        let effect =
            if other.is_some() { Effect::Destroy(*environment) } else { Effect::Write(*environment) };
        Change {
            effect,
            provider: &RAZORPAY,
            what: format!("Set the backend's Razorpay key to {}", keys.id),
            means,
            account,
            check: Check::backend(&["status"]),
        }
    }

    fn call(&self, resolved: &Resolved) -> Result<Call<KeyList>> {
        Ok(razorpay::set_keys(resolved.environment, resolved.keys.clone()))
    }

    /// A key that Razorpay refuses changes nothing.
    fn explain(&self, _ctx: &Ctx, resolved: &Resolved, failure: Failure) -> Failure {
        if failure.code.as_str() != "PAYMENT_CONFIG_INVALID" {
            return failure;
        }
        let environment = resolved.environment;
        failure.hint(format!(
            "nothing was changed; take ID and secret of a {environment} key from Razorpay's dashboard (Account & \
             Settings, API Keys), and set those"
        ))
    }

    async fn conclude(&self, ctx: &Ctx, resolved: Resolved, _reply: Reply<KeyList>) -> Result<Configured> {
        let Resolved { environment, before, .. } = resolved;
        Ok(Configured::set(ctx, &RAZORPAY, environment, before.as_ref(), &["webhooks", "setup"]).await)
    }
}

impl ConfigSet {
    fn environment(&self) -> Result<Environment, Failure> {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let first = match words[..] {
            [] | ["-"] => None,
            [word] | [word, "-"] => Some(Environment::named(word).ok_or_else(|| {
                Failure::usage("A word is neither `test` nor `live` nor `-`")
                    .hint(format!("write it as {USAGE}"))
            })?),
            _ => {
                return Err(
                    Failure::usage("A secret is not given as a word").hint(format!("write it as {USAGE}"))
                );
            }
        };
        let named = at_most_one(first.iter().chain(&self.environment))?;
        let is_live = |id: &String| id.trim_start().starts_with(beginning(Environment::Live));
        if named.is_none() && self.key_id.as_ref().is_some_and(is_live) {
            return Err(Failure::usage("This is a live key, and no environment is named")
                .hint(format!("name it: {} config set live --key-id ID -", RAZORPAY.commands)));
        }
        Ok(named.unwrap_or(Environment::Test))
    }

    /// From the flag, the environment, or a question.
    async fn key_id(&self, ctx: &Ctx, environment: Environment) -> Result<String> {
        let variable = match environment {
            Environment::Test => "RAZORPAY_TEST_KEY_ID",
            Environment::Live => "RAZORPAY_LIVE_KEY_ID",
        };
        let given = self.key_id.clone().map(|id| (id, Source::Flag("--key-id")));
        let in_variable = || Some((ctx.env.var(variable)?.to_owned(), Source::Variable(variable)));
        let (value, source) = match given.or_else(in_variable) {
            Some(found) => found,
            None if ctx.interactive => {
                let question = format!("Razorpay {environment} key ID (rzp_{environment}_…)");
                (ask::text(question).await?, Source::Prompt)
            }
            None => {
                return Err(Failure::usage("The key ID is missing, and nobody can be asked")
                    .hint(format!("give it with --key-id, or set {variable}"))
                    .into());
            }
        };
        let found = WithSource { value: Secret::new(value), source };
        let beginning = check_beginning(found.value.expose(), environment, beginning);
        let flaw = found.value.flaw().map(str::to_owned).or_else(|| beginning.err());
        refuse(flaw.as_deref(), "key ID", &found, environment)?;
        Ok(found.value.expose().to_owned())
    }

    /// What the command line says of where the secret is.
    fn secret(&self) -> Vec<SecretFrom<'_>> {
        let dash = self.words.iter().any(|word| word == "-").then_some(SecretFrom::Stdin);
        let word = self.key_secret.as_deref().map(|secret| SecretFrom::Word("--key-secret", secret));
        let file = self.key_secret_file.as_deref().map(|path| SecretFrom::File("--key-secret-file", path));
        [dash, word, file].into_iter().flatten().collect()
    }

    /// What the command line says of where a webhook secret is.
    fn webhook_secret(&self) -> Vec<SecretFrom<'_>> {
        let stdin = self.webhook_secret_stdin.then_some(SecretFrom::Stdin);
        let file = self.webhook_secret_file.as_deref();
        let file = file.map(|path| SecretFrom::File("--webhook-secret-file", path));
        [stdin, file].into_iter().flatten().collect()
    }
}

/// How an environment's key ids begin.
pub(super) const fn beginning(environment: Environment) -> &'static str {
    match environment {
        Environment::Test => "rzp_test_",
        Environment::Live => "rzp_live_",
    }
}

fn input(environment: Environment) -> SecretInput {
    SecretInput {
        what: "key secret",
        variable: match environment {
            Environment::Test => "RAZORPAY_TEST_KEY_SECRET",
            Environment::Live => "RAZORPAY_LIVE_KEY_SECRET",
        },
        question: format!("Razorpay {environment} key secret"),
        pipe: format!("pipe it into `{} config set {environment} --key-id ID -`", RAZORPAY.commands),
    }
}

/// What is easily taken for a key's secret, which itself looks like nothing.
fn no_secret(secret: &Secret) -> Option<&'static str> {
    let text = secret.expose();
    if text.starts_with("rzp_") {
        Some("is a key's ID, not its secret")
    } else if text.starts_with("ik_") {
        Some("is the project's API key, not Razorpay's")
    } else {
        None
    }
}

/// Nothing here repeats a part of what was given.
fn refuse(
    flaw: Option<&str>,
    what: &str,
    found: &WithSource<Secret>,
    environment: Environment,
) -> Result<(), Failure> {
    flaw.map_or(Ok(()), |flaw| {
        Err(Failure::usage(format!("The {what} from {} {flaw}", found.source)).hint(format!(
            "Razorpay's dashboard shows ID (rzp_{environment}_…) and secret when it makes a key: Account & Settings, \
             API Keys"
        )))
    })
}

async fn own_webhook_secret(ctx: &Ctx, from: &SecretFrom<'_>) -> Result<Secret> {
    let found =
        read_secret_from(ctx, "webhook secret", from, "pipe it in with --webhook-secret-stdin").await?;
    if found.value.is_empty() {
        return Err(Failure::usage(format!("The webhook secret from {} is empty", found.source))
            .hint("leave it out: the backend makes one")
            .into());
    }
    Ok(found.value)
}

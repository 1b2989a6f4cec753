use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::api::stripe::{self, STRIPE};
use crate::api::{Call, Reply};
use crate::commands::common::{Configured, SecretFrom, SecretInput, at_most_one};
use crate::commands::stripe::secret_key;
use crate::error::Failure;
use crate::runner::guard::Effect;
use crate::runner::{Change, Check, Ctx, Write};
use crate::secret::Secret;
use crate::wire::{Connection, Environment, KeyList};

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

/// How it is written.
const USAGE: &str =
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
    type Answer = KeyList;
    type Shown = Configured;
    const HAS_IDS: bool = false;

    fn effect(&self) -> Result<Effect, Failure> {
        Ok(Effect::Write(self.words()?.0))
    }

    fn reads_stdin(&self) -> Option<&'static str> {
        let word = self.words.iter().find(|word| *word == "-").map(String::as_str);
        self.named(word).iter().any(SecretFrom::reads_stdin).then_some("the key's `-`")
    }

    async fn resolve(&self, ctx: &Ctx) -> Result<Resolved> {
        let (environment, word) = self.words()?;
        let key = input(environment).find(ctx, &self.named(word)).await?;
        secret_key::check(&key.value, environment).map_err(|why| {
            Failure::usage(format!("The key from {} {why}", key.source))
                .hint(format!("use the account's secret key for {environment} (sk_{environment}_…)"))
        })?;
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
            what: format!("Set the backend's Stripe key to {}", key.masked()),
            means,
            account,
            check: Check::backend(&["status"]),
        }
    }

    fn call(&self, resolved: &Resolved) -> Result<Call<KeyList>> {
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

    async fn conclude(&self, ctx: &Ctx, resolved: Resolved, _reply: Reply<KeyList>) -> Result<Configured> {
        let Resolved { environment, before, .. } = resolved;
        Ok(Configured::set(ctx, &STRIPE, environment, before.as_ref(), &["webhooks", "configure"]).await)
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
        let named = at_most_one(first.iter().chain(&self.environment))?;
        let given = key.or(self.secret_key.as_deref());
        if named.is_none() && given.is_some_and(secret_key::is_for_live) {
            return Err(Failure::usage("This is a live key, and no environment is named")
                .hint("name it: insforge payments config set live -"));
        }
        Ok((named.unwrap_or(Environment::Test), key))
    }

    /// What the command line says of where the key is; `word` is the one behind the environment.
    fn named<'a>(&'a self, word: Option<&'a str>) -> Vec<SecretFrom<'a>> {
        let words = [(COMMAND_LINE, word), (SECRET_KEY, self.secret_key.as_deref())];
        let words = words.into_iter().filter_map(|(place, word)| Some(SecretFrom::Word(place, word?)));
        words
            .chain(self.secret_key_file.iter().map(|path| SecretFrom::File("--secret-key-file", path)))
            .collect()
    }
}

fn input(environment: Environment) -> SecretInput {
    SecretInput {
        what: "key",
        variable: match environment {
            Environment::Test => "STRIPE_TEST_SECRET_KEY",
            Environment::Live => "STRIPE_LIVE_SECRET_KEY",
        },
        question: format!("Stripe {environment} secret key (sk_{environment}_…)"),
        pipe: format!("pipe it into `{} config set {environment} -`", STRIPE.commands),
    }
}

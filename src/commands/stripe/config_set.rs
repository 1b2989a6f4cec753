use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::Args;

use crate::api::stripe::{self, STRIPE};
use crate::api::{Call, Reply};
use crate::approval::{Effects, FieldChange};
use crate::commands::common::effects::{self, mirrored_rows};
use crate::commands::common::{
    EnvironmentOption, KeyStatus, KeyTarget, SYNC_DEADLINE, SecretFrom, SecretInput,
};
use crate::commands::stripe::gateway::StripeGateway;
use crate::commands::stripe::secret_key;
use crate::error::Failure;
use crate::runner::{Change, Check, CommandSpec, Completes, Ctx, Gateway, Verb, Write};
use crate::secret::Secret;
use crate::settings::WithSource;
use crate::wire::{Connection, Environment, KeyList};

/// Set the Stripe secret key of one environment
///
/// The key is read from stdin (`config set test -`), from --secret-key-file, from STRIPE_TEST_SECRET_KEY or
/// STRIPE_LIVE_SECRET_KEY, or from a hidden prompt. It can also be an argument, but everyone on the machine can see a command
/// line. The backend syncs at once and creates a webhook endpoint. A key of another Stripe account deletes the mirrored
/// data of the current account; if that is possible, the command asks for confirmation. It also asks if the key comes from a
/// variable and the backend's address from .insforge/project.json.
#[derive(Args)]
#[command(override_usage = USAGE)]
#[command(add = CommandSpec::writes::<Self>("test - --json")
    .note("also asks in test if the key may belong to another account, because the mirrored data of the current account would be deleted; \
           and if the key comes from a variable and the address from a project file")
    .stdin("sk_test_51SandboxShop0001b"))]
pub(crate) struct ConfigSet {
    /// The environment [default: test], then the key; `-` reads the key from stdin
    #[arg(value_names = ["ENV", "KEY"], num_args = 0..=2, add = Completes::Environment)]
    words: Vec<String>,
    #[command(flatten)]
    environment: EnvironmentOption,
    /// The key itself, visible to everyone on the machine
    #[arg(long, value_name = "KEY")]
    secret_key: Option<String>,
    /// File with the key
    #[arg(long, value_name = "PATH")]
    secret_key_file: Option<PathBuf>,
}

const USAGE: &str =
    "insforge payments config set [ENV] [- | KEY | --secret-key KEY | --secret-key-file PATH]";

const COMMAND_LINE: &str = "the command line";
const SECRET_KEY: &str = "--secret-key";

/// A valid key, and the backend that receives it.
pub(crate) struct NewKey {
    environment: Environment,
    key: WithSource<Secret>,
    target: KeyTarget,
}

impl Write for ConfigSet {
    type Object = ();
    type Request = NewKey;
    type Answer = KeyList;
    type Shown = KeyStatus;
    const HAS_IDS: bool = false;
    const VERB: Verb = Verb::Configure;
    const DEADLINE: Duration = SYNC_DEADLINE;

    fn environment(&self) -> Result<Environment, Failure> {
        Ok(self.arguments()?.0)
    }

    fn reads_stdin(&self) -> Option<&'static str> {
        let key = self.words.iter().find(|word| *word == "-").map(String::as_str);
        self.sources(key).iter().any(SecretFrom::reads_stdin).then_some("the key argument `-`")
    }

    async fn resolve(&self, ctx: &Ctx, _object: ()) -> Result<NewKey> {
        let (environment, key) = self.arguments()?;
        let key = input(environment).find(ctx, &self.sources(key)).await?;
        secret_key::check(&key.value, environment).map_err(|why| {
            Failure::usage(format!("The key from {} {why}", key.source))
                .hint(format!("use the account's secret key for {environment} (sk_{environment}_…)"))
        })?;
        let target = KeyTarget::read(ctx, &STRIPE, environment).await?;
        Ok(NewKey { environment, key, target })
    }

    fn change(&self, NewKey { environment, key, target }: &NewKey) -> Change {
        let before = target.before.as_ref();
        let account = before.and_then(Connection::account);
        let loss = account.as_ref().filter(|_| secret_key::may_change_account(&key.value, before));
        let loss = loss.map(|account| {
            format!(
                "The key does not show whether it belongs to {}. A key of another account deletes all mirrored data of \
                 {environment} and syncs it again.",
                account.id
            )
        });
        let change =
            Change::new(&STRIPE, *environment, target.what(&key.value.masked()), Check::backend(&["status"]));
        Change { account, ..change.destroys_if(&[loss, target.risk(&key.source)]) }
    }

    fn call(&self, request: &NewKey) -> Result<Call<KeyList>> {
        Ok(stripe::set_key(request.environment, request.key.value.clone()))
    }

    async fn examine(&self, ctx: &Ctx, keys: &[&NewKey]) -> Result<Effects> {
        let [NewKey { environment, key, .. }] = keys else { return Ok(Effects::default()) };
        let now = effects::read_connection(ctx, &STRIPE, *environment).await?;
        let now = now.as_ref();
        let may_change = secret_key::may_change_account(&key.value, now);
        let after = if now.and_then(Connection::account).is_none() {
            Some("the account of the key")
        } else {
            may_change.then_some("unknown: the key does not show its account")
        };
        let object = effects::key(&STRIPE, *environment).with([
            FieldChange::replaced("key", effects::masked_key(now), key.value.masked()),
            effects::account(now, after),
        ]);
        let outcome = if may_change { "deleted if the key belongs to another account" } else { "they stay" };
        let rows = mirrored_rows(ctx, &STRIPE, *environment, outcome).await?;
        Ok(Effects { objects: vec![object], dependents: vec![rows], ..Effects::default() })
    }

    /// Adds that a key which Stripe refuses changes nothing (exchanges 066, 067 and 071).
    fn explain(&self, _ctx: &Ctx, request: &NewKey, failure: Failure) -> Failure {
        if failure.meaning() != "PAYMENT_CONFIG_INVALID" {
            return failure;
        }
        let environment = request.environment;
        failure.hint(format!("nothing was changed; set the {environment} secret key from Stripe's dashboard"))
    }

    async fn investigate(&self, ctx: &Ctx, request: &NewKey, failure: Failure) -> Failure {
        let has_key = |now: &Connection| Some(secret_key::matches_masked(&request.key.value, now));
        request.target.report_stored(ctx, has_key, failure).await
    }

    fn note(&self, request: &NewKey, _reply: &Reply<KeyList>) -> String {
        request.target.note()
    }

    async fn complete(&self, ctx: &Ctx, request: NewKey, shown: KeyStatus) -> Result<KeyStatus> {
        shown.with_connection(ctx, request.target.before.as_ref(), StripeGateway::WEBHOOK).await
    }
}

impl ConfigSet {
    /// The environment, and the argument that is the key.
    fn arguments(&self) -> Result<(Environment, Option<&str>), Failure> {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let (first, key) = match words[..] {
            [] => (None, None),
            [word] => {
                Environment::named(word).map_or((None, Some(word)), |environment| (Some(environment), None))
            }
            [first, second] => match (Environment::named(first), Environment::named(second)) {
                (Some(first), None) => (Some(first), Some(second)),
                (None, Some(second)) => {
                    return Err(Failure::usage("The environment must come before the key")
                        .hint(format!("insforge payments config set {second} -")));
                }
                (None, None) => {
                    return Err(
                        Failure::usage("The first of two arguments must be `test` or `live`").hint(USAGE)
                    );
                }
                (Some(_), Some(_)) => {
                    return Err(
                        Failure::usage("Both arguments are environments, and the key is missing").hint(USAGE)
                    );
                }
            },
            _ => return Err(Failure::usage("Too many arguments").hint(USAGE)),
        };
        let named = self.environment.with(first)?;
        let given = key.or(self.secret_key.as_deref());
        if named.is_none() && given.is_some_and(secret_key::is_for_live) {
            return Err(Failure::usage("This is a live key, but the environment is not given")
                .hint("name the environment: insforge payments config set live -"));
        }
        Ok((named.unwrap_or(Environment::Test), key))
    }

    /// The sources that the command line names; `argument` is the key after the environment.
    fn sources<'a>(&'a self, argument: Option<&'a str>) -> Vec<SecretFrom<'a>> {
        let literals = [(COMMAND_LINE, argument), (SECRET_KEY, self.secret_key.as_deref())];
        let literals =
            literals.into_iter().filter_map(|(place, key)| Some(SecretFrom::CommandLine(place, key?)));
        literals
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

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::Args;

use crate::api::razorpay::{self, Keys, RAZORPAY};
use crate::api::{Call, Reply};
use crate::approval::{Effects, FieldChange};
use crate::commands::common::effects::{self, mirrored_rows};
use crate::commands::common::{
    EnvironmentOption, KeyStatus, KeyTarget, SYNC_DEADLINE, SecretFrom, SecretInput, check_prefix,
    read_secret_from,
};
use crate::commands::razorpay::gateway::RazorpayGateway;
use crate::error::Failure;
use crate::runner::{Change, Check, CommandSpec, Completes, Ctx, Gateway, Verb, Write};
use crate::secret::Secret;
use crate::settings::{Source, WithSource};
use crate::ui::ask;
use crate::wire::{Connection, Environment, KeyList};

/// Set the Razorpay key of one environment: its id and its secret
///
/// The secret is read from stdin (`config set test --key-id ID -`), from --key-secret-file, from RAZORPAY_TEST_KEY_SECRET or
/// RAZORPAY_LIVE_KEY_SECRET, or from a hidden prompt. With --key-secret, everyone on the machine can see it. The id is not
/// secret, and can also be in RAZORPAY_TEST_KEY_ID or RAZORPAY_LIVE_KEY_ID. The backend checks the key and syncs at once,
/// and generates a webhook secret if it has none.
///
/// The backend treats a new key id as another account and deletes the mirrored data of the current one. The command asks for
/// confirmation before that. It also asks if the key secret comes from a variable and the backend's address from
/// .insforge/project.json.
#[derive(Args)]
#[command(override_usage = USAGE)]
#[command(add = CommandSpec::writes::<Self>("test --key-id rzp_test_shop_0002 - --yes --json")
    .note("also asks in test if the key id is new: the backend takes it for another account and deletes the mirrored data of the current one; \
           and if the secret comes from a variable and the address from a project file")
    .stdin("a-made-up-secret"))]
pub(crate) struct ConfigSet {
    /// The environment [default: test]; `-` reads the key secret from stdin
    #[arg(value_names = ["ENV", "-"], num_args = 0..=2, add = Completes::Environment)]
    words: Vec<String>,
    #[command(flatten)]
    environment: EnvironmentOption,
    /// Id of the key (rzp_test_… or rzp_live_…)
    #[arg(long, value_name = "ID")]
    key_id: Option<String>,
    /// The key secret itself, visible to everyone on the machine; `-` is stdin
    #[arg(long, value_name = "SECRET")]
    key_secret: Option<String>,
    /// File with the key secret
    #[arg(long, value_name = "PATH")]
    key_secret_file: Option<PathBuf>,
    /// Read your own webhook secret from stdin
    #[arg(long)]
    webhook_secret_stdin: bool,
    /// File with your own webhook secret
    #[arg(long, value_name = "PATH")]
    webhook_secret_file: Option<PathBuf>,
}

const USAGE: &str = "insforge payments razorpay config set [ENV] --key-id ID [- | --key-secret-file PATH | \
                     --key-secret SECRET] [--webhook-secret-file PATH | --webhook-secret-stdin]";

/// Valid keys, and the backend that receives them.
pub(crate) struct NewKeys {
    environment: Environment,
    keys: Keys,
    /// Where the key secret comes from.
    secret_source: Source,
    target: KeyTarget,
}

impl Write for ConfigSet {
    type Object = ();
    type Request = NewKeys;
    type Answer = KeyList;
    type Shown = KeyStatus;
    const HAS_IDS: bool = false;
    const VERB: Verb = Verb::Configure;
    const DEADLINE: Duration = SYNC_DEADLINE;

    fn environment(&self) -> Result<Environment, Failure> {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let first = match words[..] {
            [] | ["-"] => None,
            [word] | [word, "-"] => Some(Environment::named(word).ok_or_else(|| {
                Failure::usage("An argument must be `test`, `live` or `-`").hint(format!("usage: {USAGE}"))
            })?),
            _ => {
                return Err(
                    Failure::usage("The key secret cannot be an argument").hint(format!("usage: {USAGE}"))
                );
            }
        };
        let named = self.environment.with(first)?;
        let is_live = |id: &String| id.trim_start().starts_with(prefix(Environment::Live));
        if named.is_none() && self.key_id.as_ref().is_some_and(is_live) {
            return Err(Failure::usage("This is a live key, but the environment is not given")
                .hint(format!("name the environment: {} config set live --key-id ID -", RAZORPAY.commands)));
        }
        Ok(named.unwrap_or(Environment::Test))
    }

    fn reads_stdin(&self) -> Option<&'static str> {
        if self.secret().iter().any(SecretFrom::reads_stdin) {
            return Some("the key secret `-`");
        }
        self.webhook_secret().iter().any(SecretFrom::reads_stdin).then_some("the webhook secret")
    }

    async fn resolve(&self, ctx: &Ctx, _object: ()) -> Result<NewKeys> {
        let environment = self.environment()?;
        let (secret, webhook_secret) = (self.secret(), self.webhook_secret());
        if [&secret, &webhook_secret].iter().all(|from| from.iter().any(SecretFrom::reads_stdin)) {
            return Err(Failure::usage("The key secret and the webhook secret both read stdin")
                .hint("read one of them from a file")
                .into());
        }
        let id = self.key_id(ctx, environment).await?;
        let secret = input(environment).find(ctx, &secret).await?;
        let flaw = secret.value.flaw().or_else(|| not_a_secret(&secret.value));
        refuse(flaw, "key secret", &secret, environment)?;
        let webhook_secret = match &webhook_secret[..] {
            [] => None,
            [from] => Some(own_webhook_secret(ctx, from).await?),
            _ => {
                return Err(Failure::usage("The webhook secret is given more than once")
                    .hint("give it once")
                    .into());
            }
        };
        let target = KeyTarget::read(ctx, &RAZORPAY, environment).await?;
        let keys = Keys { id, secret: secret.value, webhook_secret };
        Ok(NewKeys { environment, keys, secret_source: secret.source, target })
    }

    fn change(&self, NewKeys { environment, keys, secret_source, target }: &NewKeys) -> Change {
        let account = target.before.as_ref().and_then(Connection::account);
        // The backend uses the key's id as the account's id (exchange 327).
        let destroys = account.as_ref().is_some_and(|account| account.id != keys.id);
        let loss = destroys.then(|| {
            format!(
                "The backend treats a new key id as another account: it deletes all mirrored data of {environment} and \
                 syncs again, and the webhook must be set up again."
            )
        });
        let change = Change::new(&RAZORPAY, *environment, target.what(&keys.id), Check::backend(&["status"]));
        Change { account, ..change.destroys_if(&[loss, target.risk(secret_source)]) }
    }

    fn call(&self, request: &NewKeys) -> Result<Call<KeyList>> {
        Ok(razorpay::set_keys(request.environment, request.keys.clone()))
    }

    async fn examine(&self, ctx: &Ctx, keys: &[&NewKeys]) -> Result<Effects> {
        let [NewKeys { environment, keys, .. }] = keys else { return Ok(Effects::default()) };
        let now = effects::read_connection(ctx, &RAZORPAY, *environment).await?;
        let now = now.as_ref();
        let account = now.and_then(Connection::account);
        let is_same = account.as_ref().is_none_or(|account| account.id == keys.id);
        let is_set = now.is_some_and(Connection::is_configured);
        let before = if is_set { "the current one" } else { "none" };
        let mut object = effects::key(&RAZORPAY, *environment).with([
            FieldChange::replaced("key", effects::masked_key(now), keys.id.as_str()),
            FieldChange::replaced("key secret", before, keys.secret.masked()),
            effects::account(now, (account.is_none() || !is_same).then_some(&keys.id)),
        ]);
        if keys.webhook_secret.is_some() {
            object = object.with([FieldChange::replaced("webhook secret", before, "your own")]);
        }
        let outcome = if is_same { "they stay" } else { "deleted, because a new key id is another account" };
        let rows = mirrored_rows(ctx, &RAZORPAY, *environment, outcome).await?;
        Ok(Effects { objects: vec![object], dependents: vec![rows], ..Effects::default() })
    }

    /// Adds that a key which Razorpay refuses changes nothing.
    fn explain(&self, _ctx: &Ctx, request: &NewKeys, failure: Failure) -> Failure {
        if failure.meaning() != "PAYMENT_CONFIG_INVALID" {
            return failure;
        }
        let environment = request.environment;
        failure.hint(format!(
            "nothing was changed; set the id and secret of a {environment} key from Razorpay's dashboard (Account & \
             Settings, API Keys)"
        ))
    }

    /// The status shows the key id, but nothing of the secret.
    async fn investigate(&self, ctx: &Ctx, request: &NewKeys, failure: Failure) -> Failure {
        let has_id = |one: &Connection| one.account_id.as_deref() == Some(&request.keys.id);
        let before = request.target.before.as_ref().filter(|before| before.is_configured());
        let is_unchanged = before.is_some_and(has_id);
        let has_key = |now: &Connection| if is_unchanged { None } else { Some(has_id(now)) };
        request.target.report_stored(ctx, has_key, failure).await
    }

    fn note(&self, request: &NewKeys, _reply: &Reply<KeyList>) -> String {
        request.target.note()
    }

    async fn complete(&self, ctx: &Ctx, request: NewKeys, shown: KeyStatus) -> Result<KeyStatus> {
        shown.with_connection(ctx, request.target.before.as_ref(), RazorpayGateway::WEBHOOK).await
    }
}

impl ConfigSet {
    /// The key id, from the option, an environment variable or a prompt.
    async fn key_id(&self, ctx: &Ctx, environment: Environment) -> Result<String> {
        let variable = match environment {
            Environment::Test => "RAZORPAY_TEST_KEY_ID",
            Environment::Live => "RAZORPAY_LIVE_KEY_ID",
        };
        let given = self.key_id.clone().map(|id| (id, Source::Flag("--key-id")));
        let in_variable = ctx.env.utf8_var(variable)?.map(|id| (id.to_owned(), Source::Variable(variable)));
        let (value, source) = match given.or(in_variable) {
            Some(found) => found,
            None if ctx.interactive => {
                let question = format!("Razorpay {environment} key id (rzp_{environment}_…)");
                (ask::text(question).await?, Source::Prompt)
            }
            None => {
                return Err(Failure::usage("The key id is missing, and the session is not interactive")
                    .hint(format!("add --key-id, or set {variable}"))
                    .into());
            }
        };
        let found = WithSource { value: Secret::new(value), source };
        let prefix = check_prefix(found.value.expose(), environment, prefix);
        let flaw = found.value.flaw().map(str::to_owned).or_else(|| prefix.err());
        refuse(flaw.as_deref(), "key id", &found, environment)?;
        Ok(found.value.expose().to_owned())
    }

    /// The sources of the key secret that the command line names.
    fn secret(&self) -> Vec<SecretFrom<'_>> {
        let dash = self.words.iter().any(|word| word == "-").then_some(SecretFrom::Stdin);
        let word = self.key_secret.as_deref().map(|secret| SecretFrom::CommandLine("--key-secret", secret));
        let file = self.key_secret_file.as_deref().map(|path| SecretFrom::File("--key-secret-file", path));
        [dash, word, file].into_iter().flatten().collect()
    }

    /// The sources of the webhook secret that the command line names.
    fn webhook_secret(&self) -> Vec<SecretFrom<'_>> {
        let stdin = self.webhook_secret_stdin.then_some(SecretFrom::Stdin);
        let file = self.webhook_secret_file.as_deref();
        let file = file.map(|path| SecretFrom::File("--webhook-secret-file", path));
        [stdin, file].into_iter().flatten().collect()
    }
}

/// The prefix of an environment's key ids.
pub(super) const fn prefix(environment: Environment) -> &'static str {
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

/// The flaw of a value that is often mistaken for the key secret. A key secret has no special format.
fn not_a_secret(secret: &Secret) -> Option<&'static str> {
    let text = secret.expose();
    if text.starts_with("rzp_") {
        Some("is a key's id, not its secret")
    } else if text.starts_with("ik_") {
        Some("is the project's API key, not Razorpay's")
    } else {
        None
    }
}

/// Fails if the value has a flaw. The message repeats no part of the value.
fn refuse(
    flaw: Option<&str>,
    what: &str,
    found: &WithSource<Secret>,
    environment: Environment,
) -> Result<(), Failure> {
    flaw.map_or(Ok(()), |flaw| {
        Err(Failure::usage(format!("The {what} from {} {flaw}", found.source)).hint(format!(
            "Razorpay's dashboard shows the id (rzp_{environment}_…) and the secret of a new key: Account & Settings, \
             API Keys"
        )))
    })
}

async fn own_webhook_secret(ctx: &Ctx, from: &SecretFrom<'_>) -> Result<Secret> {
    let found =
        read_secret_from(ctx, "webhook secret", from, "pipe it in with --webhook-secret-stdin").await?;
    if found.value.is_empty() {
        return Err(Failure::usage(format!("The webhook secret from {} is empty", found.source))
            .hint("leave it out: the backend generates one")
            .into());
    }
    if found.value.is_quoted() {
        return Err(Failure::usage(format!("The webhook secret from {} is in quotes", found.source))
            .hint("remove the quotes, which would become part of the secret")
            .into());
    }
    Ok(found.value)
}

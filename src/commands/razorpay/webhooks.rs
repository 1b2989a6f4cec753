use std::borrow::Cow;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::Value;

use crate::api::razorpay::{self, RAZORPAY};
use crate::api::{Call, Reply};
use crate::approval::{Effects, FieldChange, ObjectChange};
use crate::commands::common::{EnvironmentArgs, effects};
use crate::error::{Code, Exit, Failure, Warning, WarningCode};
use crate::runner::guard::Effect;
use crate::runner::{
    Change, Check, Command, CommandSpec, Ctx, Verb, Write, WriteReply, execute, execute_write,
};
use crate::ui::{Column, Page, Section, Show, Tables, View};
use crate::wire::fields::Fields;
use crate::wire::razorpay::WebhookSetup;
use crate::wire::{Environment, is_public_https};

#[derive(Subcommand)]
pub(crate) enum Webhooks {
    Setup(Setup),
    RotateSecret(RotateSecret),
}

impl Webhooks {
    pub(super) async fn run(self, ctx: &Ctx) -> Result<Exit> {
        match self {
            Self::Setup(setup) => execute(setup, ctx).await,
            Self::RotateSecret(rotate) => execute_write(rotate, ctx).await,
        }
    }
}

/// The events that the backend handles, as Razorpay's dashboard names them under Active Events
/// (<https://docs.insforge.dev/core-concepts/payments/razorpay>).
const EVENTS: [&str; 19] = [
    "payment.authorized",
    "payment.captured",
    "payment.failed",
    "order.paid",
    "invoice.paid",
    "invoice.expired",
    "refund.created",
    "refund.processed",
    "refund.failed",
    "subscription.created",
    "subscription.activated",
    "subscription.charged",
    "subscription.updated",
    "subscription.cancelled",
    "subscription.paused",
    "subscription.resumed",
    "subscription.halted",
    "subscription.completed",
    "subscription.expired",
];

const SHOW_SECRET: &str = "--show-secret";

/// Show the webhook settings to enter in Razorpay's dashboard
///
/// A Razorpay webhook can only be created in the dashboard: Account & Settings, Webhooks, Add New Webhook. Enter the URL,
/// the secret and the events that this command shows; until then, no events arrive. From now on, the backend's status shows
/// the webhook as configured. With --json the result has the secret in plain text.
#[derive(Args)]
#[command(add = CommandSpec::reads::<Self>("test --json")
    .note("shows what to enter in Razorpay's dashboard"))]
pub(crate) struct Setup {
    #[command(flatten)]
    environment: EnvironmentArgs,
    #[command(flatten)]
    secret: SecretArgs,
}

#[derive(Args, Clone, Copy)]
struct SecretArgs {
    /// Show the secret in plain text
    #[arg(long)]
    show_secret: bool,
}

impl Command for Setup {
    type Reply = WebhookSettings;
    const HAS_IDS: bool = false;

    async fn run(&self, ctx: &Ctx) -> Result<WebhookSettings> {
        let environment = self.environment.resolve()?;
        let reply = ctx.send(razorpay::webhook_setup(environment)).await?;
        Ok(WebhookSettings::from(reply).with_notes(ctx, environment, self.secret))
    }
}

/// Replace the webhook secret
///
/// The backend then refuses Razorpay's deliveries until Razorpay's dashboard has the new secret. Always asks for
/// confirmation.
#[derive(Args)]
#[command(add = CommandSpec::writes::<Self>("test --yes --json"))]
pub(crate) struct RotateSecret {
    #[command(flatten)]
    environment: EnvironmentArgs,
    #[command(flatten)]
    secret: SecretArgs,
}

impl Write for RotateSecret {
    type Object = ();
    type Request = Environment;
    type Answer = WebhookSetup;
    type Shown = WebhookSettings;
    const HAS_IDS: bool = false;
    const VERB: Verb = Verb::Rotate;
    const EFFECT: Effect = Effect::Destroy;

    fn environment(&self) -> Result<Environment, Failure> {
        self.environment.resolve()
    }

    async fn resolve(&self, _ctx: &Ctx, _object: ()) -> Result<Environment> {
        Ok(self.environment()?)
    }

    fn change(&self, environment: &Environment) -> Change {
        let check = Check::backend(&["webhooks", "setup", environment.as_str(), SHOW_SECRET]);
        Change::new(&RAZORPAY, *environment, "Replace the webhook secret for Razorpay", check)
            .details("Deliveries are refused until Razorpay's dashboard has the new secret.".to_owned())
    }

    fn call(&self, environment: &Environment) -> Result<Call<WebhookSetup>> {
        Ok(razorpay::rotate_webhook_secret(*environment))
    }

    async fn examine(&self, ctx: &Ctx, environments: &[&Environment]) -> Result<Effects> {
        let [environment] = environments else { return Ok(Effects::default()) };
        let now = effects::read_connection(ctx, &RAZORPAY, **environment).await?;
        let url = now.and_then(|now| now.webhook_endpoint_url);
        let object = ObjectChange::existing("Razorpay webhook for", None, environment.as_str());
        let object = object.with(url.map(|url| FieldChange::kept("url", url))).with([
            FieldChange::replaced("webhook secret", "the current one", "a new one"),
            FieldChange::replaced(
                "deliveries from Razorpay",
                "accepted",
                "refused until Razorpay's dashboard has the new secret",
            ),
        ]);
        Ok(Effects { objects: vec![object], ..Effects::default() })
    }

    /// Adds how to read the current secret, whatever the outcome was.
    fn explain(&self, ctx: &Ctx, environment: &Environment, failure: Failure) -> Failure {
        if !matches!(failure.code, Code::OutcomeUnknown | Code::Interrupted) {
            return failure;
        }
        let setup = ctx.command(&RAZORPAY, &["webhooks", "setup", environment.as_str(), SHOW_SECRET]);
        failure.hint(format!("`{setup}` shows the current secret, which Razorpay's dashboard needs"))
    }

    fn note(&self, environment: &Environment, _reply: &Reply<WebhookSetup>) -> String {
        format!("Razorpay {environment} webhook secret rotated.")
    }

    async fn complete(
        &self,
        ctx: &Ctx,
        environment: Environment,
        shown: WebhookSettings,
    ) -> Result<WebhookSettings> {
        Ok(shown.with_notes(ctx, environment, self.secret))
    }
}

impl View for WebhookSetup {
    const NOUN: &'static str = "webhook secret";

    fn page(&self) -> Page<'_> {
        Page::default()
    }
}

/// The settings to enter in Razorpay's dashboard.
pub(crate) struct WebhookSettings {
    reply: Reply<WebhookSetup>,
    /// The secret, masked unless `--show-secret` is given.
    secret: String,
    notes: Vec<String>,
    warnings: Vec<Warning>,
}

impl From<WriteReply<WebhookSetup>> for WebhookSettings {
    fn from(done: WriteReply<WebhookSetup>) -> Self {
        Self { notes: vec![done.note], ..done.reply.into() }
    }
}

impl From<Reply<WebhookSetup>> for WebhookSettings {
    fn from(reply: Reply<WebhookSetup>) -> Self {
        let WebhookSetup { webhook_url, webhook_secret } = &reply.data;
        let warnings = if is_public_https(webhook_url) { Vec::new() } else { vec![not_public(webhook_url)] };
        Self { secret: webhook_secret.masked(), notes: Vec::new(), warnings, reply }
    }
}

impl WebhookSettings {
    /// Adds where to enter the settings, and shows the secret or how to see it.
    fn with_notes(
        mut self,
        ctx: &Ctx,
        environment: Environment,
        SecretArgs { show_secret }: SecretArgs,
    ) -> Self {
        self.notes
            .push("Enter these settings in Razorpay's dashboard: Account & Settings, Webhooks.".to_owned());
        if show_secret {
            self.secret = self.reply.data.webhook_secret.expose().to_owned();
        } else {
            let show = ctx.command(&RAZORPAY, &["webhooks", "setup", environment.as_str(), SHOW_SECRET]);
            self.notes.push(format!("The secret is masked; `{show}` shows it."));
        }
        self
    }
}

fn not_public(url: &str) -> Warning {
    let text = format!(
        "Razorpay delivers only to public https addresses, and {url} is not one; set the backend's API_BASE_URL to its public \
         address"
    );
    Warning { code: WarningCode::WebhookOutOfReach, text }
}

impl Show for WebhookSettings {
    const FIELDS: Fields = &["connection", "webhookUrl", "webhookSecret"];
    const TABLES: Tables =
        &[&[Column::label("Field"), Column::new("Value")], &[Column::new("Active Events")]];

    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        self.reply.json()
    }

    /// Masks the secret, unless `--show-secret` is given.
    fn rows(&self) -> serde_json::Result<Option<Vec<Value>>> {
        let mut row = self.reply.value()?.into_owned();
        row["webhookSecret"] = self.secret.as_str().into();
        Ok(Some(vec![row]))
    }

    fn page(&self) -> Page<'_> {
        let fields = [("Webhook URL", self.reply.data.webhook_url.as_str()), ("Secret", &self.secret)];
        let fields = fields.into_iter().map(|(name, value)| vec![name.into(), value.into()]);
        let events = EVENTS.into_iter().map(|event| vec![event.into()]);
        vec![Section::new(Self::TABLES[0], fields), Section::new(Self::TABLES[1], events)].into()
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

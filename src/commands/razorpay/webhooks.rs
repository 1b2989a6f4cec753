use std::borrow::Cow;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::Value;

use crate::api::razorpay::{self, RAZORPAY};
use crate::api::{Call, Reply};
use crate::commands::common::EnvironmentArgs;
use crate::error::{Code, Exit, Failure, Warning};
use crate::runner::guard::Effect;
use crate::runner::{Change, Check, Command, Ctx, Write, execute, execute_write};
use crate::ui::{Column, Page, Section, Show, Tables};
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

/// What the backend takes note of, as Razorpay's dashboard names it under Active Events
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

/// Show what to enter in Razorpay's dashboard, so that the backend hears of payments
///
/// Razorpay lets nobody make a webhook but a person in its dashboard: Account & Settings, Webhooks, Add New Webhook. It
/// takes the URL, the secret and the events that this shows; nothing arrives before that. The backend takes the webhook for
/// configured from now on, and its status shows it so. With --json the secret is in the result, in clear.
#[derive(Args)]
pub(crate) struct Setup {
    #[command(flatten)]
    environment: EnvironmentArgs,
    #[command(flatten)]
    secret: SecretArgs,
}

#[derive(Args, Clone, Copy)]
struct SecretArgs {
    /// Show the secret in clear, not masked
    #[arg(long)]
    show_secret: bool,
}

impl Command for Setup {
    type Reply = ToEnter;
    const HAS_IDS: bool = false;

    async fn run(&self, ctx: &Ctx) -> Result<ToEnter> {
        let environment = self.environment.resolve()?;
        let reply = ctx.send(razorpay::webhook_setup(environment)).await?;
        Ok(ToEnter::new(ctx, environment, reply, self.secret, None))
    }
}

/// Make another webhook secret
///
/// Razorpay's deliveries are refused from then on, until its dashboard has the new one. It asks before.
#[derive(Args)]
pub(crate) struct RotateSecret {
    #[command(flatten)]
    environment: EnvironmentArgs,
    #[command(flatten)]
    secret: SecretArgs,
}

impl Write for RotateSecret {
    type Resolved = Environment;
    type Answer = WebhookSetup;
    type Shown = ToEnter;
    const HAS_IDS: bool = false;

    fn effect(&self) -> Result<Effect, Failure> {
        self.environment.resolve().map(Effect::Destroy)
    }

    async fn resolve(&self, _ctx: &Ctx) -> Result<Environment> {
        Ok(self.environment.resolve()?)
    }

    fn change(&self, environment: &Environment) -> Change {
        Change {
            effect: Effect::Destroy(*environment),
            provider: &RAZORPAY,
            what: "Make another webhook secret for Razorpay".into(),
            means: Some("Deliveries are refused until Razorpay's dashboard has the new one.".into()),
            account: None,
            check: Check::backend(&["webhooks", "setup", environment.as_str(), SHOW_SECRET]),
        }
    }

    fn call(&self, environment: &Environment) -> Result<Call<WebhookSetup>> {
        Ok(razorpay::rotate_webhook_secret(*environment))
    }

    /// Whatever became of it, one secret holds now, and the backend tells which.
    fn explain(&self, ctx: &Ctx, environment: &Environment, failure: Failure) -> Failure {
        if !matches!(failure.code, Code::OutcomeUnknown | Code::Interrupted) {
            return failure;
        }
        let setup = ctx.command(&RAZORPAY, &["webhooks", "setup", environment.as_str(), SHOW_SECRET]);
        failure
            .hint(format!("`{setup}` shows the secret that holds now: Razorpay's dashboard needs that one"))
    }

    async fn conclude(
        &self,
        ctx: &Ctx,
        environment: Environment,
        reply: Reply<WebhookSetup>,
    ) -> Result<ToEnter> {
        let done = format!("✓ Razorpay {environment} webhook secret rotated.");
        Ok(ToEnter::new(ctx, environment, reply, self.secret, Some(done)))
    }
}

/// What has to be entered in Razorpay's dashboard.
pub(crate) struct ToEnter {
    reply: Reply<WebhookSetup>,
    secret: String,
    notes: Vec<String>,
    warnings: Vec<Warning>,
}

impl ToEnter {
    fn new(
        ctx: &Ctx,
        environment: Environment,
        reply: Reply<WebhookSetup>,
        SecretArgs { show_secret }: SecretArgs,
        done: Option<String>,
    ) -> Self {
        let WebhookSetup { webhook_url, webhook_secret } = &reply.data;
        let secret = if show_secret { webhook_secret.expose().to_owned() } else { webhook_secret.masked() };
        let show = ctx.command(&RAZORPAY, &["webhooks", "setup", environment.as_str(), SHOW_SECRET]);
        let enter = "Enter this in Razorpay's dashboard: Account & Settings, Webhooks.".to_owned();
        let masked = (!show_secret).then(|| format!("The secret is masked; `{show}` shows it."));
        let warnings =
            if is_public_https(webhook_url) { Vec::new() } else { vec![out_of_reach(webhook_url)] };
        Self { secret, notes: done.into_iter().chain([enter]).chain(masked).collect(), warnings, reply }
    }
}

fn out_of_reach(url: &str) -> Warning {
    let text = format!(
        "Razorpay delivers to public https addresses only, and {url} is none; give the backend one (its API_BASE_URL)"
    );
    Warning { code: "WEBHOOK_OUT_OF_REACH", text }
}

impl Show for ToEnter {
    const TABLES: Tables =
        &[&[Column::label("Field"), Column::new("Value")], &[Column::new("Active Events")]];

    fn json(&self) -> serde_json::Result<Cow<'_, Value>> {
        Reply::json(&self.reply)
    }

    fn text(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        Reply::text(&self.reply)
    }

    /// With the secret as it was asked for.
    fn rows(&self) -> serde_json::Result<Option<Vec<Value>>> {
        let mut row = self.json()?.into_owned();
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

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::api::stripe::{self, STRIPE};
use crate::api::{Call, Reply};
use crate::commands::common::EnvironmentArgs;
use crate::error::{Code, Exit, Failure};
use crate::runner::guard::Effect;
use crate::runner::{Change, Check, CommandSpec, Ctx, Done, Write, execute_write};
use crate::ui::{Column, Page, Rows, Section, Tables, View, dash, short_date};
use crate::wire::{ConnectionReply, Environment};

#[derive(Subcommand)]
pub(crate) enum Webhooks {
    Configure(Configure),
}

impl Webhooks {
    pub(super) async fn run(self, ctx: &Ctx) -> Result<Exit> {
        match self {
            Self::Configure(configure) => execute_write(configure, ctx).await,
        }
    }
}

/// Create the webhook endpoint at Stripe, or make it anew
///
/// InsForge manages one endpoint an environment. An earlier one is deleted before the new one is made, with a new
/// signing secret, which the backend keeps. Stripe needs the backend's public address for it.
#[derive(Args)]
#[command(add = CommandSpec::writes::<Self>("test --json")
    .note("replaces an existing endpoint with a new one, which has a new signing secret"))]
pub(crate) struct Configure {
    #[command(flatten)]
    environment: EnvironmentArgs,
}

impl Write for Configure {
    type Resolved = Environment;
    type Answer = ConnectionReply;
    type Shown = Done<ConnectionReply>;

    fn effect(&self) -> Result<Effect, Failure> {
        self.environment.resolve().map(Effect::Write)
    }

    async fn resolve(&self, _ctx: &Ctx) -> Result<Environment> {
        Ok(self.environment.resolve()?)
    }

    fn change(&self, environment: &Environment) -> Change {
        Change {
            effect: Effect::Write(*environment),
            provider: &STRIPE,
            what: "Configure the webhook endpoint at Stripe".into(),
            means: Some("An endpoint that InsForge made earlier is deleted, and a new one made.".into()),
            account: None,
            check: Check::backend(&["status"]),
        }
    }

    fn call(&self, environment: &Environment) -> Result<Call<ConnectionReply>> {
        Ok(stripe::configure_webhook(*environment))
    }

    /// The earlier endpoint is deleted before the new one is made, and `status` goes on showing it when that fails
    /// (exchanges 079 and 080).
    fn explain(&self, ctx: &Ctx, environment: &Environment, failure: Failure) -> Failure {
        if !may_have_begun(&failure) {
            return failure;
        }
        let earlier =
            "an endpoint that was configured earlier may be gone now, although `status` still shows it";
        let why = failure.why.as_ref().map_or_else(|| earlier.to_owned(), |why| format!("{why}\n{earlier}"));
        let again = ctx.command(&STRIPE, &["webhooks", "configure", environment.as_str()]);
        let failure = failure.why(why);
        match failure.code {
            // What the status shows settles nothing here.
            Code::OutcomeUnknown | Code::Interrupted => failure
                .hint(format!("run `{again}` again: whatever became of it, that makes the endpoint anew")),
            _ if failure.what.contains("publicly accessible") => failure.hint(format!(
                "give the backend a public address (its API_BASE_URL), then run `{again}` again"
            )),
            _ if failure.retryable() => failure,
            _ => failure.then(&format!("then run `{again}` again, which makes the endpoint anew")),
        }
    }

    async fn conclude(
        &self,
        _ctx: &Ctx,
        environment: Environment,
        reply: Reply<ConnectionReply>,
    ) -> Result<Self::Shown> {
        Ok(Done { reply, note: format!("Stripe {environment} webhook configured.") })
    }
}

/// Whether it came as far as Stripe: not where the backend had no key, or its own caller's was refused.
fn may_have_begun(failure: &Failure) -> bool {
    match &failure.code {
        Code::OutcomeUnknown | Code::Interrupted => true,
        Code::Backend(code) => match code.as_str() {
            "UPSTREAM_FAILURE" | "RATE_LIMITED" => true,
            "PAYMENT_CONFIG_INVALID" => failure.status == Some(403),
            _ => false,
        },
        _ => false,
    }
}

impl View for ConnectionReply {
    const NOUN: &'static str = "webhook endpoint";
    const ROWS: Rows = &[("connection", "connection")];
    const TABLES: Tables = &[&[
        Column::new("Env"),
        Column::new("Webhook ID"),
        Column::new("URL"),
        Column::spare("Configured At"),
    ]];

    fn page(&self) -> Page<'_> {
        let connection = &self.connection;
        let row = vec![
            connection.environment.as_str().into(),
            dash(connection.webhook_endpoint_id.as_deref()),
            dash(connection.webhook_endpoint_url.as_deref()),
            short_date(connection.webhook_configured_at.as_deref()),
        ];
        Section::new(Self::TABLES[0], std::iter::once(row)).into()
    }

    fn ids(&self) -> Vec<&str> {
        self.connection.webhook_endpoint_id.iter().map(String::as_str).collect()
    }
}

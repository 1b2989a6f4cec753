use anyhow::Result;
use clap::{Args, Subcommand};

use crate::api::stripe::{self, STRIPE};
use crate::api::{Call, Reply};
use crate::approval::{Effects, FieldChange, ObjectChange};
use crate::commands::common::{EnvironmentArgs, effects};
use crate::error::{Code, Exit, Failure};
use crate::runner::{Change, Check, CommandSpec, Ctx, Verb, Write, WriteReply, execute_write};
use crate::ui::{Column, Page, RowLists, Section, Tables, View, dash, short_date};
use crate::wire::{ConnectionReply, Environment, fields};

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

/// Create or recreate the webhook endpoint at Stripe
///
/// InsForge manages one endpoint for each environment. It deletes the earlier endpoint before it creates the new one, whose
/// signing secret the backend stores. Stripe needs a public address of the backend.
#[derive(Args)]
#[command(add = CommandSpec::writes::<Self>("test --json")
    .note("replaces an existing endpoint with a new one, which has a new signing secret"))]
pub(crate) struct Configure {
    #[command(flatten)]
    environment: EnvironmentArgs,
}

impl Write for Configure {
    type Object = ();
    type Request = Environment;
    type Answer = ConnectionReply;
    type Shown = WriteReply<ConnectionReply>;
    const VERB: Verb = Verb::Configure;

    fn environment(&self) -> Result<Environment, Failure> {
        self.environment.resolve()
    }

    async fn resolve(&self, _ctx: &Ctx, _object: ()) -> Result<Environment> {
        Ok(self.environment()?)
    }

    fn change(&self, environment: &Environment) -> Change {
        let what = "Configure the webhook endpoint at Stripe";
        Change::new(&STRIPE, *environment, what, Check::backend(&["status"]))
            .details("An endpoint that InsForge created earlier is deleted and created again.".to_owned())
    }

    fn call(&self, environment: &Environment) -> Result<Call<ConnectionReply>> {
        Ok(stripe::configure_webhook(*environment))
    }

    async fn examine(&self, ctx: &Ctx, environments: &[&Environment]) -> Result<Effects> {
        let [environment] = environments else { return Ok(Effects::default()) };
        let now = effects::read_connection(ctx, &STRIPE, **environment).await?;
        let endpoint = now.as_ref().and_then(|now| now.webhook_endpoint_id.clone());
        let url = now.as_ref().and_then(|now| now.webhook_endpoint_url.clone());
        let object = match endpoint {
            None => ObjectChange::created("webhook endpoint", Some(format!("for {environment}")))
                .with([FieldChange::new("signing secret", "a new one")]),
            Some(id) => ObjectChange::existing("webhook endpoint", None, &id).with([
                FieldChange::replaced("endpoint", id.as_str(), "a new one"),
                FieldChange::replaced("signing secret", "that of the endpoint", "a new one"),
            ]),
        };
        let object = object.with(url.map(|url| FieldChange::kept("url", url)));
        Ok(Effects { objects: vec![object], ..Effects::default() })
    }

    /// Adds that the earlier endpoint may be gone: it is deleted before the new one is created, and `status` still shows it
    /// if that fails (exchanges 079 and 080).
    fn explain(&self, ctx: &Ctx, environment: &Environment, failure: Failure) -> Failure {
        if !may_have_begun(&failure) {
            return failure;
        }
        let earlier = "an earlier endpoint may be deleted by now, although `status` still shows it";
        let command = ctx.command(&STRIPE, &["webhooks", "configure", environment.as_str()]);
        let failure = failure.and_why(earlier);
        match failure.code {
            // The status does not show the outcome here.
            Code::OutcomeUnknown | Code::Interrupted => {
                failure.hint(format!("run `{command}` again: it recreates the endpoint in any case"))
            }
            _ if failure.what.contains("publicly accessible") => failure.hint(format!(
                "give the backend a public address (its API_BASE_URL), then run `{command}` again"
            )),
            _ if failure.retryable() => failure,
            _ => failure.and_hint(&format!("then run `{command}` again to recreate the endpoint")),
        }
    }

    fn note(&self, environment: &Environment, _reply: &Reply<ConnectionReply>) -> String {
        format!("Stripe {environment} webhook configured.")
    }
}

/// Whether the backend may have contacted Stripe: not if it had no key, or refused the caller's key.
fn may_have_begun(failure: &Failure) -> bool {
    match &failure.code {
        Code::OutcomeUnknown | Code::Interrupted => true,
        Code::Backend(_) => match failure.meaning() {
            "UPSTREAM_FAILURE" | "RATE_LIMITED" => true,
            "PAYMENT_CONFIG_INVALID" => failure.status == Some(403),
            _ => false,
        },
        _ => false,
    }
}

impl View for ConnectionReply {
    const NOUN: &'static str = "webhook endpoint";
    const ROWS: RowLists = &[("connection", "connection", fields::CONNECTION)];
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
        Section::new(Self::TABLES[0], std::iter::once(row)).of("connection").into()
    }

    fn ids(&self) -> Vec<&str> {
        self.connection.webhook_endpoint_id.iter().map(String::as_str).collect()
    }
}

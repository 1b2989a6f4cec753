use std::borrow::Cow;

use anyhow::Result;
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use serde_json::json;

use crate::commands::sandbox::control::Controlled;
use crate::commands::sandbox::outcome::OutcomeReply;
use crate::runner::{Command, CommandEffect, CommandSpec, Ctx};

/// Cancel a subscription, as its customer would in the provider's portal
///
/// With --at-period-end, it stays active until the end of the period that is paid. `sandbox advance` gets there.
///
/// INSFORGE_BASE_URL or --api-url names a running sandbox. Without them, the command uses the state of --sandbox. It never
/// uses a linked project, a profile or your API key.
#[derive(Args)]
#[command(add = CommandSpec::new(CommandEffect::WritesLocally, "sub_gEk1DoyoXOrEdoCp9MPQUhkB --at-period-end --json")
    .result::<OutcomeReply>())]
pub(crate) struct Cancel {
    /// Id of the subscription
    #[arg(value_name = "SUBSCRIPTION", value_parser = NonEmptyStringValueParser::new())]
    subscription: String,
    /// Cancel at the end of the current period instead of now
    #[arg(long)]
    at_period_end: bool,
}

impl Command for Cancel {
    type Reply = OutcomeReply;
    const HAS_IDS: bool = false;

    fn doing(&self) -> Cow<'static, str> {
        "Canceling…".into()
    }

    async fn run(&self, ctx: &Ctx) -> Result<OutcomeReply> {
        let sandbox = Controlled::connect(ctx).await?;
        let action = json!({"subscription": self.subscription, "atPeriodEnd": self.at_period_end});
        let answer = sandbox.post("/sandbox/cancel", &action).await?;
        let when = if self.at_period_end { "Canceled at the end of the period" } else { "Canceled" };
        Ok(OutcomeReply::new(answer, |_| format!("✓ {when}: {}", self.subscription)))
    }
}

use std::borrow::Cow;
use std::num::NonZeroU64;

use anyhow::Result;
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use serde_json::json;

use crate::commands::sandbox::control::Controlled;
use crate::commands::sandbox::outcome::OutcomeReply;
use crate::runner::{Command, CommandEffect, CommandSpec, Ctx};

/// Refund a payment, as the merchant would in the provider's dashboard
///
/// INSFORGE_BASE_URL or --api-url names a running sandbox. Without them, the command uses the state of --sandbox. It never
/// uses a linked project, a profile or your API key.
#[derive(Args)]
#[command(add = CommandSpec::new(CommandEffect::WritesLocally, "pi_dzCOezDlmwgMT8QvRqHSAr2A --amount 490 --json")
    .result::<OutcomeReply>())]
pub(crate) struct Refund {
    /// Id of the payment, as in `payments transactions -o ids`, or of the checkout session
    #[arg(value_name = "PAYMENT", value_parser = NonEmptyStringValueParser::new())]
    payment: String,
    /// Amount in the currency's smallest unit, such as cents; the default is all that is left
    #[arg(long, value_name = "N", value_parser = read_amount)]
    amount: Option<NonZeroU64>,
}

fn read_amount(text: &str) -> Result<NonZeroU64, String> {
    text.parse()
        .map_err(|_| "the amount must be a whole number greater than zero, such as 490 for $4.90".to_owned())
}

impl Command for Refund {
    type Reply = OutcomeReply;
    const HAS_IDS: bool = false;

    fn doing(&self) -> Cow<'static, str> {
        "Refunding…".into()
    }

    async fn run(&self, ctx: &Ctx) -> Result<OutcomeReply> {
        let sandbox = Controlled::connect(ctx).await?;
        let action = json!({"payment": self.payment, "amount": self.amount});
        let answer = sandbox.post("/sandbox/refund", &action).await?;
        Ok(OutcomeReply::new(answer, |_| format!("✓ Refunded: {}", self.payment)))
    }
}

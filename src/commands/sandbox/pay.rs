use std::borrow::Cow;

use anyhow::Result;
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum};
use serde_json::json;

use crate::commands::sandbox::control::Controlled;
use crate::commands::sandbox::outcome::{Outcome, OutcomeReply};
use crate::runner::{Command, CommandEffect, CommandSpec, Ctx};

/// Pay a checkout session, an order or a subscription, as its customer would
///
/// The provider's events follow at once, and the backend's rows with them. For a subscription, its open invoice is paid, or
/// at Razorpay the first payment of a new one. A declined payment is not an error: the command exits with 0, and shows what
/// happened.
///
/// INSFORGE_BASE_URL or --api-url names a running sandbox. Without them, the command uses the state of --sandbox. It never
/// uses a linked project, a profile or your API key.
#[derive(Args)]
#[command(add = CommandSpec::new(CommandEffect::WritesLocally, "sub_mtcjDmPFRLI3PoE6HvvquDXN --json")
    .result::<OutcomeReply>()
    .example_note("pays the overdue subscription of the sample shop"))]
pub(crate) struct Pay {
    /// Id of the checkout session (cs_…), the order (order_…) or the subscription (sub_…)
    #[arg(value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    id: String,
    /// How the customer's card behaves
    #[arg(long, value_enum, default_value_t)]
    card: Card,
}

/// How a card behaves.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Card {
    /// Every payment succeeds
    #[default]
    Ok,
    /// Every payment is declined
    Decline,
    /// The payment is pending at first, and succeeds after 3 days
    Delayed,
    /// The payment is pending at first, and fails after 3 days
    DelayedFails,
    /// The first payment succeeds, and later ones are declined
    DeclineLater,
}

impl Command for Pay {
    type Reply = OutcomeReply;
    const HAS_IDS: bool = false;

    fn doing(&self) -> Cow<'static, str> {
        "Paying…".into()
    }

    async fn run(&self, ctx: &Ctx) -> Result<OutcomeReply> {
        let card = self.card.to_possible_value().map(|card| card.get_name().to_owned());
        let sandbox = Controlled::connect(ctx).await?;
        let answer = sandbox.post("/sandbox/pay", &json!({"id": self.id, "card": card})).await?;
        Ok(OutcomeReply::new(answer, |outcome| result(&self.id, outcome)))
    }
}

/// What happened, in one line.
fn result(id: &str, outcome: &Outcome) -> String {
    let has =
        |statuses: &[&str]| outcome.objects.iter().any(|object| statuses.contains(&object.status.as_str()));
    if has(&["requires_payment_method", "failed", "incomplete", "past_due"]) {
        format!("The payment for {id} was declined.")
    } else if has(&["processing", "pending"]) {
        format!("The payment for {id} is pending. `insforge sandbox advance 3d` settles it.")
    } else {
        format!("✓ Paid: {id}")
    }
}

use std::borrow::Cow;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::commands::sandbox::control::Controlled;
use crate::commands::sandbox::outcome::{EVENT, EVENT_COLUMNS, OutcomeReply};
use crate::runner::{Command, CommandEffect, CommandSpec, Ctx};
use crate::ui::short_date;

/// Move the sandbox's clock forward
///
/// What is due on the way happens in order: trials end, subscriptions renew and are paid or not, failed payments are tried
/// again, and sessions expire. Nothing happens by itself otherwise. The clock never goes backward; `sandbox reset` deletes
/// the state with its clock.
///
/// INSFORGE_BASE_URL or --api-url names a running sandbox. Without them, the command uses the state of --sandbox. It never
/// uses a linked project, a profile or your API key.
#[derive(Args)]
#[command(add = CommandSpec::new(CommandEffect::WritesLocally, "1mo --json")
    .result::<OutcomeReply>()
    .rows(&[("events", "event", EVENT)])
    .tables(&[EVENT_COLUMNS]))]
pub(crate) struct Advance {
    /// How far, such as 12mo, 3d, 2w or 6h
    #[arg(value_name = "TIME", required_unless_present = "to", conflicts_with = "to")]
    by: Option<String>,
    /// Date or time to go to, such as 2027-01-31 (midnight UTC) or 2027-01-31T12:00:00Z
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
}

impl Command for Advance {
    type Reply = OutcomeReply;
    const HAS_IDS: bool = false;
    // Ten years of a large shop take longer than a request.
    const DEADLINE: Duration = Duration::from_secs(5 * 60);

    fn doing(&self) -> Cow<'static, str> {
        "Advancing the clock…".into()
    }

    async fn run(&self, ctx: &Ctx) -> Result<OutcomeReply> {
        let sandbox = Controlled::connect(ctx).await?;
        let action = match &self.to {
            Some(to) => json!({"to": to}),
            None => json!({"by": self.by}),
        };
        let answer = sandbox.post("/sandbox/advance", &action).await?;
        Ok(OutcomeReply::new(answer, |outcome| {
            format!("✓ The sandbox's clock is at {}.", short_date(Some(&outcome.now)))
        }))
    }
}

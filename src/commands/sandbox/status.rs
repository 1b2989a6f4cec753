use std::borrow::Cow;
use std::collections::BTreeMap;

use anyhow::Result;
use clap::Args;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::commands::sandbox::control::{Answer, Controlled};
use crate::runner::{Command, CommandSpec, Ctx};
use crate::ui::{Column, Page, Section, Show, Tables, counted, json_text, short_date};
use crate::wire::fields::Fields;

/// Show the sandbox's clock, its open sessions, subscriptions and events, and what is due next
///
/// INSFORGE_BASE_URL or --api-url names a running sandbox. Without them, the command uses the state of --sandbox. It never
/// uses a linked project, a profile or your API key.
#[derive(Args)]
#[command(add = CommandSpec::reads::<Self>("--json"))]
pub(crate) struct Status {}

impl Command for Status {
    type Reply = StatusReply;
    const HAS_IDS: bool = false;

    async fn run(&self, ctx: &Ctx) -> Result<StatusReply> {
        let sandbox = Controlled::connect(ctx).await?;
        let Answer { body, data } = sandbox.get("/sandbox/status").await?;
        let fields = serde_json::from_slice(&body)?;
        // The address of a sandbox that ends with this command is of no use.
        let address = sandbox.state.is_none().then(|| sandbox.address.value.to_string());
        Ok(StatusReply { address, state: sandbox.state, fields, data })
    }
}

/// What the sandbox reports.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reported {
    now: String,
    ahead_seconds: i64,
    generation: String,
    webhooks: Vec<Webhook>,
    open_checkout_sessions: usize,
    open_orders: usize,
    /// By status.
    subscriptions: BTreeMap<String, usize>,
    events: Events,
    next_due: Option<NextDue>,
}

#[derive(Deserialize)]
struct Webhook {
    provider: String,
    environment: String,
    configured: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Events {
    total: usize,
    waiting: usize,
    dropped: usize,
    no_webhook: usize,
}

#[derive(Deserialize)]
struct NextDue {
    at: String,
    /// The types of the events that follow.
    events: Vec<String>,
}

/// The status of a sandbox.
pub(crate) struct StatusReply {
    address: Option<String>,
    state: Option<String>,
    /// The fields of the sandbox's answer.
    fields: Map<String, Value>,
    data: Reported,
}

impl Show for StatusReply {
    const FIELDS: Fields = &[
        "address",
        "state",
        "now",
        "aheadSeconds",
        "generation",
        "webhooks",
        "openCheckoutSessions",
        "openOrders",
        "subscriptions",
        "events",
        "nextDue",
    ];
    const TABLES: Tables = &[&[Column::label("Setting"), Column::new("Value")]];

    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        let mut json = json!({"address": self.address, "state": self.state});
        if let Value::Object(own) = &mut json {
            own.extend(self.fields.clone());
        }
        json_text(&json)
    }

    fn page(&self) -> Page<'_> {
        let Reported { open_checkout_sessions, open_orders, .. } = &self.data;
        let address = self.address.as_deref().map(|address| ("Address", Cow::Borrowed(address)));
        let state = self.state.as_deref().map(|state| ("State", Cow::Borrowed(state)));
        let others = [
            ("Generation", self.data.generation.as_str().into()),
            ("Clock", self.clock().into()),
            ("Open sessions", open_checkout_sessions.to_string().into()),
            ("Open orders", open_orders.to_string().into()),
            ("Subscriptions", self.subscriptions().into()),
            ("Webhooks", self.webhooks().into()),
            ("Events", self.events().into()),
            ("Next", self.next().into()),
        ];
        let rows: Vec<(&str, Cow<'_, str>)> = address.into_iter().chain(state).chain(others).collect();
        let rows = rows.into_iter().map(|(name, value)| vec![name.into(), value]);
        Section::new(Self::TABLES[0], rows).into()
    }
}

impl StatusReply {
    fn clock(&self) -> String {
        let now = short_date(Some(&self.data.now));
        let ahead = match self.data.ahead_seconds {
            0 => return now.into_owned(),
            seconds @ ..3600 => counted(usize::try_from(seconds).unwrap_or_default(), "second"),
            seconds @ ..86_400 => counted(usize::try_from(seconds / 3600).unwrap_or_default(), "hour"),
            seconds => counted(usize::try_from(seconds / 86_400).unwrap_or_default(), "day"),
        };
        format!("{now}, {ahead} ahead")
    }

    fn subscriptions(&self) -> String {
        listed(self.data.subscriptions.iter().map(|(status, count)| format!("{count} {status}")))
    }

    fn webhooks(&self) -> String {
        listed(self.data.webhooks.iter().map(|webhook| {
            let Webhook { provider, environment, configured } = webhook;
            format!("{provider} {environment}{}", if *configured { "" } else { " (not configured)" })
        }))
    }

    fn events(&self) -> String {
        let Events { total, waiting, dropped, no_webhook } = &self.data.events;
        let parts = [(waiting, "waiting"), (dropped, "dropped"), (no_webhook, "without a webhook")];
        let parts = parts.into_iter().filter(|(count, _)| **count > 0);
        let parts: Vec<String> = parts.map(|(count, what)| format!("{count} {what}")).collect();
        if parts.is_empty() { total.to_string() } else { format!("{total} ({})", parts.join(", ")) }
    }

    fn next(&self) -> String {
        let Some(NextDue { at, events }) = &self.data.next_due else { return "-".to_owned() };
        let at = short_date(Some(at));
        match events.as_slice() {
            [] => at.into_owned(),
            [only] => format!("{at}: {only}"),
            [first, others @ ..] => format!("{at}: {first} and {} more", others.len()),
        }
    }
}

/// The parts with commas between them, or a dash if there are none.
fn listed(parts: impl Iterator<Item = String>) -> String {
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() { "-".to_owned() } else { parts.join(", ") }
}

use std::borrow::Cow;
use std::num::NonZeroUsize;

use anyhow::Result;
use clap::Args;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::commands::sandbox::control::{Answer, Controlled};
use crate::commands::sandbox::outcome::{EVENT, EVENT_COLUMNS, Event};
use crate::error::{Warning, WarningCode};
use crate::runner::{Command, CommandSpec, Ctx};
use crate::ui::{Page, RowLists, Section, Show, Tables, counted, into_owned};

/// List the events of the sandbox's providers, newest first
///
/// `Delivered` says what the backend did with an event: it applied it (`yes`), ignored it, or refused it. An event that is
/// delivered late by a fault is `waiting`, and one that it dropped is `dropped`. Without a webhook endpoint, the provider
/// has nowhere to send an event.
///
/// INSFORGE_BASE_URL or --api-url names a running sandbox. Without them, the command uses the state of --sandbox. It never
/// uses a linked project, a profile or your API key.
#[derive(Args)]
#[command(add = CommandSpec::reads::<Self>("--limit 10 --json"))]
pub(crate) struct Events {
    /// Maximum number of events
    #[arg(long, value_name = "N", default_value = "50", value_parser = read_limit)]
    limit: NonZeroUsize,
}

fn read_limit(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "the limit must be a number greater than zero".to_owned())
}

impl Command for Events {
    type Reply = EventList;

    async fn run(&self, ctx: &Ctx) -> Result<EventList> {
        let sandbox = Controlled::connect(ctx).await?;
        let Answer { body, data: Listed { events, total } } =
            sandbox.get(&format!("/sandbox/events?limit={}", self.limit)).await?;
        let older = total.saturating_sub(events.len());
        let text = format!("there are {}; use --limit {total} to list all", counted(older, "older event"));
        let truncated = Warning { code: WarningCode::ListTruncated, text };
        // Its fields were read already, so it is an object.
        let mut json: Map<String, Value> = serde_json::from_slice(&body)?;
        json.retain(|name, _| name == "events");
        Ok(EventList { json, events, warnings: (older > 0).then_some(truncated).into_iter().collect() })
    }
}

#[derive(Deserialize)]
struct Listed {
    events: Vec<Event>,
    /// The number of all events.
    total: usize,
}

/// The newest events.
pub(crate) struct EventList {
    json: Map<String, Value>,
    events: Vec<Event>,
    warnings: Vec<Warning>,
}

impl Show for EventList {
    const ROWS: RowLists = &[("events", "event", EVENT)];
    const TABLES: Tables = &[EVENT_COLUMNS];

    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        serde_json::to_vec(&self.json).map(Cow::Owned)
    }

    fn page(&self) -> Page<'_> {
        let rows = self.events.iter().map(|event| into_owned(event.row()));
        let empty = "No events found.".to_owned();
        Page { empty, ..Section::new(EVENT_COLUMNS, rows).of("event").into() }
    }

    fn ids(&self) -> Vec<&str> {
        self.events.iter().map(|event| event.event_id.as_str()).collect()
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

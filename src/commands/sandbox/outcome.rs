//! The result of an action in the sandbox: the changed objects, and the events that followed.

use std::borrow::Cow;

use serde::Deserialize;

use crate::commands::sandbox::control::Answer;
use crate::commands::sandbox::webhook_command;
use crate::error::{Warning, WarningCode};
use crate::ui::{Column, Page, RowLists, Section, Show, Tables, counted, dash, into_owned, short_date};
use crate::wire::fields::Fields;

/// What an action did.
#[derive(Debug, Deserialize)]
pub(super) struct Outcome {
    #[serde(default)]
    pub(super) objects: Vec<Object>,
    pub(super) events: Vec<Event>,
    /// The sandbox's time.
    pub(super) now: String,
}

/// A changed object of a provider.
#[derive(Debug, Deserialize)]
pub(super) struct Object {
    /// The provider's name of its kind, such as `payment_intent`.
    pub(super) object: String,
    pub(super) id: String,
    pub(super) status: String,
}

/// An event of a provider, and what became of it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    pub(super) event_id: String,
    provider: String,
    environment: String,
    r#type: String,
    object_id: String,
    created_at: String,
    status: String,
    deliveries: usize,
    handled: Option<bool>,
    response_status: Option<u16>,
}

/// The fields of an event, in the order of the JSON.
pub(super) const EVENT: Fields = &[
    "eventId",
    "provider",
    "environment",
    "type",
    "objectId",
    "createdAt",
    "status",
    "deliveries",
    "handled",
    "responseStatus",
];
/// The fields of a changed object. Each kind of object has some of them.
const OBJECT: Fields =
    &["object", "id", "status", "paymentStatus", "cancelAtPeriodEnd", "amount", "currency"];

/// The columns of events.
pub(super) const EVENT_COLUMNS: &[Column<'_>] = &[
    Column::new("Event"),
    Column::new("Object"),
    Column::new("Delivered"),
    Column::spare("Time"),
    Column::spare("Env"),
    Column::spare("Event ID"),
];
const OBJECT_COLUMNS: &[Column<'_>] = &[Column::new("Object"), Column::new("ID"), Column::new("Status")];

impl Event {
    /// Its row in a table with [`EVENT_COLUMNS`].
    pub(super) fn row(&self) -> Vec<Cow<'_, str>> {
        vec![
            self.r#type.as_str().into(),
            dash(Some(self.object_id.as_str()).filter(|id| !id.is_empty())),
            self.delivered(),
            short_date(Some(&self.created_at)),
            self.environment.as_str().into(),
            self.event_id.as_str().into(),
        ]
    }

    /// What became of it, in a few words.
    fn delivered(&self) -> Cow<'_, str> {
        let outcome = match (self.status.as_str(), self.handled, self.response_status) {
            ("delivered", Some(true), _) => "yes".into(),
            ("delivered", _, Some(200..=299)) => "ignored".into(),
            ("delivered", _, Some(status)) => format!("refused with {status}").into(),
            ("noWebhook", ..) => "no webhook".into(),
            (other, ..) => Cow::Borrowed(other),
        };
        if self.deliveries > 1 { format!("{outcome}, {} times", self.deliveries).into() } else { outcome }
    }
}

/// A warning for each environment whose events had nowhere to go.
pub(super) fn undelivered(events: &[Event]) -> Vec<Warning> {
    let mut counts: Vec<((&str, &str), usize)> = Vec::new();
    for event in events.iter().filter(|event| event.status == "noWebhook") {
        let place = (event.provider.as_str(), event.environment.as_str());
        match counts.iter_mut().find(|(other, _)| *other == place) {
            Some((_, count)) => *count += 1,
            None => counts.push((place, 1)),
        }
    }
    let warning = |((provider, environment), count)| {
        let verb = if count == 1 { "was" } else { "were" };
        let events = counted(count, "event");
        let remedy = webhook_command(provider, environment);
        Warning {
            code: WarningCode::EventsNotDelivered,
            text: format!(
                "{events} {verb} not delivered, because {provider} {environment} has no webhook endpoint; {remedy}"
            ),
        }
    };
    counts.into_iter().map(warning).collect()
}

/// The reply of a command that makes something happen.
pub(crate) struct OutcomeReply {
    answer: Answer<Outcome>,
    note: String,
    warnings: Vec<Warning>,
}

impl OutcomeReply {
    /// `note` says what happened.
    pub(super) fn new(answer: Answer<Outcome>, note: impl FnOnce(&Outcome) -> String) -> Self {
        let note = note(&answer.data);
        let warnings = undelivered(&answer.data.events);
        Self { answer, note, warnings }
    }
}

impl Show for OutcomeReply {
    const ROWS: RowLists = &[("objects", "object", OBJECT), ("events", "event", EVENT)];
    const FIELDS: Fields = &["now"];
    const TABLES: Tables = &[OBJECT_COLUMNS, EVENT_COLUMNS];

    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        Ok(Cow::Borrowed(&self.answer.body))
    }

    fn page(&self) -> Page<'_> {
        let Outcome { objects, events, .. } = &self.answer.data;
        let objects = objects.iter().map(|Object { object, id, status }| {
            vec![object.as_str().into(), id.as_str().into(), status.as_str().into()]
        });
        let events = events.iter().map(|event| into_owned(event.row()));
        vec![
            Section::new(OBJECT_COLUMNS, objects).titled("Objects").of("object"),
            Section::new(EVENT_COLUMNS, events).titled("Events").of("event"),
        ]
        .into()
    }

    fn notes(&self) -> Vec<String> {
        vec![self.note.clone()]
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

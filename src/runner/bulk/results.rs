//! The results of bulk input, written as they arrive: an id or a line of JSON for each object.

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::api::Reply;
use crate::error::Failure;
use crate::runner::report::json_fields;
use crate::runner::stdout::is_broken_pipe;
use crate::runner::{Ctx, Output, show};
use crate::ui::{View, progress};
use crate::wire::IdempotencyKey;

/// The result of one object.
pub(super) enum EntryResult<'a, T> {
    /// The backend's answer.
    Done(&'a Reply<T>),
    /// The id of an object that exists already.
    Existing(&'a str),
    Failed(&'a Failure),
}

/// Writes the result of each object.
pub(super) struct ResultWriter<'a> {
    /// Ids or lines of JSON.
    output: Output,
    bar: &'a progress::Bar,
    ctx: &'a Ctx,
    /// The reader has closed stdout. The remaining objects are sent all the same.
    closed: bool,
}

impl<'a> ResultWriter<'a> {
    pub(super) const fn new(output: Output, bar: &'a progress::Bar, ctx: &'a Ctx) -> Self {
        Self { output, bar, ctx, closed: false }
    }

    /// Whether the reader has closed stdout.
    pub(super) const fn is_closed(&self) -> bool {
        self.closed
    }

    /// Writes one result at once.
    pub(super) async fn write<T: View>(
        &mut self,
        index: usize,
        line: usize,
        result: &EntryResult<'_, T>,
    ) -> Result<()> {
        let written = match (self.output, result) {
            (Output::Ids, EntryResult::Failed(failure)) => {
                let what = format!("{}: {}", entry_label(index, line), failure.what);
                self.bar.suspend(|| {
                    self.ctx.stderr.error(&what, failure.why.as_deref(), failure.hint.as_deref());
                });
                Ok(())
            }
            _ if self.closed => Ok(()),
            (Output::Ids, EntryResult::Done(reply)) => show::show_ids(reply.data.ids()),
            (Output::Ids, EntryResult::Existing(id)) => show::show_ids([*id]),
            (_, result) => show::show_line(&as_json(index, line, result)?, self.ctx).await,
        };
        match written {
            Err(error) if is_broken_pipe(&error) => {
                self.closed = true;
                Ok(())
            }
            written => written,
        }
    }
}

fn as_json<T>(index: usize, line: usize, result: &EntryResult<'_, T>) -> Result<Value> {
    let mut fields = Map::from_iter([("index".to_owned(), json!(index)), ("line".to_owned(), json!(line))]);
    match result {
        EntryResult::Done(reply) => {
            return Ok(reply.value().map_err(|error| show::not_json(&error))?.into_owned());
        }
        EntryResult::Existing(id) => fields.extend([("existing".to_owned(), json!(id))]),
        EntryResult::Failed(failure) => fields.extend(json_fields(failure)),
    }
    Ok(Value::Object(fields))
}

/// `entry 3 (line 7)`
pub(super) fn entry_label(index: usize, line: usize) -> String {
    format!("entry {} (line {line})", index + 1)
}

/// What a result would have shown that stdout did not take.
pub(super) fn unwritten(index: usize, line: usize, note: &str, key: Option<&IdempotencyKey>) -> String {
    let key = key.map(|key| format!(" (idempotency key {})", key.as_str())).unwrap_or_default();
    format!("{}: {note}{key}", entry_label(index, line))
}

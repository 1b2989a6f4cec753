//! What is said of each of many, as it comes: a line of JSON on stdout, or an id; who is meant, for people.

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::api::Reply;
use crate::error::Failure;
use crate::runner::{Ctx, Output, failed, show};
use crate::ui::{View, progress};

/// What became of one of many.
pub(super) enum Told<'a, T> {
    /// It was done: the backend's own answer.
    Done(&'a Reply<T>),
    /// It was there already.
    There(&'a str),
    Failed(&'a Failure),
}

/// Says what became of each.
pub(super) struct ResultWriter<'a> {
    /// Ids or lines of JSON.
    output: Output,
    bar: &'a progress::Bar,
    ctx: &'a Ctx,
    /// Whoever read the results has seen enough. What was asked for is done all the same.
    unread: bool,
}

impl<'a> ResultWriter<'a> {
    pub(super) const fn new(output: Output, bar: &'a progress::Bar, ctx: &'a Ctx) -> Self {
        Self { output, bar, ctx, unread: false }
    }

    /// Says it at once. Whoever reads the lines finds entry after entry in them.
    pub(super) async fn tell<T: View>(
        &mut self,
        index: usize,
        line: usize,
        told: &Told<'_, T>,
    ) -> Result<()> {
        let written = match (self.output, told) {
            (Output::Ids, Told::Failed(failure)) => {
                let what = format!("{}: {}", place(index, line), failure.what);
                self.bar.suspend(|| {
                    self.ctx.stderr.error(&what, failure.why.as_deref(), failure.hint.as_deref());
                });
                Ok(())
            }
            _ if self.unread => Ok(()),
            (Output::Ids, Told::Done(reply)) => show::show_ids(reply.data.ids()),
            (Output::Ids, Told::There(id)) => show::show_ids([*id]),
            (_, told) => show::show_line(&as_json(index, line, told)?, self.ctx).await,
        };
        match written {
            Err(error) if show::is_broken_pipe(&error) => {
                self.unread = true;
                Ok(())
            }
            written => written,
        }
    }
}

fn as_json<T>(index: usize, line: usize, told: &Told<'_, T>) -> Result<Value> {
    let mut fields = Map::from_iter([("index".to_owned(), json!(index)), ("line".to_owned(), json!(line))]);
    match told {
        Told::Done(reply) => return Ok(reply.json().map_err(|error| show::not_json(&error))?.into_owned()),
        Told::There(id) => fields.extend([("existing".to_owned(), json!(id))]),
        Told::Failed(failure) => fields.extend(failed::fields(failure)),
    }
    Ok(Value::Object(fields))
}

/// `entry 3 (line 7)`
pub(super) fn place(index: usize, line: usize) -> String {
    format!("entry {} (line {line})", index + 1)
}

/// What failed and what to do about it, in one sentence.
pub(super) fn to_json(failure: &Failure) -> String {
    match &failure.hint {
        Some(hint) => format!("{} ({hint})", failure.what),
        None => failure.what.clone(),
    }
}

/// The first of many sentences, a line each.
pub(super) fn some(sentences: &[String]) -> String {
    const SHOWN: usize = 10;
    let mut lines: Vec<&str> = sentences.iter().take(SHOWN).map(String::as_str).collect();
    let more = sentences.len().saturating_sub(SHOWN);
    let more = format!("and {more} more");
    if sentences.len() > SHOWN {
        lines.push(&more);
    }
    lines.join("\n")
}

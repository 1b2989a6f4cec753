//! Lists: filters that the backend does not have, and warnings about the rows that a list lacks.

use std::borrow::Cow;
use std::cell::Cell;

use anyhow::Result;
use serde::de::DeserializeOwned;

use crate::api::{Call, MAX_ROWS, Provider, Reply};
use crate::error::{Warning, WarningCode};
use crate::runner::Ctx;
use crate::runner::show::not_json;
use crate::ui::{Page, RowLists, Show, Tables, View};
use crate::wire::{Environment, Json, RowFilter};

/// A request for a list.
pub(crate) struct ListQuery<'a, T> {
    pub(crate) call: Call<T>,
    /// The most rows that the backend returns; `None` if it returns all.
    pub(crate) limit: Option<u8>,
    pub(crate) filter: &'a RowFilter,
    /// The lists that the filter applies to.
    pub(crate) filtered: RowLists,
}

/// A list, and warnings about the rows that it lacks.
pub(crate) struct ListReply<T> {
    pub(crate) reply: Reply<T>,
    /// Whether the backend lists no rows.
    pub(crate) is_empty: bool,
    /// How many rows the filter dropped.
    dropped: usize,
    pub(crate) warnings: Vec<Warning>,
}

impl<'a, T: View> ListQuery<'a, T> {
    /// A list that the backend returns as a whole.
    pub(crate) fn whole(call: Call<T>, filter: &'a RowFilter) -> Self {
        Self { call, limit: None, filter, filtered: T::ROWS }
    }

    /// A list of which the backend returns at most this many rows.
    pub(crate) fn limited(call: Call<T>, limit: u8, filter: &'a RowFilter) -> Self {
        Self { limit: Some(limit), ..Self::whole(call, filter) }
    }
}

/// Requests a list and filters it. If it is empty, it also checks whether the environment has a key.
pub(crate) async fn list<T: DeserializeOwned + View>(
    ctx: &Ctx,
    query: ListQuery<'_, T>,
) -> Result<ListReply<T>> {
    let ListQuery { call, limit, filter, filtered } = query;
    let (provider, environment) = (call.route.provider(), call.route.environment());
    let reply = ctx.send(call).await?;
    let page = reply.data.page();
    let is_empty = page.sections.iter().all(|section| section.rows.is_empty());
    let mut warnings = Vec::new();
    if let Some(limit) = limit
        && page.sections.iter().map(|section| section.rows.iter().count()).sum::<usize>() >= limit.into()
    {
        warnings.push(truncated(T::NOUN, limit, filter));
    }
    drop(page);
    if let (true, Some(environment)) = (is_empty, environment) {
        warnings.extend(no_key(ctx, provider, environment).await);
    }
    let (reply, dropped) = filter_reply(reply, filter, filtered)?;
    Ok(ListReply { reply, is_empty, dropped, warnings })
}

/// The reply with only those rows that the filter keeps, and how many rows it dropped.
pub(crate) fn filter_reply<T: DeserializeOwned>(
    reply: Reply<T>,
    filter: &RowFilter,
    lists: RowLists,
) -> Result<(Reply<T>, usize)> {
    if filter.is_empty() {
        return Ok((reply, 0));
    }
    let names: Vec<&str> = lists.iter().map(|(name, ..)| *name).collect();
    let dropped = Cell::new(0);
    let keep = |row: Json<'_>| {
        let is_kept = filter.keeps(row);
        dropped.set(dropped.get() + usize::from(!is_kept));
        is_kept
    };
    let reply = reply.retain_rows(&names, keep).map_err(|error| not_json(&error))?;
    Ok((reply, dropped.get()))
}

/// The warning that the backend may have more rows than it listed.
fn truncated(noun: &str, limit: u8, filter: &RowFilter) -> Warning {
    let is_most = limit == MAX_ROWS;
    let text = match (filter.is_empty(), is_most) {
        (true, true) => format!("there may be more {noun}: the backend lists at most {limit}"),
        (true, false) => format!("there may be more {noun} than the {limit} requested"),
        (false, true) => {
            format!(
                "more {noun} may match: filters only apply to the first {limit}, and the backend lists no more"
            )
        }
        (false, false) => format!("more {noun} may match: filters only apply to the {limit} requested"),
    };
    let more = format!("; use --limit {MAX_ROWS}, the most that the backend lists");
    Warning { code: WarningCode::ListTruncated, text: if is_most { text } else { text + &more } }
}

/// The warning that an environment has no key, and so nothing to list. A list is not worth a failure of this request.
pub(super) async fn no_key(
    ctx: &Ctx,
    provider: &'static Provider,
    environment: Environment,
) -> Option<Warning> {
    let connection = ctx.connection(provider, environment).await.ok()??;
    if connection.is_configured() {
        return None;
    }
    let set = ctx.command(provider, &["config", "set", environment.as_str()]);
    let text = format!("no {} key is configured for {environment}; set one with `{set}`", provider.name);
    Some(Warning { code: WarningCode::NoProviderKey, text })
}

impl<T: View> ListReply<T> {
    /// The note for a list without rows.
    pub(crate) fn empty(&self, noun: &str) -> String {
        let provider = self.reply.provider.name;
        match self.dropped {
            0 => format!("No {provider} {noun} found."),
            dropped => format!("No {provider} {noun} match: the filters exclude all {dropped}."),
        }
    }
}

impl<T: View> Show for ListReply<T> {
    const ROWS: RowLists = T::ROWS;
    const TABLES: Tables = T::TABLES;

    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        self.reply.json()
    }

    fn page(&self) -> Page<'_> {
        Page { empty: self.empty(T::NOUN), ..self.reply.data.page() }
    }

    fn for_each_id(&self, take: &mut dyn FnMut(&str)) {
        self.reply.data.for_each_id(take);
    }

    fn notes(&self) -> Vec<String> {
        self.reply.data.notes()
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

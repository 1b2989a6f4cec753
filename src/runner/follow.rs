//! Commands with `--follow`: show the rows that are new, wait, and repeat until Ctrl-C.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use anyhow::Result;
use serde::de::DeserializeOwned;

use crate::api::{Call, MAX_ROWS, Reply};
use crate::error::{Exit, Failure, WarningCode};
use crate::interrupt;
use crate::runner::list::no_key;
use crate::runner::show::RowWriter;
use crate::runner::stdout::reader_closed_pipe;
use crate::runner::{Ctx, DEADLINE, WAITING};
use crate::ui::View;
use crate::wire::seconds;

/// A command with `--follow`.
pub(crate) trait Follow {
    /// The backend's answer: one list, newest first.
    type Answer: DeserializeOwned + View;

    /// The request for as many rows as the backend lists.
    fn call(&self) -> Result<Call<Self::Answer>, Failure>;

    /// The key of each row, in the list's order.
    fn keys(&self, answer: &Self::Answer) -> Vec<RowKey>;

    /// How many existing rows are shown first.
    fn initial_rows(&self) -> usize;

    /// The time between two requests.
    fn interval(&self) -> Duration;
}

/// What identifies a row in the next answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RowKey {
    pub(crate) identity: String,
    /// Differs after the row has changed.
    pub(crate) version: String,
    /// The id for `-o ids`.
    pub(crate) id: Option<String>,
    /// Whether the command's filters keep the row.
    pub(crate) is_shown: bool,
}

/// The longest wait after failed requests, unless the interval is longer.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Runs a command with `--follow`. The first request has to succeed: a failure at the start is more likely a wrong
/// address than a restart of the backend.
pub(crate) async fn execute_follow<F: Follow>(command: F, ctx: &Ctx) -> Result<Exit> {
    ctx.refuse_dry_run()?;
    let output = ctx.output.output_for(true, F::Answer::TABLES, F::Answer::ROWS)?;
    let environment = command.call()?.route.environment();
    ctx.set_deadline_per_request(DEADLINE);
    interrupt::end_with(Exit::Done);
    let mut writer = RowWriter::new(output, ctx);
    let mut seen = SeenRows::default();
    tokio::select! {
        () = reader_closed_pipe() => Ok(Exit::Done),
        ended = async {
            let reply = ctx.while_busy(WAITING, ctx.send(command.call()?)).await?;
            let keys = command.keys(&reply.data);
            let mut shown = seen.add(&keys).positions;
            // The newest rows are the last ones.
            let older = shown.len().saturating_sub(command.initial_rows());
            shown.drain(..older);
            writer.write(&reply, &shown, ids(&keys, &shown)).await?;
            if keys.is_empty()
                && let Some(environment) = environment
            {
                ctx.warn(no_key(ctx, reply.provider, environment).await.as_slice());
            }
            if shown.is_empty() {
                let matching = if keys.is_empty() { "" } else { "matching " };
                ctx.stderr.note(&format!("No {matching}{} {} yet.", reply.provider.name, F::Answer::NOUN));
            }
            ctx.stderr.note(&format!(
                "Checking for new rows every {} s; press Ctrl-C to stop.",
                seconds(command.interval())
            ));
            drop(keys);
            drop(reply);
            show_new_rows(&command, ctx, &mut writer, &mut seen).await
        } => ended,
    }
}

/// Repeats the request. Failures that may be temporary are reported once, and the request is repeated.
async fn show_new_rows<F: Follow>(
    command: &F,
    ctx: &Ctx,
    writer: &mut RowWriter<'_>,
    seen: &mut SeenRows,
) -> Result<Exit> {
    let mut failed = 0;
    loop {
        tokio::time::sleep(wait(command.interval(), failed)).await;
        let reply: Reply<F::Answer> = match ctx.send(command.call()?).await {
            Ok(reply) => reply,
            Err(error) => {
                let Some(failure) = temporary(&error) else { return Err(error) };
                if failed == 0 {
                    let text = format!("{failure}; retrying until the backend responds");
                    ctx.stderr.warning(WarningCode::LookingAgain, &text);
                }
                failed += 1;
                continue;
            }
        };
        if failed > 0 {
            ctx.stderr.note("The backend responds again.");
            failed = 0;
        }
        let keys = command.keys(&reply.data);
        let new = seen.add(&keys);
        if new.all_new && keys.len() >= usize::from(MAX_ROWS) {
            let text = format!(
                "all {MAX_ROWS} rows are new; the backend lists only {MAX_ROWS}, so some may be missing"
            );
            ctx.stderr.warning(WarningCode::RowsMissed, &text);
        }
        writer.write(&reply, &new.positions, ids(&keys, &new.positions)).await?;
    }
}

/// The ids of the rows at these positions.
fn ids<'a>(keys: &'a [RowKey], positions: &'a [usize]) -> impl Iterator<Item = &'a str> {
    positions.iter().filter_map(|position| keys.get(*position)?.id.as_deref())
}

/// The time before the next request: it doubles with each failure.
fn wait(interval: Duration, failed: u32) -> Duration {
    let longest = interval.max(LONGEST_WAIT);
    interval.saturating_mul(1 << failed.min(16)).min(longest)
}

/// The failure, if a repeated request may succeed. Every server error may be a restart of the backend.
fn temporary(error: &anyhow::Error) -> Option<&Failure> {
    let failure = error.downcast_ref::<Failure>()?;
    (failure.retryable() || failure.status.is_some_and(|status| status >= 500)).then_some(failure)
}

/// The rows that were seen so far, as hashes: a row takes 16 bytes, however long its texts are. A new row is taken for one of
/// the remembered ones once in 4,000,000,000,000,000 rows.
#[derive(Default)]
struct SeenRows {
    hasher: RandomState,
    identities: HashSet<u64>,
    /// Each identity with each version that it had.
    versions: HashSet<u64>,
}

/// The difference between an answer and the ones before.
struct NewRows {
    /// The positions of the rows to show that are new or have changed, oldest first.
    positions: Vec<usize>,
    /// Whether no row of the answer was seen before.
    all_new: bool,
}

impl SeenRows {
    /// The limit of remembered versions. A row that left the list can come back after others were deleted.
    const LIMIT: usize = 4096;

    /// Remembers the newest rows of an answer. The backend lists far fewer than the limit.
    fn add(&mut self, keys: &[RowKey]) -> NewRows {
        let hash = |RowKey { identity, version, .. }: &RowKey| {
            (self.hasher.hash_one(identity), self.hasher.hash_one((identity, version)))
        };
        let rows: Vec<(u64, u64)> = keys.iter().take(Self::LIMIT).map(hash).collect();
        if self.versions.len() > Self::LIMIT {
            // The rows of this answer are not forgotten.
            let known = rows.iter().filter(|(_, version)| self.versions.contains(version));
            (self.identities, self.versions) = known.copied().unzip();
        }
        let known = rows.iter().any(|(identity, _)| self.identities.contains(identity));
        let mut positions = Vec::new();
        for (position, (identity, version)) in rows.into_iter().enumerate().rev() {
            self.identities.insert(identity);
            if self.versions.insert(version) && keys[position].is_shown {
                positions.push(position);
            }
        }
        NewRows { positions, all_new: !known }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(rows: &[(&str, &str)]) -> Vec<RowKey> {
        let key = |(name, version): &(&str, &str)| RowKey {
            identity: (*name).to_owned(),
            version: (*version).to_owned(),
            is_shown: *version != "hidden",
            ..RowKey::default()
        };
        rows.iter().map(key).collect()
    }

    #[test]
    fn new_and_changed_rows_are_shown_once_and_oldest_first() {
        let mut seen = SeenRows::default();
        for (rows, positions, all_new) in [
            (&[("b", "1"), ("a", "1")][..], &[1, 0][..], true),
            (&[("b", "1"), ("a", "1")], &[], false),
            (&[("d", "1"), ("c", "1"), ("b", "1"), ("a", "2")], &[3, 1, 0], false),
            // Row `a` left the list and comes back unchanged.
            (&[("d", "1")], &[], false),
            (&[("d", "1"), ("a", "2")], &[], false),
            (&[("f", "1"), ("e", "1")], &[1, 0], true),
            // Two rows with the same identity are not shown forever.
            (&[("g", "1"), ("g", "2")], &[1, 0], true),
            (&[("g", "1"), ("g", "2")], &[], false),
            (&[], &[], true),
            // A hidden row is seen all the same, and shown once the filters keep it.
            (&[("h", "hidden")], &[], true),
            (&[("i", "1"), ("h", "hidden")], &[0], false),
            (&[("i", "1"), ("h", "2")], &[1], false),
        ] {
            let new = seen.add(&keys(rows));
            assert_eq!((&*new.positions, new.all_new), (positions, all_new), "{rows:?}");
        }
    }

    #[test]
    fn memory_is_limited_and_listed_rows_stay_known() {
        let mut seen = SeenRows::default();
        for number in 0..3 * SeenRows::LIMIT {
            let name = number.to_string();
            seen.add(&keys(&[(&name, "1"), ("stays", "1")]));
            assert!(
                seen.versions.len() <= SeenRows::LIMIT + 2 && seen.identities.len() <= SeenRows::LIMIT + 2
            );
        }
        assert!(seen.add(&keys(&[("stays", "1")])).positions.is_empty());
        // Of an answer with more rows, only the newest are shown and remembered.
        let names: Vec<String> = (0..3 * SeenRows::LIMIT).map(|number| format!("x{number}")).collect();
        let rows: Vec<(&str, &str)> = names.iter().map(|name| (&**name, "1")).collect();
        assert_eq!(seen.add(&keys(&rows)).positions.len(), SeenRows::LIMIT);
        assert!(seen.add(&keys(&rows)).positions.is_empty() && seen.versions.len() <= 2 * SeenRows::LIMIT);
    }

    #[test]
    fn the_wait_doubles_with_each_failure_up_to_a_limit() {
        let seconds = |interval, failed| wait(Duration::from_secs(interval), failed).as_secs();
        assert_eq!([0, 1, 2, 3, 4, 40].map(|failed| seconds(5, failed)), [5, 10, 20, 40, 60, 60]);
        assert_eq!([0, 1].map(|failed| seconds(600, failed)), [600, 600]);
    }
}

//! Commands whose result grows while somebody follows it: look, show what is new, wait, look again, until Ctrl-C.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::Result;
use serde::de::DeserializeOwned;

use crate::api::{Call, Reply};
use crate::error::{Exit, Failure, WarningCode};
use crate::runner::show::{Shown, reader_is_gone};
use crate::runner::{Ctx, DEADLINE, Ending, WAITING};
use crate::ui::View;

/// A command that can be followed.
pub(crate) trait Follow {
    /// What the backend answers: one list, newest first.
    type Rows: DeserializeOwned + View;
    /// As many rows as the backend gives at most.
    const MOST: usize;

    /// Asks for as many rows as there can be.
    fn call(&self) -> Result<Call<Self::Rows>, Failure>;

    /// By what each row is known again, in the list's order.
    fn signs(rows: &Self::Rows) -> Vec<Sign<'_>>;

    /// How many of those that are there already are shown first.
    fn first(&self) -> usize;

    /// How long to wait before looking again.
    fn interval(&self) -> Duration;
}

/// By what a row is known again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sign<'a> {
    /// Which one it is.
    pub(crate) identity: String,
    /// What is another one when the row has changed.
    pub(crate) version: &'a str,
    /// What `-o ids` shows of it.
    pub(crate) id: Option<&'a str>,
}

/// The longest wait after trouble, unless the interval is longer.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Follows it. The first look has to succeed: what fails at once is more likely a wrong address than a restart.
pub(crate) async fn execute_follow<F: Follow>(command: F, ctx: &Ctx) -> Result<Exit> {
    ctx.refuse_dry_run()?;
    let output = ctx.output.output_for(true, F::Rows::TABLES)?;
    command.call()?;
    ctx.set_deadline_of_each_request(DEADLINE);
    ctx.ending.set(Ending::Completes);
    let mut shown = Shown::new(output, ctx);
    let mut seen = Seen::default();
    tokio::select! {
        () = reader_is_gone() => Ok(Exit::Done),
        ended = async {
            let reply = ctx.while_busy(WAITING, ctx.send(command.call()?)).await?;
            let signs = F::signs(&reply.data);
            let there = seen.take_in(&signs).places;
            // The newest stand first.
            let first: Vec<usize> = there.into_iter().filter(|place| *place < command.first()).collect();
            shown.show(&reply, &signs, &first).await?;
            if first.is_empty() {
                ctx.stderr.note(&format!("No {} {} yet.", reply.provider.name, F::Rows::NOUN));
            }
            ctx.stderr.note(&format!(
                "Looking for more every {} s; Ctrl-C ends it.",
                command.interval().as_secs_f64()
            ));
            drop(signs);
            drop(reply);
            go_on(&command, ctx, &mut shown, &mut seen).await
        } => ended,
    }
}

/// Looks again and again. Trouble that may pass is told once, and is waited for.
async fn go_on<F: Follow>(command: &F, ctx: &Ctx, shown: &mut Shown<'_>, seen: &mut Seen) -> Result<Exit> {
    let mut failed = 0;
    loop {
        tokio::time::sleep(wait(command.interval(), failed)).await;
        let reply: Reply<F::Rows> = match ctx.send(command.call()?).await {
            Ok(reply) => reply,
            Err(error) => {
                let Some(trouble) = passing(&error) else { return Err(error) };
                if failed == 0 {
                    ctx.stderr.warning(
                        WarningCode::LookingAgain,
                        &format!("{trouble}; looking again until it answers"),
                    );
                }
                failed += 1;
                continue;
            }
        };
        if failed > 0 {
            ctx.stderr.note("It answers again.");
            failed = 0;
        }
        let signs = F::signs(&reply.data);
        let news = seen.take_in(&signs);
        if news.all_new && signs.len() >= F::MOST {
            ctx.stderr.warning(
                WarningCode::RowsMissed,
                &format!(
                    "all {} are new: there may have been more, which the backend does not list",
                    F::MOST
                ),
            );
        }
        shown.show(&reply, &signs, &news.places).await?;
    }
}

/// Twice as long after each failure.
fn wait(interval: Duration, failed: u32) -> Duration {
    let longest = interval.max(LONGEST_WAIT);
    interval.saturating_mul(1 << failed.min(16)).min(longest)
}

/// What may be over when it is asked again. Everything that a server is to blame for may be a restart.
fn passing(error: &anyhow::Error) -> Option<&Failure> {
    let failure = error.downcast_ref::<Failure>()?;
    (failure.retryable() || failure.status.is_some_and(|status| status >= 500)).then_some(failure)
}

/// The rows that were seen.
#[derive(Default)]
struct Seen {
    identities: HashSet<String>,
    /// An identity and a version that it had.
    versions: HashSet<String>,
}

/// What a look has brought.
struct News {
    /// Where in the list the rows stand that are new or have changed, oldest first.
    places: Vec<usize>,
    /// None of the list was there before.
    all_new: bool,
}

impl Seen {
    /// So many are remembered: what has left the list can come back, when others are taken away.
    const MOST: usize = 4096;

    fn take_in(&mut self, signs: &[Sign<'_>]) -> News {
        if self.versions.len() > Self::MOST {
            // What is in the list now stays known.
            let known: Vec<_> = signs.iter().filter(|sign| self.versions.contains(&version(sign))).collect();
            self.identities = known.iter().map(|sign| sign.identity.clone()).collect();
            self.versions = known.into_iter().map(version).collect();
        }
        let known = signs.iter().any(|sign| self.identities.contains(&sign.identity));
        let mut places = Vec::new();
        for (place, sign) in signs.iter().enumerate().rev() {
            self.identities.insert(sign.identity.clone());
            if self.versions.insert(version(sign)) {
                places.push(place);
            }
        }
        News { places, all_new: !known }
    }
}

fn version(sign: &Sign<'_>) -> String {
    format!("{}\n{}", sign.identity, sign.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(rows: &[(&str, &'static str)]) -> Vec<Sign<'static>> {
        let sign = |(name, version): &(&str, &'static str)| Sign {
            identity: (*name).to_owned(),
            version,
            ..Sign::default()
        };
        rows.iter().map(sign).collect()
    }

    #[test]
    fn what_is_new_or_has_changed_is_news_once_and_the_oldest_comes_first() {
        let mut seen = Seen::default();
        for (rows, places, all_new) in [
            (&[("b", "1"), ("a", "1")][..], &[1, 0][..], true),
            (&[("b", "1"), ("a", "1")], &[], false),
            (&[("d", "1"), ("c", "1"), ("b", "1"), ("a", "2")], &[3, 1, 0], false),
            // It has left the list, and comes back as it was.
            (&[("d", "1")], &[], false),
            (&[("d", "1"), ("a", "2")], &[], false),
            (&[("f", "1"), ("e", "1")], &[1, 0], true),
            // Two that cannot be told apart are not shown for ever.
            (&[("g", "1"), ("g", "2")], &[1, 0], true),
            (&[("g", "1"), ("g", "2")], &[], false),
            (&[], &[], true),
        ] {
            let news = seen.take_in(&list(rows));
            assert_eq!((&*news.places, news.all_new), (places, all_new), "{rows:?}");
        }
    }

    #[test]
    fn memory_has_an_end_and_the_list_stays_known() {
        let mut seen = Seen::default();
        for number in 0..3 * Seen::MOST {
            let name = number.to_string();
            seen.take_in(&list(&[(&name, "1"), ("stays", "1")]));
            assert!(seen.versions.len() <= Seen::MOST + 2 && seen.identities.len() <= Seen::MOST + 2);
        }
        assert!(seen.take_in(&list(&[("stays", "1")])).places.is_empty());
    }

    #[test]
    fn trouble_is_waited_for_longer_and_longer() {
        let seconds = |interval, failed| wait(Duration::from_secs(interval), failed).as_secs();
        assert_eq!([0, 1, 2, 3, 4, 40].map(|failed| seconds(5, failed)), [5, 10, 20, 40, 60, 60]);
        assert_eq!([0, 1].map(|failed| seconds(600, failed)), [600, 600]);
    }
}

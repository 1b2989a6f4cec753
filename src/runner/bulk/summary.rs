//! The summary of bulk input: how many objects were sent, and the failure of the whole run.

use crate::api::Reply;
use crate::error::{Code, FOR_PEOPLE, Failure, LISTED, shortened};
use crate::runner::bulk::SAME_FILE;
use crate::runner::bulk::results::entry_label;
use crate::runner::existing::CREATED_OR_EXISTING;
use crate::runner::{ExistingObjects, Verb, Write};
use crate::secret::redact;
use crate::ui::{View, counted};

/// The counts and failures of a run.
pub(super) struct Summary {
    verb: Verb,
    /// See [`ExistingObjects::is_unread`].
    unread: bool,
    /// `Stripe product`
    noun: String,
    total: usize,
    pub(super) done: usize,
    /// The objects that existed already.
    pub(super) existing: usize,
    /// The ids of those whose first version the backend has written into the mirror.
    pub(super) outdated: Vec<String>,
    failures: Failures,
    /// The failures whose request may have been applied all the same.
    possibly_applied: usize,
    /// Why no more results can be written.
    write_error: Option<anyhow::Error>,
}

impl Summary {
    /// The summary of `total` objects, before the first is sent.
    pub(super) fn new<W: Write>(provider: &str, total: usize) -> Self {
        Self {
            verb: W::VERB,
            unread: false,
            noun: format!("{provider} {}", W::Answer::NOUN),
            total,
            done: 0,
            existing: 0,
            outdated: Vec::new(),
            failures: Failures::default(),
            possibly_applied: 0,
            write_error: None,
        }
    }

    /// What happened to the objects that are done.
    const fn past(&self) -> &'static str {
        if self.unread && self.done > 0 { CREATED_OR_EXISTING } else { self.verb.past() }
    }

    /// Counts an answered request. Returns the note about a create that returned, or may have returned, an existing object.
    pub(super) fn record_success<T: View>(
        &mut self,
        reply: &Reply<T>,
        existing: &ExistingObjects,
    ) -> Option<String> {
        let Some(repeated) = existing.repeated(reply) else {
            self.done += 1;
            self.unread = existing.is_unread();
            return existing.note_if_unread(reply);
        };
        self.existing += 1;
        self.outdated.extend(repeated.outdated);
        Some(repeated.note)
    }

    /// Counts a failure.
    pub(super) fn record_failure(&mut self, index: usize, line: usize, failure: &Failure) {
        self.possibly_applied += usize::from(failure.may_be_applied);
        self.failures.add(&entry_label(index, line), failure);
    }

    pub(super) fn record_write_error(&mut self, error: anyhow::Error) {
        self.write_error.get_or_insert(error);
    }

    /// `1000 Stripe products created`
    pub(super) fn note(&self) -> String {
        let existing = match self.existing {
            0 => String::new(),
            existing => format!(", {existing} existed already"),
        };
        format!("{} {}{existing}", self.count_of(self.done), self.past())
    }

    fn count_of(&self, count: usize) -> String {
        counted(count, &self.noun)
    }

    /// The failure when the user interrupts the request that makes the change `pending`.
    pub(super) fn interrupted(&self, pending: &str, same_command: &str) -> Failure {
        let what = format!("Interrupted after {} of {}", self.known_count(), self.count_of(self.total));
        Failure::new(Code::Interrupted, what)
            .why(format!("{pending}: the change may have been applied"))
            .hint(self.rerun(same_command))
            .rerun_helps(true)
    }

    /// The failure when the user interrupts the sync after the last request.
    pub(super) fn interrupted_after_all(&self, same_command: &str) -> Failure {
        Failure::new(Code::Interrupted, format!("{}, but the sync after it was interrupted", self.sentence()))
            .hint(self.rerun(same_command))
            .rerun_helps(true)
    }

    /// How many objects have a known outcome.
    fn known_count(&self) -> usize {
        self.done + self.existing + self.failures.count
    }

    /// What the same command does when it is run again.
    fn rerun(&self, same_command: &str) -> String {
        match self.verb {
            Verb::Create => {
                format!("run {same_command} again: it creates what is missing, without duplicates")
            }
            _ => format!("run {same_command} again: it is safe to repeat an update"),
        }
    }

    /// The failure of the run, if there is one.
    pub(super) fn failure(&self, same_command: &str) -> Option<Failure> {
        let rerun = self.rerun(same_command);
        // A failure at the provider matters more than one result that cannot be shown.
        let write_error =
            self.write_error.as_ref().filter(|error| self.failures.count == 0 || !concerns_one_result(error));
        if let Some(error) = write_error {
            return Some(self.not_shown(error, &rerun));
        }
        let first = self.failures.first.as_ref()?;
        let hint = if self.failures.any_refused {
            format!("fix the objects that failed, then {rerun}")
        } else {
            rerun.clone()
        };
        let (why, helps) = (self.failures.listed(), self.failures.rerun_helps);
        if self.done + self.existing > 0 {
            return Some(
                Failure::new(Code::PartlyDone, self.sentence()).why_lines(why).hint(hint).rerun_helps(helps),
            );
        }
        // Where all objects failed for the same reason, the run has that failure and its hint.
        let failure = if self.failures.all_same {
            Failure { idempotency_key: None, ..first.clone() }
        } else {
            Failure::new(Code::Failed, "")
        };
        // The hint names the command to run again once.
        let hint = match failure.hint.as_deref().and_then(without_rerun) {
            Some(first) => format!("{first}, then {rerun}"),
            None => hint,
        };
        Some(Failure { what: self.sentence(), ..failure }.why_lines(why).hint(hint).rerun_helps(helps))
    }

    /// The failure when results could not be written.
    fn not_shown(&self, error: &anyhow::Error, rerun: &str) -> Failure {
        let (code, reason) = match error.downcast_ref::<Failure>() {
            Some(failure) if failure.code == Code::JqFailed => {
                let what = format!("{}, but the --jq filter fails on results", self.sentence());
                let failure = Failure { what, ..failure.clone() };
                return failure.hint(format!("fix the filter, then {rerun}, and shows the results again"));
            }
            Some(_) if is_invalid_response(error) => (Code::ResponseInvalid, "a result cannot be shown"),
            _ => (Code::Failed, "the results cannot be written"),
        };
        let why = error.chain().map(ToString::to_string).collect::<Vec<_>>().join(": ");
        Failure::new(code, format!("{}, but {reason}", self.sentence()))
            .why(why)
            .hint(format!("{rerun}, and shows the results again"))
            .rerun_helps(true)
    }

    /// `2 of 5 Stripe products created, 2 failed, 1 was not tried`
    fn sentence(&self) -> String {
        let past = self.verb.past();
        let mut parts = vec![format!("{} of {} {}", self.done, self.count_of(self.total), self.past())];
        if self.existing > 0 {
            parts.push(format!("{} existed already", self.existing));
        }
        if self.failures.count > 0 {
            let open = match self.possibly_applied {
                0 => String::new(),
                open => format!(" ({open} may have been {past} anyway)"),
            };
            parts.push(format!("{} failed{open}", self.failures.count));
        }
        match self.total - self.known_count() {
            0 => {}
            1 => parts.push("1 was not tried".to_owned()),
            count => parts.push(format!("{count} were not tried")),
        }
        parts.join(", ")
    }
}

/// The failures of a run. Of a file with millions of objects, each can fail with a long message.
#[derive(Default)]
struct Failures {
    count: usize,
    first: Option<Failure>,
    /// The messages of the first ones.
    messages: Vec<String>,
    /// All have the code and the exit code of the first.
    all_same: bool,
    /// The request of one was answered.
    any_refused: bool,
    /// Running the same command again helps one.
    rerun_helps: bool,
}

impl Failures {
    fn add(&mut self, entry: &str, failure: &Failure) {
        self.count += 1;
        self.any_refused |= !failure.is_unanswered();
        self.rerun_helps |= failure.retryable() || failure.rerun_helps;
        if self.messages.len() < LISTED {
            let what = redact(&failure.what);
            self.messages.push(format!("{entry}: {}", shortened(&what, FOR_PEOPLE / 4)));
        }
        let first = self.first.get_or_insert_with(|| failure.clone());
        let is_same = failure.code == first.code && failure.exit == first.exit;
        self.all_same = is_same && (self.all_same || self.count == 1);
    }

    /// The first messages, and how many more there are.
    fn listed(&self) -> Vec<String> {
        let more = self.count - self.messages.len();
        let more = (more > 0).then(|| format!("and {more} more"));
        self.messages.iter().cloned().chain(more).collect()
    }
}

/// What a hint says to do before the command is run again, if anything.
fn without_rerun(hint: &str) -> Option<&str> {
    if hint == SAME_FILE {
        return None;
    }
    let before = hint.strip_suffix("run it again").map(|before| {
        [", then ", ", or "].iter().find_map(|word| before.strip_suffix(word)).unwrap_or(before)
    });
    Some(before.unwrap_or(hint)).filter(|hint| !hint.is_empty())
}

/// Whether only one result cannot be shown. The others can.
pub(super) fn concerns_one_result(error: &anyhow::Error) -> bool {
    let is_filter_failure = error.downcast_ref().is_some_and(|it: &Failure| it.code == Code::JqFailed);
    is_filter_failure || is_invalid_response(error)
}

/// Whether a response is not valid JSON outside the fields that were read.
pub(super) fn is_invalid_response(error: &anyhow::Error) -> bool {
    error.downcast_ref().is_some_and(|it: &Failure| it.code == Code::ResponseInvalid)
}

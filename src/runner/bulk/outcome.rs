//! What became of many, as a whole.

use crate::error::{Code, Failure};
use crate::runner::bulk::told::{self, place};
use crate::runner::bulk::{Bulk, Verb};
use crate::ui::View;

/// How many were done, and what failed.
pub(super) struct Outcome {
    deed: Verb,
    /// `Stripe product`
    noun: String,
    of: usize,
    pub(super) done: usize,
    /// How many were there already.
    pub(super) there: usize,
    failures: Vec<(String, Failure)>,
    /// Of how many failures nobody can tell whether they were done all the same.
    open: usize,
    /// The results cannot be written any more.
    unwritten: Option<anyhow::Error>,
}

impl Outcome {
    /// Of so many, before the first.
    pub(super) fn new<B: Bulk>(provider: &str, of: usize) -> Self {
        let noun = format!("{provider} {}", B::Answer::NOUN);
        Self { deed: B::VERB, noun, of, done: 0, there: 0, failures: Vec::new(), open: 0, unwritten: None }
    }

    /// `reached` is whether a write of this run got as far as the backend.
    pub(super) fn failed(&mut self, index: usize, line: usize, failure: Failure, reached: bool) {
        self.open += usize::from(reached && failure.may_have_succeeded());
        self.failures.push((place(index, line), failure));
    }

    pub(super) fn cannot_write(&mut self, error: anyhow::Error) {
        self.unwritten.get_or_insert(error);
    }

    /// `1000 Stripe products created`
    pub(super) fn note(&self) -> String {
        let there = match self.there {
            0 => String::new(),
            there => format!(", {there} were there already"),
        };
        format!("{} {}{there}", self.counted(self.done), self.deed.done())
    }

    fn counted(&self, count: usize) -> String {
        let plural = if count == 1 { "" } else { "s" };
        format!("{count} {}{plural}", self.noun)
    }

    /// What there is to say when it is cut off while this one is under way.
    pub(super) fn interrupted(&self, under_way: &str, again: &str) -> Failure {
        let what = format!("Interrupted after {} of {}", self.over(), self.counted(self.of));
        Failure::new(Code::Interrupted, what)
            .why(format!("{under_way}: it may be done or not"))
            .hint(self.what_again_does(again))
    }

    /// How many it is known of what became of them.
    fn over(&self) -> usize {
        self.done + self.there + self.failures.len()
    }

    fn what_again_does(&self, again: &str) -> String {
        match self.deed {
            Verb::Create => format!("{again} makes what is missing, and nothing twice"),
            Verb::Update => format!("{again} can be run as it is: what is updated already stays so"),
        }
    }

    /// What failed, where something did.
    pub(super) fn failure(&self, again: &str) -> Option<Failure> {
        let again = self.what_again_does(again);
        // What failed at the provider is worse than a filter that does not fit.
        let unwritten =
            self.unwritten.as_ref().filter(|error| self.failures.is_empty() || !is_of_filter(error));
        if let Some(error) = unwritten {
            return Some(self.not_shown(error, &again));
        }
        let (_, first) = self.failures.first()?;
        let is_refused = self.failures.iter().any(|(_, failure)| !failure.may_have_succeeded());
        let hint = if is_refused { format!("correct what was refused; {again}") } else { again.clone() };
        let why = self.failures.iter().map(|(place, failure)| format!("{place}: {}", failure.what));
        let why = told::some(&why.collect::<Vec<_>>());
        if self.done + self.there > 0 {
            return Some(Failure::new(Code::PartlyDone, self.sum()).why(why).hint(hint));
        }
        // Where all failed alike, it is that failure, and what it asks for is what to do.
        let alike = |failure: &Failure| failure.code == first.code && failure.exit == first.exit;
        let failure = if self.failures.iter().all(|(_, failure)| alike(failure)) {
            Failure { idempotency_key: None, ..first.clone() }
        } else {
            Failure::new(Code::Failed, "")
        };
        let then = if failure.hint.is_some() { again } else { hint };
        Some(Failure { what: self.sum(), ..failure }.why(why).then(&then))
    }

    /// What could be done was done, and not all results could be written.
    fn not_shown(&self, error: &anyhow::Error, again: &str) -> Failure {
        if let Some(failure) = error.downcast_ref::<Failure>().filter(|_| is_of_filter(error)) {
            let what = format!("{}, but the filter of --jq fails on results", self.sum());
            let failure = Failure { what, ..failure.clone() };
            return failure.hint(format!("correct the filter; {again}, and gives the results again"));
        }
        let what = format!("{}, but the results cannot be written", self.sum());
        let why = error.chain().map(ToString::to_string).collect::<Vec<_>>().join(": ");
        Failure::new(Code::Failed, what).why(why).hint(format!("{again}; it gives their results again"))
    }

    /// `2 of 5 Stripe products created; 2 failed, 1 was not tried`
    fn sum(&self) -> String {
        let mut parts = vec![format!("{} of {} {}", self.done, self.counted(self.of), self.deed.done())];
        let were = |count: usize, what: &str| match count {
            0 => None,
            1 => Some(format!("1 was {what}")),
            _ => Some(format!("{count} were {what}")),
        };
        parts.extend(were(self.there, "there already"));
        let failed = self.failures.len();
        if failed > 0 {
            let open = match self.open {
                0 => String::new(),
                open => format!(" ({open} may be {} all the same)", self.deed.done()),
            };
            parts.push(format!("{failed} failed{open}"));
        }
        parts.extend(were(self.of - self.over(), "not tried"));
        parts.join(", ")
    }
}

/// It is one result that the filter does not fit.
pub(super) fn is_of_filter(error: &anyhow::Error) -> bool {
    error.downcast_ref().is_some_and(|failure: &Failure| failure.code == Code::JqFailed)
}

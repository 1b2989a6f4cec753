//! Whether it makes sense to go on with many requests after some of them failed.

use crate::error::{Code, Exit, Failure};

/// What the failures so far say of the requests to come.
#[derive(Debug, Default)]
pub(crate) struct AbortPolicy {
    unanswered: u32,
    hopeless: bool,
}

impl AbortPolicy {
    /// One was done.
    pub(crate) const fn done(&mut self) {
        self.unanswered = 0;
    }

    /// One failed.
    pub(crate) fn failed(&mut self, failure: &Failure) {
        // One answer can get lost; two in a row are a backend that is gone.
        self.unanswered = if failure.may_be_done() { self.unanswered + 1 } else { 0 };
        self.hopeless = failure.concerns_all() || self.unanswered == 2;
    }

    /// What made the last one fail would make the others fail as well.
    pub(crate) const fn is_hopeless(&self) -> bool {
        self.hopeless
    }
}

impl Failure {
    /// What fails this way would fail for every request.
    fn concerns_all(&self) -> bool {
        let by_exit = matches!(self.exit, Exit::NotAuthenticated | Exit::Denied | Exit::NothingLinked);
        let by_code = match &self.code {
            Code::PaymentsNotAvailable | Code::ProviderNotAvailable | Code::Redirected => true,
            Code::Backend(code) => code.starts_with("PAYMENT_CONFIG_"),
            _ => false,
        };
        by_exit || by_code
    }

    /// Nobody can tell that it was not done.
    pub(crate) const fn may_be_done(&self) -> bool {
        matches!(self.code, Code::OutcomeUnknown | Code::Unreachable | Code::TimedOut | Code::ResponseInvalid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_lost_answers_in_a_row_or_one_refusal_of_all_are_enough() {
        let lost = || Failure::new(Code::OutcomeUnknown, "x");
        let refused = || Failure::new(Code::Backend("UPSTREAM_FAILURE".into()), "x");
        let mut abort_policy = AbortPolicy::default();
        abort_policy.failed(&lost());
        abort_policy.done();
        abort_policy.failed(&lost());
        abort_policy.failed(&refused());
        abort_policy.failed(&lost());
        assert!(!abort_policy.is_hopeless());
        abort_policy.failed(&lost());
        assert!(abort_policy.is_hopeless());
        for all in [
            Failure::new(Code::Backend("PAYMENT_CONFIG_INVALID".into()), "x"),
            Failure::new(Code::NoApiKey, "x"),
            Failure::new(Code::ProviderNotAvailable, "x"),
            refused().exit(Exit::Denied),
        ] {
            let mut abort_policy = AbortPolicy::default();
            abort_policy.failed(&all);
            assert!(abort_policy.is_hopeless(), "{all:?}");
        }
    }
}

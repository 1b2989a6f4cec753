//! Whether to send the rest of many requests after some of them failed.

use crate::error::{Code, Exit, Failure};

/// Decides from the results so far whether the remaining requests would fail too.
#[derive(Debug, Default)]
pub(crate) struct AbortPolicy {
    /// Failures in a row without an answer from the backend.
    unanswered: u32,
    should_abort: bool,
}

impl AbortPolicy {
    pub(crate) const fn record_success(&mut self) {
        self.unanswered = 0;
    }

    pub(crate) fn record_failure(&mut self, failure: &Failure) {
        // A single answer can get lost. Two in a row mean that the backend is gone.
        self.unanswered = if failure.is_unanswered() { self.unanswered + 1 } else { 0 };
        self.should_abort = failure.affects_every_request() || self.unanswered == 2;
    }

    /// Whether the cause of the last failure would make the other requests fail too.
    pub(crate) const fn should_abort(&self) -> bool {
        self.should_abort
    }
}

impl Failure {
    fn affects_every_request(&self) -> bool {
        let by_exit = matches!(self.exit, Exit::NotAuthenticated | Exit::Denied | Exit::NothingLinked);
        let by_code = match &self.code {
            Code::PaymentsNotAvailable
            | Code::ProviderNotAvailable
            | Code::Redirected
            | Code::TlsFailed
            | Code::ProxyRefused => true,
            // A gateway that lets nobody through.
            Code::ResponseInvalid => matches!(self.status, Some(401 | 403 | 404 | 407)),
            Code::Backend(_) => self.meaning().starts_with("PAYMENT_CONFIG_"),
            _ => false,
        };
        by_exit || by_code
    }

    /// Whether the backend did not answer, or not with its own answer.
    pub(crate) const fn is_unanswered(&self) -> bool {
        matches!(self.code, Code::OutcomeUnknown | Code::Unreachable | Code::TimedOut | Code::ResponseInvalid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aborts_after_two_lost_answers_in_a_row_or_one_failure_that_affects_every_request() {
        let lost = || Failure::new(Code::OutcomeUnknown, "x");
        let refused = || Failure::new(Code::Backend("UPSTREAM_FAILURE".into()), "x");
        let mut abort_policy = AbortPolicy::default();
        abort_policy.record_failure(&lost());
        abort_policy.record_success();
        abort_policy.record_failure(&lost());
        abort_policy.record_failure(&refused());
        abort_policy.record_failure(&lost());
        assert!(!abort_policy.should_abort());
        abort_policy.record_failure(&lost());
        assert!(abort_policy.should_abort());
        for failure in [
            Failure::new(Code::Backend("PAYMENT_CONFIG_INVALID".into()), "x"),
            Failure::new(Code::ResponseInvalid, "x").status(403),
            Failure::new(Code::NoApiKey, "x"),
            Failure::new(Code::ProviderNotAvailable, "x"),
            Failure::new(Code::TlsFailed, "x"),
            Failure::new(Code::ProxyRefused, "x"),
            refused().exit(Exit::Denied),
        ] {
            let mut abort_policy = AbortPolicy::default();
            abort_policy.record_failure(&failure);
            assert!(abort_policy.should_abort(), "{failure:?}");
        }
    }
}

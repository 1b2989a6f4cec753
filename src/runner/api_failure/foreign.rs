//! Failures from answers of other servers.

use crate::api::{ForeignAnswer, Replay, RequestError, is_out_of_reach};
use crate::error::{Code, Exit, Failure};
use crate::runner::api_failure::{CHECK_ADDRESS, seconds, wait_hint};

/// The failure of an answer that is not InsForge's. It is about neither the API key nor the provider's key, whatever its
/// status is.
pub(super) fn foreign(answer: &ForeignAnswer, request: &str, error: &RequestError) -> Failure {
    let ForeignAnswer { status, content_type, excerpt, .. } = answer;
    let content_type =
        content_type.as_ref().map_or("without a content type".to_owned(), |it| format!("with {it}"));
    let excerpt = excerpt.as_ref().map_or_else(String::new, |text| format!(": \"{text}\""));
    let why = format!("{request} at {} answered {status} {content_type}{excerpt}", error.address);
    let what = match (status, answer.sender()) {
        // The backend's own rate limiter does not send the backend's JSON, either.
        (429, None) => "Too many requests".to_owned(),
        (429, Some(sender)) => format!("Too many requests; {sender} seems to have answered"),
        (_, sender) => {
            let sender = sender.unwrap_or("another server");
            format!("The response is not InsForge's; {sender} seems to have answered")
        }
    };
    // Of the refusals, only a rate limiter's is another one in a moment.
    let is_temporary = *status == 429 || error.replay == Replay::Always && is_out_of_reach(*status);
    let failure = if is_temporary {
        let hint = match (status, wait_hint(answer.retry_after)) {
            (429, hint) => hint,
            (_, hint) => format!("{hint}; if it stays like this, {CHECK_ADDRESS}"),
        };
        Failure::new(Code::Backend(format!("HTTP_{status}")), what).exit(Exit::TryAgain).hint(hint)
    } else {
        Failure::new(Code::ResponseInvalid, what).hint(CHECK_ADDRESS)
    };
    Failure { retry_after: seconds(answer.retry_after), ..failure.why(why).status(*status) }
}

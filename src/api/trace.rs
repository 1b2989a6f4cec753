//! The lines of `--verbose`: `*` for decisions, `>` for what is sent, `<` for what comes back. Nothing is formatted without
//! a listener.

use std::fmt;
use std::time::Duration;

use crate::api::request::Request;
use crate::secret::{redact, redact_beginning};

/// How much of a body is shown, in bytes.
const LONGEST_BODY: usize = 4 * 1024;
/// How much of a body is searched for secrets, in bytes: a masked key is shorter than the key.
const SEARCHED: usize = 16 * LONGEST_BODY;

/// Receives the lines.
pub(crate) type Listener = Box<dyn Fn(fmt::Arguments<'_>)>;

/// Reports requests and answers to a listener, if there is one. The listener masks secrets.
pub(crate) struct Trace {
    listener: Option<Listener>,
    /// Whether headers and bodies are reported too.
    detailed: bool,
}

impl Trace {
    /// Reports every request and answer, and if `detailed` their headers and bodies.
    pub(crate) const fn new(listener: Option<Listener>, detailed: bool) -> Self {
        Self { listener, detailed }
    }

    pub(super) const fn is_on(&self) -> bool {
        self.listener.is_some()
    }

    pub(super) const fn is_detailed(&self) -> bool {
        self.detailed && self.listener.is_some()
    }

    /// Reports a fact or a decision.
    pub(super) fn note(&self, text: fmt::Arguments<'_>) {
        self.report('*', text);
    }

    pub(super) fn request(&self, request: Request<'_>) {
        self.report('>', format_args!("{request}"));
    }

    pub(super) fn header(&self, direction: char, name: &str, value: &str) {
        self.report(direction, format_args!("{name}: {value}"));
    }

    /// Reports the body of a request, its secrets masked.
    pub(super) fn request_body(&self, request: Request<'_>) {
        if let Some(Ok(shown)) = request.body.map(|body| body.body.masked(body.generation)) {
            self.report('>', format_args!("{shown}"));
        }
    }

    /// Reports `200 OK, 12 ms, 345 bytes, x-request-id req_1`. There is no size if the body was not read completely.
    pub(super) fn response(
        &self,
        status: u16,
        reason: &str,
        after: Duration,
        bytes: Option<usize>,
        request_ids: &str,
    ) {
        let (gap, ms) = (if reason.is_empty() { "" } else { " " }, after.as_millis());
        let size = bytes.map(|bytes| format!(", {bytes} bytes")).unwrap_or_default();
        let ids = if request_ids.is_empty() { String::new() } else { format!(", {request_ids}") };
        self.report('<', format_args!("{status}{gap}{reason}, {ms} ms{size}{ids}"));
    }

    /// Reports the beginning of the body of an answer.
    pub(super) fn answer_body(&self, request: Request<'_>, succeeded: bool, body: &[u8]) {
        if succeeded && request.secret_answer {
            return self.note(format_args!("the response is not shown, because it has keys"));
        }
        // Secrets are masked before the text is cut, because half a secret is not recognized.
        let text = String::from_utf8_lossy(&body[..body.len().min(SEARCHED)]);
        let text = if body.len() > SEARCHED { redact_beginning(text.trim()) } else { redact(text.trim()) };
        if !text.is_empty() {
            let mut ends = (0..=text.len().min(LONGEST_BODY)).rev();
            let end = ends.find(|end| text.is_char_boundary(*end)).unwrap_or_default();
            self.report('<', format_args!("{}", &text[..end]));
        }
        if text.len() > LONGEST_BODY || body.len() > SEARCHED {
            self.note(format_args!("cut; the body has {} bytes", body.len()));
        }
    }

    fn report(&self, mark: char, text: fmt::Arguments<'_>) {
        if let Some(listener) = &self.listener {
            listener(format_args!("{mark} {text}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::body::Body;
    use crate::api::request::EncodedBody;
    use crate::secret::Secret;
    use crate::wire::Generation;
    use std::cell::RefCell;
    use std::rc::Rc;

    fn lines_of(detailed: bool, trace: impl Fn(&Trace)) -> Vec<String> {
        let lines = Rc::new(RefCell::new(Vec::new()));
        let kept = Rc::clone(&lines);
        let listener: Listener = Box::new(move |line| kept.borrow_mut().push(line.to_string()));
        trace(&Trace::new(Some(listener), detailed));
        lines.take()
    }

    #[test]
    fn secrets_of_the_request_are_masked_in_the_answer() {
        let body = Body::default().with_secret("keySecret", Secret::new(r#"trace"1\2345"#.into()));
        let encoded = EncodedBody { bytes: b"", body: &body, generation: Generation::Newer };
        let request = Request { body: Some(encoded), ..Request::get("/x", None) };
        let echo = br#"{"message":"no key trace\"1\\2345 or trace"1\2345"}"#;
        let lines = lines_of(true, |trace| {
            trace.request(request);
            trace.request_body(request);
            trace.answer_body(request, false, echo);
            // The second key crosses the end of what is searched.
            trace.answer_body(
                request,
                false,
                [&echo[..], b"\xff"].concat().repeat(SEARCHED / echo.len() + 1).as_slice(),
            );
        });
        assert_eq!(
            lines[..3],
            ["> GET /x", r#"> {"keySecret":"****2345"}"#, r#"< {"message":"no key ****2345 or ****2345"}"#]
        );
        assert!(lines[3..].iter().all(|line| !line.contains("trace")), "{lines:?}");
    }

    #[test]
    fn a_long_body_is_cut_and_a_body_with_keys_is_hidden() {
        let long = format!("\"{}é{}\"", "x".repeat(LONGEST_BODY - 2), "x".repeat(LONGEST_BODY));
        let request = Request::get("/x", None);
        let lines = lines_of(true, |trace| trace.answer_body(request, true, long.as_bytes()));
        assert_eq!((lines.len(), lines[0].len()), (2, "< ".len() + LONGEST_BODY - 1));
        assert_eq!(lines[1], format!("* cut; the body has {} bytes", long.len()));
        let request = Request { secret_answer: true, ..request };
        let lines = lines_of(true, |trace| trace.answer_body(request, true, b"whatever"));
        assert_eq!(lines, ["* the response is not shown, because it has keys"]);
    }
}

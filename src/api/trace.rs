//! What the client does, line by line, for `--verbose`: `*` what it knows and decides, `>` what it sends, `<` what comes
//! back. Nothing is put into words where nobody listens.

use std::cell::RefCell;
use std::fmt;
use std::time::Duration;

use crate::api::exchange::Request;
use crate::secret::{Secret, redact};

/// So much of a body is shown, in bytes.
const LONGEST_BODY: usize = 4 * 1024;

/// Takes a line.
pub(crate) type Listener = Box<dyn Fn(fmt::Arguments<'_>)>;

/// Tells a listener, where there is one.
pub(crate) struct Trace {
    listener: Option<Listener>,
    /// Headers and bodies, too.
    all: bool,
    /// What this run has sent and nobody may see, wherever it comes back: in an error, too.
    secrets: RefCell<Vec<Secret>>,
}

impl Trace {
    /// Tells every request and answer; `all` is headers and bodies, too.
    pub(crate) const fn new(listener: Option<Listener>, all: bool) -> Self {
        Self { listener, all, secrets: RefCell::new(Vec::new()) }
    }

    /// Whether anybody listens.
    pub(super) const fn is_on(&self) -> bool {
        self.listener.is_some()
    }

    /// Whether headers and bodies are told.
    pub(super) const fn tells_all(&self) -> bool {
        self.all && self.listener.is_some()
    }

    /// This may not be seen, wherever it stands.
    pub(super) fn hide(&self, secret: &Secret) {
        if !secret.is_empty() && !self.secrets.borrow().contains(secret) {
            self.secrets.borrow_mut().push(secret.clone());
        }
    }

    /// What is known or decided.
    pub(super) fn note(&self, text: fmt::Arguments<'_>) {
        self.tell('*', text);
    }

    pub(super) fn sends(&self, request: Request<'_>) {
        request.body.iter().flat_map(|body| body.of.secrets()).for_each(|secret| self.hide(secret));
        self.tell('>', format_args!("{request}"));
    }

    pub(super) fn header(&self, direction: char, name: &str, value: &str) {
        self.tell(direction, format_args!("{name}: {value}"));
    }

    /// The body that is sent, its secrets masked.
    pub(super) fn request_body(&self, request: Request<'_>) {
        if let Some(Ok(shown)) = request.body.map(|body| body.of.shown(body.generation)) {
            self.tell('>', format_args!("{shown}"));
        }
    }

    /// `200 OK, 12 ms, 345 bytes`; without its size where it was not read to its end.
    pub(super) fn answered(&self, status: u16, words: &str, after: Duration, bytes: Option<usize>) {
        let (gap, ms) = (if words.is_empty() { "" } else { " " }, after.as_millis());
        match bytes {
            Some(bytes) => self.tell('<', format_args!("{status}{gap}{words}, {ms} ms, {bytes} bytes")),
            None => self.tell('<', format_args!("{status}{gap}{words}, {ms} ms")),
        }
    }

    /// The beginning of the body that came.
    pub(super) fn answer_body(&self, request: Request<'_>, succeeded: bool, body: &[u8]) {
        if succeeded && request.secret_answer {
            return self.note(format_args!("there are keys in what came: it is not shown"));
        }
        // What is cut off may begin in the middle of a secret: they are masked first, where more is known of them.
        let text = String::from_utf8_lossy(&body[..body.len().min(2 * LONGEST_BODY)]);
        let text = self.masked(redact(text.trim()).into_owned());
        if !text.is_empty() {
            let mut ends = (0..=text.len().min(LONGEST_BODY)).rev();
            let end = ends.find(|end| text.is_char_boundary(*end)).unwrap_or_default();
            self.tell('<', format_args!("{}", &text[..end]));
        }
        if text.len() > LONGEST_BODY || body.len() > 2 * LONGEST_BODY {
            self.note(format_args!("and so on, {} bytes in all", body.len()));
        }
    }

    fn tell(&self, mark: char, text: fmt::Arguments<'_>) {
        let Some(listener) = &self.listener else { return };
        let line = self.masked(format!("{mark} {text}"));
        listener(format_args!("{line}"));
    }

    /// Without the secrets, as they are and as JSON writes them.
    pub(super) fn masked(&self, text: String) -> String {
        self.secrets.borrow().iter().fold(text, |text, secret| {
            let quoted = serde_json::Value::from(secret.expose()).to_string();
            text.replace(secret.expose(), &secret.masked())
                .replace(&quoted[1..quoted.len() - 1], &secret.masked())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::body::Body;
    use crate::api::exchange::Sent;
    use crate::wire::Generation;
    use std::rc::Rc;

    fn told(all: bool, tell: impl Fn(&Trace)) -> Vec<String> {
        let lines = Rc::new(RefCell::new(Vec::new()));
        let kept = Rc::clone(&lines);
        let listener: Listener = Box::new(move |line| kept.borrow_mut().push(line.to_string()));
        tell(&Trace::new(Some(listener), all));
        lines.take()
    }

    #[test]
    fn what_was_sent_in_secret_is_masked_where_it_comes_back() {
        let body = Body::default().with_secret("keySecret", Secret::new(r#"hush"1\2345"#.into()));
        let sent = Sent { bytes: b"", of: &body, generation: Generation::Newer };
        let request = Request { body: Some(sent), ..Request::get("/x", None) };
        let lines = told(true, |trace| {
            trace.sends(request);
            trace.request_body(request);
            trace.answer_body(request, false, br#"{"message":"no key hush\"1\\2345 or hush"1\2345"}"#);
        });
        assert_eq!(
            lines,
            ["> GET /x", r#"> {"keySecret":"****2345"}"#, r#"< {"message":"no key ****2345 or ****2345"}"#]
        );
    }

    #[test]
    fn a_long_body_is_cut_and_one_with_keys_is_not_shown() {
        let long = format!("\"{}é{}\"", "x".repeat(LONGEST_BODY - 2), "x".repeat(LONGEST_BODY));
        let request = Request::get("/x", None);
        let lines = told(true, |trace| trace.answer_body(request, true, long.as_bytes()));
        assert_eq!((lines.len(), lines[0].len()), (2, "< ".len() + LONGEST_BODY - 1));
        assert_eq!(lines[1], format!("* and so on, {} bytes in all", long.len()));
        let request = Request { secret_answer: true, ..request };
        let lines = told(true, |trace| trace.answer_body(request, true, b"whatever"));
        assert_eq!(lines, ["* there are keys in what came: it is not shown"]);
    }
}

//! Answers that are not InsForge's: a gateway, a proxy or another server answered instead of the backend. They are described,
//! so that people see who it was.

use std::time::Duration;

use serde_json::Value;

use crate::api::method::Method;
use crate::api::request::Answer;
use crate::secret::{redact, redact_beginning};

/// An answer that is not InsForge's.
#[derive(Debug)]
pub(crate) struct ForeignAnswer {
    pub(crate) status: u16,
    /// Without parameters; `None` if the answer names no type.
    pub(crate) content_type: Option<String>,
    /// The `Server` header.
    pub(crate) server: Option<String>,
    /// What the body says: the title of a page, the message of a JSON object, or the beginning of a text.
    pub(crate) excerpt: Option<String>,
    pub(crate) retry_after: Option<Duration>,
}

/// How much of a header or an excerpt is kept, in characters.
const LONGEST_TEXT: usize = 80;
/// How much of a body is searched for an excerpt, in bytes. The title of a page is at its beginning.
const SEARCHED: usize = 16 * 1024;

impl ForeignAnswer {
    /// Reads an answer that is not InsForge's. Its headers are redacted already.
    pub(super) fn read(answer: &Answer) -> Self {
        let media_type = answer.content_type.split(';').next().unwrap_or_default();
        Self {
            status: answer.status,
            content_type: one_line(media_type),
            server: answer.server.as_deref().and_then(one_line),
            excerpt: excerpt(&answer.body).as_deref().and_then(one_line),
            retry_after: answer.retry_after,
        }
    }

    /// Who seems to have answered, if the answer shows it.
    pub(crate) fn sender(&self) -> Option<&str> {
        // Only a proxy asks for credentials of its own.
        if self.status == 407 { Some("a proxy") } else { self.server.as_deref() }
    }
}

impl Answer {
    /// Whether the answer claims to be JSON.
    pub(super) fn is_json(&self) -> bool {
        let media_type = self.content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        media_type == "application/json" || media_type.ends_with("+json")
    }

    /// Whether this is the page with which Express answers for a route that does not exist. Production images of InsForge
    /// send it (recorded).
    pub(super) fn is_missing_route_page(&self, method: Method) -> bool {
        let page = || String::from_utf8_lossy(&self.body).contains(&format!("Cannot {method}"));
        self.status == 404 && self.content_type.starts_with("text/html") && page()
    }
}

/// The most telling part of a body.
fn excerpt(body: &[u8]) -> Option<String> {
    if let Ok(Value::Object(fields)) = serde_json::from_slice(body) {
        let text = |value: &Value| match value {
            Value::Object(nested) => nested.get("message").and_then(Value::as_str).map(str::to_owned),
            value => value.as_str().map(str::to_owned),
        };
        let text = ["message", "error", "detail", "title"].iter().find_map(|name| text(fields.get(*name)?));
        return text.map(|text| redact(&text).into_owned());
    }
    // Redacted before anything is cut out of it: half a secret is not recognized.
    let text = String::from_utf8_lossy(&body[..body.len().min(SEARCHED)]);
    let text = if body.len() > SEARCHED { redact_beginning(&text) } else { redact(&text) };
    if text.trim_start().starts_with('<') {
        return ["title", "h1"].iter().find_map(|tag| content_of(&text, tag));
    }
    // A body that is neither text nor JSON says nothing.
    let is_text = !text.contains(|c: char| c == '\u{fffd}' || c.is_control() && !c.is_whitespace());
    is_text.then(|| text.lines().find(|line| !line.trim().is_empty()).map(str::to_owned)).flatten()
}

/// The text of the first such element of a page.
fn content_of(page: &str, tag: &str) -> Option<String> {
    // Keeps the positions of all characters.
    let lower = page.to_ascii_lowercase();
    let start = lower.find(&format!("<{tag}"))?;
    let start = start + lower[start..].find('>')? + 1;
    let end = start + lower[start..].find('<')?;
    page.get(start..end).map(str::to_owned)
}

/// The beginning of a text, in one line without control characters.
fn one_line(text: &str) -> Option<String> {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    let line = words.join(" ");
    let short: String = line.chars().take(LONGEST_TEXT).collect();
    let short = if short.len() < line.len() { short + "…" } else { short };
    (!short.is_empty()).then_some(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_excerpt_is_short_and_telling() {
        let long = "x".repeat(200);
        let cut = format!("{}…", "x".repeat(LONGEST_TEXT));
        let table = [
            ("<html><head><title>\n 403 Forbidden\t</title></head><h1>no</h1>", Some("403 Forbidden")),
            ("<!DOCTYPE html><TITLE lang=en>Sign in</TITLE>", Some("Sign in")),
            ("<h1>Bad Gateway</h1>", Some("Bad Gateway")),
            ("<html></html>", None),
            ("<title>never closed", None),
            (r#"{"message":"Forbidden"}"#, Some("Forbidden")),
            (r#"{"error":{"code":403,"message":"no route"}}"#, Some("no route")),
            (r#"{"status":403}"#, None),
            ("\n upstream timed out \nsecond", Some("upstream timed out")),
            ("a\u{1b}[31mb", None),
            ("", None),
            (&long, Some(cut.as_str())),
        ];
        for (body, expected) in table {
            let found = excerpt(body.as_bytes()).as_deref().and_then(one_line);
            assert_eq!(found.as_deref(), expected, "{body}");
        }
        assert_eq!(excerpt(b"\xff\xfe\0x"), None);
    }
}

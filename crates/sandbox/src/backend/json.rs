//! Parsing of request bodies.

use serde_json::Value;

use crate::backend::Response;
use crate::backend::api_error::ApiError;

/// Parses a body. The error responses have the messages of JavaScript's parser.
pub(crate) fn parse_json(body: &[u8]) -> Result<Value, Response> {
    let text = String::from_utf8_lossy(body);
    let reject = |message: String| {
        let advice = "Please ensure your request body contains valid JSON";
        Err(ApiError::invalid_input(message).next_actions(advice).into_response())
    };
    let unexpected = |index: usize| match text.chars().nth(index) {
        Some(found) => {
            format!("Unexpected token '{found}', {} is not valid JSON", quote_around(&text, index))
        }
        None => "Unexpected end of JSON input".to_owned(),
    };
    // Express accepts only objects and arrays.
    let trimmed = text.trim_start();
    if !trimmed.starts_with(['{', '[']) {
        return reject(unexpected(text.len() - trimmed.len()));
    }
    match serde_json::from_str(&text) {
        Ok(value) => Ok(value),
        Err(error) if error.is_eof() && error.to_string().contains("string") => {
            reject(format!("Unterminated string in JSON at position {}", text.chars().count()))
        }
        Err(error) if error.is_eof() => reject("Unexpected end of JSON input".to_owned()),
        Err(error) => {
            let before: usize =
                text.split_inclusive('\n').take(error.line() - 1).map(|line| line.chars().count()).sum();
            reject(unexpected(before + error.column().saturating_sub(1)))
        }
    }
}

/// How many characters before and after an error V8 quotes. It quotes shorter texts as a whole.
const CONTEXT: usize = 10;

/// The text around a character, in quotes, as V8 shows it.
fn quote_around(text: &str, index: usize) -> String {
    let length = text.chars().count();
    if length <= 2 * CONTEXT {
        return format!("\"{text}\"");
    }
    let start = index.saturating_sub(CONTEXT);
    let end = if index + CONTEXT < length { index + CONTEXT } else { length };
    let quoted: String = text.chars().skip(start).take(end - start).collect();
    let before = if start > 0 { "..." } else { "" };
    let after = if end < length { "..." } else { "" };
    format!("{before}\"{quoted}\"{after}")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn message(body: &str) -> Value {
        match parse_json(body.as_bytes()) {
            Ok(value) => panic!("{value}"),
            Err(response) => response.body.map_or(Value::Null, |body| body["message"].clone()),
        }
    }

    #[test]
    fn a_long_text_is_quoted_around_the_error() {
        let long = "n".repeat(1000);
        for (body, quoted) in [
            ("{\"name\": }".to_owned(), "'}', \"{\"name\": }\""),
            (format!("{{\"a\": x, \"b\": \"{long}\"}}"), "'x', \"{\"a\": x, \"b\": \"n\"..."),
            (
                format!("{{\"a\": \"{long}\", x \"b\": \"{long}\"}}"),
                "'x', ...\"nnnnnnn\", x \"b\": \"nn\"...",
            ),
            (format!("{{\"name\": \"{long}\",}}"), "'}', ...\"nnnnnnnn\",}\""),
        ] {
            assert_eq!(
                message(&body),
                json!(format!("Unexpected token {quoted} is not valid JSON")),
                "{body}"
            );
        }
    }
}

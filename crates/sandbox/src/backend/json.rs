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
        Some(found) => format!("Unexpected token '{found}', \"{text}\" is not valid JSON"),
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

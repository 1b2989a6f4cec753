//! Reading a request's body as the backend does.

use serde_json::Value;

use crate::backend::Answer;
use crate::backend::refusal::Refusal;

/// A request's body as JSON, or the refusal in the words of JavaScript's parser.
pub(crate) fn parse_json(body: &[u8]) -> Result<Value, Answer> {
    let text = String::from_utf8_lossy(body);
    let refuse = |message: String| {
        let advice = "Please ensure your request body contains valid JSON";
        Err(Refusal::invalid(message).advising(advice).into_answer())
    };
    let unexpected = |at: usize| match text.chars().nth(at) {
        Some(found) => format!("Unexpected token '{found}', \"{text}\" is not valid JSON"),
        None => "Unexpected end of JSON input".to_owned(),
    };
    // Only objects and lists are bodies.
    let begin = text.trim_start();
    if !begin.starts_with(['{', '[']) {
        return refuse(unexpected(text.len() - begin.len()));
    }
    match serde_json::from_str(&text) {
        Ok(value) => Ok(value),
        Err(error) if error.is_eof() && error.to_string().contains("string") => {
            refuse(format!("Unterminated string in JSON at position {}", text.chars().count()))
        }
        Err(error) if error.is_eof() => refuse("Unexpected end of JSON input".to_owned()),
        Err(error) => {
            let before: usize =
                text.split_inclusive('\n').take(error.line() - 1).map(|line| line.chars().count()).sum();
            refuse(unexpected(before + error.column().saturating_sub(1)))
        }
    }
}

//! Parsing of request bodies, with the messages of V8, the JavaScript engine that runs real backends.

use serde_json::Value;

use crate::backend::Response;
use crate::backend::api_error::ApiError;

/// Parses a body, which must be an object or an array, as Express requires. The error is the response. A number can be too large for a 64-bit float, as in JavaScript, where it is infinite.
pub(crate) fn parse_json(body: &[u8]) -> Result<Value, Response> {
    let text = String::from_utf8_lossy(body);
    let mut scanner = Scanner::new(&text);
    scanner.skip_space();
    if !matches!(scanner.peek(), Some('{' | '[')) {
        return Err(reject(scanner.unexpected()).into_response());
    }
    parse(body).map_err(ApiError::into_response)
}

/// Parses any JSON.
pub(super) fn parse(body: &[u8]) -> Result<Value, ApiError> {
    let text = String::from_utf8_lossy(body);
    // V8 accepts deeper nesting, and half of a surrogate pair.
    serde_json::from_str(&text)
        .map_err(|error| reject(Scanner::new(&text).document().err().unwrap_or_else(|| error.to_string())))
}

fn reject(message: String) -> ApiError {
    let advice = "Please ensure your request body contains valid JSON";
    ApiError::invalid_input(message).next_actions(advice)
}

/// How many characters before and after an error V8 quotes. It quotes shorter texts as a whole.
const CONTEXT: usize = 10;
/// The deepest nesting that is scanned. The parser accepts less.
const MAX_DEPTH: usize = 200;

/// Finds the first error in a text, as V8's parser does.
struct Scanner<'a> {
    text: &'a str,
    /// The place of the next character, in bytes.
    at: usize,
}

impl<'a> Scanner<'a> {
    const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn document(&mut self) -> Result<(), String> {
        self.value(0)?;
        self.skip_space();
        match self.peek() {
            Some(_) => Err(self.error("Unexpected non-whitespace character after JSON")),
            None => Ok(()),
        }
    }

    fn value(&mut self, depth: usize) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Err("recursion limit exceeded".to_owned());
        }
        self.skip_space();
        match self.peek() {
            Some('{') => self.object(depth),
            Some('[') => self.array(depth),
            Some('"') => self.string(),
            Some('-' | '0'..='9') => self.number(),
            Some('t') => self.literal("true"),
            Some('f') => self.literal("false"),
            Some('n') => self.literal("null"),
            _ => Err(self.unexpected()),
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), String> {
        self.at += 1;
        self.skip_space();
        match self.peek() {
            Some('"') => self.string()?,
            Some('}') => {
                self.at += 1;
                return Ok(());
            }
            _ => return Err(self.error("Expected property name or '}' in JSON")),
        }
        self.skip_space();
        if self.peek() != Some(':') {
            return Err(self.error("Expected ':' after property name in JSON"));
        }
        loop {
            self.at += 1;
            self.value(depth + 1)?;
            self.skip_space();
            match self.peek() {
                Some(',') => self.at += 1,
                Some('}') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(self.error("Expected ',' or '}' after property value in JSON")),
            }
            self.skip_space();
            if self.peek() != Some('"') {
                return Err(self.error("Expected double-quoted property name in JSON"));
            }
            self.string()?;
            self.skip_space();
            // V8 has a message of its own only for the first property.
            if self.peek() != Some(':') {
                return Err(self.unexpected());
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), String> {
        self.at += 1;
        self.skip_space();
        if self.peek() == Some(']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.value(depth + 1)?;
            self.skip_space();
            match self.peek() {
                Some(',') => self.at += 1,
                Some(']') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(self.error("Expected ',' or ']' after array element in JSON")),
            }
        }
    }

    fn string(&mut self) -> Result<(), String> {
        self.at += 1;
        loop {
            match self.peek() {
                None => return Err(self.error("Unterminated string in JSON")),
                Some('"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some('\0'..='\u{1f}') => {
                    return Err(self.error("Bad control character in string literal in JSON"));
                }
                Some('\\') => self.escape()?,
                Some(other) => self.at += other.len_utf8(),
            }
        }
    }

    fn escape(&mut self) -> Result<(), String> {
        self.at += 1;
        match self.peek() {
            None => Err(self.unexpected()),
            Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') => {
                self.at += 1;
                Ok(())
            }
            Some('u') => {
                self.at += 1;
                for _ in 0..4 {
                    if !self.peek().is_some_and(|digit| digit.is_ascii_hexdigit()) {
                        return Err(self.error("Bad Unicode escape in JSON"));
                    }
                    self.at += 1;
                }
                Ok(())
            }
            Some(_) => Err(self.error("Bad escaped character in JSON")),
        }
    }

    fn number(&mut self) -> Result<(), String> {
        let start = self.at;
        if self.peek() == Some('-') {
            self.at += 1;
        }
        match self.peek() {
            Some('0') => {
                self.at += 1;
                if self.digits() > 0 {
                    let sign = usize::from(self.text.get(start..).is_some_and(|rest| rest.starts_with('-')));
                    self.at = start + sign + 1;
                    return Err(self.error("Unexpected number in JSON"));
                }
            }
            Some('1'..='9') => drop(self.digits()),
            _ => return Err(self.error("No number after minus sign in JSON")),
        }
        if self.peek() == Some('.') {
            self.at += 1;
            if self.digits() == 0 {
                return Err(self.error("Unterminated fractional number in JSON"));
            }
        }
        if matches!(self.peek(), Some('e' | 'E')) {
            self.at += 1;
            if matches!(self.peek(), Some('+' | '-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(self.error("Exponent part is missing a number in JSON"));
            }
        }
        Ok(())
    }

    /// Skips digits. Returns their number.
    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.peek().is_some_and(|digit| digit.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }

    fn literal(&mut self, literal: &str) -> Result<(), String> {
        for expected in literal.chars() {
            if self.peek() != Some(expected) {
                return Err(self.unexpected());
            }
            self.at += 1;
        }
        Ok(())
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.at += 1;
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// A message with the position, which JavaScript counts in UTF-16 code units.
    fn error(&self, message: &str) -> String {
        let before = self.text.get(..self.at).unwrap_or_default();
        let position = before.encode_utf16().count();
        format!("{message} at position {position}")
    }

    /// The message for a character for which V8 has no other one.
    fn unexpected(&self) -> String {
        match self.peek() {
            None => "Unexpected end of JSON input".to_owned(),
            Some('-' | '0'..='9') if self.at > 0 => self.error("Unexpected number in JSON"),
            Some('"') if self.at > 0 => self.error("Unexpected string in JSON"),
            Some(found) => format!("Unexpected token '{found}', {} is not valid JSON", self.quoted_context()),
        }
    }

    /// The text around the error, in quotes.
    fn quoted_context(&self) -> String {
        let characters: Vec<char> = self.text.chars().collect();
        let length = characters.len();
        let at = self.text.get(..self.at).unwrap_or_default().chars().count();
        let (start, end) = if length <= 2 * CONTEXT {
            (0, length)
        } else {
            (at.saturating_sub(CONTEXT), (at + CONTEXT).min(length))
        };
        let quoted: String = characters.get(start..end).unwrap_or_default().iter().collect();
        let before = if start > 0 { "..." } else { "" };
        let after = if end < length { "..." } else { "" };
        format!("{before}\"{quoted}\"{after}")
    }
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

    /// What `JSON.parse` of Node.js 20 says.
    #[test]
    fn errors_have_the_messages_of_v8() {
        for (body, expected) in [
            ("{\"a\":1,}", "Expected double-quoted property name in JSON at position 7"),
            ("{a:1}", "Expected property name or '}' in JSON at position 1"),
            ("{\"a\" 1}", "Expected ':' after property name in JSON at position 5"),
            ("{\"a\":1 \"b\"}", "Expected ',' or '}' after property value in JSON at position 7"),
            ("[1 2]", "Expected ',' or ']' after array element in JSON at position 3"),
            ("{\"a\":\"\\x\"}", "Bad escaped character in JSON at position 7"),
            ("{\"a\":\"\u{1}\"}", "Bad control character in string literal in JSON at position 6"),
            ("{\"a\":01}", "Unexpected number in JSON at position 6"),
            ("{\"a\":-}", "No number after minus sign in JSON at position 6"),
            ("{\"a\":1.}", "Unterminated fractional number in JSON at position 7"),
            ("{\"a\":1e}", "Exponent part is missing a number in JSON at position 7"),
            ("{} x", "Unexpected non-whitespace character after JSON at position 3"),
            ("{\"a\":\"\\u12\"}", "Bad Unicode escape in JSON at position 10"),
            ("{\"a\":tru}", "Unexpected token '}', \"{\"a\":tru}\" is not valid JSON"),
            ("{\"a\":nul", "Unexpected end of JSON input"),
            ("{\"a\":t", "Unexpected end of JSON input"),
            ("{", "Expected property name or '}' in JSON at position 1"),
            ("{\"a\"", "Expected ':' after property name in JSON at position 4"),
            ("{\"a\":", "Unexpected end of JSON input"),
            ("{\"a\":1", "Expected ',' or '}' after property value in JSON at position 6"),
            ("[", "Unexpected end of JSON input"),
            ("[1", "Expected ',' or ']' after array element in JSON at position 2"),
            ("[1,", "Unexpected end of JSON input"),
            ("{,}", "Expected property name or '}' in JSON at position 1"),
            ("[,]", "Unexpected token ',', \"[,]\" is not valid JSON"),
            ("{\"a\":1,,}", "Expected double-quoted property name in JSON at position 7"),
            ("{\"a\":[}", "Unexpected token '}', \"{\"a\":[}\" is not valid JSON"),
            ("{\"a\":\"", "Unterminated string in JSON at position 6"),
            ("{\"a\":\"\\", "Unexpected end of JSON input"),
            ("{\"a\":\"\\u", "Bad Unicode escape in JSON at position 8"),
            ("{\"a\":-x}", "No number after minus sign in JSON at position 6"),
            ("{\"a\":+1}", "Unexpected token '+', \"{\"a\":+1}\" is not valid JSON"),
            ("{\"a\":.5}", "Unexpected token '.', \"{\"a\":.5}\" is not valid JSON"),
            ("{\"a\":1e+}", "Exponent part is missing a number in JSON at position 8"),
            ("{\"a\":1.x}", "Unterminated fractional number in JSON at position 7"),
            ("{\"a\":\"x\" 5}", "Expected ',' or '}' after property value in JSON at position 9"),
            ("[\"a\" \"b\"]", "Expected ',' or ']' after array element in JSON at position 5"),
            ("{\"a\":\"b\"}}", "Unexpected non-whitespace character after JSON at position 9"),
            ("{1:2}", "Expected property name or '}' in JSON at position 1"),
            ("{\"a\":NaN}", "Unexpected token 'N', \"{\"a\":NaN}\" is not valid JSON"),
            ("{\"a\":undefined}", "Unexpected token 'u', \"{\"a\":undefined}\" is not valid JSON"),
            ("{\"a\":'x'}", "Unexpected token ''', \"{\"a\":'x'}\" is not valid JSON"),
            ("{\"a\":trueish}", "Expected ',' or '}' after property value in JSON at position 9"),
            ("{\"a\":1}{\"b\":2}", "Unexpected non-whitespace character after JSON at position 7"),
            ("{\"a\":-01}", "Unexpected number in JSON at position 7"),
            ("{\"a\":\"é\u{7}\"}", "Bad control character in string literal in JSON at position 7"),
            (
                "{ \"long\": \"aaaaaaaaaaaaaaaaaaaaaaaaaaa\", \"b\": x, \"cccccccccccccccccccccc\": 1}",
                "Unexpected token 'x', ...\"aa\", \"b\": x, \"cccccc\"... is not valid JSON",
            ),
            ("[1,]", "Unexpected token ']', \"[1,]\" is not valid JSON"),
            ("{\"a\":\n1,\n}", "Expected double-quoted property name in JSON at position 9"),
            ("{\"a\":\"\n\"}", "Bad control character in string literal in JSON at position 6"),
            ("{\"a\":\"\\u12G4\"}", "Bad Unicode escape in JSON at position 10"),
            ("{\"a\":tru ", "Unexpected token ' ', \"{\"a\":tru \" is not valid JSON"),
            ("[tru", "Unexpected end of JSON input"),
            ("{\"a\":1-}", "Expected ',' or '}' after property value in JSON at position 6"),
            ("{\"a\" \"b\"}", "Expected ':' after property name in JSON at position 5"),
            ("{\"a\"} ", "Expected ':' after property name in JSON at position 4"),
            ("{\"a\":1]", "Expected ',' or '}' after property value in JSON at position 6"),
            ("{\"a\":1,\"b\"", "Unexpected end of JSON input"),
            ("{\"a\":1,b:2}", "Expected double-quoted property name in JSON at position 7"),
            ("{\"a\":1,1:2}", "Expected double-quoted property name in JSON at position 7"),
            ("[01]", "Unexpected number in JSON at position 2"),
            ("[-", "No number after minus sign in JSON at position 2"),
            ("[1.", "Unterminated fractional number in JSON at position 3"),
            ("[1e", "Exponent part is missing a number in JSON at position 3"),
            ("{\"a\":\"b\"", "Expected ',' or '}' after property value in JSON at position 8"),
            ("{\"a\":nulll}", "Expected ',' or '}' after property value in JSON at position 9"),
            ("{\"\":1,\"\":}", "Unexpected token '}', \"{\"\":1,\"\":}\" is not valid JSON"),
            ("[1 \"a\"]", "Expected ',' or ']' after array element in JSON at position 3"),
            ("{\"a\":1\"b\":2}", "Expected ',' or '}' after property value in JSON at position 6"),
            ("{\"\":\"😀\",\"b\":x}", "Unexpected token 'x', \"{\"\":\"😀\",\"b\":x}\" is not valid JSON"),
            ("{\"a\":1,\"b\" 2}", "Unexpected number in JSON at position 11"),
            ("{\"a\":1,\"b\" \"c\"}", "Unexpected string in JSON at position 11"),
            ("{\"a\":1,\"b\" }", "Unexpected token '}', \"{\"a\":1,\"b\" }\" is not valid JSON"),
            ("{\"a\":1,\"b\" x}", "Unexpected token 'x', \"{\"a\":1,\"b\" x}\" is not valid JSON"),
            ("{\"a\":1,", "Expected double-quoted property name in JSON at position 7"),
            ("{\"a\":1,  ", "Expected double-quoted property name in JSON at position 9"),
            ("{\"a\":1,\"b", "Unterminated string in JSON at position 9"),
            ("[{\"a\":1,\"b\" 2}]", "Unexpected number in JSON at position 12"),
            ("{\"x\":{\"a\" 2}}", "Expected ':' after property name in JSON at position 10"),
            ("{\"a\":1,\"b\":2,\"c\" 3}", "Unexpected number in JSON at position 17"),
            ("{\"a\":1e400", "Expected ',' or '}' after property value in JSON at position 10"),
            ("{\"a\":[1,\"b\" 2]}", "Expected ',' or ']' after array element in JSON at position 12"),
            ("{\"a\":\"\\u123", "Bad Unicode escape in JSON at position 11"),
            ("{\"a\":1,\"b\"  ", "Unexpected end of JSON input"),
            ("[ ", "Unexpected end of JSON input"),
            ("{\"a\":-  }", "No number after minus sign in JSON at position 6"),
            ("{\"a\":0x1}", "Expected ',' or '}' after property value in JSON at position 6"),
            ("[1.5.2]", "Expected ',' or ']' after array element in JSON at position 4"),
            ("{\"a\":1e-}", "Exponent part is missing a number in JSON at position 8"),
        ] {
            assert_eq!(message(body), json!(expected), "{body}");
        }
    }

    #[test]
    fn a_long_text_is_quoted_around_the_error() {
        let long = "n".repeat(1000);
        for (body, quoted) in [
            ("{\"name\": }".to_owned(), "'}', \"{\"name\": }\""),
            (format!("{{\"a\": x, \"b\": \"{long}\"}}"), "'x', \"{\"a\": x, \"b\": \"n\"..."),
            (format!("{{\"a\": [\"{long}\",]}}"), "']', ...\"nnnnnnnn\",]}\""),
        ] {
            assert_eq!(
                message(&body),
                json!(format!("Unexpected token {quoted} is not valid JSON")),
                "{body}"
            );
        }
    }
}

//! Errors of a filter at run time, without the values that caused them: values can be long, and they can be secret.

use jaq_json::Val;
use serde::de::IgnoredAny;
use serde_json::Deserializer;

/// What precedes a value in jaq's messages.
const BEFORE: [&str; 5] = [
    "cannot index ",
    "cannot use ",
    "cannot calculate ",
    "cannot parse ",
    "invalid path expression with input ",
];
/// What precedes a second value. It is shown if the filter contains it, because it shows which path was meant.
const BETWEEN: [&str; 6] = [" with ", " + ", " - ", " * ", " / ", " % "];

/// The message of the filter's own `error`, or of jaq.
pub(super) fn message(error: jaq_json::Error, filter: &str) -> String {
    match error.into_val() {
        Val::TStr(text) => without_values(&String::from_utf8_lossy(&text), filter),
        other => format!("the error is not a string but {}", kind(&other.to_string())),
    }
}

fn without_values(text: &str, filter: &str) -> String {
    let Some((before, rest)) = BEFORE.iter().find_map(|before| Some((before, text.strip_prefix(before)?)))
    else {
        return without_quotes(text, filter);
    };
    let (first, rest) = value(rest);
    let mut message = [before, kind(first)].concat();
    match BETWEEN.iter().find_map(|between| Some((between, rest.strip_prefix(between)?))) {
        Some((between, second)) => {
            message.push_str(between);
            let is_in_filter = filter.contains(second.trim_matches('"'));
            message.push_str(if is_in_filter { second } else { kind(second) });
        }
        // ` as array`, ` as JSON: the reason`
        None => message.push_str(rest.split(':').next().unwrap_or_default()),
    }
    message
}

/// The message without quoted text that is not in the filter. The message of the filter's own `error` stays whole.
fn without_quotes(text: &str, filter: &str) -> String {
    if filter.contains("error") {
        return text.to_owned();
    }
    let hide = |(position, part): (usize, &str)| {
        let is_quoted = position % 2 == 1;
        if is_quoted && !filter.contains(part) { "…".to_owned() } else { part.to_owned() }
    };
    ["\"", "`"].into_iter().fold(text.to_owned(), |text, quote| {
        text.split(quote).enumerate().map(hide).collect::<Vec<_>>().join(quote)
    })
}

/// The value at the beginning, and the rest. Invalid JSON extends to the end.
fn value(text: &str) -> (&str, &str) {
    let mut values = Deserializer::from_str(text).into_iter::<IgnoredAny>();
    match values.next() {
        Some(Ok(_)) => text.split_at(values.byte_offset()),
        _ => (text, ""),
    }
}

fn kind(value: &str) -> &'static str {
    match value.bytes().next() {
        Some(b'"') => "a string",
        Some(b'[') => "an array",
        Some(b'{') => "an object",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        Some(b'-' | b'0'..=b'9') => "a number",
        _ => "a value",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_show_no_values() {
        let secret = "f71561150b3a4d0fa0c2ab4272b";
        let filter = ".x, .name, .[0]";
        for (message, expected) in [
            (format!("cannot index \"{secret}\" with \"x\""), "cannot index a string with \"x\""),
            (
                format!("cannot index [{{\"s\":\"{secret}\"}}] with \"name\""),
                "cannot index an array with \"name\"",
            ),
            (format!("cannot use {{\"s\":\"{secret}\"}} as array"), "cannot use an object as array"),
            (format!("cannot calculate 1 - \"{secret}{secret}\""), "cannot calculate a number - a string"),
            (format!("cannot calculate 1 - \"{secret}\""), "cannot calculate a number - a string"),
            (format!("cannot index {{}} with \"{secret}\""), "cannot index an object with a string"),
            (format!("strptime failed on \"{secret}\": not \"x\""), "strptime failed on \"…\": not \"x\""),
            (
                format!(
                    "cannot parse \"{secret}\" as JSON: byte offset 0: value expected and much more than that"
                ),
                "cannot parse a string as JSON",
            ),
            (
                format!("invalid path expression with input \"{secret}\""),
                "invalid path expression with input a string",
            ),
            (format!("all but `{secret}` is read"), "all but `…` is read"),
            ("cannot index null with 0".to_owned(), "cannot index null with 0"),
            ("cannot index NaN with \"x\"".to_owned(), "cannot index a value"),
            ("there is none".to_owned(), "there is none"),
        ] {
            assert_eq!(without_values(&message, filter), expected);
        }
        assert_eq!(without_values("no \"abc\"", "error(.a)"), "no \"abc\"");
        let object = jaq_json::Error::new(Val::obj(jaq_json::Map::default()));
        assert_eq!(message(object, filter), "the error is not a string but an object");
    }
}

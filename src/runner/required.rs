//! The fields that every new object needs. An option or a file can set them.

use serde::Serialize;
use serde_json::Value;

use crate::error::Failure;

/// A required field: its option, and its place in the JSON, such as `item.name`.
pub(crate) type Required = (&'static str, &'static str);

/// The required fields that an object does not have.
pub(super) fn missing(required: &[Required], object: &impl Serialize) -> Vec<Required> {
    let object = serde_json::to_value(object).unwrap_or_default();
    let is_missing = |(_, path): &&Required| at(&object, path).is_none_or(Value::is_null);
    required.iter().filter(is_missing).copied().collect()
}

/// The value at a place in the JSON.
pub(super) fn at<'a>(object: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(object, |object, name| object.get(name))
}

/// Checks that an object has its required fields.
pub(crate) fn check_required(required: &[Required], object: &impl Serialize) -> Result<(), Failure> {
    let missing = missing(required, object);
    if missing.is_empty() { Ok(()) } else { Err(failure(&missing)) }
}

/// The failure of an object without these fields.
pub(super) fn failure(missing: &[Required]) -> Failure {
    let options: Vec<&str> = missing.iter().map(|(option, _)| *option).collect();
    let names: Vec<String> =
        options.iter().map(|option| option.trim_start_matches('-').replace('-', " ")).collect();
    let them = if missing.len() == 1 { "it" } else { "them" };
    Failure::usage(format!("The object has no {}", names.join(", no ")))
        .hint(format!("add {}, or add {them} to the object in the file", options.join(", ")))
}

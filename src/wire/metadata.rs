use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::wire::{position_of, without_position};

/// The key-value pairs that an application stores with an object at a provider, in order. Keys that begin with
/// `insforge_` are reserved for InsForge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KeyValueMap<L>(Vec<(String, String)>, PhantomData<L>);

/// A provider's name for these pairs, and its limits. Lengths are in characters.
pub(crate) trait KeyValueLimits: Clone + Default {
    /// The name of the map.
    const MAP: &'static str;
    /// The adjective for its parts: `metadata key`.
    const PART: &'static str;
    const MAX_PAIRS: usize;
    const MAX_KEY: usize;
    const MAX_VALUE: usize;
    /// Whether an update removes a key whose value is empty, so that null can mean the same.
    const EMPTY_REMOVES: bool = false;
    /// The characters that a key cannot contain, and their name.
    const INVALID_IN_KEYS: (&'static [char], &'static str) = (&[], "");
}

/// Stripe's limits (<https://docs.stripe.com/api/metadata>). In an update, an empty value removes its key, and missing
/// keys stay unchanged (exchanges 130–132).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StripeLimits;

impl KeyValueLimits for StripeLimits {
    const MAP: &'static str = "metadata";
    const PART: &'static str = "metadata";
    const MAX_PAIRS: usize = 50;
    const MAX_KEY: usize = 40;
    const MAX_VALUE: usize = 500;
    const EMPTY_REMOVES: bool = true;
    const INVALID_IN_KEYS: (&'static [char], &'static str) = (&['[', ']'], "square brackets");
}

/// Stripe's metadata.
pub(crate) type Metadata = KeyValueMap<StripeLimits>;

/// One key-value pair of Stripe's metadata.
pub(crate) type MetadataEntry = KeyValue<StripeLimits>;

/// Razorpay's limits (<https://razorpay.com/docs/api/understand/#notes>): 15 notes; at most 256 characters each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RazorpayLimits;

impl KeyValueLimits for RazorpayLimits {
    const MAP: &'static str = "notes";
    const PART: &'static str = "note";
    const MAX_PAIRS: usize = 15;
    const MAX_KEY: usize = 256;
    const MAX_VALUE: usize = 256;
}

/// Razorpay's notes.
pub(crate) type Notes = KeyValueMap<RazorpayLimits>;

impl<L: KeyValueLimits> KeyValueMap<L> {
    /// Adds a pair, or replaces the value of its key.
    ///
    /// # Errors
    /// There are too many pairs.
    pub(crate) fn set(&mut self, KeyValue(key, value, _): KeyValue<L>) -> Result<(), String> {
        if let Some(entry) = self.0.iter_mut().find(|(known, _)| *known == key) {
            entry.1 = value;
        } else if self.0.len() < L::MAX_PAIRS {
            self.0.push((key, value));
        } else {
            return Err(format!("there can be at most {} {} keys", L::MAX_PAIRS, L::PART));
        }
        Ok(())
    }

    /// Adds a key and a value, or replaces the value of the key.
    ///
    /// # Errors
    /// The limit that is exceeded.
    pub(crate) fn put(&mut self, key: &str, value: &str) -> Result<(), String> {
        self.set(KeyValue::new(key.to_owned(), value.to_owned())?)
    }

    /// The keys and values, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Whether there are no pairs.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A key-value pair; on a command line `key=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyValue<L>(String, String, PhantomData<L>);

impl<L: KeyValueLimits> KeyValue<L> {
    /// Checks the limits of a pair.
    ///
    /// # Errors
    /// The limit that is exceeded.
    pub(crate) fn new(key: String, value: String) -> Result<Self, String> {
        let (part, max) = (L::PART, L::MAX_KEY);
        let length = key.chars().count();
        if key.trim().is_empty() {
            return Err(format!("a {part} key cannot be empty"));
        }
        if length > max {
            return Err(format!("a {part} key can have at most {max} characters, but `{key}` has {length}"));
        }
        let (characters, their_name) = L::INVALID_IN_KEYS;
        if key.contains(characters) {
            return Err(format!("a {part} key cannot contain {their_name}, but `{key}` does"));
        }
        if key.starts_with("insforge_") {
            return Err(format!(
                "{part} keys that begin with `insforge_` are reserved for InsForge: `{key}`"
            ));
        }
        let (length, max) = (value.chars().count(), L::MAX_VALUE);
        if length > max {
            return Err(format!(
                "a {part} value can have at most {max} characters, but that of `{key}` has {length}"
            ));
        }
        Ok(Self(key, value, PhantomData))
    }
}

impl<L: KeyValueLimits> FromStr for KeyValue<L> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) =
            text.split_once('=').ok_or("use the form NAME=VALUE, such as tier=pro; `NAME=` removes it")?;
        Self::new(key.to_owned(), value.to_owned())
    }
}

impl<L: KeyValueLimits> FromStr for KeyValueMap<L> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| {
            if error.is_syntax() || error.is_eof() {
                let ((line, column), reason) = (position_of(&error, text), without_position(&error));
                return format!(
                    "invalid JSON (line {line}, column {column}: {reason}); use the form '{EXAMPLE}'"
                );
            }
            // The message names the key, so it needs no position.
            without_position(&error)
        })
    }
}

impl<'de, L: KeyValueLimits> Deserialize<'de> for KeyValueMap<L> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(KeyValueVisitor(PhantomData))
    }
}

const EXAMPLE: &str = r#"{"tier": "pro"}"#;

/// Reads a JSON object of strings without duplicate keys.
struct KeyValueVisitor<L>(PhantomData<L>);

impl<'de, L: KeyValueLimits> Visitor<'de> for KeyValueVisitor<L> {
    type Value = KeyValueMap<L>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} as a JSON object of strings, such as {EXAMPLE}", L::MAP)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<KeyValueMap<L>, A::Error> {
        let mut pairs = KeyValueMap::default();
        while let Some((key, value)) = map.next_entry::<String, serde_json::Value>()? {
            if pairs.0.iter().any(|(known, _)| *known == key) {
                return Err(A::Error::custom(format!("the {} key `{key}` is duplicated", L::PART)));
            }
            let text = match value {
                serde_json::Value::String(text) => text,
                serde_json::Value::Null if L::EMPTY_REMOVES => String::new(),
                _ => {
                    let is_nested = value.is_array() || value.is_object();
                    let quoted = if is_nested { String::new() } else { format!("; use \"{value}\"") };
                    return Err(A::Error::custom(format!(
                        "{} values must be strings, but `{key}` is {value}{quoted}",
                        L::PART
                    )));
                }
            };
            KeyValue::new(key, text).and_then(|pair| pairs.set(pair)).map_err(A::Error::custom)?;
        }
        Ok(pairs)
    }
}

impl<L> Serialize for KeyValueMap<L> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn rejects(json: &str, why: &str) {
        let error = json.parse::<Metadata>().unwrap_err();
        assert!(error.contains(why), "{json}: {error}");
        assert_eq!(error.contains("line 1"), error.starts_with("invalid JSON"), "{error}");
    }

    #[test]
    fn invalid_metadata_is_rejected_with_its_key() {
        rejects("{", "invalid JSON");
        rejects("tier=pro", "invalid JSON");
        rejects("[]", "a JSON object of strings");
        rejects("null", "a JSON object of strings");
        rejects(r#"{"n": 1}"#, "`n` is 1; use \"1\"");
        rejects(r#"{"n": [null]}"#, "`n` is [null]");
        rejects(r#"{"a": "1", "a": "2"}"#, "key `a` is duplicated");
        rejects(r#"{"insforge_subject_id": "x"}"#, "reserved for InsForge");
        rejects(r#"{"a[b]": "x"}"#, "square brackets");
        rejects(r#"{"": "x"}"#, "cannot be empty");
        rejects(&format!(r#"{{"{}": "v"}}"#, "k".repeat(41)), "at most 40 characters");
        rejects(&format!(r#"{{"long": "{}"}}"#, "v".repeat(501)), "that of `long` has 501");
        let many: Vec<String> = (0..51).map(|n| format!("\"k{n}\": \"v\"")).collect();
        rejects(&format!("{{{}}}", many.join(",")), "at most 50 metadata keys");
        assert!(format!("{{{}}}", many[1..].join(",")).parse::<Metadata>().is_ok());
    }

    #[test]
    fn each_provider_has_its_own_limits() {
        let rejects = |json: &str, why: &str| {
            let error = json.parse::<Notes>().unwrap_err();
            assert!(error.contains(why), "{json}: {error}");
        };
        rejects("[]", "notes as a JSON object of strings");
        rejects(r#"{"n": null}"#, "note values must be strings, but `n` is null");
        rejects(r#"{"n": 1}"#, "note values must be strings, but `n` is 1");
        rejects(r#"{"insforge_x": "1"}"#, "note keys that begin with `insforge_`");
        rejects(
            &format!(r#"{{"n": "{}"}}"#, "v".repeat(257)),
            "a note value can have at most 256 characters",
        );
        let many: Vec<String> = (0..16).map(|n| format!("\"k{n}\": \"v\"")).collect();
        rejects(&format!("{{{}}}", many.join(",")), "at most 15 note keys");
        assert!(format!("{{{}}}", many[1..].join(",")).parse::<Notes>().is_ok());
        assert!(r#"{"a[b]": "x"}"#.parse::<Notes>().is_ok());
    }

    #[test]
    fn setting_a_key_replaces_its_value() {
        let mut metadata: Metadata = r#"{"tier": "pro", "n": "1"}"#.parse().unwrap();
        metadata.set("n=a=b".parse().unwrap()).unwrap();
        metadata.set("tier=".parse().unwrap()).unwrap();
        assert_eq!(r#"{"tier": null, "n": "a=b"}"#.parse::<Metadata>().unwrap(), metadata);
        assert_eq!(serde_json::to_string(&metadata).unwrap(), r#"{"tier":"","n":"a=b"}"#);
        assert_eq!(metadata.iter().collect::<Vec<_>>(), [("tier", ""), ("n", "a=b")]);
        assert!("nothing".parse::<MetadataEntry>().unwrap_err().contains("NAME=VALUE"));
    }

    proptest! {
        #[test]
        fn metadata_round_trips_through_json(
            pairs in prop::collection::vec(("[^\\[\\]=\\pC]{0,39}é", "\\PC{0,500}"), 0..50)
        ) {
            let mut metadata = Metadata::default();
            for (key, value) in &pairs {
                metadata.set(format!("{key}={value}").parse().unwrap()).unwrap();
            }
            let json = serde_json::to_string(&metadata).unwrap();
            prop_assert_eq!(&json.parse::<Metadata>().unwrap(), &metadata);
            let last = pairs.iter().rev().find(|(key, _)| *key == pairs[0].0);
            if let Some((key, value)) = last.filter(|_| !pairs.is_empty()) {
                let read: serde_json::Value = serde_json::from_str(&json).unwrap();
                prop_assert_eq!(read[key].as_str(), Some(value.as_str()));
            }
        }
    }
}

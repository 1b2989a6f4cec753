//! Idempotency keys.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::input::trim_line_end;
use crate::wire::validated::trimmed_string;

/// A key that makes a create repeatable, and where the key comes from. The same key with the same parameters returns the
/// same object. Stripe keeps a key for at least a day (<https://docs.stripe.com/api/idempotent_requests>).
///
/// The backend accepts 1 to 200 characters and would trim them (exchanges 094–097); it sends the key to Stripe in a
/// header. A key in a JSON file is checked like one on the command line.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct IdempotencyKey {
    text: Box<str>,
    origin: KeyOrigin,
}

/// Where an idempotency key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KeyOrigin {
    /// The command line.
    Argument,
    /// The file that has the object.
    File,
    /// The object itself: every run derives the same key.
    Derived,
    /// This run. No other run knows the key.
    Generated,
}

impl IdempotencyKey {
    /// A new random key.
    pub(crate) fn generate() -> Self {
        Self { text: uuid::Uuid::new_v4().to_string().into(), origin: KeyOrigin::Generated }
    }

    /// The key that follows from these parts, in any run.
    pub(crate) fn derived(parts: &[&str]) -> Self {
        const NAMESPACE: uuid::Uuid = uuid::Uuid::from_u128(0x2d1b_8f6a_7c54_4e0b_9a37_5f0c_61e2_d984);
        // The lengths keep one part from looking like two.
        let mut name = String::new();
        for part in parts {
            name.push_str(&part.len().to_string());
            name.push(':');
            name.push_str(part);
        }
        let text = uuid::Uuid::new_v5(&NAMESPACE, name.as_bytes()).to_string().into();
        Self { text, origin: KeyOrigin::Derived }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether only this run knows the key: to run the command again safely, the user has to add it.
    pub(crate) fn is_generated(&self) -> bool {
        self.origin == KeyOrigin::Generated
    }

    fn checked(text: &str, origin: KeyOrigin) -> Result<Self, String> {
        trimmed_string("an idempotency key", 200, text)?;
        if text.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
            Ok(Self { text: text.into(), origin })
        } else {
            Err("an idempotency key is sent in a header: use ASCII letters, digits and punctuation".into())
        }
    }
}

/// From the command line.
impl FromStr for IdempotencyKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::checked(trim_line_end(text), KeyOrigin::Argument)
    }
}

/// From a file.
impl TryFrom<String> for IdempotencyKey {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::checked(&text, KeyOrigin::File)
    }
}

impl From<IdempotencyKey> for String {
    fn from(key: IdempotencyKey) -> Self {
        key.text.into()
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_ascii_without_spaces_around_it_and_has_at_most_200_characters() {
        assert!("k".repeat(200).parse::<IdempotencyKey>().is_ok());
        assert_eq!("order 66/a".parse::<IdempotencyKey>().unwrap().as_str(), "order 66/a");
        for (text, why) in [
            ("k".repeat(201).as_str(), "at most 200 characters"),
            ("", "cannot be empty"),
            (" kt ", "begin or end with white space"),
            ("schlüssel", "ASCII"),
            ("a\tb", "ASCII"),
        ] {
            let error = text.parse::<IdempotencyKey>().unwrap_err();
            assert!(error.contains(why), "{text:?}: {error}");
            let text = serde_json::Value::from(text);
            assert_eq!(serde_json::from_value::<IdempotencyKey>(text).unwrap_err().to_string(), error);
        }
    }

    #[test]
    fn generated_keys_are_valid_and_differ() {
        let (one, other) = (IdempotencyKey::generate(), IdempotencyKey::generate());
        assert_ne!(one, other);
        assert!(one.as_str().parse::<IdempotencyKey>().is_ok());
        assert!(one.is_generated() && !IdempotencyKey::derived(&["a"]).is_generated());
    }
}

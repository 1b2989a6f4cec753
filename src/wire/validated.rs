//! Strings that are validated before they are sent.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::input::trim_line_end;

/// Defines a string type whose values have passed a check. `$normalize` changes a value from the command line before.
macro_rules! validated_string {
    ($(#[$meta:meta])* $name:ident, $check:expr) => {
        validated_string! { $(#[$meta])* $name, |text| text, $check }
    };
    ($(#[$meta:meta])* $name:ident, $normalize:expr, $check:expr) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
        #[serde(try_from = "String")]
        pub(crate) struct $name(String);

        impl $name {
            /// The string, unchanged.
            #[allow(dead_code, reason = "some types are only serialized")]
            pub(crate) fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                let check: fn(&str) -> Result<(), String> = $check;
                check(&text)?;
                Ok(Self(text))
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let normalize: fn(&str) -> &str = $normalize;
                Self::try_from(normalize(text).to_owned())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

validated_string! {
    /// A lookup key, by which an application finds a price without its id; 1 to 200 characters.
    LookupKey, trim_line_end, |text| trimmed_string("a lookup key", 200, text)
}

validated_string! {
    /// A product's name, which customers see; at most 250 characters at Stripe (exchange 107).
    ProductName, |text| {
        if trimmed(text).is_empty() {
            return Err("the name is empty".into());
        }
        at_most("a product's name", 250, trimmed(text))
    }
}

validated_string! {
    /// A product's description; at most 5000 characters in the backend (exchange 105).
    Description, |text| at_most("a description", 5000, trimmed(text))
}

validated_string! {
    /// The name of a Razorpay item; at most 255 characters in the backend (exchange 302).
    ItemName, |text| {
        if trimmed(text).is_empty() {
            return Err("the name is empty".into());
        }
        at_most("an item's name", 255, trimmed(text))
    }
}

validated_string! {
    /// The description of a Razorpay item; at most 2048 characters in the backend.
    ItemDescription, |text| at_most("an item's description", 2048, trimmed(text))
}

validated_string! {
    /// The id of an object at the provider.
    ObjectId, trim_line_end, |text| {
        if text.is_empty() || text.contains(char::is_whitespace) {
            Err("an id cannot be empty or contain spaces; copy it from a list".into())
        } else {
            Ok(())
        }
    }
}

validated_string! {
    /// A three-letter ISO currency code, in upper or lower case. The provider checks that it supports the currency.
    Currency, trim_line_end, |text| {
        if text.len() == 3 && text.chars().all(|c| c.is_ascii_alphabetic()) {
            Ok(())
        } else {
            Err("a currency must be a three-letter ISO code, such as usd or eur".into())
        }
    }
}

/// Trims a string as the backend does: with JavaScript's definition of white space, which differs from Rust's
/// (<https://tc39.es/ecma262/#sec-trimstring>).
pub(crate) fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}'))
}

/// Checks that a string is not empty, not too long, and not changed by the backend's trimming.
pub(super) fn trimmed_string(what: &str, limit: usize, text: &str) -> Result<(), String> {
    if trimmed(text).is_empty() {
        return Err(format!("{what} cannot be empty"));
    }
    if trimmed(text) != text {
        return Err(format!(
            "{what} cannot begin or end with white space, because the backend would remove it"
        ));
    }
    at_most(what, limit, text)
}

fn at_most(what: &str, limit: usize, text: &str) -> Result<(), String> {
    let length = text.chars().count();
    if length <= limit {
        Ok(())
    } else {
        Err(format!("{what} can have at most {limit} characters, but this one has {length}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn rejects<T: FromStr<Err = String> + fmt::Debug>(text: &str, why: &str) {
        let error = text.parse::<T>().unwrap_err();
        assert!(error.contains(why), "{text:?}: {error}");
    }

    #[test]
    fn valid_strings_are_kept_unchanged_and_invalid_ones_are_rejected() {
        assert_eq!("  Pro  ".parse::<ProductName>().unwrap().as_str(), "  Pro  ");
        assert!("n".repeat(250).parse::<ProductName>().is_ok());
        assert!(format!(" {} ", "é".repeat(250)).parse::<ProductName>().is_ok());
        rejects::<ProductName>(&"n".repeat(251), "at most 250 characters, but this one has 251");
        rejects::<ProductName>(" \n ", "empty");

        assert!("pro_monthly".parse::<LookupKey>().is_ok());
        rejects::<LookupKey>(&"k".repeat(201), "at most 200 characters");
        rejects::<LookupKey>("  ", "cannot be empty");

        assert!("".parse::<Description>().is_ok());
        rejects::<Description>(&"d".repeat(5001), "at most 5000 characters");

        assert!(format!(" {} ", "n".repeat(255)).parse::<ItemName>().is_ok());
        rejects::<ItemName>(&"n".repeat(256), "at most 255 characters, but this one has 256");
        rejects::<ItemName>(" ", "empty");
        rejects::<ItemDescription>(&"d".repeat(2049), "at most 2048 characters");

        assert_eq!("USD".parse::<Currency>().unwrap().as_str(), "USD");
        for wrong in ["", "us", "usdd", "u5d", "€€€", " usd"] {
            rejects::<Currency>(wrong, "three-letter ISO code");
        }

        assert!("prod_1".parse::<ObjectId>().is_ok());
        assert_eq!("prod_1\r\n".parse::<ObjectId>().unwrap().as_str(), "prod_1");
        rejects::<ObjectId>("prod 1", "contain spaces");
        rejects::<ObjectId>("", "cannot be empty");
    }

    #[test]
    fn white_space_is_what_the_backend_trims() {
        assert_eq!(trimmed("\u{feff} Pro\u{a0}\u{2028}\u{feff}"), "Pro");
        assert_eq!(trimmed("\u{85}Pro\u{85}"), "\u{85}Pro\u{85}");
        rejects::<LookupKey>("pro\u{feff}", "begin or end with white space");
        rejects::<ProductName>("\u{feff}", "empty");
    }

    #[test]
    fn a_string_in_json_is_checked_too() {
        let error = serde_json::from_str::<Currency>("\"usdd\"").unwrap_err();
        assert!(error.to_string().contains("three-letter"), "{error}");
    }
}

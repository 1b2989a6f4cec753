//! Texts with rules of their own: what cannot be right is refused before a request is made of it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A text that has passed its check; a value of this type cannot be wrong in a way that is known here.
macro_rules! checked_text {
    ($(#[$meta:meta])* $name:ident, $check:expr) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
        #[serde(try_from = "String")]
        pub(crate) struct $name(String);

        impl $name {
            /// The text, as it was given.
            #[allow(dead_code, reason = "not every text is read again")]
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
                Self::try_from(text.to_owned())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

checked_text! {
    /// A name by which an application finds a price without knowing its id; 1 to 200 characters.
    LookupKey, |text| own_text("a lookup key", 200, text)
}

checked_text! {
    /// A product's name, as customers see it: Stripe takes 250 characters (exchange 107).
    ProductName, |text| {
        if trimmed(text).is_empty() {
            return Err("the name is empty".into());
        }
        at_most("a product's name", 250, trimmed(text))
    }
}

checked_text! {
    /// A product's description: the backend takes 5000 characters (exchange 105).
    Description, |text| at_most("a description", 5000, trimmed(text))
}

checked_text! {
    /// The name of a Razorpay item: the backend takes 255 characters (exchange 302).
    ItemName, |text| {
        if trimmed(text).is_empty() {
            return Err("the name is empty".into());
        }
        at_most("an item's name", 255, trimmed(text))
    }
}

checked_text! {
    /// The description of a Razorpay item: the backend takes 2048 characters.
    ItemDescription, |text| at_most("an item's description", 2048, trimmed(text))
}

checked_text! {
    /// The id of an object at the provider, in a request's body.
    ObjectId, |text| {
        if text.is_empty() || text.contains(char::is_whitespace) {
            Err("an id has no spaces and is not empty: give it as a list shows it".into())
        } else {
            Ok(())
        }
    }
}

checked_text! {
    /// A three-letter ISO currency code, in either case; the provider knows which of them it takes.
    Currency, |text| {
        if text.len() == 3 && text.chars().all(|c| c.is_ascii_alphabetic()) {
            Ok(())
        } else {
            Err("a currency is its three-letter ISO code, such as usd or eur".into())
        }
    }
}

/// A text without what the backend cuts off around it: what is blank to JavaScript, which is not quite what is to Rust
/// (<https://tc39.es/ecma262/#sec-trimstring>).
pub(crate) fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}'))
}

/// Not empty, not too long, and nothing around it that the backend would cut off.
pub(super) fn own_text(what: &str, limit: usize, text: &str) -> Result<(), String> {
    if trimmed(text).is_empty() {
        return Err(format!("{what} is not empty"));
    }
    if trimmed(text) != text {
        return Err(format!("{what} has no spaces around it: the backend would cut them off"));
    }
    at_most(what, limit, text)
}

fn at_most(what: &str, limit: usize, text: &str) -> Result<(), String> {
    let length = text.chars().count();
    if length <= limit {
        Ok(())
    } else {
        Err(format!("{what} has at most {limit} characters, and this has {length}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refuses<T: FromStr<Err = String> + fmt::Debug>(text: &str, why: &str) {
        let error = text.parse::<T>().unwrap_err();
        assert!(error.contains(why), "{text:?}: {error}");
    }

    #[test]
    fn texts_are_kept_as_they_are_or_refused() {
        assert_eq!("  Pro  ".parse::<ProductName>().unwrap().as_str(), "  Pro  ");
        assert!("n".repeat(250).parse::<ProductName>().is_ok());
        assert!(format!(" {} ", "é".repeat(250)).parse::<ProductName>().is_ok());
        refuses::<ProductName>(&"n".repeat(251), "at most 250 characters, and this has 251");
        refuses::<ProductName>(" \n ", "empty");

        assert!("pro_monthly".parse::<LookupKey>().is_ok());
        refuses::<LookupKey>(&"k".repeat(201), "at most 200 characters");
        refuses::<LookupKey>("  ", "not empty");

        assert!("".parse::<Description>().is_ok());
        refuses::<Description>(&"d".repeat(5001), "at most 5000 characters");

        assert!(format!(" {} ", "n".repeat(255)).parse::<ItemName>().is_ok());
        refuses::<ItemName>(&"n".repeat(256), "at most 255 characters, and this has 256");
        refuses::<ItemName>(" ", "empty");
        refuses::<ItemDescription>(&"d".repeat(2049), "at most 2048 characters");

        assert_eq!("USD".parse::<Currency>().unwrap().as_str(), "USD");
        for wrong in ["", "us", "usdd", "u5d", "€€€", " usd"] {
            refuses::<Currency>(wrong, "three-letter ISO code");
        }

        assert!("prod_1".parse::<ObjectId>().is_ok());
        refuses::<ObjectId>("prod 1", "no spaces");
        refuses::<ObjectId>("", "not empty");
    }

    #[test]
    fn blank_is_what_is_blank_to_the_backend() {
        assert_eq!(trimmed("\u{feff} Pro\u{a0}\u{2028}\u{feff}"), "Pro");
        assert_eq!(trimmed("\u{85}Pro\u{85}"), "\u{85}Pro\u{85}");
        refuses::<LookupKey>("pro\u{feff}", "no spaces around it");
        refuses::<ProductName>("\u{feff}", "empty");
    }

    #[test]
    fn a_text_in_json_is_checked_too() {
        let error = serde_json::from_str::<Currency>("\"usdd\"").unwrap_err();
        assert!(error.to_string().contains("three-letter"), "{error}");
    }
}

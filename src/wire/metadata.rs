use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What an application keeps beside an object at a provider: texts by name, in their order. Names that begin with
/// `insforge_` are InsForge's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Texts<L>(Vec<(String, String)>, PhantomData<L>);

/// How a provider calls these texts, and how much it keeps. Lengths are in characters.
pub(crate) trait Limits: Clone + Default {
    /// All of them.
    const ALL: &'static str;
    /// In front of a word for a part: `metadata name`.
    const ONE: &'static str;
    const MOST_NAMES: usize;
    const LONGEST_NAME: usize;
    const LONGEST_TEXT: usize;
    /// What no name contains, and what that is called.
    const NOT_IN_NAMES: (&'static [char], &'static str) = (&[], "");
}

/// Stripe's limits (<https://docs.stripe.com/api/metadata>). In an update an empty text removes its name, and names that
/// are not given stay (exchanges 130–132).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OfStripe;

impl Limits for OfStripe {
    const ALL: &'static str = "metadata";
    const ONE: &'static str = "metadata";
    const MOST_NAMES: usize = 50;
    const LONGEST_NAME: usize = 40;
    const LONGEST_TEXT: usize = 500;
    const NOT_IN_NAMES: (&'static [char], &'static str) = (&['[', ']'], "square brackets");
}

/// Stripe's metadata.
pub(crate) type Metadata = Texts<OfStripe>;

/// Razorpay's limits (<https://razorpay.com/docs/api/understand/#notes>): 15 notes of at most 256 characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OfRazorpay;

impl Limits for OfRazorpay {
    const ALL: &'static str = "notes";
    const ONE: &'static str = "note";
    const MOST_NAMES: usize = 15;
    const LONGEST_NAME: usize = 256;
    const LONGEST_TEXT: usize = 256;
}

/// Razorpay's notes.
pub(crate) type Notes = Texts<OfRazorpay>;

impl<L: Limits> Texts<L> {
    /// Adds a text, in place of what had its name.
    ///
    /// # Errors
    /// The sentence that says which limit it breaks.
    pub(crate) fn set(&mut self, Field(name, text, _): Field<L>) -> Result<(), String> {
        if let Some(entry) = self.0.iter_mut().find(|(known, _)| *known == name) {
            entry.1 = text;
        } else if self.0.len() < L::MOST_NAMES {
            self.0.push((name, text));
        } else {
            return Err(format!("there are at most {} {} names", L::MOST_NAMES, L::ONE));
        }
        Ok(())
    }

    /// Adds a text under this name, in place of what had it.
    ///
    /// # Errors
    /// The sentence that says which limit it breaks.
    pub(crate) fn put(&mut self, name: &str, text: &str) -> Result<(), String> {
        self.set(Field::new(name.to_owned(), text.to_owned())?)
    }

    /// The names with their texts, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// There is no text.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// One of the texts; on a command line `name=text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field<L>(String, String, PhantomData<L>);

impl<L: Limits> Field<L> {
    /// A text that keeps within the limits.
    ///
    /// # Errors
    /// The sentence that says which limit it breaks.
    pub(crate) fn new(name: String, text: String) -> Result<Self, String> {
        let (one, most) = (L::ONE, L::LONGEST_NAME);
        let length = name.chars().count();
        if name.trim().is_empty() {
            return Err(format!("a {one} name is not empty"));
        }
        if length > most {
            return Err(format!("a {one} name has at most {most} characters, and `{name}` has {length}"));
        }
        let (foreign, called) = L::NOT_IN_NAMES;
        if name.contains(foreign) {
            return Err(format!("a {one} name has no {called}, and `{name}` has"));
        }
        if name.starts_with("insforge_") {
            return Err(format!(
                "{one} names that begin with `insforge_` are InsForge's own, and `{name}` does"
            ));
        }
        let (length, most) = (text.chars().count(), L::LONGEST_TEXT);
        if length > most {
            return Err(format!(
                "a {one} text has at most {most} characters, and that of `{name}` has {length}"
            ));
        }
        Ok(Self(name, text, PhantomData))
    }
}

impl<L: Limits> FromStr for Field<L> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, text) = text.split_once('=').ok_or("write it as name=text; name= removes the name")?;
        Self::new(name.to_owned(), text.to_owned())
    }
}

impl<L: Limits> FromStr for Texts<L> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| {
            if error.is_syntax() || error.is_eof() {
                return format!("it is not JSON ({error}); write it as '{{\"name\": \"text\"}}'");
            }
            // What is wrong is named; where it stands on the command line is no help.
            let text = error.to_string();
            text.rsplit_once(" at line ").map_or(text.as_str(), |(sentence, _)| sentence).to_owned()
        })
    }
}

impl<'de, L: Limits> Deserialize<'de> for Texts<L> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OfTexts(PhantomData))
    }
}

/// Reads a JSON object of texts, each name once.
struct OfTexts<L>(PhantomData<L>);

impl<'de, L: Limits> Visitor<'de> for OfTexts<L> {
    type Value = Texts<L>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} as a JSON object of texts", L::ALL)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Texts<L>, A::Error> {
        let mut texts = Texts::default();
        while let Some((name, value)) = map.next_entry::<String, serde_json::Value>()? {
            if texts.0.iter().any(|(known, _)| *known == name) {
                return Err(A::Error::custom(format!("`{name}` is in the {} twice", L::ALL)));
            }
            let serde_json::Value::String(text) = value else {
                return Err(A::Error::custom(format!(
                    "{} can be texts only, and `{name}` is {value}; write \"{}\"",
                    L::ALL,
                    value.to_string().replace('"', "'")
                )));
            };
            Field::new(name, text).and_then(|field| texts.set(field)).map_err(A::Error::custom)?;
        }
        Ok(texts)
    }
}

impl<L> Serialize for Texts<L> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, text)| (name, text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn refuses(json: &str, why: &str) {
        let error = json.parse::<Metadata>().unwrap_err();
        assert!(error.contains(why), "{json}: {error}");
        assert_eq!(error.contains("at line"), error.starts_with("it is not JSON"), "{error}");
    }

    #[test]
    fn what_is_no_metadata_is_refused_with_its_name() {
        refuses("{", "it is not JSON");
        refuses("tier=pro", "it is not JSON");
        refuses("[]", "a JSON object of texts");
        refuses("null", "a JSON object of texts");
        refuses(r#"{"n": 1}"#, "`n` is 1; write \"1\"");
        refuses(r#"{"n": null}"#, "`n` is null");
        refuses(r#"{"a": "1", "a": "2"}"#, "`a` is in the metadata twice");
        refuses(r#"{"insforge_subject_id": "x"}"#, "InsForge's own");
        refuses(r#"{"a[b]": "x"}"#, "square brackets");
        refuses(r#"{"": "x"}"#, "not empty");
        refuses(&format!(r#"{{"{}": "v"}}"#, "k".repeat(41)), "at most 40 characters");
        refuses(&format!(r#"{{"long": "{}"}}"#, "v".repeat(501)), "that of `long` has 501");
        let many: Vec<String> = (0..51).map(|n| format!("\"k{n}\": \"v\"")).collect();
        refuses(&format!("{{{}}}", many.join(",")), "at most 50 metadata names");
        assert!(format!("{{{}}}", many[1..].join(",")).parse::<Metadata>().is_ok());
    }

    #[test]
    fn each_provider_has_its_own_limits() {
        let refuses = |json: &str, why: &str| {
            let error = json.parse::<Notes>().unwrap_err();
            assert!(error.contains(why), "{json}: {error}");
        };
        refuses("[]", "notes as a JSON object of texts");
        refuses(r#"{"n": 1}"#, "notes can be texts only, and `n` is 1");
        refuses(r#"{"insforge_x": "1"}"#, "note names that begin with `insforge_`");
        refuses(&format!(r#"{{"n": "{}"}}"#, "v".repeat(257)), "a note text has at most 256 characters");
        let many: Vec<String> = (0..16).map(|n| format!("\"k{n}\": \"v\"")).collect();
        refuses(&format!("{{{}}}", many.join(",")), "at most 15 note names");
        assert!(format!("{{{}}}", many[1..].join(",")).parse::<Notes>().is_ok());
        assert!(r#"{"a[b]": "x"}"#.parse::<Notes>().is_ok());
    }

    #[test]
    fn fields_replace_what_has_their_name() {
        let mut metadata: Metadata = r#"{"tier": "pro", "n": "1"}"#.parse().unwrap();
        metadata.set("n=a=b".parse().unwrap()).unwrap();
        metadata.set("tier=".parse().unwrap()).unwrap();
        assert_eq!(serde_json::to_string(&metadata).unwrap(), r#"{"tier":"","n":"a=b"}"#);
        assert_eq!(metadata.iter().collect::<Vec<_>>(), [("tier", ""), ("n", "a=b")]);
        assert!("nothing".parse::<Field<OfStripe>>().unwrap_err().contains("name=text"));
    }

    proptest! {
        #[test]
        fn metadata_comes_back_as_it_went(
            fields in prop::collection::vec(("[^\\[\\]=\\pC]{0,39}é", "\\PC{0,500}"), 0..50)
        ) {
            let mut metadata = Metadata::default();
            for (name, text) in &fields {
                metadata.set(format!("{name}={text}").parse().unwrap()).unwrap();
            }
            let json = serde_json::to_string(&metadata).unwrap();
            prop_assert_eq!(&json.parse::<Metadata>().unwrap(), &metadata);
            let last = fields.iter().rev().find(|(name, _)| *name == fields[0].0);
            if let Some((name, text)) = last.filter(|_| !fields.is_empty()) {
                let value: serde_json::Value = serde_json::from_str(&json).unwrap();
                prop_assert_eq!(value[name].as_str(), Some(text.as_str()));
            }
        }
    }
}

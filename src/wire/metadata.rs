use std::fmt;
use std::str::FromStr;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What an application keeps beside an object at Stripe: texts by name, in their order. In an update an empty text
/// removes its name, and names that are not given stay (exchanges 130–132).
///
/// The limits are Stripe's (<https://docs.stripe.com/api/metadata>): 50 names of at most 40 characters without square
/// brackets, texts of at most 500. Names that begin with `insforge_` are InsForge's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Metadata(Vec<(String, String)>);

impl Metadata {
    /// Adds a text, in place of what had its name.
    ///
    /// # Errors
    /// The sentence that says which limit it breaks.
    pub(crate) fn set(&mut self, Field(name, text): Field) -> Result<(), String> {
        if let Some(entry) = self.0.iter_mut().find(|(known, _)| *known == name) {
            entry.1 = text;
        } else if self.0.len() < MOST_NAMES {
            self.0.push((name, text));
        } else {
            return Err(format!("metadata has at most {MOST_NAMES} names"));
        }
        Ok(())
    }
}

const MOST_NAMES: usize = 50;
const LONGEST_NAME: usize = 40;
const LONGEST_TEXT: usize = 500;

/// One entry of metadata; on a command line `name=text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field(String, String);

impl Field {
    fn new(name: String, text: String) -> Result<Self, String> {
        let length = name.chars().count();
        if name.trim().is_empty() {
            return Err("a metadata name is not empty".into());
        }
        if length > LONGEST_NAME {
            return Err(format!(
                "a metadata name has at most {LONGEST_NAME} characters, and `{name}` has {length}"
            ));
        }
        if name.contains(['[', ']']) {
            return Err(format!("a metadata name has no square brackets, and `{name}` has"));
        }
        if name.starts_with("insforge_") {
            return Err(format!(
                "metadata names that begin with `insforge_` are InsForge's own, and `{name}` does"
            ));
        }
        let length = text.chars().count();
        if length > LONGEST_TEXT {
            return Err(format!(
                "a metadata text has at most {LONGEST_TEXT} characters, and that of `{name}` has {length}"
            ));
        }
        Ok(Self(name, text))
    }
}

impl FromStr for Field {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, text) = text.split_once('=').ok_or("write it as name=text; name= removes the name")?;
        Self::new(name.to_owned(), text.to_owned())
    }
}

impl FromStr for Metadata {
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

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OfTexts)
    }
}

/// Reads a JSON object of texts, each name once.
struct OfTexts;

impl<'de> Visitor<'de> for OfTexts {
    type Value = Metadata;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("metadata as a JSON object of texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Metadata, A::Error> {
        let mut metadata = Metadata::default();
        while let Some((name, value)) = map.next_entry::<String, serde_json::Value>()? {
            if metadata.0.iter().any(|(known, _)| *known == name) {
                return Err(A::Error::custom(format!("metadata has `{name}` twice")));
            }
            let serde_json::Value::String(text) = value else {
                return Err(A::Error::custom(format!(
                    "metadata holds texts, and `{name}` is {value}; write \"{}\"",
                    value.to_string().replace('"', "'")
                )));
            };
            Field::new(name, text).and_then(|field| metadata.set(field)).map_err(A::Error::custom)?;
        }
        Ok(metadata)
    }
}

impl Serialize for Metadata {
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
        refuses(r#"{"a": "1", "a": "2"}"#, "has `a` twice");
        refuses(r#"{"insforge_subject_id": "x"}"#, "InsForge's own");
        refuses(r#"{"a[b]": "x"}"#, "square brackets");
        refuses(r#"{"": "x"}"#, "not empty");
        refuses(&format!(r#"{{"{}": "v"}}"#, "k".repeat(41)), "at most 40 characters");
        refuses(&format!(r#"{{"long": "{}"}}"#, "v".repeat(501)), "that of `long` has 501");
        let many: Vec<String> = (0..51).map(|n| format!("\"k{n}\": \"v\"")).collect();
        refuses(&format!("{{{}}}", many.join(",")), "at most 50 names");
        assert!(format!("{{{}}}", many[1..].join(",")).parse::<Metadata>().is_ok());
    }

    #[test]
    fn fields_replace_what_has_their_name() {
        let mut metadata: Metadata = r#"{"tier": "pro", "n": "1"}"#.parse().unwrap();
        metadata.set("n=a=b".parse().unwrap()).unwrap();
        metadata.set("tier=".parse().unwrap()).unwrap();
        assert_eq!(serde_json::to_string(&metadata).unwrap(), r#"{"tier":"","n":"a=b"}"#);
        assert!("nothing".parse::<Field>().unwrap_err().contains("name=text"));
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

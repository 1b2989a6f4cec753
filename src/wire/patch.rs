use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The change of a nullable field in a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Patch<T> {
    /// Keep the value: the field is not sent.
    #[default]
    Keep,
    /// Remove the value: the field is sent as null.
    Clear,
    /// Set this value.
    Set(T),
}

impl<T> Patch<T> {
    /// Whether the field is not sent, for serde's `skip_serializing_if`.
    pub(crate) const fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// This change, or the other one if this is `Keep`.
    pub(crate) fn or(self, other: Self) -> Self {
        if self.is_keep() { other } else { self }
    }
}

impl<T> From<Option<Self>> for Patch<T> {
    fn from(given: Option<Self>) -> Self {
        given.unwrap_or_default()
    }
}

/// On a command line, the text `null` removes the value.
impl<T: FromStr> FromStr for Patch<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        if text == "null" { Ok(Self::Clear) } else { text.parse().map(Self::Set) }
    }
}

/// The field needs `#[serde(default, skip_serializing_if = "Patch::is_keep")]` to round-trip.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}

impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Set(value) => serializer.serialize_some(value),
            Self::Keep | Self::Clear => serializer.serialize_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize, Serialize)]
    struct Body {
        #[serde(default, skip_serializing_if = "Patch::is_keep")]
        description: Patch<String>,
    }

    #[test]
    fn keep_clear_and_set_round_trip_and_parse() {
        for (json, patch) in [
            ("{}", Patch::Keep),
            (r#"{"description":null}"#, Patch::Clear),
            (r#"{"description":"null"}"#, Patch::Set("null".into())),
        ] {
            let body = Body { description: patch };
            assert_eq!(serde_json::to_string(&body).unwrap(), json);
            assert_eq!(serde_json::from_str::<Body>(json).unwrap(), body);
        }
        assert_eq!("null".parse::<Patch<String>>(), Ok(Patch::Clear));
        assert_eq!("Null".parse::<Patch<String>>(), Ok(Patch::Set("Null".into())));
    }

    #[test]
    fn keep_is_replaced_by_another_patch() {
        let (keep, clear, set) = (Patch::<u8>::Keep, Patch::Clear, Patch::Set(1));
        assert_eq!(keep.clone().or(set.clone()), set);
        assert_eq!(clear.clone().or(set.clone()), clear);
        assert_eq!(set.clone().or(clear), set);
        assert_eq!(Patch::from(None::<Patch<u8>>), keep);
    }
}

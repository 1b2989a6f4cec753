//! An update together with the id of its object.

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// Changes, and the id of the object to change if the JSON object contains it.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct WithId<T> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(flatten)]
    pub(crate) changes: T,
}

/// Serde's own `flatten` accepts fields that `T` does not know, and loses the position of errors.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for WithId<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(WithIdVisitor(std::marker::PhantomData))
    }
}

struct WithIdVisitor<T>(std::marker::PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for WithIdVisitor<T> {
    type Value = WithId<T>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WithId<T>, A::Error> {
        let mut id = None;
        let changes = T::deserialize(MapAccessDeserializer::new(FieldsWithoutId { map, id: &mut id }))?;
        Ok(WithId { id, changes })
    }
}

/// The fields of a JSON object except `id`, which is stored in `id`.
struct FieldsWithoutId<'a, A> {
    map: A,
    id: &'a mut Option<String>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for FieldsWithoutId<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(name) = self.map.next_key::<String>()? {
            if name != "id" {
                return seed.deserialize(name.into_deserializer()).map(Some);
            }
            if self.id.replace(self.map.next_value()?).is_some() {
                return Err(serde::de::Error::duplicate_field("id"));
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ProductChanges;

    #[test]
    fn an_update_may_contain_an_id_and_unknown_fields_are_rejected() {
        let read = serde_json::from_str::<WithId<ProductChanges>>;
        let update = read(r#"{"name":"N","id":"prod_1","description":null}"#).unwrap();
        assert_eq!(update.id.as_deref(), Some("prod_1"));
        let written = serde_json::to_value(&update).unwrap();
        assert_eq!(written, serde_json::json!({"id": "prod_1", "name": "N", "description": null}));
        assert_eq!(read(r#"{"active":false}"#).unwrap().id, None);
        for (text, why) in [
            (r#"{"id":"a","id":"b"}"#, "duplicate field `id`"),
            (r#"{"id":5}"#, "expected a string at line 1 column 7"),
            (r#"{"id":"a","nam":"x"}"#, "unknown field `nam`, expected one of `name`"),
            (r#"{"name":"x","name":"y"}"#, "duplicate field `name`"),
            (r#"{"active":"yes"}"#, "expected a boolean at line 1 column 15"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}

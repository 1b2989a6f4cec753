//! The JSON body of a request, in both generations' spelling.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::api::call::Name;
use crate::secret::Secret;
use crate::wire::Generation;

/// A JSON object. Its secrets are kept apart, wiped when it is dropped, and masked wherever it is shown.
#[derive(Debug, Default)]
pub(crate) struct Body {
    fields: Map<String, Value>,
    /// Fields that the generations spell differently.
    renamed: Vec<Name>,
    secrets: Vec<(&'static str, Secret)>,
}

impl Body {
    /// What serde makes of a struct.
    ///
    /// # Errors
    /// None in practice: what is no object is a mistake in this program.
    pub(crate) fn of(fields: &impl Serialize) -> serde_json::Result<Self> {
        let fields = serde_json::from_value(serde_json::to_value(fields)?)?;
        Ok(Self { fields, ..Self::default() })
    }

    /// And this field.
    pub(crate) fn with(mut self, name: &'static str, text: String) -> Self {
        self.fields.insert(name.to_owned(), Value::String(text));
        self
    }

    /// And this field, whose value nobody may see.
    pub(crate) fn with_secret(mut self, name: &'static str, secret: Secret) -> Self {
        self.secrets.push((name, secret));
        self
    }

    /// What of it nobody may see.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.secrets.iter().map(|(_, secret)| secret)
    }

    /// A field with another name on older backends.
    pub(crate) fn renamed(mut self, name: Name) -> Self {
        self.renamed.push(name);
        self
    }

    /// As it is sent.
    pub(crate) fn bytes(&self, generation: Generation) -> serde_json::Result<Zeroizing<Vec<u8>>> {
        let mut bytes = Zeroizing::new(Vec::new());
        let mut serializer = serde_json::Serializer::new(&mut *bytes);
        self.write(&mut serializer, generation, |secret| Zeroizing::new(secret.expose().to_owned()))?;
        Ok(bytes)
    }

    /// As it is shown.
    pub(crate) fn shown(&self, generation: Generation) -> serde_json::Result<Value> {
        self.write(serde_json::value::Serializer, generation, |secret| Zeroizing::new(secret.masked()))
    }

    fn write<S: Serializer>(
        &self,
        serializer: S,
        generation: Generation,
        text_of: impl Fn(&Secret) -> Zeroizing<String>,
    ) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.fields.len() + self.secrets.len()))?;
        for (field, value) in &self.fields {
            let renamed = self.renamed.iter().find(|name| name.of(Generation::Newer) == field);
            map.serialize_entry(renamed.map_or(field.as_str(), |name| name.of(generation)), value)?;
        }
        for (field, secret) in &self.secrets {
            map.serialize_entry(field, text_of(secret).as_str())?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_generations_of_a_body() {
        let body = Body::of(&json!({"productId": "prod_1", "currency": "usd", "unitAmount": 1999})).unwrap();
        let body = body.renamed(Name::renamed("productId", "stripeProductId"));
        let newer = br#"{"productId":"prod_1","currency":"usd","unitAmount":1999}"#;
        let older = br#"{"stripeProductId":"prod_1","currency":"usd","unitAmount":1999}"#;
        assert_eq!(*body.bytes(Generation::Newer).unwrap(), newer);
        assert_eq!(*body.bytes(Generation::Older).unwrap(), older);
    }

    #[test]
    fn a_secret_is_sent_and_not_shown() {
        let body = Body::default().with_secret("secretKey", Secret::new("sk_test_alpha_1".into()));
        assert_eq!(*body.bytes(Generation::Newer).unwrap(), br#"{"secretKey":"sk_test_alpha_1"}"#);
        assert_eq!(body.shown(Generation::Newer).unwrap(), json!({"secretKey": "sk_test_****ha_1"}));
        assert!(!format!("{body:?}").contains("alpha"));
    }
}

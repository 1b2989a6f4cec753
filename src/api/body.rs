//! The body of a request.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::api::route::ApiName;
use crate::secret::Secret;
use crate::wire::Generation;

/// The JSON object that a request sends. Its secrets are separate: they are wiped when it is dropped, and masked in output.
#[derive(Debug, Default)]
pub(crate) struct Body {
    fields: Map<String, Value>,
    /// Fields that the generations spell differently.
    renamed: Vec<ApiName>,
    secrets: Vec<(&'static str, Secret)>,
}

impl Body {
    /// The fields of a struct.
    ///
    /// # Errors
    /// If the value is not a JSON object, which is a bug in the caller.
    pub(crate) fn of(fields: &impl Serialize) -> serde_json::Result<Self> {
        let fields = serde_json::from_value(serde_json::to_value(fields)?)?;
        Ok(Self { fields, ..Self::default() })
    }

    pub(crate) fn with(mut self, name: &'static str, text: String) -> Self {
        self.fields.insert(name.to_owned(), Value::String(text));
        self
    }

    pub(crate) fn with_secret(mut self, name: &'static str, secret: Secret) -> Self {
        secret.remember();
        self.secrets.push((name, secret));
        self
    }

    /// Marks a field that has another name on older backends.
    pub(crate) fn renamed(mut self, name: ApiName) -> Self {
        self.renamed.push(name);
        self
    }

    pub(super) fn has_secrets(&self) -> bool {
        !self.secrets.is_empty()
    }

    /// The body to send, with its secrets.
    pub(crate) fn bytes(&self, generation: Generation) -> serde_json::Result<Zeroizing<Vec<u8>>> {
        // Growing would leave a copy of the secrets behind. An escaped character has six bytes.
        let secrets: usize = self.secrets.iter().map(|(_, secret)| 6 * secret.expose().len()).sum();
        let mut bytes = Zeroizing::new(Vec::with_capacity(secrets + 1024));
        let mut serializer = serde_json::Serializer::new(&mut *bytes);
        self.write(&mut serializer, generation, |secret| Zeroizing::new(secret.expose().to_owned()))?;
        Ok(bytes)
    }

    /// The body for output, its secrets masked.
    pub(crate) fn masked(&self, generation: Generation) -> serde_json::Result<Value> {
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
    fn a_body_uses_the_names_of_its_generation() {
        let body = Body::of(&json!({"productId": "prod_1", "currency": "usd", "unitAmount": 1999})).unwrap();
        let body = body.renamed(ApiName::renamed("productId", "stripeProductId"));
        let newer = br#"{"productId":"prod_1","currency":"usd","unitAmount":1999}"#;
        let older = br#"{"stripeProductId":"prod_1","currency":"usd","unitAmount":1999}"#;
        assert_eq!(*body.bytes(Generation::Newer).unwrap(), newer);
        assert_eq!(*body.bytes(Generation::Older).unwrap(), older);
    }

    #[test]
    fn a_secret_is_sent_in_clear_and_masked_in_output() {
        let body = Body::default().with_secret("secretKey", Secret::new("sk_test_alpha_1".into()));
        assert_eq!(*body.bytes(Generation::Newer).unwrap(), br#"{"secretKey":"sk_test_alpha_1"}"#);
        assert_eq!(body.masked(Generation::Newer).unwrap(), json!({"secretKey": "sk_test_****ha_1"}));
        assert!(!format!("{body:?}").contains("alpha"));
    }
}

//! Fields with a format: URLs, email addresses, billing subjects, and the user's own metadata.

use serde_json::{Map, Value};

use crate::backend::validate::{StringRules, Validator};
use crate::state::BillingSubject;

impl Validator<'_> {
    /// A required URL of any scheme. `invalid` is the message for other text.
    pub(in crate::backend) fn required_url(&mut self, name: &'static str, invalid: &str) -> String {
        let url = self.required_string(name, StringRules::default());
        self.check_url(name, &url, invalid);
        url
    }

    /// An optional [`Validator::required_url`].
    pub(in crate::backend) fn optional_url(&mut self, name: &'static str, invalid: &str) -> Option<String> {
        let url = self.optional_string(name, StringRules::default())?;
        self.check_url(name, &url, invalid);
        Some(url)
    }

    /// An optional URL that can be `null`.
    pub(in crate::backend) fn nullable_url(&mut self, name: &'static str, invalid: &str) -> Option<String> {
        match self.get(name) {
            Some(Value::Null) => None,
            _ => self.optional_url(name, invalid),
        }
    }

    fn check_url(&mut self, name: &'static str, url: &str, invalid: &str) {
        if self.fields.get(name).is_some_and(Value::is_string) && url::Url::parse(url).is_err() {
            self.issue(name, invalid);
        }
    }

    /// An optional email address that can be `null`.
    pub(in crate::backend) fn nullable_email(&mut self, name: &'static str) -> Option<String> {
        if self.get(name)?.is_null() {
            return None;
        }
        let email = self.optional_string(name, StringRules::default())?;
        if !is_email(&email) {
            self.issue(name, "Invalid email");
        }
        Some(email)
    }

    /// A required billing subject.
    pub(in crate::backend) fn required_subject(&mut self, name: &'static str) -> Option<BillingSubject> {
        self.required_object(name, Self::billing_subject)
    }

    /// An optional billing subject.
    pub(in crate::backend) fn optional_subject(&mut self, name: &'static str) -> Option<BillingSubject> {
        self.optional_object(name, Self::billing_subject)
    }

    fn billing_subject(&mut self) -> BillingSubject {
        BillingSubject {
            r#type: self.required_string("type", StringRules::up_to(100)),
            id: self.required_string("id", StringRules::up_to(255)),
        }
    }

    /// Reports metadata with keys that the backend itself uses. Depends on the whole object.
    pub(in crate::backend) fn reject_reserved_metadata(
        &mut self,
        name: &'static str,
        metadata: Option<&Map<String, Value>>,
    ) {
        let reserved = metadata.into_iter().flatten().any(|(key, _)| key.starts_with("insforge_"));
        self.reject_field_if(name, reserved, "Metadata keys starting with insforge_ are reserved");
    }
}

/// Whether this is an email address for the backend's schemas: letters, digits and `_'+-.`, without two dots in a row,
/// then a domain with at least one dot.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let is_local = |c: char| c.is_ascii_alphanumeric() || "_'+-.".contains(c);
    let labels: Vec<&str> = domain.split('.').collect();
    let Some((top, labels)) = labels.split_last() else { return false };
    let is_label = |label: &&str| {
        label.starts_with(|c: char| c.is_ascii_alphanumeric())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    !local.starts_with('.')
        && !text.contains("..")
        && local.chars().all(is_local)
        && local.ends_with(|c: char| c.is_ascii_alphanumeric() || "_+-".contains(c))
        && !labels.is_empty()
        && labels.iter().all(is_label)
        && top.len() >= 2
        && top.chars().all(|c| c.is_ascii_alphabetic())
}

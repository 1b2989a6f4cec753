//! The project's secrets, which the backend and the application share.

use serde::{Deserialize, Serialize};

use crate::state::{IdGenerator, Time};

/// A secret. Deleted ones stay as inactive rows.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Secret {
    /// A UUID.
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) active: bool,
    /// The backend manages it, so nobody else can change it.
    pub(crate) reserved: bool,
    pub(crate) last_used_at: Option<Time>,
    pub(crate) expires_at: Option<Time>,
    pub(crate) created_at: Time,
    pub(crate) updated_at: Time,
}

/// All secrets, oldest first.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct Secrets(pub(crate) Vec<Secret>);

impl Secrets {
    /// The value of an active secret.
    pub(crate) fn value(&self, key: &str) -> Option<&str> {
        let secret = self.0.iter().find(|secret| secret.key == key)?;
        secret.active.then_some(secret.value.as_str())
    }

    pub(crate) fn find_mut(&mut self, key: &str) -> Option<&mut Secret> {
        self.0.iter_mut().find(|secret| secret.key == key)
    }

    /// Stores a secret, in place of an earlier one with this key. Returns its id.
    pub(crate) fn store(&mut self, new: NewSecret, ids: &mut IdGenerator, now: &str) -> String {
        let NewSecret { key, value, reserved, expires_at } = new;
        let known = self.0.iter().position(|secret| secret.key == key);
        let (id, created_at, last_used_at) = match known.and_then(|index| self.0.get(index)) {
            Some(old) => (old.id.clone(), old.created_at.clone(), old.last_used_at.clone()),
            None => (ids.uuid(), now.to_owned(), None),
        };
        let secret = Secret {
            id: id.clone(),
            key,
            value,
            active: true,
            reserved,
            last_used_at,
            expires_at,
            created_at,
            updated_at: now.to_owned(),
        };
        match known.and_then(|index| self.0.get_mut(index)) {
            Some(old) => *old = secret,
            None => self.0.push(secret),
        }
        id
    }

    /// Makes a secret inactive.
    pub(crate) fn deactivate(&mut self, key: &str, now: &str) {
        if let Some(secret) = self.find_mut(key) {
            secret.active = false;
            now.clone_into(&mut secret.updated_at);
        }
    }
}

impl Secret {
    pub(crate) fn is_usable(&self, now: &str) -> bool {
        self.active && self.expires_at.as_deref().is_none_or(|expires_at| expires_at > now)
    }
}

/// A secret to store.
pub(crate) struct NewSecret {
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) reserved: bool,
    pub(crate) expires_at: Option<Time>,
}

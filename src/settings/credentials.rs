//! The keys of profiles, in the system's keyring or in a file that only the user can read.
//!
//! An entry is named after the profile **and** the address. A profile whose address was edited finds no key.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use toml_edit::{Item, Table, value};
use zeroize::Zeroizing;

use crate::error::{Code, Failure, Warning, WarningCode};
use crate::files;
use crate::secret::Secret;
use crate::settings::Source;
use crate::settings::profiles::{self, KeyStore};
use crate::wire::Address;

/// How long to wait for the keyring. A locked keyring can hang forever, or wait until a person types a password into
/// its dialog.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum KeyringTimeout {
    /// Do not use the keyring, because its dialog would be in the way.
    Zero,
    /// The session is not interactive, so nobody can unlock it.
    #[default]
    Short,
    /// A person can unlock it.
    Long,
}

impl KeyringTimeout {
    /// Long if the session is interactive.
    pub(crate) const fn for_session(interactive: bool) -> Self {
        if interactive { Self::Long } else { Self::Short }
    }

    const fn duration(self) -> Duration {
        match self {
            Self::Zero => Duration::ZERO,
            Self::Short => Duration::from_secs(3),
            Self::Long => Duration::from_secs(60),
        }
    }
}

/// The stored keys of all profiles.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    /// `credentials.toml`.
    pub(crate) path: PathBuf,
    /// How long a change waits while another process changes the file.
    pub(crate) lock_timeout: Duration,
}

impl Credentials {
    /// Stores a key in the keyring.
    ///
    /// # Errors
    /// Why the keyring cannot be used. The key then belongs in the file.
    pub(crate) fn put_in_keyring(
        profile: &str,
        api_url: &str,
        key: &Secret,
        timeout: KeyringTimeout,
    ) -> Result<(), String> {
        let stored = keyring::set(&entry_name(profile, api_url), key, timeout.duration());
        stored.map_err(|error| error.to_string())
    }

    /// Stores a key in the file.
    pub(crate) fn put_in_file(&self, profile: &str, api_url: &str, key: &Secret) -> Result<(), Failure> {
        profiles::edit(&self.path, self.lock_timeout, |document| {
            // Other entries of the table stay.
            let entry = document.entry(profile).or_insert(Item::None);
            if !entry.is_table_like() {
                *entry = Item::Table(Table::new());
            }
            entry["api_url"] = value(api_url);
            entry["api_key"] = value(key.expose());
        })
    }

    /// The key of a profile; `None` if none is stored for this address.
    pub(crate) fn get(
        &self,
        profile: &str,
        address: &Address,
        store: KeyStore,
        timeout: KeyringTimeout,
        warnings: &mut Vec<Warning>,
    ) -> Result<Option<Secret>> {
        match store {
            KeyStore::Keyring if timeout == KeyringTimeout::Zero => {
                Err(unavailable(profile, "it is not opened here").into())
            }
            KeyStore::Keyring => keyring::get(&entry_name(profile, address.as_str()), timeout.duration())
                .map_err(|error| unavailable(profile, &error.to_string()).into()),
            KeyStore::File => {
                let mut entries = self.read()?;
                if let Some(mode) = files::readable_by_others(&self.path) {
                    warnings.push(Warning::readable(&self.path, &mode));
                }
                let entry = entries.get_mut(profile).and_then(toml::Value::as_table_mut);
                let is_same = |entry: &&mut toml::Table| {
                    entry.get("api_url").and_then(toml::Value::as_str) == Some(address.as_str())
                };
                Ok(match entry.filter(is_same).and_then(|entry| entry.remove("api_key")) {
                    Some(toml::Value::String(key)) => Some(Secret::remembered(key)),
                    _ => None,
                })
            }
        }
    }

    /// Removes the key of an earlier login from the keyring, where it could no longer be found.
    pub(crate) fn remove_from_keyring(
        profile: &str,
        api_url: &str,
        timeout: KeyringTimeout,
    ) -> Result<(), Failure> {
        let removed = keyring::remove(&entry_name(profile, api_url), timeout.duration());
        removed.map_err(|error| unavailable(profile, &error.to_string()))
    }

    /// Removes a profile's key from the keyring and the file. Returns a warning if the key can be in a keyring that is not
    /// there.
    ///
    /// # Errors
    /// The key is in a keyring that is locked or does not answer. The user can unlock it and try again.
    pub(crate) fn remove(
        &self,
        profile: &str,
        api_url: &str,
        store: KeyStore,
        timeout: KeyringTimeout,
    ) -> Result<Option<Warning>, Failure> {
        let removed = keyring::remove(&entry_name(profile, api_url), timeout.duration());
        // A login that used the file because the keyring was locked may have left an earlier key in the keyring.
        let warning = match removed {
            Err(error @ KeyringError::Gone(_)) if store == KeyStore::Keyring => Some(Warning {
                code: WarningCode::KeyLeftInKeyring,
                text: format!("the key of profile {profile} may still be in the keyring: {error}"),
            }),
            #[cfg(feature = "keyring")]
            Err(error) if store == KeyStore::Keyring => return Err(unavailable(profile, &error.to_string())),
            _ => None,
        };
        self.remove_from_file(profile)?;
        Ok(warning)
    }

    /// The profiles whose keys are in the file.
    pub(crate) fn names_in_file(&self) -> Result<Vec<String>, Failure> {
        let entries = self.read()?;
        let with_key = entries.into_iter().filter(|(_, entry)| entry.get("api_key").is_some());
        Ok(with_key.map(|(name, _)| name).collect())
    }

    /// The entries of the file. A missing file has none.
    fn read(&self) -> Result<toml::Table, Failure> {
        let text = Zeroizing::new(files::read(&self.path).map_err(profiles::unreadable)?.unwrap_or_default());
        toml::from_str(&text)
            .map_err(|error| profiles::malformed_toml(&self.path, &text, error.message(), error.span()))
    }

    /// Removes a profile's key from the file.
    pub(crate) fn remove_from_file(&self, profile: &str) -> Result<(), Failure> {
        if files::read(&self.path).map_err(profiles::unreadable)?.is_none() {
            return Ok(());
        }
        profiles::edit(&self.path, self.lock_timeout, |document| {
            document.remove(profile);
        })
    }

    /// The source that `current` shows for a profile's key.
    pub(crate) fn source(profile: &str, store: KeyStore) -> Source {
        Source::Profile { name: profile.to_owned(), store }
    }
}

fn entry_name(profile: &str, api_url: &str) -> String {
    format!("{profile} {api_url}")
}

fn unavailable(profile: &str, reason: &str) -> Failure {
    Failure::new(
        Code::KeyringUnavailable,
        format!("The key of profile {profile} is in the keyring, which cannot be read"),
    )
    .why(reason)
    .hint("unlock the keyring, or set INSFORGE_BASE_URL and INSFORGE_API_KEY")
}

/// Why the keyring did not do what it was asked.
#[derive(Debug)]
enum KeyringError {
    /// There is no keyring.
    Gone(&'static str),
    /// It is locked, did not answer, or failed.
    #[cfg(feature = "keyring")]
    Failed(String),
}

impl fmt::Display for KeyringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone(reason) => f.write_str(reason),
            #[cfg(feature = "keyring")]
            Self::Failed(reason) => f.write_str(reason),
        }
    }
}

/// The system's keyring. Each call runs on its own thread with a time limit: the thread may hang, the program does not.
#[cfg(feature = "keyring")]
mod keyring {
    use std::sync::mpsc::{self, RecvTimeoutError};
    use std::time::Duration;

    use keyring::{Entry, Error};

    use super::KeyringError;
    use crate::secret::Secret;

    const SERVICE: &str = "insforge";

    pub(super) fn set(name: &str, key: &Secret, timeout: Duration) -> Result<(), KeyringError> {
        let key = key.clone();
        with_timeout(name, timeout, move |entry| entry.set_password(key.expose()))
    }

    pub(super) fn get(name: &str, timeout: Duration) -> Result<Option<Secret>, KeyringError> {
        with_timeout(name, timeout, |entry| match entry.get_password() {
            Ok(key) => Ok(Some(Secret::remembered(key))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })
    }

    pub(super) fn remove(name: &str, timeout: Duration) -> Result<(), KeyringError> {
        with_timeout(name, timeout, |entry| match entry.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(error),
        })
    }

    fn with_timeout<T: Send + 'static>(
        name: &str,
        timeout: Duration,
        work: impl FnOnce(Entry) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, KeyringError> {
        let (sender, receiver) = mpsc::channel();
        let name = name.to_owned();
        std::thread::spawn(move || {
            // After the timeout the receiver is gone.
            let _ = sender.send(Entry::new(SERVICE, &name).and_then(work));
        });
        match receiver.recv_timeout(timeout) {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(Error::NoDefaultStore)) => Err(KeyringError::Gone("no keyring is running on this system")),
            Ok(Err(Error::NoStorageAccess(_))) => Err(KeyringError::Failed("it is locked".to_owned())),
            Ok(Err(other)) => Err(KeyringError::Failed(other.to_string())),
            Err(RecvTimeoutError::Timeout) => {
                Err(KeyringError::Failed(format!("it did not answer within {} s", timeout.as_secs())))
            }
            Err(RecvTimeoutError::Disconnected) => {
                Err(KeyringError::Failed("it failed unexpectedly".to_owned()))
            }
        }
    }
}

/// The keyring of a build without the `keyring` feature: every call fails.
#[cfg(not(feature = "keyring"))]
mod keyring {
    use std::time::Duration;

    use super::KeyringError;
    use crate::secret::Secret;

    const GONE: KeyringError = KeyringError::Gone("this build does not support keyrings");

    pub(super) fn set(_: &str, _: &Secret, _: Duration) -> Result<(), KeyringError> {
        Err(GONE)
    }

    pub(super) fn get(_: &str, _: Duration) -> Result<Option<Secret>, KeyringError> {
        Err(GONE)
    }

    pub(super) fn remove(_: &str, _: Duration) -> Result<(), KeyringError> {
        Err(GONE)
    }
}

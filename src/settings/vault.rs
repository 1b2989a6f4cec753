//! The keys of profiles: in the system's keyring, or else in a file that only the user can read.
//!
//! An entry is named by profile **and** address, so that a profile whose address was edited finds no key.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use toml_edit::{Item, Table, value};

use crate::error::{Code, Failure, Warning};
use crate::files;
use crate::secret::Secret;
use crate::settings::Source;
use crate::settings::file::{self, Store};
use crate::wire::Address;

/// How long a keyring may take. One that is alive but locked can hang for ever; a person may have to type a
/// password into its dialogue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Patience {
    /// It is not to be touched: it might open a dialogue in the middle of something else.
    None,
    /// Nobody is there to unlock it.
    #[default]
    Short,
    /// Somebody is.
    Long,
}

impl Patience {
    /// As much as there is somebody to type.
    pub(crate) const fn of(interactive: bool) -> Self {
        if interactive { Self::Long } else { Self::Short }
    }

    const fn limit(self) -> Duration {
        match self {
            Self::None => Duration::ZERO,
            Self::Short => Duration::from_secs(3),
            Self::Long => Duration::from_secs(60),
        }
    }
}

/// Keeps the keys.
#[derive(Clone, Debug)]
pub(crate) struct Vault {
    /// `credentials.toml`.
    pub(crate) path: PathBuf,
}

impl Vault {
    /// Puts a key away: into the keyring, or into the file where there is none, and then says why.
    pub(crate) fn put(
        &self,
        profile: &str,
        api_url: &str,
        key: &Secret,
        patience: Patience,
    ) -> Result<(Store, Option<String>)> {
        match keyring::set(&name(profile, api_url), key, patience.limit()) {
            Ok(()) => {
                // A key that an earlier login left in the file would outlive this one.
                self.remove_from_file(profile)?;
                Ok((Store::Keyring, None))
            }
            Err(reason) => {
                file::edit(&self.path, |document| {
                    // What else the user keeps there stays.
                    let entry = document.entry(profile).or_insert(Item::None);
                    if !entry.is_table_like() {
                        *entry = Item::Table(Table::new());
                    }
                    entry["api_url"] = value(api_url);
                    entry["api_key"] = value(key.expose());
                })?;
                Ok((Store::File, Some(reason)))
            }
        }
    }

    /// The key of a profile; `None` where there is none for this address.
    pub(crate) fn get(
        &self,
        profile: &str,
        address: &Address,
        store: Store,
        patience: Patience,
        warnings: &mut Vec<Warning>,
    ) -> Result<Option<Secret>> {
        match store {
            Store::Keyring if patience == Patience::None => Err(locked(profile, "it is left alone").into()),
            Store::Keyring => keyring::get(&name(profile, address.as_str()), patience.limit())
                .map_err(|reason| locked(profile, &reason).into()),
            Store::File => {
                let Some(text) = files::read(&self.path).map_err(file::unusable)? else { return Ok(None) };
                if let Some(mode) = files::readable_by_others(&self.path) {
                    warnings.push(Warning::readable(&self.path, &mode));
                }
                let entries: toml::Table = toml::from_str(&text)
                    .map_err(|error| file::malformed(&self.path, &text, error.message(), error.span()))?;
                let text = |name| entries.get(profile)?.get(name)?.as_str();
                let same = text("api_url") == Some(address.as_str());
                Ok(text("api_key").filter(|_| same).map(|key| Secret::new(key.to_owned())))
            }
        }
    }

    /// Forgets the key of an earlier login, which nothing would find any more.
    pub(crate) fn remove_from_keyring(
        profile: &str,
        api_url: &str,
        patience: Patience,
    ) -> Result<(), Failure> {
        let removed = keyring::remove(&name(profile, api_url), patience.limit());
        removed.map_err(|reason| locked(profile, &reason))
    }

    /// Forgets a profile's key, wherever it is.
    pub(crate) fn remove(
        &self,
        profile: &str,
        api_url: &str,
        store: Store,
        patience: Patience,
    ) -> Result<(), Failure> {
        // A login that fell back to the file while the keyring was locked may have left an earlier key there.
        let removed = Self::remove_from_keyring(profile, api_url, patience);
        if store == Store::Keyring {
            removed?;
        }
        self.remove_from_file(profile)
    }

    fn remove_from_file(&self, profile: &str) -> Result<(), Failure> {
        if files::read(&self.path).map_err(file::unusable)?.is_none() {
            return Ok(());
        }
        file::edit(&self.path, |document| {
            document.remove(profile);
        })
    }

    /// As `current` names the place.
    pub(crate) fn source(profile: &str, store: Store) -> Source {
        Source::Profile { name: profile.to_owned(), store }
    }
}

fn name(profile: &str, api_url: &str) -> String {
    format!("{profile} {api_url}")
}

fn locked(profile: &str, reason: &str) -> Failure {
    Failure::new(
        Code::KeyringUnavailable,
        format!("The key of profile {profile} is in the keyring, which cannot be read"),
    )
    .why(reason)
    .hint("unlock the keyring, or give the pair INSFORGE_BASE_URL and INSFORGE_API_KEY")
}

/// The system's keyring, each call on a thread of its own with a time limit: the thread may hang, the user may not.
#[cfg(feature = "keyring")]
mod keyring {
    use std::sync::mpsc::{self, RecvTimeoutError};
    use std::time::Duration;

    use keyring::{Entry, Error};

    use crate::secret::Secret;

    const SERVICE: &str = "insforge";

    pub(super) fn set(name: &str, key: &Secret, limit: Duration) -> Result<(), String> {
        let key = key.clone();
        limited(name, limit, move |entry| entry.set_password(key.expose()))
    }

    pub(super) fn get(name: &str, limit: Duration) -> Result<Option<Secret>, String> {
        limited(name, limit, |entry| match entry.get_password() {
            Ok(key) => Ok(Some(Secret::new(key))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })
    }

    pub(super) fn remove(name: &str, limit: Duration) -> Result<(), String> {
        limited(name, limit, |entry| match entry.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(error),
        })
    }

    fn limited<T: Send + 'static>(
        name: &str,
        limit: Duration,
        work: impl FnOnce(Entry) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, String> {
        let (sender, receiver) = mpsc::channel();
        let name = name.to_owned();
        std::thread::spawn(move || {
            // After the limit nobody listens any more.
            let _ = sender.send(Entry::new(SERVICE, &name).and_then(work));
        });
        match receiver.recv_timeout(limit) {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(reason(&error)),
            Err(RecvTimeoutError::Timeout) => Err(format!("it did not answer within {} s", limit.as_secs())),
            Err(RecvTimeoutError::Disconnected) => Err("it failed unexpectedly".to_owned()),
        }
    }

    fn reason(error: &Error) -> String {
        match error {
            Error::NoDefaultStore => "this system has no keyring that answers".to_owned(),
            Error::NoStorageAccess(_) => "it is locked".to_owned(),
            other => other.to_string(),
        }
    }
}

/// A build without the keyring.
#[cfg(not(feature = "keyring"))]
mod keyring {
    use std::time::Duration;

    use crate::secret::Secret;

    const REASON: &str = "this build has no support for keyrings";

    pub(super) fn set(_: &str, _: &Secret, _: Duration) -> Result<(), String> {
        Err(REASON.to_owned())
    }

    pub(super) fn get(_: &str, _: Duration) -> Result<Option<Secret>, String> {
        Err(REASON.to_owned())
    }

    pub(super) fn remove(_: &str, _: Duration) -> Result<(), String> {
        Err(REASON.to_owned())
    }
}

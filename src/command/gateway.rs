use crate::api::Provider;
use crate::command::Write;
use crate::ui::View;

/// A payment provider, as commands that exist for every provider see it: what differs is a type.
pub(crate) trait Gateway: 'static {
    /// Its name and routes.
    const PROVIDER: &'static Provider;
    /// The command that gives the backend a key.
    type ConfigSet: clap::Args + Write;
    /// The answer of `sync`.
    type Sync: serde::de::DeserializeOwned + View + Synced;
    /// The answer of `catalog`.
    type Catalog: serde::de::DeserializeOwned + View;
    /// The answer of `subscriptions`.
    type Subscriptions: serde::de::DeserializeOwned + View;
}

/// What became of a sync, environment by environment.
pub(crate) trait Synced {
    /// Each environment that the backend reports on.
    fn outcomes(&self) -> Vec<(&str, SyncOutcome)>;
}

/// What became of one environment's sync.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SyncOutcome {
    /// The mirror is up to date.
    Done,
    /// No key is configured there, so nothing was tried.
    Unconfigured,
    /// It failed, for this reason.
    Failed(String),
}

impl SyncOutcome {
    /// In a table.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Done => "succeeded",
            Self::Unconfigured => "unconfigured",
            Self::Failed(_) => "failed",
        }
    }
}

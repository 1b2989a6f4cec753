//! The environments of a provider account.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One of the two environments that InsForge and its providers keep apart.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Environment {
    Test,
    Live,
}

impl Environment {
    /// Both, in the backend's order.
    pub(crate) const ALL: [Self; 2] = [Self::Test, Self::Live];

    /// The environment with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|environment| environment.as_str() == name)
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Live => "live",
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

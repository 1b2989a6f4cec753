use std::fmt;

use clap::ValueEnum;

/// A provider's environment: `test` and `live` are separate targets that share nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum Environment {
    /// No real money moves.
    Test,
    /// Real customers, real money.
    Live,
}

impl Environment {
    /// Both, in the backend's order.
    pub(crate) const ALL: [Self; 2] = [Self::Test, Self::Live];

    /// The environment of this name, as the backend spells it.
    pub(crate) fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|environment| environment.as_str() == word)
    }

    /// Not this one.
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Test => Self::Live,
            Self::Live => Self::Test,
        }
    }

    /// As the backend spells it.
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

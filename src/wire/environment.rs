use std::fmt;

use clap::ValueEnum;

/// A provider's environment. `test` and `live` share no data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum Environment {
    /// Without real money.
    Test,
    /// With real customers and real money.
    Live,
}

impl Environment {
    /// Both environments, in the backend's order.
    pub(crate) const ALL: [Self; 2] = [Self::Test, Self::Live];

    /// The environment with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|environment| environment.as_str() == name)
    }

    /// The other environment.
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Test => Self::Live,
            Self::Live => Self::Test,
        }
    }

    /// The name that the backend uses.
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

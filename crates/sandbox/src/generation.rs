//! The generations of the backend's payments API.

use std::fmt;
use std::str::FromStr;

/// A generation of the backend's payments routes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Generation {
    /// `/api/payments/{provider}/…`: backend 2.2.1 (June 2026) and later.
    #[default]
    Newer,
    /// `/api/payments/…`, Stripe only, with longer field names: backend 2.1.0 to 2.2.0.
    Older,
}

impl Generation {
    /// The version of the backend that a sandbox of this generation reports.
    pub const fn backend_version(self) -> &'static str {
        match self {
            Self::Newer => "2.3.1",
            Self::Older => "2.2.0",
        }
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Newer => "newer",
            Self::Older => "older",
        })
    }
}

/// Reads what [`Generation`] displays.
impl FromStr for Generation {
    type Err = UnknownGeneration;

    fn from_str(name: &str) -> Result<Self, UnknownGeneration> {
        match name {
            "newer" => Ok(Self::Newer),
            "older" => Ok(Self::Older),
            other => Err(UnknownGeneration(other.to_owned())),
        }
    }
}

/// The error for a name that is not a [`Generation`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownGeneration(String);

impl fmt::Display for UnknownGeneration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown generation `{}`; expected `newer` or `older`", self.0)
    }
}

impl std::error::Error for UnknownGeneration {}

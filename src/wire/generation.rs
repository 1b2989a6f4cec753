use std::fmt;

use clap::ValueEnum;

/// A generation of the backend's payments routes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Generation {
    /// `/api/payments/{provider}/…`: 2.2.1 (June 2026) and later.
    #[default]
    Newer,
    /// `/api/payments/…`, Stripe only, with longer field names: 2.1.0 to 2.2.0.
    Older,
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Newer => "newer",
            Self::Older => "older",
        })
    }
}

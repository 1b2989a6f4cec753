//! What `explain`, the help and the hints say about a code: one row for each.

use crate::error::Exit;

/// Where a code comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Tool,
    /// The backend; its codes pass through unchanged.
    Backend,
}

impl Origin {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Backend => "backend",
        }
    }
}

/// The row of a code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CodeInfo {
    pub(crate) code: &'static str,
    pub(crate) origin: Origin,
    /// The exit codes of a run that fails with this code, the usual one first. A warning has none: no run fails because
    /// of it.
    pub(crate) exits: &'static [Exit],
    /// The HTTP statuses that have this code. Empty for the tool's own codes.
    pub(crate) statuses: &'static [u16],
    /// When a failure has the code.
    pub(crate) meaning: &'static str,
    /// What most often leads to it.
    pub(crate) cause: &'static str,
    /// What to do about it.
    pub(crate) remedy: &'static str,
}

impl CodeInfo {
    pub(crate) const fn is_warning(&self) -> bool {
        self.exits.is_empty()
    }

    /// Whether running the same command again is safe and may succeed; `None` where it depends on the error.
    pub(crate) fn is_retryable(&self) -> Option<bool> {
        match self.exits {
            [Exit::TryAgain] => Some(true),
            exits if exits.contains(&Exit::TryAgain) => None,
            _ => Some(false),
        }
    }
}

/// Declares an enum of codes from a table with one row for each. `fallback` is a variant without a row of its own.
macro_rules! code_table {
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $name:ident {
            $($variant:ident = $code:literal {
                exits: $exits:expr,
                meaning: $meaning:literal,
                cause: $cause:literal,
                remedy: $remedy:literal,
            })*
        }
        $(fallback $(#[$fallback_attribute:meta])* $fallback:ident($content:ty) => $fallback_info:expr;)?
    ) => {
        $(#[$attribute])*
        $visibility enum $name {
            $(#[doc = $meaning] $variant,)*
            $($(#[$fallback_attribute])* $fallback($content),)?
        }

        impl $name {
            /// Every code that has a row here.
            pub(super) const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The row of the code.
            pub(crate) const fn info(&self) -> &'static $crate::error::table::CodeInfo {
                match self {
                    $(Self::$variant => &$crate::error::table::CodeInfo {
                        code: $code,
                        origin: $crate::error::table::Origin::Tool,
                        exits: $exits,
                        statuses: &[],
                        meaning: $meaning,
                        cause: $cause,
                        remedy: $remedy,
                    },)*
                    $(Self::$fallback(_) => $fallback_info,)?
                }
            }
        }
    };
}
pub(super) use code_table;

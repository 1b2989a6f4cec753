//! The errors of actions in the sandbox.

use std::fmt;

/// The reason why an action is not possible.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ControlError {
    /// No object has this id.
    NotFound {
        /// What was looked for, such as `checkout session`.
        what: &'static str,
        /// The id.
        id: String,
    },
    /// The object cannot be used for this action, for example because the session is already paid.
    NotPossible {
        /// What is not possible.
        what: String,
        /// The reason.
        why: String,
    },
    /// The clock cannot go backward.
    Backward {
        /// The sandbox's time.
        now: String,
        /// The requested time.
        to: String,
    },
    /// The text is not a time to which the clock can be moved.
    InvalidTime {
        /// The text.
        text: String,
        /// What is valid.
        expected: &'static str,
    },
}

impl fmt::Display for ControlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { what, id } => write!(f, "The sandbox has no {what} {id}"),
            Self::NotPossible { what, why } => write!(f, "{what}: {why}"),
            Self::Backward { now, to } => {
                write!(f, "The clock cannot go backward: it is {now}, and {to} is earlier")
            }
            Self::InvalidTime { text, expected } => write!(f, "`{text}` is invalid: expected {expected}"),
        }
    }
}

impl std::error::Error for ControlError {}

//! What comes of a plan's changes, and what a failure says of them.

use serde_json::Value;

use crate::catalog::plan::Change;
use crate::error::Failure;

/// What became of a plan.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    /// What was done, in order, with the id of what it was done to.
    pub(crate) done: Vec<(Change, String)>,
    /// What was not, and why.
    pub(crate) not_done: Vec<(Change, Undone)>,
    /// Whether a request was done: also of a change that was not made to its end.
    pub(crate) touched: Touched,
}

/// Whether anything was changed at Stripe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Touched {
    #[default]
    Not,
    /// A request was not answered.
    Perhaps,
    Surely,
}

/// Why a change was not made, or not to its end.
#[derive(Debug)]
pub(crate) enum Undone {
    /// It was tried.
    Failed(Failure),
    /// Its product, of this key, could not be made.
    Waits(String),
    /// What made an earlier change fail would make it fail as well.
    NotTried,
}

/// How far it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress<'a> {
    pub(crate) done: usize,
    pub(crate) of: usize,
    /// What is next.
    pub(crate) next: &'a Change,
}

/// Stripe knows no such product or price, although the create of it was answered (exchange 164).
pub(super) fn is_about_no(kind: &str, failure: &Failure) -> bool {
    matches!(failure.status, Some(400 | 404)) && failure.what.contains(&format!("No such {kind}"))
}

impl Undone {
    /// The fields that say so, beside those of the change.
    pub(crate) fn json(&self) -> Value {
        match self {
            Self::Failed(failure) => {
                serde_json::json!({"error": failure.what, "code": failure.code.as_str()})
            }
            Self::Waits(product) => {
                serde_json::json!({"error": format!("product {product} could not be made"), "code": null})
            }
            Self::NotTried => serde_json::json!({"error": "not tried", "code": null}),
        }
    }
}

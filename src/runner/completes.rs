//! What completes the value of an argument. It is attached to the argument with `#[arg(add = Completes::…)]`;
//! `cli::complete` reads it from the command tree.

use std::pin::Pin;

use anyhow::Result;
use clap::builder::ArgExt;

use crate::api::Provider;
use crate::runner::Ctx;
use crate::settings::CachedIds;
use crate::wire::Environment;

/// What completes the value of an argument.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Completes {
    /// `test` and `live`. If the environment may be left out before an id, its place also completes to the id.
    Environment,
    /// The ids of a list.
    Ids(&'static IdList),
    /// Known values of an argument that takes others too.
    Words(&'static [&'static str]),
    /// The names of stored logins.
    Profiles,
    /// The codes of errors and warnings.
    Codes,
    /// The codes of the commands that wait for an approval.
    WaitingCommands,
    /// The columns of the command's tables.
    Columns,
}

impl ArgExt for Completes {}

/// A list whose ids complete arguments.
#[derive(Debug)]
pub(crate) struct IdList {
    pub(crate) provider: &'static Provider,
    /// Its name, such as `products`.
    pub(crate) name: &'static str,
    /// The list with the objects that these belong to: prices belong to products.
    pub(crate) owners: Option<&'static str>,
    /// Reads all lists of the provider from the backend.
    pub(crate) read: for<'a> fn(Environment, &'a Ctx) -> ReadIds<'a>,
}

/// The result of [`IdList::read`].
pub(crate) type ReadIds<'a> = Pin<Box<dyn Future<Output = Result<CachedIds>> + 'a>>;

/// An object whose id can be completed.
pub(crate) trait HasIdList {
    /// The list that has it.
    const IDS: &'static IdList;
    /// What names the object on the command line.
    const REFERENCE: &'static str = "Id of the object";
}

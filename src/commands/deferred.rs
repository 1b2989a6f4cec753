//! Groups of commands that are added to the command tree only when they are used. A run needs one of them at most, and
//! together they are most of the tree.

use clap::error::Error;
use clap::{ArgMatches, Command, FromArgMatches, Subcommand};

/// A group of commands that is added when the parser enters it, or when the whole tree is built.
///
/// The type of the group, and those that it flattens, must have no doc comment: clap would show it as the group's description.
pub(crate) struct Deferred<T>(pub(crate) T);

impl<T: Subcommand> Subcommand for Deferred<T> {
    fn augment_subcommands(command: Command) -> Command {
        command.defer(T::augment_subcommands)
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        command.defer(T::augment_subcommands_for_update)
    }

    fn has_subcommand(name: &str) -> bool {
        T::has_subcommand(name)
    }
}

impl<T: FromArgMatches> FromArgMatches for Deferred<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}

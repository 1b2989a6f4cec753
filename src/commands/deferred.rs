//! A tree of commands that grows only where it is entered: most runs need one of its branches, and a whole tree takes
//! more memory than all the rest of a small command. Even a command that is not entered costs something: clap gives each
//! of them a copy of every global flag, 400 kB in all. So what a command line does not name is left out, too.

use std::cell::RefCell;
use std::ffi::OsString;

use clap::builder::Resettable;
use clap::error::Error;
use clap::{ArgMatches, Args, Command, FromArgMatches, Subcommand};

/// Commands that are described when somebody asks for one of them.
pub(crate) struct Deferred<T>(pub(crate) T);

impl<T: Subcommand> Subcommand for Deferred<T> {
    fn augment_subcommands(command: Command) -> Command {
        command.defer(|command| match grown(&command, T::augment_subcommands) {
            Grown::Named(named) => command.subcommands(named),
            Grown::Not => command,
            Grown::Whole => keeping_its_words(command, T::augment_subcommands),
        })
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        command.defer(|command| keeping_its_words(command, T::augment_subcommands_for_update))
    }

    fn has_subcommand(name: &str) -> bool {
        T::has_subcommand(name)
    }
}

/// The name of the whole tree.
const ROOT: &str = "insforge";

thread_local! {
    /// The command line that is being parsed, while only what it names is needed.
    static WORDS: RefCell<Option<Vec<OsString>>> = const { RefCell::new(None) };
}

/// Does something with a tree in which nothing grows that these words do not name. It parses what the whole tree parses;
/// help, and what is wrong with a command line, need the whole one.
pub(crate) fn with_named_only<T>(words: &[OsString], parse: impl FnOnce() -> T) -> T {
    WORDS.set(Some(words.to_vec()));
    let parsed = parse();
    WORDS.set(None);
    parsed
}

/// How much of a branch is needed.
enum Grown {
    /// These alone.
    Named(Vec<Command>),
    /// Nothing: it is not entered.
    Not,
    Whole,
}

fn grown(command: &Command, grow: fn(Command) -> Command) -> Grown {
    WORDS.with_borrow(|words| {
        let Some(words) = words else { return Grown::Whole };
        let is_named = |command: &Command| {
            let is = |word: &OsString| {
                word == command.get_name() || command.get_all_aliases().any(|name| word == name)
            };
            words.iter().any(is)
        };
        // The root is named by whatever its file is called.
        if command.get_name() != ROOT && !is_named(command) {
            return Grown::Not;
        }
        let grown = grow(Command::new(""));
        let named: Vec<Command> = grown.get_subcommands().filter(|below| is_named(below)).cloned().collect();
        if named.is_empty() { Grown::Whole } else { Grown::Named(named) }
    })
}

/// What grows brings its own doc comment along, which is about the type and not about the command.
fn keeping_its_words(command: Command, grow: fn(Command) -> Command) -> Command {
    let (about, long) = (command.get_about().cloned(), command.get_long_about().cloned());
    grow(command).about(Resettable::from(about)).long_about(Resettable::from(long))
}

impl<T: Args> Args for Deferred<T> {
    fn augment_args(command: Command) -> Command {
        command.defer(|command| keeping_its_words(command, T::augment_args))
    }

    fn augment_args_for_update(command: Command) -> Command {
        command.defer(|command| keeping_its_words(command, T::augment_args_for_update))
    }
}

impl<T: FromArgMatches> FromArgMatches for Deferred<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches(matches).map(Self)
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches_mut(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }

    fn update_from_arg_matches_mut(&mut self, matches: &mut ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches_mut(matches)
    }
}

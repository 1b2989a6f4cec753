//! Which arguments are completed with what. They are known by their names, and only where somebody completes: what an
//! argument carried along would be carried in every other run, too.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::sync::Arc;

use clap::builder::PossibleValue;
use clap::{Arg, ArgMatches, Command, FromArgMatches, ValueEnum};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};

use crate::cli::complete::look_up;
use crate::cli::global::Global;
use crate::commands::columns;
use crate::env::ProcessEnv;
use crate::error::all_codes;
use crate::runner::Output;
use crate::settings::{Profiles, UserPaths};
use crate::ui::clean_line;
use crate::wire::Environment;

/// What is known of the line before the word that is being typed.
pub(super) struct Typed {
    pub(super) env: ProcessEnv,
    pub(super) global: Global,
    pub(super) environment: Option<Environment>,
    /// The id of the thing that the command is about stands there already.
    has_id: bool,
    /// The names of the command and of those above it.
    path: Vec<String>,
}

/// What an argument can be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Values {
    /// Ids of a list.
    Ids(&'static str),
    /// An environment, or an id that needs none.
    First(Option<&'static str>),
    Profiles,
    Codes,
    /// Columns of its table, several with commas between them.
    Columns,
}

impl Typed {
    pub(super) fn of(line: &ArgMatches, env: &ProcessEnv) -> Option<Self> {
        let global = Global::from_arg_matches(line).ok()?;
        let mut command = line;
        let mut path = Vec::new();
        while let Some((name, below)) = command.subcommand() {
            path.push(name.to_owned());
            command = below;
        }
        let one = |name: &str| command.try_get_one::<Environment>(name).ok().flatten().copied();
        let flag = command.try_get_many::<Environment>("environment").ok().flatten();
        let id = command.try_get_one::<String>("id").ok().flatten();
        // An environment alone is taken for the id, until that follows.
        let in_place_of_id = id.and_then(|id| Environment::named(id));
        let word = one("word").or_else(|| {
            let words = command.try_get_many::<String>("words").ok().flatten();
            words.and_then(|mut words| words.find_map(|word| Environment::named(word)))
        });
        let environment = flag.and_then(|mut all| all.next().copied()).or(word);
        Some(Self {
            env: env.clone(),
            global,
            environment: environment.or(in_place_of_id),
            has_id: id.is_some() && in_place_of_id.is_none(),
            path,
        })
    }

    fn is_csv(&self) -> bool {
        self.global.form(&self.env).is_ok_and(|form| form.output == Output::Csv)
    }
}

/// Gives every argument its values; `above` is the command above this one.
pub(super) fn attach(command: Command, above: &str, typed: &Arc<Typed>) -> Command {
    let name = command.get_name().to_owned();
    let is_about_one = command.get_positionals().any(|arg| arg.get_id() == "id");
    let ids = if is_about_one { list(above) } else { None };
    command
        .mut_args(|arg| match values(&arg, &name, ids) {
            Some(values) => {
                let typed = Arc::clone(typed);
                let arg = if values == Values::Columns { arg.value_delimiter(',') } else { arg };
                arg.add(ArgValueCompleter::new(move |word: &OsStr| candidates(values, word, &typed)))
            }
            None => arg,
        })
        .mut_subcommands(|below| attach(below, &name, typed))
}

fn values(arg: &Arg, command: &str, ids: Option<&'static str>) -> Option<Values> {
    match arg.get_id().as_str() {
        "id" => ids.map(Values::Ids),
        "product" => Some(Values::Ids("products")),
        // Some have words of their own, as `all`.
        "word" if ids.is_some() || arg.get_possible_values().is_empty() => Some(Values::First(ids)),
        "words" if command == "set" => Some(Values::First(None)),
        "profile" => Some(Values::Profiles),
        "columns" => Some(Values::Columns),
        "code" if command == "explain" => Some(Values::Codes),
        _ => None,
    }
}

/// The list of what a group of commands is about.
fn list(group: &str) -> Option<&'static str> {
    ["products", "prices", "items", "plans"].into_iter().find(|list| *list == group)
}

fn candidates(values: Values, word: &OsStr, typed: &Arc<Typed>) -> Vec<CompletionCandidate> {
    let Some(word) = word.to_str() else { return Vec::new() };
    let mut all = match values {
        Values::First(list) => {
            let mut all = if typed.environment.is_none() { environments() } else { Vec::new() };
            all.extend(list.into_iter().flat_map(|list| look_up::ids(list, word, typed)));
            all
        }
        // Behind an id there is no other.
        Values::Ids(_) if typed.has_id => Vec::new(),
        Values::Ids(list) => look_up::ids(list, word, typed),
        Values::Profiles => look_up::in_time(|found| found.send(profiles()?).ok()),
        // CSV has the names of JSON, which only the backend knows.
        Values::Columns if typed.is_csv() => Vec::new(),
        Values::Columns => columns(&typed.path).into_iter().map(|name| (name, String::new())).collect(),
        Values::Codes => all_codes().map(|info| (info.code.to_owned(), info.meaning.to_owned())).collect(),
    };
    all.retain(|(value, _)| value.starts_with(word) && is_plain(value));
    let candidate = |(value, help): (String, String)| {
        let cleaned = match clean_line(&help) {
            Cow::Owned(cleaned) => Some(cleaned),
            Cow::Borrowed(_) => None,
        };
        let help = cleaned.unwrap_or(help);
        // Where none is given, each is given the argument's, which is written out every time.
        let tag = Some("values".into());
        CompletionCandidate::new(value).help((!help.is_empty()).then(|| help.into())).tag(tag)
    };
    all.into_iter().map(candidate).collect()
}

/// A word that no shell reads as something else than itself. What somebody else has named must not become a command.
fn is_plain(value: &str) -> bool {
    let usable = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
    value.chars().all(usable) && !value.starts_with('-')
}

/// With what the help says of them.
fn environments() -> Vec<(String, String)> {
    let all = Environment::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    let help = |value: &PossibleValue| value.get_help().map(ToString::to_string).unwrap_or_default();
    all.map(|value| (value.get_name().to_owned(), help(&value))).collect()
}

/// Each with its address.
fn profiles() -> Option<Vec<(String, String)>> {
    let profiles = Profiles::load(&UserPaths::find().ok()?.config).ok()?;
    let with_address = |name: &str| Some((name.to_owned(), profiles.get(name)?.api_url.clone()));
    Some(profiles.names().filter_map(with_address).collect())
}

//! Arguments that many commands take.

use std::marker::PhantomData;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use crate::api::SubjectFilter;
use crate::error::Failure;
use crate::runner::{Completes, Listed};
use crate::wire::Environment;

/// Which environment: as the first word or as a flag.
#[derive(Args, Clone, Debug)]
pub(crate) struct EnvironmentArgs {
    /// Which environment [default: test]
    #[arg(value_name = "ENV", add = Completes::Environment)]
    word: Option<Environment>,
    /// The environment, as a flag
    #[arg(short, long = "environment", value_name = "ENV", hide_possible_values = true, add = Completes::Environment)]
    environment: Vec<Environment>,
}

impl EnvironmentArgs {
    /// What was named elsewhere on the command line.
    pub(crate) fn of(named: Vec<Environment>) -> Self {
        Self { word: None, environment: named }
    }

    /// Adds what stood before the command.
    pub(crate) fn given_before(&mut self, before: Vec<Environment>) {
        self.environment.extend(before);
    }

    /// The environment that is named, if one is.
    pub(crate) fn named(&self) -> Result<Option<Environment>, Failure> {
        at_most_one(self.word.iter().chain(&self.environment))
    }

    /// The environment; `test` where none is named, never `live`.
    pub(crate) fn resolve(&self) -> Result<Environment, Failure> {
        Ok(self.named()?.unwrap_or(Environment::Test))
    }
}

/// One thing by its id, with the environment before it or as a flag.
#[derive(Args)]
#[command(allow_missing_positional = true)]
pub(crate) struct Named<T: Listed> {
    /// Which environment [default: test]
    #[arg(value_name = "ENV", add = Completes::Environment)]
    word: Option<Environment>,
    /// Its id
    #[arg(value_name = "ID", add = Completes::Ids(T::IDS))]
    id: String,
    /// The environment, as a flag
    #[arg(short, long = "environment", value_name = "ENV", hide_possible_values = true, add = Completes::Environment)]
    environment: Vec<Environment>,
    #[arg(skip)]
    object: PhantomData<T>,
}

/// One thing of one environment's.
#[derive(Clone, Debug)]
pub(crate) struct Thing {
    pub(crate) environment: Environment,
    pub(crate) id: String,
}

impl<T: Listed> Named<T> {
    /// The environment alone.
    pub(crate) fn environment(&self) -> Result<Environment, Failure> {
        Ok(at_most_one(self.word.iter().chain(&self.environment))?.unwrap_or(Environment::Test))
    }

    /// The environment and the id.
    pub(crate) fn resolve(&self) -> Result<Thing, Failure> {
        if self.word.is_none() && Environment::named(&self.id).is_some() {
            return Err(id_is_missing(&self.id));
        }
        Thing::new(self.environment()?, &self.id)
    }
}

impl Thing {
    pub(super) fn new(environment: Environment, id: &str) -> Result<Self, Failure> {
        // A URL knows these two as directions, however they are escaped.
        if id.trim().is_empty() || id == "." || id == ".." {
            return Err(Failure::usage("The id is empty or a dot").hint("give the id as a list shows it"));
        }
        Ok(Self { environment, id: id.to_owned() })
    }
}

pub(super) fn id_is_missing(environment: &str) -> Failure {
    Failure::usage(format!("`{environment}` is an environment, and the id is missing"))
        .hint(format!("write the id behind it: `… {environment} <ID>`"))
}

/// What was given, which may be several times but not differently.
pub(crate) fn at_most_one<'a, T: PartialEq + Copy + 'a>(
    given: impl IntoIterator<Item = &'a T>,
) -> Result<Option<T>, Failure> {
    let mut given = given.into_iter();
    let Some(first) = given.next() else { return Ok(None) };
    if given.all(|other| other == first) {
        return Ok(Some(*first));
    }
    Err(Failure::usage("The environment is given twice, and differently")
        .hint("give it once, as a word or with -e"))
}

/// How many rows.
#[derive(Args, Clone, Debug)]
pub(crate) struct LimitArgs {
    /// At most so many rows [default: 50]
    #[arg(long, value_name = "1-100", value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(crate) limit: Option<u8>,
}

/// Which rows of a list that has billing subjects.
#[derive(Args, Clone, Debug)]
pub(crate) struct SubjectRows {
    #[command(flatten)]
    pub(crate) environment: EnvironmentArgs,
    /// Only of this kind of billing subject, in your application's words
    #[arg(long, value_name = "TYPE", requires = "subject_id", value_parser = NonEmptyStringValueParser::new())]
    subject_type: Option<String>,
    /// Only of the billing subject with this id in your application
    #[arg(long, value_name = "ID", requires = "subject_type", value_parser = NonEmptyStringValueParser::new())]
    subject_id: Option<String>,
    #[command(flatten)]
    pub(crate) limit: LimitArgs,
}

impl SubjectRows {
    pub(crate) fn subject(&self) -> SubjectFilter {
        SubjectFilter { kind: self.subject_type.clone(), id: self.subject_id.clone() }
    }
}

//! Arguments that many commands share.

use std::collections::HashMap;
use std::marker::PhantomData;

use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde::Serialize;

use crate::api::{DEFAULT_ROWS, MAX_ROWS, SubjectFilter};
use crate::error::{Failure, Mistake};
use crate::input::trim_line_end;
use crate::runner::{Completes, Entry, HasIdList};
use crate::wire::{Environment, ObjectId, RowFilter, WithId, parse_since};

/// The environment, as the first argument or as an option.
#[derive(Args, Clone, Debug)]
pub(crate) struct EnvironmentArgs {
    /// Environment [default: test]
    #[arg(value_name = "ENV", add = Completes::Environment)]
    positional: Option<Environment>,
    #[command(flatten)]
    option: EnvironmentOption,
}

/// The environment as an option.
#[derive(Args, Clone, Debug)]
pub(crate) struct EnvironmentOption {
    /// Environment, instead of the argument
    #[arg(short, long = "environment", value_name = "ENV", hide_possible_values = true, add = Completes::Environment)]
    environment: Vec<Environment>,
}

/// One environment or all of them, as the first argument or as an option.
#[derive(Args, Clone, Debug)]
pub(crate) struct ScopeArgs {
    /// Environment [default: all]
    #[arg(value_name = "ENV")]
    positional: Option<Scope>,
    /// Environment, instead of the argument
    #[arg(short, long = "environment", value_name = "ENV", hide_possible_values = true)]
    environment: Vec<Scope>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Scope {
    /// Without real money.
    Test,
    /// With real customers and real money.
    Live,
    /// Both environments.
    All,
}

impl ScopeArgs {
    /// The only environment; `None` for all.
    pub(crate) fn only(&self) -> Result<Option<Environment>, Failure> {
        Ok(match at_most_one(self.positional.iter().chain(&self.environment))? {
            Some(Scope::Test) => Some(Environment::Test),
            Some(Scope::Live) => Some(Environment::Live),
            Some(Scope::All) | None => None,
        })
    }
}

impl EnvironmentArgs {
    /// An environment that another part of the command line names.
    pub(crate) fn of(environment: Vec<Environment>) -> Self {
        Self { positional: None, option: EnvironmentOption { environment } }
    }

    /// Adds environments that precede the subcommand.
    pub(crate) fn add_preceding(&mut self, before: Vec<Environment>) {
        self.option.environment.extend(before);
    }

    /// The environment, if one is given.
    pub(crate) fn named(&self) -> Result<Option<Environment>, Failure> {
        self.option.with(self.positional)
    }

    /// The environment; `test` by default, never `live`.
    pub(crate) fn resolve(&self) -> Result<Environment, Failure> {
        Ok(self.named()?.unwrap_or(Environment::Test))
    }
}

impl EnvironmentOption {
    /// The environment, if the option or the argument names one.
    pub(crate) fn with(&self, argument: Option<Environment>) -> Result<Option<Environment>, Failure> {
        at_most_one(argument.iter().chain(&self.environment))
    }
}

/// The value, if one is given. The same value may be given several times.
fn at_most_one<'a, T: PartialEq + Copy + 'a>(
    given: impl IntoIterator<Item = &'a T>,
) -> Result<Option<T>, Failure> {
    let mut given = given.into_iter();
    let Some(first) = given.next() else { return Ok(None) };
    if given.all(|other| other == first) {
        return Ok(Some(*first));
    }
    Err(Failure::usage("Two different environments are given")
        .hint("give the environment once, as an argument or with -e"))
}

/// The id of an object, with the environment before it or as an option.
#[derive(Args)]
#[command(allow_missing_positional = true)]
pub(crate) struct IdArgs<T: HasIdList> {
    #[command(flatten)]
    environment: EnvironmentArgs,
    #[arg(value_name = "ID", help = format!("{}, as a list shows it", T::REFERENCE), add = Completes::Ids(T::IDS))]
    id: String,
    #[arg(skip)]
    object: PhantomData<T>,
}

/// The id of the object to update, which the file can have instead.
#[derive(Args)]
#[command(allow_missing_positional = true)]
pub(crate) struct UpdateIdArgs<T: HasIdList> {
    #[command(flatten)]
    environment: EnvironmentArgs,
    #[arg(
        value_name = "ID",
        help = format!("{}; a file with many objects has an id in each", T::REFERENCE),
        required_unless_present = "from_file",
        add = Completes::Ids(T::IDS),
    )]
    id: Option<String>,
    #[arg(skip)]
    object: PhantomData<T>,
}

/// An existing object in an environment.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) environment: Environment,
    pub(crate) id: String,
}

impl<T: HasIdList> IdArgs<T> {
    pub(crate) fn environment(&self) -> Result<Environment, Failure> {
        self.environment.resolve()
    }

    pub(crate) fn resolve(&self) -> Result<Target, Failure> {
        if self.environment.positional.is_none() && Environment::named(&self.id).is_some() {
            return Err(id_is_missing(&self.id));
        }
        Target::new(self.environment()?, &self.id)
    }
}

impl<T: HasIdList> UpdateIdArgs<T> {
    pub(crate) fn environment(&self) -> Result<Environment, Failure> {
        let argument = self.environment.positional.or(self.only_environment());
        Ok(self.environment.option.with(argument)?.unwrap_or(Environment::Test))
    }

    /// The environment, if it is the only argument: clap takes a lone argument for the id.
    fn only_environment(&self) -> Option<Environment> {
        self.id.as_deref().filter(|_| self.environment.positional.is_none()).and_then(Environment::named)
    }

    fn id(&self) -> Option<&str> {
        self.id.as_deref().filter(|_| self.only_environment().is_none())
    }

    /// The object to update, whose id can be in the file.
    pub(crate) fn resolve(&self, in_file: Option<&str>) -> Result<Target, Failure> {
        let environment = self.environment()?;
        match (self.id(), in_file) {
            (Some(id), Some(other)) if id != other => {
                Err(Failure::usage("The command line and the file have different ids")
                    .hint("omit one of them"))
            }
            (Some(id), _) | (None, Some(id)) => Target::new(environment, id),
            (None, None) => match &self.id {
                Some(argument) => Err(id_is_missing(argument)),
                None => Err(Failure::usage("The object has no id")
                    .hint("add `id` to the object in the file, or give the id as an argument")),
            },
        }
    }

    /// Checks many updates: each object needs its own id, and no id may occur twice.
    pub(crate) fn check_entries<C>(
        &self,
        file: &str,
        entries: &mut [Entry<WithId<C>>],
    ) -> Result<(), Failure> {
        if let Some(id) = self.id() {
            return Err(Failure::usage(format!("{file} has many objects, but `{id}` is only one"))
                .hint("omit the id, and give each object in the file its own `id`"));
        }
        let mut lines: HashMap<String, usize> = HashMap::new();
        for (index, Entry { line, object }) in entries.iter_mut().enumerate() {
            let id = object.as_ref().ok().and_then(|object| object.id.clone());
            let Some(id) = id else { continue };
            // An update is sent again until it is answered: of two, the first could arrive last.
            if let Some(other) = lines.get(&id) {
                let error = format!("`{id}` is already on line {other}: put all its changes in one object");
                *object = Err(Mistake { line: *line, column: None, index: Some(index), error }.into());
            } else {
                lines.insert(id, *line);
            }
        }
        Ok(())
    }
}

impl Target {
    fn new(environment: Environment, id: &str) -> Result<Self, Failure> {
        let id = trim_line_end(id);
        // In a URL, `.` and `..` are path segments, however they are escaped.
        if id.trim().is_empty() || id == "." || id == ".." {
            return Err(Failure::usage("The id is empty or only dots").hint("copy the id from a list"));
        }
        Ok(Self { environment, id: id.to_owned() })
    }
}

fn id_is_missing(environment: &str) -> Failure {
    Failure::usage("The id is missing")
        .why(format!("`{environment}` is an environment"))
        .hint(format!("add the id: `… {environment} <ID>`"))
}

/// Reads `true` and `false`, in upper or lower case.
pub(crate) fn boolean() -> impl TypedValueParser<Value = bool> {
    PossibleValuesParser::new(["true", "false"]).map(|word| word.eq_ignore_ascii_case("true"))
}

/// The body of a request, as details of a confirmation.
pub(crate) fn to_json(body: &impl Serialize) -> Option<String> {
    serde_json::to_string(body).ok()
}

/// The maximum number of rows.
#[derive(Args, Clone, Debug)]
pub(crate) struct LimitArgs {
    /// Maximum number of rows [default: 50]
    #[arg(long, value_name = "1-100", value_parser = clap::value_parser!(u8).range(1..=i64::from(MAX_ROWS)))]
    pub(crate) limit: Option<u8>,
}

impl LimitArgs {
    /// The most rows that the backend returns.
    pub(crate) fn rows(&self) -> u8 {
        self.limit.unwrap_or(DEFAULT_ROWS)
    }
}

/// A filter by whether customers can buy the objects.
#[derive(Args, Clone, Debug)]
pub(crate) struct ActiveArgs {
    /// Only active objects, which customers can buy
    #[arg(long, conflicts_with = "archived")]
    active: bool,
    /// Only archived objects
    #[arg(long)]
    archived: bool,
}

impl ActiveArgs {
    pub(crate) fn filter(&self) -> RowFilter {
        RowFilter { active: (self.active || self.archived).then_some(self.active), ..RowFilter::default() }
    }
}

/// A filter by the time of creation.
#[derive(Args, Clone, Debug)]
pub(crate) struct SinceArgs {
    /// Only rows that the provider created since then, such as 30d, 12h or 2026-11-01 (UTC)
    #[arg(long, value_name = "TIME", value_parser = |text: &str| parse_since(text, Timestamp::now()))]
    pub(crate) since: Option<Timestamp>,
}

/// The help of `--status`.
pub(crate) fn status_help(rows: &str, known: &[&str]) -> String {
    format!("Only {rows} with this status; separate several with commas [known: {}]", known.join(", "))
}

/// The arguments of a list whose rows have billing subjects.
#[derive(Args, Clone, Debug)]
pub(crate) struct SubjectListArgs {
    #[command(flatten)]
    pub(crate) environment: EnvironmentArgs,
    /// Type of the billing subject whose rows to list, such as team
    #[arg(long, value_name = "TYPE", requires = "subject_id", value_parser = NonEmptyStringValueParser::new())]
    subject_type: Option<String>,
    /// Id of the billing subject in your application, such as team_42
    #[arg(long, value_name = "ID", requires = "subject_type", value_parser = NonEmptyStringValueParser::new())]
    subject_id: Option<String>,
    /// Only rows of this customer
    #[arg(long, value_name = "CUSTOMER_ID")]
    customer: Option<ObjectId>,
    #[command(flatten)]
    since: SinceArgs,
    #[command(flatten)]
    pub(crate) limit: LimitArgs,
}

impl SubjectListArgs {
    /// The filter of these arguments and of `--status`.
    pub(crate) fn filter(&self, statuses: &[String]) -> RowFilter {
        RowFilter {
            statuses: statuses.to_vec(),
            customer: self.customer.as_ref().map(|id| id.as_str().to_owned()),
            since: self.since.since,
            ..RowFilter::default()
        }
    }

    pub(crate) fn subject(&self) -> SubjectFilter {
        let trimmed = |text: &Option<String>| text.as_deref().map(|text| trim_line_end(text).to_owned());
        SubjectFilter { kind: trimmed(&self.subject_type), id: trimmed(&self.subject_id) }
    }
}

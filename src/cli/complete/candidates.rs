//! The candidates for an argument's value. The argument's [`Completes`] says what they are. Ids come from the completion
//! cache while they are fresh, otherwise from the backend if it answers in time.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

use clap::builder::PossibleValue;
use clap::{Arg, ArgMatches, Command, FromArgMatches, ValueEnum};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};

use crate::approval::WaitingCommand;
use crate::cli::global::Global;
use crate::cli::pre_parse::PreParse;
#[cfg(feature = "sandbox")]
use crate::cli::sandbox;
use crate::env::ProcessEnv;
use crate::error::all_codes;
use crate::runner::{CommandSpec, Completes, Ctx, IdList, Output};
use crate::settings::{CachedId, CachedIds, CompletionCache, KeyFlag, KeyringTimeout, Profiles, UserPaths};
use crate::ui::{Stderr, clean_line, cut, is_clean};
use crate::wire::Environment;

/// The longest wait after Tab.
const TIME_LIMIT: Duration = Duration::from_millis(300);

/// A value and its description.
type DescribedValue = (String, String);

/// What the command line says before the word that is being typed.
pub(super) struct ParsedLine {
    /// The names of the commands on the line: `payments`, `products`, `get`.
    path: Vec<String>,
    env: ProcessEnv,
    global: Global,
    environment: Option<Environment>,
    /// The line already has the positional id.
    has_id: bool,
}

impl ParsedLine {
    pub(super) fn new(tree: &Command, matches: &ArgMatches, env: &ProcessEnv) -> Option<Self> {
        let global = Global::from_arg_matches(matches).ok()?;
        let (mut command, mut matches, mut path) = (tree, matches, Vec::new());
        while let Some((name, below)) = matches.subcommand() {
            path.push(name.to_owned());
            command = command.find_subcommand(name)?;
            matches = below;
        }
        let mut line = Self { path, env: env.clone(), global, environment: None, has_id: false };
        for arg in command.get_arguments() {
            let values = matches.try_get_raw(arg.get_id().as_str()).ok().flatten();
            let values: Vec<&str> = values.into_iter().flatten().filter_map(OsStr::to_str).collect();
            let environment = values.iter().find_map(|value| Environment::named(value));
            match arg.get::<Completes>() {
                Some(Completes::Environment) => line.environment = line.environment.or(environment),
                // Clap parses a lone environment as the id, until an id follows it.
                Some(Completes::Ids(_)) if arg.is_positional() => {
                    line.environment = line.environment.or(environment);
                    line.has_id = !values.is_empty() && environment.is_none();
                }
                _ => {}
            }
        }
        Some(line)
    }

    fn is_csv(&self) -> bool {
        self.global.output_options(&self.env).is_ok_and(|options| options.output == Output::Csv)
    }
}

/// Attaches completers to the arguments of the command that the line is for.
pub(super) fn attach(tree: Command, line: &Arc<ParsedLine>) -> Command {
    fn at(path: &[String], command: Command, line: &Arc<ParsedLine>) -> Command {
        match path {
            [] => attach_to(command, line),
            [name, below @ ..] => command.mut_subcommand(name, |command| at(below, command, line)),
        }
    }
    at(&line.path, tree, line)
}

fn attach_to(command: Command, line: &Arc<ParsedLine>) -> Command {
    let spec = command.get::<CommandSpec>().copied();
    let own_ids = command.get_positionals().find_map(|arg| match arg.get::<Completes>() {
        Some(Completes::Ids(list)) => Some(*list),
        _ => None,
    });
    let completer = |arg: &Arg| {
        let completes = *arg.get::<Completes>()?;
        let (is_positional, line) = (arg.is_positional(), Arc::clone(line));
        let values = move |word: &str| match completes {
            Completes::Environment => {
                let mut all = if line.environment.is_none() { environments() } else { Vec::new() };
                let ids = own_ids.filter(|_| is_positional);
                all.extend(ids.into_iter().flat_map(|list| ids_starting_with(word, list, &line)));
                all
            }
            Completes::Ids(_) if is_positional && line.has_id => Vec::new(),
            Completes::Ids(list) => ids_starting_with(word, list, &line),
            Completes::Words(words) => words.iter().map(|word| ((*word).to_owned(), String::new())).collect(),
            Completes::Profiles => last_before_limit(|found| found.send(profiles()?).ok()),
            Completes::WaitingCommands => last_before_limit(|found| found.send(waiting_commands()?).ok()),
            Completes::Columns => {
                let columns = spec.map(|spec| spec.choices(line.is_csv())).unwrap_or_default();
                columns.into_iter().map(|name| (name, String::new())).collect()
            }
            Completes::Codes => {
                all_codes().map(|info| (info.code.to_owned(), info.meaning.to_owned())).collect()
            }
        };
        Some(ArgValueCompleter::new(move |word: &OsStr| match word.to_str() {
            Some(word) => candidates(values(word), word),
            None => Vec::new(),
        }))
    };
    command.mut_args(|arg| match completer(&arg) {
        Some(completer) if matches!(arg.get::<Completes>(), Some(Completes::Columns)) => {
            arg.value_delimiter(',').add(completer)
        }
        Some(completer) => arg.add(completer),
        None => arg,
    })
}

/// The values that start with the typed word and are safe in every shell.
fn candidates(values: Vec<DescribedValue>, word: &str) -> Vec<CompletionCandidate> {
    let matching = values.into_iter().filter(|(value, _)| value.starts_with(word) && is_plain(value));
    let candidate = |(value, help): DescribedValue| {
        let help = cut(&clean_line(&help)).into_owned();
        // Without a tag, clap renders the argument's name as the tag of each candidate.
        let tag = Some("values".into());
        CompletionCandidate::new(value).help((!help.is_empty()).then(|| help.into())).tag(tag)
    };
    matching.map(candidate).collect()
}

/// Whether no shell reads the value as anything but a plain word. An object's name or id must never become a command.
fn is_plain(value: &str) -> bool {
    let is_safe = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
    value.chars().all(is_safe) && is_clean(value) && !value.starts_with('-')
}

/// Each environment with its help.
fn environments() -> Vec<DescribedValue> {
    let all = Environment::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    let help = |value: &PossibleValue| value.get_help().map(ToString::to_string).unwrap_or_default();
    all.map(|value| (value.get_name().to_owned(), help(&value))).collect()
}

/// Each profile with its address.
fn profiles() -> Option<Vec<DescribedValue>> {
    let profiles = Profiles::load(&UserPaths::find().ok()?).ok()?;
    let with_address = |name: &str| Some((name.to_owned(), profiles.get(name)?.api_url.clone()));
    Some(profiles.names().filter_map(with_address).collect())
}

/// The code of each command that waits for an approval, with its change.
fn waiting_commands() -> Option<Vec<DescribedValue>> {
    let all = WaitingCommand::all().ok()?;
    Some(all.into_iter().map(|(code, waiting)| (code.to_string(), waiting.question.sentence())).collect())
}

/// Runs `find` on a thread and returns the last result that it sends within the limit. Reading certificates, resolving a
/// name and reading a network drive can each take longer.
fn last_before_limit<T: Default + Send + 'static>(
    find: impl FnOnce(&Sender<T>) -> Option<()> + Send + 'static,
) -> T {
    let started = Instant::now();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || find(&sender));
    let mut last = T::default();
    while let Ok(found) = receiver.recv_timeout(TIME_LIMIT.saturating_sub(started.elapsed())) {
        last = found;
    }
    last
}

/// Ids, and the labels of their owners by the owners' ids.
#[derive(Default)]
struct FoundIds {
    ids: Vec<CachedId>,
    owners: HashMap<String, String>,
}

impl FoundIds {
    fn new(ids: Vec<CachedId>, owners: impl IntoIterator<Item = CachedId>) -> Self {
        Self { ids, owners: owners.into_iter().map(|owner| (owner.id, owner.label)).collect() }
    }
}

/// The ids of a list that start with the typed word.
fn ids_starting_with(word: &str, list: &'static IdList, line: &Arc<ParsedLine>) -> Vec<DescribedValue> {
    let line = Arc::clone(line);
    let FoundIds { ids, owners } = last_before_limit(move |found| find_ids(list, &line, found));
    let matching = ids.into_iter().filter(|cached| cached.id.starts_with(word));
    matching.map(|cached| with_description(cached, &owners)).collect()
}

/// An id with its description, such as `9.90 EUR / month, Pro, inactive`.
fn with_description(cached: CachedId, owners: &HashMap<String, String>) -> DescribedValue {
    let owner = owners.get(&cached.owner).map(String::as_str);
    let parts = [Some(cached.label.as_str()), owner, cached.inactive.then_some("inactive")];
    let parts: Vec<&str> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    let description = parts.join(", ");
    (cached.id, description)
}

/// Sends the cached list, and then the current one if the cached one is stale.
fn find_ids(list: &IdList, line: &ParsedLine, found: &Sender<FoundIds>) -> Option<()> {
    let environment = line.environment.unwrap_or(Environment::Test);
    let ctx = silent_ctx(line)?;
    let cache = cache(line, &ctx);
    if let Some(cache) = &cache {
        let load = |name| cache.load(list.provider.segment, environment, name);
        if let Some((ids, is_fresh)) = load(list.name) {
            let (owners, _) = list.owners.and_then(load).unwrap_or_default();
            found.send(FoundIds::new(ids, owners)).ok()?;
            if is_fresh {
                return None;
            }
        }
    }
    let read = read(list, environment, line, &ctx)?;
    let ids_of = |wanted: &str| {
        let lists = read.lists.iter().filter(move |(name, _)| *name == wanted);
        lists.flat_map(|(_, ids)| ids).cloned().collect::<Vec<_>>()
    };
    found.send(FoundIds::new(ids_of(list.name), list.owners.map(ids_of).unwrap_or_default())).ok()?;
    cache?.store(&read);
    Some(())
}

/// The context of the line, for a run that prints and asks nothing. `None` if only the command itself can read its key:
/// a pipe can be read once. A keyring is not opened, because it could ask for its password.
fn silent_ctx(line: &ParsedLine) -> Option<Ctx> {
    let pre_parse = PreParse::read(&[], &line.env);
    let mut ctx = line.global.clone().into_ctx(line.env.clone(), &pre_parse).ok()?;
    ctx.stderr = Stderr { silent: true, ..Stderr::default() };
    ctx.flags.keyring_timeout = KeyringTimeout::Zero;
    ctx.timeout = Some(TIME_LIMIT);
    ctx.retries = 0;
    let can_read_key = match &ctx.flags.key {
        Some(KeyFlag::Stdin) => false,
        Some(KeyFlag::File(path)) => path.is_file(),
        None => line.env.var("INSFORGE_API_KEY_FILE").is_none_or(|path| Path::new(path).is_file()),
    };
    can_read_key.then_some(ctx)
}

/// The cache of the backend; `None` if address and key come from the environment, or from the sandbox.
fn cache(line: &ParsedLine, ctx: &Ctx) -> Option<CompletionCache> {
    #[cfg(feature = "sandbox")]
    if sandbox::is_requested(line.global.sandbox, ctx).ok()? {
        return None;
    }
    let address = ctx.flags.stored_address(&line.env).ok()??;
    Some(CompletionCache::new(&address, &UserPaths::find().ok()?.completion_cache))
}

/// Reads the list from the backend.
#[cfg_attr(not(feature = "sandbox"), expect(unused_variables, reason = "only the sandbox needs the line"))]
fn read(list: &IdList, environment: Environment, line: &ParsedLine, ctx: &Ctx) -> Option<CachedIds> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    let ids = runtime.block_on(async {
        #[cfg(feature = "sandbox")]
        let _sandbox = sandbox::start_for_backend_command(line.global.sandbox, ctx).await?;
        (list.read)(environment, ctx).await
    });
    runtime.shutdown_background();
    ids.ok()
}

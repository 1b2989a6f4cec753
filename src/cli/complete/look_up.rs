//! The ids of a list: as they were when it was read last, or else as the backend has them, if it says so in time.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

use crate::api::Provider;
use crate::cli::complete::values::Typed;
use crate::cli::pre_parse::PreParse;
#[cfg(feature = "sandbox")]
use crate::cli::sandbox;
use crate::commands::{offers_of, provider_of};
use crate::runner::Ctx;
use crate::settings::{KeyFlag, KeyringTimeout, Offer, Offers, Shelf, UserPaths};
use crate::ui::Stderr;
use crate::wire::Environment;

/// How long somebody who has pressed Tab waits at most.
const LIMIT: Duration = Duration::from_millis(300);

/// A list, and the names of what its things belong to.
#[derive(Default)]
struct Found {
    list: Vec<Offer>,
    names: HashMap<String, String>,
}

/// The ids that begin with this, each with what it is.
pub(super) fn ids(list: &'static str, beginning: &str, typed: &Arc<Typed>) -> Vec<(String, String)> {
    let typed = Arc::clone(typed);
    let Found { list, names } = in_time(move |found| find(list, &typed, found));
    let meant = list.into_iter().filter(|offer| offer.id.starts_with(beginning));
    meant.map(|offer| described(offer, &names)).collect()
}

/// The last that is found before the limit. Reading certificates, a name that is not found, a file on a disk far away: what
/// hangs does not hang here.
pub(super) fn in_time<T: Default + Send + 'static>(
    find: impl FnOnce(&Sender<T>) -> Option<()> + Send + 'static,
) -> T {
    let started = Instant::now();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || find(&sender));
    let mut best = T::default();
    while let Ok(found) = receiver.recv_timeout(LIMIT.saturating_sub(started.elapsed())) {
        best = found;
    }
    best
}

/// An id and what to show beside it: `9.90 EUR / month, Pro, inactive`.
fn described(offer: Offer, names: &HashMap<String, String>) -> (String, String) {
    let Offer { id, about: mut help, of, inactive } = offer;
    let owner = names.get(&of).map(String::as_str);
    for more in [owner, inactive.then_some("inactive")].into_iter().flatten().filter(|more| !more.is_empty())
    {
        if !help.is_empty() {
            help.push_str(", ");
        }
        help.push_str(more);
    }
    (id, help)
}

impl Found {
    fn of(list: Vec<Offer>, others: impl IntoIterator<Item = Offer>) -> Self {
        Self { list, names: others.into_iter().map(|offer| (offer.id, offer.about)).collect() }
    }
}

/// Sends what is known, and then what is known better.
fn find(list: &'static str, typed: &Typed, found: &Sender<Found>) -> Option<()> {
    let (provider, lists) = provider_of(list)?;
    let environment = typed.environment.unwrap_or(Environment::Test);
    let ctx = quiet(typed)?;
    let shelf = shelf(typed, &ctx);
    if let Some(shelf) = &shelf
        && let Some((kept, is_fresh)) = shelf.get(provider.segment, environment, list)
    {
        let belong = kept.iter().any(|offer| !offer.of.is_empty());
        let others = lists.iter().filter(|other| belong && **other != list);
        let others = others.filter_map(|other| shelf.get(provider.segment, environment, other));
        found.send(Found::of(kept, others.flat_map(|(other, _)| other))).ok()?;
        if is_fresh {
            return None;
        }
    }
    let offers = look_up(typed, &ctx, provider, environment)?;
    let (wanted, others): (Vec<_>, Vec<_>) =
        offers.lists.iter().cloned().partition(|(name, _)| *name == list);
    let offers_of = |lists: Vec<(_, Vec<Offer>)>| lists.into_iter().flat_map(|(_, offers)| offers);
    found.send(Found::of(offers_of(wanted).collect(), offers_of(others))).ok()?;
    shelf?.put(&offers);
    Some(())
}

/// What the line says so far, to be run without a word. A keyring could ask for its password, and what is in a pipe can
/// be read only once: that is for the command.
fn quiet(typed: &Typed) -> Option<Ctx> {
    let pre_parse = PreParse::read(&[], &typed.env);
    let mut ctx = typed.global.clone().into_ctx(typed.env.clone(), &pre_parse).ok()?;
    ctx.stderr = Stderr { silent: true, ..Stderr::default() };
    ctx.flags.keyring_timeout = KeyringTimeout::Zero;
    ctx.timeout = Some(LIMIT);
    ctx.retries = 0;
    let is_there_again = match &ctx.flags.key {
        Some(KeyFlag::Stdin) => false,
        Some(KeyFlag::File(path)) => path.is_file(),
        None => typed.env.var("INSFORGE_API_KEY_FILE").is_none_or(|path| Path::new(path).is_file()),
    };
    is_there_again.then_some(ctx)
}

/// Where lists of the backend are kept; nowhere where address and key come from the environment.
fn shelf(typed: &Typed, ctx: &Ctx) -> Option<Shelf> {
    #[cfg(feature = "sandbox")]
    if sandbox::is_requested(typed.global.sandbox, ctx).ok()? {
        return None;
    }
    let address = ctx.flags.stored_address(&typed.env).ok()??;
    Some(Shelf::of(&address, &UserPaths::find().ok()?.ids))
}

#[cfg_attr(
    not(feature = "sandbox"),
    expect(unused_variables, reason = "what was typed can ask for the sandbox only")
)]
fn look_up(typed: &Typed, ctx: &Ctx, provider: &Provider, environment: Environment) -> Option<Offers> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    let offers = runtime.block_on(async {
        #[cfg(feature = "sandbox")]
        let _answers = sandbox::start_for_backend_command(typed.global.sandbox, ctx).await?;
        offers_of(provider, environment, ctx).await
    });
    runtime.shutdown_background();
    offers.ok()
}

use crate::api::Provider;
use crate::runner::Write;
use crate::settings::Offers;
use crate::ui::View;
use crate::wire::Environment;

/// A payment provider, as commands that exist for every provider see it: what differs is a type.
pub(crate) trait Gateway: 'static {
    /// Its name and routes.
    const PROVIDER: &'static Provider;
    /// The command that gives the backend a key.
    type ConfigSet: clap::Args + Write;
    /// The answer of `sync`.
    type Sync: serde::de::DeserializeOwned + View + Synced;
    /// The answer of `catalog`.
    type Catalog: serde::de::DeserializeOwned + View;
    /// The answer of `subscriptions`.
    type Subscriptions: serde::de::DeserializeOwned + View;
    /// The answer of `catalog`, with everything that the doctor looks at.
    type Offers: serde::de::DeserializeOwned;
    /// The lists that [`Gateway::offers`] gives, by their names.
    const LISTS: &'static [&'static str];
    /// The command that makes the webhook, without the environment.
    const WEBHOOKS: &'static [&'static str];

    /// How an environment's keys begin.
    fn key_beginning(environment: Environment) -> &'static str;
    /// What the doctor finds in what is for sale.
    fn examine(offers: &Self::Offers, environment: Environment) -> Vec<Finding>;
    /// The lists of what is for sale, for completion.
    fn offers(catalog: &Self::Catalog, environment: Environment) -> Offers;
    /// Which subscriptions go on and have no billing subject.
    fn unmapped(subscriptions: &Self::Subscriptions) -> Unmapped;
}

/// What the doctor found of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// What was looked at: `products`.
    pub(crate) check: &'static str,
    pub(crate) found: String,
    /// The words of the provider's command that repairs it, where it is not as it should be.
    pub(crate) repair: Option<Vec<String>>,
}

/// Subscriptions of which the application does not know whose they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Unmapped {
    /// How many were looked at, the mapped ones too.
    pub(crate) of: usize,
    pub(crate) ids: Vec<String>,
}

impl Unmapped {
    /// Of these, each with its id, whether it goes on, and whether it has a billing subject.
    pub(crate) fn among(all: impl Iterator<Item = (String, bool, bool)>) -> Self {
        all.fold(Self::default(), |mut unmapped, (id, goes_on, has_subject)| {
            unmapped.of += 1;
            unmapped.ids.extend((goes_on && !has_subject).then_some(id));
            unmapped
        })
    }
}

impl Finding {
    /// Something of which some should be otherwise: `2 of 5 have no …: a, b`, or else that it is well.
    pub(crate) fn of_some(
        check: &'static str,
        of: usize,
        (one_lacks, all_well): (&str, &str),
        wanting: &[&str],
        repair: impl FnOnce(&str) -> Vec<String>,
    ) -> Self {
        let Some(first) = wanting.first() else {
            let found = if of == 0 { "none".to_owned() } else { format!("{of} active, {all_well}") };
            return Self { check, found, repair: None };
        };
        let found = format!("{} of {of} {one_lacks}: {}", wanting.len(), some_of(wanting));
        Self { check, found, repair: Some(repair(first)) }
    }
}

/// The first of many: `a, b, c and 4 more`.
pub(crate) fn some_of<T: AsRef<str>>(all: &[T]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<&str> = all.iter().take(SHOWN).map(AsRef::as_ref).collect();
    let shown = shown.join(", ");
    match all.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// What became of a sync, environment by environment.
pub(crate) trait Synced {
    /// Each environment that the backend reports on.
    fn outcomes(&self) -> Vec<(&str, SyncOutcome)>;
}

/// What became of one environment's sync.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SyncOutcome {
    /// The mirror is up to date.
    Done,
    /// No key is configured there, so nothing was tried.
    Unconfigured,
    /// It failed, for this reason.
    Failed(String),
}

impl SyncOutcome {
    /// In a table.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Done => "succeeded",
            Self::Unconfigured => "unconfigured",
            Self::Failed(_) => "failed",
        }
    }
}

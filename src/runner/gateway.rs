//! The provider, as the shared commands see it.

use jiff::Timestamp;

use crate::api::Provider;
use crate::runner::Write;
use crate::settings::{CachedIds, WithSource};
use crate::ui::{RowLists, Tables, View};
use crate::wire::{Address, Environment, is_public_https};

/// A payment provider. The shared commands are generic over it, because the providers' answers have different types.
pub(crate) trait Gateway: 'static {
    /// The name and the routes.
    const PROVIDER: &'static Provider;
    /// The `config set` command.
    type ConfigSet: clap::Args + Write;
    /// The answer of `sync`.
    type Sync: serde::de::DeserializeOwned + View + SyncReply;
    /// The answer of `catalog`.
    type Catalog: serde::de::DeserializeOwned + View;
    /// The answer of `subscriptions`.
    type Subscriptions: serde::de::DeserializeOwned + View;
    /// The answer of `catalog`, with the fields that the doctor checks.
    type DoctorCatalog: serde::de::DeserializeOwned;
    /// The table of `config`.
    const KEY_TABLES: Tables;
    /// The rows of `config`.
    const KEY_ROWS: RowLists;
    /// The table of `status`.
    const STATUS_TABLES: Tables;
    /// The rows of `status`.
    const STATUS_ROWS: RowLists;
    /// How payment events reach the backend.
    const WEBHOOK: &'static WebhookSupport;
    /// The known statuses of subscriptions.
    const SUBSCRIPTION_STATUSES: &'static [&'static str];

    /// The prefix of an environment's keys.
    fn key_prefix(environment: Environment) -> &'static str;
    /// The doctor's findings in the catalog.
    fn check_catalog(catalog: &Self::DoctorCatalog, environment: Environment) -> Vec<Finding>;
    /// The lists of the catalog, for completion.
    fn ids(catalog: &Self::Catalog, environment: Environment) -> CachedIds;
    /// The active subscriptions without a billing subject.
    fn unmapped(subscriptions: &Self::Subscriptions) -> UnmappedSubscriptions;
}

/// How a provider's payment events reach the backend.
#[derive(Debug)]
pub(crate) struct WebhookSupport {
    /// The command that sets up the webhook, without the environment.
    pub(crate) setup: &'static [&'static str],
    /// Whether the backend creates the endpoint at the provider. Otherwise a person enters it in the provider's dashboard,
    /// and the backend does not know whether that happened.
    pub(crate) is_managed: bool,
    /// The command that forwards the events of `test` to the address in its option `--forward-to`.
    pub(crate) forwarder: Option<&'static str>,
}

/// What brings payment events to the backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WebhookRepair {
    /// `None` if no command alone is enough.
    pub(crate) command: Option<String>,
    /// What else has to be done.
    pub(crate) also: Option<String>,
}

impl WebhookSupport {
    /// How to repair the webhook of an environment that has none, or one that does not lead to this backend. A provider
    /// delivers no events to a local address, so there the setup fails again.
    pub(crate) fn repair(
        &self,
        provider: &Provider,
        environment: Environment,
        backend: &WithSource<Address>,
        command: &dyn Fn(&[&str]) -> String,
    ) -> WebhookRepair {
        let setup = command(&[self.setup, &[environment.as_str()]].concat());
        let Some(forwarder) = self.forwarder.filter(|_| is_local(backend)) else {
            return WebhookRepair { command: Some(setup), also: None };
        };
        if environment == Environment::Live {
            return WebhookRepair::needs_public_address(&setup);
        }
        let (address, segment) = (&backend.value, provider.segment);
        let secret = format!("{}_TEST_WEBHOOK_SECRET", segment.to_ascii_uppercase());
        WebhookRepair {
            command: Some(format!("{forwarder} --forward-to {address}/api/webhooks/{segment}/{environment}")),
            also: Some(format!(
                "set the backend's secret {secret} to the signing secret that `{forwarder}` prints"
            )),
        }
    }
}

impl WebhookRepair {
    /// The address that the backend gives the provider is not public. `setup` fails until that changes.
    pub(crate) fn needs_public_address(setup: &str) -> Self {
        let also = format!("set the backend's API_BASE_URL to its public https address, then run `{setup}`");
        Self { command: None, also: Some(also) }
    }
}

/// Whether the backend is on this machine or in a private network. The sandbox of `--sandbox` counts as public.
pub(crate) fn is_local(backend: &WithSource<Address>) -> bool {
    !is_public_https(backend.value.as_str()) && !backend.source.is_preset()
}

/// A finding of the doctor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The name of the check, such as `products`.
    pub(crate) check: &'static str,
    pub(crate) found: String,
    /// Whether something should be improved.
    pub(crate) is_problem: bool,
    /// The arguments of the provider's command that fixes the problem, if there is one.
    pub(crate) repair: Option<Vec<String>>,
}

/// Subscriptions without a billing subject: the application does not know who they belong to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct UnmappedSubscriptions {
    /// The number of all subscriptions.
    pub(crate) total: usize,
    pub(crate) ids: Vec<String>,
}

impl UnmappedSubscriptions {
    /// Counts subscriptions, each with its id, whether it is active, and whether it has a billing subject.
    pub(crate) fn count(all: impl Iterator<Item = (String, bool, bool)>) -> Self {
        all.fold(Self::default(), |mut unmapped, (id, is_active, has_subject)| {
            unmapped.total += 1;
            unmapped.ids.extend((is_active && !has_subject).then_some(id));
            unmapped
        })
    }
}

impl Finding {
    /// A finding about `total` objects, some of which may fail: `2 of 5 {failing_text}: a, b`, or `5 active,
    /// {passing_text}`.
    pub(crate) fn about_objects(
        check: &'static str,
        total: usize,
        (failing_text, passing_text): (&str, &str),
        failing: &[&str],
        repair: impl FnOnce(&str) -> Option<Vec<String>>,
    ) -> Self {
        let Some(first) = failing.first() else {
            let found =
                if total == 0 { "none".to_owned() } else { format!("{total} active, {passing_text}") };
            return Self { check, found, is_problem: false, repair: None };
        };
        let found = format!("{} of {total} {failing_text}: {}", failing.len(), join_first(failing));
        Self { check, found, is_problem: true, repair: repair(first) }
    }
}

/// The first of many names: `a, b, c and 4 more`.
pub(crate) fn join_first<T: AsRef<str>>(all: &[T]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<&str> = all.iter().take(SHOWN).map(AsRef::as_ref).collect();
    let shown = shown.join(", ");
    match all.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// The answer of a sync.
pub(crate) trait SyncReply {
    /// The outcome for each environment that the backend reports.
    fn outcomes(&self) -> Vec<(&str, SyncOutcome)>;

    /// The environments that were synced, although their customers may not have been: the backend can report that as a
    /// success. Each with the time at which the sync started. A synced customer has at least that `syncedAt`.
    fn hides_failed_customers(&self) -> Vec<(Environment, Timestamp)> {
        Vec::new()
    }
}

/// The outcome of a sync for one environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SyncOutcome {
    /// The mirror is up to date.
    Succeeded,
    /// No key is configured, so nothing was synced.
    Unconfigured,
    /// The sync failed, for this reason.
    Failed(String),
}

impl SyncOutcome {
    /// The outcome as a table shows it.
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Unconfigured => "unconfigured",
            Self::Failed(_) => "failed",
        }
    }
}

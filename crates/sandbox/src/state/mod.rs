//! The state of the sandbox: the providers' data, and the backend's copy of it. Plain data, in the format of the state
//! file.

mod clock;
mod events;
mod mappings;
mod mirror;
pub(crate) mod razorpay;
mod secrets;
mod sessions;
pub(crate) mod stripe;
mod time;
mod webhook_events;

use serde::{Deserialize, Serialize};

pub(crate) use clock::Clock;
pub(crate) use events::{DelayedEvent, Delivery, EventLog, EventStatus, ProviderEvent};
pub(crate) use mappings::{CustomerMappings, CustomerTaken};
pub(crate) use mirror::{
    BillingSubject, Card, Connection, Customer, MirroredCustomer, References, Synced, Transaction, Webhook,
};
pub(crate) use secrets::{NewSecret, Secret, Secrets};
pub(crate) use sessions::{CheckoutSessionRow, LineItem, PortalSessionRow};
pub(crate) use time::{Time, format_time, later, parse_time, unix, whole_seconds};
pub(crate) use webhook_events::WebhookEventRow;

use crate::environment::Environment;
use crate::razorpay::Razorpay;
use crate::state::razorpay::RazorpayMirror;
use crate::state::stripe::StripeMirror;
use crate::stripe::Stripe;

/// The version of the state file's format.
pub(crate) const VERSION: u32 = 1;

/// The state of the sandbox.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct State {
    pub(crate) version: u32,
    pub(crate) ids: IdGenerator,
    pub(crate) insforge: Insforge,
    pub(crate) stripe: Stripe,
    #[serde(default)]
    pub(crate) razorpay: Razorpay,
    #[serde(default)]
    pub(crate) clock: Clock,
    #[serde(default)]
    pub(crate) events: EventLog,
}

impl State {
    /// A backend without keys, and providers without accounts.
    pub(crate) fn empty() -> Self {
        Self {
            version: VERSION,
            ids: IdGenerator::default(),
            insforge: Insforge::default(),
            stripe: Stripe::default(),
            razorpay: Razorpay::default(),
            clock: Clock::default(),
            events: EventLog::default(),
        }
    }
}

/// Generates ids that look like a provider's. The same actions on a fresh sandbox give the same ids, so that readers of
/// the documentation see the ids that it shows.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct IdGenerator {
    issued: u64,
}

impl IdGenerator {
    /// A generator whose ids differ from those of a generator that starts elsewhere.
    pub(crate) const fn starting_at(issued: u64) -> Self {
        Self { issued }
    }

    /// A new id: a prefix such as `prod_`, then `length` letters and digits.
    pub(crate) fn next_id(&mut self, prefix: &str, length: usize) -> String {
        let mut random = self.random();
        std::iter::once(prefix.to_owned())
            .chain((0..length).map(|_| random.alphanumeric().to_string()))
            .collect()
    }

    /// A new string of `length` hexadecimal digits.
    pub(crate) fn hex(&mut self, length: usize) -> String {
        let mut random = self.random();
        (0..length).map(|_| random.digit(16)).collect()
    }

    /// A new UUID, such as the backend's database generates for its rows.
    pub(crate) fn uuid(&mut self) -> String {
        let hex = self.hex(30);
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
        // The digits for version 4 and its variant.
        format!("{}-{}-4{}-8{}-{}", part(0, 8), part(8, 12), part(12, 15), part(15, 18), part(18, 30))
    }

    /// A number that is higher than all previous ones.
    pub(crate) fn next_number(&mut self) -> u64 {
        self.issued += 1;
        self.issued
    }

    fn random(&mut self) -> fastrand::Rng {
        fastrand::Rng::with_seed(self.next_number().wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
}

/// The backend's data for both environments of each provider.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Insforge {
    test: StripeMirror,
    live: StripeMirror,
    #[serde(default)]
    razorpay: PerEnvironment<RazorpayMirror>,
    #[serde(default)]
    pub(crate) secrets: Secrets,
    /// In the order in which the backend received them.
    #[serde(default)]
    pub(crate) webhook_events: Vec<WebhookEventRow>,
    /// Separate from Stripe's, so that the backend's rows do not change the ids at Stripe.
    #[serde(default = "row_ids")]
    pub(crate) ids: IdGenerator,
}

/// The generator of the backend's ids. Those of the providers will not get this far.
const fn row_ids() -> IdGenerator {
    IdGenerator::starting_at(2_000_000)
}

impl Default for Insforge {
    fn default() -> Self {
        Self {
            test: StripeMirror::default(),
            live: StripeMirror::default(),
            razorpay: PerEnvironment::default(),
            secrets: Secrets::default(),
            webhook_events: Vec::new(),
            ids: row_ids(),
        }
    }
}

/// A value for each environment.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PerEnvironment<T> {
    test: T,
    live: T,
}

impl Insforge {
    pub(crate) fn stripe(&self, environment: Environment) -> &StripeMirror {
        match environment {
            Environment::Test => &self.test,
            Environment::Live => &self.live,
        }
    }

    pub(crate) fn stripe_mut(&mut self, environment: Environment) -> &mut StripeMirror {
        match environment {
            Environment::Test => &mut self.test,
            Environment::Live => &mut self.live,
        }
    }

    pub(crate) fn razorpay(&self, environment: Environment) -> &RazorpayMirror {
        match environment {
            Environment::Test => &self.razorpay.test,
            Environment::Live => &self.razorpay.live,
        }
    }

    pub(crate) fn razorpay_mut(&mut self, environment: Environment) -> &mut RazorpayMirror {
        match environment {
            Environment::Test => &mut self.razorpay.test,
            Environment::Live => &mut self.razorpay.live,
        }
    }
}

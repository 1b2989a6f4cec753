//! The state of the sandbox: the providers' data, and the backend's copy of it. Plain data, in the format of the state
//! file.

mod mirror;
pub(crate) mod razorpay;
pub(crate) mod stripe;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(crate) use mirror::{
    BillingSubject, Card, Connection, Customer, MirroredCustomer, References, Synced, Transaction, Webhook,
};

use crate::environment::Environment;
use crate::razorpay::Razorpay;
use crate::state::razorpay::RazorpayMirror;
use crate::state::stripe::StripeMirror;
use crate::stripe::Stripe;

/// The version of the state file's format.
pub(crate) const VERSION: u32 = 1;

/// A time in the backend's format, such as `2026-11-23T20:04:15.719Z`. Such strings sort chronologically.
pub(crate) type Time = String;

/// Formats a time like the backend.
pub(crate) fn format_time(time: Timestamp) -> Time {
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

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
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Insforge {
    test: StripeMirror,
    live: StripeMirror,
    #[serde(default)]
    razorpay: PerEnvironment<RazorpayMirror>,
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

//! Everything the sandbox knows: what the providers have, and what the backend has of it. Plain data, as it stands in
//! the state file.

mod mirror;
pub(crate) mod razorpay;
pub(crate) mod stripe;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(crate) use mirror::{
    Card, Connection, Customer, MirroredCustomer, References, Subject, Synced, Transaction, Webhook,
};

use crate::environment::Environment;
use crate::razorpay::Razorpay;
use crate::stripe::Stripe;

/// The format of the state file. A file with a higher number was written by a later version.
pub(super) const VERSION: u32 = 1;

/// A moment as the backend writes it, `2026-11-23T20:04:15.719Z`: such texts sort as the moments do.
pub(super) type Time = String;

/// The moment as the backend writes it.
pub(super) fn time(moment: Timestamp) -> Time {
    moment.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// What the sandbox knows.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct State {
    pub(super) version: u32,
    pub(super) ids: Ids,
    pub(super) insforge: Insforge,
    pub(super) stripe: Stripe,
    #[serde(default)]
    pub(super) razorpay: Razorpay,
}

impl State {
    /// A backend without a key, and providers that nobody has used yet.
    pub(super) fn empty() -> Self {
        Self {
            version: VERSION,
            ids: Ids::default(),
            insforge: Insforge::default(),
            stripe: Stripe::default(),
            razorpay: Razorpay::default(),
        }
    }
}

/// Makes ids that look like a provider's. The same actions on a fresh sandbox give the same ids, so that what a
/// document shows is what its reader sees.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Ids {
    issued: u64,
}

impl Ids {
    /// Ids that are others than those of whoever began to count elsewhere.
    pub(super) const fn from(issued: u64) -> Self {
        Self { issued }
    }

    /// `prod_` and so many letters and digits.
    pub(super) fn next(&mut self, prefix: &str, length: usize) -> String {
        let mut random = self.random();
        std::iter::once(prefix.to_owned())
            .chain((0..length).map(|_| random.alphanumeric().to_string()))
            .collect()
    }

    /// So many hexadecimal digits.
    pub(super) fn hex(&mut self, length: usize) -> String {
        let mut random = self.random();
        (0..length).map(|_| random.digit(16)).collect()
    }

    /// A number that is higher than every one before.
    pub(super) fn tick(&mut self) -> u64 {
        self.issued += 1;
        self.issued
    }

    fn random(&mut self) -> fastrand::Rng {
        fastrand::Rng::with_seed(self.tick().wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
}

/// The backend: a project's two environments at each provider.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Insforge {
    test: stripe::Mirror,
    live: stripe::Mirror,
    #[serde(default)]
    razorpay: Environments<razorpay::Mirror>,
}

/// Something for each environment.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Environments<T> {
    test: T,
    live: T,
}

impl Insforge {
    pub(super) fn stripe(&self, environment: Environment) -> &stripe::Mirror {
        match environment {
            Environment::Test => &self.test,
            Environment::Live => &self.live,
        }
    }

    pub(super) fn stripe_mut(&mut self, environment: Environment) -> &mut stripe::Mirror {
        match environment {
            Environment::Test => &mut self.test,
            Environment::Live => &mut self.live,
        }
    }

    pub(super) fn razorpay(&self, environment: Environment) -> &razorpay::Mirror {
        match environment {
            Environment::Test => &self.razorpay.test,
            Environment::Live => &self.razorpay.live,
        }
    }

    pub(super) fn razorpay_mut(&mut self, environment: Environment) -> &mut razorpay::Mirror {
        match environment {
            Environment::Test => &mut self.razorpay.test,
            Environment::Live => &mut self.razorpay.live,
        }
    }
}

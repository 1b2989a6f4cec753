//! A Razorpay of our own: accounts with a test and a live side, and the part of its API that the backend uses.

mod catalog;
mod currencies;
mod event;
mod key;
mod objects;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(crate) use catalog::{ItemChanges, NewItem, NewPlan};
pub(crate) use key::masked;
pub(crate) use objects::{Invoice, Item, Payment, Plan, Subscription};

use crate::environment::Environment;
use crate::outage::Outages;
use crate::state::razorpay::Key;
use crate::state::{Customer, Ids, State, Time};

/// Everything that Razorpay has.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Razorpay {
    /// By the word behind the prefix of their key IDs.
    pub(crate) accounts: BTreeMap<String, Account>,
    /// Its own, so that what happens at one provider does not change the next id at another.
    pub(crate) ids: Ids,
    #[serde(default, skip_serializing_if = "Outages::is_empty")]
    outages: Outages,
}

impl Default for Razorpay {
    fn default() -> Self {
        // Nobody issues so many ids elsewhere.
        let ids = Ids::from(1_000_000);
        Self { accounts: BTreeMap::new(), ids, outages: Outages::default() }
    }
}

/// Somebody's account. Its key IDs all lead to it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Account {
    pub(crate) test: Books,
    pub(crate) live: Books,
}

impl Account {
    pub(crate) fn books(&mut self, environment: Environment) -> &mut Books {
        match environment {
            Environment::Test => &mut self.test,
            Environment::Live => &mut self.live,
        }
    }
}

/// One side of an account; oldest first where it is a list.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Books {
    pub(crate) items: BTreeMap<String, Item>,
    pub(crate) plans: BTreeMap<String, Plan>,
    pub(crate) customers: BTreeMap<String, Customer>,
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) invoices: Vec<Invoice>,
    pub(crate) payments: Vec<Payment>,
}

/// What comes back from Razorpay instead of an answer.
#[derive(Clone, Debug)]
pub(crate) enum Refusal {
    /// It says no, in its words.
    Said { status: u16, description: String },
    /// The connection broke: nobody knows whether it was done.
    Lost,
}

impl Refusal {
    fn bad_request(description: impl Into<String>) -> Self {
        Self::Said { status: 400, description: description.into() }
    }
}

/// A use of Razorpay's API with a key.
pub(crate) struct Client<'a> {
    razorpay: &'a mut Razorpay,
    key: Key,
    environment: Environment,
    now: &'a str,
}

impl State {
    /// Razorpay's API with this key, which is one of the environment's.
    pub(crate) fn razorpay<'a>(
        &'a mut self,
        key: &Key,
        environment: Environment,
        now: &'a str,
    ) -> Client<'a> {
        Client { razorpay: &mut self.razorpay, key: key.clone(), environment, now }
    }
}

impl Client<'_> {
    /// Asks for orders, as the backend does to see whether a key is good.
    pub(crate) fn orders(&mut self) -> Result<(), Refusal> {
        self.reach("GET /v1/orders").map(drop)
    }

    pub(crate) fn items(&mut self) -> Result<Vec<Item>, Refusal> {
        Ok(self.reach("GET /v1/items")?.items.values().cloned().collect())
    }

    pub(crate) fn plans(&mut self) -> Result<Vec<Plan>, Refusal> {
        Ok(self.reach("GET /v1/plans")?.plans.values().cloned().collect())
    }

    pub(crate) fn customers(&mut self) -> Result<Vec<Customer>, Refusal> {
        Ok(self.reach("GET /v1/customers")?.customers.values().cloned().collect())
    }

    /// The newest first, as Razorpay lists them.
    pub(crate) fn subscriptions(&mut self) -> Result<Vec<Subscription>, Refusal> {
        Ok(self.reach("GET /v1/subscriptions")?.subscriptions.iter().rev().cloned().collect())
    }

    /// The newest first.
    pub(crate) fn invoices(&mut self) -> Result<Vec<Invoice>, Refusal> {
        Ok(self.reach("GET /v1/invoices")?.invoices.iter().rev().cloned().collect())
    }

    /// The newest first.
    pub(crate) fn payments(&mut self) -> Result<Vec<Payment>, Refusal> {
        Ok(self.reach("GET /v1/payments")?.payments.iter().rev().cloned().collect())
    }

    /// Gets through to the account's books, unless Razorpay is out of order or does not take the key.
    fn reach(&mut self, call: &str) -> Result<&mut Books, Refusal> {
        if let Some(outage) = self.razorpay.outages.strike(call) {
            let description = outage.message;
            return Err(outage.status.map_or(Refusal::Lost, |status| Refusal::Said { status, description }));
        }
        if let Some(advice) = key::refused(&self.key) {
            let description = format!("Authentication failed{advice}");
            return Err(Refusal::Said { status: 401, description });
        }
        Ok(self.books())
    }

    fn books(&mut self) -> &mut Books {
        let account = self.razorpay.accounts.entry(key::account(&self.key.id).to_owned());
        account.or_default().books(self.environment)
    }

    /// Now, as Razorpay counts: in whole seconds.
    fn now(&self) -> Time {
        whole_seconds(self.now)
    }
}

/// The moment without the part of a second, which Razorpay does not have.
pub(crate) fn whole_seconds(moment: &str) -> Time {
    let seconds = moment.split('.').next().unwrap_or(moment);
    format!("{seconds}.000Z")
}

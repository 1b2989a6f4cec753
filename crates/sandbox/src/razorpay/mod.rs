//! A simulated Razorpay: accounts with test and live data, and the part of the API that the backend uses.

mod account;
pub(crate) mod actions;
mod calendar;
mod catalog;
mod charges;
mod currencies;
mod dashboard;
mod key;
mod objects;
mod orders;
mod subscriptions;
mod wire;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(crate) use calendar::cycle_start;
pub(crate) use catalog::{ItemChanges, NewItem, NewPlan};
pub(crate) use key::mask;
pub(crate) use objects::{
    Billing, DelayedPayment, Invoice, Item, Order, Payment, Plan, Prefill, Refund, Subscription,
};
pub(crate) use orders::NewOrder;
pub(crate) use subscriptions::NewSubscription;

use crate::environment::Environment;
use crate::provider_faults::ProviderFaults;
use crate::state::razorpay::Key;
use crate::state::{Customer, EventLog, IdGenerator, State, Time, whole_seconds};

/// All of Razorpay's data.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Razorpay {
    /// By the word after the prefix of the account's key ids.
    pub(crate) accounts: BTreeMap<String, Account>,
    /// Separate from Stripe's, so that actions at one provider do not change the ids at the other.
    pub(crate) ids: IdGenerator,
    #[serde(default, rename = "outages", skip_serializing_if = "ProviderFaults::is_empty")]
    faults: ProviderFaults,
}

impl Default for Razorpay {
    fn default() -> Self {
        // Stripe's generator will not get this far.
        let ids = IdGenerator::starting_at(1_000_000);
        Self { accounts: BTreeMap::new(), ids, faults: ProviderFaults::default() }
    }
}

/// A Razorpay account. Several keys can belong to it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Account {
    pub(crate) test: AccountData,
    pub(crate) live: AccountData,
    /// Nobody has entered the webhook in the dashboard, so Razorpay sends no events.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) without_webhook: bool,
}

impl Account {
    pub(crate) fn data(&mut self, environment: Environment) -> &mut AccountData {
        match environment {
            Environment::Test => &mut self.test,
            Environment::Live => &mut self.live,
        }
    }
}

/// The data of an account in one environment. The lists have the oldest first.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct AccountData {
    pub(crate) items: BTreeMap<String, Item>,
    pub(crate) plans: BTreeMap<String, Plan>,
    pub(crate) customers: BTreeMap<String, Customer>,
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) invoices: Vec<Invoice>,
    pub(crate) payments: Vec<Payment>,
    pub(crate) orders: Vec<Order>,
    pub(crate) refunds: Vec<Refund>,
    pub(crate) delayed_payments: Vec<DelayedPayment>,
    /// By the subscription's id.
    pub(crate) billing: BTreeMap<String, Billing>,
}

/// An error from Razorpay's API.
#[derive(Clone, Debug)]
pub(crate) enum RazorpayError {
    /// An error response.
    Response { status: u16, description: String },
    /// The connection broke, so the outcome is unknown.
    ConnectionLost,
}

impl RazorpayError {
    pub(crate) fn bad_request(description: impl Into<String>) -> Self {
        Self::Response { status: 400, description: description.into() }
    }
}

/// Razorpay's API, used with one key.
pub(crate) struct RazorpayClient<'a> {
    razorpay: &'a mut Razorpay,
    events: &'a mut EventLog,
    key: Key,
    environment: Environment,
    now: &'a str,
}

impl State {
    /// Razorpay's API with a key of this environment.
    pub(crate) fn razorpay<'a>(
        &'a mut self,
        key: &Key,
        environment: Environment,
        now: &'a str,
    ) -> RazorpayClient<'a> {
        let events = &mut self.events;
        RazorpayClient { razorpay: &mut self.razorpay, events, key: key.clone(), environment, now }
    }
}

impl RazorpayClient<'_> {
    /// Lists orders. The backend does this only to check the key.
    pub(crate) fn check_key(&mut self) -> Result<(), RazorpayError> {
        self.request("GET /v1/orders").map(drop)
    }

    pub(crate) fn items(&mut self) -> Result<Vec<Item>, RazorpayError> {
        Ok(self.request("GET /v1/items")?.items.values().cloned().collect())
    }

    pub(crate) fn plans(&mut self) -> Result<Vec<Plan>, RazorpayError> {
        Ok(self.request("GET /v1/plans")?.plans.values().cloned().collect())
    }

    pub(crate) fn customers(&mut self) -> Result<Vec<Customer>, RazorpayError> {
        Ok(self.request("GET /v1/customers")?.customers.values().cloned().collect())
    }

    /// Newest first, like Razorpay.
    pub(crate) fn subscriptions(&mut self) -> Result<Vec<Subscription>, RazorpayError> {
        Ok(self.request("GET /v1/subscriptions")?.subscriptions.iter().rev().cloned().collect())
    }

    /// Newest first.
    pub(crate) fn invoices(&mut self) -> Result<Vec<Invoice>, RazorpayError> {
        Ok(self.request("GET /v1/invoices")?.invoices.iter().rev().cloned().collect())
    }

    /// Newest first.
    pub(crate) fn payments(&mut self) -> Result<Vec<Payment>, RazorpayError> {
        Ok(self.request("GET /v1/payments")?.payments.iter().rev().cloned().collect())
    }

    /// Checks for injected faults and the key, and returns the account's data.
    fn request(&mut self, call: &str) -> Result<&mut AccountData, RazorpayError> {
        if let Some(fault) = self.razorpay.faults.take(call) {
            let description = fault.message;
            return Err(fault.status.map_or(RazorpayError::ConnectionLost, |status| {
                RazorpayError::Response { status, description }
            }));
        }
        if let Some(advice) = key::rejection(&self.key) {
            let description = format!("Authentication failed{advice}");
            return Err(RazorpayError::Response { status: 401, description });
        }
        Ok(self.data())
    }

    fn data(&mut self) -> &mut AccountData {
        let account = self.razorpay.accounts.entry(key::account(&self.key.id).to_owned());
        account.or_default().data(self.environment)
    }

    /// The current time in whole seconds.
    fn now(&self) -> Time {
        whole_seconds(self.now)
    }
}

//! A simulated Stripe: accounts with test and live data, and the part of the API that the backend uses.

pub(crate) mod actions;
mod activity;
mod billing;
pub(crate) mod calendar;
mod catalog;
mod checkout;
mod currencies;
mod dashboard;
mod due;
mod json;
mod key;
mod lookup;
mod objects;
mod payments;
mod portal;
mod refunds;
mod rules;
mod subscriptions;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use catalog::{NewPrice, NewProduct, NewRecurring, PriceChanges, ProductChanges};
pub(crate) use checkout::NewCheckoutSession;
pub(crate) use json::invoice_prefix;
pub(crate) use key::mask;
pub(crate) use objects::{
    Billing, CheckoutSession, Invoice, InvoiceLine, PaymentIntent, Price, Product, Recurring, Refund,
    Subscription, SubscriptionItem,
};
pub(crate) use portal::NewPortalSession;

use crate::environment::Environment;
use crate::provider_faults::{ProviderFault, ProviderFaults};
use crate::state::{Customer, IdGenerator, State, Time};
use crate::stripe::objects::WebhookEndpoint;

/// All of Stripe's data.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Stripe {
    /// By account id.
    pub(crate) accounts: BTreeMap<String, Account>,
    #[serde(default, rename = "outages", skip_serializing_if = "ProviderFaults::is_empty")]
    faults: ProviderFaults,
    /// Whether Stripe accepts webhook addresses that are not public.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    any_address: bool,
}

/// A Stripe account. Several keys can belong to it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Account {
    pub(crate) email: String,
    #[serde(default)]
    pub(crate) test: AccountData,
    #[serde(default)]
    pub(crate) live: AccountData,
}

impl Account {
    pub(crate) fn data(&mut self, environment: Environment) -> &mut AccountData {
        match environment {
            Environment::Test => &mut self.test,
            Environment::Live => &mut self.live,
        }
    }
}

/// The data of an account in one environment.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct AccountData {
    pub(crate) products: BTreeMap<String, Product>,
    pub(crate) prices: BTreeMap<String, Price>,
    pub(crate) customers: BTreeMap<String, Customer>,
    /// Oldest first.
    pub(crate) subscriptions: Vec<Subscription>,
    /// By subscription.
    pub(crate) billing: BTreeMap<String, Billing>,
    /// Oldest first, like the following lists.
    pub(crate) checkout_sessions: Vec<CheckoutSession>,
    pub(crate) payment_intents: Vec<PaymentIntent>,
    pub(crate) invoices: Vec<Invoice>,
    pub(crate) refunds: Vec<Refund>,
    /// The ids of the customer portal's configurations, which only the dashboard can create.
    portal_configurations: Vec<String>,
    webhook_endpoints: Vec<WebhookEndpoint>,
    /// By idempotency key. Stripe keeps them for a day.
    idempotency: BTreeMap<String, IdempotencyRecord>,
}

/// The first request with an idempotency key, and the answer to repeat for it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct IdempotencyRecord {
    at: Time,
    parameters: Value,
    answer: Value,
}

/// An error from Stripe's API.
#[derive(Clone, Debug)]
pub(crate) struct StripeError {
    pub(crate) status: u16,
    pub(crate) message: String,
}

impl StripeError {
    fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }
}

/// Stripe's API, used with one key.
pub(crate) struct StripeClient<'a> {
    stripe: &'a mut Stripe,
    ids: &'a mut IdGenerator,
    key: String,
    environment: Environment,
    account_id: String,
    now: &'a str,
}

impl State {
    /// Stripe's API with a key of this environment.
    pub(crate) fn stripe<'a>(
        &'a mut self,
        key: &str,
        environment: Environment,
        now: &'a str,
    ) -> StripeClient<'a> {
        let account_id = key::account_id(key);
        self.stripe.accounts.entry(account_id.clone()).or_insert_with(|| Account {
            email: key::email(key),
            test: AccountData::default(),
            live: AccountData::default(),
        });
        let (stripe, ids) = (&mut self.stripe, &mut self.ids);
        StripeClient { stripe, ids, key: key.to_owned(), environment, account_id, now }
    }
}

impl StripeClient<'_> {
    /// The account's id and email address.
    pub(crate) fn account(&mut self) -> Result<(String, String), StripeError> {
        self.request("GET /v1/account")?;
        let email = self.stripe.accounts.get(&self.account_id).map(|account| account.email.clone());
        Ok((self.account_id.clone(), email.unwrap_or_default()))
    }

    pub(crate) fn products(&mut self) -> Result<Vec<Product>, StripeError> {
        Ok(self.request("GET /v1/products")?.products.values().cloned().collect())
    }

    pub(crate) fn prices(&mut self) -> Result<Vec<Price>, StripeError> {
        Ok(self.request("GET /v1/prices")?.prices.values().cloned().collect())
    }

    pub(crate) fn customers(&mut self) -> Result<Vec<Customer>, StripeError> {
        self.check_permission("nocustomers", "rak_customer_read")?;
        Ok(self.request("GET /v1/customers")?.customers.values().cloned().collect())
    }

    /// Newest first, like Stripe.
    pub(crate) fn subscriptions(&mut self) -> Result<Vec<Subscription>, StripeError> {
        self.check_permission("nosubs", "rak_subs_write")?;
        Ok(self.request("GET /v1/subscriptions")?.subscriptions.iter().rev().cloned().collect())
    }

    /// Deletes the endpoints that the backend created. There are no others.
    pub(crate) fn delete_webhook_endpoints(&mut self) -> Result<(), StripeError> {
        self.check_permission("nowebhook", "rak_webhook_write")?;
        self.request("GET /v1/webhook_endpoints")?.webhook_endpoints.clear();
        Ok(())
    }

    /// Creates an endpoint, and returns its id.
    pub(crate) fn create_webhook_endpoint(&mut self, url: &str) -> Result<String, StripeError> {
        if !self.stripe.any_address && !is_public(url) {
            return Err(StripeError::new(
                400,
                "Invalid URL: URL must be publicly accessible. Consider using a tool like ngrok \
                 (https://ngrok.com) to test webhooks locally.",
            ));
        }
        let id = self.ids.next_id("we_", 24);
        let endpoint = WebhookEndpoint { id: id.clone(), url: url.to_owned() };
        self.request("POST /v1/webhook_endpoints")?.webhook_endpoints.push(endpoint);
        Ok(id)
    }

    /// Checks for injected faults and the key, and returns the account's data.
    fn request(&mut self, call: &str) -> Result<&mut AccountData, StripeError> {
        if let Some(fault) = self.stripe.faults.take(call) {
            return Err(fault_error(fault));
        }
        let rejection = match &self.key {
            key if key.contains("expired") => Some(("Expired", "")),
            key if key.contains("invalid") => Some(("Invalid", "")),
            key if key::is_rejected(key) => {
                Some(("Invalid", ". The sandbox accepts only made-up keys; do not use a real key here"))
            }
            _ => None,
        };
        if let Some((problem, advice)) = rejection {
            let masked = key::mask_like_stripe(&self.key);
            return Err(StripeError::new(401, format!("{problem} API Key provided: {masked}{advice}")));
        }
        match self.stripe.accounts.get_mut(&self.account_id) {
            Some(account) => Ok(account.data(self.environment)),
            None => Err(StripeError::new(401, "No such account")),
        }
    }

    /// Checks for an injected fault after a call took effect, so that the backend does not learn its result.
    fn check_answer(&mut self, call: &str) -> Result<(), StripeError> {
        self.stripe.faults.take_answer(call).map_or(Ok(()), |fault| Err(fault_error(fault)))
    }

    /// Fails if the key contains `word`, so that a test can use a key without this permission.
    fn check_permission(&self, word: &str, permission: &str) -> Result<(), StripeError> {
        if !self.key.contains(word) {
            return Ok(());
        }
        let account = &self.account_id;
        Err(StripeError::new(
            403,
            format!(
                "The provided key does not have the required permissions for this endpoint on account \
                 '{account}'. Having the '{permission}' permission would allow this request to continue."
            ),
        ))
    }
}

/// The error that an injected fault causes.
fn fault_error(fault: ProviderFault) -> StripeError {
    match fault.status {
        Some(status) => StripeError::new(status, fault.message),
        // The message after the backend's three attempts.
        None => StripeError::new(
            502,
            "An error occurred with our connection to Stripe. Request was retried 2 times.",
        ),
    }
}

/// Whether Stripe could reach this URL.
fn is_public(url: &str) -> bool {
    let Ok(url) = url::Url::parse(url) else { return false };
    match url.host() {
        Some(url::Host::Ipv4(ip)) => {
            !(ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified())
        }
        Some(url::Host::Ipv6(ip)) => {
            !(ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local())
        }
        Some(url::Host::Domain(name)) => {
            let private = ["localhost", "local", "internal", "lan", "home.arpa"];
            name.contains('.')
                && !private.iter().any(|suffix| name == *suffix || name.ends_with(&format!(".{suffix}")))
        }
        None => false,
    }
}

//! A Stripe of our own: accounts with a test and a live side, and the part of its API that the backend uses.

mod catalog;
mod currencies;
mod event;
mod key;
mod objects;
mod rules;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use catalog::{Interval, NewPrice, NewProduct, PriceChanges, ProductChanges};
pub(crate) use key::masked;
pub(crate) use objects::{Price, Product, Recurring, Subscription, SubscriptionItem};

use crate::environment::Environment;
use crate::outage::Outages;
use crate::state::{Customer, Ids, State, Time};
use crate::stripe::objects::WebhookEndpoint;

/// Everything that Stripe has.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Stripe {
    /// By account id.
    pub(crate) accounts: BTreeMap<String, Account>,
    #[serde(default, skip_serializing_if = "Outages::is_empty")]
    outages: Outages,
    /// Webhook addresses are taken even if nobody could reach them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    any_address: bool,
}

/// Somebody's account. The same keys of it always lead to the same account.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Account {
    pub(crate) email: String,
    #[serde(default)]
    pub(crate) test: Books,
    #[serde(default)]
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

/// One side of an account.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Books {
    pub(crate) products: BTreeMap<String, Product>,
    pub(crate) prices: BTreeMap<String, Price>,
    pub(crate) customers: BTreeMap<String, Customer>,
    /// Oldest first.
    pub(crate) subscriptions: Vec<Subscription>,
    webhook_endpoints: Vec<WebhookEndpoint>,
    /// By idempotency key, for a day.
    idempotency: BTreeMap<String, Remembered>,
}

/// What an idempotency key was used for, and the answer that its next use gets.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Remembered {
    at: Time,
    parameters: Value,
    answer: Value,
}

/// What Stripe refuses, in its words.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) message: String,
}

impl Refusal {
    fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }
}

/// A use of Stripe's API with a key.
pub(crate) struct Client<'a> {
    stripe: &'a mut Stripe,
    ids: &'a mut Ids,
    key: String,
    environment: Environment,
    account_id: String,
    now: &'a str,
}

impl State {
    /// Stripe's API with this key, which is one of the environment's.
    pub(crate) fn stripe<'a>(&'a mut self, key: &str, environment: Environment, now: &'a str) -> Client<'a> {
        let account_id = key::account_id(key);
        self.stripe.accounts.entry(account_id.clone()).or_insert_with(|| Account {
            email: key::email(key),
            test: Books::default(),
            live: Books::default(),
        });
        let (stripe, ids) = (&mut self.stripe, &mut self.ids);
        Client { stripe, ids, key: key.to_owned(), environment, account_id, now }
    }
}

impl Client<'_> {
    /// The account's id and e-mail.
    pub(crate) fn account(&mut self) -> Result<(String, String), Refusal> {
        self.reach("GET /v1/account")?;
        let email = self.stripe.accounts.get(&self.account_id).map(|account| account.email.clone());
        Ok((self.account_id.clone(), email.unwrap_or_default()))
    }

    pub(crate) fn products(&mut self) -> Result<Vec<Product>, Refusal> {
        Ok(self.reach("GET /v1/products")?.products.values().cloned().collect())
    }

    pub(crate) fn prices(&mut self) -> Result<Vec<Price>, Refusal> {
        Ok(self.reach("GET /v1/prices")?.prices.values().cloned().collect())
    }

    pub(crate) fn customers(&mut self) -> Result<Vec<Customer>, Refusal> {
        self.permitted("nocustomers", "rak_customer_read")?;
        Ok(self.reach("GET /v1/customers")?.customers.values().cloned().collect())
    }

    /// The newest first, as Stripe lists them.
    pub(crate) fn subscriptions(&mut self) -> Result<Vec<Subscription>, Refusal> {
        self.permitted("nosubs", "rak_subs_write")?;
        Ok(self.reach("GET /v1/subscriptions")?.subscriptions.iter().rev().cloned().collect())
    }

    /// Takes away the endpoints that the backend made. It has no others here.
    pub(crate) fn delete_webhook_endpoints(&mut self) -> Result<(), Refusal> {
        self.permitted("nowebhook", "rak_webhook_write")?;
        self.reach("GET /v1/webhook_endpoints")?.webhook_endpoints.clear();
        Ok(())
    }

    /// Makes an endpoint and gives its id.
    pub(crate) fn create_webhook_endpoint(&mut self, url: &str) -> Result<String, Refusal> {
        if !self.stripe.any_address && !is_public(url) {
            return Err(Refusal::new(
                400,
                "Invalid URL: URL must be publicly accessible. Consider using a tool like ngrok \
                 (https://ngrok.com) to test webhooks locally.",
            ));
        }
        let id = self.ids.next("we_", 24);
        let endpoint = WebhookEndpoint { id: id.clone(), url: url.to_owned() };
        self.reach("POST /v1/webhook_endpoints")?.webhook_endpoints.push(endpoint);
        Ok(id)
    }

    /// Gets through to the account's books, unless Stripe is out of order or does not take the key.
    fn reach(&mut self, call: &str) -> Result<&mut Books, Refusal> {
        if let Some(outage) = self.stripe.outages.strike(call) {
            return Err(match outage.status {
                Some(status) => Refusal::new(status, outage.message),
                // The backend has tried three times then.
                None => Refusal::new(
                    502,
                    "An error occurred with our connection to Stripe. Request was retried 2 times.",
                ),
            });
        }
        let refused = match &self.key {
            key if key.contains("expired") => Some(("Expired", "")),
            key if key.contains("invalid") => Some(("Invalid", "")),
            // Nobody else will say it where it matters.
            key if key::is_of_nobody(key) => {
                Some(("Invalid", ". A sandbox takes made-up keys only: use no real one here"))
            }
            _ => None,
        };
        if let Some((what, advice)) = refused {
            let masked = key::masked_by_stripe(&self.key);
            return Err(Refusal::new(401, format!("{what} API Key provided: {masked}{advice}")));
        }
        match self.stripe.accounts.get_mut(&self.account_id) {
            Some(account) => Ok(account.books(self.environment)),
            None => Err(Refusal::new(401, "No such account")),
        }
    }

    /// A word in the key takes a permission away.
    fn permitted(&self, word: &str, permission: &str) -> Result<(), Refusal> {
        if !self.key.contains(word) {
            return Ok(());
        }
        let account = &self.account_id;
        Err(Refusal::new(
            403,
            format!(
                "The provided key does not have the required permissions for this endpoint on account \
                 '{account}'. Having the '{permission}' permission would allow this request to continue."
            ),
        ))
    }
}

/// Whether Stripe could send something there.
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
            let inside = ["localhost", "local", "internal", "lan", "home.arpa"];
            name.contains('.') && !inside.iter().any(|end| name == *end || name.ends_with(&format!(".{end}")))
        }
        None => false,
    }
}

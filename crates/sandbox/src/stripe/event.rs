//! What happens at Stripe without the backend: somebody works in its dashboard, it has an outage. For tests.

use serde::Deserialize;

use crate::environment::Environment;
use crate::outage::Outage;
use crate::state::{Customer, State, Transaction};
use crate::stripe::{Account, Books, Price, Product, Subscription, key};

/// One thing that happens in test mode of the account that is connected there.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(clippy::large_enum_variant, reason = "there is one of it at a time")]
pub(crate) enum Event {
    /// Calls are refused from now on.
    Outage(Outage),
    /// No call is refused any more.
    Recovery {},
    /// Webhook addresses are taken, or refused where nobody could reach them.
    WebhookAddresses {
        accepted: bool,
    },
    Product(Product),
    Price(Price),
    /// Which only the dashboard does, with a price that nobody has used.
    PriceDeleted {
        id: String,
    },
    DefaultPrice {
        product: String,
        price: String,
    },
    Customer(Customer),
    CustomerDeleted {
        id: String,
    },
    Subscription(Subscription),
    /// An event about a payment reached the backend.
    Transaction(Transaction),
}

impl State {
    /// Lets it happen at Stripe.
    pub(crate) fn happen_at_stripe(&mut self, event: Event) {
        match event {
            Event::Outage(outage) => self.stripe.outages.begin(outage),
            Event::Recovery {} => self.stripe.outages.end(),
            Event::WebhookAddresses { accepted } => self.stripe.any_address = accepted,
            Event::Transaction(transaction) => {
                self.insforge.stripe_mut(Environment::Test).transactions.push(transaction);
            }
            Event::Product(product) => {
                self.connected_books().products.insert(product.id.clone(), product);
            }
            Event::Price(price) => {
                self.connected_books().prices.insert(price.id.clone(), price);
            }
            Event::PriceDeleted { id } => {
                self.connected_books().prices.remove(&id);
            }
            Event::DefaultPrice { product, price } => {
                if let Some(product) = self.connected_books().products.get_mut(&product) {
                    product.default_price = Some(price);
                }
            }
            Event::Customer(customer) => {
                self.connected_books().customers.insert(customer.id.clone(), customer);
            }
            Event::CustomerDeleted { id } => {
                self.connected_books().customers.remove(&id);
            }
            Event::Subscription(subscription) => self.connected_books().subscriptions.push(subscription),
        }
    }

    /// The books of the account whose key the backend has for test.
    fn connected_books(&mut self) -> &mut Books {
        let key = self.insforge.stripe(Environment::Test).key.clone().unwrap_or_default();
        let account = self.stripe.accounts.entry(key::account_id(&key));
        let email = key::email(&key);
        let new = || Account { email, test: Books::default(), live: Books::default() };
        account.or_insert_with(new).books(Environment::Test)
    }
}

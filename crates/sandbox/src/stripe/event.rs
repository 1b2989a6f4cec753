//! Changes at Stripe without the backend, such as work in its dashboard or an outage. For tests.

use serde::Deserialize;

use crate::environment::Environment;
use crate::provider_faults::ProviderFault;
use crate::state::{Customer, State, Transaction};
use crate::stripe::{Account, AccountData, Price, Product, Subscription, key};

/// A change in the test data of the connected account.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(clippy::large_enum_variant, reason = "only one exists at a time")]
pub(crate) enum StripeEvent {
    /// Calls fail from now on.
    Outage(ProviderFault),
    /// Calls succeed again.
    Recovery {},
    /// Stripe accepts or rejects webhook addresses that are not public.
    WebhookAddresses {
        accepted: bool,
    },
    Product(Product),
    Price(Price),
    /// Only Stripe's dashboard can delete a price, and only an unused one.
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
    /// The backend received a webhook event about a payment.
    Transaction(Transaction),
}

impl State {
    /// Applies a change at Stripe.
    pub(crate) fn apply_stripe_event(&mut self, event: StripeEvent) {
        match event {
            StripeEvent::Outage(fault) => self.stripe.faults.add(fault),
            StripeEvent::Recovery {} => self.stripe.faults.clear(),
            StripeEvent::WebhookAddresses { accepted } => self.stripe.any_address = accepted,
            StripeEvent::Transaction(transaction) => {
                self.insforge.stripe_mut(Environment::Test).transactions.push(transaction);
            }
            StripeEvent::Product(product) => {
                self.connected_stripe_account().products.insert(product.id.clone(), product);
            }
            StripeEvent::Price(price) => {
                self.connected_stripe_account().prices.insert(price.id.clone(), price);
            }
            StripeEvent::PriceDeleted { id } => {
                self.connected_stripe_account().prices.remove(&id);
            }
            StripeEvent::DefaultPrice { product, price } => {
                if let Some(product) = self.connected_stripe_account().products.get_mut(&product) {
                    product.default_price = Some(price);
                }
            }
            StripeEvent::Customer(customer) => {
                self.connected_stripe_account().customers.insert(customer.id.clone(), customer);
            }
            StripeEvent::CustomerDeleted { id } => {
                self.connected_stripe_account().customers.remove(&id);
            }
            StripeEvent::Subscription(subscription) => {
                self.connected_stripe_account().subscriptions.push(subscription);
            }
        }
    }

    /// The test data of the account that is connected in the test environment.
    fn connected_stripe_account(&mut self) -> &mut AccountData {
        let key = self.insforge.stripe(Environment::Test).key.clone().unwrap_or_default();
        let account = self.stripe.accounts.entry(key::account_id(&key));
        let email = key::email(&key);
        let new = || Account { email, test: AccountData::default(), live: AccountData::default() };
        account.or_insert_with(new).data(Environment::Test)
    }
}

//! Changes at Stripe without the backend, such as work in its dashboard or an outage. For tests.

use serde::Deserialize;

use crate::environment::Environment;
use crate::provider_faults::ProviderFault;
use crate::state::{Customer, State, Transaction, WebhookEventRow};
use crate::stripe::{Account, AccountData, PaymentIntent, Price, Product, Subscription, key};

/// A change in the test data of the connected account.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(clippy::large_enum_variant, reason = "only one exists at a time")]
pub(crate) enum StripeChange {
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
    /// A configuration of the customer portal.
    PortalConfiguration {
        id: String,
    },
    PaymentIntent(PaymentIntent),
    /// The backend received a webhook event, and is at work on it.
    WebhookEvent(WebhookEventRow),
    /// The backend received a webhook event about a payment.
    Transaction(Transaction),
}

impl State {
    /// Applies a change at Stripe.
    pub(crate) fn change_stripe(&mut self, event: StripeChange) {
        match event {
            StripeChange::Outage(fault) => self.stripe.faults.add(fault),
            StripeChange::Recovery {} => self.stripe.faults.clear(),
            StripeChange::WebhookAddresses { accepted } => self.stripe.any_address = accepted,
            StripeChange::PaymentIntent(intent) => {
                self.connected_stripe_account().payment_intents.push(intent);
            }
            StripeChange::WebhookEvent(row) => {
                self.insforge.webhook_events.retain(|known| known.event_id != row.event_id);
                self.insforge.webhook_events.push(row);
            }
            StripeChange::Transaction(transaction) => {
                self.insforge.stripe_mut(Environment::Test).transactions.push(transaction);
            }
            StripeChange::Product(product) => {
                self.connected_stripe_account().products.insert(product.id.clone(), product);
            }
            StripeChange::Price(price) => {
                self.connected_stripe_account().prices.insert(price.id.clone(), price);
            }
            StripeChange::PriceDeleted { id } => {
                self.connected_stripe_account().prices.remove(&id);
            }
            StripeChange::DefaultPrice { product, price } => {
                if let Some(product) = self.connected_stripe_account().products.get_mut(&product) {
                    product.default_price = Some(price);
                }
            }
            StripeChange::Customer(customer) => {
                self.connected_stripe_account().customers.insert(customer.id.clone(), customer);
            }
            StripeChange::CustomerDeleted { id } => {
                self.connected_stripe_account().customers.remove(&id);
            }
            StripeChange::PortalConfiguration { id } => {
                self.connected_stripe_account().portal_configurations.push(id);
            }
            StripeChange::Subscription(subscription) => {
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

//! Changes at Razorpay without the backend, such as work in its dashboard or an outage. For tests.

use serde::Deserialize;

use crate::environment::Environment;
use crate::provider_faults::ProviderFault;
use crate::razorpay::{Account, AccountData, Invoice, Item, Payment, Plan, Subscription, key};
use crate::state::{Customer, State};

/// A change in the test data of the connected account.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(clippy::large_enum_variant, reason = "only one exists at a time")]
pub(crate) enum RazorpayChange {
    /// Calls fail from now on, or get no answer.
    Outage(ProviderFault),
    /// Calls succeed again.
    Recovery {},
    Item(Item),
    ItemDeleted {
        id: String,
    },
    Plan(Plan),
    Customer(Customer),
    /// Adds a subscription, or replaces the one with this id.
    Subscription(Subscription),
    Invoice(Invoice),
    /// Adds a payment, or replaces the one with this id.
    Payment(Payment),
    /// Nobody has entered the backend's webhook in the dashboard: Razorpay sends no events from now on.
    WebhookMissing {},
}

impl State {
    /// Applies a change at Razorpay.
    pub(crate) fn change_razorpay(&mut self, event: RazorpayChange) {
        match event {
            RazorpayChange::Outage(fault) => self.razorpay.faults.add(fault),
            RazorpayChange::Recovery {} => self.razorpay.faults.clear(),
            RazorpayChange::Item(item) => {
                self.connected_razorpay_account().items.insert(item.id.clone(), item);
            }
            RazorpayChange::ItemDeleted { id } => {
                self.connected_razorpay_account().items.remove(&id);
            }
            RazorpayChange::Plan(plan) => {
                self.connected_razorpay_account().plans.insert(plan.id.clone(), plan);
            }
            RazorpayChange::Customer(customer) => {
                self.connected_razorpay_account().customers.insert(customer.id.clone(), customer);
            }
            RazorpayChange::Subscription(subscription) => {
                let subscriptions = &mut self.connected_razorpay_account().subscriptions;
                match subscriptions.iter_mut().find(|existing| existing.id == subscription.id) {
                    Some(existing) => *existing = subscription,
                    None => subscriptions.push(subscription),
                }
            }
            RazorpayChange::Invoice(invoice) => self.connected_razorpay_account().invoices.push(invoice),
            RazorpayChange::WebhookMissing {} => self.connected_account().without_webhook = true,
            RazorpayChange::Payment(payment) => {
                let payments = &mut self.connected_razorpay_account().payments;
                match payments.iter_mut().find(|existing| existing.id == payment.id) {
                    Some(existing) => *existing = payment,
                    None => payments.push(payment),
                }
            }
        }
    }

    /// The test data of the account that is connected in the test environment.
    fn connected_razorpay_account(&mut self) -> &mut AccountData {
        self.connected_account().data(Environment::Test)
    }

    fn connected_account(&mut self) -> &mut Account {
        let key = self.insforge.razorpay(Environment::Test).key.as_ref();
        let account = key.map(|key| key::account(&key.id)).unwrap_or_default().to_owned();
        self.razorpay.accounts.entry(account).or_default()
    }
}

//! Changes at Razorpay without the backend, such as work in its dashboard or an outage. For tests.

use serde::Deserialize;

use crate::environment::Environment;
use crate::provider_faults::ProviderFault;
use crate::razorpay::{AccountData, Invoice, Item, Payment, Plan, Subscription, key};
use crate::state::{Customer, State};

/// A change in the test data of the connected account.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(clippy::large_enum_variant, reason = "only one exists at a time")]
pub(crate) enum RazorpayEvent {
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
    Subscription(Subscription),
    Invoice(Invoice),
    /// Adds a payment, or replaces the one with this id.
    Payment(Payment),
}

impl State {
    /// Applies a change at Razorpay.
    pub(crate) fn apply_razorpay_event(&mut self, event: RazorpayEvent) {
        match event {
            RazorpayEvent::Outage(fault) => self.razorpay.faults.add(fault),
            RazorpayEvent::Recovery {} => self.razorpay.faults.clear(),
            RazorpayEvent::Item(item) => {
                self.connected_razorpay_account().items.insert(item.id.clone(), item);
            }
            RazorpayEvent::ItemDeleted { id } => {
                self.connected_razorpay_account().items.remove(&id);
            }
            RazorpayEvent::Plan(plan) => {
                self.connected_razorpay_account().plans.insert(plan.id.clone(), plan);
            }
            RazorpayEvent::Customer(customer) => {
                self.connected_razorpay_account().customers.insert(customer.id.clone(), customer);
            }
            RazorpayEvent::Subscription(subscription) => {
                self.connected_razorpay_account().subscriptions.push(subscription);
            }
            RazorpayEvent::Invoice(invoice) => self.connected_razorpay_account().invoices.push(invoice),
            RazorpayEvent::Payment(payment) => {
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
        let key = self.insforge.razorpay(Environment::Test).key.as_ref();
        let account = key.map(|key| key::account(&key.id)).unwrap_or_default().to_owned();
        self.razorpay.accounts.entry(account).or_default().data(Environment::Test)
    }
}

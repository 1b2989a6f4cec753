//! What happens at Razorpay without the backend: somebody works in its dashboard, it has an outage. For tests.

use serde::Deserialize;

use crate::environment::Environment;
use crate::outage::Outage;
use crate::razorpay::{Books, Invoice, Item, Payment, Plan, Subscription, key};
use crate::state::{Customer, State};

/// One thing that happens in test mode of the account that is connected there.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(clippy::large_enum_variant, reason = "there is one of it at a time")]
pub(crate) enum Event {
    /// Calls are refused from now on, or not answered.
    Outage(Outage),
    /// No call is refused any more.
    Recovery {},
    Item(Item),
    ItemDeleted {
        id: String,
    },
    Plan(Plan),
    Customer(Customer),
    Subscription(Subscription),
    Invoice(Invoice),
    /// One that is there already becomes this.
    Payment(Payment),
}

impl State {
    /// Lets it happen at Razorpay.
    pub(crate) fn happen_at_razorpay(&mut self, event: Event) {
        match event {
            Event::Outage(outage) => self.razorpay.outages.begin(outage),
            Event::Recovery {} => self.razorpay.outages.end(),
            Event::Item(item) => {
                self.connected_account().items.insert(item.id.clone(), item);
            }
            Event::ItemDeleted { id } => {
                self.connected_account().items.remove(&id);
            }
            Event::Plan(plan) => {
                self.connected_account().plans.insert(plan.id.clone(), plan);
            }
            Event::Customer(customer) => {
                self.connected_account().customers.insert(customer.id.clone(), customer);
            }
            Event::Subscription(subscription) => self.connected_account().subscriptions.push(subscription),
            Event::Invoice(invoice) => self.connected_account().invoices.push(invoice),
            Event::Payment(payment) => {
                let payments = &mut self.connected_account().payments;
                match payments.iter_mut().find(|known| known.id == payment.id) {
                    Some(known) => *known = payment,
                    None => payments.push(payment),
                }
            }
        }
    }

    /// The books of the account whose key the backend has for test.
    fn connected_account(&mut self) -> &mut Books {
        let key = self.insforge.razorpay(Environment::Test).key.as_ref();
        let account = key.map(|key| key::account(&key.id)).unwrap_or_default().to_owned();
        self.razorpay.accounts.entry(account).or_default().books(Environment::Test)
    }
}

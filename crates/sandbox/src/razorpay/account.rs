//! An account in one environment, as the place where something happens: it changes objects and records events.

use serde_json::{Map, Value, json};

use crate::environment::Environment;
use crate::provider::Provider;
use crate::razorpay::{AccountData, Invoice, Order, Payment, Razorpay, RazorpayClient, Refund};
use crate::state::{EventLog, EventStatus, IdGenerator, ProviderEvent, State, Time, unix, whole_seconds};

/// An account in one environment, at a time.
pub(super) struct ActiveAccount<'a> {
    pub(super) data: &'a mut AccountData,
    pub(super) ids: &'a mut IdGenerator,
    events: &'a mut EventLog,
    name: &'a str,
    without_webhook: bool,
    environment: Environment,
    /// In whole seconds.
    pub(super) now: Time,
}

impl State {
    /// The account and environment whose data fulfill a condition.
    pub(super) fn razorpay_account_with<'a>(
        &'a mut self,
        now: &str,
        condition: impl Fn(&AccountData) -> bool,
    ) -> Option<ActiveAccount<'a>> {
        let Razorpay { accounts, ids, .. } = &mut self.razorpay;
        let (name, account, environment) = accounts.iter_mut().find_map(|(name, account)| {
            let found =
                Environment::ALL.into_iter().find(|environment| condition(account.data(*environment)));
            found.map(|environment| (name, account, environment))
        })?;
        Some(ActiveAccount {
            without_webhook: account.without_webhook,
            data: account.data(environment),
            ids,
            events: &mut self.events,
            name,
            environment,
            now: whole_seconds(now),
        })
    }
}

impl RazorpayClient<'_> {
    /// The account of the key.
    pub(super) fn account(&mut self) -> ActiveAccount<'_> {
        let now = self.now();
        let name = super::key::account(&self.key.id);
        let account = self.razorpay.accounts.entry(name.to_owned()).or_default();
        ActiveAccount {
            without_webhook: account.without_webhook,
            data: account.data(self.environment),
            ids: &mut self.razorpay.ids,
            events: self.events,
            name,
            environment: self.environment,
            now,
        }
    }
}

impl ActiveAccount<'_> {
    pub(super) const fn environment(&self) -> Environment {
        self.environment
    }

    pub(super) fn id(&mut self, prefix: &str) -> String {
        self.ids.next_id(prefix, 14)
    }

    pub(super) fn payment(&self, id: &str) -> Option<&Payment> {
        self.data.payments.iter().find(|payment| payment.id == id)
    }

    pub(super) fn payment_mut(&mut self, id: &str) -> Option<&mut Payment> {
        self.data.payments.iter_mut().find(|payment| payment.id == id)
    }

    pub(super) fn order(&self, id: &str) -> Option<&Order> {
        self.data.orders.iter().find(|order| order.id == id)
    }

    pub(super) fn order_mut(&mut self, id: &str) -> Option<&mut Order> {
        self.data.orders.iter_mut().find(|order| order.id == id)
    }

    pub(super) fn invoice_mut(&mut self, id: &str) -> Option<&mut Invoice> {
        self.data.invoices.iter_mut().find(|invoice| invoice.id == id)
    }

    pub(super) fn record_payment_event(&mut self, r#type: &str, id: &str) {
        let payment = self.payment(id).map(Payment::to_json);
        self.record(r#type, id, [("payment", payment)]);
    }

    pub(super) fn record_order_paid(&mut self, id: &str, payment: &str) {
        let order = self.order(id).map(Order::to_json);
        let payment = self.payment(payment).map(Payment::to_json);
        self.record("order.paid", id, [("payment", payment), ("order", order)]);
    }

    pub(super) fn record_refund_event(&mut self, r#type: &str, refund: &Refund) {
        let payment = self.payment(&refund.payment).map(Payment::to_json);
        self.record(r#type, &refund.id, [("refund", Some(refund.to_json())), ("payment", payment)]);
    }

    pub(super) fn record_invoice_paid(&mut self, invoice: &Invoice) {
        let find = |id: &Option<String>| id.clone().unwrap_or_default();
        let payment = self.payment(&find(&invoice.payment)).map(Payment::to_json);
        let order = self.order(&find(&invoice.order)).map(Order::to_json);
        let entities = [("payment", payment), ("order", order), ("invoice", Some(invoice.to_json()))];
        self.record("invoice.paid", &invoice.id, entities);
    }

    /// Records an event of a subscription, together with the payment that caused it, if any.
    pub(super) fn record_subscription_event(&mut self, r#type: &str, id: &str, payment: Option<&str>) {
        let subscription = self.data.subscriptions.iter().find(|subscription| subscription.id == id);
        let subscription = subscription.map(super::Subscription::to_json);
        let payment = payment.and_then(|id| self.payment(id)).map(Payment::to_json);
        self.record(r#type, id, [("subscription", subscription), ("payment", payment)]);
    }

    /// Records an event, unless nobody has entered the webhook in the dashboard.
    /// Source of the format: <https://razorpay.com/docs/webhooks/payloads/>.
    fn record<const N: usize>(&mut self, r#type: &str, object: &str, entities: [(&str, Option<Value>); N]) {
        if self.without_webhook {
            return;
        }
        let entities = entities.into_iter().filter_map(|(name, entity)| Some((name, entity?)));
        let payload: Map<String, Value> =
            entities.map(|(name, entity)| (name.to_owned(), json!({"entity": entity}))).collect();
        let body = json!({
            "entity": "event",
            "account_id": format!("acc_{}", self.name),
            "event": r#type,
            "contains": payload.keys().collect::<Vec<_>>(),
            "payload": payload,
            "created_at": unix(&self.now),
        });
        let event = ProviderEvent {
            id: self.ids.next_id("", 14),
            provider: Provider::Razorpay,
            environment: self.environment,
            r#type: r#type.to_owned(),
            object_id: object.to_owned(),
            created: self.now.clone(),
            body: body.to_string(),
            status: EventStatus::Waiting,
            deliveries: Vec::new(),
        };
        self.events.push(event);
    }
}

//! The charges of subscriptions: each cycle has an invoice, whose order is paid automatically.
//! Source: <https://razorpay.com/docs/payments/subscriptions/states/>.

use serde_json::Map;

use crate::razorpay::account::ActiveAccount;
use crate::razorpay::{Invoice, Order, Payment, Plan, Prefill, Subscription};
use crate::state::{Customer, Time, later};

/// How often a failed charge is tried again, once a day. Then the subscription is halted.
const RETRIES: u64 = 3;

/// The payment that only authorizes the later charges, in the currency's smallest unit. Razorpay refunds it.
const AUTHORIZATION_AMOUNT: u64 = 500;

impl ActiveAccount<'_> {
    /// Makes the customer's card the one to charge, without a charge. Returns the payment that authorizes it.
    pub(super) fn authenticate(&mut self, id: &str) -> Option<String> {
        self.add_customer(id);
        let subscription = self.subscription(id).cloned()?;
        let plan = self.data.plans.get(&subscription.plan).cloned()?;
        let payment = Payment {
            amount: AUTHORIZATION_AMOUNT,
            amount_refunded: AUTHORIZATION_AMOUNT,
            currency: plan.item.currency,
            status: "refunded".to_owned(),
            description: Some("Authorization".to_owned()),
            ..self.new_payment(&subscription)
        };
        let payment = self.add_payment(payment);
        self.set_subscription_status(id, "authenticated");
        self.record_subscription_event("subscription.authenticated", id, None);
        Some(payment)
    }

    /// Charges the next cycle, or once more the cycle whose charge failed. Returns the payment.
    pub(super) fn charge(&mut self, id: &str, succeeds: bool) -> Option<String> {
        let before = self.subscription(id).cloned()?;
        let plan = self.data.plans.get(&before.plan).cloned()?;
        self.begin_cycle(&before, &plan);
        if succeeds {
            self.add_customer(id);
        }
        let subscription = self.subscription(id).cloned()?;
        let invoice = self.open_invoice(&subscription, &plan);
        let payment = Payment {
            amount: invoice.amount,
            currency: invoice.currency.clone(),
            order: invoice.order.clone(),
            invoice: Some(invoice.id.clone()),
            description: Some(plan.item.name.clone()),
            status: if succeeds { "authorized" } else { "failed" }.to_owned(),
            ..self.new_payment(&subscription)
        };
        let payment = self.add_payment(payment);
        if !succeeds {
            self.record_payment_event("payment.failed", &payment);
            self.count_failure(id, &payment);
            return Some(payment);
        }
        if before.status == "created" {
            self.set_subscription_status(id, "authenticated");
            self.record_subscription_event("subscription.authenticated", id, None);
        }
        self.record_payment_event("payment.authorized", &payment);
        self.capture(&payment);
        self.pay_invoice(&invoice.id, &payment);
        self.count_success(id, &payment, before.status != "active");
        Some(payment)
    }

    /// Captures an authorized payment, which pays its order.
    pub(super) fn capture(&mut self, payment: &str) {
        let Some(captured) = self.payment_mut(payment) else { return };
        "captured".clone_into(&mut captured.status);
        let (amount, order) = (captured.amount, captured.order.clone());
        self.record_payment_event("payment.captured", payment);
        let Some(order) = order.and_then(|id| self.order_mut(&id)) else { return };
        "paid".clone_into(&mut order.status);
        order.amount_paid = amount;
        order.amount_due = 0;
        let order = order.id.clone();
        self.record_order_paid(&order, payment);
    }

    /// Stores a payment. Returns its id.
    pub(super) fn add_payment(&mut self, payment: Payment) -> String {
        if let Some(order) = payment.order.as_ref().and_then(|id| self.order_mut(id)) {
            order.attempts += 1;
            "attempted".clone_into(&mut order.status);
        }
        let id = payment.id.clone();
        self.data.payments.push(payment);
        id
    }

    /// A payment of a customer who fills in a checkout page.
    pub(super) fn prefilled_payment(&mut self, prefill: &Prefill) -> Payment {
        // Without an address, Razorpay shows this one.
        let email = prefill.email.clone().unwrap_or_else(|| "void@razorpay.com".to_owned());
        Payment {
            id: self.id("pay_"),
            email: Some(email),
            contact: Some(prefill.contact.clone().unwrap_or_else(|| "+919999999999".to_owned())),
            created: Some(self.now.clone()),
            ..Payment::default()
        }
    }

    fn new_payment(&mut self, subscription: &Subscription) -> Payment {
        let prefill = self.billing(subscription).prefill.clone();
        let known = subscription.customer.as_ref().and_then(|id| self.data.customers.get(id));
        let email = known.and_then(|customer| customer.email.clone());
        let contact = known.and_then(|customer| customer.phone.clone());
        let prefill = Prefill {
            email: email.or(prefill.email),
            contact: contact.or(prefill.contact),
            ..Prefill::default()
        };
        Payment { customer: subscription.customer.clone(), ..self.prefilled_payment(&prefill) }
    }

    /// Adds the customer of a subscription, who is unknown before the first payment.
    fn add_customer(&mut self, id: &str) {
        let Some(subscription) = self.subscription(id).cloned() else { return };
        if subscription.customer.is_some() {
            return;
        }
        let Prefill { name, email, contact } = self.billing(&subscription).prefill.clone();
        let customer = Customer {
            id: self.id("cust_"),
            email,
            name,
            phone: contact,
            metadata: Map::new(),
            created: Some(self.now.clone()),
            card: None,
            country: None,
        };
        if let Some(subscription) = self.subscription_mut(id) {
            subscription.customer = Some(customer.id.clone());
        }
        self.data.customers.insert(customer.id.clone(), customer);
    }

    /// Sets the period of the cycle to charge. The first cycle begins with its charge.
    fn begin_cycle(&mut self, subscription: &Subscription, plan: &Plan) {
        let now = self.now.clone();
        let billing = self.billing(subscription);
        if billing.next_cycle == 0 && subscription.current_start.is_none() && billing.anchor < now {
            billing.anchor = now;
        }
        let cycle = billing.next_cycle;
        let [start, end] = [cycle, cycle + 1].map(|cycle| plan.cycle_start(&billing.anchor, cycle));
        let last = subscription.total_count.and_then(|total| plan.cycle_start(&billing.anchor, total));
        if let Some(subscription) = self.subscription_mut(&subscription.id) {
            subscription.current_start = start;
            subscription.current_end = end;
            subscription.end_at = last.or_else(|| subscription.end_at.clone());
        }
    }

    /// The subscription's unpaid invoice, or a new one.
    fn open_invoice(&mut self, subscription: &Subscription, plan: &Plan) -> Invoice {
        let is_open = |invoice: &&Invoice| {
            invoice.subscription.as_ref() == Some(&subscription.id) && invoice.status == "issued"
        };
        if let Some(invoice) = self.data.invoices.iter().find(is_open) {
            return invoice.clone();
        }
        let amount = plan.item.amount.saturating_mul(subscription.quantity.unwrap_or(1));
        let email = self.new_payment(subscription).email;
        let order = Order {
            id: self.id("order_"),
            amount,
            amount_due: amount,
            currency: plan.item.currency.clone(),
            status: "created".to_owned(),
            created: self.now.clone(),
            ..Order::default()
        };
        let invoice = Invoice {
            id: self.id("inv_"),
            customer: subscription.customer.clone(),
            email,
            order: Some(order.id.clone()),
            subscription: Some(subscription.id.clone()),
            status: "issued".to_owned(),
            amount,
            currency: plan.item.currency.clone(),
            description: Some(plan.item.name.clone()),
            created: Some(self.now.clone()),
            ..Invoice::default()
        };
        self.data.orders.push(order);
        self.data.invoices.push(invoice.clone());
        invoice
    }

    fn pay_invoice(&mut self, id: &str, payment: &str) {
        let now = self.now.clone();
        let customer = self.payment(payment).and_then(|payment| payment.customer.clone());
        let Some(invoice) = self.invoice_mut(id) else { return };
        "paid".clone_into(&mut invoice.status);
        invoice.amount_paid = invoice.amount;
        invoice.paid_at = Some(now);
        invoice.payment = Some(payment.to_owned());
        invoice.customer = customer;
        let invoice = invoice.clone();
        self.record_invoice_paid(&invoice);
    }

    fn count_success(&mut self, id: &str, payment: &str, activates: bool) {
        let Some(before) = self.subscription(id).cloned() else { return };
        let billing = self.billing(&before);
        billing.next_cycle += 1;
        billing.retry_at = None;
        let Some(subscription) = self.subscription_mut(id) else { return };
        let paid = before.paid_count.unwrap_or_default() + 1;
        let remaining = before.total_count.unwrap_or(u64::MAX).saturating_sub(paid);
        "active".clone_into(&mut subscription.status);
        subscription.paid_count = Some(paid);
        subscription.remaining_count = Some(remaining);
        subscription.auth_attempts = Some(0);
        subscription.charge_at.clone_from(&before.current_end);
        if remaining == 0 {
            subscription.charge_at = None;
        }
        self.skip_past_cycles(id);
        if activates {
            self.record_subscription_event("subscription.activated", id, None);
        }
        self.record_subscription_event("subscription.charged", id, Some(payment));
        if remaining == 0 {
            self.end_subscription(id, "completed", Some(payment));
        }
    }

    /// A failed charge is tried again. The first payment of a subscription is not: the customer has to pay again.
    fn count_failure(&mut self, id: &str, payment: &str) {
        let retry_at: Time = later(&self.now, 24);
        let Some(subscription) = self.subscription_mut(id) else { return };
        let attempts = subscription.auth_attempts.unwrap_or_default() + 1;
        let status = subscription.status.clone();
        subscription.auth_attempts = Some(attempts);
        if matches!(status.as_str(), "created" | "halted") {
            return;
        }
        let is_last = attempts > RETRIES;
        if !is_last {
            subscription.charge_at = Some(retry_at.clone());
        }
        let subscription = subscription.clone();
        self.billing(&subscription).retry_at = (!is_last).then_some(retry_at);
        let next = if is_last { "halted" } else { "pending" };
        self.set_subscription_status(id, next);
        if next != status {
            self.record_subscription_event(&format!("subscription.{next}"), id, Some(payment));
        }
    }
}

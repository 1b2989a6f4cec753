//! Invoices and payments: how they are created, paid, declined and tried again.

use serde_json::Map;

use crate::control;
use crate::state::{Card, Customer, Time, later};
use crate::stripe::activity::Activity;
use crate::stripe::json::invoice_prefix;
use crate::stripe::objects::Settlement;
use crate::stripe::{AccountData, Billing, Invoice, InvoiceLine, PaymentIntent, Subscription};

/// After how many days Stripe tries again to collect an invoice. The days count from the first failure.
const RETRY_DAYS: [i64; 4] = [1, 3, 5, 7];

/// How many days a payment from a bank account takes.
const SETTLEMENT_DAYS: i64 = 3;

/// The last digits of Stripe's test card that can be saved, but declines every payment.
const DECLINING_CARD: &str = "0341";

/// What becomes of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PaymentResult {
    Succeeded,
    Declined,
    /// The customer's bank confirms or rejects it later.
    Processing {
        succeeds: bool,
    },
}

impl From<control::Card> for PaymentResult {
    fn from(card: control::Card) -> Self {
        match card {
            control::Card::Ok | control::Card::DeclineLater => Self::Succeeded,
            control::Card::Decline => Self::Declined,
            control::Card::Delayed => Self::Processing { succeeds: true },
            control::Card::DelayedFails => Self::Processing { succeeds: false },
        }
    }
}

impl AccountData {
    /// What Stripe knows of a subscription. For one that the tests created, it is derived from its first period.
    pub(super) fn billing_of(&self, subscription: &Subscription) -> Billing {
        if let Some(billing) = self.billing.get(&subscription.id) {
            return billing.clone();
        }
        let created = subscription.trial_start.as_ref().or(subscription.current_period_start.as_ref());
        let anchor = subscription.trial_end.as_ref().or(subscription.current_period_start.as_ref());
        Billing {
            created: created.cloned().unwrap_or_default(),
            anchor: anchor.cloned().unwrap_or_default(),
            ended_at: None,
            cancellation_reason: None,
        }
    }

    pub(super) fn currency(&self, subscription: &Subscription) -> String {
        let mut prices = subscription.items.iter().filter_map(|item| self.prices.get(item.price.as_ref()?));
        prices.next().map_or_else(|| "usd".to_owned(), |price| price.currency.clone())
    }

    /// The line of an invoice for this price.
    pub(super) fn invoice_line(&self, price: &str, quantity: u64, item: Option<&str>) -> InvoiceLine {
        let found = self.prices.get(price);
        let amount = found.and_then(|price| price.unit_amount).unwrap_or_default();
        InvoiceLine {
            price: price.to_owned(),
            product: found.map(|price| price.product.clone()).unwrap_or_default(),
            subscription_item: item.map(str::to_owned),
            quantity,
            amount: amount.saturating_mul(quantity),
        }
    }

    pub(super) fn invoice(&self, id: &str) -> Option<&Invoice> {
        self.invoices.iter().rev().find(|invoice| invoice.id == id)
    }

    fn invoice_mut(&mut self, id: &str) -> Option<&mut Invoice> {
        self.invoices.iter_mut().rev().find(|invoice| invoice.id == id)
    }

    pub(super) fn payment_intent(&self, id: &str) -> Option<&PaymentIntent> {
        self.payment_intents.iter().rev().find(|intent| intent.id == id)
    }

    pub(super) fn payment_intent_mut(&mut self, id: &str) -> Option<&mut PaymentIntent> {
        self.payment_intents.iter_mut().rev().find(|intent| intent.id == id)
    }

    /// The invoices of a subscription that are not paid, oldest first.
    pub(super) fn open_invoices<'a>(&'a self, subscription: &'a str) -> impl Iterator<Item = &'a Invoice> {
        let all = self.invoices.iter().filter(|invoice| invoice.status == "open");
        all.filter(move |invoice| invoice.subscription.as_deref() == Some(subscription))
    }
}

impl Activity<'_> {
    /// Creates the invoice for a period of a subscription, and returns its id.
    pub(super) fn create_invoice(
        &mut self,
        subscription: &Subscription,
        billing_reason: &str,
        lines: Vec<InvoiceLine>,
        (start, end): (Time, Time),
    ) -> String {
        let id = self.ids.next_id("in_", 24);
        let customer = subscription.customer.clone();
        let earlier = self.data.invoices.iter().filter(|invoice| invoice.customer == customer).count();
        let amount_due = lines.iter().fold(0_u64, |sum, line| sum.saturating_add(line.amount));
        self.data.invoices.push(Invoice {
            id: id.clone(),
            number: format!("{}-{:04}", invoice_prefix(&customer), earlier + 1),
            status: "open".to_owned(),
            billing_reason: billing_reason.to_owned(),
            email: self.data.customers.get(&customer).and_then(|customer| customer.email.clone()),
            customer,
            subscription: Some(subscription.id.clone()),
            subscription_metadata: subscription.metadata.clone(),
            currency: self.data.currency(subscription),
            amount_due,
            amount_paid: 0,
            lines,
            description: None,
            payment_intent: None,
            attempt_count: 0,
            first_failed_at: None,
            next_payment_attempt: None,
            period_start: start,
            period_end: end,
            paid_at: None,
            voided_at: None,
            created: self.now.clone(),
        });
        id
    }

    /// Tries to collect an invoice. Sends only the event of the payment, because Stripe sends others before the invoice's.
    pub(super) fn attempt_invoice(&mut self, id: &str, result: PaymentResult) -> PaymentResult {
        let Some(invoice) = self.data.invoice_mut(id) else { return PaymentResult::Declined };
        if invoice.amount_due == 0 {
            return PaymentResult::Succeeded;
        }
        invoice.attempt_count += 1;
        invoice.next_payment_attempt = None;
        let invoice = invoice.clone();
        let intent = invoice.payment_intent.clone().unwrap_or_else(|| self.create_invoice_payment(&invoice));
        self.confirm(&intent, result);
        result
    }

    fn create_invoice_payment(&mut self, invoice: &Invoice) -> String {
        let first = invoice.billing_reason == "subscription_create";
        let id = self.ids.next_id("pi_", 24);
        self.data.payment_intents.push(PaymentIntent {
            id: id.clone(),
            amount: invoice.amount_due,
            amount_refunded: 0,
            currency: invoice.currency.clone(),
            status: "requires_payment_method".to_owned(),
            customer: Some(invoice.customer.clone()),
            email: invoice.email.clone(),
            description: Some(if first { "Subscription creation" } else { "Subscription update" }.to_owned()),
            invoice: Some(invoice.id.clone()),
            charge: None,
            settlement: None,
            // Stripe does not copy the subscription's metadata.
            metadata: Map::new(),
            created: self.now.clone(),
        });
        if let Some(invoice) = self.data.invoice_mut(&invoice.id) {
            invoice.payment_intent = Some(id.clone());
        }
        id
    }

    /// Charges the customer, and sends the event of the payment unless the result is only known later.
    pub(super) fn confirm(&mut self, intent: &str, result: PaymentResult) {
        let charge = self.ids.next_id("ch_", 24);
        let settles = later(&self.now, 24 * SETTLEMENT_DAYS);
        let Some(payment) = self.data.payment_intent_mut(intent) else { return };
        payment.charge = Some(charge);
        match result {
            PaymentResult::Succeeded => self.finish_payment(intent, true),
            PaymentResult::Declined => self.finish_payment(intent, false),
            PaymentResult::Processing { succeeds } => {
                "processing".clone_into(&mut payment.status);
                payment.settlement = Some(Settlement { at: settles, succeeds });
            }
        }
    }

    /// Records how a payment ended, and sends its event.
    pub(super) fn finish_payment(&mut self, intent: &str, succeeded: bool) {
        let Some(payment) = self.data.payment_intent_mut(intent) else { return };
        payment.settlement = None;
        let status = if succeeded { "succeeded" } else { "requires_payment_method" };
        status.clone_into(&mut payment.status);
        let payment = payment.clone();
        let object = self.json().payment_intent(&payment);
        self.send(
            if succeeded { "payment_intent.succeeded" } else { "payment_intent.payment_failed" },
            &object,
        );
    }

    /// Records that an invoice is paid, and sends its event.
    pub(super) fn mark_paid(&mut self, id: &str) {
        let now = self.now.clone();
        let Some(invoice) = self.data.invoice_mut(id) else { return };
        "paid".clone_into(&mut invoice.status);
        invoice.amount_paid = invoice.amount_due;
        invoice.paid_at = Some(now);
        invoice.next_payment_attempt = None;
        self.send_invoice("invoice.paid", id);
    }

    /// Records that an invoice could not be collected, and sends its event. Returns whether Stripe tries again. It never does
    /// for the first invoice of a subscription that has not started.
    pub(super) fn mark_failed(&mut self, id: &str, with_retries: bool) -> bool {
        let now = self.now.clone();
        let Some(invoice) = self.data.invoice_mut(id) else { return false };
        let first = invoice.first_failed_at.get_or_insert_with(|| now.clone());
        let next = if with_retries { next_retry(first, &now) } else { None };
        invoice.next_payment_attempt.clone_from(&next);
        self.send_invoice("invoice.payment_failed", id);
        next.is_some()
    }

    fn send_invoice(&mut self, r#type: &str, id: &str) {
        if let Some(invoice) = self.data.invoice(id) {
            let object = self.json().invoice(invoice);
            self.send(r#type, &object);
        }
    }

    /// Stops to collect the open invoices of a subscription that has ended. They are void if it never started.
    pub(super) fn stop_collecting(&mut self, subscription: &str, void: bool) {
        let now = self.now.clone();
        let data = &mut *self.data;
        let open = data.invoices.iter_mut().filter(|invoice| invoice.status == "open");
        for invoice in open.filter(|invoice| invoice.subscription.as_deref() == Some(subscription)) {
            invoice.next_payment_attempt = None;
            if void {
                "void".clone_into(&mut invoice.status);
                invoice.voided_at = Some(now.clone());
                let intent = invoice.payment_intent.as_ref();
                for payment in data.payment_intents.iter_mut().filter(|payment| Some(&payment.id) == intent) {
                    "canceled".clone_into(&mut payment.status);
                }
            }
        }
    }

    /// How the customer's saved card behaves. A bank account is not saved as a card, and always pays.
    pub(super) fn saved_card_result(&self, customer: &str) -> PaymentResult {
        let card = self.data.customers.get(customer).and_then(|customer| customer.card.as_ref());
        match card {
            Some(card) if card.last4 == DECLINING_CARD => PaymentResult::Declined,
            _ => PaymentResult::Succeeded,
        }
    }

    /// Saves the card for later payments. A declined card is not saved. Returns the customer as it was before a change.
    pub(super) fn save_card(&mut self, customer: &str, card: control::Card) -> Option<Customer> {
        let last4 = match card {
            control::Card::Ok => Some("4242"),
            control::Card::DeclineLater => Some(DECLINING_CARD),
            control::Card::Delayed | control::Card::DelayedFails => None,
            control::Card::Decline => return None,
        };
        let saved = self.data.customers.get_mut(customer)?;
        if saved.card.as_ref().map(|card| card.last4.as_str()) == last4 {
            return None;
        }
        let before = saved.clone();
        saved.card = last4.map(|last4| Card { brand: "visa".to_owned(), last4: last4.to_owned() });
        Some(before)
    }
}

/// The first of Stripe's retries that is still to come.
fn next_retry(first_failed_at: &str, now: &str) -> Option<Time> {
    let mut retries = RETRY_DAYS.iter().map(|days| later(first_failed_at, 24 * days));
    retries.find(|retry| retry.as_str() > now)
}

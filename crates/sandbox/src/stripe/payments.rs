//! A customer on Stripe's payment page: checkout sessions that are paid, declined, or expire.

use serde_json::Map;

use crate::control::{self, ControlError};
use crate::state::Customer;
use crate::stripe::activity::Activity;
use crate::stripe::billing::PaymentResult;
use crate::stripe::json::buyer;
use crate::stripe::{AccountData, CheckoutSession, PaymentIntent};

impl AccountData {
    pub(super) fn checkout_session(&self, id: &str) -> Option<&CheckoutSession> {
        self.checkout_sessions.iter().rev().find(|session| session.id == id)
    }

    /// The session that is paid through this payment or subscription.
    fn session_of(&self, payment_intent: &str, subscription: Option<&str>) -> Option<&CheckoutSession> {
        self.checkout_sessions.iter().rev().find(|session| {
            session.payment_intent.as_deref() == Some(payment_intent)
                || (subscription.is_some() && session.subscription.as_deref() == subscription)
        })
    }
}

impl Activity<'_> {
    /// Pays a checkout session. A declined payment leaves it open.
    pub(super) fn pay_session(&mut self, id: &str, card: control::Card) -> Result<(), ControlError> {
        let not_found = || ControlError::NotFound { what: "checkout session", id: id.to_owned() };
        let session = self.data.checkout_session(id).cloned().ok_or_else(not_found)?;
        let why = match session.status.as_str() {
            "open" if session.mode == "subscription" => {
                self.subscribe(session, card);
                return Ok(());
            }
            "open" => {
                self.pay_once(session, card);
                return Ok(());
            }
            "complete" if session.payment_status == "unpaid" => {
                "its payment is still processing; advance the clock by three days"
            }
            "complete" => "it is already paid",
            _ => "it has expired",
        };
        let what = format!("Checkout session {id} cannot be paid");
        Err(ControlError::NotPossible { what, why: why.to_owned() })
    }

    fn pay_once(&mut self, mut session: CheckoutSession, card: control::Card) {
        let is_free = session.amount_total == 0;
        let result = if is_free { PaymentResult::Succeeded } else { card.into() };
        // Stripe creates the customer of a one-time payment only if it succeeds.
        if session.creates_customer && result != PaymentResult::Declined {
            self.create_customer(&mut session);
        }
        if is_free {
            return self.complete_session(session, "no_payment_required");
        }
        let intent = session.payment_intent.clone().unwrap_or_else(|| self.create_payment(&session));
        if let Some(payment) = self.data.payment_intent_mut(&intent) {
            payment.customer.clone_from(&session.customer);
        }
        session.payment_intent = Some(intent.clone());
        self.confirm(&intent, result);
        match result {
            PaymentResult::Succeeded => self.complete_session(session, "paid"),
            PaymentResult::Processing { .. } => self.complete_session(session, "unpaid"),
            PaymentResult::Declined => self.save_session(session),
        }
    }

    fn create_payment(&mut self, session: &CheckoutSession) -> String {
        let id = self.ids.next_id("pi_", 24);
        let customer = session.customer.as_ref().and_then(|id| self.data.customers.get(id));
        let email = customer.and_then(|customer| customer.email.clone());
        self.data.payment_intents.push(PaymentIntent {
            id: id.clone(),
            amount: session.amount_total,
            amount_refunded: 0,
            currency: session.currency.clone(),
            status: "requires_payment_method".to_owned(),
            customer: None,
            email: Some(email.unwrap_or_else(|| buyer(session).0.to_owned())),
            description: None,
            invoice: None,
            charge: None,
            settlement: None,
            metadata: session.payment_metadata.clone(),
            created: self.now.clone(),
        });
        id
    }

    fn subscribe(&mut self, mut session: CheckoutSession, card: control::Card) {
        let customer = self.create_customer(&mut session);
        // After a declined payment, the subscription waits for another one.
        let waiting = session.subscription.as_ref().and_then(|id| self.data.subscription(id));
        let waiting = waiting.filter(|subscription| subscription.status == "incomplete");
        let waiting = waiting.and_then(|waiting| Some((waiting.id.clone(), waiting.latest_invoice.clone()?)));
        let is_new = waiting.is_none();
        let (subscription, invoice) = waiting.unwrap_or_else(|| {
            let metadata = session.payment_metadata.clone();
            self.create_subscription(&customer, metadata, &session.line_items)
        });
        session.subscription = Some(subscription.clone());
        let is_declined = PaymentResult::from(card) == PaymentResult::Declined && session.amount_total > 0;
        if is_new && is_declined {
            self.send_subscription("customer.subscription.created", &subscription);
        }
        let result = self.attempt_invoice(&invoice, card.into());
        let payment_status = match result {
            PaymentResult::Declined => {
                self.save_session(session);
                self.mark_failed(&invoice, false);
                return;
            }
            PaymentResult::Succeeded if session.amount_total == 0 => "no_payment_required",
            PaymentResult::Succeeded => "paid",
            PaymentResult::Processing { .. } => "unpaid",
        };
        self.save_card(&customer, card);
        self.complete_session(session, payment_status);
        if is_new {
            self.send_subscription("customer.subscription.created", &subscription);
        }
        self.update_subscription(&subscription, |subscription| {
            "active".clone_into(&mut subscription.status);
        });
        if result == PaymentResult::Succeeded {
            self.mark_paid(&invoice);
        }
    }

    /// Returns the session's customer, who is created on the first call.
    fn create_customer(&mut self, session: &mut CheckoutSession) -> String {
        if let Some(customer) = &session.customer {
            return customer.clone();
        }
        let (email, name) = buyer(session);
        let customer = Customer {
            id: self.ids.next_id("cus_", 14),
            email: Some(email.to_owned()),
            name: Some(name.to_owned()),
            phone: None,
            metadata: Map::new(),
            created: Some(self.now.clone()),
            card: None,
            country: None,
        };
        let object = self.json().customer(&customer);
        let id = customer.id.clone();
        self.data.customers.insert(id.clone(), customer);
        self.send("customer.created", &object);
        session.customer = Some(id.clone());
        id
    }

    fn complete_session(&mut self, mut session: CheckoutSession, payment_status: &str) {
        "complete".clone_into(&mut session.status);
        payment_status.clone_into(&mut session.payment_status);
        let object = self.json().checkout_session(&session);
        self.save_session(session);
        self.send("checkout.session.completed", &object);
    }

    fn save_session(&mut self, session: CheckoutSession) {
        if let Some(saved) = self.data.checkout_sessions.iter_mut().rev().find(|saved| saved.id == session.id)
        {
            *saved = session;
        }
    }

    /// A payment from a bank account succeeds or fails, days after the customer made it.
    pub(super) fn settle(&mut self, intent: &str) {
        let Some(payment) = self.data.payment_intent(intent) else { return };
        let succeeds = payment.settlement.as_ref().is_some_and(|settlement| settlement.succeeds);
        let invoice = payment.invoice.as_ref().and_then(|invoice| self.data.invoice(invoice)).cloned();
        let first = invoice.as_ref().filter(|invoice| invoice.billing_reason == "subscription_create");
        let subscription = first.and_then(|invoice| invoice.subscription.as_deref());
        let session = self.data.session_of(intent, subscription).cloned();
        self.finish_payment(intent, succeeds);
        match invoice {
            Some(invoice) if succeeds => self.invoice_paid(&invoice.id),
            Some(invoice) => self.invoice_failed(&invoice.id),
            None => {}
        }
        let is_waiting =
            |session: &CheckoutSession| session.status == "complete" && session.payment_status == "unpaid";
        let Some(mut session) = session.filter(is_waiting) else { return };
        let r#type = if succeeds {
            "paid".clone_into(&mut session.payment_status);
            "checkout.session.async_payment_succeeded"
        } else {
            "checkout.session.async_payment_failed"
        };
        let object = self.json().checkout_session(&session);
        self.save_session(session);
        self.send(r#type, &object);
    }

    /// Closes the page of a session that was not paid in time.
    pub(super) fn expire_session(&mut self, id: &str) {
        let Some(mut session) = self.data.checkout_session(id).cloned() else { return };
        "expired".clone_into(&mut session.status);
        if let Some(payment) = session.payment_intent.as_ref()
            && let Some(payment) = self.data.payment_intent_mut(payment)
        {
            "canceled".clone_into(&mut payment.status);
        }
        let object = self.json().checkout_session(&session);
        self.save_session(session);
        self.send("checkout.session.expired", &object);
    }
}

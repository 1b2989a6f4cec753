//! Refunds, as a merchant makes them in Stripe's dashboard.

use crate::control::ControlError;
use crate::stripe::activity::Activity;
use crate::stripe::currencies::format_amount;
use crate::stripe::json::refund_object;
use crate::stripe::{AccountData, PaymentIntent, Refund};

impl AccountData {
    /// Finds a payment by its own id, or by the id of its charge, invoice or checkout session. The error is the reason why
    /// the object has no payment; `None` if the account has no such object.
    pub(super) fn find_payment(&self, id: &str) -> Option<Result<&PaymentIntent, String>> {
        let payments = &self.payment_intents;
        if let Some(payment) = payments.iter().find(|payment| payment.id == id) {
            return Some(Ok(payment));
        }
        if let Some(payment) = payments.iter().find(|payment| payment.charge.as_deref() == Some(id)) {
            return Some(Ok(payment));
        }
        let invoice = match self.checkout_session(id) {
            Some(session) if session.mode == "subscription" => {
                let mut all = self.invoices.iter();
                all.find(|invoice| {
                    session.subscription.is_some() && invoice.subscription == session.subscription
                })
            }
            Some(session) => {
                let payment = session.payment_intent.as_deref().and_then(|id| self.payment_intent(id));
                return Some(payment.ok_or_else(|| format!("nothing was paid for {id}")));
            }
            None => Some(self.invoice(id)?),
        };
        let payment = invoice.and_then(|invoice| self.payment_intent(invoice.payment_intent.as_deref()?));
        Some(payment.ok_or_else(|| format!("nothing was paid for {id}")))
    }
}

impl Activity<'_> {
    /// Refunds a payment, and returns the refund. Without an amount, all that is left is refunded.
    pub(super) fn refund(&mut self, id: &str, amount: Option<u64>) -> Result<Refund, ControlError> {
        let refuse =
            |why: String| ControlError::NotPossible { what: format!("Payment {id} cannot be refunded"), why };
        let found = self.data.find_payment(id);
        let payment = found.ok_or_else(|| ControlError::NotFound { what: "payment", id: id.to_owned() })?;
        let payment = payment.map_err(refuse)?.clone();
        let amount = amount_to_refund(&payment, amount).map_err(refuse)?;
        let refund = Refund {
            id: self.ids.next_id("re_", 24),
            amount,
            currency: payment.currency.clone(),
            payment_intent: payment.id.clone(),
            charge: payment.charge.clone(),
            status: "succeeded".to_owned(),
            reason: Some("requested_by_customer".to_owned()),
            created: self.now.clone(),
        };
        self.data.refunds.push(refund.clone());
        let Some(payment) = self.data.payment_intent_mut(&payment.id) else { return Ok(refund) };
        payment.amount_refunded += amount;
        let payment = payment.clone();
        self.send("refund.created", &refund_object(&refund));
        let charge = self.json().charge(&payment);
        self.send("charge.refunded", &charge);
        Ok(refund)
    }
}

/// Checks an amount like Stripe. The error has Stripe's words.
fn amount_to_refund(payment: &PaymentIntent, amount: Option<u64>) -> Result<u64, String> {
    let charge = match &payment.charge {
        Some(charge) if payment.status == "succeeded" => charge,
        _ => {
            let id = &payment.id;
            return Err(format!("This PaymentIntent ({id}) does not have a successful charge to refund."));
        }
    };
    let left = payment.amount.saturating_sub(payment.amount_refunded);
    if left == 0 {
        return Err(format!("Charge {charge} has already been refunded."));
    }
    let amount = amount.unwrap_or(left);
    if amount == 0 {
        return Err("Invalid positive integer".to_owned());
    }
    if amount > left {
        let money = |amount| format_amount(amount, &payment.currency);
        let limit = if payment.amount_refunded == 0 { "charge" } else { "unrefunded" };
        let of = if payment.amount_refunded == 0 { "" } else { " on charge" };
        return Err(format!(
            "Refund amount ({}) is greater than {limit} amount{of} ({})",
            money(amount),
            money(left)
        ));
    }
    Ok(amount)
}

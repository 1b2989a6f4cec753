//! Reads of single objects, which the backend needs for refunds of payments that it does not know.

use serde_json::Value;

use crate::environment::Environment;
use crate::stripe::json::ObjectJson;
use crate::stripe::rules::not_found;
use crate::stripe::{StripeClient, StripeError};

impl StripeClient<'_> {
    /// A payment intent as JSON.
    pub(crate) fn payment_intent(&mut self, id: &str) -> Result<Value, StripeError> {
        let livemode = self.environment == Environment::Live;
        let data = self.request(&format!("GET /v1/payment_intents/{id}"))?;
        let intent = data.payment_intents.iter().find(|intent| intent.id == id);
        let intent = intent.ok_or_else(|| not_found(404, "payment_intent", id))?;
        Ok(ObjectJson { data, livemode }.payment_intent(intent))
    }

    /// A charge as JSON.
    pub(crate) fn charge(&mut self, id: &str) -> Result<Value, StripeError> {
        let livemode = self.environment == Environment::Live;
        let data = self.request(&format!("GET /v1/charges/{id}"))?;
        let intent = data.payment_intents.iter().find(|intent| intent.charge.as_deref() == Some(id));
        let intent = intent.ok_or_else(|| not_found(404, "charge", id))?;
        Ok(ObjectJson { data, livemode }.charge(intent))
    }

    /// The invoice that a payment intent pays, as JSON; `None` if it pays none.
    pub(crate) fn invoice_of_payment(&mut self, intent: &str) -> Result<Option<Value>, StripeError> {
        let livemode = self.environment == Environment::Live;
        let data = self.request("GET /v1/invoice_payments")?;
        let invoice = data.invoices.iter().find(|invoice| invoice.payment_intent.as_deref() == Some(intent));
        Ok(invoice.map(|invoice| ObjectJson { data, livemode }.invoice(invoice)))
    }
}

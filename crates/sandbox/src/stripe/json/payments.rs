//! Checkout sessions, payments, charges and refunds.

use serde_json::{Value, json};

use crate::state::unix;
use crate::stripe::json::{ObjectJson, payment_method, with_prefix};
use crate::stripe::{CheckoutSession, PaymentIntent, Refund};

impl ObjectJson<'_> {
    pub(in crate::stripe) fn checkout_session(&self, session: &CheckoutSession) -> Value {
        let open = session.status == "open";
        let is_subscription = session.mode == "subscription";
        let subscription = session.subscription.as_deref().filter(|_| session.status == "complete");
        json!({
            "id": session.id,
            "object": "checkout.session",
            "adaptive_pricing": {"enabled": false},
            "after_expiration": null,
            "allow_promotion_codes": null,
            "amount_subtotal": session.amount_total,
            "amount_total": session.amount_total,
            "automatic_tax": {"enabled": false, "liability": null, "provider": null, "status": null},
            "billing_address_collection": null,
            "cancel_url": session.cancel_url,
            "client_reference_id": session.client_reference_id,
            "client_secret": null,
            "consent": null,
            "consent_collection": null,
            "created": unix(&session.created),
            "currency": session.currency,
            "custom_fields": [],
            "customer": session.customer,
            "customer_creation": match (is_subscription, session.creates_customer) {
                (true, _) => Value::Null,
                (false, true) => "always".into(),
                (false, false) => "if_required".into(),
            },
            "customer_details": self.customer_details(session),
            "customer_email": session.customer_email,
            "discounts": [],
            "expires_at": unix(&session.expires_at),
            "invoice": self.subscription_invoice(subscription),
            "invoice_creation": null,
            "livemode": self.livemode,
            "locale": null,
            "metadata": session.metadata,
            "mode": session.mode,
            "payment_intent": if is_subscription { None } else { session.payment_intent.as_deref() },
            "payment_link": null,
            "payment_method_collection": if is_subscription { "always" } else { "if_required" },
            "payment_method_options": {},
            "payment_method_types": ["card"],
            "payment_status": session.payment_status,
            "phone_number_collection": {"enabled": false},
            "recovered_from": null,
            "setup_intent": null,
            "shipping_address_collection": null,
            "shipping_cost": null,
            "shipping_options": [],
            "status": session.status,
            "submit_type": null,
            "subscription": subscription,
            "success_url": session.success_url,
            "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
            "ui_mode": "hosted",
            "url": open.then(|| format!("https://checkout.stripe.com/c/pay/{}", session.id)),
        })
    }

    /// What the customer entered on the page.
    fn customer_details(&self, session: &CheckoutSession) -> Value {
        let customer = session.customer.as_ref().and_then(|id| self.data.customers.get(id));
        let email = customer.and_then(|customer| customer.email.as_deref());
        let name = customer.and_then(|customer| customer.name.as_deref());
        if session.status != "complete" {
            // The page is filled in with what is known.
            let email = email.or(session.customer_email.as_deref());
            return email.map_or(Value::Null, |email| {
                json!({
                    "email": email,
                    "name": name,
                    "phone": null,
                    "address": null,
                    "tax_exempt": "none",
                    "tax_ids": [],
                })
            });
        }
        let (buyer_email, buyer_name) = buyer(session);
        json!({
            "email": email.unwrap_or(buyer_email),
            "name": name.unwrap_or(buyer_name),
            "phone": customer.and_then(|customer| customer.phone.as_deref()),
            "address": null,
            "tax_exempt": "none",
            "tax_ids": [],
        })
    }

    fn subscription_invoice(&self, subscription: Option<&str>) -> Option<&str> {
        let subscription = subscription?;
        let mut all = self.data.invoices.iter();
        let first = all.find(|invoice| invoice.subscription.as_deref() == Some(subscription))?;
        Some(&first.id)
    }

    pub(in crate::stripe) fn payment_intent(&self, intent: &PaymentIntent) -> Value {
        let received = if intent.status == "succeeded" { intent.amount } else { 0 };
        let failed = intent.status == "requires_payment_method" && intent.charge.is_some();
        let method = payment_method(intent);
        let last_payment_error = failed.then(|| {
            json!({
                "advice_code": "try_again_later",
                "charge": intent.charge,
                "code": "card_declined",
                "decline_code": "generic_decline",
                "doc_url": "https://stripe.com/docs/error-codes/card-declined",
                "message": "Your card was declined.",
                "type": "card_error",
            })
        });
        json!({
            "id": intent.id,
            "object": "payment_intent",
            "amount": intent.amount,
            "amount_capturable": 0,
            "amount_details": {"tip": {}},
            "amount_received": received,
            "application": null,
            "application_fee_amount": null,
            "automatic_payment_methods": null,
            "canceled_at": null,
            "cancellation_reason": null,
            "capture_method": "automatic_async",
            "client_secret": null,
            "confirmation_method": "automatic",
            "created": unix(&intent.created),
            "currency": intent.currency,
            "customer": intent.customer,
            "description": intent.description,
            "excluded_payment_method_types": null,
            "invoice": null,
            "last_payment_error": last_payment_error,
            "latest_charge": intent.charge,
            "livemode": self.livemode,
            "metadata": intent.metadata,
            "next_action": null,
            "on_behalf_of": null,
            "payment_method": if failed { None } else { method },
            "payment_method_options": {},
            "payment_method_types": ["card"],
            "processing": null,
            "receipt_email": null,
            "review": null,
            "setup_future_usage": null,
            "shipping": null,
            "source": null,
            "statement_descriptor": null,
            "statement_descriptor_suffix": null,
            "status": intent.status,
            "transfer_data": null,
            "transfer_group": null,
        })
    }

    /// The charge of a payment that succeeded, with its refunds.
    pub(in crate::stripe) fn charge(&self, intent: &PaymentIntent) -> Value {
        let refunds = self.data.refunds.iter().rev().filter(|refund| refund.payment_intent == intent.id);
        let refunds: Vec<Value> = refunds.map(refund_object).collect();
        let charge = intent.charge.as_deref().unwrap_or_default();
        let customer = intent.customer.as_ref().and_then(|id| self.data.customers.get(id));
        json!({
            "id": intent.charge,
            "object": "charge",
            "amount": intent.amount,
            "amount_captured": intent.amount,
            "amount_refunded": intent.amount_refunded,
            "application": null,
            "application_fee": null,
            "application_fee_amount": null,
            "balance_transaction": with_prefix("txn", charge),
            "billing_details": {
                "address": null,
                "email": intent.email,
                "name": customer.and_then(|customer| customer.name.as_deref()),
                "phone": null,
                "tax_id": null,
            },
            "calculated_statement_descriptor": null,
            "captured": true,
            "created": unix(&intent.created),
            "currency": intent.currency,
            "customer": intent.customer,
            "description": intent.description,
            "disputed": false,
            "failure_balance_transaction": null,
            "failure_code": null,
            "failure_message": null,
            "fraud_details": {},
            "livemode": self.livemode,
            "metadata": intent.metadata,
            "on_behalf_of": null,
            "outcome": {
                "network_status": "approved_by_network",
                "reason": null,
                "risk_level": "normal",
                "seller_message": "Payment complete.",
                "type": "authorized",
            },
            "paid": true,
            "payment_intent": intent.id,
            "payment_method": payment_method(intent),
            "receipt_email": null,
            "receipt_number": null,
            "receipt_url": null,
            "refunded": intent.amount_refunded == intent.amount,
            "refunds": {
                "object": "list",
                "data": refunds,
                "has_more": false,
                "url": format!("/v1/charges/{charge}/refunds"),
            },
            "review": null,
            "shipping": null,
            "source": null,
            "source_transfer": null,
            "statement_descriptor": null,
            "statement_descriptor_suffix": null,
            "status": "succeeded",
            "transfer_data": null,
            "transfer_group": null,
        })
    }
}

/// The email address and the name that a customer enters where the application gave none.
pub(in crate::stripe) fn buyer(session: &CheckoutSession) -> (&str, &'static str) {
    (session.customer_email.as_deref().unwrap_or("buyer@example.com"), "Sandbox Buyer")
}

pub(in crate::stripe) fn refund_object(refund: &Refund) -> Value {
    json!({
        "id": refund.id,
        "object": "refund",
        "amount": refund.amount,
        "balance_transaction": with_prefix("txn", &refund.id),
        "charge": refund.charge,
        "created": unix(&refund.created),
        "currency": refund.currency,
        "destination_details": {
            "card": {
                "reference_status": "pending",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
            "type": "card",
        },
        "metadata": {},
        "payment_intent": refund.payment_intent,
        "reason": refund.reason,
        "receipt_number": null,
        "source_transfer_reversal": null,
        "status": refund.status,
        "transfer_reversal": null,
    })
}

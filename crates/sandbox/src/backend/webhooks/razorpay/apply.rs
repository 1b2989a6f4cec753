//! What each of Razorpay's events changes. Nothing guards the order of events, but orders and payments do not go back once
//! they are paid.

use serde_json::Value;

use crate::backend::Context;
use crate::backend::api_error::ApiError;
use crate::backend::integers::IntegerType;
use crate::backend::razorpay::PaymentContext;
use crate::backend::webhooks::Applied;
use crate::environment::Environment;
use crate::razorpay::{Invoice, Payment, Refund, Subscription};
use crate::state::razorpay::RazorpayMirror;
use crate::state::{BillingSubject, State};

/// The statuses that the database accepts.
const STATUSES: [&str; 9] = [
    "created",
    "authenticated",
    "active",
    "pending",
    "halted",
    "cancelled",
    "completed",
    "expired",
    "paused",
];

/// Applies an event. Razorpay's `subscription.authenticated` and `subscription.pending` are among those that the backend
/// ignores.
pub(super) fn apply(
    event: &Value,
    environment: Environment,
    state: &mut State,
    context: &Context,
) -> Result<Applied, ApiError> {
    let entity = |name: &str| Some(&event["payload"][name]["entity"]).filter(|entity| entity.is_object());
    for stored in ["payment", "refund", "invoice"].into_iter().filter_map(entity) {
        IntegerType::Bigint.check(&stored["amount"])?;
    }
    let payment = entity("payment").map(Payment::from_json);
    let mirror = state.insforge.razorpay_mut(environment);
    let now = context.now;
    match event["event"].as_str().unwrap_or_default() {
        "payment.authorized" | "payment.captured" | "payment.failed" | "order.paid" => {
            let Some(payment) = payment else { return Ok(Applied::Ignored) };
            mirror.update_order(&payment, now);
            mirror.upsert_payment(payment, PaymentContext::default(), now);
        }
        "refund.created" | "refund.processed" | "refund.failed" => {
            let Some(refund) = entity("refund") else { return Ok(Applied::Ignored) };
            mirror.upsert_refund(Refund::from_json(refund), now);
        }
        "subscription.created"
        | "subscription.activated"
        | "subscription.charged"
        | "subscription.updated"
        | "subscription.cancelled"
        | "subscription.paused"
        | "subscription.resumed"
        | "subscription.halted"
        | "subscription.completed"
        | "subscription.expired" => {
            let Some(subscription) = entity("subscription") else { return Ok(Applied::Ignored) };
            let payment = payment.filter(|_| event["event"] == "subscription.charged");
            let row_id = state.insforge.ids.uuid();
            let mirror = state.insforge.razorpay_mut(environment);
            mirror.apply_subscription(Subscription::from_json(subscription), payment, row_id, now)?;
        }
        "invoice.paid" | "invoice.expired" => {
            let Some(invoice) = entity("invoice") else { return Ok(Applied::Ignored) };
            mirror.apply_invoice(Invoice::from_json(invoice), payment, now);
        }
        _ => return Ok(Applied::Ignored),
    }
    Ok(Applied::Handled)
}

impl RazorpayMirror {
    /// Updates the order of a payment, if the backend created it.
    fn update_order(&mut self, payment: &Payment, now: &str) {
        let Some(order) = &payment.order else { return };
        let row = self.orders.iter_mut().find(|row| row.order.as_ref() == Some(order));
        let Some(row) = row else { return };
        now.clone_into(&mut row.updated_at);
        if matches!(payment.status.as_str(), "captured" | "refunded") {
            "paid".clone_into(&mut row.status);
            row.amount_paid = Some(payment.amount);
            row.amount_due = Some(row.amount.saturating_sub(payment.amount));
            row.verified_payment.get_or_insert_with(|| payment.id.clone());
        } else if row.status != "paid" {
            "attempted".clone_into(&mut row.status);
        }
    }

    /// Stores a subscription and the payment that was charged. The payment stays even if the subscription cannot be stored.
    fn apply_subscription(
        &mut self,
        subscription: Subscription,
        payment: Option<Payment>,
        row_id: String,
        now: &str,
    ) -> Result<(), ApiError> {
        let customer = subscription.customer.clone();
        let subject = BillingSubject::from_metadata(&subscription.notes)
            .or_else(|| self.subjects.subject_of(customer.as_ref()?).cloned());
        if let Some(payment) = payment {
            let subscription = Some(subscription.id.clone());
            let context =
                PaymentContext { subscription, subject: subject.clone(), ..PaymentContext::default() };
            self.upsert_payment(payment, context, now);
        }
        if !STATUSES.contains(&subscription.status.as_str()) {
            let message = "new row for relation \"razorpay_subscriptions\" violates check constraint \
                           \"razorpay_subscriptions_status_check\"";
            return Err(ApiError::new(500, "INTERNAL_ERROR", message));
        }
        let row = self.upsert_subscription(subscription, subject, row_id, now);
        let Some((subject, customer)) = row.subject.clone().zip(customer) else { return Ok(()) };
        Ok(self.subjects.map(&subject, &customer)?)
    }

    /// Stores an invoice. With its payment, only the payment counts.
    fn apply_invoice(&mut self, invoice: Invoice, payment: Option<Payment>, now: &str) {
        let Some(payment) = payment else {
            self.upsert_invoice(invoice, now);
            return;
        };
        let (invoice, subscription) = (Some(invoice.id), invoice.subscription);
        self.upsert_payment(payment, PaymentContext { invoice, subscription, subject: None }, now);
    }
}

//! Events of refunds. A refund is a row of its own, and the row of its payment has the refunded amount.

use crate::backend::Context;
use crate::backend::api_error::ApiError;
use crate::backend::integers::IntegerType;
use crate::backend::webhooks::Applied;
use crate::backend::webhooks::stripe::object::Object;
use crate::backend::webhooks::stripe::{StripeEvent, internal, payments};
use crate::generation::Generation;
use crate::state::{BillingSubject, References, State, Transaction};
use crate::stripe::StripeError;

/// Stores a refund, and computes the refunded amount of its payment from all of its refunds.
pub(super) fn refund(event: &StripeEvent, state: &mut State) -> Result<Applied, ApiError> {
    let object = event.object;
    IntegerType::Bigint.check(&object.number("amount").into())?;
    let of = RefundedPayment { intent: object.id("payment_intent"), charge: object.id("charge") };
    let payment = match of.find(&event.mirror(state).transactions) {
        Some(row) => Some(Payment::of(row)),
        None => fetch_payment(event, state, &of)?,
    };
    let new = refund_row(event, &of, payment.as_ref());
    let transactions = &mut event.mirror(state).transactions;
    let same =
        |row: &&mut Transaction| row.r#type == "refund" && row.references.refund == new.references.refund;
    match transactions.iter_mut().find(same) {
        Some(row) => {
            let old = std::mem::replace(row, new);
            row.created_at = old.created_at;
            if event.context.generation == Generation::Newer {
                row.failed_at = row.failed_at.take().or(old.failed_at);
                row.refunded_at = row.refunded_at.take().or(old.refunded_at);
            }
        }
        None => transactions.push(new),
    }
    of.refresh(transactions, event.context);
    Ok(Applied::Handled)
}

/// The row of a refund. It has the billing subject and the customer of its payment.
fn refund_row(event: &StripeEvent, of: &RefundedPayment, payment: Option<&Payment>) -> Transaction {
    let object = event.object;
    let status = match object.text("status").as_deref() {
        Some("succeeded") => "refunded",
        Some("failed" | "canceled") => "failed",
        _ => "pending",
    };
    let is_newer = event.context.generation == Generation::Newer;
    let time_if = |condition: bool| object.time("created").filter(|_| condition);
    let inherited = payment.map(|payment| payment.references.clone()).unwrap_or_default();
    let description = object.text("description").or_else(|| object.text("reason"));
    Transaction {
        r#type: "refund".to_owned(),
        status: status.to_owned(),
        subject: payment.and_then(|payment| payment.subject.clone()),
        customer_id: payment.and_then(|payment| payment.customer.clone()),
        customer_email: payment.and_then(|payment| payment.email.clone()),
        references: References {
            refund: object.text("id"),
            payment_intent: of.intent.clone(),
            charge: of.charge.clone(),
            invoice: inherited.invoice,
            subscription: inherited.subscription,
            product: inherited.product,
            price: inherited.price,
            ..References::default()
        },
        amount: object.number("amount"),
        amount_refunded: object.number("amount").filter(|_| is_newer),
        currency: object.text("currency"),
        description: description.or_else(|| payment.and_then(|payment| payment.description.clone())),
        paid_at: None,
        failed_at: time_if(status == "failed" && is_newer),
        refunded_at: time_if(status == "refunded"),
        provider_created_at: object.time("created"),
        created_at: event.context.now.to_owned(),
        updated_at: event.context.now.to_owned(),
    }
}

/// Stores the refunded amount of a charge.
pub(super) fn charge_refunded(event: &StripeEvent, state: &mut State) -> Result<Applied, ApiError> {
    let object = event.object;
    let of = RefundedPayment { intent: object.id("payment_intent"), charge: object.text("id") };
    let amount = object.number("amount_refunded");
    IntegerType::Bigint.check(&amount.into())?;
    let at = object.all("refunds").filter_map(|refund| refund.time("created")).max();
    let context = event.context;
    for row in event.mirror(state).transactions.iter_mut().filter(|row| of.is(row)) {
        let status = if object.is_true("refunded") { "refunded" } else { "partially_refunded" };
        status.clone_into(&mut row.status);
        row.amount_refunded = amount;
        row.refunded_at = at.clone().or_else(|| Some(context.now.to_owned()));
        if context.generation == Generation::Newer {
            let own = References {
                payment_intent: of.intent.clone(),
                charge: of.charge.clone(),
                ..References::default()
            };
            row.references = std::mem::take(&mut row.references).merged_with(own);
        }
        context.now.clone_into(&mut row.updated_at);
    }
    Ok(Applied::Handled)
}

/// What a refund's row takes from its payment.
struct Payment {
    subject: Option<BillingSubject>,
    customer: Option<String>,
    email: Option<String>,
    references: References,
    description: Option<String>,
}

impl Payment {
    fn of(row: &Transaction) -> Self {
        Self {
            subject: row.subject.clone(),
            customer: row.customer_id.clone(),
            email: row.customer_email.clone(),
            references: row.references.clone(),
            description: row.description.clone(),
        }
    }
}

/// Asks Stripe for a payment that the backend does not know, and stores it if it belongs to the application.
fn fetch_payment(
    event: &StripeEvent,
    state: &mut State,
    of: &RefundedPayment,
) -> Result<Option<Payment>, ApiError> {
    let Some(key) = event.mirror(state).key.clone() else { return Ok(None) };
    let failed = |error: StripeError| internal(error.message);
    let mut stripe = state.stripe(&key, event.environment, event.context.now);
    let known = of.intent.as_deref().map(|id| stripe.payment_intent(id)).transpose().map_err(failed)?;
    let charge = of.charge.as_deref().map(|id| stripe.charge(id)).transpose().map_err(failed)?;
    let charge = Object::new(charge.as_ref());
    let id = of.intent.clone().or_else(|| charge.id("payment_intent"));
    let intent = match (known, &id) {
        (None, Some(id)) => Some(stripe.payment_intent(id).map_err(failed)?),
        (known, _) => known,
    };
    let intent = Object::new(intent.as_ref());
    let invoice =
        id.as_deref().map(|id| stripe.invoice_of_payment(id)).transpose().map_err(failed)?.flatten();
    match &invoice {
        Some(invoice) => payments::store_invoice(event, state, Object::new(Some(invoice)), false)?,
        None if intent.text("status").as_deref() == Some("succeeded") => {
            payments::store_payment_intent(event, state, intent, false)?;
        }
        None => {}
    }
    if let Some(row) = of.find(&event.mirror(state).transactions) {
        return Ok(Some(Payment::of(row)));
    }
    let customer = intent.id("customer").or_else(|| charge.id("customer"));
    let mapped = || event.mirror(state).subjects.subject_of(customer.as_ref()?).cloned();
    Ok(Some(Payment {
        subject: intent.subject().or_else(|| charge.subject()).or_else(mapped),
        email: intent.text("receipt_email").or_else(|| charge.get("billing_details").text("email")),
        references: References::default(),
        description: intent.text("description").or_else(|| charge.text("description")),
        customer,
    }))
}

/// Names the payment that a refund belongs to.
pub(super) struct RefundedPayment {
    pub(super) intent: Option<String>,
    pub(super) charge: Option<String>,
}

impl RefundedPayment {
    /// Whether this is the row of the payment.
    fn is(&self, row: &Transaction) -> bool {
        row.r#type != "refund" && self.has(&row.references)
    }

    /// The newest row of the payment.
    fn find<'t>(&self, transactions: &'t [Transaction]) -> Option<&'t Transaction> {
        transactions.iter().rfind(|row| self.is(row))
    }

    /// Whether these are references of the payment, or of one of its refunds.
    fn has(&self, references: &References) -> bool {
        let same = |own: &Option<String>, other: &Option<String>| own.is_some() && own == other;
        same(&references.payment_intent, &self.intent) || same(&references.charge, &self.charge)
    }

    /// Computes the refunded amount of the payment from its refunds, and completes the rows of the refunds.
    pub(super) fn refresh(&self, transactions: &mut [Transaction], context: &Context) {
        let is_refund = |row: &Transaction| row.r#type == "refund" && self.has(&row.references);
        let refunded = || transactions.iter().filter(|row| is_refund(row) && row.status == "refunded");
        let total = refunded().filter_map(|row| row.amount).fold(0, u64::saturating_add);
        let at = refunded().filter_map(|row| row.refunded_at.clone()).max();
        for row in transactions.iter_mut().filter(|row| self.is(row)) {
            row.set_amount_refunded(total, context.now);
            row.refunded_at = at.clone().filter(|_| total > 0);
        }
        let Some(payment) = self.find(transactions).map(Payment::of) else { return };
        for row in transactions.iter_mut().filter(|row| is_refund(row)) {
            row.subject = row.subject.take().or_else(|| payment.subject.clone());
            row.customer_id = row.customer_id.take().or_else(|| payment.customer.clone());
            row.customer_email = row.customer_email.take().or_else(|| payment.email.clone());
            if context.generation == Generation::Newer {
                row.description = row.description.take().or_else(|| payment.description.clone());
                row.references = payment.references.clone().merged_with(std::mem::take(&mut row.references));
            }
        }
    }
}

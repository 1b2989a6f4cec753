//! Writes transactions. The events of one payment change one row, which any of its objects at Stripe can identify.

use crate::backend::api_error::ApiError;
use crate::backend::integers::IntegerType;
use crate::backend::webhooks::stripe::StripeEvent;
use crate::backend::webhooks::stripe::refunds::RefundedPayment;
use crate::generation::Generation;
use crate::state::{BillingSubject, References, State, Time, Transaction};

/// The object at Stripe that says something about a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    CheckoutSession,
    PaymentIntent,
    Invoice,
}

/// What an object at Stripe says about a payment. The amount is in the currency's smallest unit.
pub(super) struct NewTransaction {
    pub(super) source: Source,
    pub(super) r#type: &'static str,
    pub(super) status: &'static str,
    pub(super) subject: Option<BillingSubject>,
    pub(super) customer: Option<String>,
    pub(super) email: Option<String>,
    pub(super) references: References,
    pub(super) amount: Option<u64>,
    pub(super) currency: Option<String>,
    pub(super) description: Option<String>,
    /// When it succeeded or failed.
    pub(super) at: Option<Time>,
    pub(super) created: Option<Time>,
}

impl NewTransaction {
    /// Writes the row, or changes the one of the same payment. A success does not undo a refund that is known already.
    pub(super) fn store(self, event: &StripeEvent, state: &mut State) -> Result<(), ApiError> {
        IntegerType::Bigint.check(&self.amount.into())?;
        let generation = event.context.generation;
        let source = self.source;
        let succeeded = self.status == "succeeded";
        let refunded = RefundedPayment {
            intent: self.references.payment_intent.clone(),
            charge: self.references.charge.clone().filter(|_| source == Source::PaymentIntent),
        };
        let transactions = &mut event.mirror(state).transactions;
        let known = self.find(transactions, generation);
        let new = self.into_row(event.context.now, generation);
        match known.and_then(|index| transactions.get_mut(index)) {
            Some(row) if generation == Generation::Newer => row.update(new),
            Some(row) => row.update_in_older_backend(new, source),
            None => transactions.push(new),
        }
        if succeeded {
            refunded.refresh(transactions, event.context);
        }
        Ok(())
    }

    /// The row of the same payment: the one with the same main object, or else the newest one.
    fn find(&self, transactions: &[Transaction], generation: Generation) -> Option<usize> {
        let same = |own: &Option<String>, other: &Option<String>| own.is_some() && own == other;
        let is_match = |row: &Transaction| {
            let (own, other) = (&self.references, &row.references);
            let intent = same(&own.payment_intent, &other.payment_intent);
            row.r#type != "refund"
                && match (self.source, generation) {
                    (Source::CheckoutSession, _) => {
                        intent || same(&own.checkout_session, &other.checkout_session)
                    }
                    (Source::Invoice, Generation::Newer) => intent || same(&own.invoice, &other.invoice),
                    (Source::Invoice, Generation::Older) => same(&own.invoice, &other.invoice),
                    (Source::PaymentIntent, Generation::Newer) => intent || same(&own.charge, &other.charge),
                    (Source::PaymentIntent, Generation::Older) => intent,
                }
        };
        let main = |row: &Transaction| row.references.primary() == self.references.primary();
        let matches = || transactions.iter().rposition(is_match);
        transactions.iter().rposition(|row| is_match(row) && main(row)).or_else(matches)
    }

    fn into_row(self, now: &str, generation: Generation) -> Transaction {
        let time_if = |status: &str| self.at.clone().filter(|_| self.status == status);
        let paid_at = time_if("succeeded");
        // Older backends do not record when a delayed payment failed.
        let has_failure_time = generation == Generation::Newer || self.source != Source::CheckoutSession;
        let failed_at = time_if("failed").filter(|_| has_failure_time);
        Transaction {
            r#type: self.r#type.to_owned(),
            status: self.status.to_owned(),
            subject: self.subject,
            customer_id: self.customer,
            customer_email: self.email,
            references: self.references,
            amount: self.amount,
            amount_refunded: (generation == Generation::Newer).then_some(0),
            currency: self.currency,
            description: self.description,
            paid_at,
            failed_at,
            refunded_at: None,
            provider_created_at: self.created,
            created_at: now.to_owned(),
            updated_at: now.to_owned(),
        }
    }
}

impl Transaction {
    /// Overwrites the row. What the new row does not say keeps its value.
    fn update(&mut self, new: Self) {
        let old = self.clone();
        *self = Self {
            subject: new.subject.or(old.subject),
            customer_id: new.customer_id.or(old.customer_id),
            customer_email: new.customer_email.or(old.customer_email),
            references: old.references.merged_with(new.references),
            amount_refunded: old.amount_refunded.or(new.amount_refunded),
            description: new.description.or(old.description),
            paid_at: new.paid_at.or(old.paid_at),
            failed_at: new.failed_at.or(old.failed_at),
            refunded_at: old.refunded_at,
            provider_created_at: new.provider_created_at.or(old.provider_created_at),
            created_at: old.created_at,
            ..new
        };
    }

    /// Overwrites the row as older backends do: also with what the new row does not say. Only invoices keep the customer, and
    /// a session keeps the type and the time of a failure.
    fn update_in_older_backend(&mut self, new: Self, source: Source) {
        let old = self.clone();
        let is_invoice = source == Source::Invoice;
        let is_session = source == Source::CheckoutSession;
        *self = Self {
            r#type: if is_session { old.r#type } else { new.r#type },
            subject: new.subject.or(old.subject.filter(|_| is_invoice)),
            customer_id: new.customer_id.or(old.customer_id.filter(|_| is_invoice)),
            customer_email: new.customer_email.or(old.customer_email.filter(|_| is_invoice)),
            references: old.references.merged_with(new.references),
            amount_refunded: old.amount_refunded,
            failed_at: if is_session { old.failed_at } else { new.failed_at },
            refunded_at: old.refunded_at,
            created_at: old.created_at,
            ..new
        };
    }
}

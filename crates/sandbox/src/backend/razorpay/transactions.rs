//! Transactions from invoices, payments and refunds. An invoice and its payment become one row, whichever comes first.

use serde_json::{Map, Value};

use crate::razorpay::{Invoice, Payment, Refund};
use crate::state::razorpay::RazorpayMirror;
use crate::state::{BillingSubject, References, Transaction};

impl RazorpayMirror {
    /// Stores invoices. Returns their number.
    pub(super) fn upsert_invoices(&mut self, invoices: Vec<Invoice>, now: &str) -> usize {
        let count = invoices.len();
        for invoice in invoices {
            self.upsert_invoice(invoice, now);
        }
        count
    }

    /// Stores payments. Returns their number.
    pub(super) fn upsert_payments(&mut self, payments: Vec<Payment>, now: &str) -> usize {
        let count = payments.len();
        for payment in payments {
            self.upsert_payment(payment, PaymentContext::default(), now);
        }
        count
    }

    /// Stores an invoice.
    pub(in crate::backend) fn upsert_invoice(&mut self, invoice: Invoice, now: &str) {
        let status = match invoice.status.as_str() {
            "paid" => "succeeded",
            "draft" | "issued" | "partially_paid" => "pending",
            _ => "failed",
        };
        let paid = status == "succeeded" && invoice.amount_paid > 0;
        let r#type = match (&invoice.subscription, status) {
            (Some(_), _) => "subscription_invoice",
            (None, "failed") => "failed_payment",
            (None, _) => "one_time_payment",
        };
        let failed_at = invoice.expired_at.or(invoice.cancelled_at).or_else(|| invoice.created.clone());
        let paid_at = invoice.paid_at.or_else(|| invoice.created.clone());
        self.upsert_transaction(Transaction {
            r#type: r#type.to_owned(),
            status: status.to_owned(),
            subject: self.subject(&invoice.notes, invoice.customer.as_ref()),
            customer_id: invoice.customer,
            customer_email: invoice.email,
            references: References {
                payment: invoice.payment,
                invoice: Some(invoice.id),
                order: invoice.order,
                subscription: invoice.subscription,
                ..References::default()
            },
            amount: Some(if paid { invoice.amount_paid } else { invoice.amount }),
            amount_refunded: Some(0),
            currency: Some(invoice.currency.to_lowercase()),
            description: invoice.description,
            paid_at: paid_at.filter(|_| status == "succeeded"),
            failed_at: failed_at.filter(|_| status == "failed"),
            refunded_at: None,
            provider_created_at: invoice.created,
            created_at: now.to_owned(),
            updated_at: now.to_owned(),
        });
    }

    /// Stores a payment.
    pub(in crate::backend) fn upsert_payment(
        &mut self,
        payment: Payment,
        context: PaymentContext,
        now: &str,
    ) {
        let status = payment_status(&payment);
        let own = References {
            payment: Some(payment.id),
            invoice: payment.invoice.or(context.invoice),
            order: payment.order,
            ..References::default()
        };
        let existing = self.transactions.iter().rfind(|row| is_same_payment(row, &own)).cloned();
        let existing = existing.as_ref();
        let references = References {
            invoice: own.invoice.or_else(|| existing?.references.invoice.clone()),
            order: own.order.or_else(|| existing?.references.order.clone()),
            subscription: context
                .subscription
                .or_else(|| existing.and_then(|row| row.references.subscription.clone())),
            ..own
        };
        let is_subscription = references.invoice.is_some()
            || references.subscription.is_some()
            || existing.is_some_and(|row| row.r#type == "subscription_invoice");
        let r#type = match status {
            _ if is_subscription => "subscription_invoice",
            "failed" => "failed_payment",
            _ => "one_time_payment",
        };
        let subject = BillingSubject::from_metadata(&payment.notes)
            .or(context.subject)
            .or_else(|| existing?.subject.clone())
            .or_else(|| self.subjects.subject_of(payment.customer.as_ref()?).cloned());
        let time_if = |condition: bool| payment.created.clone().filter(|_| condition);
        self.upsert_transaction(Transaction {
            r#type: r#type.to_owned(),
            status: status.to_owned(),
            subject,
            customer_id: payment.customer.or_else(|| existing?.customer_id.clone()),
            customer_email: payment.email.or_else(|| existing?.customer_email.clone()),
            references,
            amount: Some(payment.amount),
            amount_refunded: Some(payment.amount_refunded),
            currency: Some(payment.currency.to_lowercase()),
            description: payment.description.or_else(|| existing?.description.clone()),
            paid_at: time_if(status == "succeeded"),
            failed_at: time_if(status == "failed"),
            refunded_at: time_if(matches!(status, "refunded" | "partially_refunded")),
            provider_created_at: payment.created.clone(),
            created_at: now.to_owned(),
            updated_at: now.to_owned(),
        });
    }

    /// Stores a refund, and adds up the refunds of its payment. Without a row for the payment, the refund stands alone.
    pub(in crate::backend) fn upsert_refund(&mut self, refund: Refund, now: &str) {
        let is_payment = |row: &Transaction| {
            row.r#type != "refund" && row.references.payment.as_ref() == Some(&refund.payment)
        };
        let original = self.transactions.iter().rfind(|row| is_payment(row)).cloned();
        let original = original.as_ref();
        let status = match refund.status.as_str() {
            "processed" => "refunded",
            "failed" => "failed",
            _ => "pending",
        };
        let time_if = |condition: bool| condition.then(|| refund.created.clone());
        self.upsert_transaction(Transaction {
            r#type: "refund".to_owned(),
            status: status.to_owned(),
            subject: original.and_then(|row| row.subject.clone()),
            customer_id: original.and_then(|row| row.customer_id.clone()),
            customer_email: original.and_then(|row| row.customer_email.clone()),
            references: References {
                refund: Some(refund.id),
                payment: Some(refund.payment.clone()),
                ..original.map(|row| row.references.clone()).unwrap_or_default()
            },
            amount: Some(refund.amount),
            amount_refunded: Some(refund.amount),
            currency: Some(refund.currency.to_lowercase()),
            description: original.and_then(|row| row.description.clone()),
            paid_at: None,
            failed_at: time_if(status == "failed"),
            refunded_at: time_if(status == "refunded"),
            provider_created_at: Some(refund.created.clone()),
            created_at: now.to_owned(),
            updated_at: now.to_owned(),
        });
        self.add_up_refunds(&refund.payment, now);
    }

    /// Sets the refunded amount and the status of a payment from the rows of its refunds.
    fn add_up_refunds(&mut self, payment: &str, now: &str) {
        let is_of_payment = |row: &&Transaction| row.references.payment.as_deref() == Some(payment);
        let refunds = self.transactions.iter().filter(is_of_payment);
        let refunds = refunds.filter(|row| row.r#type == "refund" && row.status == "refunded");
        let (mut refunded, mut last) = (0_u64, None);
        for refund in refunds {
            refunded = refund.amount.unwrap_or_default().saturating_add(refunded);
            last = last.max(refund.refunded_at.clone());
        }
        let is_original = |row: &&mut Transaction| {
            row.r#type != "refund" && row.references.payment.as_deref() == Some(payment)
        };
        let Some(original) = self.transactions.iter_mut().rfind(is_original) else { return };
        original.set_amount_refunded(refunded, now);
        original.refunded_at = last.or_else(|| original.refunded_at.take());
    }

    /// Merges a transaction into the row for the same payment, or adds a row. Fields that are now empty keep their values.
    fn upsert_transaction(&mut self, new: Transaction) {
        let same = |row: &&mut Transaction| row.references.primary() == new.references.primary();
        let existing = match self.transactions.iter_mut().rfind(same) {
            Some(row) => Some(row),
            None if new.r#type == "refund" => None,
            None => self.transactions.iter_mut().rfind(|row| is_same_payment(row, &new.references)),
        };
        let Some(row) = existing else {
            self.transactions.push(new);
            return;
        };
        let before = row.clone();
        let is_final = before.status != "pending";
        *row = Transaction {
            status: if is_final && new.status == "pending" { before.status } else { new.status },
            subject: new.subject.or(before.subject),
            customer_id: new.customer_id.or(before.customer_id),
            customer_email: new.customer_email.or(before.customer_email),
            references: References {
                payment: new.references.payment.or(before.references.payment),
                invoice: new.references.invoice.or(before.references.invoice),
                order: new.references.order.or(before.references.order),
                subscription: new.references.subscription.or(before.references.subscription),
                ..before.references
            },
            description: new.description.or(before.description),
            paid_at: new.paid_at.or(before.paid_at),
            failed_at: new.failed_at.or(before.failed_at),
            refunded_at: new.refunded_at.or(before.refunded_at),
            provider_created_at: new.provider_created_at.or(before.provider_created_at),
            created_at: before.created_at,
            ..new
        };
    }

    /// The billing subject: from the notes, or else the customer's.
    fn subject(&self, notes: &Map<String, Value>, customer: Option<&String>) -> Option<BillingSubject> {
        BillingSubject::from_metadata(notes).or_else(|| self.subjects.subject_of(customer?).cloned())
    }
}

/// What an event says about a payment besides the payment itself.
#[derive(Default)]
pub(in crate::backend) struct PaymentContext {
    pub(in crate::backend) invoice: Option<String>,
    pub(in crate::backend) subscription: Option<String>,
    pub(in crate::backend) subject: Option<BillingSubject>,
}

/// Whether a row is for the payment with these references. A refund is a row of its own.
fn is_same_payment(row: &Transaction, references: &References) -> bool {
    let same = |a: &Option<String>, b: &Option<String>| a.is_some() && a == b;
    row.r#type != "refund"
        && (same(&row.references.payment, &references.payment)
            || same(&row.references.invoice, &references.invoice)
            || same(&row.references.order, &references.order))
}

fn payment_status(payment: &Payment) -> &'static str {
    match payment.status.as_str() {
        "refunded" => "refunded",
        "captured" if payment.amount_refunded == 0 => "succeeded",
        "captured" if payment.amount_refunded >= payment.amount => "refunded",
        "captured" => "partially_refunded",
        "failed" => "failed",
        _ => "pending",
    }
}

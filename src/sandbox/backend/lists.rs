//! Customers, subscriptions and transactions: lists with a limit and no cursor.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::sandbox::backend::form::{Form, Text};
use crate::sandbox::backend::refusal::Refusal;
use crate::sandbox::backend::rows::{self, Spend};
use crate::sandbox::backend::{Scene, query};
use crate::sandbox::state::{Mirror, MirroredCustomer, MirroredSubscription, Subject, Transaction};

impl Scene<'_> {
    pub(super) fn customers(&self) -> Result<Value, Refusal> {
        let environment = self.environment()?;
        let query = query(&self.request.target);
        let mut form = Form::over(&query, self.generation());
        let limit = form.limit();
        form.refuse_unknown();
        form.finish()?;
        let mirror = self.state.insforge.of(environment);
        let spending = spending(mirror);
        let mut rows: Vec<&MirroredCustomer> = mirror.customers.values().collect();
        rows.sort_by_key(|row| {
            let customer = &row.customer;
            let name = customer.email.as_ref().or(customer.name.as_ref()).unwrap_or(&customer.id);
            (row.deleted, name, &customer.id)
        });
        let nothing = Spend::default();
        let rows = rows.into_iter().take(limit).map(|row| {
            let spend = spending.get(row.customer.id.as_str()).unwrap_or(&nothing);
            rows::customer(row, spend, environment)
        });
        Ok(json!({"customers": rows.collect::<Vec<_>>()}))
    }

    pub(super) fn subscriptions(&self) -> Result<Value, Refusal> {
        let environment = self.environment()?;
        let (subject, limit) = self.subject_and_limit()?;
        let all = self.state.insforge.of(environment).subscriptions.values();
        let mut rows: Vec<&MirroredSubscription> =
            all.filter(|row| subject.is_none() || row.subject == subject).collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.written));
        let rows = rows.into_iter().take(limit).map(|row| rows::subscription(row, environment));
        Ok(json!({"subscriptions": rows.collect::<Vec<_>>()}))
    }

    pub(super) fn transactions(&self) -> Result<Value, Refusal> {
        let environment = self.environment()?;
        let (subject, limit) = self.subject_and_limit()?;
        let all = self.state.insforge.of(environment).transactions.iter();
        let mut rows: Vec<&Transaction> =
            all.filter(|row| subject.is_none() || row.subject == subject).collect();
        rows.sort_by(|a, b| moment(b).cmp(moment(a)));
        let generation = self.generation();
        let rows = rows.into_iter().take(limit).map(|row| rows::transaction(row, environment, generation));
        Ok(json!({"transactions": rows.collect::<Vec<_>>()}))
    }
}

impl Scene<'_> {
    /// The billing subject, whose two halves come together or not at all, and how many rows are wanted.
    fn subject_and_limit(&self) -> Result<(Option<Subject>, usize), Refusal> {
        let word = Text { required: Some("String must contain at least 1 character(s)"), ..Text::default() };
        let query = query(&self.request.target);
        let mut form = Form::over(&query, self.generation());
        let r#type = form.optional_text("subjectType", word);
        let id = form.optional_text("subjectId", word);
        let limit = form.limit();
        form.refuse_unknown();
        form.refuse_if(
            r#type.is_some() != id.is_some(),
            "subjectType and subjectId must be provided together",
        );
        form.finish()?;
        Ok((r#type.zip(id).map(|(r#type, id)| Subject { r#type, id }), limit))
    }
}

/// When it happened at Stripe, as far as that is known.
fn moment(transaction: &Transaction) -> &str {
    transaction.provider_created_at.as_ref().unwrap_or(&transaction.created_at)
}

/// What every customer paid, refunds taken off.
fn spending(mirror: &Mirror) -> HashMap<&str, Spend<'_>> {
    let mut spending: HashMap<&str, Spend> = HashMap::new();
    let paid = |row: &&Transaction| {
        row.r#type != "refund"
            && matches!(row.status.as_str(), "succeeded" | "refunded" | "partially_refunded")
    };
    for row in mirror.transactions.iter().filter(paid) {
        let Some(customer) = row.customer_id.as_deref() else { continue };
        let spend = spending.entry(customer).or_default();
        let amount = row.amount.unwrap_or_default().saturating_sub(row.amount_refunded.unwrap_or_default());
        let currency = row.currency.as_deref().unwrap_or_default();
        spend.total = match (spend.payments, spend.total) {
            (0, _) => Some((amount, currency)),
            (_, Some((total, known))) if known == currency => Some((total + amount, currency)),
            _ => None,
        };
        spend.payments += 1;
        spend.last = spend.last.max(Some(row.paid_at.as_deref().unwrap_or_else(|| moment(row))));
    }
    spending
}

//! Customers and transactions, which every provider has in one form: lists with a limit and no cursor.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use crate::backend::form::{Form, Text};
use crate::backend::refusal::Refusal;
use crate::backend::rows::{self, Spend};
use crate::backend::{Provider, Scene, query};
use crate::state::{MirroredCustomer, Subject, Transaction};

/// What the backend has of a provider's customers and their payments.
pub(super) struct Ledger<'a> {
    pub(super) provider: &'static str,
    pub(super) customers: &'a BTreeMap<String, MirroredCustomer>,
    pub(super) transactions: &'a [Transaction],
}

impl Scene<'_> {
    pub(super) fn customers<P: Provider>(&self) -> Result<Value, Refusal> {
        let environment = self.environment()?;
        let query = query(&self.request.target);
        let mut form = Form::over(&query, self.generation());
        let limit = form.limit();
        form.refuse_unknown();
        form.finish()?;
        let ledger = P::ledger(self.state, environment);
        let spending = ledger.spending();
        let mut rows: Vec<&MirroredCustomer> = ledger.customers.values().collect();
        rows.sort_by_key(|row| {
            let customer = &row.customer;
            let name = customer.email.as_ref().or(customer.name.as_ref()).unwrap_or(&customer.id);
            (row.deleted, name, &customer.id)
        });
        let nothing = Spend::default();
        let rows = rows.into_iter().take(limit).map(|row| {
            let spend = spending.get(row.customer.id.as_str()).unwrap_or(&nothing);
            rows::customer(row, spend, environment, ledger.provider)
        });
        Ok(json!({"customers": rows.collect::<Vec<_>>()}))
    }

    pub(super) fn transactions<P: Provider>(&self) -> Result<Value, Refusal> {
        let environment = self.environment()?;
        let (subject, limit) = self.subject_and_limit()?;
        let ledger = P::ledger(self.state, environment);
        let all = ledger.transactions.iter();
        let mut rows: Vec<&Transaction> =
            all.filter(|row| subject.is_none() || row.subject == subject).collect();
        rows.sort_by(|a, b| b.moment().cmp(a.moment()));
        let generation = self.generation();
        let rows = rows
            .into_iter()
            .take(limit)
            .map(|row| rows::transaction(row, environment, ledger.provider, generation));
        Ok(json!({"transactions": rows.collect::<Vec<_>>()}))
    }

    /// The billing subject, whose two halves come together or not at all, and how many rows are wanted.
    pub(super) fn subject_and_limit(&self) -> Result<(Option<Subject>, usize), Refusal> {
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

impl Ledger<'_> {
    /// What every customer paid, refunds taken off. A payment of nobody's is theirs whose e-mail address it has, where
    /// only one customer has that.
    fn spending(&self) -> HashMap<&str, Spend<'_>> {
        let mut by_email: HashMap<String, Option<&str>> = HashMap::new();
        for customer in self.customers.values().map(|row| &row.customer) {
            let Some(email) = &customer.email else { continue };
            by_email
                .entry(email.to_lowercase())
                .and_modify(|owner| *owner = None)
                .or_insert(Some(&customer.id));
        }
        let payer = |row: &'_ Transaction| -> Option<&str> {
            match &row.customer_id {
                Some(id) => self.customers.get_key_value(id).map(|(id, _)| id.as_str()),
                None => *by_email.get(&row.customer_email.as_ref()?.to_lowercase())?,
            }
        };
        let mut spending: HashMap<&str, Spend> = HashMap::new();
        let paid = |row: &&Transaction| {
            row.r#type != "refund"
                && matches!(row.status.as_str(), "succeeded" | "refunded" | "partially_refunded")
        };
        for row in self.transactions.iter().filter(paid) {
            let Some(customer) = payer(row) else { continue };
            let spend = spending.entry(customer).or_default();
            let refunded = row.amount_refunded.unwrap_or_default();
            let amount = row.amount.unwrap_or_default().saturating_sub(refunded);
            let currency = row.currency.as_deref().unwrap_or_default();
            spend.total = match (spend.payments, spend.total) {
                (0, _) => Some((amount, currency)),
                (_, Some((total, known))) if known == currency => Some((total + amount, currency)),
                _ => None,
            };
            spend.payments += 1;
            spend.last = spend.last.max(Some(row.paid_at.as_deref().unwrap_or_else(|| row.moment())));
        }
        spending
    }
}

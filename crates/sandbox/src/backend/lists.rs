//! The lists of customers and transactions, which all providers have in common. They have a limit and no cursor.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use crate::backend::api_error::ApiError;
use crate::backend::rows::{self, CustomerSpend};
use crate::backend::validate::{StringRules, Validator};
use crate::backend::{Handler, ProviderApi, parse_query};
use crate::state::{BillingSubject, MirroredCustomer, Transaction};

/// The mirrored customers and transactions of a provider.
pub(super) struct Ledger<'a> {
    pub(super) provider: &'static str,
    pub(super) customers: &'a BTreeMap<String, MirroredCustomer>,
    pub(super) transactions: &'a [Transaction],
}

impl Handler<'_> {
    pub(super) fn customers<P: ProviderApi>(&self) -> Result<Value, ApiError> {
        let environment = self.environment()?;
        let query = parse_query(&self.request.target);
        let mut fields = Validator::for_fields(&query, self.generation());
        let limit = fields.limit();
        fields.reject_unknown_fields();
        fields.finish()?;
        let ledger = P::ledger(self.state, environment);
        let spend_by_customer = ledger.spend_by_customer();
        let mut rows: Vec<&MirroredCustomer> = ledger.customers.values().collect();
        rows.sort_by_key(|row| {
            let customer = &row.customer;
            let name = customer.email.as_ref().or(customer.name.as_ref()).unwrap_or(&customer.id);
            (row.deleted, name, &customer.id)
        });
        let none = CustomerSpend::default();
        let rows = rows.into_iter().take(limit).map(|row| {
            let spend = spend_by_customer.get(row.customer.id.as_str()).unwrap_or(&none);
            rows::customer(row, spend, environment, ledger.provider)
        });
        Ok(json!({"customers": rows.collect::<Vec<_>>()}))
    }

    pub(super) fn transactions<P: ProviderApi>(&self) -> Result<Value, ApiError> {
        let environment = self.environment()?;
        let (subject, limit) = self.subject_and_limit()?;
        let ledger = P::ledger(self.state, environment);
        let all = ledger.transactions.iter();
        let mut rows: Vec<&Transaction> =
            all.filter(|row| subject.is_none() || row.subject == subject).collect();
        rows.sort_by(|a, b| b.occurred_at().cmp(a.occurred_at()));
        let generation = self.generation();
        let rows = rows
            .into_iter()
            .take(limit)
            .map(|row| rows::transaction(row, environment, ledger.provider, generation));
        Ok(json!({"transactions": rows.collect::<Vec<_>>()}))
    }

    /// Parses the filter by billing subject, and the limit.
    pub(super) fn subject_and_limit(&self) -> Result<(Option<BillingSubject>, usize), ApiError> {
        let not_longer_than = |length| StringRules {
            required_message: Some("String must contain at least 1 character(s)"),
            max_length: Some(length),
            ..StringRules::default()
        };
        let query = parse_query(&self.request.target);
        let mut fields = Validator::for_fields(&query, self.generation());
        let r#type = fields.optional_string("subjectType", not_longer_than(100));
        let id = fields.optional_string("subjectId", not_longer_than(255));
        let limit = fields.limit();
        fields.reject_unknown_fields();
        fields.reject_if(
            r#type.is_some() != id.is_some(),
            "subjectType and subjectId must be provided together",
        );
        fields.finish()?;
        Ok((r#type.zip(id).map(|(r#type, id)| BillingSubject { r#type, id }), limit))
    }
}

impl Ledger<'_> {
    /// The payments of each customer, minus refunds. A payment without a customer counts for the customer with the same
    /// email address, if there is exactly one.
    fn spend_by_customer(&self) -> HashMap<&str, CustomerSpend<'_>> {
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
        let mut spend_by_customer: HashMap<&str, CustomerSpend> = HashMap::new();
        let paid = |row: &&Transaction| {
            row.r#type != "refund"
                && matches!(row.status.as_str(), "succeeded" | "refunded" | "partially_refunded")
        };
        for row in self.transactions.iter().filter(paid) {
            let Some(customer) = payer(row) else { continue };
            let spend = spend_by_customer.entry(customer).or_default();
            let refunded = row.amount_refunded.unwrap_or_default();
            let amount = row.amount.unwrap_or_default().saturating_sub(refunded);
            let currency = row.currency.as_deref().unwrap_or_default();
            spend.total = match (spend.payments, spend.total) {
                (0, _) => Some((amount, currency)),
                (_, Some((total, known))) if known == currency => Some((total + amount, currency)),
                _ => None,
            };
            spend.payments += 1;
            spend.last = spend.last.max(Some(row.paid_at.as_deref().unwrap_or_else(|| row.occurred_at())));
        }
        spend_by_customer
    }
}

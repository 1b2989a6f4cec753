//! Which customer of a provider pays for which billing subject.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::state::BillingSubject;

/// The billing subject of each customer, by the customer's id. A billing subject has at most one customer.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct CustomerMappings(BTreeMap<String, BillingSubject>);

/// The error for a customer that is mapped to another billing subject.
#[derive(Debug)]
pub(crate) struct CustomerTaken;

impl CustomerMappings {
    /// All customers with their billing subjects.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &BillingSubject)> {
        self.0.iter()
    }

    pub(crate) fn subject_of(&self, customer: &str) -> Option<&BillingSubject> {
        self.0.get(customer)
    }

    pub(crate) fn customer_of(&self, subject: &BillingSubject) -> Option<&str> {
        self.0.iter().find(|(_, mapped)| *mapped == subject).map(|(customer, _)| customer.as_str())
    }

    /// Maps a billing subject to a customer, instead of to its earlier one.
    pub(crate) fn map(&mut self, subject: &BillingSubject, customer: &str) -> Result<(), CustomerTaken> {
        if self.subject_of(customer).is_some_and(|mapped| mapped != subject) {
            return Err(CustomerTaken);
        }
        self.0.retain(|_, mapped| mapped != subject);
        self.0.insert(customer.to_owned(), subject.clone());
        Ok(())
    }

    /// Maps a billing subject to a customer, unless either is mapped already.
    pub(crate) fn map_if_new(&mut self, subject: &BillingSubject, customer: &str) {
        if self.customer_of(subject).is_none() {
            self.0.entry(customer.to_owned()).or_insert_with(|| subject.clone());
        }
    }

    pub(crate) fn remove(&mut self, customer: &str) {
        self.0.remove(customer);
    }
}

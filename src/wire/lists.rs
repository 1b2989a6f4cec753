//! The lists that have the same format for every provider. The aliases are the older generation's field names.

use std::fmt;

use serde::Deserialize;

use crate::wire::List;

/// The customers of one environment.
#[derive(Debug, Deserialize)]
pub(crate) struct Customers {
    pub(crate) customers: List<Customer>,
}

/// A provider's customer from the mirror.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Customer {
    #[serde(alias = "stripeCustomerId", alias = "customerId")]
    pub(crate) provider_customer_id: String,
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) deleted: bool,
    pub(crate) synced_at: Option<String>,
    pub(crate) payments_count: Option<u64>,
    /// In the smallest unit of `total_spend_currency`.
    pub(crate) total_spend: Option<i64>,
    pub(crate) total_spend_currency: Option<String>,
    pub(crate) last_payment_at: Option<String>,
    pub(crate) payment_method_brand: Option<String>,
    pub(crate) payment_method_last4: Option<String>,
    pub(crate) country_code: Option<String>,
}

/// A billing subject: the type and the id of what the application bills, shown as `team:team_5`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Subject<'a> {
    kind: &'a str,
    id: &'a str,
}

impl<'a> Subject<'a> {
    /// `None` unless both parts are present.
    pub(crate) fn of(kind: Option<&'a str>, id: Option<&'a str>) -> Option<Self> {
        Some(Self { kind: kind?, id: id? })
    }
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.id)
    }
}

/// The transactions of one environment, newest first.
#[derive(Debug, Deserialize)]
pub(crate) struct Transactions {
    #[serde(alias = "paymentHistory")]
    pub(crate) transactions: List<Transaction>,
}

/// A payment, a failed payment or a refund, from a webhook or a sync.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Transaction {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) status: String,
    subject_type: Option<String>,
    subject_id: Option<String>,
    #[serde(alias = "stripeCustomerId")]
    pub(crate) provider_customer_id: Option<String>,
    pub(crate) customer_email_snapshot: Option<String>,
    /// In the currency's smallest unit.
    pub(crate) amount: Option<i64>,
    /// In the currency's smallest unit.
    pub(crate) amount_refunded: Option<i64>,
    pub(crate) currency: Option<String>,
    provider_reference_id: Option<String>,
    provider_reference_type: Option<String>,
    stripe_refund_id: Option<String>,
    stripe_payment_intent_id: Option<String>,
    stripe_invoice_id: Option<String>,
    stripe_checkout_session_id: Option<String>,
    stripe_charge_id: Option<String>,
    paid_at: Option<String>,
    failed_at: Option<String>,
    refunded_at: Option<String>,
    #[serde(alias = "stripeCreatedAt")]
    provider_created_at: Option<String>,
    created_at: Option<String>,
    updated_at: Option<String>,
}

impl Transaction {
    /// A unique key. Transactions have no id, so it consists of the type and the provider's object.
    pub(crate) fn unique_key(&self) -> String {
        let object = self.reference().map(|(kind, id)| format!("{}\n{id}", kind.unwrap_or_default()));
        let object = object.unwrap_or_else(|| {
            let parts = [&self.provider_customer_id, &self.created_at]
                .map(|part| part.as_deref().unwrap_or_default());
            format!("{parts:?} {:?}", self.amount)
        });
        format!("{}\n{object}", self.kind)
    }

    /// A value that differs after a change: the time of the last change, or else the status.
    pub(crate) fn version(&self) -> &str {
        self.updated_at.as_deref().unwrap_or(&self.status)
    }

    pub(crate) fn subject(&self) -> Option<Subject<'_>> {
        Subject::of(self.subject_type.as_deref(), self.subject_id.as_deref())
    }

    /// The type and the id of the provider's object.
    ///
    /// The newer backend sends one object. The older one has a field for each type; this returns the one that the newer
    /// backend would send (compared in recordings: a refund's own id, otherwise the payment intent if there is one).
    pub(crate) fn reference(&self) -> Option<(Option<&str>, &str)> {
        if let Some(id) = self.provider_reference_id.as_deref() {
            return Some((self.provider_reference_type.as_deref(), id));
        }
        [
            ("refund", &self.stripe_refund_id),
            ("payment_intent", &self.stripe_payment_intent_id),
            ("invoice", &self.stripe_invoice_id),
            ("checkout_session", &self.stripe_checkout_session_id),
            ("charge", &self.stripe_charge_id),
        ]
        .into_iter()
        .find_map(|(kind, id)| Some((Some(kind), id.as_deref()?)))
    }

    /// The time of the payment, failure or refund, or else of the creation.
    pub(crate) fn when(&self) -> Option<&str> {
        [&self.paid_at, &self.failed_at, &self.refunded_at, &self.provider_created_at, &self.created_at]
            .into_iter()
            .find_map(Option::as_deref)
    }
}

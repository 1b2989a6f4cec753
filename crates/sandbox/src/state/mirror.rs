//! The parts of the backend's data that all providers have in common.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::state::Time;

/// The connection to a provider account, without its key. `C` is the counts of a sync.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Connection<C> {
    pub(crate) status: String,
    pub(crate) account_id: Option<String>,
    pub(crate) account_email: Option<String>,
    pub(crate) account_livemode: Option<bool>,
    pub(crate) webhook: Option<Webhook>,
    pub(crate) last_synced_at: Option<Time>,
    pub(crate) last_sync_status: Option<String>,
    pub(crate) last_sync_error: Option<String>,
    pub(crate) last_sync_counts: Option<C>,
}

impl<C> Default for Connection<C> {
    fn default() -> Self {
        Self {
            status: "unconfigured".to_owned(),
            account_id: None,
            account_email: None,
            account_livemode: None,
            webhook: None,
            last_synced_at: None,
            last_sync_status: None,
            last_sync_error: None,
            last_sync_counts: None,
        }
    }
}

impl<C> Connection<C> {
    /// Records a successful connection to an account.
    pub(crate) fn connect(&mut self, account: String, email: Option<String>, livemode: bool) {
        "connected".clone_into(&mut self.status);
        self.account_id = Some(account);
        self.account_email = email;
        self.account_livemode = Some(livemode);
    }

    /// Records a failed connection. Without a key, there is no webhook endpoint either.
    pub(crate) fn disconnect(&mut self, status: &str, error: String) {
        status.clone_into(&mut self.status);
        self.last_sync_status = Some("failed".to_owned());
        self.last_sync_error = Some(error);
        if status == "unconfigured" {
            self.webhook = None;
        }
    }

    /// Clears the result of the last sync.
    pub(crate) fn clear_sync_status(&mut self) {
        self.last_synced_at = None;
        self.last_sync_status = None;
        self.last_sync_error = None;
        self.last_sync_counts = None;
    }
}

/// The webhook endpoint to which the provider sends events.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Webhook {
    pub(crate) endpoint_id: String,
    pub(crate) endpoint_url: String,
    pub(crate) configured_at: Time,
}

/// A copy of a provider's object, and the time of the copy.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Synced<T> {
    #[serde(flatten)]
    pub(crate) object: T,
    pub(crate) synced_at: Time,
}

/// A customer of a provider.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Customer {
    pub(crate) id: String,
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) phone: Option<String>,
    #[serde(default)]
    pub(crate) metadata: Map<String, Value>,
    /// The backend does not know it of a customer that it saw only when it was deleted.
    pub(crate) created: Option<Time>,
    #[serde(default)]
    pub(crate) card: Option<Card>,
    #[serde(default)]
    pub(crate) country: Option<String>,
}

/// A customer's card.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Card {
    pub(crate) brand: String,
    pub(crate) last4: String,
}

/// The backend's copy of a customer. Customers that Stripe no longer lists stay, marked as deleted.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MirroredCustomer {
    #[serde(flatten)]
    pub(crate) customer: Customer,
    pub(crate) deleted: bool,
    pub(crate) synced_at: Time,
}

/// The application's entity that is billed, such as a team or a user.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BillingSubject {
    pub(crate) r#type: String,
    pub(crate) id: String,
}

impl BillingSubject {
    /// Reads the billing subject from an object's metadata or notes.
    pub(crate) fn from_metadata(metadata: &Map<String, Value>) -> Option<Self> {
        let text =
            |name: &str| metadata.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        Some(Self { r#type: text("insforge_subject_type")?, id: text("insforge_subject_id")? })
    }

    /// Adds the billing subject to an object's metadata or notes.
    pub(crate) fn add_to_metadata(&self, metadata: &mut Map<String, Value>) {
        metadata.insert("insforge_subject_type".to_owned(), self.r#type.clone().into());
        metadata.insert("insforge_subject_id".to_owned(), self.id.clone().into());
    }
}

/// A payment, a failed payment, an invoice or a refund. Amounts are in the currency's smallest unit.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Transaction {
    pub(crate) r#type: String,
    pub(crate) status: String,
    pub(crate) subject: Option<BillingSubject>,
    pub(crate) customer_id: Option<String>,
    pub(crate) customer_email: Option<String>,
    pub(crate) references: References,
    pub(crate) amount: Option<u64>,
    pub(crate) amount_refunded: Option<u64>,
    pub(crate) currency: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) paid_at: Option<Time>,
    pub(crate) failed_at: Option<Time>,
    pub(crate) refunded_at: Option<Time>,
    pub(crate) provider_created_at: Option<Time>,
    pub(crate) created_at: Time,
    pub(crate) updated_at: Time,
}

impl Transaction {
    /// The time at the provider, or else the time at which the backend saw it.
    pub(crate) fn occurred_at(&self) -> &str {
        self.provider_created_at.as_ref().unwrap_or(&self.created_at)
    }

    /// Sets the refunded amount, and the status that follows from it.
    pub(crate) fn set_amount_refunded(&mut self, total: u64, now: &str) {
        let was_refunded = matches!(self.status.as_str(), "refunded" | "partially_refunded");
        let status = match self.amount {
            _ if total == 0 && !was_refunded => None,
            _ if total == 0 && self.failed_at.is_some() => Some("failed"),
            _ if total == 0 => Some("succeeded"),
            Some(amount) if total >= amount => Some("refunded"),
            _ => Some("partially_refunded"),
        };
        if let Some(status) = status {
            status.clone_into(&mut self.status);
        }
        self.amount_refunded = Some(total);
        now.clone_into(&mut self.updated_at);
    }
}

/// The provider's objects that belong to a transaction. Older backends return all of Stripe's, newer ones only the primary
/// one.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct References {
    pub(crate) checkout_session: Option<String>,
    pub(crate) payment_intent: Option<String>,
    pub(crate) invoice: Option<String>,
    pub(crate) charge: Option<String>,
    pub(crate) refund: Option<String>,
    pub(crate) subscription: Option<String>,
    pub(crate) product: Option<String>,
    pub(crate) price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) payment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) order: Option<String>,
}

impl References {
    /// These references, with those of `new` where it has any.
    pub(crate) fn merged_with(self, new: Self) -> Self {
        Self {
            checkout_session: new.checkout_session.or(self.checkout_session),
            payment_intent: new.payment_intent.or(self.payment_intent),
            invoice: new.invoice.or(self.invoice),
            charge: new.charge.or(self.charge),
            refund: new.refund.or(self.refund),
            subscription: new.subscription.or(self.subscription),
            product: new.product.or(self.product),
            price: new.price.or(self.price),
            payment: new.payment.or(self.payment),
            order: new.order.or(self.order),
        }
    }

    /// The id and type of the object that a refund belongs to.
    pub(crate) fn parent(&self) -> Option<(&str, &'static str)> {
        self.refund.as_ref()?;
        let all =
            [(&self.payment_intent, "payment_intent"), (&self.payment, "payment"), (&self.charge, "charge")];
        all.into_iter().find_map(|(id, r#type)| Some((id.as_deref()?, r#type)))
    }

    /// All references, by the type of their object.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("checkout_session", &self.checkout_session),
            ("payment_intent", &self.payment_intent),
            ("invoice", &self.invoice),
            ("charge", &self.charge),
            ("refund", &self.refund),
            ("subscription", &self.subscription),
            ("product", &self.product),
            ("price", &self.price),
            ("payment", &self.payment),
            ("order", &self.order),
        ];
        all.into_iter().filter_map(|(r#type, id)| Some((r#type, id.as_deref()?)))
    }

    /// The id and type of the object that newer backends return.
    pub(crate) fn primary(&self) -> Option<(&str, &'static str)> {
        let all = [
            (&self.refund, "refund"),
            (&self.payment_intent, "payment_intent"),
            (&self.payment, "payment"),
            (&self.invoice, "invoice"),
            (&self.charge, "charge"),
            (&self.checkout_session, "checkout_session"),
        ];
        all.into_iter().find_map(|(id, r#type)| Some((id.as_deref()?, r#type)))
    }
}

//! Stripe's objects as complete JSON, as its events contain them.

mod billing;
mod payments;

use serde_json::{Value, json};

pub(super) use payments::{buyer, refund_object};

use crate::state::{Customer, Time, unix};
use crate::stripe::{AccountData, PaymentIntent, Price};

/// Writes the JSON of an account's objects.
pub(super) struct ObjectJson<'a> {
    pub(super) data: &'a AccountData,
    pub(super) livemode: bool,
}

impl ObjectJson<'_> {
    pub(super) fn customer(&self, customer: &Customer) -> Value {
        json!({
            "id": customer.id,
            "object": "customer",
            "address": null,
            "balance": 0,
            "created": optional_unix(customer.created.as_ref()),
            "currency": null,
            "customer_account": null,
            "default_source": null,
            "delinquent": false,
            "description": null,
            "discount": null,
            "email": customer.email,
            "invoice_prefix": invoice_prefix(&customer.id),
            "invoice_settings": {
                "custom_fields": null,
                "default_payment_method": saved_payment_method(customer),
                "footer": null,
                "rendering_options": null,
            },
            "livemode": self.livemode,
            "metadata": customer.metadata,
            "name": customer.name,
            "next_invoice_sequence": self.invoice_count(&customer.id) + 1,
            "phone": customer.phone,
            "preferred_locales": [],
            "shipping": null,
            "tax_exempt": "none",
            "test_clock": null,
        })
    }

    fn price(&self, id: &str) -> Value {
        let Some(price) = self.data.prices.get(id) else { return json!({"id": id, "object": "price"}) };
        json!({
            "id": price.id,
            "object": "price",
            "active": price.active,
            "billing_scheme": price.billing_scheme,
            "currency": price.currency,
            "custom_unit_amount": null,
            "livemode": self.livemode,
            "lookup_key": price.lookup_key,
            "metadata": price.metadata,
            "nickname": null,
            "product": price.product,
            "recurring": recurring(price),
            "tax_behavior": price.tax_behavior,
            "tiers_mode": null,
            "transform_quantity": null,
            "type": if price.recurring.is_some() { "recurring" } else { "one_time" },
            "unit_amount": price.unit_amount,
            "unit_amount_decimal": price.unit_amount_decimal,
        })
    }

    fn invoice_count(&self, customer: &str) -> usize {
        self.data.invoices.iter().filter(|invoice| invoice.customer == customer).count()
    }
}

fn recurring(price: &Price) -> Value {
    let Some(recurring) = &price.recurring else { return Value::Null };
    json!({
        "interval": recurring.interval,
        "interval_count": recurring.interval_count,
        "meter": null,
        "trial_period_days": null,
        "usage_type": "licensed",
    })
}

/// The first part of the numbers of a customer's invoices.
pub(crate) fn invoice_prefix(customer: &str) -> String {
    after_prefix(customer).chars().take(8).collect::<String>().to_uppercase()
}

/// The id of the customer's saved card, made from the customer's own id.
fn saved_payment_method(customer: &Customer) -> Option<String> {
    let card = customer.card.as_ref()?;
    Some(format!("pm_1card{}{}", card.last4, after_prefix(&customer.id)))
}

/// The id of the payment method of a payment, made from the id of the charge.
fn payment_method(intent: &PaymentIntent) -> Option<String> {
    intent.charge.as_deref().map(|charge| with_prefix("pm", charge))
}

/// An id of another kind with the same letters and digits.
fn with_prefix(prefix: &str, id: &str) -> String {
    format!("{prefix}_{}", after_prefix(id))
}

fn after_prefix(id: &str) -> &str {
    id.split_once('_').map_or(id, |(_, rest)| rest)
}

fn optional_unix(time: Option<&Time>) -> Option<i64> {
    time.map(|time| unix(time))
}

/// A list inside an object.
fn list(url: &str, rows: &[Value]) -> Value {
    json!({"object": "list", "total_count": rows.len(), "data": rows, "has_more": false, "url": url})
}

//! Razorpay's objects as JSON: how events contain them, and how the backend reads them.
//! Source of the fields: <https://razorpay.com/docs/api/>.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::razorpay::{Invoice, Order, Payment, Refund, Subscription};
use crate::state::{Time, format_time, unix};

impl Payment {
    pub(super) fn to_json(&self) -> Value {
        let failed = self.status == "failed";
        let refund_status = match self.amount_refunded {
            0 => None,
            refunded if refunded < self.amount => Some("partial"),
            _ => Some("full"),
        };
        json!({
            "id": self.id,
            "entity": "payment",
            "amount": self.amount,
            "currency": self.currency,
            "status": self.status,
            "order_id": self.order,
            "invoice_id": self.invoice,
            "international": false,
            "method": "card",
            "amount_refunded": self.amount_refunded,
            "refund_status": refund_status,
            "captured": matches!(self.status.as_str(), "captured" | "refunded"),
            "description": self.description,
            "card_id": null,
            "bank": null,
            "wallet": null,
            "vpa": null,
            "email": self.email,
            "contact": self.contact,
            "customer_id": self.customer,
            "notes": notes(&self.notes),
            "fee": null,
            "tax": null,
            "error_code": failed.then_some("BAD_REQUEST_ERROR"),
            "error_description": failed.then_some("Payment failed"),
            "error_source": failed.then_some("bank"),
            "error_step": failed.then_some("payment_authorization"),
            "error_reason": failed.then_some("payment_failed"),
            "created_at": seconds(self.created.as_ref()),
        })
    }

    pub(crate) fn from_json(json: &Value) -> Self {
        let fields = Fields(json);
        Self {
            id: fields.required("id"),
            amount: fields.number("amount").unwrap_or_default(),
            amount_refunded: fields.number("amount_refunded").unwrap_or_default(),
            currency: fields.required("currency"),
            status: fields.required("status"),
            order: fields.text("order_id"),
            invoice: fields.text("invoice_id"),
            customer: fields.text("customer_id"),
            email: fields.text("email"),
            contact: fields.text("contact"),
            description: fields.text("description"),
            notes: fields.notes(),
            created: fields.time("created_at"),
        }
    }
}

impl Order {
    pub(super) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "entity": "order",
            "amount": self.amount,
            "amount_paid": self.amount_paid,
            "amount_due": self.amount_due,
            "currency": self.currency,
            "receipt": self.receipt,
            "offer_id": null,
            "status": self.status,
            "attempts": self.attempts,
            "notes": notes(&self.notes),
            "created_at": unix(&self.created),
        })
    }
}

impl Refund {
    pub(super) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "entity": "refund",
            "amount": self.amount,
            "currency": self.currency,
            "payment_id": self.payment,
            "notes": notes(&self.notes),
            "receipt": null,
            "acquirer_data": {"arn": null},
            "created_at": unix(&self.created),
            "batch_id": null,
            "status": self.status,
            "speed_processed": "normal",
            "speed_requested": "normal",
        })
    }

    pub(crate) fn from_json(json: &Value) -> Self {
        let fields = Fields(json);
        Self {
            id: fields.required("id"),
            amount: fields.number("amount").unwrap_or_default(),
            currency: fields.required("currency"),
            payment: fields.required("payment_id"),
            status: fields.required("status"),
            notes: fields.notes(),
            created: fields.time("created_at").unwrap_or_default(),
        }
    }
}

impl Subscription {
    pub(super) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "entity": "subscription",
            "plan_id": self.plan,
            "customer_id": self.customer,
            "status": self.status,
            "current_start": seconds(self.current_start.as_ref()),
            "current_end": seconds(self.current_end.as_ref()),
            "ended_at": seconds(self.ended_at.as_ref()),
            "quantity": self.quantity,
            "notes": notes(&self.notes),
            "charge_at": seconds(self.charge_at.as_ref()),
            "start_at": seconds(self.start_at.as_ref()),
            "end_at": seconds(self.end_at.as_ref()),
            "auth_attempts": self.auth_attempts,
            "total_count": self.total_count,
            "paid_count": self.paid_count,
            "customer_notify": true,
            "created_at": seconds(self.created.as_ref()),
            "expire_by": null,
            "short_url": self.short_url,
            "has_scheduled_changes": self.has_scheduled_changes,
            "change_scheduled_at": seconds(self.change_scheduled_at.as_ref()),
            "source": "api",
            "payment_method": "card",
            "offer_id": self.offer,
            "remaining_count": self.remaining_count,
        })
    }

    pub(crate) fn from_json(json: &Value) -> Self {
        let fields = Fields(json);
        Self {
            id: fields.required("id"),
            plan: fields.required("plan_id"),
            customer: fields.text("customer_id"),
            status: fields.required("status"),
            current_start: fields.time("current_start"),
            current_end: fields.time("current_end"),
            ended_at: fields.time("ended_at"),
            quantity: fields.number("quantity"),
            charge_at: fields.time("charge_at"),
            start_at: fields.time("start_at"),
            end_at: fields.time("end_at"),
            total_count: fields.number("total_count"),
            auth_attempts: fields.number("auth_attempts"),
            paid_count: fields.number("paid_count"),
            remaining_count: fields.number("remaining_count"),
            short_url: fields.text("short_url"),
            has_scheduled_changes: json["has_scheduled_changes"] == true,
            change_scheduled_at: fields.time("change_scheduled_at"),
            offer: fields.text("offer_id"),
            notes: fields.notes(),
            created: fields.time("created_at"),
        }
    }
}

impl Invoice {
    pub(super) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "entity": "invoice",
            "type": "invoice",
            "receipt": null,
            "customer_id": self.customer,
            "customer_details": {
                "id": self.customer,
                "name": null,
                "email": self.email,
                "contact": null,
            },
            "order_id": self.order,
            "subscription_id": self.subscription,
            "payment_id": self.payment,
            "status": self.status,
            "amount": self.amount,
            "amount_paid": self.amount_paid,
            "amount_due": self.amount.saturating_sub(self.amount_paid),
            "currency": self.currency,
            "description": null,
            "notes": notes(&self.notes),
            "line_items": [{"name": self.description, "description": null, "amount": self.amount}],
            "paid_at": seconds(self.paid_at.as_ref()),
            "cancelled_at": seconds(self.cancelled_at.as_ref()),
            "expired_at": seconds(self.expired_at.as_ref()),
            "issued_at": seconds(self.created.as_ref()),
            "created_at": seconds(self.created.as_ref()),
        })
    }

    /// The backend describes an invoice without a description by its first line.
    pub(crate) fn from_json(json: &Value) -> Self {
        let fields = Fields(json);
        let line = Fields(&json["line_items"][0]);
        Self {
            id: fields.required("id"),
            customer: fields.text("customer_id"),
            email: Fields(&json["customer_details"]).text("email"),
            order: fields.text("order_id"),
            subscription: fields.text("subscription_id"),
            payment: fields.text("payment_id"),
            status: fields.required("status"),
            amount: fields.number("amount").unwrap_or_default(),
            amount_paid: fields.number("amount_paid").unwrap_or_default(),
            currency: fields.required("currency"),
            description: fields.text("description").or_else(|| line.text("name")),
            notes: fields.notes(),
            paid_at: fields.time("paid_at"),
            cancelled_at: fields.time("cancelled_at"),
            expired_at: fields.time("expired_at"),
            created: fields.time("created_at"),
        }
    }
}

/// Notes as Razorpay sends them: it is written in PHP, so that an empty object is a list.
fn notes(notes: &Map<String, Value>) -> Value {
    if notes.is_empty() { json!([]) } else { json!(notes) }
}

/// A time as Unix time in seconds.
fn seconds(time: Option<&Time>) -> Option<i64> {
    time.map(|time| unix(time))
}

/// Reads the fields of an object. Fields of another type are like missing ones.
struct Fields<'a>(&'a Value);

impl Fields<'_> {
    fn text(&self, name: &str) -> Option<String> {
        self.0.get(name)?.as_str().map(str::to_owned)
    }

    fn required(&self, name: &str) -> String {
        self.text(name).unwrap_or_default()
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_u64()
    }

    fn time(&self, name: &str) -> Option<Time> {
        Timestamp::from_second(self.0.get(name)?.as_i64()?).ok().map(format_time)
    }

    fn notes(&self) -> Map<String, Value> {
        self.0.get("notes").and_then(Value::as_object).cloned().unwrap_or_default()
    }
}

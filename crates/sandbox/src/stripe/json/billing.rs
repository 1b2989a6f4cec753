//! Subscriptions and invoices.

use serde_json::{Map, Value, json};

use crate::state::unix;
use crate::stripe::currencies::format_amount;
use crate::stripe::json::{ObjectJson, list, optional_unix, saved_payment_method, with_prefix};
use crate::stripe::{Invoice, InvoiceLine, Price, Subscription, SubscriptionItem};

impl ObjectJson<'_> {
    pub(in crate::stripe) fn subscription(&self, subscription: &Subscription) -> Value {
        let billing = self.data.billing_of(subscription);
        let created = unix(&billing.created);
        let customer = self.data.customers.get(&subscription.customer);
        let items = subscription.items.iter().map(|item| self.subscription_item(subscription, item, created));
        let items: Vec<Value> = items.collect();
        json!({
            "id": subscription.id,
            "object": "subscription",
            "application": null,
            "application_fee_percent": null,
            "automatic_tax": {"disabled_reason": null, "enabled": false, "liability": null},
            "billing_cycle_anchor": unix(&billing.anchor),
            "billing_cycle_anchor_config": null,
            "billing_mode": {
                "flexible": {"proration_discounts": "included"},
                "type": "flexible",
                "updated_at": created,
            },
            "billing_thresholds": null,
            "cancel_at": optional_unix(subscription.cancel_at.as_ref()),
            "cancel_at_period_end": subscription.cancel_at_period_end,
            "canceled_at": optional_unix(subscription.canceled_at.as_ref()),
            "cancellation_details": {
                "comment": null,
                "feedback": null,
                "reason": billing.cancellation_reason,
            },
            "collection_method": "charge_automatically",
            "created": created,
            "currency": self.data.currency(subscription),
            "customer": subscription.customer,
            "customer_account": null,
            "days_until_due": null,
            "default_payment_method": customer.and_then(saved_payment_method),
            "default_source": null,
            "default_tax_rates": [],
            "description": null,
            "discounts": [],
            "ended_at": optional_unix(billing.ended_at.as_ref()),
            "invoice_settings": {"account_tax_ids": null, "issuer": {"type": "self"}},
            "items": list(&format!("/v1/subscription_items?subscription={}", subscription.id), &items),
            "latest_invoice": subscription.latest_invoice,
            "livemode": self.livemode,
            "metadata": subscription.metadata,
            "next_pending_invoice_item_invoice": null,
            "on_behalf_of": null,
            "pause_collection": null,
            "payment_settings": {
                "payment_method_options": null,
                "payment_method_types": null,
                "save_default_payment_method": "off",
            },
            "pending_invoice_item_interval": null,
            "pending_setup_intent": null,
            "pending_update": null,
            "schedule": null,
            "start_date": created,
            "status": subscription.status,
            "test_clock": null,
            "transfer_data": null,
            "trial_end": optional_unix(subscription.trial_end.as_ref()),
            "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
            "trial_start": optional_unix(subscription.trial_start.as_ref()),
        })
    }

    fn subscription_item(&self, subscription: &Subscription, item: &SubscriptionItem, created: i64) -> Value {
        let price = item.price.as_deref().unwrap_or_default();
        json!({
            "id": item.id,
            "object": "subscription_item",
            "billing_thresholds": null,
            "created": created,
            "current_period_end": optional_unix(subscription.current_period_end.as_ref()),
            "current_period_start": optional_unix(subscription.current_period_start.as_ref()),
            "discounts": [],
            "metadata": {},
            "plan": self.data.prices.get(price).map(|price| self.plan(price)),
            "price": self.price(price),
            "quantity": item.quantity,
            "subscription": subscription.id,
            "tax_rates": [],
        })
    }

    /// A recurring price in the format that Stripe used before prices. Its events still contain it.
    fn plan(&self, price: &Price) -> Value {
        let recurring = price.recurring.as_ref();
        json!({
            "id": price.id,
            "object": "plan",
            "active": price.active,
            "amount": price.unit_amount,
            "amount_decimal": price.unit_amount_decimal,
            "billing_scheme": price.billing_scheme,
            "currency": price.currency,
            "interval": recurring.map(|recurring| &recurring.interval),
            "interval_count": recurring.map(|recurring| recurring.interval_count),
            "livemode": self.livemode,
            "metadata": price.metadata,
            "meter": null,
            "nickname": null,
            "product": price.product,
            "tiers_mode": null,
            "transform_usage": null,
            "trial_period_days": null,
            "usage_type": "licensed",
        })
    }

    pub(in crate::stripe) fn invoice(&self, invoice: &Invoice) -> Value {
        let customer = self.data.customers.get(&invoice.customer);
        let (period_start, period_end) = self.invoiced_period(invoice);
        let lines = invoice.lines.iter().enumerate().map(|(index, line)| self.line(invoice, line, index));
        let lines: Vec<Value> = lines.collect();
        let paid_at = optional_unix(invoice.paid_at.as_ref());
        json!({
            "id": invoice.id,
            "object": "invoice",
            "account_country": "US",
            "account_name": null,
            "account_tax_ids": null,
            "amount_due": invoice.amount_due,
            "amount_overpaid": 0,
            "amount_paid": invoice.amount_paid,
            "amount_remaining": invoice.amount_due.saturating_sub(invoice.amount_paid),
            "amount_shipping": 0,
            "application": null,
            "attempt_count": invoice.attempt_count,
            "attempted": invoice.attempt_count > 0 || invoice.status == "paid",
            "auto_advance": invoice.next_payment_attempt.is_some(),
            "automatic_tax": {
                "disabled_reason": null, "enabled": false, "liability": null, "provider": null, "status": null,
            },
            "automatically_finalizes_at": null,
            "billing_reason": invoice.billing_reason,
            "collection_method": "charge_automatically",
            "created": unix(&invoice.created),
            "currency": invoice.currency,
            "custom_fields": null,
            "customer": invoice.customer,
            "customer_account": null,
            "customer_address": null,
            "customer_email": invoice.email,
            "customer_name": customer.and_then(|customer| customer.name.as_deref()),
            "customer_phone": customer.and_then(|customer| customer.phone.as_deref()),
            "customer_shipping": null,
            "customer_tax_exempt": "none",
            "customer_tax_ids": [],
            "default_payment_method": null,
            "default_source": null,
            "default_tax_rates": [],
            "description": invoice.description,
            "discounts": [],
            "due_date": null,
            "effective_at": unix(&invoice.created),
            "ending_balance": 0,
            "footer": null,
            "from_invoice": null,
            "hosted_invoice_url": null,
            "invoice_pdf": null,
            "issuer": {"type": "self"},
            "last_finalization_error": null,
            "latest_revision": null,
            "lines": list(&format!("/v1/invoices/{}/lines", invoice.id), &lines),
            "livemode": self.livemode,
            "metadata": {},
            "next_payment_attempt": optional_unix(invoice.next_payment_attempt.as_ref()),
            "number": invoice.number,
            "on_behalf_of": null,
            "parent": invoice.subscription.as_ref().map(|subscription| json!({
                "quote_details": null,
                "subscription_details": {
                    "metadata": invoice.subscription_metadata,
                    "subscription": subscription,
                },
                "type": "subscription_details",
            })),
            "payment_settings": {
                "default_mandate": null, "payment_method_options": null, "payment_method_types": null,
            },
            "payments": list(&format!("/v1/invoice_payments?invoice={}", invoice.id), &self.invoice_payments(invoice)),
            "period_end": period_end,
            "period_start": period_start,
            "post_payment_credit_notes_amount": 0,
            "pre_payment_credit_notes_amount": 0,
            "receipt_number": null,
            "rendering": null,
            "shipping_cost": null,
            "shipping_details": null,
            "starting_balance": 0,
            "statement_descriptor": null,
            "status": invoice.status,
            "status_transitions": {
                "finalized_at": unix(&invoice.created),
                "marked_uncollectible_at": null,
                "paid_at": paid_at,
                "voided_at": optional_unix(invoice.voided_at.as_ref()),
            },
            "subtotal": invoice.amount_due,
            "subtotal_excluding_tax": invoice.amount_due,
            "test_clock": null,
            "total": invoice.amount_due,
            "total_discount_amounts": [],
            "total_excluding_tax": invoice.amount_due,
            "total_pretax_credit_amounts": [],
            "total_taxes": [],
            "webhooks_delivered_at": null,
        })
    }

    /// The period before the invoice, in which Stripe collects what the invoice is for. The lines have the period that the
    /// customer pays in advance.
    fn invoiced_period(&self, invoice: &Invoice) -> (i64, i64) {
        let start = unix(&invoice.period_start);
        let previous = self.data.invoices.iter().rev().find(|other| {
            invoice.subscription.is_some()
                && other.subscription == invoice.subscription
                && other.period_start < invoice.period_start
        });
        (previous.map_or(start, |previous| unix(&previous.period_start)), start)
    }

    fn line(&self, invoice: &Invoice, line: &InvoiceLine, index: usize) -> Value {
        let price = self.data.prices.get(&line.price);
        let parent = line.subscription_item.as_ref().map(|item| {
            json!({
                "invoice_item_details": null,
                "subscription_item_details": {
                    "invoice_item": null,
                    "proration": false,
                    "proration_details": {"credited_items": null},
                    "subscription": invoice.subscription,
                    "subscription_item": item,
                },
                "type": "subscription_item_details",
            })
        });
        json!({
            "id": format!("{}{index}", with_prefix("il", &invoice.id)),
            "object": "line_item",
            "amount": line.amount,
            "currency": invoice.currency,
            "description": self.line_description(line, price),
            "discount_amounts": [],
            "discountable": true,
            "discounts": [],
            "invoice": invoice.id,
            "livemode": self.livemode,
            "metadata": if line.subscription_item.is_some() { invoice.subscription_metadata.clone() } else { Map::new() },
            "parent": parent,
            "period": {"end": unix(&invoice.period_end), "start": unix(&invoice.period_start)},
            "pretax_credit_amounts": [],
            "pricing": {
                "price_details": {"price": line.price, "product": line.product},
                "type": "price_details",
                "unit_amount_decimal": price.and_then(|price| price.unit_amount_decimal.as_deref()),
            },
            "quantity": line.quantity,
            "subtotal": line.amount,
            "taxes": [],
        })
    }

    /// The text `1 × Pro Plan (at $19.00 / month)`.
    fn line_description(&self, line: &InvoiceLine, price: Option<&Price>) -> String {
        let product = self.data.products.get(&line.product).map_or("Product", |product| &product.name);
        let unit = price.and_then(|price| Some((price, price.recurring.as_ref()?, price.unit_amount?)));
        match unit {
            Some((price, recurring, amount)) => {
                let amount = format_amount(amount, &price.currency);
                let interval = match recurring.interval_count {
                    1 => recurring.interval.clone(),
                    count => format!("every {count} {}s", recurring.interval),
                };
                format!("{} × {product} (at {amount} / {interval})", line.quantity)
            }
            None => format!("{} × {product}", line.quantity),
        }
    }

    fn invoice_payments(&self, invoice: &Invoice) -> Vec<Value> {
        let payment = invoice.payment_intent.iter().map(|intent| {
            let paid = invoice.status == "paid";
            json!({
                "id": with_prefix("inpay", &invoice.id),
                "object": "invoice_payment",
                "amount_paid": paid.then_some(invoice.amount_paid),
                "amount_requested": invoice.amount_due,
                "created": unix(&invoice.created),
                "currency": invoice.currency,
                "invoice": invoice.id,
                "is_default": true,
                "livemode": self.livemode,
                "payment": {"payment_intent": intent, "type": "payment_intent"},
                "status": match invoice.status.as_str() {
                    "paid" => "paid",
                    "void" => "canceled",
                    _ => "open",
                },
                "status_transitions": {
                    "canceled_at": optional_unix(invoice.voided_at.as_ref()),
                    "paid_at": optional_unix(invoice.paid_at.as_ref()),
                },
            })
        });
        payment.collect()
    }
}

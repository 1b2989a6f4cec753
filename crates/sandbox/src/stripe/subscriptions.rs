//! The life of a subscription: its start, renewals, failed payments and end.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::control::{self, ControlError};
use crate::state::{LineItem, Time, format_time};
use crate::stripe::activity::Activity;
use crate::stripe::billing::PaymentResult;
use crate::stripe::calendar::next_boundary;
use crate::stripe::{AccountData, Billing, Recurring, Subscription, SubscriptionItem};

/// Whether a subscription with this status has ended. It never changes again.
pub(super) fn has_ended(status: &str) -> bool {
    matches!(status, "canceled" | "incomplete_expired")
}

impl AccountData {
    pub(super) fn subscription(&self, id: &str) -> Option<&Subscription> {
        self.subscriptions.iter().rev().find(|subscription| subscription.id == id)
    }

    fn subscription_mut(&mut self, id: &str) -> Option<&mut Subscription> {
        self.subscriptions.iter_mut().rev().find(|subscription| subscription.id == id)
    }

    /// The interval of a subscription. All of its prices have the same.
    pub(super) fn interval(&self, subscription: &Subscription) -> Option<&Recurring> {
        let mut prices = subscription.items.iter().filter_map(|item| self.prices.get(item.price.as_ref()?));
        prices.find_map(|price| price.recurring.as_ref())
    }

    /// The period that follows this time.
    pub(super) fn next_period(&self, subscription: &Subscription, start: &str) -> Option<(Time, Time)> {
        let anchor: Timestamp = self.billing_of(subscription).anchor.parse().ok()?;
        let interval = self.interval(subscription)?;
        let end = next_boundary(anchor, interval, start.parse().ok()?)?;
        Some((start.to_owned(), format_time(end)))
    }
}

impl Activity<'_> {
    /// Creates a subscription that waits for its first payment, and its invoice. Sends no event yet. Prices that are not
    /// recurring are only part of the first invoice. Returns the ids of the subscription and of the invoice.
    pub(super) fn create_subscription(
        &mut self,
        customer: &str,
        metadata: Map<String, Value>,
        line_items: &[LineItem],
    ) -> (String, String) {
        let id = self.ids.next_id("sub_", 24);
        let mut items = Vec::new();
        let mut lines = Vec::new();
        for line in line_items {
            let price = self.data.prices.get(&line.price);
            let recurring = price.filter(|price| price.recurring.is_some()).cloned();
            let item = recurring.map(|price| SubscriptionItem {
                id: self.ids.next_id("si_", 14),
                product: Some(price.product),
                price: Some(price.id),
                quantity: Some(line.quantity),
            });
            let item_id = item.as_ref().map(|item| item.id.as_str());
            lines.push(self.data.invoice_line(&line.price, line.quantity, item_id));
            items.extend(item);
        }
        let now = self.now.clone();
        let billing =
            Billing { created: now.clone(), anchor: now.clone(), ended_at: None, cancellation_reason: None };
        self.data.billing.insert(id.clone(), billing);
        let mut subscription = Subscription {
            id: id.clone(),
            customer: customer.to_owned(),
            status: "incomplete".to_owned(),
            current_period_start: Some(now.clone()),
            current_period_end: None,
            cancel_at_period_end: false,
            cancel_at: None,
            canceled_at: None,
            trial_start: None,
            trial_end: None,
            latest_invoice: None,
            metadata,
            items,
        };
        let period = self.data.next_period(&subscription, &now).unwrap_or_else(|| (now.clone(), now));
        subscription.current_period_end = Some(period.1.clone());
        let invoice = self.create_invoice(&subscription, "subscription_create", lines, period);
        subscription.latest_invoice = Some(invoice.clone());
        self.data.subscriptions.push(subscription);
        (id, invoice)
    }

    /// Sends an event about a subscription as it is now.
    pub(super) fn send_subscription(&mut self, r#type: &str, id: &str) {
        if let Some(subscription) = self.data.subscription(id) {
            let object = self.json().subscription(subscription);
            self.send(r#type, &object);
        }
    }

    /// Changes a subscription, and sends `customer.subscription.updated`.
    pub(super) fn update_subscription(&mut self, id: &str, change: impl FnOnce(&mut Subscription)) {
        let Some(subscription) = self.data.subscription(id) else { return };
        let before = self.json().subscription(subscription);
        if let Some(subscription) = self.data.subscription_mut(id) {
            change(subscription);
        }
        let Some(subscription) = self.data.subscription(id) else { return };
        let after = self.json().subscription(subscription);
        self.send_update("customer.subscription.updated", &before, &after);
    }

    /// Starts the next period, and collects its invoice with the customer's card. This also ends a trial.
    pub(super) fn renew(&mut self, id: &str) {
        let Some(subscription) = self.data.subscription(id).cloned() else { return };
        let end = subscription.current_period_end.clone().unwrap_or_default();
        let Some(period) = self.data.next_period(&subscription, &end) else { return };
        let lines = subscription.items.iter().map(|item| {
            let price = item.price.as_deref().unwrap_or_default();
            self.data.invoice_line(price, item.quantity.unwrap_or(1), Some(&item.id))
        });
        let lines = lines.collect();
        let invoice = self.create_invoice(&subscription, "subscription_cycle", lines, period.clone());
        self.update_subscription(id, |subscription| {
            subscription.current_period_start = Some(period.0);
            subscription.current_period_end = Some(period.1);
            subscription.latest_invoice = Some(invoice.clone());
            if subscription.status == "trialing" {
                "active".clone_into(&mut subscription.status);
            }
        });
        let result = self.saved_card_result(&subscription.customer);
        self.pay_invoice(&invoice, result);
    }

    /// Tries to collect an invoice of a subscription, with all that follows.
    pub(super) fn pay_invoice(&mut self, invoice: &str, result: PaymentResult) {
        match self.attempt_invoice(invoice, result) {
            PaymentResult::Succeeded => self.invoice_paid(invoice),
            PaymentResult::Declined => self.invoice_failed(invoice),
            PaymentResult::Processing { .. } => {}
        }
    }

    /// Tries to collect an invoice again, with the customer's card.
    pub(super) fn retry_invoice(&mut self, invoice: &str) {
        let Some(customer) = self.data.invoice(invoice).map(|invoice| invoice.customer.clone()) else {
            return;
        };
        let result = self.saved_card_result(&customer);
        self.pay_invoice(invoice, result);
    }

    /// An invoice is paid. Its subscription is active now, unless a later invoice is still open.
    pub(super) fn invoice_paid(&mut self, invoice: &str) {
        self.mark_paid(invoice);
        let Some(subscription) = self.subscription_of(invoice) else { return };
        let waits = matches!(subscription.status.as_str(), "past_due" | "incomplete" | "unpaid");
        if waits && subscription.latest_invoice.as_deref() == Some(invoice) {
            self.update_subscription(&subscription.id, |subscription| {
                "active".clone_into(&mut subscription.status);
            });
        }
    }

    /// An invoice could not be collected. Its subscription is overdue, and ends with the last retry.
    pub(super) fn invoice_failed(&mut self, invoice: &str) {
        let subscription = self.subscription_of(invoice);
        let status = subscription.as_ref().map(|subscription| subscription.status.as_str());
        let has_started = matches!(status, Some("active" | "past_due"));
        let retries = self.mark_failed(invoice, has_started);
        let Some(subscription) = subscription.filter(|_| has_started) else { return };
        if !retries {
            self.end_subscription(&subscription.id, "payment_failed");
        } else if subscription.status == "active" {
            self.update_subscription(&subscription.id, |subscription| {
                "past_due".clone_into(&mut subscription.status);
            });
        }
    }

    fn subscription_of(&self, invoice: &str) -> Option<Subscription> {
        let subscription = self.data.invoice(invoice)?.subscription.as_ref()?;
        self.data.subscription(subscription).cloned()
    }

    /// Ends a subscription now.
    pub(super) fn end_subscription(&mut self, id: &str, reason: &str) {
        let now = self.now.clone();
        let Some(subscription) = self.data.subscription(id) else { return };
        let billing = Billing {
            ended_at: Some(now.clone()),
            cancellation_reason: Some(reason.to_owned()),
            ..self.data.billing_of(subscription)
        };
        self.data.billing.insert(id.to_owned(), billing);
        if let Some(subscription) = self.data.subscription_mut(id) {
            "canceled".clone_into(&mut subscription.status);
            subscription.canceled_at.get_or_insert(now);
        }
        self.stop_collecting(id, false);
        self.send_subscription("customer.subscription.deleted", id);
    }

    /// Ends a subscription that was never paid.
    pub(super) fn expire_incomplete(&mut self, id: &str) {
        self.stop_collecting(id, true);
        let Some(subscription) = self.data.subscription(id) else { return };
        let billing = Billing { ended_at: Some(self.now.clone()), ..self.data.billing_of(subscription) };
        self.data.billing.insert(id.to_owned(), billing);
        self.update_subscription(id, |subscription| {
            "incomplete_expired".clone_into(&mut subscription.status);
        });
    }

    /// Cancels a subscription for its customer.
    pub(super) fn cancel(&mut self, id: &str, at_period_end: bool) -> Result<(), ControlError> {
        let not_found = || ControlError::NotFound { what: "subscription", id: id.to_owned() };
        let subscription = self.data.subscription(id).ok_or_else(not_found)?;
        let refuse = |why: String| {
            Err(ControlError::NotPossible { what: format!("Subscription {id} cannot be canceled"), why })
        };
        if has_ended(&subscription.status) {
            return refuse(format!("it has already ended (its status is {})", subscription.status));
        }
        if !at_period_end {
            self.end_subscription(id, "cancellation_requested");
            return Ok(());
        }
        if subscription.status == "incomplete" {
            return refuse("it has no period yet, because its first payment is still open".to_owned());
        }
        if subscription.cancel_at_period_end {
            let end = subscription.current_period_end.clone().unwrap_or_default();
            return refuse(format!("it already ends with its period, at {end}"));
        }
        let billing = Billing {
            cancellation_reason: Some("cancellation_requested".to_owned()),
            ..self.data.billing_of(subscription)
        };
        self.data.billing.insert(id.to_owned(), billing);
        let now = self.now.clone();
        self.update_subscription(id, |subscription| {
            subscription.cancel_at_period_end = true;
            subscription.cancel_at.clone_from(&subscription.current_period_end);
            subscription.canceled_at = Some(now);
        });
        Ok(())
    }

    /// Pays the open invoices of a subscription with this card, which becomes the customer's.
    pub(super) fn pay_subscription(&mut self, id: &str, card: control::Card) -> Result<(), ControlError> {
        let not_found = || ControlError::NotFound { what: "subscription", id: id.to_owned() };
        let subscription = self.data.subscription(id).ok_or_else(not_found)?;
        let (customer, status) = (subscription.customer.clone(), subscription.status.clone());
        let refuse = |why: String| {
            Err(ControlError::NotPossible { what: format!("Subscription {id} cannot be paid"), why })
        };
        if has_ended(&status) {
            return refuse(format!("it has ended (its status is {status})"));
        }
        let open: Vec<String> = self.data.open_invoices(id).map(|invoice| invoice.id.clone()).collect();
        if open.is_empty() {
            return refuse(format!("it has no open invoice (its status is {status})"));
        }
        let is_processing = |invoice: &String| {
            let intent = self.data.invoice(invoice).and_then(|invoice| invoice.payment_intent.as_ref());
            let intent = intent.and_then(|intent| self.data.payment_intent(intent));
            intent.is_some_and(|intent| intent.status == "processing")
        };
        if open.iter().any(is_processing) {
            return refuse("its payment is still processing; advance the clock by three days".to_owned());
        }
        if let Some(before) = self.save_card(&customer, card) {
            let before = self.json().customer(&before);
            if let Some(after) = self.data.customers.get(&customer) {
                let after = self.json().customer(after);
                self.send_update("customer.updated", &before, &after);
            }
        }
        for invoice in open {
            self.pay_invoice(&invoice, card.into());
        }
        Ok(())
    }
}

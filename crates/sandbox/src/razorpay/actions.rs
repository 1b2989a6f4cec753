//! What happens at Razorpay without the backend: payments, refunds, cancellations, and what is due at a time.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::backend::Context;
use crate::control::{Card, ControlError};
use crate::environment::Environment;
use crate::razorpay::account::ActiveAccount;
use crate::razorpay::{AccountData, DelayedPayment, Payment, RazorpayError, Refund};
use crate::signature::hex_hmac_sha256;
use crate::state::{State, Time, format_time, later, parse_time};

/// After how many days a delayed payment is confirmed or refused.
const DELAY_DAYS: i64 = 3;

/// Pays an order, or makes the due payment of a subscription.
pub(crate) fn pay(
    state: &mut State,
    context: &Context,
    id: &str,
    card: Card,
) -> Result<Vec<Value>, ControlError> {
    if id.starts_with("sub_") {
        return pay_subscription(state, context, id, card);
    }
    let account =
        state.razorpay_account_with(context.now, |data| data.orders.iter().any(|order| order.id == id));
    let mut account = account.ok_or_else(|| not_found("order", id))?;
    let payment = account.pay_order(id, card)?;
    let order = account.order(id).map(|order| json!({"object": "order", "id": id, "status": order.status}));
    let (paid, environment) = (account.payment(&payment).cloned(), account.environment());
    let signature = sign(state, environment, paid.as_ref(), &format!("{id}|{payment}"));
    Ok(order.into_iter().chain(payment_object(paid.as_ref(), "orderId", id, signature)).collect())
}

fn pay_subscription(
    state: &mut State,
    context: &Context,
    id: &str,
    card: Card,
) -> Result<Vec<Value>, ControlError> {
    let account = state.razorpay_account_with(context.now, |data| data.has_subscription(id));
    let mut account = account.ok_or_else(|| not_found("subscription", id))?;
    let payment = account.pay_subscription(id, card)?;
    let subscription = subscription_object(&account, id);
    let (paid, environment) = (account.payment(&payment).cloned(), account.environment());
    let signature = sign(state, environment, paid.as_ref(), &format!("{payment}|{id}"));
    Ok(subscription
        .into_iter()
        .chain(payment_object(paid.as_ref(), "subscriptionId", id, signature))
        .collect())
}

/// Refunds a payment: all that is left, or this amount.
pub(crate) fn refund(
    state: &mut State,
    context: &Context,
    payment: &str,
    amount: Option<u64>,
) -> Result<Vec<Value>, ControlError> {
    let has_payment = |data: &AccountData| data.payments.iter().any(|existing| existing.id == payment);
    let account = state.razorpay_account_with(context.now, has_payment);
    let mut account = account.ok_or_else(|| not_found("payment", payment))?;
    let refund = account.refund(payment, amount)?;
    let refunded = account.payment(payment).map(|refunded| {
        json!({"object": "payment", "id": payment, "status": refunded.status, "amountRefunded": refunded.amount_refunded})
    });
    let refund =
        json!({"object": "refund", "id": refund.id, "status": refund.status, "amount": refund.amount});
    Ok([refund].into_iter().chain(refunded).collect())
}

/// Cancels a subscription: now, or at the end of its cycle.
pub(crate) fn cancel(
    state: &mut State,
    context: &Context,
    subscription: &str,
    at_period_end: bool,
) -> Result<Vec<Value>, ControlError> {
    let account = state.razorpay_account_with(context.now, |data| data.has_subscription(subscription));
    let mut account = account.ok_or_else(|| not_found("subscription", subscription))?;
    account.cancel_subscription(subscription, at_period_end).map_err(|error| ControlError::NotPossible {
        what: format!("Cannot cancel the subscription {subscription}"),
        why: match error {
            RazorpayError::Response { description, .. } => description,
            RazorpayError::ConnectionLost => "Razorpay does not answer".to_owned(),
        },
    })?;
    Ok(subscription_object(&account, subscription).into_iter().collect())
}

/// The next time at which something happens by itself.
pub(crate) fn next_due(state: &State) -> Option<Timestamp> {
    let accounts = state.razorpay.accounts.values();
    let data = accounts.flat_map(|account| [&account.test, &account.live]);
    data.flat_map(AccountData::due).map(|(time, _)| parse_time(&time)).min()
}

/// Does everything that is due at this time.
pub(crate) fn run_due(state: &mut State, context: &Context, at: Timestamp) {
    let at = format_time(at);
    let is_due = |data: &AccountData| data.due().any(|(time, _)| time <= at);
    while let Some(mut account) = state.razorpay_account_with(context.now, is_due) {
        let Some((_, task)) = account.data.due().min_by(|(a, _), (b, _)| a.cmp(b)) else { break };
        account.run(task);
    }
}

/// Whether Razorpay has this subscription.
pub(crate) fn has_subscription(state: &State, id: &str) -> bool {
    let accounts = state.razorpay.accounts.values();
    accounts.flat_map(|account| [&account.test, &account.live]).any(|data| data.has_subscription(id))
}

/// Something that happens by itself.
enum Task {
    /// A delayed payment is confirmed or refused.
    Confirm(DelayedPayment),
    /// A subscription is charged, or ends with its cycle.
    Charge(String),
}

impl AccountData {
    fn has_subscription(&self, id: &str) -> bool {
        self.subscriptions.iter().any(|subscription| subscription.id == id)
    }

    /// What is to happen by itself, and when.
    fn due(&self) -> impl Iterator<Item = (Time, Task)> {
        let payments = self.delayed_payments.iter();
        let payments = payments.map(|delayed| (delayed.due.clone(), Task::Confirm(delayed.clone())));
        let charges = self.subscriptions.iter().filter_map(|subscription| {
            let is_charged = matches!(subscription.status.as_str(), "authenticated" | "active" | "pending");
            // A subscription whose plan is unknown cannot be charged.
            let is_charged = is_charged && self.plans.contains_key(&subscription.plan);
            let time = subscription.charge_at.clone().filter(|_| is_charged)?;
            Some((time, Task::Charge(subscription.id.clone())))
        });
        payments.chain(charges)
    }
}

impl ActiveAccount<'_> {
    fn pay_order(&mut self, id: &str, card: Card) -> Result<String, ControlError> {
        let order = self.order(id).cloned().ok_or_else(|| not_found("order", id))?;
        let waiting = self.data.delayed_payments.iter().map(|delayed| delayed.payment.as_str());
        let waiting = waiting.filter_map(|payment| self.payment(payment));
        let is_waiting = waiting.into_iter().any(|payment| payment.order.as_deref() == Some(id));
        if order.status == "paid" || is_waiting {
            let why = if is_waiting { "its payment is not confirmed yet" } else { "it is already paid" };
            return Err(not_possible("pay the order", id, why));
        }
        let payment = Payment {
            amount: order.amount,
            currency: order.currency.clone(),
            order: Some(id.to_owned()),
            status: if card == Card::Decline { "failed" } else { "authorized" }.to_owned(),
            description: order.description.clone(),
            // The checkout page copies them from the order.
            notes: order.notes.clone(),
            ..self.prefilled_payment(&order.prefill)
        };
        let payment = self.add_payment(payment);
        match card {
            Card::Decline => self.record_payment_event("payment.failed", &payment),
            Card::Ok | Card::DeclineLater => {
                self.record_payment_event("payment.authorized", &payment);
                self.capture(&payment);
            }
            Card::Delayed | Card::DelayedFails => {
                self.record_payment_event("payment.authorized", &payment);
                self.data.delayed_payments.push(DelayedPayment {
                    payment: payment.clone(),
                    due: later(&self.now, 24 * DELAY_DAYS),
                    succeeds: card == Card::Delayed,
                });
            }
        }
        Ok(payment)
    }

    fn pay_subscription(&mut self, id: &str, card: Card) -> Result<String, ControlError> {
        let subscription = self.subscription(id).cloned().ok_or_else(|| not_found("subscription", id))?;
        let why = match subscription.status.as_str() {
            "created" | "pending" | "halted" => None,
            "authenticated" => Some("its first charge is automatic, and not due yet".to_owned()),
            "active" => Some("its next charge is automatic, and not due yet".to_owned()),
            status => Some(format!("it is {status}")),
        };
        if let Some(why) = why {
            return Err(not_possible("pay the subscription", id, &why));
        }
        if !self.data.plans.contains_key(&subscription.plan) {
            return Err(not_possible("pay the subscription", id, "its plan is unknown"));
        }
        let now = self.now.clone();
        let billing = self.billing(&subscription);
        billing.declines = matches!(card, Card::DelayedFails | Card::DeclineLater);
        let is_delayed = matches!(card, Card::Delayed | Card::DelayedFails);
        let starts_later = subscription.start_at.as_ref().is_some_and(|start| *start > now);
        let is_new = subscription.status == "created";
        let payment = if is_new && card != Card::Decline && (is_delayed || starts_later) {
            let payment = self.authenticate(id);
            let charge_at =
                if starts_later { subscription.start_at } else { Some(later(&now, 24 * DELAY_DAYS)) };
            if let Some(subscription) = self.subscription_mut(id) {
                subscription.charge_at = charge_at;
            }
            payment
        } else {
            self.charge(id, card != Card::Decline)
        };
        payment.ok_or_else(|| not_found("subscription", id))
    }

    fn refund(&mut self, id: &str, amount: Option<u64>) -> Result<Refund, ControlError> {
        let payment = self.payment(id).cloned().ok_or_else(|| not_found("payment", id))?;
        let left = payment.amount.saturating_sub(payment.amount_refunded);
        let amount = amount.unwrap_or(left);
        let why = match payment.status.as_str() {
            "captured" if amount > left => Some(format!("only {left} of {} is left", payment.amount)),
            "captured" if amount == 0 => Some("the amount must be greater than zero".to_owned()),
            "captured" => None,
            "refunded" => Some("it is already refunded".to_owned()),
            status => Some(format!("its status is {status}, not captured")),
        };
        if let Some(why) = why {
            return Err(not_possible("refund the payment", id, &why));
        }
        let refund = Refund {
            id: self.id("rfnd_"),
            amount,
            currency: payment.currency,
            payment: id.to_owned(),
            status: "pending".to_owned(),
            created: self.now.clone(),
            ..Refund::default()
        };
        if let Some(payment) = self.payment_mut(id) {
            payment.amount_refunded += amount;
            if amount == left {
                "refunded".clone_into(&mut payment.status);
            }
        }
        self.record_refund_event("refund.created", &refund);
        let refund = Refund { status: "processed".to_owned(), ..refund };
        self.record_refund_event("refund.processed", &refund);
        self.data.refunds.push(refund.clone());
        Ok(refund)
    }

    fn run(&mut self, task: Task) {
        match task {
            Task::Confirm(delayed) => {
                self.data.delayed_payments.retain(|existing| existing.payment != delayed.payment);
                if delayed.succeeds {
                    self.capture(&delayed.payment);
                } else if let Some(payment) = self.payment_mut(&delayed.payment) {
                    "failed".clone_into(&mut payment.status);
                    self.record_payment_event("payment.failed", &delayed.payment);
                }
            }
            Task::Charge(id) => {
                let Some(subscription) = self.subscription(&id).cloned() else { return };
                let billing = self.billing(&subscription);
                let declines = billing.declines;
                if billing.cancel_at_cycle_end && subscription.status == "active" {
                    self.end_subscription(&id, "cancelled", None);
                } else {
                    self.charge(&id, !declines);
                }
            }
        }
    }
}

/// The signature with which the checkout page proves a successful payment to the application.
fn sign(state: &State, environment: Environment, payment: Option<&Payment>, message: &str) -> Option<String> {
    let key = state.insforge.razorpay(environment).key.as_ref()?;
    payment.filter(|payment| payment.status != "failed")?;
    Some(hex_hmac_sha256(key.secret.as_bytes(), message.as_bytes()))
}

fn payment_object(
    payment: Option<&Payment>,
    paid_field: &str,
    paid: &str,
    signature: Option<String>,
) -> Option<Value> {
    let payment = payment?;
    let mut object =
        json!({"object": "payment", "id": payment.id, "status": payment.status, paid_field: paid});
    if let Some(signature) = signature {
        object["signature"] = signature.into();
    }
    Some(object)
}

fn subscription_object(account: &ActiveAccount, id: &str) -> Option<Value> {
    let subscription = account.subscription(id)?;
    Some(json!({"object": "subscription", "id": id, "status": subscription.status}))
}

fn not_found(what: &'static str, id: &str) -> ControlError {
    ControlError::NotFound { what, id: id.to_owned() }
}

fn not_possible(what: &str, id: &str, why: &str) -> ControlError {
    ControlError::NotPossible { what: format!("Cannot {what} {id}"), why: why.to_owned() }
}

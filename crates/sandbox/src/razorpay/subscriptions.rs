//! Subscriptions: creating, canceling, pausing and resuming them.

use serde_json::{Map, Value};

use crate::razorpay::account::ActiveAccount;
use crate::razorpay::{Billing, Plan, Prefill, RazorpayClient, RazorpayError, Subscription, cycle_start};
use crate::state::Time;

/// The page on which a customer could pay. A random address could be another merchant's page.
const SHORT_URL: &str = "https://rzp.io/i/fake";

/// The longest subscription, in years.
const MAX_YEARS: u64 = 100;

/// The backend's request to create a subscription, and what the application then fills in on the checkout page.
pub(crate) struct NewSubscription {
    pub(crate) plan: String,
    pub(crate) total_count: Option<u64>,
    pub(crate) end_at: Option<Time>,
    pub(crate) start_at: Option<Time>,
    pub(crate) quantity: Option<u64>,
    pub(crate) offer: Option<String>,
    pub(crate) notes: Map<String, Value>,
    pub(crate) prefill: Prefill,
}

impl RazorpayClient<'_> {
    pub(crate) fn create_subscription(
        &mut self,
        new: NewSubscription,
    ) -> Result<Subscription, RazorpayError> {
        self.request("POST /v1/subscriptions")?;
        let mut account = self.account();
        let plan = account.data.plans.get(&new.plan).cloned().ok_or_else(does_not_exist)?;
        let now = account.now.clone();
        let start = new.start_at.unwrap_or_else(|| now.clone());
        let total = match new.total_count {
            Some(count) => count,
            None => plan.cycles_until(&start, new.end_at.as_deref().unwrap_or_default()),
        };
        let longest = cycle_start(&start, "yearly", 1, MAX_YEARS);
        let end = plan.cycle_start(&start, total).filter(|end| longest.as_ref().is_none_or(|max| end <= max));
        let end =
            end.ok_or_else(|| RazorpayError::bad_request("Exceeds the maximum total count allowed."))?;
        let id = account.id("sub_");
        let subscription = Subscription {
            id: id.clone(),
            plan: plan.id,
            status: "created".to_owned(),
            quantity: Some(new.quantity.unwrap_or(1)),
            charge_at: Some(start.clone()),
            start_at: Some(start.clone()),
            end_at: Some(end),
            total_count: Some(total),
            auth_attempts: Some(0),
            paid_count: Some(0),
            remaining_count: Some(total),
            short_url: Some(SHORT_URL.to_owned()),
            offer: new.offer,
            notes: new.notes,
            created: Some(now),
            ..Subscription::default()
        };
        account.data.subscriptions.push(subscription.clone());
        account.data.billing.insert(id, Billing { prefill: new.prefill, ..Billing::starting_at(start) });
        Ok(subscription)
    }

    /// Cancels a subscription: now, or at the end of its cycle.
    pub(crate) fn cancel_subscription(
        &mut self,
        id: &str,
        at_cycle_end: bool,
    ) -> Result<Subscription, RazorpayError> {
        self.request(&format!("POST /v1/subscriptions/{id}/cancel"))?;
        self.account().cancel_subscription(id, at_cycle_end)
    }

    /// Pauses a subscription now.
    pub(crate) fn pause_subscription(&mut self, id: &str) -> Result<Subscription, RazorpayError> {
        self.request(&format!("POST /v1/subscriptions/{id}/pause"))?;
        let mut account = self.account();
        account.expect_status(id, &["active"], "pausable")?;
        account.set_subscription_status(id, "paused");
        account.record_subscription_event("subscription.paused", id, None);
        account.subscription(id).cloned().ok_or_else(does_not_exist)
    }

    /// Resumes a subscription now. The cycles during the pause are not charged.
    pub(crate) fn resume_subscription(&mut self, id: &str) -> Result<Subscription, RazorpayError> {
        self.request(&format!("POST /v1/subscriptions/{id}/resume"))?;
        let mut account = self.account();
        account.expect_status(id, &["paused"], "resumable")?;
        account.skip_past_cycles(id);
        account.set_subscription_status(id, "active");
        account.record_subscription_event("subscription.resumed", id, None);
        account.subscription(id).cloned().ok_or_else(does_not_exist)
    }
}

impl ActiveAccount<'_> {
    pub(super) fn subscription(&self, id: &str) -> Option<&Subscription> {
        self.data.subscriptions.iter().find(|subscription| subscription.id == id)
    }

    pub(super) fn subscription_mut(&mut self, id: &str) -> Option<&mut Subscription> {
        self.data.subscriptions.iter_mut().find(|subscription| subscription.id == id)
    }

    /// Cancels a subscription. Without a cycle to end, it is canceled now.
    pub(super) fn cancel_subscription(
        &mut self,
        id: &str,
        at_cycle_end: bool,
    ) -> Result<Subscription, RazorpayError> {
        let cancellable = ["created", "authenticated", "active", "pending", "halted", "paused"];
        self.expect_status(id, &cancellable, "cancellable")?;
        let subscription = self.subscription(id).cloned().ok_or_else(does_not_exist)?;
        if at_cycle_end && subscription.status == "active" && subscription.current_end.is_some() {
            self.billing(&subscription).cancel_at_cycle_end = true;
        } else {
            self.end_subscription(id, "cancelled", None);
        }
        self.subscription(id).cloned().ok_or_else(does_not_exist)
    }

    /// Ends a subscription: it was canceled or is completed. One that was never charged has no end.
    pub(super) fn end_subscription(&mut self, id: &str, status: &str, payment: Option<&str>) {
        let now = self.now.clone();
        if let Some(subscription) = self.subscription_mut(id) {
            status.clone_into(&mut subscription.status);
            subscription.ended_at = subscription.current_start.is_some().then_some(now);
        }
        self.record_subscription_event(&format!("subscription.{status}"), id, payment);
    }

    pub(super) fn set_subscription_status(&mut self, id: &str, status: &str) {
        if let Some(subscription) = self.subscription_mut(id) {
            status.clone_into(&mut subscription.status);
        }
    }

    /// The billing of a subscription. One that the sandbox did not create has none at first.
    pub(super) fn billing(&mut self, subscription: &Subscription) -> &mut Billing {
        let start = subscription.start_at.as_ref().or(subscription.created.as_ref());
        let start = start.unwrap_or(&self.now).clone();
        let billing = self.data.billing.entry(subscription.id.clone());
        billing.or_insert_with(|| Billing {
            next_cycle: subscription.paid_count.unwrap_or_default(),
            ..Billing::starting_at(start)
        })
    }

    /// Moves the next charge behind the present.
    pub(super) fn skip_past_cycles(&mut self, id: &str) {
        let Some(subscription) = self.subscription(id).cloned() else { return };
        let Some(plan) = self.data.plans.get(&subscription.plan).cloned() else { return };
        let now = self.now.clone();
        let billing = self.billing(&subscription);
        if subscription.current_end.is_none_or(|end| end > now) {
            return;
        }
        billing.next_cycle += plan
            .cycles_until(&plan.cycle_start(&billing.anchor, billing.next_cycle).unwrap_or_default(), &now);
        let charge_at = plan.cycle_start(&billing.anchor, billing.next_cycle);
        if let Some(subscription) = self.subscription_mut(id) {
            subscription.charge_at = charge_at;
        }
    }

    /// Requires one of these statuses. `adjective` is for the error, such as `cancellable`.
    fn expect_status(&self, id: &str, allowed: &[&str], adjective: &str) -> Result<(), RazorpayError> {
        let status = &self.subscription(id).ok_or_else(does_not_exist)?.status;
        if allowed.contains(&status.as_str()) {
            return Ok(());
        }
        let message = format!("Subscription is not {adjective} in {status} status.");
        Err(RazorpayError::bad_request(message))
    }
}

impl Billing {
    fn starting_at(anchor: Time) -> Self {
        Self {
            anchor,
            next_cycle: 0,
            declines: false,
            cancel_at_cycle_end: false,
            retry_at: None,
            prefill: Prefill::default(),
        }
    }
}

impl Plan {
    /// The start of a cycle, counted from 0.
    pub(super) fn cycle_start(&self, anchor: &str, cycle: u64) -> Option<Time> {
        cycle_start(anchor, &self.period, self.interval, cycle)
    }

    /// The number of cycles that start before a time.
    fn cycles_until(&self, anchor: &str, end: &str) -> u64 {
        let starts = (0..).map_while(|cycle| self.cycle_start(anchor, cycle));
        let count = starts.take_while(|start| start.as_str() < end).count();
        u64::try_from(count).unwrap_or(u64::MAX)
    }
}

fn does_not_exist() -> RazorpayError {
    RazorpayError::bad_request("The id provided does not exist")
}

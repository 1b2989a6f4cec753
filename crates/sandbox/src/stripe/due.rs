//! What happens at Stripe by itself at a certain time.

use jiff::Timestamp;

use crate::state::{State, later};
use crate::stripe::AccountData;
use crate::stripe::activity::{AccountRef, Activity};
use crate::stripe::subscriptions::has_ended;

/// After how many hours a subscription expires whose first payment fails.
const INCOMPLETE_HOURS: i64 = 23;

/// Something that is due, with the id of its object. At the same time, the first kind in this list happens first.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Due {
    /// The bank confirms or rejects a payment.
    Settlement(String),
    /// Stripe tries to collect an invoice again.
    Retry(String),
    /// A subscription ends.
    End(String),
    /// The next period of a subscription begins.
    Renewal(String),
    /// The first payment of a subscription was not made in time.
    IncompleteExpiry(String),
    SessionExpiry(String),
}

impl Due {
    /// The position in the list of kinds.
    const fn rank(&self) -> u8 {
        match self {
            Self::Settlement(_) => 0,
            Self::Retry(_) => 1,
            Self::End(_) => 2,
            Self::Renewal(_) => 3,
            Self::IncompleteExpiry(_) => 4,
            Self::SessionExpiry(_) => 5,
        }
    }
}

impl AccountData {
    /// All that is due at some time, in the order in which the objects were created.
    fn due(&self) -> impl Iterator<Item = (Timestamp, Due)> {
        let settlements = self.payment_intents.iter().filter_map(|payment| {
            Some((payment.settlement.as_ref()?.at.parse().ok()?, Due::Settlement(payment.id.clone())))
        });
        let retries = self.invoices.iter().filter(|invoice| invoice.status == "open").filter_map(|invoice| {
            Some((invoice.next_payment_attempt.as_ref()?.parse().ok()?, Due::Retry(invoice.id.clone())))
        });
        let sessions = self.checkout_sessions.iter().filter(|session| session.status == "open");
        let sessions = sessions.filter_map(|session| {
            Some((session.expires_at.parse().ok()?, Due::SessionExpiry(session.id.clone())))
        });
        settlements.chain(retries).chain(self.due_subscriptions()).chain(sessions)
    }

    fn due_subscriptions(&self) -> impl Iterator<Item = (Timestamp, Due)> {
        self.subscriptions.iter().filter(|subscription| !has_ended(&subscription.status)).flat_map(
            |subscription| {
                let id = &subscription.id;
                if subscription.status == "incomplete" {
                    let expiry = later(&self.billing_of(subscription).created, INCOMPLETE_HOURS);
                    let expiry = expiry.parse().ok();
                    return [expiry.map(|expiry| (expiry, Due::IncompleteExpiry(id.clone()))), None]
                        .into_iter()
                        .flatten();
                }
                let end = subscription.cancel_at.as_ref().and_then(|end| end.parse().ok());
                let end = end.map(|end| (end, Due::End(id.clone())));
                let renews = matches!(subscription.status.as_str(), "active" | "trialing" | "past_due");
                let period_end = subscription.current_period_end.as_ref().filter(|_| renews);
                let renewal = period_end
                    .filter(|end| self.next_period(subscription, end).is_some())
                    .and_then(|end| end.parse().ok())
                    .map(|renewal| (renewal, Due::Renewal(id.clone())));
                [end, renewal].into_iter().flatten()
            },
        )
    }

    /// The first thing that is due.
    fn first_due(&self) -> Option<(Timestamp, Due)> {
        self.due().min_by_key(|(time, due)| (*time, due.rank()))
    }
}

impl Activity<'_> {
    fn run(&mut self, due: &Due) {
        match due {
            Due::Settlement(payment) => self.settle(payment),
            Due::Retry(invoice) => self.retry_invoice(invoice),
            Due::End(subscription) => self.end_subscription(subscription, "cancellation_requested"),
            Due::Renewal(subscription) => self.renew(subscription),
            Due::IncompleteExpiry(subscription) => self.expire_incomplete(subscription),
            Due::SessionExpiry(session) => self.expire_session(session),
        }
    }
}

/// The next time at which something happens in any account.
pub(super) fn next_due(state: &State) -> Option<Timestamp> {
    state.stripe_accounts().filter_map(|(_, data)| data.first_due()).map(|(time, _)| time).min()
}

/// Does everything that is due until this time, in the order in which it is due. `now` is the sandbox's time.
pub(super) fn run_due(state: &mut State, now: &str, until: Timestamp) {
    let accounts: Vec<AccountRef> = state.stripe_accounts().map(|(account, _)| account).collect();
    for account in accounts {
        let Some(mut activity) = state.stripe_activity(&account, now) else { continue };
        while let Some((_, due)) = activity.data.first_due().filter(|(time, _)| *time <= until) {
            activity.run(&due);
        }
    }
}

//! Events of subscriptions.

use crate::backend::webhooks::Applied;
use crate::backend::webhooks::stripe::StripeEvent;
use crate::backend::webhooks::stripe::object::Object;
use crate::generation::Generation;
use crate::state::State;
use crate::state::stripe::MirroredSubscription;
use crate::stripe::{Subscription, SubscriptionItem};

/// Stores the subscription with its items. The billing subject comes from its metadata, or else from the customer's mapping.
pub(super) fn store(event: &StripeEvent, state: &mut State) -> Applied {
    let object = event.object;
    let Some(customer) = object.id("customer") else { return Applied::Ignored };
    let subscription = read(object, customer);
    let own = object.subject();
    let written = state.ids.next_number();
    let mirror = event.mirror(state);
    // Older backends learn a customer's billing subject only from checkout sessions.
    if let (Some(own), Generation::Newer) = (&own, event.context.generation) {
        mirror.subjects.map_if_new(own, &subscription.customer);
    }
    let subject = own.or_else(|| mirror.subjects.subject_of(&subscription.customer).cloned());
    let now = event.context.now;
    let known = mirror.subscriptions.get(&subscription.id);
    let created_at = known.map_or_else(|| now.to_owned(), |row| row.created_at.clone());
    let row = MirroredSubscription { subject, created_at, synced_at: now.to_owned(), written, subscription };
    mirror.subscriptions.insert(row.subscription.id.clone(), row);
    Applied::Handled
}

fn read(object: Object, customer: String) -> Subscription {
    // Stripe moved the period from the subscription to its items.
    let times = |name: &'static str| object.all("items").filter_map(move |item| item.time(name));
    Subscription {
        id: object.text("id").unwrap_or_default(),
        customer,
        status: object.text("status").unwrap_or_default(),
        current_period_start: times("current_period_start").min(),
        current_period_end: times("current_period_end").max(),
        cancel_at_period_end: object.is_true("cancel_at_period_end"),
        cancel_at: object.time("cancel_at"),
        canceled_at: object.time("canceled_at"),
        trial_start: object.time("trial_start"),
        trial_end: object.time("trial_end"),
        latest_invoice: object.id("latest_invoice"),
        metadata: object.map("metadata"),
        items: object.all("items").map(read_item).collect(),
    }
}

fn read_item(item: Object) -> SubscriptionItem {
    SubscriptionItem {
        id: item.text("id").unwrap_or_default(),
        product: item.get("price").id("product"),
        price: item.id("price"),
        quantity: item.number("quantity"),
    }
}

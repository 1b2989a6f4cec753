//! Stripe's subscriptions and their items.

use serde_json::json;

use crate::backend::rows::in_database_order;
use crate::backend::tables::{Row, Tables, bigint, name};
use crate::environment::Environment;
use crate::generation::Generation;
use crate::state::State;
use crate::state::stripe::MirroredSubscription;
use crate::stripe::SubscriptionItem;

pub(super) fn add(tables: &mut Tables, state: &State, generation: Generation) {
    let (mut subscriptions, mut items) = (Vec::new(), Vec::new());
    for environment in Environment::ALL {
        for mirrored in state.insforge.stripe(environment).subscriptions.values() {
            subscriptions.push(subscription(mirrored, environment, generation).columns);
            let all = mirrored.subscription.items.iter();
            items.extend(all.map(|row| item(row, mirrored, environment, generation).columns));
        }
    }
    tables.insert(name(generation, "stripe_subscriptions", "subscriptions"), subscriptions);
    tables.insert(name(generation, "stripe_subscription_items", "subscription_items"), items);
}

fn subscription(mirrored: &MirroredSubscription, environment: Environment, generation: Generation) -> Row {
    let subscription = &mirrored.subscription;
    let mut row = Row::new(generation, "subscriptions", environment, &subscription.id);
    row.put("environment", environment.as_str());
    row.put_renamed("subscription_id", "stripe_subscription_id", subscription.id.clone());
    row.put_renamed("customer_id", "stripe_customer_id", subscription.customer.clone());
    row.put_subject(mirrored.subject.as_ref());
    row.put("status", subscription.status.clone());
    row.put("current_period_start", subscription.current_period_start.clone());
    row.put("current_period_end", subscription.current_period_end.clone());
    row.put("cancel_at_period_end", subscription.cancel_at_period_end);
    row.put("cancel_at", subscription.cancel_at.clone());
    row.put("canceled_at", subscription.canceled_at.clone());
    row.put("trial_start", subscription.trial_start.clone());
    row.put("trial_end", subscription.trial_end.clone());
    row.put("latest_invoice_id", subscription.latest_invoice.clone());
    row.put("metadata", in_database_order(&subscription.metadata));
    row.put("raw", json!({}));
    row.put("synced_at", mirrored.synced_at.clone());
    row.put("created_at", mirrored.created_at.clone());
    row.put("updated_at", mirrored.synced_at.clone());
    row
}

fn item(
    item: &SubscriptionItem,
    mirrored: &MirroredSubscription,
    environment: Environment,
    generation: Generation,
) -> Row {
    let mut row = Row::new(generation, "subscription_items", environment, &item.id);
    row.put("environment", environment.as_str());
    row.put_renamed("subscription_item_id", "stripe_subscription_item_id", item.id.clone());
    row.put_renamed("subscription_id", "stripe_subscription_id", mirrored.subscription.id.clone());
    row.put_renamed("product_id", "stripe_product_id", item.product.clone());
    row.put_renamed("price_id", "stripe_price_id", item.price.clone());
    row.put("quantity", bigint(item.quantity));
    row.put("metadata", json!({}));
    row.put("raw", json!({}));
    row.put("created_at", mirrored.created_at.clone());
    row.put("updated_at", mirrored.synced_at.clone());
    row
}

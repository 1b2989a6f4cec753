//! What Razorpay has for sale, for completion.

use std::borrow::Cow;

use crate::api::razorpay::RAZORPAY;
use crate::commands::razorpay::catalog::Row;
use crate::settings::{Offer, Offers};
use crate::wire::Environment;
use crate::wire::razorpay::{Catalog, Item, Plan};

pub(super) const LISTS: &[&str] = &[Item::MANY, Plan::MANY];

/// Both lists.
pub(super) fn of(catalog: &Catalog, environment: Environment) -> Offers {
    Offers::of(RAZORPAY.segment, environment)
        .with(Item::MANY, catalog.items.iter().map(item))
        .with(Plan::MANY, catalog.plans.iter().map(plan))
}

/// `Gold, 499.00 INR`
fn item(item: &Item) -> Offer {
    let price = item.price().map(|price| price.to_string().into());
    Offer::new(item.id(), &[item.name().map(Cow::Borrowed), price], item.active)
}

/// `499.00 INR / month, Gold`
fn plan(plan: &Plan) -> Offer {
    let every = plan.billing_cycle().map(|rhythm| format!(" / {rhythm}")).unwrap_or_default();
    let price = plan.price().map(|price| format!("{price}{every}").into());
    Offer::new(plan.id(), &[price, plan.name().map(Cow::Borrowed)], plan.active)
}

//! Razorpay's items and plans, for completion.

use std::borrow::Cow;

use crate::api::razorpay::RAZORPAY;
use crate::commands::common::read_ids;
use crate::commands::razorpay::RazorpayGateway;
use crate::commands::razorpay::catalog_object::CatalogObject;
use crate::runner::{HasIdList, IdList};
use crate::settings::{CachedId, CachedIds};
use crate::wire::Environment;
use crate::wire::razorpay::{Catalog, Item, Plan};

impl HasIdList for Item {
    const IDS: &'static IdList = &list(Self::PLURAL);
}

impl HasIdList for Plan {
    const IDS: &'static IdList = &list(Self::PLURAL);
}

const fn list(name: &'static str) -> IdList {
    IdList { provider: &RAZORPAY, name, owners: None, read: read_ids::<RazorpayGateway> }
}

/// Both lists.
pub(super) fn all(catalog: &Catalog, environment: Environment) -> CachedIds {
    CachedIds::new(RAZORPAY.segment, environment)
        .with(Item::PLURAL, catalog.items.iter().map(item))
        .with(Plan::PLURAL, catalog.plans.iter().map(plan))
}

/// `Gold, 499.00 INR`
fn item(item: &Item) -> CachedId {
    let price = item.price().map(|price| price.to_string().into());
    CachedId::new(item.id(), &[item.name().map(Cow::Borrowed), price], item.active)
}

/// `499.00 INR / month, Gold`
fn plan(plan: &Plan) -> CachedId {
    let every = plan.billing_cycle().map(|cycle| format!(" / {cycle}")).unwrap_or_default();
    let price = plan.price().map(|price| format!("{price}{every}").into());
    CachedId::new(plan.id(), &[price, plan.name().map(Cow::Borrowed)], plan.active)
}

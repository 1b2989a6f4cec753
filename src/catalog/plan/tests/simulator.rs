//! A simulation of Stripe for the steps of a plan. It panics if Stripe would refuse a step.

use std::collections::{BTreeMap, HashMap};

use crate::catalog::plan::{CatalogPlan, ObjectRef, Step, replaced_by};
use crate::wire::{
    Metadata, Mirror, MirroredPrice, MirroredProduct, NewPrice, NewProduct, Patch, PriceChanges,
    ProductChanges,
};

/// A mirror, and the ids of the objects that the steps created.
#[derive(Clone, Debug, Default)]
pub(super) struct SimulatedStripe {
    pub(super) mirror: Mirror,
    products: HashMap<String, String>,
    prices: HashMap<String, String>,
}

impl SimulatedStripe {
    pub(super) fn new(mirror: &Mirror) -> Self {
        Self { mirror: mirror.clone(), ..Self::default() }
    }

    /// The mirror after all steps of a plan.
    pub(super) fn after(mirror: &Mirror, plan: &CatalogPlan) -> Mirror {
        let mut stripe = Self::new(mirror);
        steps(plan).for_each(|step| stripe.apply(step));
        stripe.mirror
    }

    pub(super) fn apply(&mut self, step: &Step) {
        match step.clone() {
            Step::CreateProduct { key, body } => self.create_product(key, body),
            Step::UpdateProduct { id, changes } => self.update_product(&id, changes),
            Step::CreatePrice { key, product, body } => {
                let product = match product {
                    ObjectRef::Existing(id) => id,
                    ObjectRef::Created(key) => self.products[&key].clone(),
                };
                self.create_price(key, product, body);
            }
            Step::UpdatePrice { price, changes, replaced_by: by } => {
                let id = self.price_id(price);
                let changes = match by {
                    Some(by) => replaced_by(changes, &self.price_id(by)).unwrap(),
                    None => changes,
                };
                assert!(!changes.is_empty(), "an empty update");
                self.update_price(&id, changes);
            }
            Step::ArchivePrice { id } => {
                self.update_price(&id, PriceChanges { active: Some(false), ..PriceChanges::default() });
            }
        }
    }

    fn price_id(&self, price: ObjectRef) -> String {
        match price {
            ObjectRef::Existing(id) => id,
            ObjectRef::Created(key) => self.prices[&key].clone(),
        }
    }

    fn create_product(&mut self, key: String, body: NewProduct) {
        let id = format!("prod_new_{}", self.mirror.products.len());
        let mut product = MirroredProduct {
            product_id: id.clone(),
            name: body.name.unwrap().to_string(),
            description: match body.description {
                Patch::Set(text) => Some(text.to_string()),
                _ => None,
            },
            active: body.active.unwrap_or(true),
            default_price_id: None,
            metadata: BTreeMap::new(),
        };
        merge(&mut product.metadata, body.metadata.as_ref());
        self.mirror.products.push(product);
        assert!(self.products.insert(key, id).is_none(), "the product was created twice");
    }

    fn update_product(&mut self, id: &str, changes: ProductChanges) {
        assert!(!changes.is_empty(), "an empty update");
        let product = self.mirror.products.iter_mut().find(|product| product.product_id == id).unwrap();
        if let Some(name) = changes.name {
            product.name = name.to_string();
        }
        match changes.description {
            Patch::Set(text) => product.description = Some(text.to_string()),
            Patch::Clear => product.description = None,
            Patch::Keep => {}
        }
        product.active = changes.active.unwrap_or(product.active);
        merge(&mut product.metadata, changes.metadata.as_ref());
    }

    fn create_price(&mut self, key: String, product: String, body: NewPrice) {
        assert!(self.mirror.products.iter().any(|one| one.product_id == product), "no product {product}");
        assert!(body.product_id.is_none(), "the body has a product");
        let id = format!("price_new_{}", self.mirror.prices.len());
        let mut price = MirroredPrice {
            price_id: id.clone(),
            product_id: Some(product),
            active: body.active.unwrap_or(true),
            currency: body.currency.unwrap().to_string(),
            unit_amount: Some(body.unit_amount.unwrap().get().into()),
            lookup_key: None,
            billing_scheme: Some("per_unit".into()),
            tax_behavior: Some(body.tax_behavior.map_or_else(|| "unspecified".into(), json_string)),
            recurring_interval: body.recurring.map(|recurring| json_string(recurring.interval)),
            recurring_interval_count: body
                .recurring
                .map(|recurring| u64::from(recurring.interval_count.unwrap_or(1)).into()),
            metadata: BTreeMap::new(),
        };
        merge(&mut price.metadata, body.metadata.as_ref());
        if let Patch::Set(key) = body.lookup_key {
            self.check_free(key.as_str(), &id);
            price.lookup_key = Some(key.to_string());
        }
        self.mirror.prices.push(price);
        assert!(self.prices.insert(key, id).is_none(), "the price was created twice");
    }

    fn update_price(&mut self, id: &str, changes: PriceChanges) {
        if let Patch::Set(key) = &changes.lookup_key {
            self.check_free(key.as_str(), id);
        }
        let is_default =
            self.mirror.products.iter().any(|product| product.default_price_id.as_deref() == Some(id));
        assert!(!(is_default && changes.active == Some(false)), "{id} is a default price");
        let price = self.mirror.prices.iter_mut().find(|price| price.price_id == id).unwrap();
        price.active = changes.active.unwrap_or(price.active);
        match changes.lookup_key {
            Patch::Set(key) => price.lookup_key = Some(key.to_string()),
            Patch::Clear => price.lookup_key = None,
            Patch::Keep => {}
        }
        if let Some(behavior) = changes.tax_behavior.map(json_string) {
            let has = price.tax_behavior.as_deref().unwrap_or("unspecified");
            assert!(has == "unspecified" || has == behavior, "the tax behavior of {id} is fixed");
            price.tax_behavior = Some(behavior);
        }
        merge(&mut price.metadata, changes.metadata.as_ref());
    }

    fn check_free(&self, lookup_key: &str, own: &str) {
        let mut others = self.mirror.prices.iter().filter(|price| price.price_id != own);
        let holder = others.find(|price| price.lookup_key.as_deref() == Some(lookup_key));
        assert!(holder.is_none(), "{holder:?} has the lookup key {lookup_key}");
    }
}

/// All steps of a plan in order.
pub(super) fn steps(plan: &CatalogPlan) -> impl Iterator<Item = &Step> {
    plan.changes.iter().flat_map(|change| &change.steps)
}

fn merge(metadata: &mut BTreeMap<String, String>, changes: Option<&Metadata>) {
    for (name, value) in changes.into_iter().flat_map(Metadata::iter) {
        if value.is_empty() {
            metadata.remove(name);
        } else {
            metadata.insert(name.to_owned(), value.to_owned());
        }
    }
    assert!(metadata.len() <= 50, "too much metadata");
}

fn json_string(value: impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}

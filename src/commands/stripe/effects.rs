//! What changes at Stripe affect, from the mirror: the objects before and after, and what depends on them. A person sees
//! it before an approval. The mirror is read once, for one object or all objects of a file.

use std::collections::{HashMap, HashSet};

use anyhow::Result;

use crate::api::stripe::{self, STRIPE};
use crate::approval::{Dependents, Effects, FieldChange, ObjectChange, metadata_field};
use crate::catalog::plan::{ChangeAction, ObjectKind, PlannedChange};
use crate::commands::common::effects::{active_subscriptions, read, read_subscriptions};
use crate::runner::Ctx;
use crate::ui::counted;
use crate::wire::{
    Environment, Metadata, Mirror, MirroredPrice, MirroredProduct, MirroredSubscriptions, Money, NewPrice,
    NewProduct, Patch, PriceChanges, ProductChanges,
};

/// Reads the mirror, without a sync.
pub(super) async fn read_mirror(ctx: &Ctx, environment: Environment) -> Result<Mirror> {
    read(ctx, stripe::mirror(environment)).await
}

/// The mirror's objects by id.
pub(super) struct MirrorIndex<'a> {
    mirror: &'a Mirror,
    products: HashMap<&'a str, &'a MirroredProduct>,
    prices: HashMap<&'a str, &'a MirroredPrice>,
}

/// A new product.
pub(super) fn new_product(product: &NewProduct) -> ObjectChange {
    let NewProduct { name, description, active, metadata, .. } = product;
    let name = name.as_ref().map(|name| name.as_str().trim().to_owned());
    let fields = [
        name.clone().map(|name| FieldChange::new("name", name)),
        set(description).map(|text| FieldChange::new("description", text.as_str())),
        active.map(|active| FieldChange::new("active", active.to_string())),
    ];
    let metadata = metadata.iter().flat_map(Metadata::iter);
    ObjectChange::created("product", name)
        .with(fields.into_iter().flatten())
        .with(metadata.map(|(key, value)| FieldChange::new(&metadata_field(key), value)))
}

impl<'a> MirrorIndex<'a> {
    pub(super) fn new(mirror: &'a Mirror) -> Self {
        let products = mirror.products.iter().map(|product| (product.product_id.as_str(), product)).collect();
        let prices = mirror.prices.iter().map(|price| (price.price_id.as_str(), price)).collect();
        Self { mirror, products, prices }
    }

    /// A new price, with the product that it belongs to.
    pub(super) fn new_price(&self, price: &NewPrice) -> ObjectChange {
        let NewPrice {
            product_id,
            currency,
            unit_amount,
            lookup_key,
            active,
            recurring,
            tax_behavior,
            metadata,
            ..
        } = price;
        let money = currency.as_ref().zip(*unit_amount).map(|(currency, amount)| {
            let money = Money::of(&amount.get().into(), currency.as_str()).to_string();
            recurring.map_or_else(|| money.clone(), |recurring| format!("{money} every {recurring}"))
        });
        let fields = [
            product_id.as_ref().map(|id| FieldChange::new("product", self.product_name(id.as_str()))),
            money.clone().map(|money| FieldChange::new("amount", money)),
            set(lookup_key).map(|key| FieldChange::new("lookup key", key.as_str())),
            active.map(|active| FieldChange::new("active", active.to_string())),
            tax_behavior.map(|tax| FieldChange::new("tax behavior", tax.as_str())),
        ];
        let metadata = metadata.iter().flat_map(Metadata::iter);
        let name = set(lookup_key).map(|key| key.as_str().to_owned()).or(money);
        ObjectChange::created("price", name)
            .with(fields.into_iter().flatten())
            .with(metadata.map(|(key, value)| FieldChange::new(&metadata_field(key), value)))
    }

    /// A product that is updated.
    pub(super) fn changed_product(&self, id: &str, changes: &ProductChanges) -> ObjectChange {
        let ProductChanges { name, description, active, metadata } = changes;
        let product = self.products.get(id);
        let mut object = self.product(id);
        if let Some(name) = name {
            object.change("name", product.map(|known| known.name.clone()), Some(name.as_str().to_owned()));
        }
        let before = product.and_then(|known| known.description.clone());
        change_patch(&mut object, "description", before, description, |text| text.as_str());
        if let Some(active) = active {
            object.change("active", product.map(|known| known.active.to_string()), Some(active.to_string()));
        }
        object.change_metadata(product.map(|known| &known.metadata), metadata.as_ref());
        object
    }

    /// A product that is deleted.
    pub(super) fn deleted_product(&self, id: &str) -> ObjectChange {
        let object = self.product(id);
        let Some(product) = self.products.get(id) else { return object };
        let fields = [
            product.description.as_deref().map(|text| FieldChange::removed("description", text)),
            Some(FieldChange::removed("active", product.active.to_string())),
            product.default_price_id.as_deref().map(|id| FieldChange::removed("default price", id)),
        ];
        let metadata = product.metadata.iter();
        object
            .with(fields.into_iter().flatten())
            .with(metadata.map(|(key, value)| FieldChange::removed(metadata_field(key), value.as_str())))
    }

    /// A price that is updated.
    pub(super) fn changed_price(&self, id: &str, changes: &PriceChanges) -> ObjectChange {
        let PriceChanges { active, lookup_key, tax_behavior, metadata } = changes;
        let price = self.prices.get(id);
        let mut object = self.price(id);
        let before = price.and_then(|known| known.lookup_key.clone());
        change_patch(&mut object, "lookup key", before, lookup_key, |key| key.as_str());
        if let Some(active) = active {
            object.change("active", price.map(|known| known.active.to_string()), Some(active.to_string()));
        }
        if let Some(tax) = tax_behavior {
            let unspecified = || "unspecified".to_owned();
            let before = price.map(|known| known.tax_behavior.clone().unwrap_or_else(unspecified));
            object.change("tax behavior", before, Some(tax.as_str().to_owned()));
        }
        object.change_metadata(price.map(|known| &known.metadata), metadata.as_ref());
        object
    }

    /// A price that is archived.
    pub(super) fn archived_price(&self, id: &str) -> ObjectChange {
        self.changed_price(id, &PriceChanges { active: Some(false), ..PriceChanges::default() })
    }

    fn product(&self, id: &str) -> ObjectChange {
        match self.products.get(id) {
            Some(product) => ObjectChange::existing("product", Some(product.name.clone()), id),
            None => ObjectChange::not_mirrored("product", id),
        }
    }

    /// A price, with the product and the amount by which a person recognizes it.
    fn price(&self, id: &str) -> ObjectChange {
        let Some(price) = self.prices.get(id) else { return ObjectChange::not_mirrored("price", id) };
        let amount = amount(price);
        let name = lookup_key(price).unwrap_or(&amount).to_owned();
        let product =
            price.product_id.as_deref().map(|id| FieldChange::kept("product", self.product_name(id)));
        ObjectChange::existing("price", Some(name), id)
            .with(product)
            .with([FieldChange::kept("amount", amount)])
    }

    /// `Pro Plan (prod_1)`
    fn product_name(&self, id: &str) -> String {
        match self.products.get(id) {
            Some(product) => format!("{} ({id})", product.name),
            None => format!("{id} (not in the mirror)"),
        }
    }

    /// What depends on these products: their prices, and the active subscriptions on these.
    pub(super) async fn dependents_of_products(
        &self,
        ctx: &Ctx,
        environment: Environment,
        ids: &[&str],
    ) -> Result<Vec<Dependents>> {
        let products: HashSet<&str> = ids.iter().copied().collect();
        let belongs =
            |price: &&MirroredPrice| price.product_id.as_deref().is_some_and(|id| products.contains(id));
        let mut prices: Vec<&MirroredPrice> = self.mirror.prices.iter().filter(belongs).collect();
        prices.sort_unstable_by_key(|price| (!price.active, price.price_id.as_str()));
        let of = match ids {
            [id] => (*id).to_owned(),
            ids => counted(ids.len(), "product"),
        };
        let row = |price: &&MirroredPrice| {
            let product = price.product_id.as_deref().filter(|_| ids.len() > 1);
            let product = product.map(|id| format!(", of {id}")).unwrap_or_default();
            format!("{}{product}", price_row(price))
        };
        let rows: Vec<String> = prices.iter().map(row).collect();
        let its_prices = if rows.is_empty() {
            Dependents::note(format!("no prices of {of}"))
        } else {
            Dependents::new(format!("{} of {of}", counted(rows.len(), "price")), rows)
        };
        let prices: HashSet<&str> = prices.iter().map(|price| price.price_id.as_str()).collect();
        Ok(vec![its_prices, subscriptions(ctx, environment, &of, &products, &prices).await?])
    }

    /// What depends on these prices: the active subscriptions, and the products that have one as their default price.
    pub(super) async fn dependents_of_prices(
        &self,
        ctx: &Ctx,
        environment: Environment,
        ids: &[&str],
    ) -> Result<Vec<Dependents>> {
        let prices: HashSet<&str> = ids.iter().copied().collect();
        let default = |product: &&MirroredProduct| {
            product.default_price_id.as_deref().is_some_and(|id| prices.contains(id))
        };
        let row = |product: &MirroredProduct| {
            let price = product.default_price_id.as_deref().filter(|_| ids.len() > 1);
            let price = price.map(|id| format!(": {id}")).unwrap_or_default();
            format!("{} ({}){price}", product.product_id, product.name)
        };
        let mut rows: Vec<String> = self.mirror.products.iter().filter(default).map(row).collect();
        rows.sort_unstable();
        let on = match ids {
            [id] => (*id).to_owned(),
            ids => counted(ids.len(), "price"),
        };
        let mut found = vec![subscriptions(ctx, environment, &on, &HashSet::new(), &prices).await?];
        if !rows.is_empty() {
            let products = counted(rows.len(), "product");
            found.push(Dependents::new(format!("{products} with {on} as the default price"), rows));
        }
        Ok(found)
    }
}

/// What depends on the objects that a plan archives or replaces.
pub(super) async fn dependents_of_plan(
    ctx: &Ctx,
    environment: Environment,
    mirror: &Mirror,
    changes: &[PlannedChange],
) -> Result<Vec<Dependents>> {
    let ends =
        |change: &&PlannedChange| matches!(change.action, ChangeAction::Replace | ChangeAction::Archive);
    let ids = |kind: ObjectKind| -> Vec<&str> {
        let changes = changes.iter().filter(ends).filter(|change| change.kind == kind);
        changes.flat_map(|change| change.id.iter().chain(&change.also)).map(String::as_str).collect()
    };
    let products = ids(ObjectKind::Product);
    let index = MirrorIndex::new(mirror);
    // The prices of an archived product are listed with it.
    let product_of = |id: &str| index.prices.get(id).and_then(|price| price.product_id.as_deref());
    let is_alone = |id: &&str| product_of(id).is_none_or(|product| !products.contains(&product));
    let prices: Vec<&str> = ids(ObjectKind::Price).into_iter().filter(is_alone).collect();
    let mut found = Vec::new();
    if !products.is_empty() {
        found.extend(index.dependents_of_products(ctx, environment, &products).await?);
    }
    if !prices.is_empty() {
        found.extend(index.dependents_of_prices(ctx, environment, &prices).await?);
    }
    Ok(found)
}

/// The effects of changes of products or of prices, each with its id.
pub(super) async fn of_objects(
    kind: ObjectKind,
    ctx: &Ctx,
    environment: Environment,
    ids: &[&str],
    object: impl Fn(&MirrorIndex<'_>, usize, &str) -> ObjectChange,
) -> Result<Effects> {
    let mirror = read_mirror(ctx, environment).await?;
    let index = MirrorIndex::new(&mirror);
    let objects = ids.iter().enumerate().map(|(position, id)| object(&index, position, id)).collect();
    let dependents = match kind {
        ObjectKind::Product => index.dependents_of_products(ctx, environment, ids).await?,
        ObjectKind::Price => index.dependents_of_prices(ctx, environment, ids).await?,
    };
    Ok(Effects { objects, dependents, ..Effects::default() })
}

/// The active subscriptions on these prices, or on any price of these products.
async fn subscriptions(
    ctx: &Ctx,
    environment: Environment,
    on: &str,
    products: &HashSet<&str>,
    prices: &HashSet<&str>,
) -> Result<Dependents> {
    let read = read_subscriptions::<MirroredSubscriptions>(ctx, &STRIPE, environment).await?;
    let all = read.as_ref().map_or(&[][..], |read| &read.subscriptions);
    let has = |ids: &HashSet<&str>, id: &Option<String>| id.as_deref().is_some_and(|id| ids.contains(id));
    let active = all.iter().filter(|subscription| !subscription.is_over());
    let rows = active.filter_map(|subscription| {
        let item = subscription
            .items
            .iter()
            .find(|item| has(prices, &item.price_id) || has(products, &item.product_id))?;
        let price = item.price_id.as_deref().filter(|_| prices.len() != 1 || !products.is_empty());
        let price = price.map(|id| format!(", on {id}")).unwrap_or_default();
        Some(format!("{}: {}{price}", subscription.subscription_id, subscription.status))
    });
    let rows = rows.collect();
    Ok(active_subscriptions(on, rows, read.as_ref().map(|read| read.subscriptions.len())))
}

/// `price_1 (pro_monthly): 19.00 USD every month, active`
fn price_row(price: &MirroredPrice) -> String {
    let key = lookup_key(price).map(|key| format!(" ({key})")).unwrap_or_default();
    let active = if price.active { "active" } else { "archived" };
    format!("{}{key}: {}, {active}", price.price_id, amount(price))
}

fn lookup_key(price: &MirroredPrice) -> Option<&str> {
    price.lookup_key.as_deref().filter(|key| !key.is_empty())
}

/// `19.00 USD every month`
fn amount(price: &MirroredPrice) -> String {
    let currency = price.currency.to_ascii_uppercase();
    let money = match &price.unit_amount {
        _ if price.billing_scheme.as_deref() == Some("tiered") => format!("tiered, in {currency}"),
        Some(amount) => Money::of(amount, &price.currency).to_string(),
        None => format!("a fraction of the smallest unit of {currency}"),
    };
    price.recurring().map_or_else(|| money.clone(), |every| format!("{money} every {every}"))
}

fn set<T>(patch: &Patch<T>) -> Option<&T> {
    match patch {
        Patch::Set(value) => Some(value),
        Patch::Keep | Patch::Clear => None,
    }
}

fn change_patch<T>(
    object: &mut ObjectChange,
    name: &str,
    before: Option<String>,
    patch: &Patch<T>,
    text: impl Fn(&T) -> &str,
) {
    if !patch.is_keep() {
        object.change(name, before, set(patch).map(|value| text(value).to_owned()));
    }
}

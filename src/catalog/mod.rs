//! Catalog as code: what a file says is for sale, compared with what is for sale at Stripe, and made so.
//!
//! `file` reads `payments.toml` and `export` writes it; `plan` compares, a pure function; a [`Plan`] is made of changes,
//! a change of requests, and `apply` sends them one after the other.
//!
//! Whoever is in the file is known at Stripe by what stands in its metadata under [`IDENTITY`]: a product by its key, a
//! price by its lookup key. What has no identity there is not managed, and never touched.

pub(crate) mod apply;
mod export;
pub(crate) mod file;
mod identity;
pub(crate) mod plan;
mod wanted;
mod words;

pub(crate) use export::{Adopt, Export, LeftOut, escape, export, has_amount};
pub(crate) use identity::carried_by_price;
pub(crate) use wanted::{Wanted, WantedPrice, WantedProduct};

use crate::wire::Mirror;

/// The metadata key under which a managed object carries its identity.
pub(crate) const IDENTITY: &str = "catalog_key";
/// The metadata key under which a price that was replaced names the price that replaced it.
pub(crate) const REPLACED_BY: &str = "catalog_replaced_by";

/// What is managed of a mirror: what carries its identity. One that no file can have is none.
pub(crate) fn managed(mut mirror: Mirror) -> Mirror {
    mirror.products.retain(|product| identity::of_product(product).is_some());
    mirror.prices.retain(|price| carried_by_price(price).is_some());
    mirror
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::MirroredPrice;

    #[test]
    fn what_no_file_can_have_is_no_identity() {
        let carrying = |key: &str| [(IDENTITY.to_owned(), key.to_owned())].into();
        let product = |key: &str| crate::wire::MirroredProduct {
            product_id: "prod_1".into(),
            name: "Pro".into(),
            description: None,
            active: true,
            default_price_id: None,
            metadata: carrying(key),
        };
        let price = |key: &str| MirroredPrice {
            price_id: "price_1".into(),
            product_id: None,
            active: true,
            currency: "usd".into(),
            unit_amount: Some(1),
            lookup_key: Some("own".into()),
            billing_scheme: None,
            tax_behavior: None,
            recurring_interval: None,
            recurring_interval_count: None,
            metadata: carrying(key),
        };
        let mirror = Mirror {
            products: vec![product("pro"), product("not a key"), product("")],
            prices: vec![price("pro_monthly"), price(""), price(&"k".repeat(201))],
        };
        let managed = managed(mirror);
        assert_eq!((managed.products.len(), managed.prices.len()), (1, 1));
        assert_eq!(carried_by_price(&managed.prices[0]), Some("pro_monthly"));
    }
}

//! The mirror, arranged so that everything is found at once, and what contradicts itself there.

use foldhash::{HashMap, HashMapExt, HashSet};

use crate::catalog::Wanted;
use crate::catalog::identity::{self, of_product};
use crate::catalog::plan::compared::Diff;
use crate::catalog::plan::conflict::{NotManaged, two_products};
use crate::catalog::plan::{Action, Change, Kind, Ref, Step};
use crate::error::Failure;
use crate::wire::{Environment, Mirror, MirroredPrice, MirroredProduct, Patch, PriceChanges};

/// A price at Stripe, with what its place in the catalog is.
#[derive(Clone, Debug)]
pub(super) struct Seen<'a> {
    pub(super) price: &'a MirroredPrice,
    /// What is known of its product.
    pub(super) product: Option<&'a MirroredProduct>,
    /// The lookup key that it has, or that it still has once those in the way are freed.
    pub(super) lookup_key: Option<&'a str>,
    /// The lookup key that is its identity.
    pub(super) identity: Option<&'a str>,
    /// The id of the price that replaced it.
    pub(super) replaced_by: Option<&'a str>,
    /// Stripe archives no price that is this to its product.
    pub(super) is_default: bool,
}

impl<'a> Seen<'a> {
    fn new(price: &'a MirroredPrice, product: Option<&'a MirroredProduct>) -> Self {
        Self {
            price,
            product,
            lookup_key: price.lookup_key.as_deref().filter(|key| !key.is_empty()),
            identity: identity::carried_by_price(price),
            replaced_by: identity::replaced_by(price),
            is_default: product
                .is_some_and(|product| product.default_price_id.as_ref() == Some(&price.price_id)),
        }
    }

    /// Why no file can say what it costs.
    pub(super) fn beyond_files(&self) -> Option<&'static str> {
        if self.price.billing_scheme.as_deref() == Some("tiered") {
            Some("is tiered")
        } else if self.price.unit_amount.is_none() {
            Some("has a fraction of the smallest unit")
        } else {
            None
        }
    }

    /// The lookup key under which a file may have it: its identity, or on a managed product what it is found by. Without
    /// an identity it is taken over only as it is.
    pub(super) fn candidate_of(&self) -> Option<&'a str> {
        if self.beyond_files().is_some() {
            return None;
        }
        self.identity
            .or_else(|| self.lookup_key.filter(|_| self.product.is_some_and(|p| of_product(p).is_some())))
    }
}

/// File and mirror by their keys.
#[derive(Debug)]
pub(super) struct Index<'a> {
    pub(super) mirror: &'a Mirror,
    /// In the mirror's order.
    pub(super) prices: Vec<Seen<'a>>,
    managed: HashMap<&'a str, &'a MirroredProduct>,
    candidates: HashMap<&'a str, Vec<usize>>,
    wanted_products: HashSet<&'a str>,
    wanted_prices: HashSet<&'a str>,
}

impl<'a> Index<'a> {
    /// # Errors
    /// Two products have one identity.
    pub(super) fn new(wanted: &'a Wanted, mirror: &'a Mirror) -> Result<Self, Failure> {
        let mut managed = HashMap::new();
        for product in &mirror.products {
            let Some(key) = of_product(product) else { continue };
            if let Some(other) = managed.insert(key, product) {
                return Err(two_products(key, other, product));
            }
        }
        let by_id: HashMap<&str, &MirroredProduct> =
            mirror.products.iter().map(|product| (product.product_id.as_str(), product)).collect();
        let product_of = |price: &MirroredPrice| by_id.get(price.product_id.as_deref()?).copied();
        let prices: Vec<Seen> =
            mirror.prices.iter().map(|price| Seen::new(price, product_of(price))).collect();
        let mut candidates: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, seen) in prices.iter().enumerate() {
            if let Some(key) = seen.candidate_of() {
                candidates.entry(key).or_default().push(at);
            }
        }
        let wanted_products = wanted.products.iter().map(|product| product.key.as_str()).collect();
        let wanted_prices = wanted.products.iter().flat_map(|product| &product.prices);
        let wanted_prices = wanted_prices.map(|price| price.lookup_key.as_str()).collect();
        Ok(Self { mirror, prices, managed, candidates, wanted_products, wanted_prices })
    }

    /// The product at Stripe that has this identity.
    pub(super) fn product(&self, key: &str) -> Option<&'a MirroredProduct> {
        self.managed.get(key).copied()
    }

    /// The prices at Stripe that may be the file's price of this lookup key.
    pub(super) fn candidates(&self, lookup_key: &str) -> Vec<&Seen<'a>> {
        let places = self.candidates.get(lookup_key).map_or(&[][..], Vec::as_slice);
        places.iter().filter_map(|at| self.prices.get(*at)).collect()
    }

    /// Whether the file has a product of this key.
    pub(super) fn wants_product(&self, key: &str) -> bool {
        self.wanted_products.contains(key)
    }

    /// Whether the file has a price of this lookup key.
    pub(super) fn wants_price(&self, lookup_key: &str) -> bool {
        self.wanted_prices.contains(lookup_key)
    }

    /// # Errors
    /// A lookup key of the file names a price that is not managed.
    pub(super) fn check_lookup_keys(&self, environment: Environment) -> Result<(), Failure> {
        let strangers = self.prices.iter().filter(|seen| seen.candidate_of().is_none());
        for seen in strangers {
            if let Some(key) = seen.lookup_key.filter(|key| self.wants_price(key)) {
                return Err(NotManaged { key, seen, environment }.failure());
            }
        }
        Ok(())
    }

    /// Takes lookup keys of the file from managed prices that they do not belong to, as somebody in Stripe's dashboard
    /// may have given them: the prices that are to have them would be refused. From then on the index is as if that
    /// was done, so each of these prices gets its own lookup key back in its turn.
    pub(super) fn free_lookup_keys(&mut self) -> Vec<Change> {
        let mut changes = Vec::new();
        let wanted = &self.wanted_prices;
        for seen in &mut self.prices {
            let Some((held, own)) = seen.lookup_key.zip(seen.identity).filter(|(held, own)| held != own)
            else {
                continue;
            };
            if !wanted.contains(held) {
                continue;
            }
            seen.lookup_key = None;
            let mut diff = Diff::default();
            diff.note("lookupKey", "", held, serde_json::Value::Null);
            let (before, after) = diff.sides();
            let id = seen.price.price_id.clone();
            changes.push(Change {
                action: Action::Update,
                kind: Kind::Price,
                key: own.to_owned(),
                id: Some(id.clone()),
                before,
                after,
                reason: format!("has the lookup key {held}, which belongs to another price of the file"),
                also: Vec::new(),
                pruned: false,
                steps: vec![Step::update(
                    Ref::Known(id),
                    PriceChanges { lookup_key: Patch::Clear, ..PriceChanges::default() },
                )],
            });
        }
        changes
    }
}

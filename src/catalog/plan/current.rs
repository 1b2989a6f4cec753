//! The current catalog at Stripe, indexed by key, and its conflicts with the file.

use std::collections::{HashMap, HashSet};

use crate::catalog::catalog_key::{self, product_key};
use crate::catalog::plan::diff::FieldDiff;
use crate::catalog::plan::{ChangeAction, ObjectKind, ObjectRef, PlanOptions, PlannedChange, Source, Step};
use crate::catalog::{CATALOG_KEY, DesiredCatalog, DesiredPrice};
use crate::error::{Code, Failure};
use crate::wire::{Mirror, MirroredPrice, MirroredProduct, Patch, PriceChanges};

/// A price at Stripe, with its product and keys.
#[derive(Clone, Debug)]
pub(super) struct CurrentPrice<'a> {
    pub(super) price: &'a MirroredPrice,
    pub(super) product: Option<&'a MirroredProduct>,
    /// Its lookup key. `None` once [`CatalogIndex::release_lookup_keys`] has released it for another price.
    pub(super) lookup_key: Option<&'a str>,
    pub(super) catalog_key: Option<&'a str>,
    /// The id of the price that replaced it.
    pub(super) replaced_by: Option<&'a str>,
    /// Whether it is the default price of its product. Stripe archives no default price.
    pub(super) is_default: bool,
}

impl<'a> CurrentPrice<'a> {
    fn new(price: &'a MirroredPrice, product: Option<&'a MirroredProduct>) -> Self {
        Self {
            price,
            product,
            lookup_key: price.lookup_key.as_deref().filter(|key| !key.is_empty()),
            catalog_key: catalog_key::price_key(price),
            replaced_by: catalog_key::replaced_by(price),
            is_default: product
                .is_some_and(|product| product.default_price_id.as_ref() == Some(&price.price_id)),
        }
    }

    /// Why a file cannot describe its amount.
    pub(super) fn unsupported(&self) -> Option<&'static str> {
        if self.price.billing_scheme.as_deref() == Some("tiered") {
            Some("is tiered")
        } else if self.price.unit_amount.is_none() {
            Some("has a fraction of the currency's smallest unit")
        } else if self.price.whole_amount().is_none() {
            Some("has an amount that a file cannot describe")
        } else {
            None
        }
    }

    /// The lookup key in the file that this price can match: its `catalog_key`, or on a managed product its lookup key.
    /// A price without a `catalog_key` is adopted only if it needs no replacement.
    pub(super) fn match_key(&self) -> Option<&'a str> {
        if self.unsupported().is_some() {
            return None;
        }
        self.catalog_key
            .or_else(|| self.lookup_key.filter(|_| self.product.is_some_and(|p| product_key(p).is_some())))
    }
}

/// The file and the mirror, indexed by key.
#[derive(Debug)]
pub(super) struct CatalogIndex<'a> {
    pub(super) mirror: &'a Mirror,
    /// In the mirror's order.
    pub(super) prices: Vec<CurrentPrice<'a>>,
    managed: HashMap<&'a str, &'a MirroredProduct>,
    /// Positions in `prices`, by match key.
    candidates: HashMap<&'a str, Vec<usize>>,
    desired_products: HashSet<&'a str>,
    /// By lookup key.
    desired_prices: HashMap<&'a str, &'a DesiredPrice>,
}

impl<'a> CatalogIndex<'a> {
    /// # Errors
    /// Two products have the same `catalog_key`.
    pub(super) fn new(desired: &'a DesiredCatalog, mirror: &'a Mirror) -> Result<Self, Failure> {
        let mut managed = HashMap::new();
        for product in &mirror.products {
            let Some(key) = product_key(product) else { continue };
            if let Some(other) = managed.insert(key, product) {
                return Err(catalog_key::duplicate("products", key, &other.product_id, &product.product_id));
            }
        }
        let by_id: HashMap<&str, &MirroredProduct> =
            mirror.products.iter().map(|product| (product.product_id.as_str(), product)).collect();
        let product_of = |price: &MirroredPrice| by_id.get(price.product_id.as_deref()?).copied();
        let prices: Vec<CurrentPrice> =
            mirror.prices.iter().map(|price| CurrentPrice::new(price, product_of(price))).collect();
        let mut candidates: HashMap<&str, Vec<usize>> = HashMap::new();
        for (position, current) in prices.iter().enumerate() {
            if let Some(key) = current.match_key() {
                candidates.entry(key).or_default().push(position);
            }
        }
        let desired_products = desired.products.iter().map(|product| product.key.as_str()).collect();
        let desired_prices = desired.products.iter().flat_map(|product| &product.prices);
        let desired_prices = desired_prices.map(|price| (price.lookup_key.as_str(), price)).collect();
        Ok(Self { mirror, prices, managed, candidates, desired_products, desired_prices })
    }

    /// The product at Stripe with this `catalog_key`.
    pub(super) fn product(&self, key: &str) -> Option<&'a MirroredProduct> {
        self.managed.get(key).copied()
    }

    /// The prices at Stripe that match this lookup key of the file.
    pub(super) fn candidates(&self, lookup_key: &str) -> Vec<&CurrentPrice<'a>> {
        let positions = self.candidates.get(lookup_key).map_or(&[][..], Vec::as_slice);
        positions.iter().filter_map(|position| self.prices.get(*position)).collect()
    }

    /// Whether the file has a product with this key.
    pub(super) fn file_has_product(&self, key: &str) -> bool {
        self.desired_products.contains(key)
    }

    /// Whether the file has a price with this lookup key.
    pub(super) fn file_has_price(&self, lookup_key: &str) -> bool {
        self.desired_prices.contains_key(lookup_key)
    }

    /// # Errors
    /// An unmanaged price has a lookup key of the file.
    pub(super) fn check_lookup_keys(&self, options: PlanOptions) -> Result<(), Failure> {
        for current in self.prices.iter().filter(|current| current.match_key().is_none()) {
            if let Some(desired) = current.lookup_key.and_then(|key| self.desired_prices.get(key)) {
                return Err(LookupKeyConflict { desired, current, options }.cannot_adopt());
            }
        }
        Ok(())
    }

    /// Releases lookup keys of the file that the wrong managed price has, for example after an edit in Stripe's
    /// dashboard. Stripe would refuse to assign them to the right price. The index then treats these prices as if they had
    /// no lookup key, so that each gets its own again when it is planned.
    pub(super) fn release_lookup_keys(&mut self, source: Source) -> Vec<PlannedChange> {
        let mut changes = Vec::new();
        let desired = &self.desired_prices;
        for current in &mut self.prices {
            let keys = current.lookup_key.zip(current.catalog_key);
            let Some((lookup_key, own)) = keys.filter(|(lookup_key, own)| lookup_key != own) else {
                continue;
            };
            if !desired.contains_key(lookup_key) {
                continue;
            }
            current.lookup_key = None;
            let mut diff = FieldDiff::default();
            diff.add("lookupKey", "", lookup_key, serde_json::Value::Null);
            let (before, after) = diff.sides();
            let id = current.price.price_id.clone();
            changes.push(PlannedChange {
                action: ChangeAction::Update,
                kind: ObjectKind::Price,
                key: own.to_owned(),
                id: Some(id.clone()),
                before,
                after,
                reason: format!("releases the lookup key {lookup_key} for another price of {source}"),
                also: Vec::new(),
                pruned: false,
                steps: vec![Step::update(
                    ObjectRef::Existing(id),
                    PriceChanges { lookup_key: Patch::Clear, ..PriceChanges::default() },
                )],
            });
        }
        changes
    }
}

/// A conflict that only a person can resolve: an unmanaged price has a lookup key of the desired catalog.
#[derive(Clone, Copy, Debug)]
pub(super) struct LookupKeyConflict<'s, 'a> {
    pub(super) desired: &'s DesiredPrice,
    pub(super) current: &'s CurrentPrice<'a>,
    pub(super) options: PlanOptions,
}

impl LookupKeyConflict<'_, '_> {
    /// A file cannot describe the price, or its product is unmanaged too.
    fn cannot_adopt(self) -> Failure {
        let id = &self.current.price.price_id;
        let (choose, remove) = (self.choose_lookup_key(), self.remove_lookup_key());
        if let Some(why) = self.current.unsupported() {
            return self
                .failure(format!("{id} {why}, which a catalog file cannot describe"))
                .hint(format!("{choose}, or {remove}"));
        }
        // An export skips inactive objects.
        let is_exported =
            self.current.price.active && self.current.product.is_some_and(|product| product.active);
        let choose = if is_exported {
            // Another file, because an export over this one would undo its edits.
            format!(
                "make both managed with `insforge payments catalog export {} --adopt --file OTHER.toml` and copy them \
                 from OTHER.toml",
                self.options.environment
            )
        } else {
            choose
        };
        self.failure(format!("neither {id} nor its product has {CATALOG_KEY} in its metadata"))
            .hint(format!("{choose}, or {remove}"))
    }

    /// The price differs in these fields, which Stripe cannot change, so an adoption would replace it.
    pub(super) fn needs_replacement(self, fields: &str) -> Failure {
        let id = &self.current.price.price_id;
        self.failure(format!(
            "{id} has no {CATALOG_KEY} in its metadata, and differs in {fields}, which Stripe cannot change"
        ))
        .hint(format!(
            "`insforge payments prices update {} {id} --metadata-field {CATALOG_KEY}={}` makes it managed, and the next \
             apply replaces it; or {}",
            self.options.environment,
            shell_words::quote(self.desired.lookup_key.as_str()),
            self.remove_lookup_key()
        ))
    }

    /// Another price has the `catalog_key` already.
    pub(super) fn key_is_taken(self, managed: &CurrentPrice) -> Failure {
        let (id, other) = (&self.current.price.price_id, &managed.price.price_id);
        self.failure(format!(
            "{id} has no {CATALOG_KEY} in its metadata, and {other} has this lookup key as its {CATALOG_KEY}"
        ))
        .hint(format!("{}, or {}", self.choose_lookup_key(), self.remove_lookup_key()))
    }

    fn choose_lookup_key(self) -> String {
        match self.options.source {
            Source::File => "choose another lookup_key in the file".to_owned(),
            Source::Environment(environment) => format!("give the price in {environment} another lookup key"),
        }
    }

    fn remove_lookup_key(self) -> String {
        let (environment, id) = (self.options.environment, &self.current.price.price_id);
        format!(
            "remove the lookup key from {id} with `insforge payments prices update {environment} {} --lookup-key null`",
            shell_words::quote(id)
        )
    }

    fn failure(self, why: String) -> Failure {
        let (key, id) = (&self.desired.lookup_key, &self.current.price.price_id);
        let place = match (self.options.source, self.desired.line) {
            (Source::File, Some(line)) => format!("on line {line} of the file"),
            (source, _) => format!("of {source}"),
        };
        Failure::new(
            Code::CatalogConflict,
            format!("The lookup key `{}` {place} belongs to the unmanaged price {id}", key.as_str()),
        )
        .why(why)
    }
}

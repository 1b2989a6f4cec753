//! Replaces one price by a price with another amount, without a catalog file.
//!
//! The steps are those of a replacement by a file. Until it has its lookup key, the new price names the old one and the
//! lookup key in its metadata. The old price names the new one as soon as it has lost the lookup key. So the same call can
//! continue after any request, whether it names a price by an id or by the lookup key.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::catalog::plan::describe::IS_DEFAULT;
use crate::catalog::plan::{ChangeAction, ObjectKind, ObjectRef, PlannedChange, Step};
use crate::catalog::{
    CATALOG_KEY, OWN_NAMES, PENDING_LOOKUP_KEY, PriceTerms, REPLACES, catalog_key::replaced_by,
};
use crate::error::{Code, Failure};
use crate::wire::{
    Environment, LookupKey, Metadata, Mirror, MirroredPrice, NewPrice, Patch, PriceChanges, UnitAmount,
};

/// How to replace a price.
#[derive(Debug)]
pub(crate) struct PriceReplacement {
    /// The price that is replaced, or that has the new amount already.
    pub(crate) price: MirroredPrice,
    /// In the currency's smallest unit.
    pub(crate) new_amount: u64,
    /// `None` if nothing remains to be done.
    pub(crate) change: Option<PlannedChange>,
    /// The id of the price with the new amount; `None` until it is created.
    pub(crate) new_id: Option<String>,
    /// The ids of replaced prices that stay active, because they are default prices.
    pub(crate) stays_active: Vec<String>,
}

/// Plans the replacement of the price with this id or lookup key. `None` if there is no such price.
///
/// # Errors
/// The price cannot be replaced.
pub(crate) fn replace_price(
    mirror: &Mirror,
    reference: &str,
    amount: UnitAmount,
    environment: Environment,
) -> Result<Option<PriceReplacement>, Failure> {
    let prices = Prices { mirror };
    let Some(named) = prices.named(reference) else { return Ok(None) };
    let has_amount = |price: &MirroredPrice| price.unit_amount == Some(amount.get());
    if let Some(old) = prices.unfinished_predecessor(named) {
        return prices.replace(old, amount).map(Some);
    }
    if let Some(new) = replaced_by(named).and_then(|id| prices.with_id(id)) {
        return match is_finished(named, new) {
            false => prices.replace(named, amount),
            true if has_amount(new) => prices.finish(new, amount),
            true => Err(already_replaced(named, new, amount, environment)),
        }
        .map(Some);
    }
    if has_amount(named) {
        return prices.finish(named, amount).map(Some);
    }
    if !named.active {
        return Err(is_archived(named, environment));
    }
    prices.replace(named, amount).map(Some)
}

/// The prices of a mirror, and how they replace each other.
#[derive(Clone, Copy)]
struct Prices<'a> {
    mirror: &'a Mirror,
}

impl<'a> Prices<'a> {
    fn all(self) -> impl Iterator<Item = &'a MirroredPrice> {
        self.mirror.prices.iter()
    }

    fn active(self) -> impl Iterator<Item = &'a MirroredPrice> {
        self.all().filter(|price| price.active)
    }

    fn with_id(self, id: &str) -> Option<&'a MirroredPrice> {
        self.all().find(|price| price.price_id == id)
    }

    /// The price with this id or lookup key, or the new price that is about to get this lookup key.
    fn named(self, reference: &str) -> Option<&'a MirroredPrice> {
        let has_key = |price: &&MirroredPrice| price.lookup_key.as_deref() == Some(reference);
        self.with_id(reference)
            .or_else(|| self.active().find(has_key))
            .or_else(|| self.active().find(|price| own(price, PENDING_LOOKUP_KEY) == Some(reference)))
            .or_else(|| self.all().find(has_key))
    }

    /// The price that an unfinished replacement replaces by this one.
    fn unfinished_predecessor(self, new: &MirroredPrice) -> Option<&'a MirroredPrice> {
        let old = own(new, REPLACES).and_then(|id| self.with_id(id))?;
        (new.active && !is_finished(old, new)).then_some(old)
    }

    /// The new prices of unfinished replacements of this price.
    fn unfinished_successors(self, old: &MirroredPrice) -> Vec<&'a MirroredPrice> {
        let replaces = |price: &&MirroredPrice| {
            self.unfinished_predecessor(price).is_some_and(|other| other.price_id == old.price_id)
        };
        self.active().filter(replaces).collect()
    }

    /// The active prices that this one replaced: the last request of a replacement is missing, or they are default prices.
    fn active_predecessors(self, new: &MirroredPrice) -> impl Iterator<Item = &'a MirroredPrice> {
        self.active().filter(|price| replaced_by(price) == Some(new.price_id.as_str()))
    }

    fn is_default(self, price: &MirroredPrice) -> bool {
        self.mirror.products.iter().any(|product| product.default_price_id.as_ref() == Some(&price.price_id))
    }

    /// What remains to be done if this price has the new amount: archive the prices that it replaced.
    fn finish(self, new: &MirroredPrice, amount: UnitAmount) -> Result<PriceReplacement, Failure> {
        let mut replaced: Vec<&MirroredPrice> = self.unfinished_successors(new);
        replaced.extend(self.active_predecessors(new));
        let mut steps = Vec::new();
        if let Some(metadata) = without_own_names(new)? {
            let changes = PriceChanges { metadata: Some(metadata), ..PriceChanges::default() };
            steps.push(Step::update(ObjectRef::Existing(new.price_id.clone()), changes));
        }
        let reason = format!("continues the replacement by {}", new.price_id);
        Ok(self.replacement(new, Some(new), &replaced, steps, reason, amount))
    }

    /// Replaces a price by one with another amount.
    fn replace(self, old: &MirroredPrice, amount: UnitAmount) -> Result<PriceReplacement, Failure> {
        let terms = PriceTerms::of(old).map_err(|why| cannot_replace(old, &why))?;
        let terms = PriceTerms { unit_amount: amount, ..terms };
        let mut others = self.unfinished_successors(old);
        let pending = others.iter().find_map(|new| own(new, PENDING_LOOKUP_KEY));
        let lookup_key = old.lookup_key.as_deref().filter(|key| !key.is_empty()).or(pending);
        let same_terms = |new: &&MirroredPrice| {
            new.product_id == old.product_id && PriceTerms::of(new).as_ref() == Ok(&terms)
        };
        let new = others.iter().position(same_terms).map(|position| others.remove(position));
        let mut steps = Vec::new();
        let new_ref = if let Some(new) = new {
            ObjectRef::Existing(new.price_id.clone())
        } else {
            // The old price may have lost its `catalog_key` already.
            let metadata = &others.first().unwrap_or(&old).metadata;
            steps.push(create_step(old, terms, lookup_key, metadata)?);
            ObjectRef::Created(old.price_id.clone())
        };
        let mut replaced = others;
        replaced.extend(self.active_predecessors(old));
        replaced.push(old);
        // The price with the lookup key is last, so that the key is unassigned as briefly as possible.
        steps.extend(replaced.iter().map(|price| mark_replaced(price, &new_ref)));
        let mut changes = PriceChanges::default();
        if let Some(key) = lookup_key {
            let key: LookupKey = key.parse().map_err(|why: String| cannot_replace(old, &why))?;
            changes.lookup_key = Patch::Set(key);
        }
        let mut metadata = Metadata::default();
        for name in [REPLACES, PENDING_LOOKUP_KEY] {
            metadata.put(name, "").map_err(|why| cannot_replace(old, &why))?;
        }
        changes.metadata = Some(metadata);
        steps.push(Step::update(new_ref, changes));
        let mut reason = match new {
            Some(new) => format!("continues the replacement by {}", new.price_id),
            None => "Stripe cannot change the amount of a price, so a new price replaces it".to_owned(),
        };
        if old.lookup_key.is_some() {
            reason.push_str("; the lookup key is briefly unassigned while it moves");
        }
        Ok(self.replacement(old, new, &replaced, steps, reason, amount))
    }

    /// Adds the archives at the end.
    fn replacement(
        self,
        price: &MirroredPrice,
        new: Option<&MirroredPrice>,
        replaced: &[&MirroredPrice],
        mut steps: Vec<Step>,
        mut reason: String,
        amount: UnitAmount,
    ) -> PriceReplacement {
        let mut stays_active = Vec::new();
        for old in replaced.iter().filter(|old| old.active) {
            let id = old.price_id.clone();
            if self.is_default(old) {
                reason = format!("{reason}; {id} stays active because it {IS_DEFAULT}");
                stays_active.push(id);
            } else {
                steps.push(Step::ArchivePrice { id });
            }
        }
        let side = |amount: Option<u64>| {
            let mut fields = Map::new();
            fields.insert("currency".to_owned(), price.currency.as_str().into());
            fields.insert("unitAmount".to_owned(), json!(amount));
            Some(Value::Object(fields))
        };
        let others = replaced.iter().filter(|old| old.price_id != price.price_id);
        let change = PlannedChange {
            action: ChangeAction::Replace,
            kind: ObjectKind::Price,
            key: price.lookup_key.clone().unwrap_or_else(|| price.price_id.clone()),
            id: Some(price.price_id.clone()),
            before: side(price.unit_amount),
            after: side(Some(amount.get())),
            reason,
            also: others.map(|old| old.price_id.clone()).collect(),
            pruned: false,
            steps,
        };
        PriceReplacement {
            price: price.clone(),
            new_amount: amount.get(),
            change: (!change.steps.is_empty()).then_some(change),
            new_id: new.map(|new| new.price_id.clone()),
            stays_active,
        }
    }
}

/// Whether the new price has everything that it gets from the old one.
fn is_finished(old: &MirroredPrice, new: &MirroredPrice) -> bool {
    let key = own(new, PENDING_LOOKUP_KEY);
    replaced_by(old) == Some(new.price_id.as_str()) && (key.is_none() || key == new.lookup_key.as_deref())
}

/// A value in the metadata that is this tool's own. Stripe treats an empty value as none.
fn own<'a>(price: &'a MirroredPrice, name: &str) -> Option<&'a str> {
    price.metadata.get(name).map(String::as_str).filter(|value| !value.is_empty())
}

/// The change that removes the names of an unfinished replacement; `None` if the price has none.
fn without_own_names(price: &MirroredPrice) -> Result<Option<Metadata>, Failure> {
    let mut metadata = Metadata::default();
    for name in [REPLACES, PENDING_LOOKUP_KEY] {
        if own(price, name).is_some() {
            metadata.put(name, "").map_err(|why| cannot_replace(price, &why))?;
        }
    }
    Ok((!metadata.is_empty()).then_some(metadata))
}

/// The request that creates the new price, without its lookup key.
fn create_step(
    old: &MirroredPrice,
    terms: PriceTerms,
    lookup_key: Option<&str>,
    metadata_before: &BTreeMap<String, String>,
) -> Result<Step, Failure> {
    let fails = |why: String| cannot_replace(old, &why);
    let product = old.product_id.clone().ok_or_else(|| fails("its product is not in the mirror".into()))?;
    let mut metadata = Metadata::default();
    let is_copied = |name: &str| name == CATALOG_KEY || !OWN_NAMES.contains(&name);
    let copied = metadata_before.iter().filter(|(name, value)| !value.is_empty() && is_copied(name));
    for (name, value) in copied {
        metadata.put(name, value).map_err(fails)?;
    }
    metadata.put(REPLACES, &old.price_id).map_err(fails)?;
    if let Some(key) = lookup_key {
        metadata.put(PENDING_LOOKUP_KEY, key).map_err(fails)?;
    }
    let PriceTerms { currency, unit_amount, recurring, tax_behavior } = terms;
    let body = NewPrice {
        product_id: None,
        currency: Some(currency),
        unit_amount: Some(unit_amount),
        lookup_key: Patch::Keep,
        active: Some(true),
        recurring,
        tax_behavior: Some(tax_behavior),
        metadata: Some(metadata),
        idempotency_key: None,
    };
    Ok(Step::CreatePrice { key: old.price_id.clone(), product: ObjectRef::Existing(product), body })
}

/// The request that removes the keys from a price and names its replacement.
fn mark_replaced(old: &MirroredPrice, new: &ObjectRef) -> Step {
    let lookup_key = if old.lookup_key.is_some() { Patch::Clear } else { Patch::Keep };
    Step::UpdatePrice {
        price: ObjectRef::Existing(old.price_id.clone()),
        changes: PriceChanges { lookup_key, ..PriceChanges::default() },
        replaced_by: Some(new.clone()),
    }
}

fn cannot_replace(price: &MirroredPrice, why: &str) -> Failure {
    Failure::new(Code::Failed, format!("Price {} cannot be replaced", price.price_id))
        .why(why)
        .hint("create the new price with `insforge payments prices create` or in Stripe's dashboard, and archive this one")
}

fn is_archived(price: &MirroredPrice, environment: Environment) -> Failure {
    let id = &price.price_id;
    Failure::new(Code::Failed, format!("Price {id} cannot be replaced"))
        .why("it is archived, so nobody can buy it")
        .hint(format!(
            "activate it first with `insforge payments prices update {environment} {id} --active true`"
        ))
}

fn already_replaced(
    old: &MirroredPrice,
    new: &MirroredPrice,
    amount: UnitAmount,
    environment: Environment,
) -> Failure {
    let (old, new) = (&old.price_id, &new.price_id);
    Failure::new(Code::Failed, format!("Price {old} was already replaced by {new}")).hint(format!(
        "to replace that one, run `insforge payments prices replace {environment} {new} --unit-amount {}`",
        amount.get()
    ))
}

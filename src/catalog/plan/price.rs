//! The change of a price. Stripe cannot change some fields, so a price that differs in them is replaced.

use serde_json::{Map, Value};

use crate::catalog::plan::current::{CurrentPrice, LookupKeyConflict};
use crate::catalog::plan::describe::{
    IS_DEFAULT, current_recurring_json, product_label, recurring_json, unmanaged,
};
use crate::catalog::plan::diff::{FieldDiff, metadata_json, metadata_to_send};
use crate::catalog::plan::{
    ChangeAction, ObjectKind, ObjectRef, PlanOptions, PlannedChange, Source, Step, UnmanagedObject,
};
use crate::catalog::{CATALOG_KEY, DesiredPrice, REPLACED_BY, join_words};
use crate::error::Failure;
use crate::wire::{Metadata, MirroredProduct, NewPrice, Patch, PriceChanges, TaxBehavior};

/// A price of the file and its product.
#[derive(Clone, Copy, Debug)]
pub(super) struct PriceTarget<'a> {
    pub(super) price: &'a DesiredPrice,
    pub(super) product_key: &'a str,
    /// Its product at Stripe, if that exists.
    pub(super) product: Option<&'a MirroredProduct>,
}

/// The change that makes a price match the file, if any, and the price that stays although it differs.
///
/// The candidates are all prices at Stripe that match the target. An interrupted replacement leaves more than one.
pub(super) fn change(
    target: &PriceTarget,
    candidates: &[&CurrentPrice],
    options: PlanOptions,
) -> Result<(Option<PlannedChange>, Option<UnmanagedObject>), Failure> {
    let diffs = candidates.iter().map(|current| PriceDiff::new(target, current, options.source));
    let mut diffs = diffs.collect::<Result<Vec<_>, _>>()?;
    diffs.sort_by_key(|diff| {
        let current = diff.current;
        (
            current.catalog_key.is_none(),
            !target.has_lookup_key(current),
            !current.price.active,
            current.price.price_id.as_str(),
        )
    });
    check_unmanaged(target, &diffs, options)?;
    if diffs.is_empty() {
        return Ok((Some(target.create()?), None));
    }
    let matching =
        diffs.iter().position(|diff| diff.immutable.is_empty()).map(|position| diffs.remove(position));
    let matching = matching.map(|diff| diff.with_keys(target)).transpose()?;
    let stays_active = matching.as_ref().filter(|diff| diff.stays_active).map(|diff| {
        let reason = format!("is inactive in {}, but {IS_DEFAULT}", options.source);
        unmanaged(diff.current, reason, true)
    });
    let change = match matching {
        Some(matching) if diffs.is_empty() => matching.update(target),
        matching => Some(Replacement { target, matching, replaced: diffs }.change()?),
    };
    Ok((change, stays_active))
}

/// Checks that no unmanaged price is replaced. An unmanaged price is adopted only if it needs no replacement.
///
/// # Errors
/// An unmanaged price would be replaced.
fn check_unmanaged(target: &PriceTarget, diffs: &[PriceDiff], options: PlanOptions) -> Result<(), Failure> {
    let unmanaged = diffs.iter().enumerate().filter(|(_, diff)| diff.current.catalog_key.is_none());
    for (position, diff) in unmanaged {
        let conflict = LookupKeyConflict { desired: target.price, current: diff.current, options };
        match diffs.first().filter(|_| position > 0) {
            Some(first) => return Err(conflict.key_is_taken(first.current)),
            None if diff.immutable.is_empty() => {}
            None => return Err(conflict.needs_replacement(&join_words(&diff.immutable, "and"))),
        }
    }
    Ok(())
}

impl PriceTarget<'_> {
    /// Whether that price has this target's lookup key at Stripe.
    fn has_lookup_key(&self, current: &CurrentPrice) -> bool {
        current.lookup_key == Some(self.lookup_key())
    }

    fn lookup_key(&self) -> &str {
        self.price.lookup_key.as_str()
    }

    fn recurring_json(&self) -> Value {
        let recurring = self.price.recurring;
        recurring_json(
            recurring.map(|recurring| recurring.interval.as_str()),
            recurring.and_then(|recurring| recurring.interval_count).map(Into::into),
        )
    }

    fn create(&self) -> Result<PlannedChange, Failure> {
        let desired = self.price;
        let mut after = Map::new();
        let mut add = |name: &str, value: Value| after.insert(name.to_owned(), value);
        add("product", self.product_key.into());
        add("active", desired.active.into());
        add("currency", desired.currency.as_str().into());
        add("unitAmount", desired.unit_amount.get().into());
        let recurring = self.recurring_json();
        if !recurring.is_null() {
            add("recurring", recurring);
        }
        add("taxBehavior", desired.tax_behavior.as_str().into());
        add("lookupKey", self.lookup_key().into());
        if let Some(metadata) = metadata_json(desired.metadata.as_ref()) {
            add("metadata", metadata);
        }
        let mut step = self.create_step()?;
        if let Step::CreatePrice { body, .. } = &mut step {
            body.lookup_key = Patch::Set(desired.lookup_key.clone());
        }
        Ok(PlannedChange::create(ObjectKind::Price, self.lookup_key(), after, step))
    }

    /// The request that creates the price without its lookup key.
    fn create_step(&self) -> Result<Step, Failure> {
        let desired = self.price;
        let key = self.lookup_key().to_owned();
        let body = NewPrice {
            product_id: None,
            currency: Some(desired.currency.clone()),
            unit_amount: Some(desired.unit_amount),
            lookup_key: Patch::Keep,
            active: Some(desired.active),
            recurring: desired.recurring,
            tax_behavior: Some(desired.tax_behavior),
            metadata: Some(metadata_to_send(desired.metadata.as_ref(), &key)?),
            idempotency_key: None,
        };
        let product = self.product.map(|product| ObjectRef::Existing(product.product_id.clone()));
        let product = product.unwrap_or_else(|| ObjectRef::Created(self.product_key.to_owned()));
        Ok(Step::CreatePrice { key, product, body })
    }
}

/// The differences between a price at Stripe and its target.
#[derive(Debug)]
struct PriceDiff<'s, 'a> {
    current: &'s CurrentPrice<'a>,
    fields: FieldDiff,
    /// The names of differing fields that Stripe cannot change.
    immutable: Vec<&'static str>,
    /// The update for all other differences.
    changes: PriceChanges,
    /// Parts of the change's reason.
    remarks: Vec<String>,
    /// Whether the file archives it and Stripe refuses that, because it is a default price.
    stays_active: bool,
}

impl<'s, 'a> PriceDiff<'s, 'a> {
    fn new(target: &PriceTarget, current: &'s CurrentPrice<'a>, source: Source) -> Result<Self, Failure> {
        let mut diff = Self {
            current,
            fields: FieldDiff::default(),
            immutable: Vec::new(),
            changes: PriceChanges::default(),
            remarks: Vec::new(),
            stays_active: false,
        };
        diff.compare_terms(target);
        diff.compare_tax_behavior(target.price.tax_behavior);
        diff.compare_active(target.price.active, source);
        let mut metadata = Metadata::default();
        let desired = target.price.metadata.iter().flat_map(Metadata::iter);
        let key = target.lookup_key();
        diff.fields.add_metadata(key, "metadata", &current.price.metadata, desired, &mut metadata)?;
        diff.changes.metadata = (!metadata.is_empty()).then_some(metadata);
        Ok(diff)
    }

    /// Compares product, currency, amount and interval, which Stripe cannot change.
    fn compare_terms(&mut self, target: &PriceTarget) {
        let (current, desired) = (self.current.price, target.price);
        let mut immutable = |field, label, before: Value, after: Value| {
            self.fields.add(field, label, before, after);
            self.immutable.push(label);
        };
        let other_currency = !current.currency.eq_ignore_ascii_case(desired.currency.as_str());
        let other_amount = current.whole_amount() != Some(desired.unit_amount.get());
        let own_id = self.current.product.map(|product| &product.product_id);
        if own_id.is_none() || own_id != target.product.map(|product| &product.product_id) {
            immutable("product", "product", product_label(self.current), target.product_key.into());
        }
        if other_currency {
            let (before, after) = (current.currency.as_str(), desired.currency.as_str());
            immutable("currency", "currency", before.into(), after.into());
        }
        if other_amount {
            let (before, after) = (current.whole_amount(), desired.unit_amount.get());
            immutable("unitAmount", "amount", before.into(), after.into());
        }
        let before = current_recurring_json(current);
        let after = target.recurring_json();
        if before != after {
            immutable("recurring", "interval", before, after);
        }
        // An amount is meaningless without its currency, and a currency without its amount.
        if other_currency && !other_amount {
            self.fields.add("unitAmount", "", current.whole_amount(), desired.unit_amount.get());
        } else if other_amount && !other_currency {
            self.fields.add("currency", "", current.currency.as_str(), desired.currency.as_str());
        }
    }

    /// Stripe accepts one change of the tax behavior, from `unspecified`.
    fn compare_tax_behavior(&mut self, desired: TaxBehavior) {
        let current = self.current.price.tax_behavior.as_deref().unwrap_or(TaxBehavior::Unspecified.as_str());
        if current == desired.as_str() {
            return;
        }
        self.fields.add("taxBehavior", "tax behavior", current, desired.as_str());
        if current == TaxBehavior::Unspecified.as_str() {
            self.changes.tax_behavior = Some(desired);
        } else {
            self.immutable.push("tax behavior");
        }
    }

    fn compare_active(&mut self, desired: bool, source: Source) {
        let current = self.current.price.active;
        if current == desired {
            return;
        }
        self.stays_active = self.current.is_default && !desired;
        if !self.stays_active {
            self.fields.add("active", "", current, desired);
            self.changes.active = Some(desired);
            self.remarks.push(format!("is {} in {source}", if desired { "active" } else { "inactive" }));
        }
    }

    /// Adds the changes that give the price its lookup key and `catalog_key`, and unmark it as replaced.
    fn with_keys(mut self, target: &PriceTarget) -> Result<Self, Failure> {
        let key = target.lookup_key();
        if !target.has_lookup_key(self.current) {
            self.fields.add("lookupKey", "", self.current.lookup_key, key);
            self.changes.lookup_key = Patch::Set(target.price.lookup_key.clone());
            self.remarks.push("gets its lookup key".to_owned());
        }
        if self.current.catalog_key != Some(key) {
            self.remarks.push("gets its catalog_key".to_owned());
        }
        let mut metadata = self.changes.metadata.take().unwrap_or_default();
        let desired = [(CATALOG_KEY, key), (REPLACED_BY, "")];
        self.fields.add_metadata(key, "", &self.current.price.metadata, desired, &mut metadata)?;
        self.changes.metadata = (!metadata.is_empty()).then_some(metadata);
        Ok(self)
    }

    /// The update of a price that replaces no other.
    fn update(self, target: &PriceTarget) -> Option<PlannedChange> {
        if self.changes.is_empty() {
            return None;
        }
        let differs = self.fields.labels().map(|labels| format!("differs in {labels}"));
        let remarks = self.remarks.iter().cloned();
        let reasons: Vec<String> = differs.into_iter().chain(remarks).collect();
        let (before, after) = self.fields.sides();
        let id = self.current.price.price_id.clone();
        // Without another reason, the update only removes the mark of a replacement.
        let reason = if reasons.is_empty() { "is no longer replaced".to_owned() } else { reasons.join("; ") };
        Some(PlannedChange {
            action: ChangeAction::Update,
            kind: ObjectKind::Price,
            key: target.lookup_key().to_owned(),
            id: Some(id.clone()),
            before,
            after,
            reason,
            also: Vec::new(),
            pruned: false,
            steps: vec![Step::update(ObjectRef::Existing(id), self.changes)],
        })
    }
}

/// A price that replaces others: one price matches the file or is created, and replaces all other candidates.
#[derive(Debug)]
struct Replacement<'t, 's, 'a> {
    target: &'t PriceTarget<'t>,
    /// The price that matches the file. Exists only if an earlier replacement was interrupted.
    matching: Option<PriceDiff<'s, 'a>>,
    /// At least one. The price with the lookup key comes first, then active ones.
    replaced: Vec<PriceDiff<'s, 'a>>,
}

impl Replacement<'_, '_, '_> {
    /// A replacement has four steps. A later plan can continue after any of them:
    /// 1. create the new price with its `catalog_key`, but without the lookup key, which the old price still has;
    /// 2. remove lookup key and `catalog_key` from the old price, and name its replacement;
    /// 3. give the lookup key to the new price;
    /// 4. archive the old price, unless it is a default price.
    fn change(mut self) -> Result<PlannedChange, Failure> {
        let reason = self.reason();
        let key = self.target.lookup_key().to_owned();
        let mut steps = Vec::new();
        let (matching, changes) = if let Some(matching) = self.matching.take() {
            (ObjectRef::Existing(matching.current.price.price_id.clone()), matching.changes)
        } else {
            steps.push(self.target.create_step()?);
            let lookup_key = Patch::Set(self.target.price.lookup_key.clone());
            (ObjectRef::Created(key.clone()), PriceChanges { lookup_key, ..PriceChanges::default() })
        };
        // The price with the lookup key is last, so that the key is unassigned as briefly as possible.
        steps.extend(self.replaced.iter().rev().map(|old| mark_replaced(old, &matching)));
        if !changes.is_empty() {
            steps.push(Step::update(matching, changes));
        }
        let archived = self.replaced.iter().filter(|old| old.current.price.active && !old.current.is_default);
        steps.extend(archived.map(|old| Step::ArchivePrice { id: old.current.price.price_id.clone() }));
        let first = self.replaced.remove(0);
        let also = self.replaced.iter().map(|old| old.current.price.price_id.clone()).collect();
        let (before, after) = first.fields.sides();
        let id = Some(first.current.price.price_id.clone());
        Ok(PlannedChange {
            action: ChangeAction::Replace,
            kind: ObjectKind::Price,
            key,
            id,
            before,
            after,
            reason,
            also,
            pruned: false,
            steps,
        })
    }

    fn reason(&self) -> String {
        let first = self.replaced.first();
        let why = if let Some(matching) = &self.matching {
            format!("continues the replacement by {}", matching.current.price.price_id)
        } else {
            let fields = first.map(|first| join_words(&first.immutable, "and")).unwrap_or_default();
            format!("Stripe cannot change the {fields} of a price, so a new price replaces it")
        };
        let mut reasons = vec![why];
        if first.is_some_and(|first| self.target.has_lookup_key(first.current)) {
            reasons.push("the lookup key is briefly unassigned while it moves".into());
        }
        let stays_active =
            self.replaced.iter().filter(|old| old.current.price.active && old.current.is_default);
        reasons.extend(stays_active.map(|old| {
            let id = &old.current.price.price_id;
            format!("{id} stays active because it {IS_DEFAULT}, and the next apply archives it")
        }));
        reasons.join("; ")
    }
}

/// The request that removes lookup key and `catalog_key` from a price and names its replacement.
fn mark_replaced(old: &PriceDiff, replacement: &ObjectRef) -> Step {
    let lookup_key = if old.current.lookup_key.is_some() { Patch::Clear } else { Patch::Keep };
    Step::UpdatePrice {
        price: ObjectRef::Existing(old.current.price.price_id.clone()),
        changes: PriceChanges { lookup_key, ..PriceChanges::default() },
        replaced_by: Some(replacement.clone()),
    }
}

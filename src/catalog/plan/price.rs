//! What has to change in a price.

use serde_json::{Map, Value};

use crate::catalog::plan::compared::{Diff, sent, shown};
use crate::catalog::plan::conflict::NotManaged;
use crate::catalog::plan::index::Seen;
use crate::catalog::plan::replace::Replacement;
use crate::catalog::plan::shown::{CHOOSE_ANOTHER, product, rhythm, unmanaged};
use crate::catalog::plan::{Action, Change, Kind, Ref, Step, Unmanaged};
use crate::catalog::words::listed;
use crate::catalog::{IDENTITY, REPLACED_BY, WantedPrice};
use crate::error::Failure;
use crate::wire::{Environment, Metadata, MirroredProduct, NewPrice, Patch, PriceChanges, TaxBehavior};

/// What a price is to become.
#[derive(Clone, Copy, Debug)]
pub(super) struct Goal<'a> {
    pub(super) price: &'a WantedPrice,
    /// Its product's key, and its product where that is at Stripe already.
    pub(super) key: &'a str,
    pub(super) product: Option<&'a MirroredProduct>,
}

/// The change that makes a price as the file says, if there is any, and what of it cannot be done.
///
/// The candidates are all prices at Stripe that claim to be this one: more than one while a replacement is half done.
pub(super) fn change(
    goal: &Goal,
    candidates: &[&Seen],
    environment: Environment,
) -> Result<(Option<Change>, Option<Unmanaged>), Failure> {
    let compared = candidates.iter().map(|seen| Compared::new(goal, seen));
    let mut compared = compared.collect::<Result<Vec<_>, _>>()?;
    compared.sort_by_key(|one| {
        let seen = one.seen;
        (seen.identity.is_none(), !goal.named_by(seen), !seen.price.active, seen.price.price_id.as_str())
    });
    check_managed(goal, &compared, environment)?;
    if compared.is_empty() {
        return Ok((Some(goal.create()?), None));
    }
    let keeper = compared.iter().position(|one| one.fixed.is_empty()).map(|at| compared.remove(at));
    let keeper = keeper.map(|one| one.keep(goal)).transpose()?;
    let held = keeper
        .as_ref()
        .filter(|one| one.held)
        .map(|one| unmanaged(one.seen, format!("is archived in the file, but {CHOOSE_ANOTHER}"), true));
    let change = match keeper {
        Some(keeper) if compared.is_empty() => keeper.update(goal),
        keeper => Some(Replacement { goal, keeper, superseded: compared }.change()?),
    };
    Ok((change, held))
}

/// A price without an identity is somebody else's as long as it would have to give way: it is taken over only as it is.
///
/// # Errors
/// There is one that would.
fn check_managed(goal: &Goal, compared: &[Compared], environment: Environment) -> Result<(), Failure> {
    let strangers = compared.iter().enumerate().filter(|(_, one)| one.seen.identity.is_none());
    for (at, one) in strangers {
        let conflict = NotManaged { key: goal.lookup_key(), seen: one.seen, environment };
        match compared.first().filter(|_| at > 0) {
            Some(first) => return Err(conflict.beside(first.seen)),
            None if one.fixed.is_empty() => {}
            None => return Err(conflict.differs(&listed(&one.fixed, "and"))),
        }
    }
    Ok(())
}

impl Goal<'_> {
    /// Whether this goal's lookup key names that price.
    pub(super) fn named_by(&self, seen: &Seen) -> bool {
        seen.lookup_key == Some(self.lookup_key())
    }

    /// Its identity.
    pub(super) fn lookup_key(&self) -> &str {
        self.price.lookup_key.as_str()
    }

    fn rhythm(&self) -> Value {
        let recurring = self.price.recurring;
        rhythm(
            recurring.map(|recurring| recurring.interval.as_str()),
            recurring.and_then(|recurring| recurring.interval_count),
        )
    }

    fn create(&self) -> Result<Change, Failure> {
        let wanted = self.price;
        let mut after = Map::new();
        let mut add = |name: &str, value: Value| after.insert(name.to_owned(), value);
        add("product", self.key.into());
        add("active", wanted.active.into());
        add("currency", wanted.currency.as_str().into());
        add("unitAmount", wanted.unit_amount.get().into());
        let rhythm = self.rhythm();
        if !rhythm.is_null() {
            add("recurring", rhythm);
        }
        add("taxBehavior", wanted.tax_behavior.as_str().into());
        add("lookupKey", self.lookup_key().into());
        if let Some(metadata) = shown(wanted.metadata.as_ref()) {
            add("metadata", metadata);
        }
        let mut step = self.create_step()?;
        if let Step::CreatePrice { body, .. } = &mut step {
            body.lookup_key = Patch::Set(wanted.lookup_key.clone());
        }
        Ok(Change {
            action: Action::Create,
            kind: Kind::Price,
            key: self.lookup_key().to_owned(),
            id: None,
            before: None,
            after: Some(Value::Object(after)),
            reason: "is not at Stripe yet".into(),
            also: Vec::new(),
            pruned: false,
            steps: vec![step],
        })
    }

    /// The request that makes it, without its lookup key.
    pub(super) fn create_step(&self) -> Result<Step, Failure> {
        let wanted = self.price;
        let key = self.lookup_key().to_owned();
        let body = NewPrice {
            product_id: None,
            currency: Some(wanted.currency.clone()),
            unit_amount: Some(wanted.unit_amount),
            lookup_key: Patch::Keep,
            active: Some(wanted.active),
            recurring: wanted.recurring,
            tax_behavior: Some(wanted.tax_behavior),
            metadata: Some(sent(wanted.metadata.as_ref(), &key)?),
            idempotency_key: None,
        };
        let product = self.product.map(|product| Ref::Known(product.product_id.clone()));
        let product = product.unwrap_or_else(|| Ref::Made(self.key.to_owned()));
        Ok(Step::CreatePrice { key, product, body })
    }
}

/// A price at Stripe beside what it is to be.
#[derive(Debug)]
pub(super) struct Compared<'s, 'a> {
    pub(super) seen: &'s Seen<'a>,
    pub(super) diff: Diff,
    /// What differs that Stripe changes in no price, in words.
    pub(super) fixed: Vec<&'static str>,
    /// What else differs.
    pub(super) changes: PriceChanges,
    /// What else there is to say, in words.
    pub(super) remarks: Vec<&'static str>,
    /// It is to be archived and Stripe would refuse it.
    pub(super) held: bool,
}

impl<'s, 'a> Compared<'s, 'a> {
    fn new(goal: &Goal, seen: &'s Seen<'a>) -> Result<Self, Failure> {
        let mut compared = Self {
            seen,
            diff: Diff::default(),
            fixed: Vec::new(),
            changes: PriceChanges::default(),
            remarks: Vec::new(),
            held: false,
        };
        compared.terms(goal);
        compared.tax(goal.price.tax_behavior);
        compared.active(goal.price.active);
        let mut metadata = Metadata::default();
        let names = goal.price.metadata.iter().flat_map(Metadata::iter);
        compared.diff.metadata(goal.lookup_key(), "metadata", &seen.price.metadata, names, &mut metadata)?;
        compared.changes.metadata = (!metadata.is_empty()).then_some(metadata);
        Ok(compared)
    }

    /// What a price costs, how often, and for what: never changed at Stripe.
    fn terms(&mut self, goal: &Goal) {
        let (has, wanted) = (self.seen.price, goal.price);
        let mut fixed = |field, words, before: Value, after: Value| {
            self.diff.note(field, words, before, after);
            self.fixed.push(words);
        };
        let other_currency = !has.currency.eq_ignore_ascii_case(wanted.currency.as_str());
        let other_amount = has.unit_amount != Some(wanted.unit_amount.get());
        let own = self.seen.product.map(|product| &product.product_id);
        if own.is_none() || own != goal.product.map(|product| &product.product_id) {
            fixed("product", "product", product(self.seen), goal.key.into());
        }
        if other_currency {
            fixed("currency", "currency", has.currency.as_str().into(), wanted.currency.as_str().into());
        }
        if other_amount {
            fixed("unitAmount", "amount", has.unit_amount.into(), wanted.unit_amount.get().into());
        }
        let (before, after) =
            (rhythm(has.recurring_interval.as_deref(), has.recurring_interval_count), goal.rhythm());
        if before != after {
            fixed("recurring", "interval", before, after);
        }
        // An amount says nothing without its currency, nor a currency without its amount.
        if other_currency && !other_amount {
            self.diff.note("unitAmount", "", has.unit_amount, wanted.unit_amount.get());
        } else if other_amount && !other_currency {
            self.diff.note("currency", "", has.currency.as_str(), wanted.currency.as_str());
        }
    }

    /// What is not decided yet can be decided, once.
    fn tax(&mut self, wanted: TaxBehavior) {
        let has = self.seen.price.tax_behavior.as_deref().unwrap_or(TaxBehavior::Unspecified.as_str());
        if has == wanted.as_str() {
            return;
        }
        self.diff.note("taxBehavior", "tax behavior", has, wanted.as_str());
        if has == TaxBehavior::Unspecified.as_str() {
            self.changes.tax_behavior = Some(wanted);
        } else {
            self.fixed.push("tax behavior");
        }
    }

    fn active(&mut self, wanted: bool) {
        let has = self.seen.price.active;
        if has == wanted {
            return;
        }
        self.held = self.seen.is_default && !wanted;
        if !self.held {
            self.diff.note("active", "", has, wanted);
            self.changes.active = Some(wanted);
            self.remarks.push(if wanted { "becomes active again" } else { "is archived in the file" });
        }
    }

    /// This is the price that stays: it has the lookup key and the identity, and nothing has taken its place.
    fn keep(mut self, goal: &Goal) -> Result<Self, Failure> {
        let key = goal.lookup_key();
        if !goal.named_by(self.seen) {
            self.diff.note("lookupKey", "", self.seen.lookup_key, key);
            self.changes.lookup_key = Patch::Set(goal.price.lookup_key.clone());
            self.remarks.push("gets its lookup key");
        }
        if self.seen.identity != Some(key) {
            self.remarks.push("records its identity");
        }
        let mut metadata = self.changes.metadata.take().unwrap_or_default();
        let own = [(IDENTITY, key), (REPLACED_BY, "")];
        self.diff.metadata(key, "", &self.seen.price.metadata, own, &mut metadata)?;
        self.changes.metadata = (!metadata.is_empty()).then_some(metadata);
        Ok(self)
    }

    /// The change of a price that nothing else has to make room for.
    fn update(self, goal: &Goal) -> Option<Change> {
        if self.changes.is_empty() {
            return None;
        }
        let differs = self.diff.words().map(|words| format!("differs in {words}"));
        let remarks = self.remarks.iter().map(|remark| (*remark).to_owned());
        let reasons: Vec<String> = differs.into_iter().chain(remarks).collect();
        let (before, after) = self.diff.sides();
        let id = self.seen.price.price_id.clone();
        // Without anything of that only the note of a replacement is taken off.
        let reason =
            if reasons.is_empty() { "is not replaced any more".to_owned() } else { reasons.join("; ") };
        Some(Change {
            action: Action::Update,
            kind: Kind::Price,
            key: goal.lookup_key().to_owned(),
            id: Some(id.clone()),
            before,
            after,
            reason,
            also: Vec::new(),
            pruned: false,
            steps: vec![Step::update(Ref::Known(id), self.changes)],
        })
    }
}

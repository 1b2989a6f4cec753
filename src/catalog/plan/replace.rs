//! A price that takes the place of others: what Stripe changes in no price is changed by making a new one.

use crate::catalog::plan::price::{Compared, Goal};
use crate::catalog::plan::shown::CHOOSE_ANOTHER;
use crate::catalog::plan::{Action, Change, Kind, Ref, Step};
use crate::catalog::words::listed;
use crate::error::Failure;
use crate::wire::{Patch, PriceChanges};

/// One price stays or is made, all others that claim its identity give way to it.
#[derive(Debug)]
pub(super) struct Replacement<'g, 's, 'a> {
    pub(super) goal: &'g Goal<'g>,
    /// The price that is as the file says: there is one where a replacement was begun before.
    pub(super) keeper: Option<Compared<'s, 'a>>,
    /// One at least, the most important first: the one that the lookup key names, before those on sale.
    pub(super) superseded: Vec<Compared<'s, 'a>>,
}

impl Replacement<'_, '_, '_> {
    /// It is made in four steps, of which each can be the last before somebody pulls the plug:
    /// 1. the new price is made, with the identity and without the lookup key, which the old one has;
    /// 2. the old one loses lookup key and identity, and says what replaced it;
    /// 3. the new one gets the lookup key: since the request before, that has named nothing;
    /// 4. the old one is archived, unless Stripe would refuse it.
    pub(super) fn change(mut self) -> Result<Change, Failure> {
        let reason = self.reason();
        let key = self.goal.lookup_key().to_owned();
        let mut steps = Vec::new();
        let (keeper, changes) = if let Some(keeper) = self.keeper.take() {
            (Ref::Known(keeper.seen.price.price_id.clone()), keeper.changes)
        } else {
            steps.push(self.goal.create_step()?);
            let lookup_key = Patch::Set(self.goal.price.lookup_key.clone());
            (Ref::Made(key.clone()), PriceChanges { lookup_key, ..PriceChanges::default() })
        };
        // The one that the lookup key names is the last: nothing is to come between that and the next step.
        steps.extend(self.superseded.iter().rev().map(|old| supersede(old, &keeper)));
        if !changes.is_empty() {
            steps.push(Step::update(keeper, changes));
        }
        let archived = self.superseded.iter().filter(|old| old.seen.price.active && !old.seen.is_default);
        steps.extend(archived.map(|old| Step::ArchivePrice { id: old.seen.price.price_id.clone() }));
        let first = self.superseded.remove(0);
        let also = self.superseded.iter().map(|old| old.seen.price.price_id.clone()).collect();
        let (before, after) = first.diff.sides();
        let id = Some(first.seen.price.price_id.clone());
        Ok(Change {
            action: Action::Replace,
            kind: Kind::Price,
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
        let first = self.superseded.first();
        let why = if let Some(keeper) = &self.keeper {
            format!("continues a replacement: {} takes its place", keeper.seen.price.price_id)
        } else {
            let words = first.map(|first| listed(&first.fixed, "and")).unwrap_or_default();
            format!("Stripe does not change the {words} of a price, so a new one takes its place")
        };
        let mut reasons = vec![why];
        if first.is_some_and(|first| self.goal.named_by(first.seen)) {
            reasons.push("its lookup key names nothing for the moment between two requests".into());
        }
        let stays = self.superseded.iter().filter(|old| old.seen.price.active && old.seen.is_default);
        reasons.extend(stays.map(|old| {
            let id = &old.seen.price.price_id;
            format!("{id} stays active because it {CHOOSE_ANOTHER}, and the next apply archives it")
        }));
        reasons.join("; ")
    }
}

/// The request after which a price claims nothing any more.
fn supersede(old: &Compared, keeper: &Ref) -> Step {
    let lookup_key = if old.seen.lookup_key.is_some() { Patch::Clear } else { Patch::Keep };
    Step::UpdatePrice {
        price: Ref::Known(old.seen.price.price_id.clone()),
        changes: PriceChanges { lookup_key, ..PriceChanges::default() },
        replaced_by: Some(keeper.clone()),
    }
}

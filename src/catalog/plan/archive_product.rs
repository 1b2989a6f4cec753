//! Archives one product and its prices, without a catalog file.

use serde_json::json;

use crate::catalog::plan::describe::IS_DEFAULT;
use crate::catalog::plan::{ChangeAction, ObjectKind, PlannedChange, Step};
use crate::wire::{Mirror, ProductChanges};

/// How to archive a product.
#[derive(Debug)]
pub(crate) struct ProductArchive {
    pub(crate) id: String,
    pub(crate) name: String,
    /// `None` if nothing remains to be done.
    pub(crate) change: Option<PlannedChange>,
    /// The number of prices that the change archives.
    pub(crate) prices: usize,
    /// The id of the default price if it stays active, because Stripe archives no default price.
    pub(crate) stays_active: Option<String>,
}

/// Plans the archive of the product with this id: of its active prices, then of the product itself. `None` if there is no
/// such product.
pub(crate) fn archive_product(mirror: &Mirror, id: &str) -> Option<ProductArchive> {
    let product = mirror.products.iter().find(|product| product.product_id == id)?;
    let active = mirror.prices.iter().filter(|price| price.active && price.product_id.as_deref() == Some(id));
    let (default, others): (Vec<_>, Vec<_>) =
        active.partition(|price| product.default_price_id.as_ref() == Some(&price.price_id));
    let mut steps: Vec<Step> =
        others.iter().map(|price| Step::ArchivePrice { id: price.price_id.clone() }).collect();
    if product.active {
        let changes = ProductChanges { active: Some(false), ..ProductChanges::default() };
        steps.push(Step::UpdateProduct { id: id.to_owned(), changes });
    }
    let stays_active = default.first().map(|price| price.price_id.clone());
    let mut reasons: Vec<String> =
        others.iter().map(|price| format!("archives {}", price.price_id)).collect();
    reasons.extend(stays_active.as_ref().map(|id| format!("{id} stays active because it {IS_DEFAULT}")));
    let change = PlannedChange {
        action: ChangeAction::Archive,
        kind: ObjectKind::Product,
        key: product.name.clone(),
        id: Some(id.to_owned()),
        before: Some(json!({ "name": product.name })),
        after: None,
        reason: reasons.join("; "),
        also: Vec::new(),
        pruned: false,
        steps,
    };
    let change = (!change.steps.is_empty()).then_some(change);
    let (id, name) = (id.to_owned(), product.name.clone());
    Some(ProductArchive { id, name, change, prices: others.len(), stays_active })
}

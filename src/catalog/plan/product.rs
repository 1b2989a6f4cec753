//! The change of a product.

use serde_json::Map;

use crate::catalog::DesiredProduct;
use crate::catalog::plan::diff::{FieldDiff, metadata_json, metadata_to_send, or_null};
use crate::catalog::plan::{ChangeAction, ObjectKind, PlannedChange, Source, Step};
use crate::error::Failure;
use crate::wire::{Metadata, MirroredProduct, NewProduct, Patch, ProductChanges, trimmed};

/// The change that makes a product match the file, if any.
pub(super) fn change(
    desired: &DesiredProduct,
    current: Option<&MirroredProduct>,
    source: Source,
) -> Result<Option<PlannedChange>, Failure> {
    match current {
        Some(current) => update(desired, current, source),
        None => create(desired).map(Some),
    }
}

fn create(desired: &DesiredProduct) -> Result<PlannedChange, Failure> {
    let mut after = Map::new();
    after.insert("name".into(), desired.name.as_str().into());
    if let Some(description) = &desired.description {
        after.insert("description".into(), description.as_str().into());
    }
    after.insert("active".into(), desired.active.into());
    if let Some(metadata) = metadata_json(desired.metadata.as_ref()) {
        after.insert("metadata".into(), metadata);
    }
    let body = NewProduct {
        name: Some(desired.name.clone()),
        description: desired.description.clone().map_or(Patch::Keep, Patch::Set),
        active: Some(desired.active),
        metadata: Some(metadata_to_send(desired.metadata.as_ref(), &desired.key)?),
        idempotency_key: None,
    };
    let step = Step::CreateProduct { key: desired.key.clone(), body };
    Ok(PlannedChange::create(ObjectKind::Product, &desired.key, after, step))
}

fn update(
    desired: &DesiredProduct,
    current: &MirroredProduct,
    source: Source,
) -> Result<Option<PlannedChange>, Failure> {
    let (mut diff, mut changes) = (FieldDiff::default(), ProductChanges::default());
    if trimmed(desired.name.as_str()) != trimmed(&current.name) {
        diff.add("name", "name", current.name.as_str(), desired.name.as_str());
        changes.name = Some(desired.name.clone());
    }
    // The backend trims descriptions.
    let description = desired.description.as_ref().map_or("", |text| trimmed(text.as_str()));
    let current_description = trimmed(current.description.as_deref().unwrap_or_default());
    if description != current_description {
        diff.add("description", "description", or_null(current_description), or_null(description));
        let set = desired.description.clone().filter(|_| !description.is_empty());
        changes.description = set.map_or(Patch::Clear, Patch::Set);
    }
    let mut metadata = Metadata::default();
    let desired_metadata = desired.metadata.iter().flat_map(Metadata::iter);
    diff.add_metadata(&desired.key, "metadata", &current.metadata, desired_metadata, &mut metadata)?;
    changes.metadata = (!metadata.is_empty()).then_some(metadata);
    let mut reasons: Vec<String> =
        diff.labels().map(|labels| format!("differs in {labels}")).into_iter().collect();
    if desired.active != current.active {
        diff.add("active", "", current.active, desired.active);
        changes.active = Some(desired.active);
        reasons.push(format!("is {} in {source}", if desired.active { "active" } else { "inactive" }));
    }
    if changes.is_empty() {
        return Ok(None);
    }
    let (before, after) = diff.sides();
    Ok(Some(PlannedChange {
        action: ChangeAction::Update,
        kind: ObjectKind::Product,
        key: desired.key.clone(),
        id: Some(current.product_id.clone()),
        before,
        after,
        reason: reasons.join("; "),
        also: Vec::new(),
        pruned: false,
        steps: vec![Step::UpdateProduct { id: current.product_id.clone(), changes }],
    }))
}

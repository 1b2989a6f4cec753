//! What has to change in a product.

use serde_json::{Map, Value};

use crate::catalog::WantedProduct;
use crate::catalog::plan::compared::{Diff, or_null, sent, shown};
use crate::catalog::plan::{Action, Change, Kind, Step};
use crate::error::Failure;
use crate::wire::{Metadata, MirroredProduct, NewProduct, Patch, ProductChanges, trimmed};

/// The change that makes a product as the file says, if there is any.
pub(super) fn change(
    wanted: &WantedProduct,
    found: Option<&MirroredProduct>,
) -> Result<Option<Change>, Failure> {
    match found {
        Some(found) => update(wanted, found),
        None => create(wanted).map(Some),
    }
}

fn create(wanted: &WantedProduct) -> Result<Change, Failure> {
    let mut after = Map::new();
    after.insert("name".into(), wanted.name.as_str().into());
    if let Some(description) = &wanted.description {
        after.insert("description".into(), description.as_str().into());
    }
    after.insert("active".into(), wanted.active.into());
    if let Some(metadata) = shown(wanted.metadata.as_ref()) {
        after.insert("metadata".into(), metadata);
    }
    let body = NewProduct {
        name: Some(wanted.name.clone()),
        description: wanted.description.clone().map_or(Patch::Keep, Patch::Set),
        active: Some(wanted.active),
        metadata: Some(sent(wanted.metadata.as_ref(), &wanted.key)?),
        idempotency_key: None,
    };
    Ok(Change {
        action: Action::Create,
        kind: Kind::Product,
        key: wanted.key.clone(),
        id: None,
        before: None,
        after: Some(Value::Object(after)),
        reason: "is not at Stripe yet".into(),
        also: Vec::new(),
        pruned: false,
        steps: vec![Step::CreateProduct { key: wanted.key.clone(), body }],
    })
}

fn update(wanted: &WantedProduct, found: &MirroredProduct) -> Result<Option<Change>, Failure> {
    let (mut diff, mut changes) = (Diff::default(), ProductChanges::default());
    if trimmed(wanted.name.as_str()) != trimmed(&found.name) {
        diff.note("name", "name", found.name.as_str(), wanted.name.as_str());
        changes.name = Some(wanted.name.clone());
    }
    // The backend cuts off what is blank around it.
    let description = wanted.description.as_ref().map_or("", |text| trimmed(text.as_str()));
    let has = trimmed(found.description.as_deref().unwrap_or_default());
    if description != has {
        diff.note("description", "description", or_null(has), or_null(description));
        let set = wanted.description.clone().filter(|_| !description.is_empty());
        changes.description = set.map_or(Patch::Clear, Patch::Set);
    }
    let mut metadata = Metadata::default();
    let names = wanted.metadata.iter().flat_map(Metadata::iter);
    diff.metadata(&wanted.key, "metadata", &found.metadata, names, &mut metadata)?;
    changes.metadata = (!metadata.is_empty()).then_some(metadata);
    let mut reasons: Vec<String> =
        diff.words().map(|words| format!("differs in {words}")).into_iter().collect();
    if wanted.active != found.active {
        diff.note("active", "", found.active, wanted.active);
        changes.active = Some(wanted.active);
        reasons.push(if wanted.active { "becomes active again" } else { "is archived in the file" }.into());
    }
    if changes.is_empty() {
        return Ok(None);
    }
    let (before, after) = diff.sides();
    Ok(Some(Change {
        action: Action::Update,
        kind: Kind::Product,
        key: wanted.key.clone(),
        id: Some(found.product_id.clone()),
        before,
        after,
        reason: reasons.join("; "),
        also: Vec::new(),
        pruned: false,
        steps: vec![Step::UpdateProduct { id: found.product_id.clone(), changes }],
    }))
}

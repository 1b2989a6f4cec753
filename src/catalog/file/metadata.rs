//! The metadata of a product or price.

use std::collections::BTreeMap;

use super::mistake::{Mistake, Mistakes};
use super::section::{self, Item, Key, Section};
use crate::catalog::{IDENTITY, REPLACED_BY};
use crate::wire::{Metadata, MetadataEntry};

/// Of Stripe's fifty names, two are this tool's own.
pub(crate) const MOST: usize = 48;

/// The metadata of a section, in alphabetical order; `Some(None)` where it has none, nothing where there are mistakes
/// in it, which are noted.
#[allow(
    clippy::option_option,
    reason = "as with other fields: whether it can be read, and whether it is there"
)]
pub(super) fn metadata(section: &Section<'_>, mistakes: &mut Mistakes) -> Option<Option<Metadata>> {
    let Some((key, item)) = section.get("metadata") else { return Some(None) };
    let section = mistakes.sort_out(section.under(key, item, "metadata = { tier = \"pro\" }"))?;
    let mut fields = BTreeMap::new();
    let mut right = true;
    for (key, item) in section.entries() {
        let field = if fields.len() < MOST { field(key, item) } else { Err(too_many(key)) };
        match mistakes.sort_out(field) {
            Some(field) => drop(fields.insert(key.get_ref().as_ref(), field)),
            None => right = false,
        }
    }
    let mut metadata = Metadata::default();
    for field in fields.into_values() {
        let set = metadata.set(field).map_err(|sentence| Mistake::new(section.at(), sentence));
        right &= mistakes.sort_out(set).is_some();
    }
    right.then(|| Some(metadata).filter(|metadata| metadata.iter().next().is_some()))
}

fn too_many(key: &Key<'_>) -> Mistake {
    let sentence =
        format!("there are at most {MOST} metadata names: Stripe takes 50, and 2 are kept by this tool");
    Mistake::new(key.span(), sentence).hint("leave some out")
}

fn field(key: &Key<'_>, item: &Item<'_>) -> Result<MetadataEntry, Mistake> {
    let (name, at) = (key.get_ref().as_ref(), key.span());
    if [IDENTITY, REPLACED_BY].contains(&name) {
        let mistake = Mistake::new(at, format!("the metadata name `{name}` is kept by this tool"));
        return Err(mistake.hint("take it out; who is who follows from the keys of products and prices"));
    }
    // The name alone first: then the mistake is in the text.
    MetadataEntry::new(name.to_owned(), String::new()).map_err(|sentence| Mistake::new(at, sentence))?;
    let at = section::place(key, item);
    let Some(text) = item.get_ref().as_str() else {
        let sentence = format!("metadata can be texts only, and `{name}` is {}", section::kind(item));
        let number = section::whole_number(item.get_ref()).map(|number| number.to_string());
        let value = number.or_else(|| item.get_ref().as_bool().map(|switch| switch.to_string()));
        let mistake = Mistake::new(at, sentence);
        return Err(match value {
            Some(value) => mistake.hint(format!("write {name} = \"{value}\"")),
            None => mistake,
        });
    };
    MetadataEntry::new(name.to_owned(), text.to_owned()).map_err(|sentence| Mistake::new(at, sentence))
}

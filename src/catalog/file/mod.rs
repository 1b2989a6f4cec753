//! `payments.toml`: reads a catalog from it. The file is walked by hand, so that each mistake is told with its place.

pub(super) mod amount;
mod entry;
pub(super) mod metadata;
mod mistake;
mod nearest;
mod section;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use toml::de::DeTable;

use self::mistake::{Mistake, Mistakes, Source};
pub(crate) use self::nearest::distance;
use self::section::{Known, Section};
use super::Wanted;
use crate::error::Failure;

/// The version that this tool reads and writes.
pub(super) const VERSION: i64 = 1;

const FILE: Known = Known { section: "a catalog file", names: &["version", "products"] };

/// Reads a catalog from what a file has, which may be no text.
///
/// # Errors
/// See [`read`].
pub(crate) fn read_bytes(bytes: &[u8], name: &str) -> Result<Wanted, Failure> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let end = error.valid_up_to();
        let text = std::str::from_utf8(&bytes[..end]).unwrap_or_default();
        let mistake = Mistake::new(end..end, "what stands here is not UTF-8").hint("save the file as UTF-8");
        Source { name, text }.failure(mistake)
    })?;
    read(text, name)
}

/// Reads a catalog. `name` is the file's name as errors show it.
///
/// # Errors
/// The first mistake in the file, with the place where it stands.
pub(crate) fn read(text: &str, name: &str) -> Result<Wanted, Failure> {
    // An editor may have put a mark in front that TOML lets pass.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let source = Source { name, text };
    let table = DeTable::parse(text).map_err(|error| {
        let sentence = error.message().trim().replace('\n', "; ");
        source.failure(Mistake::new(error.span().unwrap_or_default(), sentence))
    })?;
    let whole = Section::whole(table.get_ref());
    // What another version means by the rest is not known.
    version(&whole).map_err(|mistake| source.failure(mistake))?;

    let mut mistakes = Mistakes::default();
    whole.only(&FILE, &mut mistakes, |_, item| {
        item.get_ref().is_table().then(|| "products stand under `products`, as in [products.pro]".into())
    });
    let mut read = Vec::new();
    let products = whole.get("products").map(|(key, item)| whole.under(key, item, "[products.pro]"));
    if let Some(products) = products.and_then(|products| mistakes.sort_out(products)) {
        for (key, item) in products.entries() {
            mistakes.sort_out(section::key(key, "product", "[products.pro]"));
            let product = products.under(key, item, "[products.pro]");
            if let Some(product) = mistakes.sort_out(product) {
                read.extend(entry::product(key.get_ref(), &product, &mut mistakes));
            }
        }
    }
    unique(source, &read, &mut mistakes);
    match mistakes.first() {
        Some(mistake) => Err(source.failure(mistake)),
        None => Ok(Wanted { products: read.into_iter().map(|product| product.wanted).collect() }),
    }
}

fn version(file: &Section<'_>) -> Result<(), Mistake> {
    let hint = format!("begin it with version = {VERSION}");
    let Some(version) = file.number("version")? else {
        return Err(Mistake::new(0..0, "the file does not say its version").hint(hint));
    };
    match version.value {
        VERSION => Ok(()),
        later if later > VERSION => {
            let sentence = format!(
                "the file is written for a later version of insforge: this one reads version {VERSION}, not {later}"
            );
            Err(Mistake::new(version.at, sentence).hint("update insforge"))
        }
        other => Err(Mistake::new(version.at, format!("there is no version {other}")).hint(hint)),
    }
}

/// Each lookup key is one price's.
fn unique(source: Source<'_>, products: &[entry::Product], mistakes: &mut Mistakes) {
    let mut prices: Vec<_> = products.iter().flat_map(|product| product.places.iter()).collect();
    prices.sort_by_key(|price| price.at.start);
    let mut seen: HashMap<&str, &entry::Place> = HashMap::new();
    for price in prices {
        let Some(first) = seen.get(price.lookup_key.as_str()) else {
            seen.insert(&price.lookup_key, price);
            continue;
        };
        let (key, path, line) = (&price.lookup_key, &first.path, source.line(first.at.start));
        let sentence = format!("`{key}` is the lookup key of `{path}` on line {line} already");
        mistakes.add(Mistake::new(price.at.clone(), sentence).hint("give one of them another lookup_key"));
    }
}

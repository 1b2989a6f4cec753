//! What items and plans have in common.

use std::borrow::Cow;

use crate::runner::HasIdList;
use crate::ui::{Column, Section};
use crate::wire::Money;
use crate::wire::fields::Fields;
use crate::wire::razorpay::Catalog;

/// A kind of object in the catalog.
pub(crate) trait CatalogObject: HasIdList + Sized + 'static {
    /// The arguments of the example of `get`.
    const GET_EXAMPLE: &'static str;
    /// The singular, and the field of an answer with one object.
    const SINGULAR: &'static str;
    /// The plural, and the field of the catalog.
    const PLURAL: &'static str;
    /// The field of the id.
    const ID: &'static str;
    /// The error code for an object that does not exist.
    const NOT_FOUND: &'static str;
    /// The fields of its JSON.
    const FIELDS: Fields;
    const COLUMNS: &'static [Column<'static>];

    fn all(catalog: &Catalog) -> &[Self];
    fn id(&self) -> &str;
    fn name(&self) -> Option<&str>;
    fn price(&self) -> Option<Money<'_>>;
    /// How often it is paid, if it is paid repeatedly.
    fn every(&self) -> Option<String> {
        None
    }
    /// Whether Razorpay created it together with a plan.
    fn is_part_of_plan(&self) -> bool {
        false
    }
    fn created_at(&self) -> Option<&str>;
    /// One cell for each column.
    fn cells(&self) -> Vec<Cow<'_, str>>;
}

/// The table of some rows.
pub(crate) fn section<'a, O: CatalogObject>(
    rows: impl IntoIterator<Item = &'a O, IntoIter: Clone + 'a>,
) -> Section<'a> {
    Section::new(O::COLUMNS, rows.into_iter().map(CatalogObject::cells)).of(O::SINGULAR)
}

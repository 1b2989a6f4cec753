//! What is kept of lists for completion, and when that may be so no more.

use crate::runner::Ctx;
use crate::settings::{Shelf, UserPaths};

/// Where the lists of the backend that this run has asked are kept. A run that gets address and key from its environment
/// leaves nothing behind.
pub(crate) fn shelf(ctx: &Ctx) -> Option<Shelf> {
    let backend = ctx.backend.get().filter(|backend| backend.stored)?;
    Some(Shelf::of(&backend.address.value, &UserPaths::find().ok()?.ids))
}

/// After a run: whatever has been sent to change something may have changed what the lists have, done or not.
pub(crate) fn outdate(ctx: &Ctx) {
    if ctx.write_sent()
        && let Some(shelf) = shelf(ctx)
    {
        shelf.outdate();
    }
}

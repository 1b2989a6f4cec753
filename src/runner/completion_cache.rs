//! The completion cache of the backend that a run uses.

use crate::runner::Ctx;
use crate::settings::{CompletionCache, UserPaths};

/// The cache; `None` if address and key come from the environment, because such a run writes no files.
pub(crate) fn completion_cache(ctx: &Ctx) -> Option<CompletionCache> {
    let backend = ctx.backend.get().filter(|backend| backend.stored)?;
    Some(CompletionCache::new(&backend.address.value, &UserPaths::find().ok()?.completion_cache))
}

/// Invalidates the cache if the run has sent a write, whether or not it succeeded.
pub(crate) fn invalidate_completion_cache(ctx: &Ctx) {
    if ctx.write_sent()
        && let Some(cache) = completion_cache(ctx)
    {
        cache.invalidate();
    }
}

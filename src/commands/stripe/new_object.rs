//! New Stripe objects, and the idempotency keys that make creating them repeatable.

use std::collections::HashMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::api::Call;
use crate::api::stripe::STRIPE;
use crate::commands::common::{SYNC_DEADLINE, sync_environment};
use crate::error::{Failure, Warning, WarningCode};
use crate::runner::{Ctx, ExistingObjects, join_first};
use crate::ui::View;
use crate::wire::{Environment, IdempotencyKey, SyncResults};

/// A new object, and the idempotency key of its create.
pub(crate) struct NewObject<T> {
    pub(super) environment: Environment,
    pub(super) body: T,
    pub(super) key: IdempotencyKey,
    /// The key that the file has for the object.
    file_key: Option<IdempotencyKey>,
}

impl<T> NewObject<T> {
    /// The key is that of the command line, or else that of the file, or else a generated one.
    pub(super) fn new(
        environment: Environment,
        body: T,
        argument: Option<&IdempotencyKey>,
        file_key: Option<IdempotencyKey>,
    ) -> Self {
        let key = argument.or(file_key.as_ref()).cloned().unwrap_or_else(IdempotencyKey::generate);
        Self { environment, body, key, file_key }
    }
}

/// Sets a key for each of many objects that is the same in every run of the file. The key follows from the object, not
/// from its position: an object can be added, removed or moved without changing the keys of the others. Objects that are
/// equal get different keys. A key in the file is not changed; the key of the command line becomes part of all others.
pub(super) fn derive_keys<T: Serialize>(
    kind: &str,
    argument: Option<&IdempotencyKey>,
    objects: &mut [NewObject<T>],
) -> serde_json::Result<()> {
    let argument = argument.map_or("", IdempotencyKey::as_str);
    let mut seen: HashMap<String, u32> = HashMap::new();
    for object in objects {
        object.key = if let Some(key) = &object.file_key {
            key.clone()
        } else {
            let mut body = serde_json::to_value(&object.body)?;
            body.sort_all_objects();
            let body = body.to_string();
            let count = seen.entry(body.clone()).or_default();
            *count += 1;
            // These parts must never change: files that are run again rely on the keys.
            let environment = object.environment.as_str();
            IdempotencyKey::derived(&["of many", environment, kind, argument, &body, &count.to_string()])
        };
    }
    Ok(())
}

/// Reads the mirror's objects before a create, so that a repeated create is reported as one. Without the list, the create is
/// sent all the same.
pub(super) async fn find_existing<L: DeserializeOwned + View>(ctx: &Ctx, list: Call<L>) -> ExistingObjects {
    match ctx.send_optional(list).await {
        Ok(list) => ExistingObjects::mirrored(&list).unwrap_or_else(|_| ExistingObjects::unread()),
        Err(_) => ExistingObjects::unread(),
    }
}

/// Syncs after repeated creates: the backend has written the first versions of these objects into its mirror (CONTRACT:
/// Idempotency).
pub(super) async fn update_mirror(ctx: &Ctx, environment: Environment, no_sync: bool, outdated: &[String]) {
    let failure = if no_sync {
        None
    } else {
        let sync = ctx.within(SYNC_DEADLINE, sync_environment::<SyncResults>(ctx, &STRIPE, environment));
        // Boxed, because a repeated create is rare.
        let sync = Box::pin(sync);
        match ctx.while_busy("Syncing with Stripe…", sync).await {
            Ok(_) => {
                ctx.stderr.note(&format!(
                    "{} changed after being created: the result shows the first version, and the mirror was synced.",
                    join_first(outdated)
                ));
                return;
            }
            Err(error) => Some(format!(" ({error})")),
        }
    };
    let sync = ctx.command(&STRIPE, &["sync", environment.as_str()]);
    let text = format!(
        "{} changed after being created, and the mirror has the first version again{}; run `{sync}`",
        join_first(outdated),
        failure.unwrap_or_default()
    );
    ctx.warn(&[Warning { code: WarningCode::MirrorStale, text }]);
}

/// Shows the key as the user knows it: the backend sends `insforge:test:product:` and the key to Stripe, whose messages
/// repeat that form. Adds a hint for a key that was used for something else (exchanges 091 and 149).
pub(super) fn explain<T>(object: &NewObject<T>, kind: &str, failure: Failure) -> Failure {
    let sent = format!("insforge:{}:{kind}:{}", object.environment, object.key);
    let what = failure.what.replace(&sent, object.key.as_str());
    let failure = Failure { what, ..failure };
    if failure.status != Some(400) || !failure.what.contains("same parameters") {
        return failure;
    }
    failure.hint(format!(
        "this idempotency key was already used for another {kind}: use another --idempotency-key, or the same values \
         as the first time"
    ))
}

/// Adds a hint for a lookup key that another price has. The message names that price (exchange 151).
pub(super) fn explain_lookup_key(ctx: &Ctx, environment: Environment, failure: Failure) -> Failure {
    if !failure.what.contains("already uses that lookup key") {
        return failure;
    }
    let holder = failure.what.split('`').nth(1).filter(|id| id.starts_with("price_")).unwrap_or("PRICE_ID");
    let free = ["prices", "update", environment.as_str(), holder, "--lookup-key", "null"];
    let hint = format!("use another lookup key, or free this one: {}", ctx.command(&STRIPE, &free));
    failure.hint(hint)
}

/// Adds why Stripe does not archive a price, and what to do.
pub(super) fn explain_default_price(ctx: &Ctx, environment: Environment, failure: Failure) -> Failure {
    if failure.status != Some(400) || !failure.what.contains("default price") {
        return failure;
    }
    let archive = ["products", "archive", environment.as_str(), "PRODUCT_ID"];
    failure.hint(format!(
        "choose another default price of the product in Stripe's dashboard, then run it again; or take the whole product off \
         sale: {}",
        ctx.command(&STRIPE, &archive)
    ))
}

//! Creates, which an idempotency key makes repeatable.

use std::collections::HashMap;

use clap::Args;
use serde::Serialize;

use crate::api::stripe::STRIPE;
use crate::error::Failure;
use crate::runner::{Ctx, KeyInUse};
use crate::wire::{Environment, IdempotencyKey};

/// The key that makes a create repeatable.
#[derive(Args, Clone, Debug)]
pub(super) struct KeyArgs {
    /// Your own key for this create, the same when you run it again; 1 to 200 characters. Of a file of many, each gets a key
    /// that follows from it
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<IdempotencyKey>,
}

impl KeyArgs {
    /// A new object with the user's own key, the flag's over the file's, or else with one for this run.
    pub(super) fn keyed<T>(
        &self,
        environment: Environment,
        body: T,
        in_file: Option<IdempotencyKey>,
    ) -> Keyed<T> {
        let given = self.idempotency_key.as_ref().or(in_file.as_ref());
        let (generated, key) = (given.is_none(), given.cloned().unwrap_or_else(IdempotencyKey::generate));
        Keyed { environment, body, key, generated, in_file }
    }

    /// Gives each of many a key that is its own, however often the same file is read. It follows from what is to be made,
    /// and not from where that stands: what is added, taken out or moved in the file changes no other's key. What is in
    /// the file twice is two objects. The flag's key makes all of them others; one in the file stays as it is.
    pub(super) fn key_each<T: Serialize>(&self, kind: &str, all: &mut [Keyed<T>]) -> serde_json::Result<()> {
        let given = self.idempotency_key.as_ref().map_or("", IdempotencyKey::as_str);
        let mut seen: HashMap<String, u32> = HashMap::new();
        for one in all {
            one.generated = false;
            one.key = if let Some(own) = &one.in_file {
                own.clone()
            } else {
                let mut body = serde_json::to_value(&one.body)?;
                body.sort_all_objects();
                let body = body.to_string();
                let count = seen.entry(body.clone()).or_default();
                *count += 1;
                let parts = ["of many", one.environment.as_str(), kind, given, &body, &count.to_string()];
                IdempotencyKey::derived(&parts)
            };
        }
        Ok(())
    }
}

/// A new object, and the key under which it is made once.
pub(crate) struct Keyed<T> {
    pub(super) environment: Environment,
    pub(super) body: T,
    pub(super) key: IdempotencyKey,
    generated: bool,
    /// The key that stands in the file beside it.
    in_file: Option<IdempotencyKey>,
}

impl<T> Keyed<T> {
    pub(super) fn in_use(&self) -> KeyInUse<'_> {
        KeyInUse { key: &self.key, generated: self.generated }
    }
}

/// Shows the key as it was given: the backend puts `insforge:test:product:` before it on its way to Stripe, and
/// Stripe's messages show that form. Says of a conflict what the user can do (exchanges 091 and 149).
pub(super) fn explain<T>(keyed: &Keyed<T>, kind: &str, failure: Failure) -> Failure {
    let sent = format!("insforge:{}:{kind}:{}", keyed.environment, keyed.key);
    let what = failure.what.replace(&sent, keyed.key.as_str());
    let failure = Failure { what, ..failure };
    if failure.status != Some(400) || !failure.what.contains("same parameters") {
        return failure;
    }
    failure.hint(format!(
        "this key has made another {kind} already: give another --idempotency-key, or the parameters of the first time"
    ))
}

/// Says of a lookup key that is taken how to free it; the message names the price that has it (exchange 151).
pub(super) fn explain_lookup_key(ctx: &Ctx, environment: Environment, failure: Failure) -> Failure {
    if !failure.what.contains("already uses that lookup key") {
        return failure;
    }
    let holder = failure.what.split('`').nth(1).filter(|id| id.starts_with("price_")).unwrap_or("PRICE_ID");
    let free = ["prices", "update", environment.as_str(), holder, "--lookup-key", "null"];
    let hint = format!("choose another, or free it: {}", ctx.command(&STRIPE, &free));
    failure.hint(hint)
}

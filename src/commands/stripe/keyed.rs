//! Creates, which an idempotency key makes repeatable.

use clap::Args;

use crate::api::stripe::STRIPE;
use crate::command::{Ctx, KeyInUse};
use crate::error::Failure;
use crate::wire::{Environment, IdempotencyKey};

/// The key that makes a create repeatable.
#[derive(Args, Clone, Debug)]
pub(super) struct KeyArgs {
    /// Your own key for this create, the same when you run it again; 1 to 200 characters
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<IdempotencyKey>,
}

impl KeyArgs {
    /// What the flag says, over what the file says.
    pub(super) fn over(&self, file: Option<IdempotencyKey>) -> Option<IdempotencyKey> {
        self.idempotency_key.clone().or(file)
    }
}

/// A new object, and the key under which it is made once.
pub(crate) struct Keyed<T> {
    pub(super) environment: Environment,
    pub(super) body: T,
    pub(super) key: IdempotencyKey,
    generated: bool,
}

impl<T> Keyed<T> {
    /// With the user's own key, or one for this run.
    pub(super) fn new(environment: Environment, body: T, given: Option<IdempotencyKey>) -> Self {
        let generated = given.is_none();
        Self { environment, body, key: given.unwrap_or_else(IdempotencyKey::generate), generated }
    }

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

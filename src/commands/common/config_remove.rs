use std::marker::PhantomData;

use anyhow::Result;
use clap::Args;

use crate::api::{self, Call, Reply};
use crate::commands::common::{Configured, EnvironmentArgs};
use crate::error::Failure;
use crate::runner::guard::Effect;
use crate::runner::{Change, Check, Ctx, Gateway, Write};
use crate::wire::{self, Environment};

/// Take the keys of one environment away from the backend
///
/// What was mirrored stays; syncs and changes of this environment stop until a key is set again. It asks before.
#[derive(Args)]
pub(crate) struct Remove<G: Gateway> {
    #[command(flatten)]
    environment: EnvironmentArgs,
    #[arg(skip)]
    gateway: PhantomData<G>,
}

impl<G: Gateway> Write for Remove<G> {
    type Resolved = Environment;
    type Answer = wire::KeyList;
    type Shown = Configured;
    const HAS_IDS: bool = false;

    fn effect(&self) -> Result<Effect, Failure> {
        self.environment.resolve().map(Effect::Destroy)
    }

    async fn resolve(&self, _ctx: &Ctx) -> Result<Environment> {
        Ok(self.environment.resolve()?)
    }

    fn change(&self, environment: &Environment) -> Change {
        Change {
            effect: Effect::Destroy(*environment),
            provider: G::PROVIDER,
            what: format!("Remove the backend's {} key", G::PROVIDER.name),
            means: Some("Payment syncs and changes for this environment will stop.".into()),
            account: None,
            check: Check::backend(&["config"]),
        }
    }

    fn call(&self, environment: &Environment) -> Result<Call<Self::Answer>> {
        Ok(api::remove_keys(G::PROVIDER, *environment))
    }

    async fn conclude(
        &self,
        _ctx: &Ctx,
        environment: Environment,
        _reply: Reply<wire::KeyList>,
    ) -> Result<Configured> {
        Ok(Configured::removed(G::PROVIDER, environment))
    }
}

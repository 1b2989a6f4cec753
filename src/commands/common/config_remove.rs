use std::borrow::Cow;
use std::marker::PhantomData;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::api::{self, Call, Provider, Reply};
use crate::command::{Change, Check, Ctx, Gateway, Write};
use crate::commands::common::EnvironmentArgs;
use crate::error::{Failure, Warning};
use crate::guard::Effect;
use crate::ui::{Page, Show};
use crate::wire::Environment;

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
    type Answer = G::Config;
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
            what: "Remove the key".into(),
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
        _reply: Reply<G::Config>,
    ) -> Result<Configured> {
        let note = format!("✓ {} {environment} key removed.", G::PROVIDER.name);
        Ok(Configured {
            provider: G::PROVIDER,
            environment,
            configured: false,
            notes: vec![note],
            warnings: Vec::new(),
        })
    }
}

/// Whether an environment has a key now. The backend's own answer has the keys themselves in it.
pub(crate) struct Configured {
    pub(crate) provider: &'static Provider,
    pub(crate) environment: Environment,
    pub(crate) configured: bool,
    pub(crate) notes: Vec<String>,
    pub(crate) warnings: Vec<Warning>,
}

impl Show for Configured {
    fn json(&self) -> serde_json::Result<Cow<'_, Value>> {
        Ok(Cow::Owned(json!({
            "provider": self.provider.segment,
            "environment": self.environment.as_str(),
            "configured": self.configured,
        })))
    }

    fn page(&self) -> Page<'_> {
        Page::default()
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

use anyhow::Result;
use clap::Args;

use crate::api::{self, Call, Reply};
use crate::approval::{Effects, FieldChange};
use crate::commands::common::{EnvironmentArgs, ForProvider, KeyStatus, effects};
use crate::error::Failure;
use crate::runner::guard::Effect;
use crate::runner::{Change, Check, CommandSpec, Ctx, Verb, Write};
use crate::wire::{Environment, KeyList};

/// Remove the keys of one environment from the backend
///
/// Mirrored data stays, but syncs and changes of this environment stop until a key is set again. Always asks for
/// confirmation.
#[derive(Args)]
#[command(add = CommandSpec::writes::<ForProvider<Self>>("test --yes --json"))]
pub(crate) struct Remove {
    #[command(flatten)]
    environment: EnvironmentArgs,
}

impl Write for ForProvider<Remove> {
    type Object = ();
    type Request = Environment;
    type Answer = KeyList;
    type Shown = KeyStatus;
    const HAS_IDS: bool = false;
    const VERB: Verb = Verb::Remove;
    const EFFECT: Effect = Effect::Destroy;

    fn environment(&self) -> Result<Environment, Failure> {
        self.args.environment.resolve()
    }

    async fn resolve(&self, _ctx: &Ctx, _object: ()) -> Result<Environment> {
        Ok(self.environment()?)
    }

    fn change(&self, environment: &Environment) -> Change {
        let what = format!("Remove the backend's {} key", self.provider.name);
        Change::new(self.provider, *environment, what, Check::backend(&["config"]))
            .details("Payment syncs and changes for this environment will stop.".to_owned())
    }

    fn call(&self, environment: &Environment) -> Result<Call<KeyList>> {
        Ok(api::remove_keys(self.provider, *environment))
    }

    async fn examine(&self, ctx: &Ctx, environments: &[&Environment]) -> Result<Effects> {
        let [environment] = environments else { return Ok(Effects::default()) };
        let now = effects::read_connection(ctx, self.provider, **environment).await?;
        let object = effects::key(self.provider, **environment).with([
            FieldChange::removed("key", effects::masked_key(now.as_ref())),
            effects::account(now.as_ref(), None),
        ]);
        let outcome = "they stay, and are not updated any more";
        let rows = effects::mirrored_rows(ctx, self.provider, **environment, outcome).await?;
        Ok(Effects { objects: vec![object], dependents: vec![rows], ..Effects::default() })
    }

    fn note(&self, environment: &Environment, _reply: &Reply<KeyList>) -> String {
        format!("{} {environment} key removed.", self.provider.name)
    }

    async fn complete(&self, _ctx: &Ctx, _environment: Environment, shown: KeyStatus) -> Result<KeyStatus> {
        Ok(shown.removed())
    }
}

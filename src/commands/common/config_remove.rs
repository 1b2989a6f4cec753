use anyhow::Result;
use clap::Args;

use crate::api::{self, Call, Reply};
use crate::commands::common::{EnvironmentArgs, ForProvider, KeyStatus};
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

    fn note(&self, environment: &Environment, _reply: &Reply<KeyList>) -> String {
        format!("{} {environment} key removed.", self.provider.name)
    }

    async fn complete(&self, _ctx: &Ctx, _environment: Environment, shown: KeyStatus) -> Result<KeyStatus> {
        Ok(shown.removed())
    }
}

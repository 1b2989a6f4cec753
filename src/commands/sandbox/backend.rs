use anyhow::Result;

use crate::commands::sandbox::{errors, with_state_file};
use crate::error::{Code, Failure};
use crate::runner::Ctx;
use crate::sandbox::{self, API_KEY, Options, PUBLIC_URL, Sandbox};
use crate::secret::Secret;
use crate::settings::{PresetBackend, Source, UserPaths, WithSource};
use crate::wire::Address;

/// Starts the user's sandbox, and makes it the backend of this run. `flag` is the flag that requested it, if any.
pub(crate) async fn start_as_backend(flag: Option<&'static str>, ctx: &Ctx) -> Result<Sandbox> {
    let file = UserPaths::find().map_err(with_other_places)?.sandbox;
    let options = Options::new().state(&file).public_url(PUBLIC_URL);
    let spawn = move || {
        Ok(options.spawn().map_err(|error| {
            let failure = errors::failure(&error);
            if matches!(error, sandbox::Error::File { .. }) { with_other_places(failure) } else { failure }
        })?)
    };
    let sandbox = with_state_file(&file, ctx, spawn).await?;
    let source = Source::Preset(format!("the sandbox ({})", file.display()));
    let address = Address::parse(sandbox.url()).map_err(|why| Failure::new(Code::AddressInvalid, why))?;
    let key = WithSource { value: Secret::new(API_KEY.to_owned()), source: source.clone() };
    ctx.flags.preset.get_or_init(|| PresetBackend {
        address: WithSource { value: address, source },
        key,
        flag,
    });
    Ok(sandbox)
}

/// Adds to a failure of the default state file how to do without that file.
fn with_other_places(failure: Failure) -> Failure {
    failure.and_hint(
        "`insforge sandbox exec -- COMMAND` needs no file, and `insforge sandbox serve --state FILE` uses another one",
    )
}

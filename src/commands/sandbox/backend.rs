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
    let file = UserPaths::find()
        .map_err(|failure| failure.and_hint("or use `insforge sandbox exec -- COMMAND`"))?
        .sandbox;
    let options = Options::new().state(&file).public_url(PUBLIC_URL);
    let spawn = move || {
        Ok(options.spawn().map_err(|error| {
            let failure = errors::failure(&error);
            if matches!(error, sandbox::Error::File { .. }) { without_state_file(failure) } else { failure }
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

/// Adds how to do without the default state file.
fn without_state_file(failure: Failure) -> Failure {
    failure.hint(
        "check that you own the file and its directory; or use `insforge sandbox exec -- COMMAND`, which needs no file, or \
         `insforge sandbox serve --state FILE`",
    )
}

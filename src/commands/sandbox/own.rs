use anyhow::Result;

use crate::commands::sandbox::with_file;
use crate::error::{Code, Failure};
use crate::runner::Ctx;
use crate::sandbox::{API_KEY, Options, PUBLIC_URL, Sandbox};
use crate::secret::Secret;
use crate::settings::{PresetBackend, Source, UserPaths, WithSource};
use crate::wire::Address;

/// Starts the user's own sandbox and makes it the run's backend. `flag` is what asked for it, where a flag did.
pub(crate) async fn own(flag: Option<&'static str>, ctx: &Ctx) -> Result<Sandbox> {
    let file = UserPaths::find()?.sandbox;
    let options = Options::new().state(&file).public_url(PUBLIC_URL);
    let sandbox = with_file(&file, ctx, move || Ok(options.spawn()?)).await?;
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

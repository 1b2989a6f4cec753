use anyhow::Result;

use crate::command::Ctx;
use crate::commands::sandbox::{errors, with_file};
use crate::error::{Code, Failure};
use crate::sandbox::{API_KEY, Options, PUBLIC_URL, Sandbox};
use crate::secret::Secret;
use crate::settings::{Found, Given, Places, Source};
use crate::wire::Address;

/// Starts the user's own sandbox and makes it the run's backend. `flag` is what asked for it, where a flag did.
pub(crate) async fn own(flag: Option<&'static str>, ctx: &Ctx) -> Result<Sandbox> {
    let file = Places::find()?.sandbox;
    let options = Options::new().state(&file).public_url(PUBLIC_URL);
    let sandbox =
        with_file(&file, ctx, move || Ok(options.spawn().map_err(|error| errors::failure(&error))?)).await?;
    let source = Source::Own(format!("the sandbox ({})", file.display()));
    let address = Address::parse(sandbox.url()).map_err(|why| Failure::new(Code::AddressInvalid, why))?;
    let key = Found { value: Secret::new(API_KEY.to_owned()), source: source.clone() };
    ctx.asked.given.get_or_init(|| Given { address: Found { value: address, source }, key, flag });
    Ok(sandbox)
}

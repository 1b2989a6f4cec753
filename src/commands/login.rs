use std::borrow::Cow;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::api;
use crate::error::{Failure, WarningCode};
use crate::runner::{Command, Ctx, run_blocking};
use crate::secret::Secret;
use crate::settings::{Found, Patience, Places, Profiles, Source, Store, Vault, check_api_key, read_address};
use crate::ui::{Page, Show, ask};
use crate::wire::Address;

/// Store a backend's address and API key, after checking that the backend accepts them
///
/// The key comes from a hidden prompt, from --api-key-stdin or from --api-key-file. It is kept in the system's
/// keyring, or in a file that only you can read where there is none.
#[derive(Args)]
pub(crate) struct Login {
    #[arg(skip)]
    address: Option<Found<Address>>,
    #[arg(skip)]
    key: Option<Found<Secret>>,
}

impl Command for Login {
    type Reply = LoggedIn;
    const HAS_IDS: bool = false;

    fn doing(&self) -> Cow<'static, str> {
        "Checking the key and storing it; a locked keyring asks for its password…".into()
    }

    async fn prepare(&mut self, ctx: &Ctx) -> Result<()> {
        ctx.asked.profile_name(&ctx.env)?;
        let address = address(ctx).await?;
        self.key = Some(key(ctx, &address.value).await?);
        self.address = Some(address);
        Ok(())
    }

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let (Some(address), Some(key)) = (&self.address, &self.key) else {
            return Err(Failure::usage("The address or the key is missing").into());
        };
        let places = Places::find()?;
        let profiles = Profiles::load(&places.config)?;
        check(ctx, address, key).await?;
        let named = ctx.asked.profile_name(&ctx.env)?;
        let name = named.unwrap_or_else(|| profiles.default_name()).to_owned();
        let patience = Patience::of(ctx.interactive);
        let vault = Vault { path: places.credentials.clone() };
        let earlier = profiles.get(&name).cloned();
        let (profile, api_url, key) = (name.clone(), address.value.to_string(), key.value.clone());
        let (store, reason, left) = run_blocking(move || {
            let (store, reason) = vault.put(&profile, &api_url, &key, patience)?;
            profiles.put(&profile, &api_url, store)?;
            let left = earlier
                .filter(|earlier| earlier.key_store == Store::Keyring)
                .filter(|earlier| store != Store::Keyring || earlier.api_url != api_url)
                .and_then(|earlier| Vault::remove_from_keyring(&profile, &earlier.api_url, patience).err());
            Ok((store, reason, left))
        })
        .await?;
        if let Some(error) = left {
            let text = format!("the keyring still has the earlier login's key: {error}");
            ctx.stderr.warning(WarningCode::KeyLeftInKeyring, &text);
        }
        let place = match store {
            Store::Keyring => "the system's keyring".to_owned(),
            Store::File => places.credentials.display().to_string(),
        };
        Ok(LoggedIn { address: address.value.clone(), profile: name, store, place, reason })
    }
}

/// From the flag, the environment, or a question.
async fn address(ctx: &Ctx) -> Result<Found<Address>> {
    let named = ctx.asked.api_url.clone().map(|url| (url, Source::Flag("--api-url")));
    let variable = |name| Some((ctx.env.var(name)?.to_owned(), Source::Variable(name)));
    let (text, source) =
        match named.or_else(|| variable("INSFORGE_BASE_URL")).or_else(|| variable("INSFORGE_URL")) {
            Some(found) => found,
            None if ctx.interactive => (ask::text("Backend address".into()).await?, Source::Prompt),
            None => {
                return Err(Failure::usage("The backend's address is missing, and nobody can be asked")
                    .hint("give it with --api-url")
                    .into());
            }
        };
    Ok(Found { value: read_address(&text, &source)?, source })
}

/// From a flag, or a question. A key that happens to be in the environment is for this run, not for keeping.
pub(super) async fn key(ctx: &Ctx, address: &Address) -> Result<Found<Secret>> {
    let key = if let Some(flag) = ctx.asked.key.clone() {
        let env = ctx.env.clone();
        run_blocking(move || flag.read(&env)).await?
    } else if ctx.interactive {
        let source = Source::Prompt;
        let key = ask::secret(format!("Project API key (ik_…) for {address}")).await?;
        Found { value: check_api_key(key, &source)?, source }
    } else {
        let missing = Failure::usage("The API key is missing, and nobody can be asked")
            .hint("pipe it into the command with --api-key-stdin, or name a file with --api-key-file");
        let unused = ctx.env.var("INSFORGE_API_KEY").is_some();
        let why = "INSFORGE_API_KEY is for a run, not for keeping, and is not taken here";
        return Err(if unused { missing.why(why) } else { missing }.into());
    };
    ctx.warn(key.source.readable_by_others().as_slice());
    Ok(key)
}

/// Asks the backend for something that only its key can have.
pub(super) async fn check(ctx: &Ctx, address: &Found<Address>, key: &Found<Secret>) -> Result<()> {
    ctx.api_of(address, key, true).send(&api::status(&api::DEFAULT)).await.map_err(Failure::from)?;
    Ok(())
}

/// What was stored where.
pub(crate) struct LoggedIn {
    address: Address,
    profile: String,
    store: Store,
    place: String,
    /// Why it is not in the keyring.
    reason: Option<String>,
}

impl Show for LoggedIn {
    fn json(&self) -> serde_json::Result<Cow<'_, Value>> {
        Ok(Cow::Owned(json!({
            "backend": self.address.as_str(),
            "profile": self.profile,
            "keyStore": self.store.as_str(),
        })))
    }

    fn page(&self) -> Page<'_> {
        Page::default()
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = vec![
            format!("✓ Logged in to {} as profile {}.", self.address, self.profile),
            format!("  The key is in {}.", self.place),
        ];
        notes.extend(self.reason.as_ref().map(|reason| format!("  It is not in a keyring: {reason}.")));
        notes
    }
}

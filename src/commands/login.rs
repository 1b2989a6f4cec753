use std::borrow::Cow;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::api;
use crate::error::{Failure, Warning, WarningCode};
use crate::runner::{Command, CommandEffect, CommandSpec, Ctx, run_blocking};
use crate::secret::Secret;
use crate::settings::{
    Credentials, KeyStore, KeyringTimeout, Profile, Profiles, Source, Stored, UserPaths, WithSource,
    check_api_key, read_address,
};
use crate::ui::{Page, Show, ask, json_text};
use crate::wire::Address;
use crate::wire::fields::Fields;

/// Log in to a backend: check its address and API key, and store them
///
/// The key comes from a hidden prompt, from --api-key-stdin or from --api-key-file. It is stored in the system's
/// keyring. Without a keyring it is stored in a file that only you can read.
#[derive(Args)]
#[command(add = CommandSpec::new(CommandEffect::WritesLocally, "--api-url https://your-app.us-east.insforge.app --api-key-stdin --json")
    .result::<LoginReport>()
    .stdin("ik_sandbox")
    .example_note("use the address and the key of your own backend"))]
pub(crate) struct Login {
    #[arg(skip)]
    address: Option<WithSource<Address>>,
    #[arg(skip)]
    key: Option<WithSource<Secret>>,
}

impl Command for Login {
    type Reply = LoginReport;
    const HAS_IDS: bool = false;

    fn doing(&self) -> Cow<'static, str> {
        "Checking and storing the key; a locked keyring asks for its password…".into()
    }

    async fn prepare(&mut self, ctx: &Ctx) -> Result<()> {
        ctx.flags.named_profile(&ctx.env)?;
        let address = address(ctx).await?;
        self.key = Some(key(ctx, &address.value).await?);
        self.address = Some(address);
        Ok(())
    }

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let (Some(address), Some(key)) = (&self.address, &self.key) else {
            return Err(Failure::usage("The address or the key is missing").into());
        };
        let paths = UserPaths::find()?;
        let profiles = Profiles::load(&paths)?.with_lock_timeout(ctx.time_limit());
        check(ctx, address, key).await?;
        let named = ctx.flags.named_profile(&ctx.env)?;
        let name = named.map_or_else(|| profiles.default_name(), |(name, _)| name).to_owned();
        let timeout = KeyringTimeout::for_session(ctx.interactive);
        let credentials = Credentials { path: paths.credentials.clone(), lock_timeout: ctx.time_limit() };
        let earlier = profiles.get(&name).cloned();
        let (profile, api_url, key) = (name.clone(), address.value.to_string(), key.value.clone());
        let (store, reason, keyring_failure) = run_blocking(move || {
            let remove_earlier_key = |earlier: Option<Profile>| {
                let earlier = earlier.filter(|earlier| earlier.key_store == KeyStore::Keyring)?;
                Credentials::remove_from_keyring(&profile, &earlier.api_url, timeout).err()
            };
            let (same_address, other_address) = match earlier {
                Some(earlier) if earlier.api_url == api_url => (Some(earlier), None),
                earlier => (None, earlier),
            };
            let mut keyring_failure = remove_earlier_key(other_address);
            // `logout` finds a key by its profile and address, so no key is in the keyring without them.
            if same_address.is_none() {
                profiles.put(&profile, &api_url, KeyStore::File)?;
            }
            let in_keyring = Credentials::put_in_keyring(&profile, &api_url, &key, timeout);
            if in_keyring.is_ok() {
                profiles.put(&profile, &api_url, KeyStore::Keyring)?;
                // An earlier login may have left its key in the file.
                credentials.remove_from_file(&profile)?;
            } else {
                profiles.put(&profile, &api_url, KeyStore::File)?;
                credentials.put_in_file(&profile, &api_url, &key)?;
                keyring_failure = keyring_failure.or(remove_earlier_key(same_address));
            }
            let store = if in_keyring.is_ok() { KeyStore::Keyring } else { KeyStore::File };
            Ok((store, in_keyring.err(), keyring_failure))
        })
        .await?;
        if let Some(error) = keyring_failure {
            let text = format!("the key of the earlier login is still in the keyring: {error}");
            ctx.stderr.warning(WarningCode::KeyLeftInKeyring, &text);
        }
        let env = ctx.env.clone();
        let profile = name.clone();
        let not_used = run_blocking(move || Ok(Stored::Profile(&profile).not_used(&env))).await?;
        let place = match store {
            KeyStore::Keyring => "the system's keyring".to_owned(),
            KeyStore::File => paths.credentials.display().to_string(),
        };
        Ok(LoginReport { address: address.value.clone(), profile: name, store, place, reason, not_used })
    }
}

/// The address from the flag, the environment or a prompt.
async fn address(ctx: &Ctx) -> Result<WithSource<Address>> {
    let flag = ctx.flags.api_url.clone().map(|url| (url, Source::Flag("--api-url")));
    let variable = |name| Some((ctx.env.var(name)?.to_owned(), Source::Variable(name)));
    let (text, source) =
        match flag.or_else(|| variable("INSFORGE_BASE_URL")).or_else(|| variable("INSFORGE_URL")) {
            Some(found) => found,
            None if ctx.interactive => (ask::text("Backend address".into()).await?, Source::Prompt),
            None => {
                return Err(Failure::usage(
                    "The backend's address is missing, and the session is not interactive",
                )
                .hint("add --api-url URL")
                .into());
            }
        };
    Ok(WithSource { value: read_address(&text, &source)?, source })
}

/// The key from a flag or a prompt. A key in the environment is meant for single runs, so it is not stored.
pub(super) async fn key(ctx: &Ctx, address: &Address) -> Result<WithSource<Secret>> {
    let key = if let Some(flag) = ctx.flags.key.clone() {
        let env = ctx.env.clone();
        ctx.run_blocking(flag.awaited(), move || flag.read(&env)).await?
    } else if ctx.interactive {
        let source = Source::Prompt;
        let key = ask::secret(format!("Project API key (ik_…) for {address}")).await?;
        WithSource { value: check_api_key(key, &source)?, source }
    } else {
        let missing = Failure::usage("The API key is missing, and the session is not interactive")
            .hint("pipe the key into the command with --api-key-stdin, or use --api-key-file");
        let unused = ctx.env.var("INSFORGE_API_KEY").is_some();
        let why = "INSFORGE_API_KEY is used for single runs only and is not stored";
        return Err(if unused { missing.why(why) } else { missing }.into());
    };
    ctx.warn(key.source.readable_by_others().as_slice());
    Ok(key)
}

/// Checks the key with a request that requires it.
pub(super) async fn check(ctx: &Ctx, address: &WithSource<Address>, key: &WithSource<Secret>) -> Result<()> {
    ctx.api_of(address, key, true)?
        .send(&api::status(&api::DEFAULT_PROVIDER))
        .await
        .map_err(Failure::from)?;
    Ok(())
}

/// The stored login.
pub(crate) struct LoginReport {
    address: Address,
    profile: String,
    store: KeyStore,
    /// Where the key is stored.
    place: String,
    /// Why the key is not in the keyring.
    reason: Option<String>,
    /// Commands in this directory use another backend.
    not_used: Option<Warning>,
}

impl Show for LoginReport {
    const FIELDS: Fields = &["backend", "profile", "keyStore"];
    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        json_text(&json!({
            "backend": self.address.as_str(),
            "profile": self.profile,
            "keyStore": self.store.as_str(),
        }))
    }

    fn page(&self) -> Page<'_> {
        Page::default()
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = vec![
            format!("✓ Logged in to {} as profile {}.", self.address, self.profile),
            format!("  The key is stored in {}.", self.place),
        ];
        notes.extend(self.reason.as_ref().map(|reason| format!("  The keyring was not used: {reason}.")));
        notes
    }

    fn warnings(&self) -> &[Warning] {
        self.not_used.as_slice()
    }
}

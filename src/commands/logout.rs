use std::borrow::Cow;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::command::{Command, Ctx};
use crate::commands::login;
use crate::error::{Code, Failure};
use crate::settings::{Patience, Places, Profiles, Vault};
use crate::ui::{Page, Show};
use crate::wire::Address;

/// Forget a stored login, its key too
#[derive(Args)]
pub(crate) struct Logout {
    /// Forget every stored login
    #[arg(long, conflicts_with = "profile")]
    all: bool,
}

impl Command for Logout {
    type Reply = LoggedOut;
    const HAS_IDS: bool = false;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let places = Places::find()?;
        let profiles = Profiles::load(&places.config)?;
        let vault = Vault { path: places.credentials };
        let patience = Patience::of(ctx.interactive);
        let mut forgotten = Vec::new();
        for name in self.names(ctx, &profiles)? {
            let Some(profile) = profiles.get(&name) else { continue };
            let store = profile.key_store;
            // Keys are stored under the address in its usual form; one that was edited into nonsense has none.
            let api_url =
                Address::parse(&profile.api_url).map_or_else(|_| profile.api_url.clone(), |a| a.to_string());
            // The key first: a profile without one can be forgotten again, a key without one is never found.
            let (vault, profile) = (vault.clone(), name.clone());
            login::aside(move || vault.remove(&profile, &api_url, store, patience)).await?;
            profiles.remove(&name)?;
            forgotten.push(name);
        }
        Ok(LoggedOut { profiles: forgotten })
    }
}

impl Logout {
    fn names(&self, ctx: &Ctx, profiles: &Profiles) -> Result<Vec<String>, Failure> {
        if self.all {
            return Ok(profiles.names().map(str::to_owned).collect());
        }
        let named = ctx.asked.profile.as_deref().or_else(|| ctx.facts.var("INSFORGE_PROFILE"));
        let name = named.unwrap_or_else(|| profiles.default_name());
        if named.is_some() && profiles.get(name).is_none() {
            return Err(Failure::new(Code::ProfileNotFound, format!("There is no profile {name}"))
                .hint("`insforge current` says which one is used"));
        }
        Ok(vec![name.to_owned()])
    }
}

/// What was forgotten.
pub(crate) struct LoggedOut {
    profiles: Vec<String>,
}

impl Show for LoggedOut {
    fn json(&self) -> Cow<'_, Value> {
        Cow::Owned(json!({"profiles": self.profiles}))
    }

    fn page(&self) -> Page<'_> {
        Page {
            empty: if self.profiles.is_empty() { "No login is stored.".into() } else { String::new() },
            ..Page::default()
        }
    }

    fn notes(&self) -> Vec<String> {
        self.profiles.iter().map(|name| format!("✓ Logged out of profile {name}.")).collect()
    }
}

use std::borrow::Cow;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::command::{Command, Ctx};
use crate::error::{Code, Failure};
use crate::settings::{Patience, Places, Profiles, Source, Vault, read_address};
use crate::ui::{Page, Show};

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
        let patience = if ctx.interactive { Patience::Long } else { Patience::Short };
        let mut forgotten = Vec::new();
        for name in self.names(ctx, &profiles)? {
            let Some(profile) = profiles.get(&name) else { continue };
            let address = read_address(&profile.api_url, &Source::Flag("config.toml"))?;
            // The key first: a profile without one can be forgotten again, a key without one is never found.
            vault.remove(&name, &address, profile.key_store, patience)?;
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

use std::borrow::Cow;
use std::path::Path;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::error::Failure;
use crate::runner::{Command, CommandEffect, CommandSpec, Ctx, run_blocking};
use crate::settings::{CompletionCache, Patience, Places, Profiles, Vault};
use crate::ui::{Page, Show};
use crate::wire::Address;

/// Forget a stored login, its key too
#[derive(Args)]
#[command(add = CommandSpec::new(CommandEffect::WritesLocally, "--json"))]
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
        let vault = Vault { path: places.credentials.clone() };
        let patience = Patience::of(ctx.interactive);
        let names: Vec<String> = if self.all {
            profiles.names().map(str::to_owned).collect()
        } else {
            let named = ctx.asked.profile_name(&ctx.env)?;
            profiles.chosen(named)?.into_iter().map(|(name, _)| name.to_owned()).collect()
        };
        run_blocking(move || {
            let mut out = LoggedOut { profiles: Vec::new(), failure: None };
            for name in names {
                match forget(&name, &profiles, &vault, &places.ids, patience) {
                    Ok(()) => out.profiles.push(name),
                    // One that cannot be forgotten does not keep the others.
                    Err(failure) => out.failure = out.failure.or(Some(failure)),
                }
            }
            Ok(out)
        })
        .await
    }
}

fn forget(
    name: &str,
    profiles: &Profiles,
    vault: &Vault,
    ids: &Path,
    patience: Patience,
) -> Result<(), Failure> {
    let Some(profile) = profiles.get(name) else { return Ok(()) };
    let address = Address::parse(&profile.api_url);
    if let Ok(address) = &address {
        CompletionCache::new(address, ids).clear();
    }
    // Keys are stored under the address in its usual form; one that was edited into nonsense has none.
    let api_url = address.map_or_else(|_| profile.api_url.clone(), |a| a.to_string());
    // The key first: a profile without one can be forgotten again, a key without one is never found.
    vault.remove(name, &api_url, profile.key_store, patience)?;
    profiles.remove(name)
}

/// What was forgotten.
pub(crate) struct LoggedOut {
    profiles: Vec<String>,
    /// Why another was not.
    failure: Option<Failure>,
}

impl Show for LoggedOut {
    fn json(&self) -> serde_json::Result<Cow<'_, Value>> {
        Ok(Cow::Owned(json!({"profiles": self.profiles})))
    }

    fn page(&self) -> Page<'_> {
        Page {
            empty: if self.profiles.is_empty() && self.failure.is_none() {
                "No login is stored.".into()
            } else {
                String::new()
            },
            ..Page::default()
        }
    }

    fn failure(&self) -> Option<Failure> {
        self.failure.clone()
    }

    fn notes(&self) -> Vec<String> {
        self.profiles.iter().map(|name| format!("✓ Logged out of profile {name}.")).collect()
    }
}

use std::borrow::Cow;
use std::path::Path;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::error::{Failure, Warning};
use crate::files;
use crate::runner::{Command, CommandEffect, CommandSpec, Ctx, run_blocking};
use crate::settings::{CompletionCache, Credentials, KeyringTimeout, Profiles, UserPaths};
use crate::ui::{Page, Show, json_text};
use crate::wire::Address;
use crate::wire::fields::Fields;

/// Remove a stored login and its key
#[derive(Args)]
#[command(add = CommandSpec::new(CommandEffect::WritesLocally, "--json").result::<LogoutReport>())]
pub(crate) struct Logout {
    /// Remove every stored login
    #[arg(long, conflicts_with = "profile")]
    all: bool,
}

impl Command for Logout {
    type Reply = LogoutReport;
    const HAS_IDS: bool = false;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let paths = UserPaths::find()?;
        let profiles = Profiles::load(&paths)?.with_lock_timeout(ctx.time_limit());
        let credentials = Credentials { path: paths.credentials.clone(), lock_timeout: ctx.time_limit() };
        let timeout = KeyringTimeout::for_session(ctx.interactive);
        let names: Vec<String> = if self.all {
            files::remove_older_leftovers(&paths.config);
            files::remove_older_leftovers(&paths.credentials);
            // A killed login of an older version has left a key without a profile.
            let mut names = credentials.names_in_file()?;
            names.extend(profiles.names().map(str::to_owned));
            names.sort_unstable();
            names.dedup();
            names
        } else {
            let named = ctx.flags.named_profile(&ctx.env)?;
            let named = named.as_ref().map(|(name, source)| (*name, source));
            profiles.select(named)?.into_iter().map(|(name, _)| name.to_owned()).collect()
        };
        run_blocking(move || {
            let mut report = LogoutReport { profiles: Vec::new(), warnings: Vec::new(), failure: None };
            for name in names {
                match remove(&name, &profiles, &credentials, &paths.completion_cache, timeout) {
                    Ok(warning) => {
                        report.profiles.push(name);
                        report.warnings.extend(warning);
                    }
                    // The other logins are removed anyway.
                    Err(failure) => report.failure = report.failure.or(Some(failure)),
                }
            }
            Ok(report)
        })
        .await
    }
}

fn remove(
    name: &str,
    profiles: &Profiles,
    credentials: &Credentials,
    ids: &Path,
    timeout: KeyringTimeout,
) -> Result<Option<Warning>, Failure> {
    let Some(profile) = profiles.get(name) else {
        return credentials.remove_from_file(name).map(|()| None);
    };
    let address = Address::parse(&profile.api_url);
    if let Ok(address) = &address {
        CompletionCache::new(address, ids).clear();
    }
    // Keys are stored under the normalized address. No key is stored for an invalid one.
    let api_url = address.map_or_else(|_| profile.api_url.clone(), |a| a.to_string());
    // Remove the key first: a profile without a key can be removed later, a key without a profile is lost.
    let warning = credentials.remove(name, &api_url, profile.key_store, timeout)?;
    profiles.remove(name)?;
    Ok(warning)
}

/// The removed logins.
pub(crate) struct LogoutReport {
    profiles: Vec<String>,
    /// The keys that may be left somewhere.
    warnings: Vec<Warning>,
    /// Why a login was not removed.
    failure: Option<Failure>,
}

impl Show for LogoutReport {
    const FIELDS: Fields = &["profiles"];
    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        json_text(&json!({"profiles": self.profiles}))
    }

    fn page(&self) -> Page<'_> {
        Page {
            empty: if self.profiles.is_empty() && self.failure.is_none() {
                "No stored logins.".into()
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

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

//! What there is to say of an environment's keys when they were set or removed.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::api::Provider;
use crate::error::{Warning, WarningCode};
use crate::runner::Ctx;
use crate::ui::{Page, Show};
use crate::wire::{Connection, Environment};

/// Whether an environment has a key now. The backend's own answer has the keys themselves in it.
pub(crate) struct Configured {
    provider: &'static Provider,
    environment: Environment,
    configured: bool,
    notes: Vec<String>,
    warnings: Vec<Warning>,
}

impl Configured {
    /// The keys were removed.
    pub(super) fn removed(provider: &'static Provider, environment: Environment) -> Self {
        let notes = vec![format!("✓ {} {environment} key removed.", provider.name)];
        Self { provider, environment, configured: false, notes, warnings: Vec::new() }
    }

    /// The keys were set. The backend answers with a success although the first sync failed or the webhook is missing:
    /// only the status shows it. `webhooks` is the provider's command that makes the webhook.
    pub(crate) async fn set(
        ctx: &Ctx,
        provider: &'static Provider,
        environment: Environment,
        before: Option<&Connection>,
        webhooks: &[&str],
    ) -> Self {
        let mut notes = vec![format!("✓ {} {environment} key configured.", provider.name)];
        let warnings = match ctx.connection(provider, environment).await {
            Ok(Some(now)) => {
                notes.extend(now.account().map(|account| format!("  Connected to account {account}.")));
                let command =
                    |words: &[&str]| ctx.command(provider, &[words, &[environment.as_str()]].concat());
                what_is_missing(before, &now, environment, &command(webhooks), &command(&["sync"]))
            }
            Ok(None) => {
                vec![unseen(ctx, provider, "the backend's status does not name this environment")]
            }
            Err(error) => vec![unseen(ctx, provider, &error.to_string())],
        };
        Self { provider, environment, configured: true, notes, warnings }
    }
}

/// The key is stored; this is what is not as it should be.
fn what_is_missing(
    before: Option<&Connection>,
    now: &Connection,
    environment: Environment,
    webhooks: &str,
    sync: &str,
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let earlier = before.and_then(|before| before.account_id.as_deref());
    if let Some(earlier) = earlier.filter(|earlier| now.account_id.as_deref() != Some(earlier)) {
        let text = format!(
            "this key belongs to another account than {earlier}: what was mirrored of {environment} was deleted, and \
             is mirrored anew"
        );
        warnings.push(Warning { code: WarningCode::MirrorRebuilt, text });
    }
    if now.webhook_endpoint_id.is_none() {
        let text = format!(
            "{environment} has no webhook endpoint, so the backend does not hear of payments; run: {webhooks}"
        );
        warnings.push(Warning { code: WarningCode::WebhookMissing, text });
    }
    if now.last_sync_status.as_deref() == Some("failed") {
        let reason = now.last_sync_error();
        let reason = reason.as_deref().unwrap_or("without a reason").trim_end_matches('.');
        warnings.push(Warning {
            code: WarningCode::SyncFailed,
            text: format!("the last sync failed: {reason}; run: {sync}"),
        });
    }
    warnings
}

/// The key is stored; whether webhook and first sync are well could not be seen.
fn unseen(ctx: &Ctx, provider: &Provider, reason: &str) -> Warning {
    let status = ctx.command(provider, &["status"]);
    let text = format!("whether webhook and sync are well was not seen: {reason}; run: {status}");
    Warning { code: WarningCode::StatusNotSeen, text }
}

impl Show for Configured {
    fn json(&self) -> serde_json::Result<Cow<'_, Value>> {
        Ok(Cow::Owned(json!({
            "provider": self.provider.segment,
            "environment": self.environment.as_str(),
            "configured": self.configured,
        })))
    }

    fn page(&self) -> Page<'_> {
        Page::default()
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

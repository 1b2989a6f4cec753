//! The result of setting or removing a key.

use std::borrow::Cow;

use anyhow::Result;
use serde_json::json;

use crate::api::Provider;
use crate::error::{Warning, WarningCode};
use crate::runner::{Ctx, WebhookRepair, WebhookSupport, WriteReply};
use crate::ui::{Page, Show, json_text};
use crate::wire::{Connection, Environment, KeyList};

/// Whether an environment has a key now. The backend's own answer has the keys in it, and is not shown.
pub(crate) struct KeyStatus {
    provider: &'static Provider,
    environment: Environment,
    configured: bool,
    notes: Vec<String>,
    warnings: Vec<Warning>,
}

/// The key was set.
impl From<WriteReply<KeyList>> for KeyStatus {
    fn from(done: WriteReply<KeyList>) -> Self {
        Self {
            provider: done.reply.provider,
            environment: done.environment,
            configured: true,
            notes: vec![done.note],
            warnings: Vec::new(),
        }
    }
}

impl KeyStatus {
    /// The key was removed.
    pub(super) fn removed(self) -> Self {
        Self { configured: false, ..self }
    }

    /// Adds the account of the key, and warnings: the backend reports success although the first sync failed or the webhook
    /// is missing, and only its status shows that.
    pub(crate) async fn with_connection(
        mut self,
        ctx: &Ctx,
        before: Option<&Connection>,
        webhook: &WebhookSupport,
    ) -> Result<Self> {
        let Self { provider, environment, .. } = self;
        let command = |args: &[&str]| ctx.command(provider, args);
        self.warnings = match ctx.connection(provider, environment).await {
            Ok(Some(now)) => {
                self.notes.extend(now.account().map(|account| format!("  Connected to account {account}.")));
                let address = &ctx.backend().await?.address;
                let repair = webhook.repair(provider, environment, address, &command);
                // With a refused key, another sync fails too.
                let words = if now.key_is_refused() { &["config", "set"][..] } else { &["sync"] };
                warnings(
                    before,
                    &now,
                    environment,
                    repair,
                    &command(&[words, &[environment.as_str()]].concat()),
                )
            }
            Ok(None) => {
                vec![status_unknown(ctx, provider, "the backend's status does not include this environment")]
            }
            Err(error) => vec![status_unknown(ctx, provider, &error.to_string())],
        };
        Ok(self)
    }
}

/// The problems of a connection whose key was just set.
fn warnings(
    before: Option<&Connection>,
    now: &Connection,
    environment: Environment,
    webhook: WebhookRepair,
    after_failed_sync: &str,
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let earlier = before.and_then(|before| before.account_id.as_deref());
    if let Some(earlier) = earlier.filter(|earlier| now.account_id.as_deref() != Some(earlier)) {
        let text = format!(
            "this key belongs to another account than {earlier}: the mirrored data of {environment} was deleted and is \
             synced again"
        );
        warnings.push(Warning { code: WarningCode::MirrorRebuilt, text });
    }
    if now.webhook_endpoint_id.is_none() {
        let missing =
            format!("{environment} has no webhook endpoint, so the backend receives no payment events");
        let run = webhook.command.map(|command| format!("run: {command}"));
        let text = [Some(missing), webhook.also, run].into_iter().flatten().collect::<Vec<_>>().join("; ");
        warnings.push(Warning { code: WarningCode::WebhookMissing, text });
    }
    if now.last_sync_status.as_deref() == Some("failed") {
        let reason = now.last_sync_error();
        let reason = reason.as_deref().unwrap_or("without a reason").trim_end_matches('.');
        warnings.push(Warning {
            code: WarningCode::SyncFailed,
            text: format!("the last sync failed: {reason}; run: {after_failed_sync}"),
        });
    }
    warnings
}

/// The connection could not be read after the key was set.
fn status_unknown(ctx: &Ctx, provider: &Provider, reason: &str) -> Warning {
    let status = ctx.command(provider, &["status"]);
    let text = format!("the webhook and the first sync could not be checked: {reason}; run: {status}");
    Warning { code: WarningCode::StatusNotSeen, text }
}

impl Show for KeyStatus {
    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        json_text(&json!({
            "provider": self.provider.segment,
            "environment": self.environment.as_str(),
            "configured": self.configured,
        }))
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

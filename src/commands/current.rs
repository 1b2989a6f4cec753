use std::borrow::Cow;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::api::{self, Health};
use crate::error::{Exit, Failure};
use crate::runner::{Command, CommandSpec, Ctx, run_blocking};
use crate::settings::{Backend, Policies, Source};
use crate::ui::{Column, Page, Section, Show, Tables, json_text, yes_no};
use crate::wire::Generation;
use crate::wire::fields::Fields;

/// Show the current backend and key, the policy for live and the guard, where they come from, and whether they work
#[derive(Args)]
#[command(add = CommandSpec::reads::<Self>("--json"))]
pub(crate) struct Current {}

impl Command for Current {
    type Reply = ConnectionReport;
    const HAS_IDS: bool = false;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let backend = ctx.backend().await?;
        let api = ctx.api().await?;
        // Failures are part of the report.
        let health = api.client().health().await.map_err(Failure::from);
        let status = match &health {
            Ok(_) => api.send(&api::status(&api::DEFAULT_PROVIDER)).await.map(|_| ()).map_err(Failure::from),
            Err(failure) => Err(failure.clone()),
        };
        let policies = policies(ctx, backend).await?;
        Ok(ConnectionReport::new(backend, policies, &health, api.generation(), status.err()))
    }
}

/// The policies for writes. This reads the project's file, whatever names the backend. A file that cannot be read is part
/// of the report, because no write to live and nothing that destroys is possible then.
pub(super) async fn policies(ctx: &Ctx, backend: &Backend) -> Result<Result<Policies, Failure>> {
    let (backend, env) = (backend.clone(), ctx.env.clone());
    run_blocking(move || Ok(backend.policies(&env))).await
}

/// The backend and key of this run, and the results of the checks.
pub(crate) struct ConnectionReport {
    /// Name, value, source.
    values: Vec<(&'static str, String, String)>,
    json: Value,
    failure: Option<Failure>,
}

impl ConnectionReport {
    fn new(
        backend: &Backend,
        policies: Result<Policies, Failure>,
        health: &Result<Health, Failure>,
        generation: Option<Generation>,
        failure: Option<Failure>,
    ) -> Self {
        let address = backend.address.value.to_string();
        let key = backend.key.value.masked();
        let [address_from, key_from] = [&backend.address.source, &backend.key.source].map(Source::to_string);
        let version = health.as_ref().ok().and_then(|health| health.version.clone());
        let generation = generation.map(|generation| generation.to_string());
        let reachable = health.is_ok();
        let accepted = match &failure {
            None => Some(true),
            Some(failure) if matches!(failure.exit, Exit::NotAuthenticated | Exit::Denied) => Some(false),
            // Other failures do not depend on the key.
            Some(_) => None,
        };
        let (policies, unreadable) = match policies {
            Ok(policies) => (Some(policies), None),
            Err(failure) => (None, Some(failure)),
        };
        let [live, guard] = policy_values(policies.as_ref());
        let json = json!({
            "backend": {"value": address, "source": address_from},
            "key": {"value": key, "source": key_from},
            "profile": backend.profile,
            "reachable": reachable,
            "version": version,
            "generation": generation,
            "keyAccepted": accepted,
            "live": {"value": live.value, "source": live.source},
            "guard": {"value": policies.as_ref().map(|policies| policies.guard.is_on), "source": guard.source},
        });
        let unknown = || "-".to_owned();
        let or_dash = |text: Option<String>| text.unwrap_or_else(unknown);
        let yes_no = |yes| yes_no(yes).into_owned();
        let values = vec![
            ("Backend", address, address_from),
            ("Key", key, key_from),
            ("Profile", or_dash(backend.profile.clone()), unknown()),
            ("Reachable", yes_no(Some(reachable)), unknown()),
            ("Version", or_dash(version), unknown()),
            ("Generation", or_dash(generation), unknown()),
            ("Key accepted", yes_no(accepted), unknown()),
            ("Writes to live", or_dash(live.value), or_dash(live.shown_source)),
            ("Guard", or_dash(guard.value), or_dash(guard.shown_source)),
        ];
        Self { values, json, failure: failure.or(unreadable) }
    }
}

/// A policy as it is shown. Everything is `None` if the policies cannot be read.
#[derive(Default)]
struct PolicyValue {
    value: Option<String>,
    source: Option<String>,
    /// The source, and what it overrides.
    shown_source: Option<String>,
}

impl PolicyValue {
    fn new(value: &str, source: Option<&Source>, overridden: Option<&Source>) -> Self {
        let source = source.map_or_else(|| DEFAULT.to_owned(), Source::to_string);
        let overridden = overridden.map(|other| format!(", which overrides {other}")).unwrap_or_default();
        Self {
            value: Some(value.to_owned()),
            shown_source: Some(format!("{source}{overridden}")),
            source: Some(source),
        }
    }
}

/// The source of a policy that no place sets.
const DEFAULT: &str = "default";

/// The policy for live, and the guard.
fn policy_values(policies: Option<&Policies>) -> [PolicyValue; 2] {
    let Some(Policies { live, guard }) = policies else { return <[PolicyValue; 2]>::default() };
    let weakened = live.weakened.as_ref().map(|weakened| &weakened.profile.source);
    let is_on = if guard.is_on { "on" } else { "off" };
    [
        PolicyValue::new(live.policy.as_str(), live.source.as_ref(), weakened),
        PolicyValue::new(is_on, guard.source.as_ref(), guard.switched_off.as_ref()),
    ]
}

impl Show for ConnectionReport {
    const FIELDS: Fields =
        &["backend", "key", "profile", "reachable", "version", "generation", "keyAccepted", "live", "guard"];
    const TABLES: Tables = &[&[Column::label("Setting"), Column::new("Value"), Column::new("From")]];

    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        json_text(&self.json)
    }

    fn page(&self) -> Page<'_> {
        let rows =
            self.values.iter().map(|(name, value, from)| vec![(*name).into(), value.into(), from.into()]);
        Section::new(Self::TABLES[0], rows).into()
    }

    fn failure(&self) -> Option<Failure> {
        self.failure.clone()
    }
}

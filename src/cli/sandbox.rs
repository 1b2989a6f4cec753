//! `--sandbox` and `INSFORGE_SANDBOX`: runs that use the sandbox as their backend.

use anyhow::Result;

use crate::commands::{Action, SANDBOX_URL_VARIABLE, start_sandbox_as_backend};
use crate::error::{Failure, Warning, WarningCode};
use crate::runner::Ctx;
use crate::sandbox::{Generation, Sandbox};

pub(super) use crate::sandbox::VERSION;

const FLAG: &str = "--sandbox";

/// The generations of the backend that the sandbox has, and the version that it reports for each.
pub(super) fn backends() -> [(String, &'static str); 2] {
    [Generation::Newer, Generation::Older]
        .map(|generation| (generation.to_string(), generation.backend_version()))
}

/// Starts the sandbox if the flag or the variable requests it and the command contacts a backend. It stops when the
/// returned value is dropped.
pub(super) async fn start_if_requested(flag: bool, action: &Action, ctx: &Ctx) -> Result<Option<Sandbox>> {
    if flag && action.is_login_command() {
        return Err(Failure::usage("The sandbox needs no login or link")
            .why("it has its own address and key")
            .hint("omit --sandbox; use it with commands that contact a backend, such as `insforge current --sandbox`")
            .into());
    }
    if !action.contacts_a_backend() {
        return Ok(None);
    }
    start_for_backend_command(flag, ctx).await
}

/// Starts the sandbox if it is requested, for a command that contacts a backend.
pub(super) async fn start_for_backend_command(flag: bool, ctx: &Ctx) -> Result<Option<Sandbox>> {
    if !is_requested(flag, ctx)? {
        return Ok(None);
    }
    if !flag {
        let other =
            ["INSFORGE_BASE_URL", "INSFORGE_URL"].into_iter().find(|name| ctx.env.var(name).is_some());
        ctx.warn(other.map(ignored_backend).as_slice());
    }
    start_sandbox_as_backend(flag.then_some(FLAG), ctx).await.map(Some)
}

/// Whether this run should use the sandbox.
pub(super) fn is_requested(flag: bool, ctx: &Ctx) -> Result<bool, Failure> {
    // `sandbox exec` runs this command, and its sandbox is the backend already.
    let exec_url = ctx.env.var(SANDBOX_URL_VARIABLE);
    if exec_url.is_some() && exec_url == ctx.env.var("INSFORGE_BASE_URL") && ctx.flags.first_flag().is_none()
    {
        return Ok(false);
    }
    match (flag, ctx.flags.first_flag()) {
        (true, Some(other)) => Err(Failure::usage(format!("{FLAG} cannot be used with {other}"))
            .why("the sandbox has its own address and key")
            .hint(format!("omit {other} to use the sandbox, or {FLAG} to use a real backend"))),
        (true, None) => Ok(true),
        // Flags take precedence over the environment.
        (false, flag) => Ok(flag.is_none() && ctx.env.is_enabled("INSFORGE_SANDBOX")),
    }
}

/// The warning that a backend in the environment is ignored.
fn ignored_backend(name: &str) -> Warning {
    Warning {
        code: WarningCode::BackendNotUsed,
        text: format!("{name} is ignored because INSFORGE_SANDBOX is set; unset one of them"),
    }
}

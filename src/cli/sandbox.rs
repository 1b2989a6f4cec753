//! `--sandbox`: whether a run brings its own backend along.

use anyhow::Result;

use crate::commands::{EXEC_URL, Work, own_sandbox};
use crate::error::{Failure, Warning, WarningCode};
use crate::runner::Ctx;
use crate::sandbox::Sandbox;

const FLAG: &str = "--sandbox";

/// Starts the sandbox where the flag or the variable asks for it and the command asks a backend. It answers as long as
/// what this gives is kept.
pub(super) async fn bring(flag: bool, work: &Work, ctx: &Ctx) -> Result<Option<Sandbox>> {
    if flag && work.is_about_logins() {
        return Err(Failure::usage("The sandbox needs no login and no link")
            .why("its address and key are made for each run")
            .hint("leave out --sandbox here, and give it to commands that ask a backend: `insforge current --sandbox`")
            .into());
    }
    if !work.asks_a_backend() {
        return Ok(None);
    }
    bring_here(flag, ctx).await
}

/// The same for what does ask a backend.
pub(super) async fn bring_here(flag: bool, ctx: &Ctx) -> Result<Option<Sandbox>> {
    if !is_wanted(flag, ctx)? {
        return Ok(None);
    }
    if !flag {
        let other =
            ["INSFORGE_BASE_URL", "INSFORGE_URL"].into_iter().find(|name| ctx.env.var(name).is_some());
        ctx.warn(other.map(unused).as_slice());
    }
    own_sandbox(flag.then_some(FLAG), ctx).await.map(Some)
}

/// Whether the run's backend is to be the sandbox.
pub(super) fn is_wanted(flag: bool, ctx: &Ctx) -> Result<bool, Failure> {
    // Around the command is one already, and its environment leads there.
    let around = ctx.env.var(EXEC_URL);
    if around.is_some() && around == ctx.env.var("INSFORGE_BASE_URL") && ctx.asked.flag().is_none() {
        return Ok(false);
    }
    match (flag, ctx.asked.flag()) {
        (true, Some(other)) => Err(Failure::usage(format!("{FLAG} and {other} contradict each other"))
            .why("the sandbox has an address and a key of its own")
            .hint(format!("leave out {other} to ask the sandbox, or {FLAG} to ask a real backend"))),
        (true, None) => Ok(true),
        // Flags beat the environment.
        (false, flag) => Ok(flag.is_none() && ctx.env.switch("INSFORGE_SANDBOX")),
    }
}

/// Who set both may have forgotten one.
fn unused(name: &str) -> Warning {
    Warning {
        code: WarningCode::BackendNotUsed,
        text: format!(
            "{name} is not used: INSFORGE_SANDBOX is set, and the sandbox answers; unset one of them"
        ),
    }
}

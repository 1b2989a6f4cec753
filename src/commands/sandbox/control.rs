//! The connection of the commands that control a sandbox: to a running one, or to the stored state.

use anyhow::Result;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::api::{Api, Body, Error, Method};
use crate::commands::sandbox::start_as_backend;
use crate::error::{Code, Failure};
use crate::runner::Ctx;
use crate::sandbox::{API_KEY, Sandbox};
use crate::secret::Secret;
use crate::settings::{Source, UserPaths, WithSource};
use crate::wire::{Address, SharedBytes};

/// What to do if the address is not that of a running sandbox.
const NAME_A_SANDBOX: &str =
    "start a sandbox with `insforge sandbox serve` and use its address, or omit it to use the stored state";

/// The sandbox that a command controls. It gets no key but the public one, and a linked project or a profile is never
/// used.
pub(super) struct Controlled {
    api: Api,
    pub(super) address: WithSource<Address>,
    /// The state file, if this process has started the sandbox.
    pub(super) state: Option<String>,
    /// Stops when this is dropped.
    _started: Option<Sandbox>,
}

impl Controlled {
    /// Connects to the sandbox that --api-url or the environment names. Without them, it starts one with the stored state.
    pub(super) async fn connect(ctx: &Ctx) -> Result<Self> {
        // --sandbox has started one already.
        let is_started = ctx.flags.preset.get().is_some();
        let running = if is_started { None } else { ctx.flags.sandbox_address(&ctx.env)? };
        let started = match running {
            None if !is_started => Some(start_as_backend(None, ctx).await?),
            _ => None,
        };
        let (address, state) = match (running, ctx.flags.preset.get()) {
            (None, Some(preset)) => {
                let file = UserPaths::find()?.sandbox.display().to_string();
                (preset.address.clone(), Some(file))
            }
            (Some(address), _) => (address, None),
            (None, None) => return Err(Failure::new(Code::Failed, "The sandbox did not start").into()),
        };
        let key = Secret::new(API_KEY.to_owned());
        let key = WithSource { value: key, source: Source::Preset("the sandbox".to_owned()) };
        let api = ctx.api_of(&address, &key, false)?;
        Ok(Self { api, address, state, _started: started })
    }

    /// Reads from a route such as `/sandbox/status`.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Answer<T>> {
        self.send(Method::Get, path, None).await
    }

    /// Sends an action to a route such as `/sandbox/pay`.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        action: &impl Serialize,
    ) -> Result<Answer<T>> {
        let body = Body::of(action)?;
        self.send(Method::Post, path, Some(&body)).await
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Body>,
    ) -> Result<Answer<T>> {
        let WithSource { value: address, source } = &self.address;
        let answer =
            self.api.control_sandbox(method, path, body).await.map_err(|error| improved(error, path))?;
        let Some(answer) = answer else {
            return Err(Failure::new(Code::NotASandbox, format!("{address} is not a sandbox"))
                .why(format!("the address comes from {source}"))
                .hint(NAME_A_SANDBOX)
                .into());
        };
        let data = serde_json::from_slice(&answer.body).map_err(|error| {
            Failure::new(Code::ResponseInvalid, "The sandbox's response is invalid")
                .why(format!("{method} {path}: {error}"))
                .hint("update insforge, or start the sandbox with this version")
        })?;
        Ok(Answer { body: answer.body, data })
    }
}

/// A failure of a route with a hint about sandboxes.
fn improved(error: Error, path: &str) -> Failure {
    let failure = Failure::from(error);
    match failure.code {
        Code::Unreachable => failure.hint(NAME_A_SANDBOX),
        // An argument that only the sandbox can check, such as a date.
        Code::Backend(_) if failure.status == Some(400) => Failure::usage(failure.what)
            .hint("`insforge sandbox status` shows the clock; see `insforge sandbox advance --help`"),
        Code::Backend(_) if failure.status == Some(404) => {
            let ids = match path {
                "/sandbox/pay" => {
                    "ids of sessions begin with cs_, of orders with order_, of subscriptions with sub_"
                }
                _ => "check the id",
            };
            failure.hint(format!(
                "{ids}; `insforge sandbox status` shows which sandbox is used, and each state has its own objects"
            ))
        }
        Code::Backend(_) if failure.status == Some(409) => failure.hint(match path {
            "/sandbox/advance" => "advance in several steps",
            _ => "`insforge sandbox events` shows what happened before",
        }),
        _ => failure,
    }
}

/// The sandbox's answer: its JSON, and the data that was read from it.
pub(super) struct Answer<T> {
    pub(super) body: SharedBytes,
    pub(super) data: T,
}

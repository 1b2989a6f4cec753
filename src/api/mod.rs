//! The client of the backend's admin API. Each file imports only files further up in this list:
//!
//! - [`retry`]: when a request is sent again, as a pure function
//! - [`method`], [`provider`], [`route`], [`body`]: the parts of a request to the payments API
//! - [`call`]: such a request, and its reply
//! - [`request`]: a request and its answer in HTTP's terms
//! - [`trace`]: the lines of `--verbose`
//! - [`network`]: which proxy to use and which certificates to trust
//! - [`http`]: one request over HTTP
//! - [`foreign`]: answers that are not InsForge's
//! - [`error`]: why a call has no reply, without sentences and hints
//! - [`client`]: replays and the deadline
//! - [`generation`]: which of two generations of routes the backend has
//! - [`endpoints`], [`stripe`], [`razorpay`]: a function for each endpoint
//! - [`control`]: the sandbox's own routes

mod body;
mod call;
mod client;
#[cfg(feature = "sandbox")]
mod control;
mod endpoints;
mod error;
mod foreign;
mod generation;
mod http;
mod method;
mod network;
mod provider;
pub(crate) mod razorpay;
mod request;
mod retry;
mod route;
pub(crate) mod stripe;
mod trace;

#[cfg(feature = "sandbox")]
pub(crate) use body::Body;
pub(crate) use call::{Call, Reply};
pub(crate) use client::{Client, Endpoint, Health, Limits};
pub(crate) use endpoints::{
    DEFAULT_ROWS, MAX_ROWS, SubjectFilter, catalog, config, customers, remove_keys, status, subscriptions,
    sync, transactions,
};
pub(crate) use error::{Cause, Error, Refusal, RequestError};
pub(crate) use foreign::ForeignAnswer;
pub(crate) use generation::{Api, GenerationStore};
#[cfg(any(test, fuzzing))]
pub(crate) use http::parse_retry_after;
pub(crate) use http::{NoAnswer, Obstacle};
pub(crate) use method::Method;
pub(crate) use network::{Network, ProxyInvalid};
pub(crate) use provider::Provider;
pub(crate) use request::Answer;
pub(crate) use retry::{Replay, is_out_of_reach, leaves_outcome_unknown, names_a_connection_timeout};
/// The provider of commands that name none, which both generations have.
pub(crate) use stripe::STRIPE as DEFAULT_PROVIDER;
pub(crate) use trace::{Listener, Trace};

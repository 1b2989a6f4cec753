//! The backend's admin API: what can be asked ([`Call`]), how it is sent ([`client`] over [`http`]), when it is sent again
//! ([`retry`]), what is told of it ([`trace`]), under which of two generations of routes ([`generation`]), and what a
//! refusal means ([`error`]).

mod body;
mod call;
mod client;
mod error;
mod exchange;
mod generation;
mod http;
mod provider;
pub(crate) mod razorpay;
mod reply;
mod retry;
pub(crate) mod stripe;
mod trace;

pub(crate) use call::{Call, Provider};
pub(crate) use client::{Client, Endpoint, Health, Limits};
pub(crate) use exchange::{Answer, is_out_of_reach, leaves_open};
pub(crate) use generation::{Api, Memory};
pub(crate) use provider::{
    SubjectFilter, catalog, config, customers, remove_keys, status, subscriptions, sync, transactions,
};
pub(crate) use reply::Reply;
pub(crate) use retry::Replay;
/// Who is meant where no provider is named, and whom both generations have.
pub(crate) use stripe::STRIPE as DEFAULT;
pub(crate) use trace::{Listener, Trace};

//! Which action a method and a path mean, in either generation, with Express's habits: case and a slash at the end do
//! not matter, and what looks like an environment is one until it is used.

use percent_encoding::percent_decode_str;

use crate::sandbox::backend::refusal::Refusal;
use crate::wire::{Environment, Generation};

/// Where a request leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Health,
    Status,
    Config,
    SyncAll,
    /// Into an environment, if the word is one.
    In {
        environment: String,
        action: Action,
    },
}

/// What a request does in an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    SetKey,
    RemoveKey,
    Sync,
    ConfigureWebhook,
    Catalog,
    Products,
    Product(String),
    CreateProduct,
    UpdateProduct(String),
    DeleteProduct(String),
    Prices,
    Price(String),
    CreatePrice,
    UpdatePrice(String),
    ArchivePrice(String),
    Customers,
    Subscriptions,
    Transactions,
    /// What only an application's signed-in user may do.
    UserSession(&'static str),
    /// A place where only administrators learn that there is nothing.
    Nothing,
}

impl Route {
    /// The route, or none where nobody listens.
    pub(super) fn find(method: &str, target: &str, generation: Generation) -> Option<Self> {
        let path = target.split('?').next().unwrap_or_default();
        let segments: Vec<String> = path
            .trim_start_matches('/')
            .trim_end_matches('/')
            .split('/')
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        let words: Vec<String> = segments.iter().map(|segment| segment.to_lowercase()).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        // A HEAD is answered as the GET.
        let method = if method == "HEAD" { "GET" } else { method };
        if (method, words.as_slice()) == ("GET", &["api", "health"]) {
            return Some(Self::Health);
        }
        let skipped = match (generation, words.as_slice()) {
            (Generation::Newer, ["api", "payments", "stripe", _, ..]) => 3,
            (Generation::Older, ["api", "payments", _, ..]) => 2,
            _ => return None,
        };
        let (words, segments) = (words.get(skipped..)?, segments.get(skipped..)?);
        Some(match (method, words) {
            ("GET", ["status"]) => Self::Status,
            ("GET", ["config"]) => Self::Config,
            ("POST", ["sync"]) => Self::SyncAll,
            _ => Self::In {
                environment: segments.first()?.clone(),
                action: in_environment(method, words.get(1..)?, segments.get(1..)?, generation),
            },
        })
    }
}

/// The environment that a word is, which is checked when it is used.
pub(super) fn checked_environment(word: &str) -> Result<Environment, Refusal> {
    Environment::named(word).ok_or_else(|| {
        Refusal::invalid(format!(
            "environment: Invalid enum value. Expected 'test' | 'live', received '{word}'"
        ))
    })
}

fn in_environment(method: &str, words: &[&str], segments: &[String], generation: Generation) -> Action {
    let transactions = match generation {
        Generation::Newer => "transactions",
        Generation::Older => "payment-history",
    };
    let id = || segments.last().map(|id| id.trim().to_owned()).unwrap_or_default();
    match (method, words) {
        ("POST", ["checkout-sessions"]) => Action::UserSession("Checkout session creation"),
        ("POST", ["customer-portal-sessions"]) => Action::UserSession("Customer portal session creation"),
        ("PUT", ["config"]) => Action::SetKey,
        ("DELETE", ["config"]) => Action::RemoveKey,
        ("POST", ["sync"]) => Action::Sync,
        ("POST", ["webhook"]) => Action::ConfigureWebhook,
        ("GET", ["catalog"]) => Action::Catalog,
        ("GET", ["catalog", "products"]) => Action::Products,
        ("POST", ["catalog", "products"]) => Action::CreateProduct,
        ("GET", ["catalog", "products", _]) => Action::Product(id()),
        ("PATCH", ["catalog", "products", _]) => Action::UpdateProduct(id()),
        ("DELETE", ["catalog", "products", _]) => Action::DeleteProduct(id()),
        ("GET", ["catalog", "prices"]) => Action::Prices,
        ("POST", ["catalog", "prices"]) => Action::CreatePrice,
        ("GET", ["catalog", "prices", _]) => Action::Price(id()),
        ("PATCH", ["catalog", "prices", _]) => Action::UpdatePrice(id()),
        ("DELETE", ["catalog", "prices", _]) => Action::ArchivePrice(id()),
        ("GET", ["customers"]) => Action::Customers,
        ("GET", ["subscriptions"]) => Action::Subscriptions,
        ("GET", [word]) if *word == transactions => Action::Transactions,
        _ => Action::Nothing,
    }
}

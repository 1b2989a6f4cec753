//! Routing for both generations. Like Express, it ignores case and a trailing slash, and validates the environment only
//! when a handler uses it.

use percent_encoding::percent_decode_str;

use crate::backend::api_error::ApiError;
use crate::backend::razorpay::{RazorpayAction, RazorpayRuntime};
use crate::backend::stripe::{StripeAction, StripeRuntime};
use crate::environment::Environment;
use crate::generation::Generation;
use crate::provider::Provider;

/// A route of the backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Health,
    /// `GET /api/metadata/anon-key` of newer backends.
    AnonKey,
    /// `POST /api/auth/tokens/anon` of older backends.
    AnonToken,
    /// `/api/secrets`.
    Secrets,
    Webhook {
        provider: Provider,
        /// The name from the path, which may be invalid.
        environment: String,
    },
    /// `/sandbox/…`, which no backend has.
    Control,
    Stripe(ProviderRoute<StripeAction, StripeRuntime>),
    Razorpay(ProviderRoute<RazorpayAction, RazorpayRuntime>),
}

/// A route of a provider. `A` is the provider's own actions for administrators, `R` those for users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ProviderRoute<A, R> {
    Status,
    Config,
    SyncAll,
    Environment {
        /// The name from the path, which may be invalid.
        name: String,
        action: EnvironmentAction<A, R>,
    },
}

/// An action in an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum EnvironmentAction<A, R> {
    /// An action that only this provider has.
    Provider(A),
    Sync,
    Customers,
    Transactions,
    /// An action for the users of the application, which the API key cannot run.
    Runtime(R),
    /// An unknown path. Only administrators learn that it does not exist.
    NotFound,
}

impl Route {
    /// The route of a request; `None` if there is no such endpoint.
    pub(super) fn find(method: &str, target: &str, generation: Generation) -> Option<Self> {
        let path = target.split('?').next().unwrap_or_default();
        let segments: Vec<String> = path
            .trim_start_matches('/')
            .trim_end_matches('/')
            .split('/')
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        let lowercase: Vec<String> = segments.iter().map(|segment| segment.to_lowercase()).collect();
        let lowercase: Vec<&str> = lowercase.iter().map(String::as_str).collect();
        let method = if method == "HEAD" { "GET" } else { method };
        let path = |skip: usize| RequestPath {
            method,
            lowercase: lowercase.get(skip..).unwrap_or_default(),
            segments: segments.get(skip..).unwrap_or_default(),
        };
        match (generation, lowercase.as_slice()) {
            (_, ["api", "health"]) if method == "GET" => Some(Self::Health),
            (Generation::Newer, ["api", "metadata", "anon-key"]) if method == "GET" => Some(Self::AnonKey),
            (Generation::Older, ["api", "auth", "tokens", "anon"]) if method == "POST" => {
                Some(Self::AnonToken)
            }
            (_, ["api", "secrets", ..]) => Some(Self::Secrets),
            (_, ["api", "webhooks", "stripe", _]) if method == "POST" => {
                Some(Self::Webhook { provider: Provider::Stripe, environment: segments.get(3)?.clone() })
            }
            (Generation::Newer, ["api", "webhooks", "razorpay", _]) if method == "POST" => {
                Some(Self::Webhook { provider: Provider::Razorpay, environment: segments.get(3)?.clone() })
            }
            (_, ["sandbox", ..]) => Some(Self::Control),
            (Generation::Newer, ["api", "payments", "stripe", ..]) => {
                path(3).provider_route("transactions", StripeAction::find).map(Self::Stripe)
            }
            (Generation::Newer, ["api", "payments", "razorpay", ..]) => {
                path(3).provider_route("transactions", RazorpayAction::find).map(Self::Razorpay)
            }
            // Older backends support only Stripe, and do not name it.
            (Generation::Older, ["api", "payments", ..]) => {
                path(2).provider_route("payment-history", StripeAction::find).map(Self::Stripe)
            }
            _ => None,
        }
    }

    /// Whether this is a GET that records Razorpay's webhook as configured, or a secret as used.
    pub(super) const fn is_get_that_writes(&self) -> bool {
        matches!(
            self,
            Self::Secrets
                | Self::Razorpay(ProviderRoute::Environment {
                    action: EnvironmentAction::Provider(RazorpayAction::WebhookSetup),
                    ..
                })
        )
    }
}

/// The method and the rest of the path, after a provider or an environment.
#[derive(Clone, Copy)]
pub(super) struct RequestPath<'a> {
    pub(super) method: &'a str,
    /// The segments in lower case.
    pub(super) lowercase: &'a [&'a str],
    /// The segments as in the request.
    pub(super) segments: &'a [String],
}

impl RequestPath<'_> {
    fn provider_route<A, R>(
        self,
        transactions: &str,
        find: impl FnOnce(RequestPath<'_>) -> Option<EnvironmentAction<A, R>>,
    ) -> Option<ProviderRoute<A, R>> {
        let environment = self.segments.first()?.clone();
        let rest = RequestPath {
            lowercase: self.lowercase.get(1..).unwrap_or_default(),
            segments: self.segments.get(1..).unwrap_or_default(),
            ..self
        };
        Some(match (self.method, self.lowercase) {
            ("GET", ["status"]) => ProviderRoute::Status,
            ("GET", ["config"]) => ProviderRoute::Config,
            ("POST", ["sync"]) => ProviderRoute::SyncAll,
            _ => {
                let action = match (rest.method, rest.lowercase) {
                    ("POST", ["sync"]) => EnvironmentAction::Sync,
                    ("GET", ["customers"]) => EnvironmentAction::Customers,
                    ("GET", [name]) if *name == transactions => EnvironmentAction::Transactions,
                    _ => find(rest).unwrap_or(EnvironmentAction::NotFound),
                };
                ProviderRoute::Environment { name: environment, action }
            }
        })
    }

    /// The id in the last segment.
    pub(super) fn id(&self) -> String {
        self.segments.last().map(|id| id.trim().to_owned()).unwrap_or_default()
    }
}

/// Parses an environment from a path.
pub(super) fn parse_environment(name: &str) -> Result<Environment, ApiError> {
    Environment::named(name).ok_or_else(|| {
        ApiError::invalid_input(format!(
            "environment: Invalid enum value. Expected 'test' | 'live', received '{name}'"
        ))
    })
}

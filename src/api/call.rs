//! A request that the backend understands, and its answer.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::api::body::Body;
use crate::api::reply::{Answered, Reply};
use crate::api::retry::Replay;
use crate::wire::{Body as AnswerBody, Environment, Generation, read_body};

/// What may stand unescaped in a path segment or a query value: RFC 3986's unreserved characters.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A payment provider, as the routes know it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Provider {
    /// Its name as people write it.
    pub(crate) name: &'static str,
    /// Its segment in the newer generation's routes.
    pub(crate) segment: &'static str,
    /// Whether the older generation, whose routes name no provider, means this one.
    pub(crate) in_older: bool,
    /// How its commands begin.
    pub(crate) commands: &'static str,
    /// What the backend says, as a 500, when its connection to this provider broke; others are a 502.
    pub(crate) lost: Option<&'static str>,
}

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that the two generations spell differently.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name {
    newer: &'static str,
    older: &'static str,
}

impl Name {
    pub(crate) const fn renamed(newer: &'static str, older: &'static str) -> Self {
        Self { newer, older }
    }

    pub(super) const fn of(self, generation: Generation) -> &'static str {
        match generation {
            Generation::Newer => self.newer,
            Generation::Older => self.older,
        }
    }
}

impl From<&'static str> for Name {
    fn from(name: &'static str) -> Self {
        Self { newer: name, older: name }
    }
}

#[derive(Clone, Debug)]
enum Segment {
    Name(Name),
    Id(String),
}

/// A route of a provider's, in both generations.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    provider: &'static Provider,
    environment: Option<Environment>,
    segments: Vec<Segment>,
    query: Vec<(Name, String)>,
}

impl Route {
    pub(crate) const fn of(provider: &'static Provider) -> Self {
        Self { provider, environment: None, segments: Vec::new(), query: Vec::new() }
    }

    pub(crate) fn environment(self, environment: Environment) -> Self {
        Self { environment: Some(environment), ..self.name(environment.as_str()) }
    }

    pub(crate) fn name(mut self, name: impl Into<Name>) -> Self {
        self.segments.push(Segment::Name(name.into()));
        self
    }

    pub(crate) fn id(mut self, id: &str) -> Self {
        self.segments.push(Segment::Id(id.to_owned()));
        self
    }

    pub(crate) fn query(mut self, name: impl Into<Name>, value: Option<impl ToString>) -> Self {
        self.query.extend(value.map(|value| (name.into(), value.to_string())));
        self
    }

    pub(crate) const fn provider(&self) -> &'static Provider {
        self.provider
    }

    /// The command that gives the backend the key with which it was to act there.
    pub(crate) fn config_set(&self) -> String {
        let environment = self.environment.map_or_else(String::new, |environment| format!(" {environment}"));
        format!("{} config set{environment}", self.provider.commands)
    }

    /// Whether it ends in the id of one thing.
    fn names_a_thing(&self) -> bool {
        matches!(self.segments.last(), Some(Segment::Id(_)))
    }

    /// Path and query under this generation's routes; `None` where it has none for the provider.
    pub(crate) fn path(&self, generation: Generation) -> Option<String> {
        let mut path = String::from("/api/payments");
        match generation {
            Generation::Newer => path.extend(["/", self.provider.segment]),
            Generation::Older if self.provider.in_older => {}
            Generation::Older => return None,
        }
        for segment in &self.segments {
            path.push('/');
            match segment {
                Segment::Name(name) => path.push_str(name.of(generation)),
                Segment::Id(id) => path.extend(utf8_percent_encode(id, ESCAPED)),
            }
        }
        for (position, (name, value)) in self.query.iter().enumerate() {
            path.push(if position == 0 { '?' } else { '&' });
            path.push_str(name.of(generation));
            path.push('=');
            path.extend(utf8_percent_encode(value, ESCAPED));
        }
        Some(path)
    }
}

/// Reads the data, and makes a body of it where the one that came must not be shown.
type Reader<T> = fn(&AnswerBody) -> serde_json::Result<(Option<Value>, T)>;

/// A request whose answer is a `T`.
#[derive(Debug)]
pub(crate) struct Call<T> {
    pub(crate) method: Method,
    pub(crate) route: Route,
    pub(crate) replay: Replay,
    pub(crate) body: Option<Body>,
    /// A success has keys in it, in clear: `--verbose` does not show it.
    pub(crate) secret_answer: bool,
    read: Reader<T>,
}

impl<T> Call<T> {
    /// Whether a 404 without a code of its own can be about a thing, and not about the route.
    pub(crate) fn names_a_thing(&self) -> bool {
        self.method == Method::Delete || self.route.names_a_thing()
    }

    /// The request as it would be sent, secrets masked; `None` where the generation has no such route.
    pub(crate) fn shown(&self, generation: Generation) -> serde_json::Result<Option<Value>> {
        let Some(path) = self.route.path(generation) else { return Ok(None) };
        let body = self.body.as_ref().map(|body| body.shown(generation)).transpose()?;
        Ok(Some(json!({"method": self.method.as_str(), "path": path, "body": body})))
    }
}

impl<T: DeserializeOwned> Call<T> {
    /// A read.
    pub(crate) fn get(route: Route) -> Self {
        Self {
            method: Method::Get,
            route,
            replay: Replay::Always,
            body: None,
            secret_answer: false,
            read: whole,
        }
    }

    /// A write that may do more when it is sent twice.
    pub(crate) fn write(method: Method, route: Route) -> Self {
        Self { method, replay: Replay::IfNotSent, ..Self::get(route) }
    }

    /// A write that does the same thing however often it is sent.
    pub(crate) fn repeatable(method: Method, route: Route) -> Self {
        Self { method, ..Self::get(route) }
    }

    /// The same, where whoever sends it knows that twice does what once does: an update that says how a thing is to be,
    /// in a run that changes the thing in no other way.
    pub(crate) fn repeatable_here(self) -> Self {
        Self { replay: Replay::Always, ..self }
    }

    /// Sends this along.
    pub(crate) fn with_body(self, body: Body) -> Self {
        Self { body: Some(body), ..self }
    }

    /// The answer carries secrets: its body is what `T` writes of itself, not what came.
    pub(crate) fn with_secrets(self) -> Self
    where
        T: Serialize,
    {
        Self { read: without_secrets, ..self.telling_a_secret() }
    }

    /// The answer has a secret that whoever asks for it wants to have.
    pub(crate) fn telling_a_secret(self) -> Self {
        Self { secret_answer: true, ..self }
    }

    /// Reads the body of a success.
    pub(crate) fn read(&self, bytes: Zeroizing<Vec<u8>>) -> serde_json::Result<Reply<T>> {
        let body = AnswerBody::new(bytes);
        let (made, data) = (self.read)(&body)?;
        let body = made.map_or_else(|| Answered::Came(body), Answered::Made);
        Ok(Reply { body, data, provider: self.route.provider })
    }
}

fn whole<T: DeserializeOwned>(body: &AnswerBody) -> serde_json::Result<(Option<Value>, T)> {
    Ok((None, read_body(body)?))
}

fn without_secrets<T: DeserializeOwned + Serialize>(
    body: &AnswerBody,
) -> serde_json::Result<(Option<Value>, T)> {
    let data: T = read_body(body)?;
    Ok((Some(serde_json::to_value(&data)?), data))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::stripe::STRIPE;
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    #[test]
    fn both_generations_of_a_route() {
        let route = Route::of(&STRIPE)
            .environment(Environment::Test)
            .name(Name::renamed("transactions", "payment-history"))
            .query("limit", Some(5))
            .query("subjectId", Some("a b&c"));
        assert_eq!(
            route.path(Generation::Newer).unwrap(),
            "/api/payments/stripe/test/transactions?limit=5&subjectId=a%20b%26c"
        );
        assert_eq!(
            route.path(Generation::Older).unwrap(),
            "/api/payments/test/payment-history?limit=5&subjectId=a%20b%26c"
        );
        assert!(!route.names_a_thing());
    }

    proptest! {
        #[test]
        fn any_id_is_one_segment_and_comes_back(id in ".+") {
            let route = Route::of(&STRIPE).environment(Environment::Test).name("catalog").id(&id);
            let path = route.path(Generation::Newer).unwrap();
            let segment = path.strip_prefix("/api/payments/stripe/test/catalog/").unwrap();
            prop_assert!(segment.chars().all(|c| c.is_ascii_alphanumeric() || "-_.~%".contains(c)), "{}", segment);
            prop_assert_eq!(percent_decode_str(segment).decode_utf8().unwrap(), id);
        }
    }

    #[test]
    fn an_id_stays_one_segment() {
        let route = Route::of(&STRIPE).environment(Environment::Live).name("catalog").id("a/b?c#d%e é");
        assert_eq!(
            route.path(Generation::Newer).unwrap(),
            "/api/payments/stripe/live/catalog/a%2Fb%3Fc%23d%25e%20%C3%A9"
        );
        assert!(route.names_a_thing());
    }
}

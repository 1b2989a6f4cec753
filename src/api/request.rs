//! What is sent to the backend and what comes back: [`Call`] in the backend's terms, [`Request`] and [`Answer`] in HTTP's,
//! [`Reply`] as a command sees it.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use crate::api::retry::Replay;
use crate::secret::Secret;
use crate::wire::{Environment, Generation, Json, SharedBytes, read_body, retain_elements};

/// Escaped in a path segment or a query value: everything but RFC 3986's unreserved characters.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A payment provider.
#[derive(Debug)]
pub(crate) struct Provider {
    /// Its display name.
    pub(crate) name: &'static str,
    /// Its segment in the newer generation's routes.
    pub(crate) segment: &'static str,
    /// Whether the older generation's routes, which name no provider, belong to this one.
    pub(crate) in_older: bool,
    /// The beginning of its command lines.
    pub(crate) commands: &'static str,
    /// The parts of messages with which the backend reports that its connection to this provider broke, in a sync or a
    /// 500. Newer backends answer 502 for Stripe.
    pub(crate) connection_lost: &'static [&'static str],
    /// What an error with a plain code means; `None` if the backend never answers with one for this provider.
    pub(crate) plain_codes: Option<fn(&BackendError<'_>) -> Option<Meaning>>,
}

/// An error of the backend, and the request that it answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BackendError<'a> {
    pub(crate) method: Method,
    /// The routes of the request.
    pub(crate) generation: Generation,
    pub(crate) status: u16,
    pub(crate) code: &'a str,
    pub(crate) message: &'a str,
}

impl BackendError<'_> {
    /// What the error means, if its status and code do not say it.
    pub(super) fn meaning(&self, provider: &Provider) -> Option<Meaning> {
        let lost = || provider.connection_lost.iter().any(|text| self.message.contains(text));
        if self.status == 500 && lost() {
            return Some(Meaning::new(502, "UPSTREAM_FAILURE"));
        }
        provider.plain_codes.and_then(|meaning| meaning(self))
    }
}

/// The status and the code with which a backend since 2.1.8 answers in the same case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meaning {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
}

impl Meaning {
    pub(crate) const fn new(status: u16, code: &'static str) -> Self {
        Self { status, code }
    }
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

/// A name in the API, which the two generations may spell differently.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ApiName {
    newer: &'static str,
    older: &'static str,
}

impl ApiName {
    pub(crate) const fn renamed(newer: &'static str, older: &'static str) -> Self {
        Self { newer, older }
    }

    const fn of(self, generation: Generation) -> &'static str {
        match generation {
            Generation::Newer => self.newer,
            Generation::Older => self.older,
        }
    }
}

impl From<&'static str> for ApiName {
    fn from(name: &'static str) -> Self {
        Self { newer: name, older: name }
    }
}

#[derive(Clone, Debug)]
enum Segment {
    Name(ApiName),
    Id(String),
}

/// A route of a provider, in both generations.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    provider: &'static Provider,
    environment: Option<Environment>,
    segments: Vec<Segment>,
    query: Vec<(ApiName, String)>,
}

impl Route {
    pub(crate) const fn of(provider: &'static Provider) -> Self {
        Self { provider, environment: None, segments: Vec::new(), query: Vec::new() }
    }

    pub(crate) fn in_environment(self, environment: Environment) -> Self {
        Self { environment: Some(environment), ..self.name(environment.as_str()) }
    }

    pub(crate) fn name(mut self, name: impl Into<ApiName>) -> Self {
        self.segments.push(Segment::Name(name.into()));
        self
    }

    pub(crate) fn id(mut self, id: &str) -> Self {
        self.segments.push(Segment::Id(id.to_owned()));
        self
    }

    pub(crate) fn query(mut self, name: impl Into<ApiName>, value: Option<impl ToString>) -> Self {
        self.query.extend(value.map(|value| (name.into(), value.to_string())));
        self
    }

    pub(crate) const fn provider(&self) -> &'static Provider {
        self.provider
    }

    pub(crate) const fn environment(&self) -> Option<Environment> {
        self.environment
    }

    fn ends_in_an_id(&self) -> bool {
        matches!(self.segments.last(), Some(Segment::Id(_)))
    }

    /// Path and query under this generation's routes; `None` if it has none for the provider.
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

/// The JSON object that a request sends. Its secrets are separate: they are wiped when it is dropped, and masked in output.
#[derive(Debug, Default)]
pub(crate) struct Body {
    fields: Map<String, Value>,
    /// Fields that the generations spell differently.
    renamed: Vec<ApiName>,
    secrets: Vec<(&'static str, Secret)>,
}

impl Body {
    /// The fields of a struct.
    ///
    /// # Errors
    /// If the value is not a JSON object, which is a bug in the caller.
    pub(crate) fn of(fields: &impl Serialize) -> serde_json::Result<Self> {
        let fields = serde_json::from_value(serde_json::to_value(fields)?)?;
        Ok(Self { fields, ..Self::default() })
    }

    pub(crate) fn with(mut self, name: &'static str, text: String) -> Self {
        self.fields.insert(name.to_owned(), Value::String(text));
        self
    }

    pub(crate) fn with_secret(mut self, name: &'static str, secret: Secret) -> Self {
        secret.remember();
        self.secrets.push((name, secret));
        self
    }

    /// Marks a field that has another name on older backends.
    pub(crate) fn renamed(mut self, name: ApiName) -> Self {
        self.renamed.push(name);
        self
    }

    /// The body to send, with its secrets.
    pub(crate) fn bytes(&self, generation: Generation) -> serde_json::Result<Zeroizing<Vec<u8>>> {
        // Growing would leave a copy of the secrets behind. An escaped character has six bytes.
        let secrets: usize = self.secrets.iter().map(|(_, secret)| 6 * secret.expose().len()).sum();
        let mut bytes = Zeroizing::new(Vec::with_capacity(secrets + 1024));
        let mut serializer = serde_json::Serializer::new(&mut *bytes);
        self.write(&mut serializer, generation, |secret| Zeroizing::new(secret.expose().to_owned()))?;
        Ok(bytes)
    }

    /// The body for output, its secrets masked.
    pub(crate) fn masked(&self, generation: Generation) -> serde_json::Result<Value> {
        self.write(serde_json::value::Serializer, generation, |secret| Zeroizing::new(secret.masked()))
    }

    fn write<S: Serializer>(
        &self,
        serializer: S,
        generation: Generation,
        text_of: impl Fn(&Secret) -> Zeroizing<String>,
    ) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.fields.len() + self.secrets.len()))?;
        for (field, value) in &self.fields {
            let renamed = self.renamed.iter().find(|name| name.of(Generation::Newer) == field);
            map.serialize_entry(renamed.map_or(field.as_str(), |name| name.of(generation)), value)?;
        }
        for (field, secret) in &self.secrets {
            map.serialize_entry(field, text_of(secret).as_str())?;
        }
        map.end()
    }
}

/// Reads the data of an answer. It also returns the JSON body to show, if the received one must not be shown.
type Reader<T> = fn(&SharedBytes) -> serde_json::Result<(Option<Value>, T)>;

/// A request to the payments API whose answer is a `T`.
#[derive(Debug)]
pub(crate) struct Call<T> {
    pub(crate) method: Method,
    pub(crate) route: Route,
    pub(crate) replay: Replay,
    /// Whether it changes more than the mirror. A sync only copies what the provider has.
    pub(crate) is_write: bool,
    pub(crate) body: Option<Body>,
    /// The answer of a success has keys in clear, so `--verbose` does not show it.
    pub(crate) secret_answer: bool,
    read: Reader<T>,
}

impl<T> Call<T> {
    /// Whether a 404 without a specific code can mean a missing object, and not only a missing route.
    pub(crate) fn names_an_object(&self) -> bool {
        self.method == Method::Delete || self.route.ends_in_an_id()
    }

    /// Path and query; empty if the generation has no such route.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn path(&self, generation: Generation) -> String {
        self.route.path(generation).unwrap_or_default()
    }

    /// The request for `--dry-run`, secrets masked; `None` if the generation has no such route.
    pub(crate) fn masked_json(&self, generation: Generation) -> serde_json::Result<Option<Value>> {
        let Some(path) = self.route.path(generation) else { return Ok(None) };
        let body = self.body.as_ref().map(|body| body.masked(generation)).transpose()?;
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
            is_write: false,
            body: None,
            secret_answer: false,
            read: read_data,
        }
    }

    /// A write that must not be sent twice.
    pub(crate) fn write(method: Method, route: Route) -> Self {
        Self { replay: Replay::IfNotSent, ..Self::repeatable(method, route) }
    }

    /// A write that has the same effect however often it is sent.
    pub(crate) fn repeatable(method: Method, route: Route) -> Self {
        Self { is_write: true, ..Self::sync(method, route) }
    }

    /// A request that changes only the mirror.
    pub(crate) fn sync(method: Method, route: Route) -> Self {
        Self { method, ..Self::get(route) }
    }

    /// Makes an update repeatable. The caller knows that nothing else changes the object in this run.
    pub(crate) fn assume_repeatable(self) -> Self {
        Self { replay: Replay::Always, ..self }
    }

    pub(crate) fn with_body(self, body: Body) -> Self {
        Self { body: Some(body), ..self }
    }

    /// The answer has secrets: its JSON is serialized from `T`, which leaves them out.
    pub(crate) fn with_secrets(self) -> Self
    where
        T: Serialize,
    {
        Self { read: read_without_secrets, ..self.with_requested_secret() }
    }

    /// The answer has a secret that the caller asked for.
    pub(crate) fn with_requested_secret(self) -> Self {
        Self { secret_answer: true, ..self }
    }

    /// Reads the body of a success.
    pub(crate) fn read(&self, bytes: SharedBytes) -> serde_json::Result<Reply<T>> {
        let (json, data) = (self.read)(&bytes)?;
        let body = json.map_or_else(|| ReplyBody::Bytes(bytes), ReplyBody::Json);
        Ok(Reply { body, data, provider: self.route.provider })
    }
}

fn read_data<T: DeserializeOwned>(bytes: &SharedBytes) -> serde_json::Result<(Option<Value>, T)> {
    Ok((None, read_body(bytes)?))
}

fn read_without_secrets<T: DeserializeOwned + Serialize>(
    bytes: &SharedBytes,
) -> serde_json::Result<(Option<Value>, T)> {
    let data: T = read_body(bytes)?;
    Ok((Some(serde_json::to_value(&data)?), data))
}

/// The backend's answer to a [`Call`]: its JSON body, and the data that was read from it.
#[derive(Debug)]
pub(crate) struct Reply<T> {
    body: ReplyBody,
    pub(crate) data: T,
    pub(crate) provider: &'static Provider,
}

#[derive(Debug)]
enum ReplyBody {
    /// The received bytes. They are wiped when they are dropped.
    Bytes(SharedBytes),
    /// Serialized from the data, because the received body has secrets.
    Json(Value),
}

impl<T> Reply<T> {
    /// The JSON body as a value, which for a long list takes ten times the memory of its text.
    pub(crate) fn value(&self) -> serde_json::Result<Cow<'_, Value>> {
        match &self.body {
            ReplyBody::Bytes(bytes) => serde_json::from_slice(bytes).map(Cow::Owned),
            ReplyBody::Json(value) => Ok(Cow::Borrowed(value)),
        }
    }

    /// The JSON body as text.
    pub(crate) fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        match &self.body {
            ReplyBody::Bytes(bytes) => Ok(Cow::Borrowed(bytes)),
            ReplyBody::Json(value) => serde_json::to_vec(value).map(Cow::Owned),
        }
    }
}

impl<T: DeserializeOwned> Reply<T> {
    /// The reply without those rows of its lists that `keep` drops.
    pub(crate) fn retain_rows(
        self,
        lists: &[&str],
        keep: impl Fn(Json<'_>) -> bool,
    ) -> serde_json::Result<Self> {
        let mut bytes = match self.body {
            ReplyBody::Bytes(bytes) => {
                // The lists in the data have the body too.
                drop(self.data);
                SharedBytes::try_unwrap(bytes).unwrap_or_else(|bytes| (*bytes).clone())
            }
            ReplyBody::Json(value) => Zeroizing::new(serde_json::to_vec(&value)?),
        };
        retain_elements(&mut bytes, lists, keep)?;
        let bytes = SharedBytes::new(bytes);
        Ok(Self { data: read_body(&bytes)?, body: ReplyBody::Bytes(bytes), provider: self.provider })
    }
}

/// A request that is ready to be sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    pub(crate) body: Option<EncodedBody<'a>>,
    pub(crate) replay: Replay,
    /// See [`Call::is_write`].
    pub(crate) is_write: bool,
    /// `None` for a request outside the payments API, which needs no key and gets none.
    pub(crate) route: Option<&'a Route>,
    /// The answer of a success has keys in clear.
    pub(crate) secret_answer: bool,
}

/// An encoded body, and what it was encoded from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EncodedBody<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) body: &'a Body,
    pub(crate) generation: Generation,
}

impl<'a> Request<'a> {
    /// A read.
    pub(crate) const fn get(path: &'a str, route: Option<&'a Route>) -> Self {
        Self {
            method: Method::Get,
            path,
            body: None,
            replay: Replay::Always,
            is_write: false,
            route,
            secret_answer: false,
        }
    }

    /// The request of a call, without its body.
    pub(crate) fn of<T>(call: &'a Call<T>, path: &'a str) -> Self {
        let Call { method, replay, is_write, secret_answer, .. } = *call;
        Self { method, path, body: None, replay, is_write, route: Some(&call.route), secret_answer }
    }

    /// Whether it or its answer has secrets besides the API key.
    pub(super) fn has_secrets(&self) -> bool {
        self.secret_answer || self.body.is_some_and(|body| !body.body.secrets.is_empty())
    }

    /// The generation whose route the path is.
    pub(super) fn generation(&self) -> Generation {
        let is_older = |route: &Route| route.path(Generation::Older).as_deref() == Some(self.path);
        if self.route.is_some_and(is_older) { Generation::Older } else { Generation::Newer }
    }
}

/// `GET /api/…`
impl fmt::Display for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// An HTTP answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    /// The `Server` header.
    pub(crate) server: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    /// `x-request-id req_1, cf-ray 8f2`, or empty.
    pub(crate) request_ids: String,
    /// Wiped when it is dropped: some answers have keys.
    pub(crate) body: SharedBytes,
}

impl Answer {
    pub(crate) const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::stripe::STRIPE;
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    #[test]
    fn a_route_has_a_path_in_both_generations() {
        let route = Route::of(&STRIPE)
            .in_environment(Environment::Test)
            .name(ApiName::renamed("transactions", "payment-history"))
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
        assert!(!route.ends_in_an_id());
    }

    proptest! {
        #[test]
        fn any_id_is_one_segment_and_can_be_decoded(id in ".+") {
            let route = Route::of(&STRIPE).in_environment(Environment::Test).name("catalog").id(&id);
            let path = route.path(Generation::Newer).unwrap();
            let segment = path.strip_prefix("/api/payments/stripe/test/catalog/").unwrap();
            prop_assert!(segment.chars().all(|c| c.is_ascii_alphanumeric() || "-_.~%".contains(c)), "{}", segment);
            prop_assert_eq!(percent_decode_str(segment).decode_utf8().unwrap(), id);
        }
    }

    #[test]
    fn special_characters_in_an_id_are_escaped() {
        let route = Route::of(&STRIPE).in_environment(Environment::Live).name("catalog").id("a/b?c#d%e é");
        assert_eq!(
            route.path(Generation::Newer).unwrap(),
            "/api/payments/stripe/live/catalog/a%2Fb%3Fc%23d%25e%20%C3%A9"
        );
        assert!(route.ends_in_an_id());
    }

    #[test]
    fn a_body_uses_the_names_of_its_generation() {
        let body = Body::of(&json!({"productId": "prod_1", "currency": "usd", "unitAmount": 1999})).unwrap();
        let body = body.renamed(ApiName::renamed("productId", "stripeProductId"));
        let newer = br#"{"productId":"prod_1","currency":"usd","unitAmount":1999}"#;
        let older = br#"{"stripeProductId":"prod_1","currency":"usd","unitAmount":1999}"#;
        assert_eq!(*body.bytes(Generation::Newer).unwrap(), newer);
        assert_eq!(*body.bytes(Generation::Older).unwrap(), older);
    }

    #[test]
    fn a_secret_is_sent_in_clear_and_masked_in_output() {
        let body = Body::default().with_secret("secretKey", Secret::new("sk_test_alpha_1".into()));
        assert_eq!(*body.bytes(Generation::Newer).unwrap(), br#"{"secretKey":"sk_test_alpha_1"}"#);
        assert_eq!(body.masked(Generation::Newer).unwrap(), json!({"secretKey": "sk_test_****ha_1"}));
        assert!(!format!("{body:?}").contains("alpha"));
    }
}

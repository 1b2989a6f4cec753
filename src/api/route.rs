//! Routes of the payments API, which differ between the two generations.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::api::provider::Provider;
use crate::wire::{Environment, Generation};

/// Escaped in a path segment or a query value: everything but RFC 3986's unreserved characters.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

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

    pub(super) const fn of(self, generation: Generation) -> &'static str {
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

    pub(super) fn ends_in_an_id(&self) -> bool {
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
}

use std::fmt;

use url::{Host, Url};

/// The length limit of an address, in bytes. Longer ones leave no room for the rest of a request's address.
const LONGEST: usize = 2048;

/// A backend's address. The scheme is `https`, or `http` for this machine only, because every request carries the key.
/// It has no trailing slash. It may have a path, for a backend behind a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address(String);

impl Address {
    /// Parses an address. A missing scheme is added, because InsForge's older project files have bare hosts.
    ///
    /// # Errors
    /// The reason why the address is invalid.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("it is empty".into());
        }
        if text.len() > LONGEST {
            return Err(format!(
                "it has {} characters, and can have at most {LONGEST}",
                text.chars().count()
            ));
        }
        let with_scheme =
            if text.contains("://") { text.to_owned() } else { format!("{}://{text}", scheme_for(text)) };
        let url = Url::parse(&with_scheme).map_err(|error| error.to_string())?;
        let Some(host) = url.host() else { return Err("it has no host".into()) };
        if !url.username().is_empty() || url.password().is_some() {
            return Err("it contains a user name or a password".into());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("it has a query or a fragment; remove that part".into());
        }
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&host) => {}
            "http" => {
                return Err("plain http would send the key unencrypted; use https".into());
            }
            other => return Err(format!("its scheme is {other}; use https")),
        }
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }

    /// The address as text, without a trailing slash.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The path of a URL at this backend; `None` if the URL belongs to another host.
    pub(crate) fn path_of(&self, url: &str) -> Option<String> {
        let url = Url::parse(url).ok()?;
        let path = url.as_str().strip_prefix(self.as_str())?;
        // Otherwise the prefix ends within a host name, a port or a path segment.
        path.starts_with('/').then(|| path.to_owned())
    }

    /// Whether the scheme is `http`, which [`Address::parse`] accepts for this machine only.
    pub(crate) fn is_plain(&self) -> bool {
        self.0.starts_with("http://")
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn scheme_for(bare: &str) -> &'static str {
    let local =
        Url::parse(&format!("http://{bare}")).is_ok_and(|url| url.host().is_some_and(|h| is_loopback(&h)));
    if local { "http" } else { "https" }
}

/// Whether this is an https URL that is reachable from the internet.
pub(crate) fn is_public_https(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let is_public = match url.host() {
        Some(Host::Ipv4(ip)) => {
            !(ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified())
        }
        Some(Host::Ipv6(ip)) => {
            !(ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local())
        }
        Some(Host::Domain(name)) => {
            let private = ["localhost", "local", "internal", "lan", "home.arpa"];
            name.contains('.')
                && !private.iter().any(|suffix| name == *suffix || name.ends_with(&format!(".{suffix}")))
        }
        None => false,
    };
    url.scheme() == "https" && is_public
}

/// Whether the host is reserved for examples, so that it never leads anywhere (RFC 2606, section 2).
pub(crate) fn is_reserved(url: &str) -> bool {
    let url = Url::parse(url).ok();
    url.as_ref().and_then(Url::host_str).is_some_and(|host| host.ends_with(".example"))
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        // A resolver may send other names that end in `.localhost` to another machine.
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_addresses_are_normalized() {
        for (text, address) in [
            ("https://app.us-east.insforge.app/", "https://app.us-east.insforge.app"),
            ("app.us-east.insforge.app", "https://app.us-east.insforge.app"),
            (" https://example.com/insforge/ ", "https://example.com/insforge"),
            ("localhost:7130", "http://localhost:7130"),
            ("http://127.0.0.1:7130", "http://127.0.0.1:7130"),
            ("http://127.9.9.9", "http://127.9.9.9"),
            ("http://[::1]:7130", "http://[::1]:7130"),
            ("HTTPS://Example.COM:443", "https://example.com"),
        ] {
            assert_eq!(Address::parse(text).unwrap().as_str(), address);
        }
    }

    #[test]
    fn only_urls_of_the_backend_have_a_path() {
        let address = Address::parse("https://example.com/insforge/").unwrap();
        let path_of = |url: &str| address.path_of(url);
        let hook = "/api/webhooks/stripe/test";
        assert_eq!(path_of(&format!("https://EXAMPLE.com:443/insforge{hook}")).as_deref(), Some(hook));
        for url in [
            "https://example.com/api",
            "https://example.com/insforgery/api",
            "http://example.com/insforge/api",
            "https://example.com:8443/insforge/api",
            "https://example.com.evil.org/insforge/api",
            "https://example.com@evil.org/insforge/api",
            "https://me@example.com/insforge/api",
            "/insforge/api",
            "",
        ] {
            assert_eq!(path_of(url), None, "{url}");
        }
        let short = Address::parse("https://example.com").unwrap();
        assert_eq!(short.path_of("https://example.com.evil.org/"), None);
        assert_eq!(short.path_of("https://example.com:444/"), None);
        assert_eq!(short.path_of("https://example.com@evil.org/"), None);
    }

    #[test]
    fn invalid_addresses_are_rejected() {
        for (text, why) in [
            ("", "empty"),
            ("http://example.com", "https"),
            ("http://10.0.0.1:7130", "https"),
            ("http://localhost.example.com", "https"),
            ("http://app.localhost", "https"),
            ("http://127.0.0.1.example.com", "https"),
            ("ftp://example.com", "scheme"),
            ("https://user:pw@example.com", "password"),
            ("https://example.com?x=1", "query"),
            ("https://", "host"),
            (&format!("https://{}.example.com", "a".repeat(70_000)), "70020 characters"),
        ] {
            let error = Address::parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}

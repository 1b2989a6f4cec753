//! The hosts that requests can be for. A web page can make its own host name lead to this machine (DNS rebinding), and
//! its requests are then not cross-origin. The browser still sends the name in `Host`.

use std::fmt;
use std::str::FromStr;

use url::Url;

/// A host whose requests the sandbox accepts. Parse it from a name such as `host.docker.internal`, or an IP address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host(url::Host<String>);

impl Host {
    /// The host of a URL.
    pub(crate) fn of_url(url: &str) -> Option<Self> {
        Url::parse(url).ok()?.host().map(|host| Self::new(host.to_owned()))
    }

    /// The host of a `Host` header or of a request's target. Any port is valid, because a tunnel has another one.
    pub(crate) fn of_authority(authority: &str) -> Option<Self> {
        let end_of_host = match authority.strip_prefix('[') {
            Some(_) => authority.find(']')? + 1,
            None => authority.find(':').unwrap_or(authority.len()),
        };
        let (host, port) = authority.split_at_checked(end_of_host)?;
        let is_port = |port: &str| port.chars().all(|digit| digit.is_ascii_digit());
        if !port.is_empty() && !port.strip_prefix(':').is_some_and(is_port) {
            return None;
        }
        url::Host::parse(host).ok().map(Self::new)
    }

    fn new(host: url::Host<String>) -> Self {
        Self(match host {
            // A name with a final dot is the same name, without the search list of the resolver.
            url::Host::Domain(name) => {
                url::Host::Domain(name.strip_suffix('.').map(str::to_owned).unwrap_or(name))
            }
            address => address,
        })
    }

    /// Whether the host always is this machine, so that no web page can own it.
    pub(crate) fn is_loopback(&self) -> bool {
        match &self.0 {
            url::Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
            url::Host::Ipv4(address) => address.is_loopback(),
            url::Host::Ipv6(address) => address.is_loopback(),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Host {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        match url::Host::parse(text) {
            // Anybody can get a name below the domain of a tunnel.
            Ok(url::Host::Domain(name)) if name.contains('*') => Err(HostError::Pattern),
            Ok(host) => Ok(Self::new(host)),
            Err(_) => Err(HostError::Invalid),
        }
    }
}

/// The error for text that is not a [`Host`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HostError {
    /// It is not a host name or an IP address, or it has more parts, such as a port.
    Invalid,
    /// It is a pattern, which would also match hosts of other people.
    Pattern,
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invalid => {
                "expected a host name such as `host.docker.internal`, without a scheme, a port or a path"
            }
            Self::Pattern => "expected the name of one host; patterns with `*` are not supported",
        })
    }
}

impl std::error::Error for HostError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_hosts_are_recognized_in_every_form() {
        for authority in [
            "localhost",
            "localhost:7130",
            "LocalHost:1",
            "localhost.",
            "localhost.:80",
            "shop.localhost:7130",
            "127.0.0.1",
            "127.0.0.1:65535",
            "127.0.0.1.",
            "127.8.9.10:80",
            "127.1",
            "0x7f.1:80",
            "[::1]",
            "[::1]:7130",
            "[0:0:0:0:0:0:0:1]",
            "localhost:",
        ] {
            let host = Host::of_authority(authority);
            assert!(host.as_ref().is_some_and(Host::is_loopback), "{authority}: {host:?}");
        }
    }

    #[test]
    fn other_hosts_are_not_loopback() {
        for authority in [
            "evil.example",
            "evil.example:7130",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "127.0.0.1.nip.io:80",
            "evillocalhost",
            "localhost..",
            "128.0.0.1",
            "0.0.0.0",
            "[::]",
            "[::2]:80",
            "192.168.0.1:7130",
            // An address of a request never has these parts.
            "localhost@evil.example",
            "evil.example@localhost",
            "user:pass@127.0.0.1",
            "127.0.0.1:80:evil.example",
            "127.0.0.1:evil",
            "127.0.0.1/evil",
            "127.0.0.1 evil.example",
            "127.0.0.1,evil.example",
            "127.0.0.1#evil",
            "[::1",
            "[::1]evil.example",
            "::1",
            ":80",
            "",
        ] {
            let host = Host::of_authority(authority);
            assert!(!host.as_ref().is_some_and(Host::is_loopback), "{authority}: {host:?}");
        }
    }

    #[test]
    fn a_host_is_a_name_or_an_address_without_other_parts() {
        let host = |text: &str| text.parse::<Host>().map(|host| host.to_string());
        for (text, expected) in [
            ("Shop.Example", "shop.example"),
            ("shop.example.", "shop.example"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("192.168.0.7", "192.168.0.7"),
            ("[::2]", "[::2]"),
        ] {
            assert_eq!(host(text).as_deref(), Ok(expected));
        }
        for text in [
            "",
            " ",
            "https://shop.example",
            "shop.example:80",
            "shop.example/",
            "a b",
            "::2",
            "u@shop.example",
        ] {
            assert_eq!(host(text), Err(HostError::Invalid), "{text}");
        }
        assert_eq!(host("*.ngrok.app"), Err(HostError::Pattern));
    }

    #[test]
    fn the_host_of_a_url_and_of_a_request_are_equal() {
        let of_url = Host::of_url("https://Shop.Example:8443/api");
        assert!(of_url.is_some());
        assert_eq!(of_url, Host::of_authority("shop.example"));
        assert_eq!(of_url, Host::of_authority("SHOP.example.:443"));
        assert_eq!(Host::of_url("shop"), None);
    }
}

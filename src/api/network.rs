//! How the environment says to reach a backend: through which proxy, and which certificates to trust.

use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use hyper_util::client::proxy::matcher::Matcher;
use percent_encoding::percent_decode_str;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use url::Url;

use crate::env::{ProcessEnv, split_paths};
use crate::secret::Secret;
use crate::wire::Address;

/// The variables that name a proxy for https, the first that is set first.
const FOR_HTTPS: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
/// Plain http only goes to this machine, and never through a proxy. A mistake in these is reported all the same: who sets
/// them expects a proxy.
const FOR_HTTP: [&str; 2] = ["HTTP_PROXY", "http_proxy"];
const EXCLUDED_HOSTS: [&str; 2] = ["NO_PROXY", "no_proxy"];
const CERTIFICATE_FILE: &str = "SSL_CERT_FILE";
const CERTIFICATE_FOLDERS: &str = "SSL_CERT_DIR";
/// The size limit of a file with certificates, in bytes. The system's have about 200 kB.
const LARGEST_FILE: u64 = 16 * 1024 * 1024;

/// A variable whose value is not the address of a proxy that can be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ProxyInvalid {
    pub(crate) variable: &'static str,
    /// Without the value, which may have a password.
    pub(crate) reason: String,
}

/// The proxy and the certificates for one backend.
#[derive(Debug)]
pub(crate) struct Network {
    pub(super) path: NetworkPath,
    pub(super) trust: Trust,
}

impl Network {
    /// Chooses the proxy and the certificates for a backend.
    ///
    /// # Errors
    /// If a variable is malformed, even if this backend needs no proxy: a mistake must never become a direct connection.
    /// If the chosen proxy has a scheme that is not supported.
    pub(crate) fn of(env: &ProcessEnv, address: &Address) -> Result<Self, ProxyInvalid> {
        Ok(Self { path: NetworkPath::of(env, address)?, trust: Trust::of(env) })
    }
}

/// How a backend is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NetworkPath {
    /// No variable names a proxy. macOS and Windows have a setting of their own.
    SystemDefault,
    /// The backend is on this machine.
    ThisMachine,
    /// The variable excludes the backend's host from the proxy.
    Excluded {
        variable: &'static str,
    },
    Proxy(Proxy),
}

/// A proxy, and where it is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proxy {
    pub(super) url: Url,
    pub(crate) variable: &'static str,
}

impl Proxy {
    /// Whether the variable has a user name or a password.
    pub(crate) fn has_credentials(&self) -> bool {
        !self.url.username().is_empty() || self.url.password().is_some()
    }

    /// Masks the password from now on. Without one, the user name can be a token.
    fn remember_password(&self) {
        let encoded = self.url.password().unwrap_or(self.url.username());
        let decoded = percent_decode_str(encoded).decode_utf8_lossy();
        Secret::remembered(decoded.into_owned());
    }
}

/// `http://****@proxy.example:3128, from HTTPS_PROXY`
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let credentials = if self.has_credentials() { "****@" } else { "" };
        let host = self.url.host_str().unwrap_or_default();
        write!(f, "{}://{credentials}{host}", self.url.scheme())?;
        self.url.port().iter().try_for_each(|port| write!(f, ":{port}"))?;
        write!(f, ", from {}", self.variable)
    }
}

impl NetworkPath {
    fn of(env: &ProcessEnv, address: &Address) -> Result<Self, ProxyInvalid> {
        let mut chosen = None;
        for variable in FOR_HTTPS.into_iter().chain(FOR_HTTP) {
            let Some(value) = env.var_os(variable) else { continue };
            let url = parse(value).map_err(|reason| ProxyInvalid { variable, reason })?;
            if FOR_HTTPS.contains(&variable) {
                chosen.get_or_insert(Proxy { url, variable });
            }
        }
        if address.is_plain() {
            return Ok(Self::ThisMachine);
        }
        let Some(proxy) = chosen else { return Ok(Self::SystemDefault) };
        let excluded = EXCLUDED_HOSTS.into_iter().find_map(|name| Some((name, env.var(name)?)));
        if let Some((variable, hosts)) = excluded
            && excludes(hosts, address)
        {
            return Ok(Self::Excluded { variable });
        }
        match proxy.url.scheme() {
            "http" | "https" => {
                proxy.remember_password();
                Ok(Self::Proxy(proxy))
            }
            other => Err(ProxyInvalid {
                variable: proxy.variable,
                reason: format!("its scheme is {other}; only http and https are supported"),
            }),
        }
    }
}

/// Parses the address of a proxy. A missing scheme means http, as in curl.
fn parse(value: &OsStr) -> Result<Url, String> {
    let text = value.to_str().ok_or("it is not UTF-8")?;
    if text.trim().is_empty() {
        return Err("it is blank".into());
    }
    if text.ends_with(['\r', '\n']) {
        return Err("it ends with a line break; a file with Windows line endings leaves one".into());
    }
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("it contains a space or a control character".into());
    }
    let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let url = Url::parse(&with_scheme).map_err(|error| error.to_string())?;
    if url.host_str().is_none_or(str::is_empty) {
        return Err("it has no host".into());
    }
    // Otherwise a part of the password would be taken for the host.
    if url.path().contains('@') || url.query().is_some() || url.fragment().is_some() {
        return Err("special characters of its user name or password are not escaped".into());
    }
    Ok(url)
}

/// Whether `NO_PROXY` excludes the host of an address, by the rules of the HTTP client.
fn excludes(hosts: &str, address: &Address) -> bool {
    let matcher = Matcher::builder().https("http://proxy.invalid").no(hosts).build();
    let address = address.as_str().parse();
    address.is_ok_and(|address| matcher.intercept(&address).is_none())
}

/// Which certificates are trusted. Each variable replaces those of the system.
#[derive(Clone, Debug)]
pub(super) struct Trust {
    file: Option<PathBuf>,
    folders: Vec<PathBuf>,
}

/// A path in a variable that gives no certificates.
#[derive(Debug)]
pub(super) struct CertificatesUnusable {
    pub(super) variable: &'static str,
    pub(super) path: PathBuf,
    pub(super) reason: String,
}

impl Trust {
    fn of(env: &ProcessEnv) -> Self {
        let folders = env.path_var(CERTIFICATE_FOLDERS).map(split_paths).unwrap_or_default();
        Self { file: env.path_var(CERTIFICATE_FILE).map(PathBuf::from), folders }
    }

    pub(super) fn is_the_systems(&self) -> bool {
        self.file.is_none() && self.folders.is_empty()
    }

    /// Reads the certificates that the variables name.
    ///
    /// # Errors
    /// If a variable that is set gives none.
    pub(super) fn read(&self) -> Result<Vec<CertificateDer<'static>>, CertificatesUnusable> {
        let mut certificates = Vec::new();
        if let Some(path) = &self.file {
            certificates.extend(read_file(path).map_err(|reason| CertificatesUnusable {
                variable: CERTIFICATE_FILE,
                path: path.clone(),
                reason,
            })?);
        }
        let mut unusable = None;
        let mut is_usable = self.folders.is_empty();
        for path in &self.folders {
            match read_folder(path) {
                Ok(found) => {
                    is_usable = true;
                    certificates.extend(found);
                }
                Err(reason) => {
                    let variable = CERTIFICATE_FOLDERS;
                    unusable.get_or_insert(CertificatesUnusable { variable, path: path.clone(), reason });
                }
            }
        }
        match unusable {
            Some(unusable) if !is_usable => Err(unusable),
            _ => {
                // A folder has links to the same files, and often all of them in one file as well.
                certificates
                    .sort_unstable_by(|one: &CertificateDer<'_>, other| one.as_ref().cmp(other.as_ref()));
                certificates.dedup();
                Ok(certificates)
            }
        }
    }
}

/// `SSL_CERT_FILE (/etc/ssl/ca.pem)`
impl fmt::Display for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_the_systems() {
            return f.write_str("the system");
        }
        let file = self.file.iter().map(|path| format!("{CERTIFICATE_FILE} ({})", path.display()));
        let folders = self.folders.iter().map(|path| format!("{CERTIFICATE_FOLDERS} ({})", path.display()));
        f.write_str(&file.chain(folders).collect::<Vec<_>>().join(" and "))
    }
}

fn read_file(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = read_limited(path).map_err(|error| error.to_string())?;
    let mut problem = None;
    let mut certificates = Vec::new();
    // Bundles of systems have certificates that rustls refuses. Only the others are trusted.
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        match certificate {
            Ok(certificate) if RootCertStore::empty().add(certificate.clone()).is_ok() => {
                certificates.push(certificate);
            }
            Ok(_) => problem = Some("its certificate is malformed".to_owned()),
            Err(error) => problem = Some(format!("its PEM text is malformed: {error}")),
        }
    }
    match (certificates.is_empty(), problem) {
        (false, _) => Ok(certificates),
        (true, Some(problem)) => Err(problem),
        (true, None) => Err("it has no certificate in PEM format".into()),
    }
}

fn read_limited(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST_FILE).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads the files of a folder. Those without a certificate are skipped.
fn read_folder(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let entries = fs::read_dir(path).map_err(|error| error.to_string())?;
    let files = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file());
    let certificates: Vec<_> = files.flat_map(|path| read_file(&path).unwrap_or_default()).collect();
    if certificates.is_empty() {
        return Err("no file in it has a certificate in PEM format".into());
    }
    Ok(certificates)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(variables: &[(&str, &str)], address: &str) -> Result<NetworkPath, ProxyInvalid> {
        NetworkPath::of(&ProcessEnv::with_variables(variables), &Address::parse(address).unwrap())
    }

    #[test]
    fn the_first_variable_that_is_set_names_the_proxy() {
        const CLOUD: &str = "https://app.example.com";
        let (a, b) = ("http://a:1", "http://b:2");
        for (variables, shown) in [
            (&[("HTTPS_PROXY", a), ("https_proxy", b)][..], "http://a:1, from HTTPS_PROXY"),
            (&[("HTTPS_PROXY", ""), ("https_proxy", b)], "http://b:2, from https_proxy"),
            (&[("https_proxy", a), ("ALL_PROXY", b)], "http://a:1, from https_proxy"),
            (&[("all_proxy", "b"), ("HTTP_PROXY", a)], "http://b, from all_proxy"),
            (&[("ALL_PROXY", "https://me:secret@b:8443/")], "https://****@b:8443, from ALL_PROXY"),
            (&[("ALL_PROXY", "token@b:3128")], "http://****@b:3128, from ALL_PROXY"),
            // A scheme that is not supported does no harm where it is not used.
            (&[("HTTPS_PROXY", a), ("ALL_PROXY", "socks://b:1080/")], "http://a:1, from HTTPS_PROXY"),
        ] {
            match path(variables, CLOUD) {
                Ok(NetworkPath::Proxy(proxy)) => assert_eq!(proxy.to_string(), shown),
                other => panic!("{variables:?}: {other:?}"),
            }
        }
        assert_eq!(path(&[("HTTP_PROXY", a), ("HTTPS_PROXY", "")], CLOUD), Ok(NetworkPath::SystemDefault));
        assert_eq!(
            path(&[("ALL_PROXY", "socks5://a")], "http://localhost:7130"),
            Ok(NetworkPath::ThisMachine)
        );
        for (hosts, excluded) in [
            ("example.com", true),
            (".example.com", true),
            ("*", true),
            ("other.org, app.example.com", true),
            ("ample.com", false),
            ("", false),
        ] {
            let found = path(&[("HTTPS_PROXY", a), ("no_proxy", hosts)], CLOUD).unwrap();
            assert_eq!(found == NetworkPath::Excluded { variable: "no_proxy" }, excluded, "{hosts}");
        }
    }

    #[test]
    fn a_malformed_proxy_is_refused_without_its_password() {
        for variable in FOR_HTTPS.into_iter().chain(FOR_HTTP) {
            for (value, reason) in [
                (" ", "blank"),
                ("\t\r\n", "blank"),
                ("http://me:secret@a:3128\r", "line break"),
                ("http://me:secret@a:3128\n", "line break"),
                (" http://me:secret@a:3128", "space"),
                ("http://me:sec ret@a:3128", "space"),
                ("http://me:secret@a:99999", "port"),
                ("http://me:secret@a:port", "port"),
                ("http://me:secret@", "host"),
                ("http://", "host"),
                (":3128", "host"),
                ("http://me:sec/ret@a:3128", "port"),
                ("http://me/secret@a:3128", "escaped"),
                ("http://[::1", "IPv6"),
                ("http=a:3128;https=a:3128", "port"),
            ] {
                for address in ["https://app.example.com", "http://127.0.0.1:7130"] {
                    let error = path(&[(variable, value)], address).unwrap_err();
                    assert_eq!(error.variable, variable);
                    assert!(error.reason.contains(reason), "{value:?}: {}", error.reason);
                    assert!(!error.reason.contains("secret"), "{}", error.reason);
                }
            }
        }
        let error = path(&[("all_proxy", "socks5://a:1080")], "https://app.example.com").unwrap_err();
        assert_eq!(error.reason, "its scheme is socks5; only http and https are supported");
    }
}

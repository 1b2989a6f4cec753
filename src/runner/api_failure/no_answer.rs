//! Failures without an answer, or with one that cannot be used.

use crate::api::{NoAnswer, Obstacle, RequestError};
use crate::error::{Code, FOR_PEOPLE, Failure, shortened};
use crate::wire::seconds;

/// The failure of a request that has no answer.
pub(super) fn no_answer(no_answer: &NoAnswer, request: &str, error: &RequestError) -> Failure {
    let address = &error.address;
    match no_answer {
        NoAnswer::Unreachable { reason } => {
            Failure::new(Code::Unreachable, format!("Cannot reach {address}"))
                .why(reason)
                .hint("check the address, the network and the proxy (HTTPS_PROXY), then run it again")
        }
        NoAnswer::Blocked { obstacle, reason } => blocked(obstacle, reason, error),
        NoAnswer::ConnectionLost { reason } => {
            let what = format!("The connection to {address} broke before the response was complete");
            Failure::new(Code::Unreachable, what).why(reason).hint("run it again")
        }
        NoAnswer::Malformed { reason } => {
            Failure::new(Code::ResponseInvalid, "The response is not valid HTTP")
                .why(format!("{request}: {reason}"))
                .hint(format!("check that {address} is an InsForge backend, and what is in front of it"))
        }
        NoAnswer::HeadersTooLarge => {
            Failure::new(Code::ResponseInvalid, "The response's headers are too large")
                .why(format!("{request} answered with more than 100 headers, or more than 400 kB of them"))
                .hint(format!("check that {address} is an InsForge backend, and what is in front of it"))
        }
        NoAnswer::NotSendable { length } => {
            Failure::usage("The request cannot be sent, because its address is too long")
                .why(format!("the address has {length} characters, and can have at most 65,534"))
                .hint("use shorter ids and filters")
        }
        NoAnswer::TimedOut => {
            let deadline = seconds(error.deadline);
            Failure::new(Code::TimedOut, format!("{address} did not respond in time"))
                .why(format!("{request} got no complete response within {deadline} s"))
                .hint("use a longer --timeout, or run it again")
        }
        NoAnswer::TooLarge { limit } => Failure::new(Code::ResponseTooLarge, "The response is too large")
            .why(format!("{request} answered with more than {} MiB", limit / 1024 / 1024))
            .hint("request fewer rows of a list with --limit, or check what is in front of the backend"),
        NoAnswer::Redirected { status, target } => {
            Failure::new(Code::Redirected, format!("{address} redirects to another address"))
                .why(format!(
                    "{request} answered {status} with the location {}; it is not followed, because the key \
                     would be sent there",
                    shortened(target, FOR_PEOPLE / 2)
                ))
                .hint("if that is your backend, use its address")
                .status(*status)
        }
        NoAnswer::TlsUnavailable { reason } => {
            Failure::new(Code::TlsFailed, "Cannot set up a secure connection").why(reason).hint(
                "install the system's CA certificates, or set SSL_CERT_FILE to a file with certificates",
            )
        }
        NoAnswer::CertificatesUnusable { variable, reason } => {
            let file = if *variable == "SSL_CERT_DIR" { "directory" } else { "file" };
            Failure::new(Code::TlsFailed, format!("Cannot read the certificates in {variable}"))
                .why(reason)
                .hint(format!("set {variable} to a {file} with certificates in PEM format, or unset it to trust the system's"))
        }
        NoAnswer::KeyInvalid => {
            Failure::new(Code::NoApiKey, "The API key has characters that a header cannot have")
        }
    }
}

/// The failure of a connection that another attempt cannot make either.
fn blocked(obstacle: &Obstacle, reason: &str, error: &RequestError) -> Failure {
    let address = &error.address;
    let (code, hint) = match obstacle {
        Obstacle::UnknownAuthority => (
            Code::TlsFailed,
            "if you trust that authority, set SSL_CERT_FILE to a file with its certificate".to_owned(),
        ),
        Obstacle::CertificateDates => {
            (Code::TlsFailed, "renew the certificate, or correct this machine's clock".to_owned())
        }
        Obstacle::CertificateName => {
            (Code::TlsFailed, "use an address with a name that the certificate has".to_owned())
        }
        Obstacle::Tls => {
            (Code::TlsFailed, "check the address and its port, and the server's TLS settings".to_owned())
        }
        Obstacle::ProxyLogin(proxy) => {
            let variable = proxy.variable;
            (Code::ProxyRefused, format!("set {variable} to http://USER:PASSWORD@HOST:PORT of the proxy"))
        }
        Obstacle::ProxyRefusal(proxy) => {
            let variable = proxy.variable;
            let hint = format!(
                "check {variable}, and whether the proxy allows {address}; NO_PROXY lists hosts without it"
            );
            (Code::ProxyRefused, hint)
        }
    };
    Failure::new(code, format!("Cannot reach {address}")).why(reason).hint(hint)
}

//! The way to a backend: certificates, proxies, and servers that do not speak HTTP. What another attempt cannot change is
//! reported after one attempt, with the reason.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::harness::recordings::{self, Generation};
use super::harness::stub::{Answer, Request, Stub};
use super::harness::tls::Identity;
use super::harness::{RunOutput, User, dead_address};

const STATUS: [&str; 2] = ["payments", "status"];

/// A server on a free port of this machine.
struct Server {
    /// `127.0.0.1:PORT`
    place: String,
    connections: Arc<AtomicUsize>,
}

impl Server {
    fn start(serve: impl Fn(TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let place = listener.local_addr().expect("an address").to_string();
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counter.fetch_add(1, Ordering::SeqCst);
                serve(stream);
            }
        });
        Self { place, connections }
    }

    /// Reads the head of a request, and answers with these bytes.
    fn answering(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::start(move |mut stream| {
            read_head(&mut stream);
            let _ = stream.write_all(&bytes);
        })
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Reads up to the end of a head, so that closing the connection does not reset it.
fn read_head(stream: &mut impl Read) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// A backend that answers the status over TLS.
struct TlsBackend {
    server: Server,
    address: String,
    certificate: String,
}

impl TlsBackend {
    /// The certificate is valid for a name, from one year until another.
    fn start(name: &str, years: (i32, i32)) -> Self {
        Self::start_with(name, years, false)
    }

    fn start_with(name: &str, years: (i32, i32), wants_a_client_certificate: bool) -> Self {
        let identity = Identity::new(name, years, wants_a_client_certificate);
        let certificate = identity.pem.clone();
        let body = Generation::Newer.exchange("086-status-both").response_body.to_string();
        let server = Server::start(move |stream| {
            let mut stream = identity.accept(stream).expect("a connection");
            // A client that does not trust the certificate closes the connection during the handshake.
            if !read_head(&mut stream).is_empty() {
                let head =
                    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                let _ = stream.write_all((head + &body).as_bytes()).and_then(|()| stream.flush());
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        });
        let port = server.place.rsplit(':').next().expect("a port");
        Self { address: format!("https://localhost:{port}"), certificate, server }
    }

    /// A user who trusts the certificate.
    fn user(&self) -> User {
        let user = User::of(&self.address);
        let file = user.write("ca.pem", &self.certificate).display().to_string();
        user.with("SSL_CERT_FILE", &file)
    }
}

/// What is the same for all these errors: one attempt, and no offer to repeat it.
#[track_caller]
fn is_permanent(ran: &RunOutput, server: &Server, code: &str, words: &[&str]) {
    let error = ran.error();
    assert_eq!((ran.code, &error["code"]), (1, &code.into()), "{ran:?}");
    assert_eq!((&error["retryable"], &error["next"]), (&false.into(), &serde_json::Value::Null), "{ran:?}");
    assert_eq!(server.connections(), 1, "{ran:?}");
    for word in words {
        assert!(ran.stderr.contains(word), "it lacks {word:?}: {}", ran.stderr);
    }
    assert!(!ran.stderr.contains("run it again") && !ran.stderr.contains("try again"), "{ran:?}");
}

#[test]
fn a_certificate_that_is_not_trusted_is_reported_at_once() {
    let run = |user: User| user.run(&["payments", "status", "--json"]);
    let own = TlsBackend::start("localhost", (2000, 2999));
    // On a machine without any certificates, TLS cannot be set up.
    let other = TlsBackend::start("localhost", (2000, 2999));
    let user = User::of(&own.address);
    let file = user.write("other.pem", &other.certificate).display().to_string();
    let words = ["Cannot reach https://localhost", "an authority that is unknown to SSL_CERT_FILE", &file];
    is_permanent(&run(user.with("SSL_CERT_FILE", &file)), &own.server, "TLS_FAILED", &words);

    let expired = TlsBackend::start("localhost", (2000, 2020));
    let words = ["the certificate expired on 2020-03-04", "this machine's clock"];
    is_permanent(&run(expired.user()), &expired.server, "TLS_FAILED", &words);

    let future = TlsBackend::start("localhost", (2998, 2999));
    let words = ["the certificate is not valid before 2998-01-02"];
    is_permanent(&run(future.user()), &future.server, "TLS_FAILED", &words);

    let named = TlsBackend::start("other.example", (2000, 2999));
    let words = ["the certificate is for other.example, not for localhost"];
    is_permanent(&run(named.user()), &named.server, "TLS_FAILED", &words);

    let mutual = TlsBackend::start_with("localhost", (2000, 2999), true);
    let words = ["it requires a client certificate"];
    is_permanent(&run(mutual.user()), &mutual.server, "TLS_FAILED", &words);

    let plain = Server::start(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
    });
    let user = other.user().with("INSFORGE_BASE_URL", &format!("https://{}", plain.place));
    is_permanent(
        &run(user),
        &plain,
        "TLS_FAILED",
        &["the server's response is not TLS", "check the address and its port"],
    );
}

#[test]
fn a_certificate_is_trusted_if_its_authority_is_named() {
    let backend = TlsBackend::start("localhost", (2000, 2999));
    let user = backend.user();
    let ran = user.run(&["payments", "status", "-v"]).exits(0);
    assert!(ran.stdout.contains("acct_jtP2rWhblZ6tcCJR"), "{ran:?}");
    ran.stderr_has(&[
        "\n* no proxy\n",
        &format!("\n* certificates: 1 from SSL_CERT_FILE ({})\n", user.path("ca.pem").display()),
    ]);

    // A line break at the end, as a file with Windows line endings leaves it, is no part of the path.
    let path = format!("{}\r", user.path("ca.pem").display());
    backend.user().with("SSL_CERT_FILE", &path).run(&["payments", "status"]).exits(0);

    let user = User::of(&backend.address);
    let folder = user.path("certificates").display().to_string();
    user.write("certificates/README", "no certificate");
    user.write("certificates/own.pem", &backend.certificate);
    let ran = user.with("SSL_CERT_DIR", &format!("/nonexistent:{folder}")).run(&["payments", "status", "-v"]);
    ran.exits(0).stderr_has(&["\n* certificates: 1 from SSL_CERT_DIR (/nonexistent) and SSL_CERT_DIR ("]);
}

#[test]
fn certificates_that_cannot_be_used_are_reported_with_their_path() {
    let user = User::of("https://backend.invalid");
    let empty = user.write("empty.pem", "").display().to_string();
    let text = user.write("text.pem", "not a certificate\n").display().to_string();
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let broken = user.write("broken.pem", broken).display().to_string();
    let home = user.home.path().display().to_string();
    std::fs::create_dir(user.path("no-files")).expect("a folder");
    let no_files = user.path("no-files").display().to_string();
    for (variable, path, reason) in [
        ("SSL_CERT_FILE", "/nonexistent/ca.pem", "No such file or directory"),
        ("SSL_CERT_FILE", &*home, "Is a directory"),
        ("SSL_CERT_FILE", &*empty, "it has no certificate in PEM format"),
        ("SSL_CERT_FILE", &*text, "it has no certificate in PEM format"),
        ("SSL_CERT_FILE", &*broken, "its certificate is malformed"),
        ("SSL_CERT_DIR", "/nonexistent", "No such file or directory"),
        ("SSL_CERT_DIR", &*empty, "Not a directory"),
        ("SSL_CERT_DIR", &*no_files, "no file in it has a certificate in PEM format"),
    ] {
        let user = User::of("https://backend.invalid").with(variable, path);
        let ran = user.run(&STATUS).exits(1);
        let kind = if variable == "SSL_CERT_DIR" { "directory" } else { "file" };
        let error = format!("error: Cannot read the certificates in {variable}\n  {path}: {reason}");
        assert!(ran.stderr.starts_with(&error), "{ran:?}");
        ran.stderr_has(&[&format!(
            "hint: set {variable} to a {kind} with certificates in PEM format, or unset it"
        )]);
    }
    // An empty variable counts as unset.
    let ran = User::of("https://backend.invalid").with("SSL_CERT_FILE", "").run(&STATUS);
    assert!(!ran.stderr.contains("SSL_CERT_FILE\n"), "{ran:?}");
}

/// The file is a pipe to which nothing writes.
#[test]
fn reading_certificates_ends_at_the_deadline() {
    let user = User::of("https://backend.invalid");
    let pipe = user.path("pipe").display().to_string();
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let user = user.with("SSL_CERT_FILE", &pipe);
    let ran = user.run(&["payments", "status", "--timeout", "300ms", "--json"]).exits(8);
    assert_eq!(ran.error()["code"], "TIMED_OUT");
}

#[test]
fn an_answer_that_is_not_http_is_reported_at_once() {
    for (answer, reason) in [
        ("SSH-2.0-OpenSSH_9.2\r\n\r\n", "invalid HTTP version"),
        ("\u{15}\u{3}\u{1}\0\u{2}\u{2}(", "invalid HTTP version"),
        ("HTTP/1.1 OK\r\n\r\n", "invalid HTTP status-code"),
        ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "invalid HTTP header"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", "invalid content-length"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", "Invalid chunk size"),
    ] {
        let server = Server::answering(answer);
        let user = User::of(&format!("http://{}", server.place));
        let ran = user.run(&["payments", "status", "--json"]);
        is_permanent(&ran, &server, "RESPONSE_INVALID", &["The response is not valid HTTP", reason]);
    }
    let many = "x: 1\r\n".repeat(101);
    let long = format!("x-long: {}\r\n", "a".repeat(1 << 20));
    for headers in [many, long] {
        let server = Server::answering(format!("HTTP/1.1 200 OK\r\n{headers}\r\n"));
        let ran = User::of(&format!("http://{}", server.place)).run(&["payments", "status", "--json"]);
        let words = ["The response's headers are too large", "more than 100 headers, or more than 400 kB"];
        is_permanent(&ran, &server, "RESPONSE_INVALID", &words);
    }
}

#[test]
fn an_unfinished_write_may_have_succeeded_whatever_came_back() {
    let status = || Generation::Newer.exchange("242-status-recovered").answer();
    let update = ["payments", "products", "update", "prod_1", "--name", "x", "--json"];
    let archive = ["payments", "prices", "archive", "price_1", "--json"];
    let empty = |status| Answer::Respond { status, headers: vec![], body: vec![] };
    for answer in [
        empty(101),
        empty(300),
        empty(302),
        empty(304),
        empty(600),
        empty(999),
        Answer::Raw("nonsense\r\n\r\n"),
    ] {
        let given = answer.clone();
        let stub = Stub::start(
            move |request: &Request| {
                if request.method == "GET" { status() } else { given.clone() }
            },
        );
        let ran = User::of(&stub.address).run(&update).exits(1);
        let error = ran.error();
        assert_eq!(error["code"], "OUTCOME_UNKNOWN", "{answer:?}: {ran:?}");
        assert_eq!(error["retryable"], false);
        assert!(error["error"].as_str().expect("a text").ends_with("; the outcome is unknown"), "{ran:?}");
        assert_eq!(stub.lines().len(), 2, "{answer:?}: {:?}", stub.lines());
        // Archiving twice is the same as once, so nothing is uncertain.
        let ran = User::of(&stub.address).run(&archive).exits(1);
        assert_ne!(ran.error()["code"], "OUTCOME_UNKNOWN", "{answer:?}: {ran:?}");
    }
}

#[test]
fn an_address_that_is_too_long_is_not_sent() {
    let stub = recordings::serve_in(Generation::Newer, vec![]);
    let id = "p".repeat(70_000);
    for args in [
        &["payments", "products", "get", &id][..],
        &["payments", "products", "update", &id, "--name", "x"],
        &["payments", "subscriptions", "--subject-type", "user", "--subject-id", &id],
    ] {
        let ran = User::of(&stub.address).run(&[args, &["--json"]].concat()).exits(64);
        let error = ran.error();
        assert_eq!(error["code"], "USAGE");
        assert!(error["why"].as_str().expect("a reason").contains("can have at most 65,534"), "{ran:?}");
        assert!(ran.stderr.len() < 1000, "{}", ran.stderr.len());
    }
    let sent = stub.lines();
    assert!(sent.iter().all(|line| line.ends_with("/status")), "{}", sent.len());

    // One that can be sent, but that the backend refuses: Node.js reads at most 16 KiB of headers.
    let refusing = Stub::start(|_| Answer::Respond { status: 431, headers: vec![], body: vec![] });
    let ran =
        User::of(&refusing.address).run(&["payments", "products", "get", &id[..20_000], "--json"]).exits(1);
    assert_eq!((&ran.error()["status"], refusing.lines().len()), (&431.into(), 1), "{ran:?}");
    assert!(ran.stderr.len() < 1000, "{}", ran.stderr.len());

    let address = format!("https://{id}.example.com");
    let ran = User::of(&address).run(&["payments", "status", "--json"]).exits(64);
    assert_eq!(ran.error()["code"], "ADDRESS_INVALID");
    assert!(ran.stderr.len() < 1000, "{ran:?}");
    let user = User::new().with("INSFORGE_API_KEY", super::harness::KEY);
    user.run(&["payments", "status", "--api-url", &address]).exits(64);
}

#[test]
fn a_proxy_that_refuses_is_reported_at_once() {
    for (head, credentials, words) in [
        ("403 Forbidden", "", &["it does not connect to the backend", "NO_PROXY"][..]),
        ("407 Proxy Authentication Required", "", &["it requires a user name and a password"]),
        ("407 Proxy Authentication Required", "me:hush4hush@", &["it refuses the user name or password"]),
        ("405 Method Not Allowed", "", &["its answer to CONNECT is not 200"]),
    ] {
        let server = Server::answering(format!("HTTP/1.1 {head}\r\ncontent-length: 0\r\n\r\n"));
        let proxy = format!("http://{credentials}{}", server.place);
        let user = User::of("https://backend.invalid").with("HTTPS_PROXY", &proxy);
        let ran = user.run(&["payments", "status", "--json"]);
        assert!(!ran.stderr.contains("hush4hush"), "{ran:?}");
        let masked = if credentials.is_empty() { "" } else { "****@" };
        let through = format!("through the proxy http://{masked}{}, from HTTPS_PROXY: ", server.place);
        is_permanent(&ran, &server, "PROXY_REFUSED", &[&[&*through], words].concat());
    }
}

#[test]
fn a_proxy_that_is_down_is_named() {
    let user = User::of("https://backend.invalid").with("ALL_PROXY", &dead_address());
    let ran = user.run(&["payments", "status", "--json", "--retries", "1"]).exits(8);
    let why = ran.error()["why"].as_str().expect("a reason").to_owned();
    assert!(why.starts_with("through the proxy http://127.0.0.1:1, from ALL_PROXY: "), "{why}");
    assert!(why.contains("refused"), "{why}");
}

#[test]
fn verbose_names_the_proxy_and_hides_its_password() {
    let server = Server::answering("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
    let user = User::of("https://backend.invalid")
        .with("https_proxy", &format!("http://me:hush4hush@{}", server.place));
    let ran = user.run(&["payments", "status", "-vv"]).exits(1);
    assert!(!ran.stderr.contains("hush4hush"), "{ran:?}");
    ran.stderr_has(&[
        &format!("\n* proxy http://****@{}, from https_proxy\n", server.place),
        "\n* certificates: the system's\n",
    ]);
    let ran = user.with("NO_PROXY", ".invalid").run(&["payments", "status", "-v", "--retries", "0"]).exits(8);
    ran.stderr_has(&["\n* no proxy, because NO_PROXY has the backend's host\n"]);
    assert_eq!(server.connections(), 1);
}

/// Values that the table in the unit test has are not repeated here.
#[test]
fn a_malformed_proxy_is_a_usage_error_and_not_a_direct_connection() {
    let backend = TlsBackend::start("localhost", (2000, 2999));
    let plain = recordings::serve_in(Generation::Newer, vec![]);
    for variable in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy"] {
        for value in ["http://me:hush4hush@127.0.0.1:99999", " ", "http://127.0.0.1:3128\r", "http://a b:1"] {
            let user = backend.user().with(variable, value);
            let ran = user.run(&STATUS).exits(64);
            let error = format!("error: {variable} is not the address of a proxy\n");
            assert!(ran.stderr.starts_with(&error), "{value:?}: {ran:?}");
            assert!(!ran.stderr.contains("hush4hush") && ran.stderr.contains("hint: set "), "{ran:?}");
            User::of(&plain.address).with(variable, value).run(&STATUS).exits(64);
        }
        // An empty variable counts as unset.
        backend.user().with(variable, "").run(&STATUS).exits(0);
    }
    // Every command that reaches a backend.
    let login = ["login", "--api-url", &backend.address, "--api-key-stdin"];
    let user = backend.user().with("HTTPS_PROXY", "http://127.0.0.1:x");
    user.run_with_stdin(&login, super::harness::KEY).exits(64);
    for args in [&["payments", "doctor"][..], &["current"], &["payments", "sync"]] {
        user.run(args).exits(64).stderr_has(&["error: HTTPS_PROXY is not the address of a proxy"]);
    }
    user.without("HTTPS_PROXY")
        .with("ALL_PROXY", "socks5://127.0.0.1:1080")
        .run(&STATUS)
        .exits(64)
        .stderr_has(&["its scheme is socks5; only http and https are supported"]);
    assert_eq!(plain.lines().len(), 0);
    assert_eq!(backend.server.connections(), 6);
}

//! Clients that misuse the server: for other hosts, too slow, too much, or not HTTP.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use insforge_sandbox::{API_KEY, Host, Options, PUBLIC_URL, Sandbox};
use serde_json::Value;

/// Longer than any step takes.
const PATIENCE: Duration = Duration::from_secs(20);
/// The time limit of the server in the tests that wait for it.
const TIME_LIMIT: Duration = Duration::from_secs(1);

const PRODUCTS: &str = "/api/payments/stripe/test/catalog/products";

fn start(options: Options) -> Sandbox {
    options.spawn().expect("a sandbox")
}

fn connect(sandbox: &Sandbox) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", sandbox.port())).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
    stream
}

/// Reads until the server closes the connection.
fn read_all(mut stream: TcpStream) -> String {
    let mut response = Vec::new();
    if let Err(error) = stream.read_to_end(&mut response) {
        // The server may close a connection before it has read everything.
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "the connection stays open: {error}");
    }
    String::from_utf8_lossy(&response).into_owned()
}

/// Sends bytes. Returns everything that the server sends until it closes the connection.
fn send(sandbox: &Sandbox, bytes: &str) -> String {
    let mut stream = connect(sandbox);
    stream.write_all(bytes.as_bytes()).expect("the bytes are sent");
    read_all(stream)
}

/// The status of the first response.
fn status(response: &str) -> u16 {
    let status = response.strip_prefix("HTTP/1.1 ").or(response.strip_prefix("HTTP/1.0 "));
    let status = status.and_then(|rest| rest.get(..3)?.parse().ok());
    status.unwrap_or_else(|| panic!("this is not a response: {response:?}"))
}

fn count_products(sandbox: &Sandbox) -> usize {
    let list = send(
        sandbox,
        &format!(
            "GET {PRODUCTS} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {API_KEY}\r\nConnection: close\r\n\r\n"
        ),
    );
    let (_, body) = list.split_once("\r\n\r\n").expect("a body");
    let body: Value = serde_json::from_str(body).expect("JSON");
    body["products"].as_array().expect("products").len()
}

/// A request to create a product.
fn create(host: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {PRODUCTS} HTTP/1.1\r\n{host}Authorization: Bearer {API_KEY}\r\nContent-Type: application/json\r\n\
         Connection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    )
}

#[test]
fn requests_for_other_hosts_are_refused_and_change_nothing() {
    let fault = "* *: 503 x1".parse().expect("a fault");
    let sandbox = start(Options::new().fault(fault));
    for (hosts, expected) in [
        ("Host: evil.example\r\n", 421),
        ("Host: evil.example:7130\r\n", 421),
        ("Host: localhost.evil.example\r\n", 421),
        ("Host: 127.0.0.1.nip.io\r\n", 421),
        ("Host: 192.168.0.1\r\n", 421),
        ("Host: 0.0.0.0\r\n", 421),
        ("", 400),
        ("Host:\r\n", 400),
        ("Host: user@localhost\r\n", 400),
        ("Host: localhost\r\nHost: evil.example\r\n", 400),
        ("Host: localhost\r\nHost: localhost\r\n", 400),
        ("Host: localhost, evil.example\r\n", 400),
        ("Host: [::1\r\n", 400),
        ("Host: l\u{f6}calhost\r\n", 400),
    ] {
        let response = send(&sandbox, &create(hosts, "", "{\"name\": \"X\"}"));
        assert_eq!(status(&response), expected, "{hosts}{response}");
        if expected == 421 {
            assert!(response.contains("\"error\":\"HOST_NOT_ALLOWED\""), "{response}");
            assert!(response.contains("start the sandbox with --allow-host "), "{response}");
        }
    }
    // The host in the request line counts, too.
    for (target, expected) in
        [("http://evil.example/api/health", 421), ("http://localhost@evil.example/api/health", 400)]
    {
        let request = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        assert_eq!(status(&send(&sandbox, &request)), expected, "{target}");
    }
    let tunnel =
        send(&sandbox, "CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert_eq!(status(&tunnel), 421);
    // A refused request uses up no fault.
    assert_eq!(sandbox.unused_faults(), ["* *: 503 x1"]);
    let health = "GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(status(&send(&sandbox, health)), 503);
    assert_eq!(count_products(&sandbox), 4);
}

#[test]
fn requests_for_this_machine_and_for_allowed_hosts_are_accepted() {
    let allowed = ["host.docker.internal", "192.168.0.7"].map(|host| host.parse::<Host>().expect("a host"));
    let sandbox = start(allowed.into_iter().fold(Options::new().public_url(PUBLIC_URL), Options::allow_host));
    let health = |host: &str| {
        let request = format!("GET /api/health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        status(&send(&sandbox, &request))
    };
    for host in [
        "localhost",
        "LOCALHOST:80",
        "shop.localhost.",
        "127.0.0.1:7130",
        "127.1.2.3",
        "[::1]:7130",
        "host.docker.internal:7130",
        "Host.Docker.Internal",
        "192.168.0.7",
        "shop.us-east.insforge.example",
    ] {
        assert_eq!(health(host), 200, "{host}");
    }
    for host in ["docker.internal", "x.host.docker.internal", "192.168.0.8", "insforge.example"] {
        assert_eq!(health(host), 421, "{host}");
    }
    // HTTP/1.0 has no `Host`, and browsers do not use it.
    assert_eq!(status(&send(&sandbox, "GET /api/health HTTP/1.0\r\n\r\n")), 200);
    let absolute = "GET http://localhost/api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(status(&send(&sandbox, absolute)), 200);
}

/// A request that a web page of another origin sends, with or without the key.
fn from_web_page(method: &str, path: &str, key: &str) -> String {
    let body = if method == "POST" { "{\"name\":\"X\"}" } else { "" };
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://page.example\r\nContent-Type: text/plain\r\n\
         {key}Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization\r\n\
         Connection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

/// The names of the headers that tell a browser who can read the response.
fn cors_headers(response: &str) -> Vec<String> {
    let head = response.split("\r\n\r\n").next().unwrap_or_default().to_lowercase();
    let names = head.lines().filter_map(|line| Some(line.split_once(':')?.0.to_owned()));
    names.filter(|name| name.starts_with("access-control-")).collect()
}

/// Applications are web pages, so the backend lets every origin use its API, with a key. Nobody needs the control routes
/// in a web page. They send no such headers, so a browser refuses every request to them that needs a preflight or whose
/// response is read.
#[test]
fn web_pages_of_other_origins_can_use_the_api_but_not_the_control_routes() {
    let sandbox = start(Options::new());
    let key = format!("Authorization: Bearer {API_KEY}\r\n");
    for method in ["OPTIONS", "GET", "POST"] {
        let response = send(&sandbox, &from_web_page(method, PRODUCTS, ""));
        assert!(
            response.to_lowercase().contains("\r\naccess-control-allow-origin: https://page.example\r\n")
        );
        assert_eq!(status(&response), if method == "OPTIONS" { 204 } else { 401 }, "{response}");
        for path in [
            "/sandbox/status",
            "/sandbox",
            "/Sandbox/pay",
            "//sandbox/pay/",
            "/%73andbox/pay",
            "/s%61ndbox/advance?to=x",
        ] {
            for key in ["", &key] {
                let response = send(&sandbox, &from_web_page(method, path, key));
                assert_eq!(cors_headers(&response), [""; 0], "{method} {path}: {response}");
            }
        }
    }
    // A page whose host name leads to this machine (DNS rebinding) learns nothing either.
    let rebound = from_web_page("OPTIONS", PRODUCTS, "").replace("Host: 127.0.0.1", "Host: page.example");
    let response = send(&sandbox, &rebound);
    assert_eq!((status(&response), cors_headers(&response)), (421, Vec::new()), "{response}");
    // A request without an origin is not from a web page.
    let health = "GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(cors_headers(&send(&sandbox, health)), [""; 0]);
    assert_eq!(count_products(&sandbox), 4);
}

/// The status of a fault can be read in a web page, because the application would otherwise see only a failed request.
#[test]
fn web_pages_can_read_the_responses_of_faults() {
    let sandbox = start(Options::new().fault("GET *: 503".parse().expect("a fault")));
    let response = send(&sandbox, &from_web_page("GET", PRODUCTS, ""));
    assert_eq!(status(&response), 503);
    assert!(cors_headers(&response).contains(&"access-control-allow-origin".to_owned()), "{response}");
}

#[test]
fn a_head_or_body_that_does_not_come_in_time_ends_the_connection() {
    let sandbox = &start(Options::new().time_limit(TIME_LIMIT));
    let body = create("Host: localhost\r\n", "", "{\"name\": \"Late\"}");
    let chunked = body.replace("Content-Length: 16", "Transfer-Encoding: chunked");
    let (half, _) = body.split_at(body.find("\"Late").expect("the name"));
    let (chunked, _) = chunked.split_at(chunked.find("{\"name").expect("the body"));
    let half_a_chunk = format!("{chunked}3\r\n{{\"n");
    std::thread::scope(|scope| {
        for (sent, expected) in [
            ("", None),
            ("GET /api/hea", None),
            ("GET /api/health HTTP/1.1\r\nHost: localhost\r\nX-Long: ", None),
            (half, Some(408)),
            (chunked, Some(408)),
            (&half_a_chunk, Some(408)),
        ] {
            scope.spawn(move || {
                let (started, mut stream) = (Instant::now(), connect(sandbox));
                stream.write_all(sent.as_bytes()).expect("the bytes are sent");
                let response = read_all(stream);
                assert_eq!((!response.is_empty()).then(|| status(&response)), expected, "{sent}: {response}");
                assert!(started.elapsed() >= TIME_LIMIT, "too early: {:?}: {sent}", started.elapsed());
            });
            // The limit is for the whole head or body, however often something arrives.
            scope.spawn(move || {
                let (started, mut stream) = (Instant::now(), connect(sandbox));
                stream.write_all(sent.as_bytes()).expect("the bytes are sent");
                stream.set_read_timeout(Some(TIME_LIMIT / 20)).expect("a timeout");
                let more: &[u8] = if sent.is_empty() { b"G" } else { b"1" };
                while !is_closed(&stream) && stream.write_all(more).is_ok() {
                    assert!(started.elapsed() < PATIENCE, "the connection stays open: {sent}");
                }
            });
        }
    });
    assert_eq!(count_products(sandbox), 4);
}

/// Waits for a moment. Returns whether the server has sent something or closed the connection.
fn is_closed(stream: &TcpStream) -> bool {
    match stream.peek(&mut [0]) {
        Ok(_) => true,
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

#[test]
fn an_idle_connection_is_closed() {
    let sandbox = start(Options::new().time_limit(TIME_LIMIT));
    let response = send(&sandbox, "GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(status(&response), 200);
}

#[test]
fn a_client_that_does_not_read_its_responses_is_disconnected() {
    let sandbox = start(Options::new().time_limit(TIME_LIMIT));
    // The response quotes the value, and is larger than the buffers of the connection.
    let value = "x".repeat(1 << 20);
    let body = format!(
        "{{\"productId\": \"p\", \"currency\": \"usd\", \"unitAmount\": 1, \"taxBehavior\": \"{value}\"}}"
    );
    let request = create("Host: localhost\r\n", "", &body)
        .replace("/products ", "/prices ")
        .replace("Connection: close\r\n", "");
    let mut stream = connect(&sandbox);
    let requests = request.repeat(30);
    // The server stops reading, and then closes the connection.
    let mut sent = stream.write_all(requests.as_bytes());
    let started = Instant::now();
    while sent.is_ok() {
        assert!(started.elapsed() < PATIENCE, "the server waits for this client");
        std::thread::sleep(Duration::from_millis(5));
        sent = stream.write_all(b"\r\n");
    }
    let error = sent.expect_err("a closed connection");
    assert!(matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{error}");
}

#[test]
fn a_delay_can_be_longer_than_the_time_limit() {
    let fault = "GET /api/health: delay 2s".parse().expect("a fault");
    let sandbox = start(Options::new().fault(fault).time_limit(TIME_LIMIT));
    let request = "GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(status(&send(&sandbox, request)), 200);
}

#[test]
fn a_body_that_is_not_complete_changes_nothing() {
    let sandbox = start(Options::new());
    let request = create("Host: localhost\r\n", "", "{\"name\": \"Half\"}");
    let chunked = request.replace("Content-Length: 16\r\n", "Transfer-Encoding: chunked\r\n");
    let (chunked_head, _) = chunked.split_once("\r\n\r\n").expect("a head");
    for body in [
        "10\r\n{\"name\": \"Half\"}\r\nXYZ\r\n",
        "10\r\n{\"name\": \"Half\"}\r\n",
        "FFFFFFFFFFFFFFFFF\r\n{",
        "-1\r\n{}",
    ] {
        let mut stream = connect(&sandbox);
        stream.write_all(format!("{chunked_head}\r\n\r\n{body}").as_bytes()).expect("the bytes are sent");
        stream.shutdown(Shutdown::Write).expect("the end of the body");
        let response = read_all(stream);
        assert!(response.is_empty() || status(&response) == 400, "{body}: {response}");
    }
    let mut stream = connect(&sandbox);
    let longer = request.replace("Content-Length: 16\r\n", "Content-Length: 17\r\n");
    stream.write_all(longer.as_bytes()).expect("the bytes are sent");
    stream.shutdown(Shutdown::Write).expect("the end of the body");
    let response = read_all(stream);
    assert!(response.is_empty() || status(&response) == 400, "{response}");
    assert_eq!(count_products(&sandbox), 4);
}

#[test]
fn what_is_not_http_gets_an_error_and_changes_nothing() {
    let sandbox = start(Options::new());
    let header = "X-Header: x\r\n".repeat(101);
    let long = "x".repeat(70_000);
    let get = "GET /api/health HTTP/1.1\r\nHost: localhost\r\n";
    let conflict = create("Host: localhost\r\n", "Content-Length: 3\r\n", "{\"name\": \"X\"}");
    let both = create("Host: localhost\r\n", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n");
    for (request, expected) in [
        ("\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}".to_owned(), 400),
        ("GET /api/health HTTP/9.9\r\nHost: localhost\r\n\r\n".to_owned(), 400),
        ("GET\r\n\r\n".to_owned(), 400),
        (format!("{get}{header}\r\n"), 431),
        (format!("{get}X-Long: {long}\r\n\r\n"), 431),
        (format!("GET /{long} HTTP/1.1\r\nHost: localhost\r\n\r\n"), 431),
        (format!("{get}Content-Length: 5x\r\n\r\n"), 400),
        (format!("{get}Content-Length: -5\r\n\r\n"), 400),
        (format!("{get}Content-Length: 99999999999999999999\r\n\r\n"), 400),
        (format!("{get}Transfer-Encoding: gzip\r\n\r\n"), 400),
        (conflict, 400),
    ] {
        let response = send(&sandbox, &request);
        let shown: String = request.chars().take(80).collect();
        assert_eq!(status(&response), expected, "{shown:?}: {response}");
    }
    // HTTP/2 has no responses that a server of HTTP/1.1 could send.
    assert_eq!(send(&sandbox, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "");
    // Only the chunks count then, so nothing is left over that looks like a second request.
    let response = send(&sandbox, &both);
    assert!(response.is_empty() || response.matches("HTTP/1.1").count() == 1, "{response}");
    assert_eq!(count_products(&sandbox), 4);
}

#[test]
fn every_method_and_pipelined_requests_get_a_response() {
    let sandbox = start(Options::new());
    for (method, expected) in
        [("HEAD", 200), ("OPTIONS", 204), ("TRACE", 404), ("DELETE", 404), ("BREW", 404), ("CONNECT", 404)]
    {
        let target = if method == "CONNECT" { "localhost:80" } else { "/api/health" };
        let response = send(
            &sandbox,
            &format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
        );
        assert_eq!(status(&response), expected, "{method}: {response}");
        let body = response.split_once("\r\n\r\n").expect("a head").1;
        assert_eq!(body.is_empty(), ["HEAD", "OPTIONS"].contains(&method), "{method}: {response}");
    }
    let one = "GET /api/health HTTP/1.1\r\nHost: localhost\r\n";
    let two = format!("{one}\r\n{one}Connection: close\r\n\r\n");
    assert_eq!(send(&sandbox, &two).matches("HTTP/1.1 200 OK").count(), 2);
    // The body comes only after the server has asked for it.
    let mut stream = connect(&sandbox);
    let request = create("Host: localhost\r\n", "Expect: 100-continue\r\n", "{\"name\": \"Asked\"}");
    let (head, body) = request.split_at(request.find("{\"name").expect("a body"));
    stream.write_all(head.as_bytes()).expect("the head is sent");
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).expect("an interim response");
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(body.as_bytes()).expect("the body is sent");
    assert_eq!(status(&read_all(stream)), 201);
}

#[test]
fn responses_name_the_sandbox_and_its_purpose() {
    let sandbox = start(Options::new());
    let health = "GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let response = send(&sandbox, health);
    let expected =
        format!("\r\nserver: insforge-sandbox/{} (for development only)\r\n", env!("CARGO_PKG_VERSION"));
    assert!(response.contains(&expected), "{response}");
}

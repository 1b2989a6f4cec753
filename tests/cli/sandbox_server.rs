//! The sandbox's server: the hosts it answers for, and what its clients can use. The tests of the `insforge-sandbox`
//! package have its time limits.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread;
use std::time::Duration;
#[cfg(target_os = "linux")]
use std::time::Instant;

use serde_json::{Value, json};

use super::harness::running::Running;
use super::harness::{RunOutput, User, finish};

/// Longer than any step takes.
const PATIENCE: Duration = Duration::from_secs(20);

const BINARY: &str = env!("CARGO_BIN_EXE_insforge");

/// Starts `sandbox serve` with its state in the user's home. Returns it and its port.
fn serve(user: &User, options: &[&str]) -> (Running, u16) {
    let serving = Running::start(user, &[&["sandbox", "serve", "--json"], options].concat());
    let shown: Value = serde_json::from_str(&serving.stdout.read_until("}")).expect("JSON");
    let port = shown["url"].as_str().and_then(|url| url.rsplit(':').next()?.parse().ok());
    (serving, port.expect("a port"))
}

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
    stream
}

/// Sends a request. Returns the response.
fn send(mut stream: TcpStream, request: &[u8]) -> String {
    let _ = stream.write_all(request);
    let mut response = Vec::new();
    let _ = stream.read_to_end(&mut response);
    String::from_utf8_lossy(&response).into_owned()
}

fn health(port: u16, host: &str) -> String {
    let request = format!("GET /api/health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    send(connect(port), request.as_bytes())
}

/// A tunnel that sends requests to a port of this machine, with the host that it has on the internet.
fn tunnel(port: u16, host: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let (own_host, host) = (format!("host: {address}\r\n"), format!("host: {host}\r\nconnection: close\r\n"));
    thread::spawn(move || {
        for client in listener.incoming() {
            let Ok(mut client) = client else { return };
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                if client.read(&mut byte).unwrap_or(0) == 0 {
                    break;
                }
                head.push(byte[0]);
            }
            let head = String::from_utf8_lossy(&head).replace(&own_host, &host);
            let _ = client.write_all(send(connect(port), head.as_bytes()).as_bytes());
        }
    });
    format!("http://{address}")
}

#[test]
fn requests_for_other_hosts_need_allow_host() {
    let user = User::new();
    let (_serving, port) = serve(&user, &[]);
    for host in ["localhost", "127.0.0.1:80", "[::1]", "shop.localhost"] {
        assert!(health(port, host).starts_with("HTTP/1.1 200 "), "{host}");
    }
    // A page at this address has made its name lead to this machine.
    let refused = health(port, &format!("evil.example:{port}"));
    assert!(refused.starts_with("HTTP/1.1 421 "), "{refused}");
    let body: Value = serde_json::from_str(refused.split_once("\r\n\r\n").expect("a body").1).expect("JSON");
    assert_eq!(
        body,
        json!({
            "error": "HOST_NOT_ALLOWED",
            "message": "The sandbox does not accept requests for the host evil.example",
            "statusCode": 421,
            "nextActions": "If you trust this host, start the sandbox with --allow-host evil.example",
        })
    );
    let options =
        ["--allow-host", "evil.example", "--allow-host", "10.0.0.7", "--public-url", "https://shop.example"];
    let (_serving, port) = serve(&user, &[&options[..], &["--state", "other.json"]].concat());
    for host in ["evil.example", "10.0.0.7", "shop.example"] {
        assert!(health(port, host).starts_with("HTTP/1.1 200 "), "{host}");
    }
    assert!(health(port, "www.shop.example").starts_with("HTTP/1.1 421 "));
}

#[test]
fn a_command_through_a_tunnel_names_the_option_to_use() {
    let user = User::new();
    let (_serving, port) = serve(&user, &[]);
    let status = |port: u16| -> RunOutput {
        let visitor = User::new()
            .with("INSFORGE_BASE_URL", &tunnel(port, "abc.tunnel.example"))
            .with("INSFORGE_API_KEY", "ik_sandbox");
        visitor.run(&["payments", "status"])
    };
    status(port).exits(1).stderr_has(&[
        "error: The sandbox does not accept requests for the host abc.tunnel.example\n",
        "answered 421 HOST_NOT_ALLOWED",
        "hint: If you trust this host, start the sandbox with --allow-host abc.tunnel.example\n",
    ]);
    let options = ["--allow-host", "abc.tunnel.example", "--state", "other.json"];
    let (_serving, port) = serve(&user, &options);
    status(port).exits(0);
    let explained = user.run(&["explain", "HOST_NOT_ALLOWED"]).exits(0).stdout;
    assert!(explained.contains("--allow-host"), "{explained}");
}

#[test]
fn an_allowed_host_is_a_name_without_other_parts() {
    let user = User::new();
    for (host, text) in [
        ("https://shop.example", "without a scheme, a port or a path"),
        ("shop.example:7130", "without a scheme, a port or a path"),
        ("shop.example/x", "without a scheme, a port or a path"),
        ("", "expected a host name such as `host.docker.internal`"),
        ("*.tunnel.example", "patterns with `*` are not supported"),
    ] {
        for command in [&["serve"][..], &["exec"]] {
            let args = [&["sandbox"], command, &["--allow-host", host, "--", "true"]].concat();
            let args = if command == ["serve"] { &args[..4] } else { &args[..] };
            user.run(args).exits(64).stderr_has(&[text]);
        }
    }
    let mut command = Command::new(BINARY);
    command.args(["sandbox", "exec", "--allow-host", "shop.example", "--", BINARY, "payments", "status"]);
    command.env_clear().envs(user.environment());
    finish(command, "").exits(0);
}

#[test]
fn serve_says_that_it_is_for_development() {
    let user = User::new();
    let serving = Running::start(&user, &["sandbox", "serve"]);
    let said = serving.stderr.read_until("Press Ctrl-C to stop it.");
    assert!(said.starts_with("The sandbox is running. It is for development only: "), "{said}");
    for args in [&["sandbox", "serve", "--help"][..], &["help", "sandbox", "serve"]] {
        assert!(user.run(args).exits(0).stdout.contains("for development only"));
    }
}

/// The number of files that a process has open, and its memory in bytes.
#[cfg(target_os = "linux")]
fn resources(process: u32) -> (usize, usize) {
    let files = std::fs::read_dir(format!("/proc/{process}/fd")).expect("the files").count();
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("the status");
    let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = memory.and_then(|memory| memory.split_whitespace().next()?.parse::<usize>().ok());
    (files, kilobytes.expect("a size") * 1024)
}

/// Waits until the process has at most this many files open.
#[cfg(target_os = "linux")]
#[track_caller]
fn wait_for_files(process: u32, most: usize) {
    let started = Instant::now();
    while resources(process).0 > most {
        assert!(started.elapsed() < PATIENCE, "{:?} instead of {most} files", resources(process).0);
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn at_most_512_connections_are_open_and_the_others_wait() {
    let user = User::new();
    let (serving, port) = serve(&user, &[]);
    let process = serving.child.id();
    let before = resources(process).0;
    // These clients never finish their requests.
    let stalled: Vec<TcpStream> = (0..600)
        .map(|_| {
            let mut stream = connect(port);
            stream.write_all(b"GET /api/health HTTP/1.1\r\nHo").expect("the bytes are sent");
            stream
        })
        .collect();
    let mut waiting = connect(port);
    waiting
        .write_all(b"GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .expect("the request is sent");
    let started = Instant::now();
    while resources(process).0 < before + 512 {
        assert!(started.elapsed() < PATIENCE, "{} connections", resources(process).0 - before);
        thread::sleep(Duration::from_millis(5));
    }
    waiting.set_read_timeout(Some(Duration::from_millis(100))).expect("a timeout");
    assert!(waiting.read(&mut [0]).is_err(), "there is no connection left for this client");
    assert_eq!(resources(process).0, before + 512);
    drop(stalled);
    waiting.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    assert!(send(waiting, b"").starts_with("HTTP/1.1 200 "));
    wait_for_files(process, before);
}

/// 600 clients that keep their connections do not exclude each other.
#[test]
fn clients_that_keep_their_connections_leave_room_for_others() {
    let user = User::new();
    let (_serving, port) = serve(&user, &[]);
    let mut clients: Vec<TcpStream> = (0..600).map(|_| connect(port)).collect();
    for client in &mut clients {
        client
            .write_all(b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .expect("the request is sent");
    }
    // Later clients get a response while the earlier ones still have their connections.
    for client in clients.iter_mut().rev() {
        let mut start = [0; 12];
        client.read_exact(&mut start).expect("a response");
        assert_eq!(&start, b"HTTP/1.1 200");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn files_and_memory_are_given_back() {
    let user = User::new();
    let (serving, port) = serve(&user, &[]);
    let process = serving.child.id();
    let answer_to = |body: &[u8]| {
        let head = format!(
            "POST /api/payments/stripe/test/catalog/products HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Authorization: Bearer ik_sandbox\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        send(connect(port), &[head.as_bytes(), body].concat())
    };
    let of_length = |length: usize| format!("{{\"name\": \"{}\"}}", "n".repeat(length));
    assert!(answer_to(b"{\"name\": \"Mug\"}").starts_with("HTTP/1.1 201 "));
    let (files, memory) = resources(process);
    let huge = of_length(99 << 20);
    assert!(answer_to(huge.as_bytes()).contains("request entity too large"));
    let many = format!("[{}0]", "0,".repeat(1_000_000));
    assert!(answer_to(many.as_bytes()).contains("request entity too large"));
    let zeros = format!("[{}0]", "0,".repeat(19_000));
    let large = of_length(1 << 20);
    thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| assert!(answer_to(zeros.as_bytes()).starts_with("HTTP/1.1 400 ")));
            scope.spawn(|| assert!(answer_to(large.as_bytes()).contains("must be at most 250 characters")));
        }
    });
    for number in 0..1000 {
        let mut stream = connect(port);
        let sent: &[&[u8]] =
            &[b"", b"GET", b"\x16\x03\x01\x02\x00", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n{"];
        let _ = stream.write_all(sent[number % sent.len()]);
    }
    wait_for_files(process, files);
    let grown = resources(process).1.saturating_sub(memory);
    assert!(grown < 32 << 20, "{} MB were not given back", grown >> 20);
    assert!(answer_to(b"{\"name\": \"Cup\"}").starts_with("HTTP/1.1 201 "));
}

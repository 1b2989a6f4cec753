//! A backend on a free port of this machine, with the answers of a test. It records the requests.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::shutdown::Shutdown;

/// A received request.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// Path and query.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// `GET /api/…`
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.target)
    }
}

/// The backend's reaction to a request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A complete response.
    Respond { status: u16, headers: Vec<(String, String)>, body: Vec<u8> },
    /// Closes the connection without a response.
    Drop,
    /// Sends these bytes, and closes the connection.
    Raw(&'static str),
    /// Announces the length of the body, and closes the connection after half of it.
    Cut { body: Vec<u8> },
    /// Sends this many bytes of one long JSON string, in chunks, without a length.
    Flood { bytes: usize },
    /// Announces this many bytes, and sends none.
    Announce { bytes: usize },
    /// The request is not in the recordings: the client gets an error, and the test fails.
    Unrecorded,
    /// Closes the connection without a response, and stops listening.
    Gone,
    /// Reacts after a delay.
    Late { after: Duration, then: Box<Answer> },
}

impl Answer {
    pub fn json(status: u16, body: &str) -> Self {
        Self::with(status, "application/json; charset=utf-8", body)
    }

    pub fn html(status: u16, body: &str) -> Self {
        Self::with(status, "text/html; charset=utf-8", body)
    }

    /// The backend's own error.
    pub fn refusal(status: u16, code: &str, message: &str) -> Self {
        let body = serde_json::json!({"error": code, "message": message, "statusCode": status});
        Self::json(status, &body.to_string())
    }

    pub fn with(status: u16, kind: &str, body: &str) -> Self {
        let headers = vec![("content-type".to_owned(), kind.to_owned())];
        Self::Respond { status, headers, body: body.as_bytes().to_vec() }
    }

    pub fn header(self, name: &str, value: &str) -> Self {
        match self {
            Self::Respond { status, mut headers, body } => {
                headers.push((name.to_owned(), value.to_owned()));
                Self::Respond { status, headers, body }
            }
            other => other,
        }
    }
}

/// A running backend. It stops when the test ends.
pub struct Stub {
    pub address: String,
    requests: Arc<Mutex<Vec<Request>>>,
    connections: Arc<AtomicUsize>,
    unrecorded: Arc<Mutex<Vec<String>>>,
}

impl Drop for Stub {
    fn drop(&mut self) {
        if !thread::panicking() {
            let unrecorded = self.unrecorded.lock().expect("a lock");
            assert!(unrecorded.is_empty(), "requests that are not in the recordings: {unrecorded:?}");
        }
    }
}

impl Stub {
    /// Starts a backend with these answers.
    pub fn start(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        Self::start_with_hangups(|_| false, answer)
    }

    /// Starts a backend that closes the connection after the head of some requests. Their bodies are not read, so the
    /// connection is reset.
    pub fn start_with_hangups(
        hangs_up: impl Fn(&Request) -> bool + Send + Sync + 'static,
        answer: impl Fn(&Request) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::start_on(TcpListener::bind("127.0.0.1:0").expect("a free port"), hangs_up, answer)
    }

    /// Starts a backend at the address of one that is gone.
    pub fn restart_at(address: &str, answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let place = address.trim_start_matches("http://");
        Self::start_on(TcpListener::bind(place).expect("the same port"), |_| false, answer)
    }

    fn start_on(
        listener: TcpListener,
        hangs_up: impl Fn(&Request) -> bool + Send + Sync + 'static,
        answer: impl Fn(&Request) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let unrecorded = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&requests);
        let missing = Arc::clone(&unrecorded);
        let hangs_up = Arc::new(hangs_up);
        let answer = Arc::new(move |request: &Request| {
            let answer = answer(request);
            if matches!(answer, Answer::Unrecorded) {
                missing.lock().expect("a lock").push(request.line());
            }
            answer
        });
        let shutdown = Arc::new(Shutdown::default());
        let connections = Arc::new(AtomicUsize::new(0));
        let accepted = Arc::clone(&connections);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if shutdown.is_requested() {
                    break;
                }
                accepted.fetch_add(1, Ordering::Relaxed);
                let (log, hangs_up, answer) = (Arc::clone(&log), Arc::clone(&hangs_up), Arc::clone(&answer));
                let shutdown = Arc::clone(&shutdown);
                // A client may disconnect at any time.
                thread::spawn(move || {
                    drop(serve(stream, &log, hangs_up.as_ref(), answer.as_ref(), &shutdown));
                });
            }
            drop(listener);
            shutdown.set_closed();
        });
        Self { address, requests, connections, unrecorded }
    }

    /// Starts a backend that gives these answers in this order, and repeats the last one.
    pub fn in_order(answers: Vec<Answer>) -> Self {
        let position = Mutex::new(0);
        Self::start(move |_| {
            let mut position = position.lock().expect("a lock");
            let answer = answers[(*position).min(answers.len() - 1)].clone();
            *position += 1;
            answer
        })
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("a lock").clone()
    }

    /// The number of connections so far.
    #[cfg_attr(not(feature = "sandbox"), allow(dead_code, reason = "the tests that use it need a sandbox"))]
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// The first line of each request so far.
    pub fn lines(&self) -> Vec<String> {
        self.requests().iter().map(Request::line).collect()
    }
}

/// An address at which nothing listens. No other test can listen there, because the port is below 1024.
pub fn dead_address() -> String {
    "http://127.0.0.1:1".to_owned()
}

fn serve(
    stream: TcpStream,
    log: &Mutex<Vec<Request>>,
    hangs_up: &dyn Fn(&Request) -> bool,
    answer: &dyn Fn(&Request) -> Answer,
    shutdown: &Shutdown,
) -> std::io::Result<()> {
    // Otherwise the body would wait for the client's acknowledgment of the head.
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    while let Some(mut request) = read_head(&mut reader)? {
        if hangs_up(&request) {
            log.lock().expect("a lock").push(request);
            break;
        }
        read_body(&mut reader, &mut request)?;
        log.lock().expect("a lock").push(request.clone());
        let head_only = request.method == "HEAD";
        let answer = answer(&request);
        if matches!(answer, Answer::Gone) {
            return shutdown.close(stream.local_addr()?);
        }
        if !send(&mut stream, answer, head_only)? {
            break;
        }
    }
    Ok(())
}

fn read_head(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let (method, target) =
        (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    Ok(Some(Request { method, target, headers, body: Vec::new() }))
}

fn read_body(reader: &mut BufReader<TcpStream>, request: &mut Request) -> std::io::Result<()> {
    let length = request.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    request.body.resize(length, 0);
    reader.read_exact(&mut request.body)
}

/// Sends an answer. Returns whether the connection stays open.
fn send(stream: &mut TcpStream, answer: Answer, head_only: bool) -> std::io::Result<bool> {
    match answer {
        Answer::Respond { status, headers, body } => {
            let mut head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
            for (name, value) in headers {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            stream.write_all(head.as_bytes())?;
            stream.write_all(b"\r\n")?;
            if !head_only {
                stream.write_all(&body)?;
            }
            Ok(true)
        }
        Answer::Drop | Answer::Gone => Ok(false),
        Answer::Raw(bytes) => {
            stream.write_all(bytes.as_bytes())?;
            Ok(false)
        }
        Answer::Cut { body } => {
            let head = format!("HTTP/1.1 200 X\r\ncontent-length: {}\r\n\r\n", body.len());
            stream.write_all(head.as_bytes())?;
            stream.write_all(&body[..body.len() / 2])?;
            Ok(false)
        }
        Answer::Flood { bytes } => {
            stream.write_all(
                b"HTTP/1.1 200 X\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
            )?;
            let chunk = vec![b'"'; 1 << 16];
            for _ in 0..bytes / chunk.len() {
                stream.write_all(b"10000\r\n")?;
                stream.write_all(&chunk)?;
                stream.write_all(b"\r\n")?;
            }
            stream.write_all(b"0\r\n\r\n")?;
            Ok(false)
        }
        Answer::Announce { bytes } => {
            stream.write_all(format!("HTTP/1.1 200 X\r\ncontent-length: {bytes}\r\n\r\n").as_bytes())?;
            Ok(false)
        }
        Answer::Unrecorded => {
            stream.write_all(b"HTTP/1.1 599 X\r\ncontent-length: 0\r\n\r\n")?;
            Ok(true)
        }
        Answer::Late { after, then } => {
            thread::sleep(after);
            send(stream, *then, head_only)
        }
    }
}

//! A backend on a free port of this machine that answers what a test says, and remembers what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::end::End;

/// A request, as it arrived.
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

/// What the backend does with a request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Answers.
    Give { status: u16, headers: Vec<(String, String)>, body: Vec<u8> },
    /// Closes the connection without a word.
    Drop,
    /// Promises the body and closes after its first half.
    Cut { body: Vec<u8> },
    /// Sends that many bytes of one long JSON string, in chunks, without a length.
    Flood { bytes: usize },
    /// Says that it will send that many bytes, and sends none.
    Announce { bytes: usize },
    /// No recording knows this request: an error for the client, and the end of the test.
    Unrecorded,
    /// Closes the connection without a word, and listens no more: nobody gets through from then on.
    Gone,
    /// Answers after a while.
    Late { after: Duration, then: Box<Answer> },
}

impl Answer {
    pub fn json(status: u16, body: &str) -> Self {
        Self::with(status, "application/json; charset=utf-8", body)
    }

    pub fn html(status: u16, body: &str) -> Self {
        Self::with(status, "text/html; charset=utf-8", body)
    }

    fn with(status: u16, kind: &str, body: &str) -> Self {
        let headers = vec![("content-type".to_owned(), kind.to_owned())];
        Self::Give { status, headers, body: body.as_bytes().to_vec() }
    }

    pub fn header(self, name: &str, value: &str) -> Self {
        match self {
            Self::Give { status, mut headers, body } => {
                headers.push((name.to_owned(), value.to_owned()));
                Self::Give { status, headers, body }
            }
            other => other,
        }
    }
}

/// A running backend; it ends with the test.
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
            assert!(unrecorded.is_empty(), "no recording knows these requests: {unrecorded:?}");
        }
    }
}

impl Stub {
    /// Starts one that answers with this.
    pub fn start(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        Self::start_hanging_up(|_| false, answer)
    }

    /// Starts one that answers with this, but closes the connection where it is told to when it has read a request's
    /// head: its body is never read, so that the client's side is reset.
    pub fn start_hanging_up(
        hangs_up: impl Fn(&Request) -> bool + Send + Sync + 'static,
        answer: impl Fn(&Request) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::start_on(TcpListener::bind("127.0.0.1:0").expect("a free port"), hangs_up, answer)
    }

    /// Starts one where another has gone.
    pub fn start_again_at(
        address: &str,
        answer: impl Fn(&Request) -> Answer + Send + Sync + 'static,
    ) -> Self {
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
        let end = Arc::new(End::default());
        let connections = Arc::new(AtomicUsize::new(0));
        let accepted = Arc::clone(&connections);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if end.has_come() {
                    break;
                }
                accepted.fetch_add(1, Ordering::Relaxed);
                let (log, hangs_up, answer) = (Arc::clone(&log), Arc::clone(&hangs_up), Arc::clone(&answer));
                let end = Arc::clone(&end);
                // A client that goes away in the middle is not this thread's trouble.
                thread::spawn(move || drop(serve(stream, &log, hangs_up.as_ref(), answer.as_ref(), &end)));
            }
            drop(listener);
            end.is_over();
        });
        Self { address, requests, connections, unrecorded }
    }

    /// Starts one that gives these answers in this order, the last one for ever.
    pub fn in_order(answers: Vec<Answer>) -> Self {
        let position = Mutex::new(0);
        Self::start(move |_| {
            let mut position = position.lock().expect("a lock");
            let answer = answers[(*position).min(answers.len() - 1)].clone();
            *position += 1;
            answer
        })
    }

    /// What it was asked so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("a lock").clone()
    }

    /// How many connections it was asked on.
    #[cfg_attr(not(feature = "sandbox"), allow(dead_code, reason = "its tests are with a sandbox"))]
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// What it was asked so far, a line each.
    pub fn lines(&self) -> Vec<String> {
        self.requests().iter().map(Request::line).collect()
    }
}

/// An address at which nothing listens: a port below 1024 that nobody uses, so no other test can come to listen there.
pub fn dead_address() -> String {
    "http://127.0.0.1:1".to_owned()
}

fn serve(
    stream: TcpStream,
    log: &Mutex<Vec<Request>>,
    hangs_up: &dyn Fn(&Request) -> bool,
    answer: &dyn Fn(&Request) -> Answer,
    end: &End,
) -> std::io::Result<()> {
    // A head and a body that are written one after the other would wait for each other.
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
            return end.come(stream.local_addr()?);
        }
        if !give(&mut stream, answer, head_only)? {
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

/// Sends an answer; `false` is the end of the connection.
fn give(stream: &mut TcpStream, answer: Answer, head_only: bool) -> std::io::Result<bool> {
    match answer {
        Answer::Give { status, headers, body } => {
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
            give(stream, *then, head_only)
        }
    }
}

//! A backend that replays a recorded run of a command, and misbehaves at one of its requests, byte by byte.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::net::sockopt::set_socket_linger;

use super::harness::tls::{Identity, TlsStream};

/// One step of a misbehavior. After the last one, the connection stays open for the next request.
#[derive(Clone, Debug)]
pub enum Act {
    Send(Vec<u8>),
    /// Sends one byte after the other, with this pause after each.
    Trickle(Vec<u8>, Duration),
    /// Sends the same bytes until the client is gone, with this pause after each time.
    Repeat(Vec<u8>, Duration),
    Pause(Duration),
    /// Sends nothing until the client is gone.
    Hang,
    /// Closes the connection in good order.
    Close,
    /// Resets the connection.
    Reset,
}

/// The point of a request at which the backend misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The connection is made, and nothing has been read.
    Connected,
    /// The first byte has arrived.
    FirstByte,
    /// The head has arrived. The body is not read.
    Head,
    /// The whole request has arrived.
    Request,
}

/// What happens to the connection of the request before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// It stays open, and the next request comes on it.
    Open,
    /// It is closed, and its last answer says so.
    Closed,
    /// It is closed without notice.
    Vanished,
}

/// How the backend is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Http,
    /// TLS, with this certificate.
    Tls(Certificate),
    /// The address is of TLS, and the server speaks something else. Every connection is struck.
    NoTls,
}

/// The certificate of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certificate {
    /// The client trusts it.
    Trusted,
    /// The client trusts another one.
    Unknown,
    Expired,
    NotYetValid,
    OtherName,
}

/// A misbehavior.
#[derive(Clone)]
pub struct Misbehavior {
    pub transport: Transport,
    pub before: Before,
    pub stage: Stage,
    pub acts: Acts,
}

/// The steps, for the recorded answer.
pub type Acts = Arc<dyn Fn(&Reply) -> Vec<Act> + Send + Sync>;

impl Misbehavior {
    pub fn none() -> Self {
        let acts = Arc::new(|reply: &Reply| vec![Act::Send(reply.bytes())]);
        Self { transport: Transport::Http, before: Before::Open, stage: Stage::Request, acts }
    }
}

/// The answer to a request, as it was recorded.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub content_type: String,
    pub body: Vec<u8>,
}

impl Reply {
    /// The head up to the empty line, which is not included.
    pub fn head(&self) -> String {
        let Self { status, content_type, body } = self;
        format!("HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n", body.len())
    }

    /// The whole answer.
    pub fn bytes(&self) -> Vec<u8> {
        [self.head().as_bytes(), b"\r\n", &self.body].concat()
    }
}

/// A recorded request with its answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// `GET /api/…`
    pub line: String,
    pub body: Vec<u8>,
    pub reply: Reply,
}

impl Exchange {
    pub fn is_read(&self) -> bool {
        self.line.starts_with("GET ")
    }
}

/// The recorded run, and which of its requests is struck.
#[derive(Clone)]
pub struct Script {
    pub exchanges: Vec<Exchange>,
    pub struck: Option<usize>,
    /// Only the first attempt is struck.
    pub once: bool,
    /// The struck request succeeds all the same, so the requests after it are answered as recorded.
    pub changes: bool,
    /// Answers to requests that the recorded run did not need, by line.
    pub others: Arc<BTreeMap<String, Reply>>,
}

/// What a backend has seen.
#[derive(Default)]
pub struct Seen {
    served: Vec<usize>,
    /// When the first request was struck.
    pub first_strike: Option<Instant>,
    /// The bodies of the struck requests. A request that was not read to its end has none.
    pub struck: Vec<Option<Vec<u8>>>,
    /// The requests that were answered as recorded.
    pub answered: Vec<String>,
    /// The requests without an answer.
    pub unknown: Vec<String>,
}

/// A running backend. It ends when it is dropped.
pub struct Backend {
    pub address: String,
    /// The certificate that the client trusts.
    pub trusted: Option<&'static str>,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

struct Shared {
    script: Script,
    misbehavior: Misbehavior,
    seen: Mutex<Seen>,
    ended: AtomicBool,
}

impl Backend {
    pub fn start(script: Script, misbehavior: Misbehavior) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (scheme, trusted) = match misbehavior.transport {
            Transport::Http => ("http", None),
            Transport::NoTls => ("https", Some(Certificate::Unknown)),
            Transport::Tls(certificate) => ("https", Some(certificate)),
        };
        // The certificate of another authority is that of the trusted server.
        let trusted = trusted.map(|own| match own {
            Certificate::Unknown => identity_of(Certificate::Trusted).pem.as_str(),
            own => identity_of(own).pem.as_str(),
        });
        let shared =
            Arc::new(Shared { script, misbehavior, seen: Mutex::default(), ended: AtomicBool::new(false) });
        let serving = Arc::clone(&shared);
        let listening = thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if serving.ended.load(Ordering::Relaxed) {
                    break;
                }
                let serving = Arc::clone(&serving);
                // A client may disconnect at any time.
                thread::spawn(move || drop(serving.serve(stream)));
            }
        });
        let address = format!("{scheme}://127.0.0.1:{port}");
        Self { address, trusted, shared, listening: Some(listening) }
    }

    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        self.shared.seen.lock().expect("a lock")
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        let place = self.address.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or(0);
        // A connection wakes the listener.
        drop(TcpStream::connect(("127.0.0.1", place)));
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

/// What the backend does with a request.
enum Reaction {
    Answer(Reply, Before),
    Strike(Reply),
}

/// A request as it was received.
struct Received {
    line: String,
    /// `None` if it was not read.
    body: Option<Vec<u8>>,
}

impl Shared {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().expect("a lock")
    }

    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut wire = match self.misbehavior.transport {
            Transport::Http | Transport::NoTls => Wire::Plain(stream),
            Transport::Tls(certificate) => Wire::Tls(Box::new(identity_of(certificate).accept(stream)?)),
        };
        let without_tls = self.misbehavior.transport == Transport::NoTls;
        let mut buffer = Vec::new();
        loop {
            let stage = self.misbehavior.stage;
            let early = matches!(stage, Stage::Connected | Stage::FirstByte);
            if early && let Some(reply) = self.next_is_struck(without_tls) {
                if stage == Stage::FirstByte {
                    wire.read_exact(&mut [0])?;
                }
                self.note_strike(None);
                self.act(&mut wire, &reply)?;
                return Ok(());
            }
            let Some(head) = read_head(&mut wire, &mut buffer)? else { return Ok(()) };
            let line = head.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
            if stage == Stage::Head && self.is_struck(&line) {
                let reply = self.next_is_struck(false).unwrap_or_else(|| not_found(&line));
                self.note_strike(None);
                return self.act(&mut wire, &reply).map(drop);
            }
            let body = read_body(&mut wire, &mut buffer, &head)?;
            match self.react(Received { line, body: Some(body) }) {
                Reaction::Answer(reply, before) => {
                    let notice = if before == Before::Closed { "connection: close\r\n" } else { "" };
                    let head = reply.head();
                    if before != Before::Open {
                        wire.send_with_the_end()?;
                    }
                    wire.write_all(&[head.as_bytes(), notice.as_bytes(), b"\r\n", &reply.body].concat())?;
                    wire.flush()?;
                    if before != Before::Open {
                        return wire.close();
                    }
                }
                Reaction::Strike(reply) => {
                    if !self.act(&mut wire, &reply)? {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Performs the misbehavior. Returns whether the connection is still open.
    fn act(&self, wire: &mut Wire, reply: &Reply) -> io::Result<bool> {
        let acts = (self.misbehavior.acts)(reply);
        if matches!(acts[..], [Act::Send(_), Act::Close]) {
            wire.send_with_the_end()?;
        }
        for act in acts {
            match act {
                Act::Send(bytes) => wire.write_all(&bytes).and_then(|()| wire.flush())?,
                Act::Trickle(bytes, pause) => {
                    for byte in bytes {
                        wire.write_all(&[byte]).and_then(|()| wire.flush())?;
                        self.pause(pause);
                    }
                }
                Act::Repeat(bytes, pause) => loop {
                    wire.write_all(&bytes).and_then(|()| wire.flush())?;
                    self.pause(pause);
                    if self.ended.load(Ordering::Relaxed) {
                        return Ok(false);
                    }
                },
                Act::Pause(pause) => self.pause(pause),
                Act::Hang => {
                    // The client sends nothing more, so this is the end of the connection.
                    while wire.read(&mut [0; 512])? > 0 {}
                    return Ok(false);
                }
                Act::Close => return wire.close().map(|()| false),
                Act::Reset => return wire.reset().map(|()| false),
            }
        }
        Ok(true)
    }

    /// A pause that ends when the backend does.
    fn pause(&self, pause: Duration) {
        const STEP: Duration = Duration::from_millis(50);
        let started = Instant::now();
        while started.elapsed() < pause && !self.ended.load(Ordering::Relaxed) {
            thread::sleep(STEP.min(pause.saturating_sub(started.elapsed())));
        }
    }

    fn note_strike(&self, body: Option<Vec<u8>>) {
        let mut seen = self.seen();
        seen.first_strike.get_or_insert_with(Instant::now);
        seen.struck.push(body);
        if (self.script.once || self.script.changes)
            && let Some(struck) = self.script.struck
        {
            seen.served.push(struck);
        }
    }

    /// Whether strikes are over.
    fn is_over(&self, seen: &Seen) -> bool {
        self.script.once && !seen.struck.is_empty()
    }

    /// The recorded answer of the struck request, if all requests before it have been answered.
    fn next_is_struck(&self, always: bool) -> Option<Reply> {
        let seen = self.seen();
        let struck = self.script.struck?;
        let is_next = always || (0..struck).all(|before| seen.served.contains(&before));
        (is_next && !self.is_over(&seen)).then(|| self.script.exchanges[struck].reply.clone())
    }

    /// Whether a request with this line, whose body is not known, is the struck one.
    fn is_struck(&self, line: &str) -> bool {
        self.script.struck.is_some_and(|struck| self.script.exchanges[struck].line == line)
            && self.next_is_struck(false).is_some()
    }

    fn react(&self, request: Received) -> Reaction {
        let Script { exchanges, struck, others, .. } = &self.script;
        let Received { line, body } = request;
        let body = body.unwrap_or_default();
        let mut seen = self.seen();
        let same_line: Vec<usize> =
            (0..exchanges.len()).filter(|index| exchanges[*index].line == line).collect();
        let same_body: Vec<usize> =
            same_line.iter().copied().filter(|index| exchanges[*index].body == body).collect();
        let candidates = if same_body.is_empty() { same_line } else { same_body };
        let next = candidates.iter().copied().find(|index| !seen.served.contains(index));
        let mut chosen = next.or(candidates.last().copied());
        let was_struck = !seen.struck.is_empty() && !self.script.changes && !self.script.once;
        if was_struck && chosen != *struck {
            // Nothing has changed since.
            chosen = candidates.iter().copied().rfind(|index| Some(*index) < *struck).or(chosen);
        }
        match chosen {
            Some(index) if Some(index) == *struck && !self.is_over(&seen) => {
                drop(seen);
                self.note_strike(Some(body));
                Reaction::Strike(exchanges[index].reply.clone())
            }
            Some(index) => {
                seen.served.push(index);
                seen.answered.push(line);
                let is_last_before = struck.is_some_and(|struck| index + 1 == struck);
                let before = if is_last_before { self.misbehavior.before } else { Before::Open };
                Reaction::Answer(exchanges[index].reply.clone(), before)
            }
            None => {
                seen.answered.push(line.clone());
                let other = others.get(&line).cloned();
                let other = other.or_else(|| is_older(&line).then(|| not_found(&line)));
                Reaction::Answer(
                    other.unwrap_or_else(|| {
                        seen.unknown.push(line.clone());
                        not_found(&line)
                    }),
                    Before::Open,
                )
            }
        }
    }
}

/// Whether the route is of the older generation, which this backend does not have.
fn is_older(line: &str) -> bool {
    line.contains(" /api/payments/") && !["/stripe/", "/razorpay/"].iter().any(|name| line.contains(name))
}

fn not_found(line: &str) -> Reply {
    let path = line.split(' ').nth(1).unwrap_or_default();
    let message = format!("Endpoint {path} not found");
    let body = serde_json::json!({"error": "NOT_FOUND", "message": message, "statusCode": 404});
    let content_type = "application/json; charset=utf-8".to_owned();
    Reply { status: 404, content_type, body: body.to_string().into_bytes() }
}

/// Reads up to the end of a head. `None` if the connection ended.
fn read_head(wire: &mut Wire, buffer: &mut Vec<u8>) -> io::Result<Option<String>> {
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head: Vec<u8> = buffer.drain(..end + 4).collect();
            return Ok(Some(String::from_utf8_lossy(&head).into_owned()));
        }
        let mut chunk = [0; 4096];
        match wire.read(&mut chunk)? {
            0 => return Ok(None),
            read => buffer.extend_from_slice(&chunk[..read]),
        }
    }
}

fn read_body(wire: &mut Wire, buffer: &mut Vec<u8>, head: &str) -> io::Result<Vec<u8>> {
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let length: usize = length.unwrap_or(0);
    let mut body: Vec<u8> = buffer.drain(..buffer.len().min(length)).collect();
    let have = body.len();
    body.resize(length, 0);
    wire.read_exact(&mut body[have..])?;
    Ok(body)
}

/// A connection, with TLS or without.
enum Wire {
    Plain(TcpStream),
    Tls(Box<TlsStream>),
}

impl Wire {
    fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => &stream.sock,
        }
    }

    /// Sends everything and then the end, without a reset because of bytes that were not read. TLS is not told, as if the
    /// network had closed the connection.
    fn close(&mut self) -> io::Result<()> {
        self.socket().shutdown(Shutdown::Write)?;
        self.socket().set_read_timeout(Some(Duration::from_secs(5)))?;
        let mut socket = self.socket();
        while socket.read(&mut [0; 4096])? > 0 {}
        Ok(())
    }

    /// Holds back what is sent until the connection is closed. Otherwise the client can send its next request before it is
    /// told of the end.
    fn send_with_the_end(&self) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        rustix::net::sockopt::set_tcp_cork(self.socket(), true)?;
        Ok(())
    }

    fn reset(&mut self) -> io::Result<()> {
        set_socket_linger(self.socket(), Some(Duration::ZERO))?;
        Ok(())
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// The identity of a server with this certificate. Each is made once.
fn identity_of(certificate: Certificate) -> &'static Identity {
    static ALL: [OnceLock<Identity>; 5] = [const { OnceLock::new() }; 5];
    ALL[certificate as usize].get_or_init(|| match certificate {
        Certificate::Trusted | Certificate::Unknown => Identity::new("127.0.0.1", (2000, 2999), false),
        Certificate::Expired => Identity::new("127.0.0.1", (2000, 2020), false),
        Certificate::NotYetValid => Identity::new("127.0.0.1", (2998, 2999), false),
        Certificate::OtherName => Identity::new("other.example", (2000, 2999), false),
    })
}

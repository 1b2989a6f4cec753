//! The faults: how a backend misbehaves, and what a client has to conclude from it.

use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::server::{Act, Before, Certificate, Misbehavior, Reply, Stage, Transport};
use Act::{Close, Hang, Pause, Repeat, Reset, Send, Trickle};
use Wait::{Long, Now, Short};

/// The deadline of a run whose fault lasts until the deadline.
pub const DEADLINE: Duration = Duration::from_secs(2);

/// A fault.
#[derive(Clone)]
pub struct Fault {
    pub name: String,
    pub place: Place,
    pub class: Class,
    /// It lasts until the deadline.
    pub waits: bool,
}

/// Where a fault strikes.
#[derive(Clone)]
pub enum Place {
    /// The first connection already: the address has no backend.
    Address(fn() -> String),
    /// One request of the run.
    Request(Misbehavior),
}

/// What a client has to conclude.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The answer is read like any other.
    Harmless,
    /// The same with a field that is not known. JSON shows it.
    Extended,
    /// The connection cannot be made, so nothing was sent.
    Unreachable,
    /// TLS cannot be set up, now or later, so nothing was sent.
    NoTls,
    /// The request was sent, and the connection broke.
    Lost,
    /// The request was sent, and the deadline passed.
    TimedOut,
    /// The connection could not be made before the deadline.
    Unconnected,
    /// The answer is not valid HTTP, or its head does not end.
    NotHttp,
    /// The answer is announced to be larger than the client reads.
    TooLarge,
    /// A redirect to another address.
    Redirected(u16),
    /// A success whose body is not what it has to be.
    Unreadable,
    /// A success whose fields can be read, and whose rest is not valid JSON.
    PartlyInvalid,
    /// An answer of something other than the backend.
    Foreign(u16, Wait),
    /// The backend's own error.
    Refused(u16, &'static str, Wait),
}

/// The time that an answer asks to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// None, or none that can be read: the client chooses a short pause.
    Now,
    /// A moment.
    Short,
    /// Longer than the client waits.
    Long,
}

impl Fault {
    /// Whether the fault strikes before any request is sent.
    pub fn is_before_all_requests(&self) -> bool {
        match &self.place {
            Place::Address(_) => true,
            Place::Request(misbehavior) => {
                let refused = matches!(misbehavior.transport, Transport::Tls(certificate) if certificate != Certificate::Trusted);
                misbehavior.transport == Transport::NoTls || refused
            }
        }
    }

    /// When the fault strikes.
    pub fn stage(&self) -> Stage {
        match &self.place {
            Place::Address(_) => Stage::Connected,
            Place::Request(misbehavior) => misbehavior.stage,
        }
    }

    /// Whether the struck request succeeds.
    pub fn is_harmless(&self) -> bool {
        matches!(self.class, Class::Harmless | Class::Extended | Class::PartlyInvalid)
    }

    fn address(name: &str, class: Class, address: fn() -> String) -> Self {
        let waits = class == Class::Unconnected;
        Self { name: name.to_owned(), place: Place::Address(address), class, waits }
    }

    fn new(
        name: impl Into<String>,
        class: Class,
        acts: impl Fn(&Reply) -> Vec<Act> + Sync + std::marker::Send + 'static,
    ) -> Self {
        let misbehavior = Misbehavior { acts: Arc::new(acts), ..Misbehavior::none() };
        let waits = matches!(class, Class::TimedOut | Class::Unconnected);
        Self { name: name.into(), place: Place::Request(misbehavior), class, waits }
    }

    fn map(mut self, change: impl FnOnce(&mut Misbehavior)) -> Self {
        if let Place::Request(misbehavior) = &mut self.place {
            change(misbehavior);
        }
        self
    }

    fn at(self, stage: Stage) -> Self {
        // Before its head is read, a request is only known by its connection.
        let is_early = matches!(stage, Stage::Connected | Stage::FirstByte);
        self.map(|it| {
            it.stage = stage;
            it.before = if is_early { Before::Closed } else { Before::Open };
        })
    }

    fn after(self, before: Before) -> Self {
        self.map(|it| it.before = before)
    }

    fn over(self, transport: Transport) -> Self {
        self.map(|it| it.transport = transport)
    }
}

/// All faults. Their names differ.
pub fn all() -> Vec<Fault> {
    [
        addresses(),
        tls(),
        broken_connections(),
        open_connections(),
        heads(),
        lengths(),
        statuses(),
        foreign_errors(),
        waits(),
        redirects(),
        bodies(),
        types(),
        encodings(),
        slow(),
    ]
    .concat()
}

/// The faults that strike every command, by name.
pub const EVERYWHERE: [&str; 10] = [
    "the port refuses",
    "closed after the request",
    "reset in the middle of the body",
    "401 AUTH_INVALID_API_KEY",
    "403 AUTH_UNAUTHORIZED",
    "429 RATE_LIMITED",
    "500 INTERNAL_ERROR",
    "503 as a page",
    "no answer",
    "a page instead of JSON",
];

fn text(text: &'static str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

/// An answer with this head, and a body of this length.
fn with_head(head: &str, body: &[u8]) -> Vec<u8> {
    [format!("{head}content-length: {}\r\n\r\n", body.len()).as_bytes(), body].concat()
}

const JSON_HEAD: &str = "HTTP/1.1 200 X\r\ncontent-type: application/json\r\n";

/// The recorded answer with another body.
fn body(reply: &Reply, body: &[u8]) -> Vec<u8> {
    Reply { body: body.to_vec(), ..reply.clone() }.bytes()
}

/// The recorded body with a field before the others.
fn field_first(reply: &Reply, field: &[u8]) -> Vec<u8> {
    body(reply, &[b"{", field, b",", &reply.body[1..]].concat())
}

/// The head and the first bytes of the body.
fn beginning(reply: &Reply, bytes: usize) -> Vec<u8> {
    let whole = reply.bytes();
    whole[..whole.len() - reply.body.len() + bytes.min(reply.body.len())].to_vec()
}

fn chunked(reply: &Reply, rest: &[u8]) -> Vec<u8> {
    let Reply { status, content_type, body } = reply;
    let head =
        format!("HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\ntransfer-encoding: chunked\r\n\r\n");
    [head.as_bytes(), format!("{:x}\r\n", body.len()).as_bytes(), body, b"\r\n", rest].concat()
}

/// Addresses without a backend.
fn addresses() -> Vec<Fault> {
    vec![
        // The resolver refuses a label of more than 63 characters without a request to a name server.
        Fault::address("a name that does not resolve", Class::Unreachable, || {
            format!("https://{}.invalid", "a".repeat(64))
        }),
        Fault::address("the port refuses", Class::Unreachable, || "http://127.0.0.1:1".to_owned()),
        Fault::address("the port of TLS refuses", Class::Unreachable, || "https://127.0.0.1:1".to_owned()),
        Fault::address("the port refuses with IPv6", Class::Unreachable, || "http://[::1]:1".to_owned()),
        Fault::address("connections are not accepted", Class::Unconnected, || {
            format!("http://{}", full_listener())
        }),
        Fault::address("connections of TLS are not accepted", Class::Unconnected, || {
            format!("https://{}", full_listener())
        }),
    ]
}

/// The place of a listener that accepts nothing and whose queue is full, so that the kernel answers no connection either.
fn full_listener() -> &'static str {
    static FULL: OnceLock<(TcpListener, Vec<TcpStream>, String)> = OnceLock::new();
    let (_, _, place) = FULL.get_or_init(|| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let fill = || TcpStream::connect_timeout(&address, Duration::from_millis(200)).ok();
        let waiting: Vec<TcpStream> = std::iter::from_fn(fill).take(100_000).collect();
        (listener, waiting, address.to_string())
    });
    place
}

fn tls() -> Vec<Fault> {
    let no_tls = |name: &str, class, acts: &[Act]| {
        let acts = acts.to_vec();
        Fault::new(name, class, move |_| acts.clone()).at(Stage::FirstByte).over(Transport::NoTls)
    };
    let certificate = |name: &str, certificate| {
        Fault::new(name, Class::NoTls, |_| vec![]).over(Transport::Tls(certificate))
    };
    let trusted = |fault: Fault| {
        let name = format!("TLS, {}", fault.name);
        Fault { name, ..fault.over(Transport::Tls(Certificate::Trusted)) }
    };
    let alert = |kind: u8| Send(vec![21, 3, 3, 0, 2, 2, kind]);
    vec![
        no_tls("TLS to plain HTTP", Class::NoTls, &[Send(text("HTTP/1.1 400 X\r\n\r\n")), Close]),
        no_tls("TLS to an SSH server", Class::NoTls, &[Send(text("SSH-2.0-OpenSSH_9.2\r\n")), Close]),
        no_tls("TLS to random bytes", Class::NoTls, &[Send(vec![0xa7; 64]), Close]),
        no_tls("the handshake is refused", Class::NoTls, &[alert(40), Close]),
        no_tls("the version of TLS is refused", Class::NoTls, &[alert(70), Close]),
        no_tls("the name is unknown to the TLS server", Class::NoTls, &[alert(112), Close]),
        no_tls("the TLS server fails", Class::Unreachable, &[alert(80), Close]),
        no_tls("closed in the handshake", Class::Unreachable, &[Close]),
        no_tls("reset in the handshake", Class::Unreachable, &[Reset]),
        no_tls("cut in the handshake", Class::Unreachable, &[Send(vec![22, 3, 3, 0, 90, 2, 0]), Close]),
        no_tls("the handshake has no answer", Class::Unconnected, &[Hang]),
        certificate("a certificate of an unknown authority", Certificate::Unknown),
        certificate("a certificate that has expired", Certificate::Expired),
        certificate("a certificate that is not valid yet", Certificate::NotYetValid),
        certificate("a certificate for another name", Certificate::OtherName),
        trusted(Fault::new("nothing else", Class::Harmless, |reply| vec![Send(reply.bytes())])),
        trusted(Fault::new("closed after the request", Class::Lost, |_| vec![Close])),
        trusted(Fault::new("reset after the request", Class::Lost, |_| vec![Reset])),
        trusted(Fault::new("cut in the middle of the body", Class::Lost, |reply| {
            vec![Send(beginning(reply, reply.body.len() / 2)), Close]
        })),
        // Without its end, a body whose length is not announced may be cut.
        trusted(Fault::new("a body without length, cut", Class::Lost, |reply| {
            let head = "HTTP/1.1 200 X\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n";
            vec![Send([head.as_bytes(), &reply.body[..reply.body.len() / 2]].concat()), Close]
        })),
        trusted(Fault::new("no answer", Class::TimedOut, |_| vec![Hang])),
    ]
}

/// Every stage at which a connection can break, with a close and with a reset.
fn broken_connections() -> Vec<Fault> {
    /// What is sent before the connection breaks.
    type Part = fn(&Reply) -> Vec<u8>;
    let stages: [(&str, Stage, Part); 14] = [
        ("before the request", Stage::Connected, |_| vec![]),
        ("at the first byte of the request", Stage::FirstByte, |_| vec![]),
        ("after the head of the request", Stage::Head, |_| vec![]),
        ("after the request", Stage::Request, |_| vec![]),
        ("in the status line", Stage::Request, |_| text("HTTP/1.")),
        ("after the status line", Stage::Request, |_| text("HTTP/1.1 200 X\r\n")),
        ("in a header", Stage::Request, |_| text("HTTP/1.1 200 X\r\ncontent-ty")),
        ("after the head", Stage::Request, |reply| beginning(reply, 0)),
        ("after the first byte of the body", Stage::Request, |reply| beginning(reply, 1)),
        ("in the middle of the body", Stage::Request, |reply| beginning(reply, reply.body.len() / 2)),
        ("before the last byte", Stage::Request, |reply| beginning(reply, reply.body.len() - 1)),
        ("in the size of a chunk", Stage::Request, |reply| {
            let mut bytes = chunked(reply, b"");
            let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
            bytes.truncate(end + 5);
            bytes
        }),
        ("before the last chunk", Stage::Request, |reply| chunked(reply, b"")),
        ("in the last chunk", Stage::Request, |reply| chunked(reply, b"0\r\n")),
    ];
    let broken = |end: Act, how: &'static str| {
        stages.iter().map(move |(at, stage, part)| {
            let (part, end) = (*part, end.clone());
            let acts = move |reply: &Reply| vec![Send(part(reply)), end.clone()];
            Fault::new(format!("{how} {at}"), Class::Lost, acts).at(*stage)
        })
    };
    // A reset before the request can arrive before the connection is made, and then nothing was sent.
    let reset = broken(Reset, "reset").skip(1);
    broken(Close, "closed").chain(reset).collect()
}

/// Connections that end or go on between two requests.
fn open_connections() -> Vec<Fault> {
    let answered = |name: &str| Fault::new(name, Class::Harmless, |reply| vec![Send(reply.bytes())]);
    let closed = |name: &str, head: &'static str| {
        Fault::new(name, Class::Harmless, move |reply| {
            let bytes = [reply.head().as_bytes(), head.as_bytes(), b"\r\n", &reply.body].concat();
            vec![Send(bytes), Close]
        })
    };
    vec![
        answered("the connection was closed with notice").after(Before::Closed),
        answered("the connection was closed without notice").after(Before::Vanished),
        closed("closed with notice after the answer", "connection: close\r\n"),
        closed("closed without notice after the answer", ""),
        closed("closed although it is kept alive", "connection: keep-alive\r\nkeep-alive: timeout=60\r\n"),
        Fault::new("reset after the answer", Class::Harmless, |reply| {
            // The client reads the answer before it is told of the reset.
            let head = format!("{}connection: close\r\n\r\n", reply.head());
            vec![Send([head.as_bytes(), &reply.body].concat()), Pause(Duration::from_millis(200)), Reset]
        }),
        Fault::new("a second answer that nobody asked for", Class::Harmless, |reply| {
            let other = with_head(JSON_HEAD, b"{\"error\":\"X\"}");
            vec![Send([reply.bytes(), other].concat())]
        }),
    ]
}

/// Heads of answers.
fn heads() -> Vec<Fault> {
    let sent = |name: &str, class, bytes: &'static [u8]| {
        Fault::new(name, class, move |_| vec![Send(bytes.to_vec()), Close])
    };
    let before = |name: &str, head: &'static str| {
        Fault::new(name, Class::Harmless, move |reply| vec![Send([head.as_bytes(), &reply.bytes()].concat())])
    };
    let header = |name: &str, class, header: &'static [u8]| {
        Fault::new(name, class, move |reply| {
            let head = reply.head();
            vec![Send([head.as_bytes(), header, b"\r\n\r\n", &reply.body].concat()), Close]
        })
    };
    let endless = |name: &str, class, first: &'static str, repeated: Vec<u8>| {
        Fault::new(name, class, move |_| vec![Send(text(first)), Repeat(repeated.clone(), Duration::ZERO)])
    };
    vec![
        before("100 before the answer", "HTTP/1.1 100 Continue\r\n\r\n"),
        before("102 before the answer", "HTTP/1.1 102 Processing\r\n\r\n"),
        before("103 before the answer", "HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n"),
        before(
            "three 1xx before the answer",
            "HTTP/1.1 100 X\r\n\r\nHTTP/1.1 102 X\r\n\r\nHTTP/1.1 103 X\r\n\r\n",
        ),
        endless("endless 1xx", Class::TimedOut, "", text("HTTP/1.1 100 X\r\n\r\n")).slowed(),
        sent(
            "101 that nobody asked for",
            Class::Foreign(101, Now),
            b"HTTP/1.1 101 X\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        ),
        sent("SSH instead of HTTP", Class::NotHttp, b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
        sent("TLS instead of HTTP", Class::NotHttp, b"\x15\x03\x01\x00\x02\x02\x28"),
        sent("HTTP/0.9", Class::NotHttp, b"<html><title>Hello</title></html>\r\n\r\n"),
        sent("HTTP/2 instead of HTTP/1", Class::NotHttp, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        sent("HTTP/3.0", Class::NotHttp, b"HTTP/3.0 200 OK\r\n\r\n"),
        sent("a status of letters", Class::NotHttp, b"HTTP/1.1 abc OK\r\n\r\n"),
        sent("no status", Class::NotHttp, b"HTTP/1.1 OK\r\n\r\n"),
        sent("a status of two digits", Class::NotHttp, b"HTTP/1.1 20 OK\r\n\r\n"),
        sent("the status 099", Class::NotHttp, b"HTTP/1.1 099 X\r\n\r\n"),
        sent("a header without colon", Class::NotHttp, b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n"),
        sent("a header with a NUL", Class::NotHttp, b"HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n"),
        sent(
            "two lengths",
            Class::NotHttp,
            b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}",
        ),
        sent("a negative length", Class::NotHttp, b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n{}"),
        sent("a length of letters", Class::NotHttp, b"HTTP/1.1 200 OK\r\ncontent-length: two\r\n\r\n{}"),
        sent(
            "a length beyond all numbers",
            Class::NotHttp,
            b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n{}",
        ),
        sent(
            "a chunk size of letters",
            Class::NotHttp,
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        ),
        sent(
            "a chunk size beyond all numbers",
            Class::NotHttp,
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff1\r\n",
        ),
        header("a header that is not UTF-8", Class::Harmless, b"x-note: \xff\xfe"),
        header("the same header a hundred times less a few", Class::Harmless, &MANY),
        Fault::new("101 headers", Class::NotHttp, |reply| {
            vec![
                Send([reply.head().as_bytes(), &b"x: 1\r\n".repeat(101), b"\r\n", &reply.body].concat()),
                Close,
            ]
        }),
        Fault::new("a header of 1 MiB", Class::NotHttp, |reply| {
            let header = [b"x-long: ", &vec![b'a'; 1 << 20][..], b"\r\n\r\n"].concat();
            vec![Send([reply.head().as_bytes(), &header, &reply.body].concat()), Close]
        }),
        endless("endless headers", Class::NotHttp, "HTTP/1.1 200 X\r\n", b"x: 1\r\n".repeat(1000)),
        endless("an endless header", Class::NotHttp, "HTTP/1.1 200 X\r\nx: ", vec![b'a'; 1 << 16]),
        endless("an endless status line", Class::NotHttp, "HTTP/1.1 200 ", vec![b'a'; 1 << 16]),
        Fault::new("endless slow headers", Class::TimedOut, |_| {
            vec![Send(text("HTTP/1.1 200 X\r\n")), Repeat(text("x: 1\r\n"), Duration::from_millis(100))]
        }),
    ]
}

/// Headers of one name.
static MANY: [u8; 80 * 6 + 4] = many_headers();

const fn many_headers() -> [u8; 80 * 6 + 4] {
    let line = b"x: 1\r\n";
    let mut bytes = [b' '; 80 * 6 + 4];
    let mut at = 0;
    while at < bytes.len() {
        bytes[at] = line[at % 6];
        at += 1;
    }
    bytes
}

impl Fault {
    /// Repeats with a pause, so that the flood is no test of the machine's speed.
    fn slowed(self) -> Self {
        self.map(|it| {
            let acts = Arc::clone(&it.acts);
            it.acts = Arc::new(move |reply| {
                let slow = |act| match act {
                    Repeat(bytes, _) => Repeat(bytes, Duration::from_millis(2)),
                    act => act,
                };
                acts(reply).into_iter().map(slow).collect()
            });
        })
    }
}

/// Lengths that are not those of the body.
fn lengths() -> Vec<Fault> {
    let length = |name: &str, class, length: fn(usize) -> String, end: Act| {
        Fault::new(name, class, move |reply| {
            let head = format!("{JSON_HEAD}content-length: {}\r\n\r\n", length(reply.body.len()));
            vec![Send([head.as_bytes(), &reply.body].concat()), end.clone()]
        })
    };
    vec![
        length(
            "a length that is too large, then closed",
            Class::Lost,
            |length| (length + 1).to_string(),
            Close,
        ),
        length(
            "a length that is too large, then silence",
            Class::TimedOut,
            |length| (length + 1).to_string(),
            Hang,
        ),
        length("a length that is too small", Class::Unreadable, |length| (length - 1).to_string(), Close),
        length("a length of zero", Class::Unreadable, |_| "0".to_owned(), Close),
        length("a length of 300 MiB", Class::TooLarge, |_| (300 << 20).to_string(), Close),
        length("the largest length", Class::NotHttp, |_| (u64::MAX - 1).to_string(), Close),
        length(
            "the same length twice",
            Class::Harmless,
            |length| format!("{length}\r\ncontent-length: {length}"),
            Close,
        ),
        Fault::new("chunks", Class::Harmless, |reply| vec![Send(chunked(reply, b"0\r\n\r\n"))]),
        Fault::new("chunks of one byte", Class::Harmless, |reply| {
            let head = format!("{JSON_HEAD}transfer-encoding: chunked\r\n\r\n");
            let chunks = reply.body.iter().flat_map(|byte| [b'1', b'\r', b'\n', *byte, b'\r', b'\n']);
            vec![Send(head.into_bytes().into_iter().chain(chunks).chain(text("0\r\n\r\n")).collect())]
        }),
        Fault::new("chunks with an extension and a trailer", Class::Harmless, |reply| {
            let bytes = chunked(reply, b"0;last=1\r\nx-sum: 1\r\n\r\n");
            vec![Send(bytes)]
        }),
        Fault::new("chunks and a length", Class::Harmless, |reply| {
            let bytes = chunked(reply, b"0\r\n\r\n");
            let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
            vec![Send([&bytes[..end], b"\r\ncontent-length: 3", &bytes[end..]].concat()), Close]
        }),
        Fault::new("no length", Class::Harmless, |reply| {
            let head = "HTTP/1.1 200 X\r\ncontent-type: application/json\r\n\r\n";
            vec![Send([head.as_bytes(), &reply.body].concat()), Close]
        }),
        Fault::new("HTTP/1.0", Class::Harmless, |reply| {
            let head = "HTTP/1.0 200 X\r\ncontent-type: application/json\r\n\r\n";
            vec![Send([head.as_bytes(), &reply.body].concat()), Close]
        }),
        Fault::new("no length, and a body that is cut", Class::Unreadable, |reply| {
            let head = "HTTP/1.1 200 X\r\ncontent-type: application/json\r\n\r\n";
            vec![Send([head.as_bytes(), &reply.body[..reply.body.len() / 2]].concat()), Close]
        }),
    ]
}

/// The backend's own error, with these headers.
fn refusal(status: u16, code: &str, message: &str, headers: &str) -> Vec<u8> {
    let body = serde_json::json!({"error": code, "message": message, "statusCode": status});
    let head = format!("HTTP/1.1 {status} X\r\ncontent-type: application/json; charset=utf-8\r\n{headers}");
    with_head(&head, body.to_string().as_bytes())
}

/// Every status of interest, as the backend's own error and as the page of another server.
fn statuses() -> Vec<Fault> {
    const STATUSES: [(u16, &str); 40] = [
        (400, "INVALID_INPUT"),
        (401, "AUTH_INVALID_API_KEY"),
        (402, "PAYMENT_METHOD_DECLINED"),
        (403, "AUTH_UNAUTHORIZED"),
        (404, "PAYMENT_PRODUCT_NOT_FOUND"),
        (405, "METHOD_NOT_ALLOWED"),
        (406, "NOT_ACCEPTABLE"),
        (407, "PROXY"),
        (408, "REQUEST_TIMEOUT"),
        (409, "UPSTREAM_FAILURE"),
        (410, "GONE"),
        (411, "LENGTH_REQUIRED"),
        (413, "PAYLOAD_TOO_LARGE"),
        (414, "URI_TOO_LONG"),
        (415, "UNSUPPORTED_MEDIA_TYPE"),
        (418, "TEAPOT"),
        (421, "MISDIRECTED"),
        (422, "UNPROCESSABLE"),
        (423, "LOCKED"),
        (425, "TOO_EARLY"),
        (426, "UPGRADE_REQUIRED"),
        (428, "PRECONDITION_REQUIRED"),
        (429, "RATE_LIMITED"),
        (431, "HEADERS_TOO_LARGE"),
        (451, "LEGAL"),
        (499, "CLIENT_CLOSED"),
        (500, "INTERNAL_ERROR"),
        (501, "NOT_IMPLEMENTED"),
        (502, "UPSTREAM_FAILURE"),
        (503, "UNAVAILABLE"),
        (504, "GATEWAY_TIMEOUT"),
        (505, "HTTP_VERSION"),
        (507, "INSUFFICIENT_STORAGE"),
        (508, "LOOP"),
        (511, "NETWORK_LOGIN"),
        (520, "UNKNOWN"),
        (522, "CONNECT_TIMEOUT"),
        (524, "TIMEOUT"),
        (530, "ORIGIN"),
        (599, "NETWORK"),
    ];
    let refused = STATUSES.iter().map(|(status, code)| {
        let (status, code) = (*status, *code);
        Fault::new(format!("{status} {code}"), Class::Refused(status, code, Now), move |_| {
            vec![Send(refusal(status, code, "no", ""))]
        })
    });
    let page = STATUSES.iter().map(|(status, _)| {
        let status = *status;
        Fault::new(format!("{status} as a page"), Class::Foreign(status, Now), move |_| {
            let head = format!("HTTP/1.1 {status} X\r\nserver: nginx\r\ncontent-type: text/html\r\n");
            let page = format!("<html><head><title>{status}</title></head><body>sorry</body></html>");
            vec![Send(with_head(&head, page.as_bytes()))]
        })
    });
    let other = [
        (401, "PAYMENT_CONFIG_INVALID", "no"),
        (401, "AUTH_UNAUTHORIZED", "no"),
        (403, "PAYMENT_CONFIG_INVALID", "no"),
        (400, "UPSTREAM_FAILURE", "No such product: 'prod_1'"),
        (500, "DATABASE_ERROR", "timeout exceeded when trying to connect"),
    ];
    let other = other.map(|(status, code, message)| {
        let class = match message {
            "no" => Class::Refused(status, code, Now),
            // The object that the request names does not exist.
            _ if status == 400 => Class::Refused(404, code, Now),
            // The backend has no free connection to its database.
            _ => Class::Refused(503, code, Now),
        };
        Fault::new(format!("{status} {code}: {message}"), class, move |_| {
            vec![Send(refusal(status, code, message, ""))]
        })
    });
    refused.chain(page).chain(other).collect()
}

/// Errors that are not the backend's, or only partly.
fn foreign_errors() -> Vec<Fault> {
    const JSON: &str = "application/json";

    let error = |name: &str, status: u16, kind: &'static str, body: &'static [u8]| {
        Fault::new(name, Class::Foreign(status, Now), move |_| {
            let head = format!("HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\n");
            vec![Send(with_head(&head, body))]
        })
    };
    vec![
        error("500 without a body", 500, JSON, b""),
        error("500 with a list", 500, JSON, b"[]"),
        error("500 with null", 500, JSON, b"null"),
        error("500 with a cut object", 500, JSON, br#"{"error":"INTERNAL_ERROR","mess"#),
        error("500 with an error of numbers", 500, JSON, br#"{"error":1,"message":2,"statusCode":3}"#),
        error("500 with a nested error", 500, JSON, br#"{"error":{"code":"X","message":"no"}}"#),
        error(
            "500 with a sentence as code",
            500,
            JSON,
            br#"{"error":"Internal Error","message":"no","statusCode":500}"#,
        ),
        error("400 with a code and no message", 400, JSON, br#"{"error":"INVALID_INPUT","statusCode":400}"#),
        error(
            "400 as a problem document",
            400,
            "application/problem+json",
            br#"{"title":"no","status":400}"#,
        ),
        error("400 as text", 400, "text/plain", b"no"),
        error("400 with bytes", 400, "application/octet-stream", b"\0\xff\xfe\x80"),
        error("the status 600", 600, "text/plain", b"no"),
        error("the status 999", 999, "text/plain", b"no"),
        Fault::new(
            "400 that ends the line and the terminal",
            Class::Refused(400, "INVALID_INPUT", Now),
            |_| {
                let message = "no\u{1b}[2J\u{1b}]0;x\u{7}\r\nerror: forged\n  hint: rm\u{9b}31m\u{202e}";
                vec![Send(refusal(400, "INVALID_INPUT", message, ""))]
            },
        ),
        Fault::new("400 with a message of 500 kB", Class::Refused(400, "INVALID_INPUT", Now), |_| {
            vec![Send(refusal(400, "INVALID_INPUT", &"long ".repeat(100_000), ""))]
        }),
        Fault::new("400 with a body of 3 MiB", Class::Foreign(400, Now), |_| {
            vec![Send(refusal(400, "INVALID_INPUT", &"x".repeat(3 << 20), "")), Close]
        }),
        Fault::new("500 that never ends", Class::Foreign(500, Now), |_| {
            let head = "HTTP/1.1 500 X\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n";
            vec![
                Send(text(head)),
                Repeat([&b"1000\r\n"[..], &[b'x'; 4096], b"\r\n"].concat(), Duration::ZERO),
            ]
        }),
        Fault::new("500 whose body is cut", Class::Lost, |_| {
            let whole = refusal(500, "INTERNAL_ERROR", "no", "");
            vec![Send(whole[..whole.len() - 5].to_vec()), Close]
        }),
        Fault::new("500 that is late", Class::TimedOut, |_| {
            vec![Pause(DEADLINE + DEADLINE / 4), Send(refusal(500, "INTERNAL_ERROR", "no", ""))]
        }),
    ]
}

/// All forms of Retry-After.
fn waits() -> Vec<Fault> {
    /// A date that is over, and one that is far away.
    const PAST: &str = "Wed, 21 Oct 2015 07:28:00 GMT";
    const FUTURE: &str = "Tue, 31 Dec 2999 23:59:59 GMT";
    const FORMS: [(&str, Wait); 20] = [
        ("0", Now),
        ("1", Short),
        (" 1 ", Short),
        ("001", Short),
        ("31", Long),
        ("3600", Long),
        ("4294967296", Long),
        ("18446744073709551615", Long),
        ("99999999999999999999999", Long),
        ("-1", Now),
        ("1.5", Now),
        ("1, 2", Now),
        ("soon", Now),
        ("", Now),
        ("PT5S", Now),
        (PAST, Now),
        (FUTURE, Long),
        ("Fri, 31 Dec 2999 23:59:59 GMT", Now),
        ("Friday, 31-Dec-99 23:59:59 GMT", Now),
        ("Tue Dec 31 23:59:59 2999", Long),
    ];
    let limited = FORMS.iter().map(|(value, wait)| {
        let (value, wait) = (*value, *wait);
        Fault::new(
            format!("429, Retry-After: {value}"),
            Class::Refused(429, "RATE_LIMITED", wait),
            move |_| vec![Send(refusal(429, "RATE_LIMITED", "no", &format!("retry-after: {value}\r\n")))],
        )
    });
    let page = [("0", Now), ("1", Short), ("3600", Long), (PAST, Now), (FUTURE, Long)];
    let page = page.map(|(value, wait)| {
        Fault::new(format!("503 as a page, Retry-After: {value}"), Class::Foreign(503, wait), move |_| {
            let head = format!("HTTP/1.1 503 X\r\ncontent-type: text/html\r\nretry-after: {value}\r\n");
            vec![Send(with_head(&head, b"<h1>Maintenance</h1>"))]
        })
    });
    let twice = Fault::new("429, Retry-After twice", Class::Refused(429, "RATE_LIMITED", Long), |_| {
        vec![Send(refusal(429, "RATE_LIMITED", "no", "retry-after: 3600\r\nretry-after: 0\r\n"))]
    });
    limited.chain(page).chain([twice]).collect()
}

fn redirects() -> Vec<Fault> {
    let redirect = |name: &str, status: u16, location: &'static [u8]| {
        Fault::new(name, Class::Redirected(status), move |_| {
            let head = format!("HTTP/1.1 {status} X\r\nlocation: ");
            vec![Send([head.as_bytes(), location, b"\r\ncontent-length: 0\r\n\r\n"].concat())]
        })
    };
    let no_location = |status: u16| {
        Fault::new(format!("{status} without a location"), Class::Foreign(status, Now), move |_| {
            vec![Send(with_head(&format!("HTTP/1.1 {status} X\r\n"), b""))]
        })
    };
    vec![
        redirect("300 to another server", 300, b"https://other.example/"),
        redirect("301 to another server", 301, b"https://other.example/api"),
        redirect("302 to a login page", 302, b"https://login.example/?next=/"),
        redirect("303 to another path", 303, b"/login"),
        redirect("307 to another port", 307, b"http://127.0.0.1:1/"),
        redirect("308 to another name", 308, b"//other.example/"),
        redirect("302 to nothing", 302, b""),
        redirect("302 to a file", 302, b"file:///etc/passwd"),
        redirect("302 to a control sequence", 302, b"https://x.example/\t[31m"),
        redirect("305 to a proxy", 305, b"http://proxy.example/"),
        no_location(301),
        no_location(304),
        no_location(307),
        Fault::new("302 to bytes", Class::Foreign(302, Now), |_| {
            vec![Send(b"HTTP/1.1 302 X\r\nlocation: \xff\xfe\r\ncontent-length: 0\r\n\r\n".to_vec())]
        }),
    ]
}

/// Bodies of successes.
fn bodies() -> Vec<Fault> {
    let sent = |name: &str, class, bytes: Vec<u8>| {
        Fault::new(name, class, move |reply| vec![Send(body(reply, &bytes))])
    };
    let edited = |name: &str, class, edit: fn(&Reply) -> Vec<u8>| {
        Fault::new(name, class, move |reply| vec![Send(edit(reply))])
    };
    let invalid = Class::Unreadable;
    let deep = |open: &str, count: usize| open.repeat(count).into_bytes();
    vec![
        sent("an empty body", invalid, vec![]),
        sent("a body of white space", invalid, text(" \n\t ")),
        sent("null", invalid, text("null")),
        sent("a number", invalid, text("42")),
        sent("a string", invalid, text("\"ok\"")),
        sent("a list", invalid, text("[]")),
        sent("a list of lists", invalid, text("[[],[]]")),
        sent("true", invalid, text("true")),
        sent("NaN", invalid, text("NaN")),
        sent("a NUL", invalid, vec![0]),
        sent("an open brace", invalid, text("{")),
        sent("a name without a value", invalid, text("{\"products\":")),
        sent("half a string", invalid, text("{\"products")),
        sent("100,000 open brackets", invalid, deep("[", 100_000)),
        sent("100,000 open objects", invalid, deep("{\"a\":", 100_000)),
        edited("half of the body", invalid, |reply| body(reply, &reply.body[..reply.body.len() / 2])),
        edited("the body without its last byte", invalid, |reply| {
            body(reply, &reply.body[..reply.body.len() - 1])
        }),
        edited("the body twice", invalid, |reply| body(reply, &reply.body.repeat(2))),
        edited("a word after the body", invalid, |reply| body(reply, &[&reply.body[..], b" ok"].concat())),
        edited("a comment before the body", invalid, |reply| {
            body(reply, &[b"/* ok */", &reply.body[..]].concat())
        }),
        edited("white space around the body", Class::Harmless, |reply| {
            body(reply, &[b" \r\n\t", &reply.body[..], b"\n\n"].concat())
        }),
        edited("a field that is not known", Class::Extended, |reply| {
            field_first(reply, br#""unknown":{"a":[1]}"#)
        }),
        edited("an empty name", Class::Extended, |reply| field_first(reply, br#""":0"#)),
        edited("a number beyond all numbers", Class::Extended, |reply| {
            field_first(reply, br#""unknown":1e999"#)
        }),
        edited("a field 100 levels deep", Class::Extended, |reply| {
            field_first(reply, &[b"\"unknown\":", &b"[".repeat(100)[..], &b"]".repeat(100)].concat())
        }),
        edited("a field 100,000 levels deep", Class::PartlyInvalid, |reply| {
            field_first(reply, &[b"\"unknown\":", &b"[".repeat(100_000)[..], &b"]".repeat(100_000)].concat())
        }),
        edited("half a surrogate pair", Class::PartlyInvalid, |reply| {
            field_first(reply, br#""unknown":"\ud800""#)
        }),
        edited("every field twice", invalid, |reply| {
            let fields = reply.body[1..reply.body.len() - 1].to_vec();
            body(reply, &[b"{", &fields[..], b",", &fields, b"}"].concat())
        }),
        edited("an unknown field twice", Class::Extended, |reply| {
            field_first(reply, br#""unknown":1,"unknown":2"#)
        }),
    ]
}

/// Bodies with another content type or another success.
fn types() -> Vec<Fault> {
    let typed = |name: &str, class, kind: &'static str, page: Option<&'static str>| {
        Fault::new(name, class, move |reply| {
            let body = page.map_or_else(|| reply.body.clone(), |page| page.as_bytes().to_vec());
            vec![Send(with_head(&format!("HTTP/1.1 200 X\r\n{kind}"), &body))]
        })
    };
    let invalid = Class::Unreadable;
    vec![
        typed(
            "a page instead of JSON",
            invalid,
            "content-type: text/html\r\n",
            Some("<html><title>Sign in</title></html>"),
        ),
        typed(
            "a page that claims to be JSON",
            invalid,
            "content-type: application/json\r\n",
            Some("<html></html>"),
        ),
        typed("text instead of JSON", invalid, "content-type: text/plain\r\n", Some("OK")),
        typed(
            "XML instead of JSON",
            invalid,
            "content-type: application/xml\r\n",
            Some("<?xml version=\"1.0\"?><a/>"),
        ),
        typed("a page without a type", invalid, "", Some("<html></html>")),
        typed("JSON without a type", Class::Harmless, "", None),
        typed("JSON that claims to be text", Class::Harmless, "content-type: text/plain\r\n", None),
        typed("JSON that claims to be a page", Class::Harmless, "content-type: text/html\r\n", None),
        typed(
            "JSON with two types",
            Class::Harmless,
            "content-type: application/json\r\ncontent-type: text/html\r\n",
            None,
        ),
        Fault::new("204", invalid, |_| vec![Send(text("HTTP/1.1 204 X\r\n\r\n"))]),
        Fault::new("205", invalid, |_| vec![Send(with_head("HTTP/1.1 205 X\r\n", b""))]),
        Fault::new("206 with half of the body", invalid, |reply| {
            let half = &reply.body[..reply.body.len() / 2];
            vec![Send(with_head("HTTP/1.1 206 X\r\ncontent-type: application/json\r\n", half))]
        }),
        Fault::new("202 with the body", Class::Harmless, |reply| {
            vec![Send(Reply { status: 202, ..reply.clone() }.bytes())]
        }),
    ]
}

/// Encodings of the body that were not asked for.
fn encodings() -> Vec<Fault> {
    let encoded = |name: &str, class, encoding: &'static str, edit: fn(&[u8]) -> Vec<u8>| {
        Fault::new(name, class, move |reply| {
            let head = format!("{JSON_HEAD}{encoding}");
            vec![Send(with_head(&head, &edit(&reply.body)))]
        })
    };
    let invalid = Class::Unreadable;
    vec![
        encoded("compressed with gzip", invalid, "content-encoding: gzip\r\n", stored_gzip),
        encoded("compressed with gzip without notice", invalid, "", stored_gzip),
        encoded("compressed with deflate", invalid, "content-encoding: deflate\r\n", stored_deflate),
        encoded("compressed with br", invalid, "content-encoding: br\r\n", |_| {
            vec![0x8b, 2, 0x80, b'{', b'}', 3]
        }),
        encoded("compressed with zstd", invalid, "content-encoding: zstd\r\n", |_| {
            vec![0x28, 0xb5, 0x2f, 0xfd, 4, 0, 0x11]
        }),
        encoded("a gzip bomb", invalid, "content-encoding: gzip\r\n", |_| {
            vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xec]
        }),
        encoded(
            "plain, although it claims gzip",
            Class::Harmless,
            "content-encoding: gzip\r\n",
            <[u8]>::to_vec,
        ),
        encoded(
            "plain, although it claims identity",
            Class::Harmless,
            "content-encoding: identity\r\n",
            <[u8]>::to_vec,
        ),
        encoded("UTF-8 with a byte order mark", invalid, "", |body| [b"\xef\xbb\xbf", body].concat()),
        encoded("UTF-16", invalid, "", |body| {
            [0xff, 0xfe].into_iter().chain(body.iter().flat_map(|byte| [*byte, 0])).collect()
        }),
        encoded("UTF-32", invalid, "", |body| body.iter().flat_map(|byte| [0, 0, 0, *byte]).collect()),
        encoded("EBCDIC", invalid, "", |body| body.iter().map(|byte| byte ^ 0x80).collect()),
        encoded("Latin-1 in a field", Class::PartlyInvalid, "", |body| {
            [b"{\"unknown\":\"caf\xe9\",", &body[1..]].concat()
        }),
        encoded("base64", invalid, "", |_| text("eyJwcm9kdWN0cyI6W119")),
    ]
}

/// Gzip without compression.
fn stored_gzip(body: &[u8]) -> Vec<u8> {
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    [&head[..], &stored_deflate(body), &[0; 8]].concat()
}

fn stored_deflate(body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap_or(u16::MAX);
    [&[1][..], &length.to_le_bytes(), &(!length).to_le_bytes(), body].concat()
}

/// Answers that come slowly, late, or never to an end.
fn slow() -> Vec<Fault> {
    /// Fifty times in a second, so that the client's memory depends on its limits and not on the machine.
    const PACE: Duration = Duration::from_millis(20);
    const CHUNKED: &str =
        "HTTP/1.1 200 X\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let endless = |name: &str, head: &'static str, repeated: Vec<u8>| {
        Fault::new(name, Class::TimedOut, move |_| vec![Send(text(head)), Repeat(repeated.clone(), PACE)])
    };
    let chunk =
        |bytes: Vec<u8>| [format!("{:x}\r\n", bytes.len()).into_bytes(), bytes, text("\r\n")].concat();
    vec![
        Fault::new("no answer", Class::TimedOut, |_| vec![Hang]),
        Fault::new("no answer, and the request is not read", Class::TimedOut, |_| vec![Hang]).at(Stage::Head),
        Fault::new("silence after the head", Class::TimedOut, |reply| vec![Send(beginning(reply, 0)), Hang]),
        Fault::new("silence in the middle of the body", Class::TimedOut, |reply| {
            vec![Send(beginning(reply, reply.body.len() / 2)), Hang]
        }),
        Fault::new("silence before the last byte", Class::TimedOut, |reply| {
            vec![Send(beginning(reply, reply.body.len() - 1)), Hang]
        }),
        Fault::new("silence before the last chunk", Class::TimedOut, |reply| {
            vec![Send(chunked(reply, b"")), Hang]
        }),
        Fault::new("one byte a second", Class::TimedOut, |reply| {
            vec![Trickle(reply.bytes(), Duration::from_secs(1))]
        }),
        Fault::new("a body of one byte a second", Class::TimedOut, |reply| {
            vec![Send(beginning(reply, 0)), Trickle(reply.body.clone(), Duration::from_secs(1))]
        }),
        Fault::new("an answer after the deadline", Class::TimedOut, |reply| {
            vec![Pause(DEADLINE + DEADLINE / 4), Send(reply.bytes())]
        }),
        Fault::new("an answer after a moment", Class::Harmless, |reply| {
            vec![Pause(Duration::from_millis(400)), Send(reply.bytes())]
        }),
        Fault::new("an answer in single bytes", Class::Harmless, |reply| {
            vec![Trickle(reply.bytes(), Duration::ZERO)]
        }),
        endless("a string that never ends", CHUNKED, chunk(vec![b'"'; 1 << 16])),
        endless("a list that never ends", CHUNKED, chunk(b"[],".repeat(10_000))),
        endless("white space that never ends", CHUNKED, chunk(vec![b' '; 1 << 16])),
        endless(
            "a chunk extension that never ends",
            "HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n1;",
            text("x"),
        ),
        endless(
            "trailers that never end",
            "HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n0\r\n",
            text("x: 1\r\n"),
        ),
        endless("a body without length that never ends", "HTTP/1.1 200 X\r\n\r\n", vec![b'x'; 1 << 16]),
    ]
}

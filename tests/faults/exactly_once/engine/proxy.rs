//! A proxy in front of a sandbox. It breaks about half of the requests of a run, and stops the run at a chosen request.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::PATIENCE;

/// A short delay.
const PAUSE: Duration = Duration::from_millis(50);

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Nothing: the response arrives.
    None,
    /// The response arrives a little later.
    Pause,
    /// The connection ends, and the backend never gets the request.
    DropBefore,
    /// The backend runs the request, and the connection ends without a response.
    DropAfter,
    /// The connection ends, and the backend gets the request after the run.
    Late,
    /// The backend runs the request, and the connection ends in the middle of the response.
    Cut,
    /// The backend runs the request, and the response is not JSON.
    Garbage,
    /// The backend runs the request, and the response comes after the deadline.
    Slow,
    /// The backend refuses the API key, although it is valid.
    False401,
    /// The response has this status, and the backend never gets the request.
    StatusBefore(u16),
    /// The backend runs the request, and the response has this status.
    StatusAfter(u16),
}

/// How often each fault is chosen, of all faults.
const WEIGHTS: [(Fault, u32); 16] = [
    (Fault::DropBefore, 14),
    (Fault::DropAfter, 18),
    (Fault::Late, 14),
    (Fault::Cut, 10),
    (Fault::Garbage, 6),
    (Fault::Slow, 3),
    (Fault::Pause, 5),
    (Fault::False401, 4),
    (Fault::StatusBefore(429), 6),
    (Fault::StatusBefore(500), 3),
    (Fault::StatusAfter(500), 4),
    (Fault::StatusBefore(502), 4),
    (Fault::StatusAfter(502), 6),
    (Fault::StatusBefore(503), 4),
    (Fault::StatusAfter(503), 4),
    (Fault::StatusAfter(504), 3),
];

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Pause => f.write_str("pause"),
            Self::DropBefore => f.write_str("drop"),
            Self::DropAfter => f.write_str("drop-after-write"),
            Self::Late => f.write_str("late"),
            Self::Cut => f.write_str("cut"),
            Self::Garbage => f.write_str("garbage"),
            Self::Slow => f.write_str("slow"),
            Self::False401 => f.write_str("401"),
            Self::StatusBefore(status) => write!(f, "{status}"),
            Self::StatusAfter(status) => write!(f, "{status}-after-write"),
        }
    }
}

/// The time at which a run is stopped: when its request with this number arrives, counted from 1.
#[derive(Clone, Copy, Debug)]
pub struct Stop {
    pub request: usize,
    pub point: StopPoint,
    pub signal: Signal,
}

/// Whether the backend gets the request at which a run is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopPoint {
    Before,
    After,
    /// It gets the request after the run.
    Late,
}

/// How the requests of a run are treated.
#[derive(Clone, Debug, Default)]
pub struct RunPlan {
    /// The probability of a fault, from 0 to 1.
    pub fault_rate: f64,
    /// Whether creates may arrive after the run.
    pub late_creates: bool,
    pub stop: Option<Stop>,
    /// The deadline of the run.
    pub deadline: Duration,
    pub seed: u64,
}

/// The requests of a run, in order, and whether it was stopped.
#[derive(Clone, Debug, Default)]
pub struct RunTrace {
    pub lines: Vec<(String, Fault)>,
    pub is_stopped: bool,
}

/// A proxy on a free port of this machine.
pub struct Proxy {
    pub address: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The port of the sandbox.
    upstream: u16,
    plan: RunPlan,
    rng: Rng,
    /// The process that runs.
    child: Option<Child>,
    trace: RunTrace,
    /// The number of requests that the backend is running.
    forwards: usize,
    late: Vec<Request>,
}

#[derive(Clone)]
struct Request {
    method: String,
    target: String,
    /// The header lines that the backend reads.
    head: String,
    body: Vec<u8>,
}

impl Proxy {
    pub fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Arc::new(Shared::default());
        let accepting = Arc::clone(&shared);
        // It ends with the process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&accepting);
                // A client can disconnect at any time.
                thread::spawn(move || drop(shared.serve(stream)));
            }
        });
        Self { address, shared }
    }

    /// Sends requests to the sandbox on this port from now on.
    pub fn set_upstream(&self, port: u16) {
        let mut state = self.shared.lock();
        state.upstream = port;
        state.late.clear();
    }

    /// Runs a command to its end. `read` reads its output until both streams end.
    pub fn run<T>(
        &self,
        plan: RunPlan,
        command: &mut Command,
        read: impl FnOnce(ChildStdin, ChildStdout, ChildStderr) -> T,
    ) -> (Option<i32>, T, RunTrace) {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut state = self.shared.lock();
        state.rng = Rng::with_seed(plan.seed);
        state.plan = plan;
        state.trace = RunTrace::default();
        let mut child = command.spawn().expect("the program starts");
        let stdin = child.stdin.take().expect("stdin");
        let stdout = child.stdout.take().expect("stdout");
        let stderr = child.stderr.take().expect("stderr");
        state.child = Some(child);
        drop(state);
        let out = read(stdin, stdout, stderr);
        let mut state = self.shared.lock();
        // From here on no request is forwarded, and no signal is sent.
        let mut child = state.child.take().expect("the process of this run");
        self.shared.changed.notify_all();
        while state.forwards > 0 {
            state = self.shared.changed.wait(state).expect("a lock");
        }
        let trace = std::mem::take(&mut state.trace);
        drop(state);
        let status = child.wait().expect("a status");
        (status.code(), out, trace)
    }

    /// Forwards the requests that were held back. Returns their number.
    pub fn deliver_late(&self) -> usize {
        let (late, port) = {
            let mut state = self.shared.lock();
            (std::mem::take(&mut state.late), state.upstream)
        };
        for request in &late {
            drop(forward(port, request));
        }
        late.len()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("a lock")
    }

    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut stream = stream;
        while let Some(request) = Request::read(&mut reader)? {
            let Some(response) = self.respond(&request) else { break };
            stream.write_all(&response.bytes)?;
            if response.is_cut {
                break;
            }
        }
        stream.shutdown(Shutdown::Both)
    }

    /// The response to send; `None` to close the connection.
    fn respond(&self, request: &Request) -> Option<Response> {
        let (fault, stop) = self.decide(request)?;
        if let Some(Stop { point, signal, .. }) = stop {
            if point == StopPoint::After {
                self.forward(request);
            }
            self.stop_run(signal);
            return None;
        }
        match fault {
            Fault::None => self.forward(request),
            Fault::Pause => {
                thread::sleep(PAUSE);
                self.forward(request)
            }
            Fault::DropBefore | Fault::Late => None,
            Fault::DropAfter => {
                self.forward(request);
                None
            }
            Fault::Cut => {
                let Response { mut bytes, .. } = self.forward(request)?;
                let head = head_length(&bytes)?;
                bytes.truncate(head + (bytes.len() - head) / 2);
                Some(Response { bytes, is_cut: true })
            }
            Fault::Garbage => {
                self.forward(request);
                Some(Response::new(200, "text/plain", "}{ this is not JSON"))
            }
            Fault::Slow => {
                let response = self.forward(request);
                let deadline = self.lock().plan.deadline;
                thread::sleep(deadline + PAUSE);
                response
            }
            Fault::False401 => Some(Response::refusal(401)),
            Fault::StatusBefore(status) => Some(Response::refusal(status)),
            Fault::StatusAfter(status) => {
                self.forward(request);
                Some(Response::refusal(status))
            }
        }
    }

    /// Chooses what happens to a request. `None` if its run has ended.
    fn decide(&self, request: &Request) -> Option<(Fault, Option<Stop>)> {
        let mut state = self.lock();
        state.child.as_ref()?;
        let number = state.trace.lines.len() + 1;
        let stop = state.plan.stop.filter(|stop| stop.request == number);
        let mut fault = match stop {
            None => state.choose_fault(),
            Some(Stop { point: StopPoint::Before, .. }) => Fault::DropBefore,
            Some(Stop { point: StopPoint::After, .. }) => Fault::DropAfter,
            Some(Stop { point: StopPoint::Late, .. }) => Fault::Late,
        };
        if fault == Fault::Late {
            if state.plan.late_creates && request.is_stripe_create() {
                state.late.push(request.clone());
            } else {
                fault = Fault::DropBefore;
            }
        }
        state.trace.is_stopped |= stop.is_some();
        state.trace.lines.push((format!("{} {}", request.method, request.target), fault));
        Some((fault, stop))
    }

    /// Lets the backend run a request, unless the run has ended.
    fn forward(&self, request: &Request) -> Option<Response> {
        let port = {
            let mut state = self.lock();
            state.child.as_ref()?;
            state.forwards += 1;
            state.upstream
        };
        let response = forward(port, request);
        self.lock().forwards -= 1;
        self.changed.notify_all();
        response.ok()
    }

    /// Sends a signal to the process, and waits for its end.
    fn stop_run(&self, signal: Signal) {
        let state = self.lock();
        // It is not reaped as long as it is here.
        let Some(child) = &state.child else { return };
        let process = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(process, signal).expect("a signal");
        let ended = self.changed.wait_timeout_while(state, PATIENCE, |state| state.child.is_some());
        drop(ended.expect("a lock"));
    }
}

impl State {
    fn choose_fault(&mut self) -> Fault {
        if self.rng.f64() >= self.plan.fault_rate {
            return Fault::None;
        }
        let total = WEIGHTS.iter().map(|(_, weight)| weight).sum();
        let mut at = self.rng.u32(0..total);
        for (fault, weight) in WEIGHTS {
            match at.checked_sub(weight) {
                Some(rest) => at = rest,
                None => return fault,
            }
        }
        Fault::None
    }
}

impl Request {
    /// Reads a request. `None` at the end of the connection.
    fn read(reader: &mut BufReader<TcpStream>) -> io::Result<Option<Self>> {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let mut words = line.split_whitespace().map(str::to_owned);
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap_or_default(),
                "authorization" | "content-type" | "accept" => head.push_str(&line),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        Ok(Some(Self { method, target, head, body }))
    }

    /// A create at Stripe can be sent again, because it has an idempotency key.
    fn is_stripe_create(&self) -> bool {
        let is_create = self.target.ends_with("/products") || self.target.ends_with("/prices");
        self.method == "POST" && is_create && !self.target.contains("/razorpay/")
    }
}

/// The bytes of a response.
struct Response {
    bytes: Vec<u8>,
    /// The connection ends after it.
    is_cut: bool,
}

impl Response {
    fn new(status: u16, content_type: &str, body: &str) -> Self {
        let length = body.len();
        let head = format!("HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\ncontent-length: {length}");
        Self { bytes: format!("{head}\r\n\r\n{body}").into_bytes(), is_cut: false }
    }

    /// The error of the backend or of a gateway in front of it.
    fn refusal(status: u16) -> Self {
        let code = match status {
            401 => "AUTH_INVALID_API_KEY",
            429 => "RATE_LIMITED",
            500 => "INTERNAL_ERROR",
            _ => return Self::new(status, "text/html", &format!("<html><h1>{status}</h1></html>")),
        };
        let body = json!({"error": code, "message": "A fault of the proxy", "statusCode": status});
        Self::new(status, "application/json; charset=utf-8", &body.to_string())
    }
}

/// Sends a request to the sandbox on a connection of its own.
fn forward(port: u16, request: &Request) -> io::Result<Response> {
    let Request { method, target, head, body } = request;
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    let length = body.len();
    let start = format!("{method} {target} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n");
    let head = format!("{start}{head}connection: close\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(&[head.as_bytes(), body].concat())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    // The client keeps its connection.
    let response = String::from_utf8_lossy(&bytes).replacen("connection: close\r\n", "", 1);
    Ok(Response { bytes: response.into_bytes(), is_cut: false })
}

/// The length of a response's head, with the empty line after it.
fn head_length(response: &[u8]) -> Option<usize> {
    Some(response.windows(4).position(|window| window == b"\r\n\r\n")? + 4)
}

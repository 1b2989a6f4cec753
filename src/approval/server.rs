//! Serves the approval page of one question on loopback, until a person answers. `insforge approve` answers here too.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt::Write;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use uuid::Uuid;

use crate::approval::peer::is_other_user;
use crate::approval::{Answer, AnsweredIn, Question, page};
use crate::ui::clock_time;

/// How long the page is served after the answer: a double click sends the form twice, and the browser shows the second reply.
const LINGER: Duration = Duration::from_secs(1);
/// The longest time for one request. It is long enough for every person, because the page is only requested when it is shown.
const LONGEST_REQUEST: Duration = Duration::from_secs(10);
/// With more connections than this, the oldest one ends. So idle ones, which browsers open too, never keep a person out.
const MAX_CONNECTIONS: usize = 32;
/// The pause after a connection that cannot be accepted: while the process has no free file, the next one fails too.
const PAUSE: Duration = Duration::from_millis(50);
const MAX_FORM: usize = 4 * 1024;
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether a question still waits.
#[derive(Clone, Copy, Debug)]
enum State {
    Open,
    Answered(Answer, Instant),
    /// The command no longer waits.
    Closed,
}

/// The page of one question.
struct ServedPage {
    port: u16,
    /// The path of the page. Whoever does not know it cannot see the page.
    path: String,
    /// The form's hidden token. Only the page has it, so no other page can send the form.
    token: String,
    question: Question,
    deadline: Instant,
    /// The deadline as the page shows it.
    until: String,
    state: watch::Sender<State>,
}

/// A page that waits for an answer. It is served until the run ends.
pub(crate) struct ApprovalServer {
    page: Arc<ServedPage>,
}

impl ApprovalServer {
    /// Serves the page of a question from now on. It takes an answer within `limit`.
    pub(crate) async fn start(question: Question, limit: Duration) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        // A limit of years is none.
        let limit = limit.min(Duration::from_secs(365 * 24 * 60 * 60));
        let page = Arc::new(ServedPage {
            port: listener.local_addr()?.port(),
            path: format!("/approve/{}", Uuid::new_v4().simple()),
            token: Uuid::new_v4().simple().to_string(),
            question,
            deadline: Instant::now() + limit,
            until: clock_time(Timestamp::now() + limit),
            state: watch::channel(State::Open).0,
        });
        tokio::spawn(accept(listener, Arc::clone(&page)));
        Ok(Self { page })
    }

    /// The address of the page.
    pub(crate) fn link(&self) -> String {
        format!("http://127.0.0.1:{}{}", self.page.port, self.page.path)
    }

    /// The form's hidden token.
    pub(crate) fn token(&self) -> &str {
        &self.page.token
    }

    /// Waits for the answer. `None` if nobody answers in time.
    pub(crate) async fn answer(&self) -> Option<Answer> {
        let mut state = self.page.state.subscribe();
        let answered = state.wait_for(|state| matches!(state, State::Answered(..)));
        // An answer at the last moment counts, and none after it.
        let _ = tokio::time::timeout_at(self.page.deadline, answered).await;
        self.page.state.send_if_modified(|state| match state {
            State::Open => {
                *state = State::Closed;
                true
            }
            State::Answered(..) | State::Closed => false,
        });
        match *self.page.state.borrow() {
            State::Answered(answer, _) => Some(answer),
            State::Open | State::Closed => None,
        }
    }

    /// Waits until the browser has the page after the answer.
    pub(crate) async fn linger(&self) {
        let state = *self.page.state.borrow();
        if let State::Answered(Answer { by: AnsweredIn::Page, .. }, at) = state {
            tokio::time::sleep_until(at + LINGER).await;
        }
    }
}

async fn accept(listener: TcpListener, page: Arc<ServedPage>) {
    let mut connections: VecDeque<JoinHandle<()>> = VecDeque::new();
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        if is_other_user(peer, page.port) {
            continue;
        }
        connections.retain(|connection| !connection.is_finished());
        if connections.len() == MAX_CONNECTIONS
            && let Some(oldest) = connections.pop_front()
        {
            oldest.abort();
        }
        let page = Arc::clone(&page);
        connections.push_back(tokio::spawn(async move {
            let _ = tokio::time::timeout(LONGEST_REQUEST, serve(stream, page)).await;
        }));
    }
}

async fn serve(stream: TcpStream, page: Arc<ServedPage>) -> hyper::Result<()> {
    let reply = service_fn(|request| {
        let page = Arc::clone(&page);
        async move { Ok::<_, Infallible>(page.reply(request).await) }
    });
    // One request for each connection.
    http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(stream), reply).await
}

impl ServedPage {
    async fn reply(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        if !self.is_own(&request) {
            return forbidden("This request does not come from the approval page.");
        }
        if request.uri().path() != self.path {
            let text = "Open the link that the command printed.";
            return refused(StatusCode::NOT_FOUND, "No question is at this address", text);
        }
        match *request.method() {
            Method::GET | Method::HEAD => match *self.state.borrow() {
                State::Open => html_page(StatusCode::OK, |nonce| {
                    let form = page::Form {
                        path: &self.path,
                        token: &self.token,
                        until: &self.until,
                        time_left: self.deadline.saturating_duration_since(Instant::now()),
                    };
                    page::question(&self.question, &form, nonce)
                }),
                state => self.gone(state),
            },
            Method::POST => self.receive(request).await,
            _ => {
                let text = "Open the page in a browser, and use its buttons.";
                let mut reply = refused(StatusCode::METHOD_NOT_ALLOWED, "This page has no such action", text);
                reply.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
                reply
            }
        }
    }

    /// Whether a request is for this server, and from its own page or from no page. With DNS rebinding, a foreign page has
    /// this server's address, but not its name. A link on a foreign page can open this page, and a form there cannot answer.
    fn is_own<B>(&self, request: &Request<B>) -> bool {
        let names = [format!("127.0.0.1:{}", self.port), format!("localhost:{}", self.port)];
        let is_own = |text: &str| names.iter().any(|name| text.eq_ignore_ascii_case(name));
        let headers: &HeaderMap = request.headers();
        let all = |name: HeaderName, is_fine: &dyn Fn(&str) -> bool| {
            headers.get_all(name).iter().all(|value| value.to_str().is_ok_and(is_fine))
        };
        // The target can be a whole address, as for a proxy.
        request.uri().authority().is_none_or(|authority| is_own(authority.as_str()))
            && headers.get_all(HOST).iter().count() == 1
            && all(HOST, &is_own)
            && all(ORIGIN, &|origin| origin.strip_prefix("http://").is_some_and(is_own))
            && (request.method() != Method::POST
                || all(SEC_FETCH_SITE, &|site| ["same-origin", "none"].contains(&site)))
    }

    /// Takes the answer of the form.
    async fn receive(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let Ok(body) = Limited::new(request.into_body(), MAX_FORM).collect().await else {
            return invalid("The form is too long, or incomplete.");
        };
        let body = body.to_bytes();
        let fields: Vec<_> = url::form_urlencoded::parse(&body).collect();
        let field = |name: &str| {
            let mut values =
                fields.iter().filter(|(field, _)| field == name).map(|(_, value)| value.as_ref());
            values.next().filter(|_| values.next().is_none())
        };
        if field("token") != Some(self.token.as_str()) {
            return forbidden("This form is not from the approval page.");
        }
        let approved = match field("answer") {
            Some("approve") => true,
            Some("deny") => false,
            _ => return invalid("The form has no answer."),
        };
        let is_terminal = field("by") == Some(AnsweredIn::OtherTerminal.as_str());
        let by = if is_terminal { AnsweredIn::OtherTerminal } else { AnsweredIn::Page };
        let mut before = State::Closed;
        self.state.send_if_modified(|state| {
            before = *state;
            let is_open = matches!(state, State::Open);
            if is_open {
                *state = State::Answered(Answer { approved, by }, Instant::now());
            }
            is_open
        });
        match before {
            State::Open => html_page(StatusCode::OK, |nonce| page::answered(&self.question, approved, nonce)),
            state => self.gone(state),
        }
    }

    /// The reply when the question no longer waits.
    fn gone(&self, state: State) -> Response<Full<Bytes>> {
        let answer = match state {
            State::Answered(answer, _) => Some(answer),
            State::Open | State::Closed => None,
        };
        html_page(StatusCode::GONE, |nonce| page::gone(&self.question, answer, nonce))
    }
}

/// Refuses a request that could be forged. It has no effect.
fn forbidden(why: &str) -> Response<Full<Bytes>> {
    let text = format!("{why} Nothing was changed. Open the link that the command printed.");
    refused(StatusCode::FORBIDDEN, "Refused", &text)
}

fn invalid(why: &str) -> Response<Full<Bytes>> {
    let text = format!("{why} Go back to the page, and use one of its buttons.");
    refused(StatusCode::BAD_REQUEST, "The answer cannot be read", &text)
}

fn refused(status: StatusCode, title: &str, text: &str) -> Response<Full<Bytes>> {
    html_page(status, |nonce| page::refused(title, text, nonce))
}

/// A page that runs no script, loads nothing, and is in no frame.
fn html_page(status: StatusCode, html: impl FnOnce(&str) -> String) -> Response<Full<Bytes>> {
    let nonce = Uuid::new_v4().simple().to_string();
    let mut policy = String::from("default-src 'none'; ");
    // Writing to a String cannot fail.
    let _ = write!(
        policy,
        "style-src 'nonce-{nonce}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    );
    let mut reply = Response::new(Full::new(Bytes::from(html(&nonce))));
    *reply.status_mut() = status;
    let headers = [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        // With `no-referrer`, browsers send the form with the origin `null`.
        ("referrer-policy", "same-origin"),
    ];
    for (name, value) in headers {
        reply.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if let Ok(policy) = HeaderValue::try_from(policy) {
        reply.headers_mut().insert("content-security-policy", policy);
    }
    reply
}

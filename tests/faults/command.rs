//! The commands under fault: the example of every command, and one command of each kind. Each runs once against a sandbox,
//! which records its requests and answers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::thread;

use insforge::sandbox::{Options, PUBLIC_URL};
use serde_json::Value;

use super::harness::shop::forward;
use super::harness::stub::{Answer, Request, Stub};
use super::harness::{KEY, RunOutput, User};
use super::server::{Backend, Exchange, Misbehavior, Reply, Script};

/// What a command does, as far as it decides how a fault ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It contacts no backend.
    Local,
    /// A read. It is sent again until it is answered.
    Read,
    /// A report about the backend, in which a failure is a line: `current`.
    Report,
    /// The checks of the doctor. A failure is a failed check.
    Checks,
    /// A sync. It changes only the mirror, and is sent again until it is answered.
    Sync,
    /// A write that can be sent again: it has an idempotency key, or sets a state.
    Repeatable,
    /// A write that must not be sent twice.
    Once,
    /// A write that must not be sent twice. If its answer is lost, the mirror is searched for it.
    Searched,
    /// One change with several requests that can be sent again.
    Planned,
    /// Several objects from a file. One of them is struck.
    Bulk,
    /// The catalog as code. The first of its changes is struck.
    Apply,
    /// A list that is requested repeatedly. The second request is struck.
    Follow,
}

/// The kinds of all commands that do not only read, by the path of the command.
const KINDS: [(&str, Kind); 32] = [
    ("login", Kind::Read),
    ("link", Kind::Read),
    ("logout", Kind::Local),
    ("current", Kind::Report),
    ("explain", Kind::Local),
    ("approve", Kind::Local),
    ("approvals", Kind::Local),
    ("completion", Kind::Local),
    ("help", Kind::Local),
    ("sandbox path", Kind::Local),
    ("sandbox reset", Kind::Local),
    ("payments doctor", Kind::Checks),
    ("payments catalog apply", Kind::Apply),
    ("payments config set", Kind::Repeatable),
    ("payments config remove", Kind::Once),
    ("payments webhooks configure", Kind::Once),
    ("payments products create", Kind::Repeatable),
    ("payments products update", Kind::Once),
    ("payments products archive", Kind::Planned),
    ("payments products delete", Kind::Once),
    ("payments prices create", Kind::Repeatable),
    ("payments prices update", Kind::Once),
    ("payments prices replace", Kind::Planned),
    ("payments prices archive", Kind::Repeatable),
    ("payments razorpay doctor", Kind::Checks),
    ("payments razorpay config set", Kind::Repeatable),
    ("payments razorpay config remove", Kind::Once),
    ("payments razorpay webhooks rotate-secret", Kind::Once),
    ("payments razorpay items create", Kind::Searched),
    ("payments razorpay items update", Kind::Once),
    ("payments razorpay plans create", Kind::Searched),
    ("payments catalog export", Kind::Sync),
];

/// Commands that start a backend of their own, or act only on a sandbox. A token differs in every second.
const OWN_BACKEND: [&str; 9] = [
    "sandbox serve",
    "sandbox exec",
    "sandbox token",
    "sandbox pay",
    "sandbox refund",
    "sandbox cancel",
    "sandbox advance",
    "sandbox events",
    "sandbox status",
];

/// A command with its recorded run.
#[derive(Clone, Debug)]
pub struct Command {
    pub name: String,
    pub kind: Kind,
    args: Vec<String>,
    pub stdin: String,
    /// How it ends without a fault, in each format.
    healthy: BTreeMap<Format, Healthy>,
    exchanges: Vec<Exchange>,
    pub struck: Option<usize>,
}

/// The end of a run without a fault.
#[derive(Clone, Debug)]
pub struct Healthy {
    pub exit: i32,
    /// The code of the error, as the example of a delete is refused.
    pub code: Option<String>,
    /// With placeholders; see [`Command::without_places`].
    pub stdout: String,
}

/// An output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    Text,
    Json,
}

impl Format {
    pub const ALL: [Self; 2] = [Self::Text, Self::Json];
}

/// All recorded commands.
pub struct Commands {
    /// One of each kind.
    pub kinds: Vec<Command>,
    /// The example of every command.
    pub all: Vec<Command>,
    /// An answer to every request of any command.
    others: Arc<BTreeMap<String, Reply>>,
}

/// The placeholder for the backend's address in examples.
const YOUR_APP: &str = "https://your-app.us-east.insforge.app";

impl Command {
    fn new(name: &str, kind: Kind, words: &[&str], stdin: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            args: words.iter().map(|word| (*word).to_owned()).collect(),
            stdin: stdin.replace("ik_sandbox", KEY),
            healthy: BTreeMap::new(),
            exchanges: Vec::new(),
            struck: None,
        }
    }

    /// The arguments for a backend at this address.
    pub fn words(&self, address: &str, format: Format) -> Vec<String> {
        let mut words: Vec<String> = self.args.iter().map(|word| word.replace(YOUR_APP, address)).collect();
        if format == Format::Json {
            words.push("--json".to_owned());
        }
        words
    }

    /// How it ends without a fault.
    pub fn healthy(&self, format: Format) -> &Healthy {
        &self.healthy[&format]
    }

    /// The output without what differs in each run.
    pub fn without_places(output: &str, address: &str, user: &User) -> String {
        output.replace(address, "http://BACKEND").replace(&user.home.path().display().to_string(), "HOME")
    }

    /// Chooses the request to strike, and runs it in each format against its recording.
    fn prepare(&mut self, others: &Arc<BTreeMap<String, Reply>>) {
        self.struck = self.request_to_strike();
        for format in Format::ALL.into_iter().filter(|_| self.kind != Kind::Follow) {
            let script = Script { struck: None, ..self.script(others) };
            let backend = Backend::start(script, Misbehavior::none());
            let user = User::of(&backend.address);
            let ran = self.run(&user, &self.words(&backend.address, format));
            let error = format == Format::Json && ran.stderr.contains("\"exitCode\":");
            let code = error.then(|| ran.error()["code"].as_str().map(str::to_owned)).flatten();
            let stdout = Self::without_places(&ran.stdout, &backend.address, &user);
            let unknown = &backend.seen().unknown;
            assert!(unknown.is_empty(), "{} needs requests that were not recorded: {unknown:?}", self.name);
            self.healthy.insert(format, Healthy { exit: ran.code, code, stdout });
        }
    }

    fn exchanges_with_sandbox(&self) -> Vec<Exchange> {
        let sandbox = Options::new().public_url(PUBLIC_URL).spawn().expect("a sandbox");
        let recorded = Arc::new(Mutex::new(Vec::new()));
        let (port, log) = (sandbox.port(), Arc::clone(&recorded));
        let own_key = format!("Bearer {}", sandbox.api_key());
        let proxy = Stub::start(move |request| {
            let mut request = request.clone();
            // The examples use the secret key of all tests.
            for (name, value) in &mut request.headers {
                if name.eq_ignore_ascii_case("authorization") {
                    value.clone_from(&own_key);
                }
            }
            let answer = forward(port, &request).expect("an answer");
            log.lock().expect("a lock").push(exchange(request, &answer));
            answer
        });
        let mut words = self.words(&proxy.address, Format::Json);
        if self.kind == Kind::Follow {
            // It would not end. This is the list that it requests.
            let follow = words.iter().position(|word| word == "--follow").expect("an option");
            words.splice(follow..follow + 3, ["--limit".to_owned(), "100".to_owned()]);
        }
        self.run(&User::of(&proxy.address), &words);
        std::mem::take(&mut recorded.lock().expect("a lock"))
    }

    fn run(&self, user: &User, words: &[String]) -> RunOutput {
        user.run_with_stdin(&words.iter().map(String::as_str).collect::<Vec<_>>(), &self.stdin)
    }

    /// The request that the command is about: its first write, or else its sync, or else what it reads.
    fn request_to_strike(&mut self) -> Option<usize> {
        let all = &self.exchanges;
        let is_sync = |exchange: &Exchange| exchange.line.ends_with("/sync");
        match self.kind {
            Kind::Bulk => {
                let creates = all.iter().enumerate().filter(|(_, exchange)| !exchange.is_read());
                creates.map(|(index, _)| index).nth(1)
            }
            Kind::Follow => {
                // The same list three times: shown, struck, and shown again.
                let first = self.exchanges.first().cloned().expect("a list");
                self.exchanges = vec![first; 3];
                Some(1)
            }
            _ => all
                .iter()
                .position(|exchange| !exchange.is_read() && !is_sync(exchange))
                .or_else(|| all.iter().position(is_sync))
                .or_else(|| all.iter().position(|exchange| exchange.line != "GET /api/health")),
        }
    }

    /// The recorded run, with answers to other requests.
    fn script(&self, others: &Arc<BTreeMap<String, Reply>>) -> Script {
        Script {
            exchanges: self.exchanges.clone(),
            struck: self.struck,
            once: self.kind == Kind::Follow,
            changes: false,
            others: Arc::clone(others),
        }
    }

    /// Whether the backend has accepted the key before the struck request.
    pub fn key_is_accepted_before(&self) -> bool {
        let before = &self.exchanges[..self.struck.unwrap_or(0)];
        before.iter().any(|exchange| exchange.line != "GET /api/health")
    }
}

fn exchange(request: Request, answer: &Answer) -> Exchange {
    let Answer::Respond { status, headers, body } = answer else { panic!("no answer: {answer:?}") };
    let content_type = headers.first().map(|(_, value)| value.clone()).unwrap_or_default();
    let reply = Reply { status: *status, content_type, body: body.clone() };
    Exchange { line: request.line(), body: request.body, reply }
}

impl Commands {
    /// Records one command of each kind.
    pub fn of_each_kind() -> Self {
        Self::record(kinds(), Vec::new())
    }

    /// Records one command of each kind, and the example of every command.
    pub fn all() -> Self {
        Self::record(kinds(), examples())
    }

    fn record(mut kinds: Vec<Command>, all: Vec<Command>) -> Self {
        let count = kinds.len();
        kinds.extend(all);
        in_parallel(&mut kinds, |command| command.exchanges = command.exchanges_with_sandbox());
        let exchanges = kinds.iter().flat_map(|command| &command.exchanges).rev();
        let others = exchanges.map(|exchange| (exchange.line.clone(), exchange.reply.clone())).collect();
        let others = Arc::new(others);
        in_parallel(&mut kinds, |command| command.prepare(&others));
        let all = kinds.split_off(count);
        Self { kinds, all, others }
    }

    /// The script of a command. A write that succeeds `changes` what is read afterwards.
    pub fn script(&self, command: &Command, changes: bool) -> Script {
        Script { changes, ..command.script(&self.others) }
    }
}

/// Does some work with each, several at the same time.
fn in_parallel<T: Send>(all: &mut [T], work: impl Fn(&mut T) + Sync) {
    let waiting = Mutex::new(all.iter_mut());
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().expect("a lock").next();
                    let Some(one) = next else { break };
                    work(one);
                }
            });
        }
    });
}

/// One command of each kind.
fn kinds() -> Vec<Command> {
    const THREE: &str = "{\"name\":\"A\"}\n{\"name\":\"B\"}\n{\"name\":\"C\"}\n";
    let apply = examples().into_iter().find(|command| command.kind == Kind::Apply).expect("an apply");
    let words = |words: &'static str| words.split(' ').collect::<Vec<_>>();
    vec![
        Command::new("a read", Kind::Read, &words("payments products list test"), ""),
        Command::new(
            "a repeatable write",
            Kind::Repeatable,
            &words("payments products create test --name Basic --idempotency-key k-1"),
            "",
        ),
        Command::new(
            "a write that cannot be repeated",
            Kind::Once,
            &words("payments products update test prod_dxFhxxNRvjmfxv --name Pro"),
            "",
        ),
        Command::new(
            "a create at Razorpay",
            Kind::Searched,
            &words("payments razorpay items create test --name Seat --amount 100 --currency INR"),
            "",
        ),
        Command::new("bulk", Kind::Bulk, &words("payments products create --from-file -"), THREE),
        Command { name: "apply".to_owned(), ..apply },
        Command::new("follow", Kind::Follow, &words("payments transactions test --follow --interval 1s"), ""),
    ]
}

/// The example of every command, without its `--json`.
fn examples() -> Vec<Command> {
    let map = User::new().run(&["help", "--json"]).exits(0).json();
    let commands = map["commands"].as_array().expect("commands");
    let examples = commands.iter().filter_map(|command| {
        let example = command.get("example")?;
        let name = words(&command["path"]).join(" ");
        let args =
            words(&example["argv"]).into_iter().skip(1).filter(|word| word != "--json").collect::<Vec<_>>();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let stdin = example["stdin"].as_str().unwrap_or_default();
        (!OWN_BACKEND.contains(&&*name)).then(|| Command::new(&name, kind(&name, command), &args, stdin))
    });
    examples.collect()
}

/// The kind of a command. A new write needs a line in [`KINDS`].
fn kind(name: &str, command: &Value) -> Kind {
    if let Some((_, kind)) = KINDS.iter().find(|(known, _)| *known == name) {
        return *kind;
    }
    match command["changes"].as_str() {
        Some("nothing") => Kind::Read,
        Some("mirror") => Kind::Sync,
        _ => panic!("{name} changes something: add its kind to KINDS"),
    }
}

fn words(value: &Value) -> Vec<String> {
    let all = value.as_array().expect("words");
    all.iter().map(|word| word.as_str().expect("a word").to_owned()).collect()
}

//! A backend that repeats what it was sent in secret. Every command masks it, in every form, wherever the answer has it.

use std::collections::{BTreeSet, HashSet};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::harness::recordings::Generation;
use super::harness::secrets::{base64, forms};
use super::harness::stub::{Answer, Request, Stub};
use super::harness::{KEY, RunOutput, User};

/// With most characters that are escaped somewhere and can be in an API key.
const API_KEY: &str = "ik_echo0of+1/2key=that&3nobody<4>5%41sees";
const STRIPE_KEY: &str = "sk_test_echo0of1a2key3that4nobody5sees";
const KEY_SECRET: &str = "hush4of+5/6that=nobody7sees";
/// With all characters that are escaped somewhere.
const WEBHOOK_SECRET: &str = r#"hu"sh<4>&'k+/\1x=9z%41{}z"#;

/// A command line, and what it sends in secret besides the API key. The first of these is on stdin.
struct Sender {
    line: &'static str,
    secrets: &'static [&'static str],
}

const fn sender(line: &'static str) -> Sender {
    Sender { line, secrets: &[] }
}

const READS: [Sender; 16] = [
    sender("current"),
    Sender { line: "login --api-url URL --api-key-stdin", secrets: &[API_KEY] },
    sender("login --api-url URL --api-key-file key"),
    sender("link --api-base-url URL --api-key-file key"),
    sender("payments status"),
    sender("payments config"),
    sender("payments catalog"),
    sender("payments products list"),
    sender("payments products get prod_1"),
    sender("payments prices list"),
    sender("payments customers list"),
    sender("payments subscriptions list"),
    sender("payments transactions list"),
    sender("payments transactions list --follow"),
    sender("payments sync"),
    sender("payments doctor"),
];

const WRITES: [Sender; 10] = [
    sender("payments products create --name A"),
    sender("payments products create --from-file objects.jsonl --yes"),
    sender("payments products update prod_1 --name B"),
    sender("payments products delete prod_1 --yes"),
    sender("payments catalog plan"),
    sender("payments catalog apply --yes"),
    Sender { line: "payments config set test - --yes", secrets: &[STRIPE_KEY] },
    sender("payments config remove test --yes"),
    Sender {
        line: "payments razorpay config set test --key-id rzp_test_alpha_1 --webhook-secret-file webhook-secret - --yes",
        secrets: &[KEY_SECRET, WEBHOOK_SECRET],
    },
    sender("payments razorpay webhooks setup test"),
];

/// The places of an answer that can repeat a text.
const PLACES: [&str; 16] = [
    "message",
    "code",
    "nextActions",
    "status",
    "headers",
    "location",
    "content type",
    "title",
    "heading",
    "text",
    "other JSON",
    "string",
    "fields",
    "rows",
    "broken JSON",
    "broken UTF-8",
];

fn answer(place: &str, echo: &str) -> Answer {
    let refusal = |code: &str, message: &str, next: &str| {
        let body = json!({"error": code, "message": message, "statusCode": 400, "nextActions": next});
        Answer::json(400, &body.to_string())
    };
    match place {
        "message" => refusal("INVALID_INPUT", echo, ""),
        "code" => refusal(&echo.to_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_"), "no", ""),
        "nextActions" => refusal("INVALID_INPUT", "no", echo),
        "status" => Answer::Raw(Box::leak(
            format!("HTTP/1.1 400 {echo}\r\ncontent-length: 2\r\n\r\nno").into_boxed_str(),
        )),
        "headers" => ["server", "x-request-id", "cf-ray", "x-echo", "retry-after", "etag"]
            .into_iter()
            .fold(Answer::html(400, "no"), |answer, name| answer.header(name, echo)),
        "location" => Answer::html(302, "moved").header("location", &format!("https://x.example/?key={echo}")),
        "content type" => Answer::with(400, &format!("text/{echo}"), "no"),
        "title" => Answer::html(400, &format!("<html><title>{echo}</title></html>")),
        "heading" => Answer::html(400, &format!("<html><h1 class=x>{echo}</h1></html>")),
        "text" => Answer::with(400, "text/plain", &format!("{echo}\n{echo}")),
        "other JSON" => Answer::json(400, &json!({"error": {"code": echo, "message": echo}}).to_string()),
        "string" => Answer::json(200, &Value::from(echo).to_string()),
        "fields" => Answer::json(
            200,
            &json!({"connections": echo, "keys": echo, "products": echo, "prices": echo, "customers": echo,
                "subscriptions": echo, "transactions": echo, "results": echo, "product": echo, "version": [echo],
                "webhookUrl": [echo], "webhookSecret": [echo], echo: echo})
            .to_string(),
        ),
        "rows" => Answer::json(
            200,
            &json!({
                "status": "ok", "version": echo,
                "keys": [
                    {"environment": "test", "keyType": "api_key", "value": echo},
                    {"environment": "live", "keyType": echo, "value": null, "maskedKey": echo, "hasKey": true},
                ],
                "connections": [{"environment": "test", "status": "error", "accountId": echo, "accountEmail": echo,
                    "merchantName": echo, "maskedKey": echo, "lastSyncStatus": "failed", "lastSyncError": echo}],
                "products": [{"environment": "test", "productId": echo, "name": echo, "metadata": {"k": echo}}],
                "product": {"environment": "test", "productId": echo, "name": echo},
                "prices": [], "customers": [], "subscriptions": [], "transactions": [], "results": [],
            })
            .to_string(),
        ),
        "broken JSON" => Answer::json(200, &format!("{{\"connections\":[\"{echo}\",{echo}")),
        // In the middle of every key, and around it.
        "broken UTF-8" => {
            let mut body = b"{\"connections\":\"\xff\xc3".to_vec();
            for (position, byte) in echo.bytes().enumerate() {
                body.extend(if position % 9 == 5 { &[0xff][..] } else { &[] });
                body.push(byte);
            }
            Answer::Respond {
                status: 200,
                headers: vec![("content-type".to_owned(), "application/json".to_owned())],
                body,
            }
        }
        other => panic!("no answer for {other}"),
    }
}

/// As much of a form as may be printed, in characters.
const LONGEST_PART: usize = 12;

/// The parts of all forms of these secrets.
fn parts(forms: &[String]) -> HashSet<String> {
    let forms = forms.iter().map(|form| form.chars().collect::<Vec<_>>());
    forms.flat_map(|form| form.windows(LONGEST_PART).map(String::from_iter).collect::<Vec<_>>()).collect()
}

/// Asserts that the output has no part of a secret: half a key is a leak too.
#[track_caller]
fn assert_no_part(parts: &HashSet<String>, ran: &RunOutput, what: &str) {
    for text in [&ran.stdout, &ran.stderr] {
        let chars: Vec<char> = text.chars().collect();
        for part in chars.windows(LONGEST_PART).map(String::from_iter) {
            assert!(!parts.contains(&part), "{what}: {part} of a secret was printed:\n{text}");
        }
    }
}

fn user_of(stub: &Stub) -> User {
    let user = User::of(&stub.address).with("INSFORGE_API_KEY", API_KEY);
    let user = user.with("INSFORGE_RETRIES", "0").with("INSFORGE_TIMEOUT", "10s");
    user.write("key", API_KEY);
    user.write("webhook-secret", WEBHOOK_SECRET);
    user.write("objects.jsonl", "{\"name\":\"a\"}\n{\"name\":\"b\"}\n");
    user.write("payments.toml", "[products.pro]\nname = \"Pro\"\n");
    user
}

fn run(user: &User, sender: &Sender, address: &str, more: &[&str]) -> RunOutput {
    let line = sender.line.replace("URL", address);
    let words: Vec<&str> = line.split(' ').chain(more.iter().copied()).collect();
    user.run_with_stdin(&words, sender.secrets.first().copied().unwrap_or_default())
}

/// Runs commands against a backend that repeats every form at once, in answer to all requests or to writes only.
fn check(commands: &[Sender], answers: &[bool], fewest: (usize, usize)) {
    let mut searched = BTreeSet::new();
    let mut runs = 0;
    for (number, sender) in commands.iter().enumerate() {
        let secrets = [sender.secrets, &[API_KEY]].concat();
        let all: Vec<String> = secrets.iter().flat_map(|secret| forms(secret)).collect();
        let in_basic: Vec<String> = secrets.iter().map(|s| base64(format!("user:{s}").as_bytes())).collect();
        let echo = [&all[..], &in_basic[..]].concat().join(" ");
        let parts = parts(&all);
        searched.extend(all);
        for (position, place) in PLACES.into_iter().enumerate() {
            for writes_only in answers.iter().copied() {
                let echo = echo.clone();
                let stub = Stub::start(move |request: &Request| {
                    if !writes_only || request.method != "GET" {
                        return answer(place, &echo);
                    }
                    match Generation::Newer.exchange("086-status-both").answer() {
                        status if request.target.ends_with("/status") => status,
                        _ => Answer::json(
                            200,
                            r#"{"products":[],"prices":[],"status":"ok","version":"2.3.1"}"#,
                        ),
                    }
                });
                let format =
                    [&["-vv"][..], &["--json", "-vv"], &["--json", "--jq", "."]][(number + position) % 3];
                let ran = run(&user_of(&stub), sender, &stub.address, format);
                assert_no_part(&parts, &ran, &format!("{} {format:?}, {place}", sender.line));
                assert!(!ran.stderr.contains("bug in insforge"), "{ran:?}");
                runs += 1;
            }
        }
    }
    println!("{} forms searched in {runs} runs", searched.len());
    assert_eq!((searched.len() >= fewest.0, runs), (true, fewest.1), "{} forms", searched.len());
}

#[test]
fn no_read_prints_what_the_backend_repeats() {
    check(&READS, &[false], (20, 16 * 16));
}

#[test]
fn no_write_prints_what_the_backend_repeats() {
    check(&WRITES, &[false, true], (60, 10 * 16 * 2));
}

/// A secret of the run is masked in our own texts too: usage errors, and command lines to run again.
#[test]
fn a_secret_argument_is_not_repeated() {
    let stub = Stub::start(|_| Answer::refusal(503, "UPSTREAM_FAILURE", "no"));
    let user = User::of(&stub.address).with("INSFORGE_RETRIES", "0");
    let parts = parts(&forms(KEY_SECRET));
    for line in [
        "payments razorpay config set test --key-id rzp_test_alpha_1 --key-secret SECRET --yes",
        "payments razorpay config set test --key-id rzp_test_alpha_1 --key-secret=SECRET SECRET --yes",
        "payments razorpay config set tset --key-id SECRET --key-secret SECRET",
        "payments status --key-secret=SECRET",
        "payments status --key-secret SECRET SECRET",
        "payments SECRET --secret-key SECRET",
        "payments products list --columns SECRET --api-key SECRET",
        "payments products get xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxSECRET -o xSECRET --api-key=SECRET",
        "explain SECRET --api-key SECRET",
        "help SECRET --api-key SECRET",
        "link --api-base-url nonsense --api-key SECRET",
        "link --api-base-url http://127.0.0.1:1 --api-key SECRET",
        "login --profile SECRET --api-url URL --api-key SECRET",
    ] {
        for more in [&[][..], &["--json"]] {
            let line = line.replace("SECRET", KEY_SECRET).replace("URL", &stub.address);
            let ran = user.run(&[&line.split(' ').collect::<Vec<_>>()[..], more].concat());
            assert!(ran.code != 0 || line.starts_with("help"), "{line}: {ran:?}");
            assert_no_part(&parts, &ran, &line);
        }
    }
    // A masked command line could not be run.
    let line = "payments razorpay config set test --key-id rzp_test_alpha_1 --key-secret KEY --yes --json";
    let error = user.run(&line.replace("KEY", KEY_SECRET).split(' ').collect::<Vec<_>>()).error();
    assert_eq!(error["next"], Value::Null);
}

#[test]
fn a_short_secret_is_masked_as_a_word_and_no_message_turns_into_stars() {
    for (secret, message, shown) in [
        ("h4sh!", "no h4sh! in ah4sh!b", "no **** in ah4sh!b"),
        ("test", "the test environment", "the test environment"),
        ("1", "1 of 1", "1 of 1"),
    ] {
        let stub = Stub::start(move |_| Answer::refusal(400, "INVALID_INPUT", message));
        let line = "payments razorpay config set test --key-id rzp_test_alpha_1 - --yes --json";
        let ran =
            User::of(&stub.address).run_with_stdin(&line.split(' ').collect::<Vec<_>>(), secret).exits(1);
        assert_eq!(ran.error()["error"], shown);
    }
}

/// A proxy can repeat the password that it was sent.
#[test]
fn a_proxys_password_is_masked() {
    let stub = Stub::start(|request: &Request| {
        let sent = request.header("proxy-authorization").unwrap_or_default().to_owned();
        Answer::Respond { status: 200, headers: vec![("x".to_owned(), sent)], body: Vec::new() }
    });
    let proxy = stub.address.replace("http://", "http://ada:pass%2Bword4proxy@");
    let user = User::of("https://app.example").with("HTTPS_PROXY", &proxy).with("INSFORGE_RETRIES", "0");
    let ran = user.run(&["payments", "products", "get", "pass+word4proxy", "-vv", "--timeout", "5s"]);
    assert!(ran.code != 0 && !ran.stderr.contains("word4proxy"), "{ran:?}");
    assert!(ran.stderr.contains("****@127.0.0.1"), "{ran:?}");
}

#[test]
fn jq_shows_no_password_of_the_environment() {
    let stub = Stub::start(|_| Generation::Newer.exchange("086-status-both").answer());
    let user = User::of(&stub.address)
        .with("DATABASE_URL", "postgres://ada:hush4hush@db.example/shop?sslmode=on")
        .with("HTTP_PROXY", "http://ada:hush4hush@proxy.example:3128")
        .with("SHOP_DSN", "Server=db;User=ada;Password=hush4hush;")
        .with("MYSQL_PWD", "hush4hush")
        .with("COPY", KEY)
        .with("INSFORGE_RETRIES", "0");
    for filter in ["env", "$ENV", "env | tostring | @base64", "env | debug | length", "env | stderr | length"]
    {
        let ran = user.run(&["payments", "status", "--jq", filter]).exits(0);
        for text in [&ran.stdout, &ran.stderr] {
            assert!(!text.contains("hush4") && !text.contains("aHVzaDRodXNo"), "{filter}: {ran:?}");
        }
    }
    let env =
        user.run(&["payments", "status", "--jq", "env | .DATABASE_URL, .HTTP_PROXY, .SHOP_DSN, .MYSQL_PWD"]);
    assert_eq!(
        env.stdout,
        "postgres://****@db.example/shop?sslmode=on\nhttp://****@proxy.example:3128\n\
         Server=db;User=ada;Password=****;\n****hush\n"
    );
}

/// A login that is refused because of what was piped into it.
#[test]
fn a_key_that_is_refused_is_not_repeated() {
    let stub = Stub::start(|_| Answer::json(200, "{}"));
    for key in [
        "\"ik_quoted4secret4key\"",
        "two4secret words4secret",
        "sk_live_provider4secret",
        "ik_\u{e9}secret4key",
    ] {
        for line in ["login --api-url URL --api-key-stdin", "payments status --api-url URL --api-key-stdin"] {
            let line = line.replace("URL", &stub.address);
            let ran = User::new().run_with_stdin(&line.split(' ').collect::<Vec<_>>(), key);
            assert!(
                ran.code != 0 && !ran.stderr.contains("4secret") && !ran.stderr.contains("secret4"),
                "{ran:?}"
            );
        }
    }
}

/// The control is a program that has no reason to prevent core dumps.
#[cfg(target_os = "linux")]
#[test]
fn a_killed_process_leaves_no_core_dump() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let dumps = |mut command: Command, stdin: Stdio| {
        let (_, most) = getrlimit(Resource::RLIMIT_CORE).expect("a limit");
        setrlimit(Resource::RLIMIT_CORE, most, most).expect("a limit");
        command.stdin(stdin).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        command.spawn().expect("a process")
    };
    let home = tempfile::tempdir().expect("a directory");
    let mut sleep = Command::new("sleep");
    sleep.arg("60").current_dir(home.path());
    let mut control = dumps(sleep, Stdio::null());
    super::harness::signal(control.id(), "-ABRT");
    let control = control.wait().expect("a status");

    let late = Answer::Late { after: std::time::Duration::from_secs(60), then: Box::new(Answer::Drop) };
    let stub = Stub::start(move |_| late.clone());
    let user = User::of(&stub.address);
    let mut own = dumps(user.command(&["payments", "status"]), Stdio::null());
    while stub.requests().is_empty() {
        std::thread::yield_now();
    }
    super::harness::signal(own.id(), "-ABRT");
    let own = own.wait().expect("a status");
    assert_eq!((own.signal(), own.core_dumped()), (Some(6), false));
    println!("a core dump of the control: {}", control.core_dumped());
}

/// Without core dumps, a process cannot read its own files in /proc as before. The program needs none of these.
#[cfg(target_os = "linux")]
#[test]
fn pipes_of_a_shell_still_work() {
    let stub = Stub::start(|_| Generation::Newer.exchange("086-status-both").answer());
    let user = User::new().with("KEY", KEY).with("URL", &stub.address);
    let mut shell = Command::new("bash");
    let script = r#""$0" payments status --api-url "$URL" --api-key-file <(printf %s "$KEY") --jq length"#;
    shell.args(["-c", script, env!("CARGO_BIN_EXE_insforge")]);
    shell.env_clear().envs(user.environment()).current_dir(user.home.path());
    let ran = super::harness::finish(shell, "");
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "1\n"), "{ran:?}");
}

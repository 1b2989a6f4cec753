//! A person's approval: when it is needed, what the caller has to say, and where the person answers. The page itself is in
//! `approval_page`, what it shows in `approval_effects`, and `insforge approve` in `approve_command`.
#![cfg(target_os = "linux")]

use std::process::Command;
use std::thread;

use super::harness::User;
use super::harness::approval::{WaitingRun, audit_trail, decisions};
use super::harness::pty::Terminal;
use super::harness::recordings::Generation;
use super::harness::stub::{Answer, Request, Stub};
use super::prompts::{Dialogue, ENTER, wait_until};

const DELETE: [&str; 4] = ["payments", "products", "delete", "prod_1"];
const DELETED: &str = "DELETE /api/payments/stripe/test/catalog/products/prod_1";
const REASON: [&str; 2] = ["--reason", "clean up"];

/// A backend with an account, whose mirror has no products.
fn backend() -> Stub {
    backend_with(Generation::Newer.exchange("242-status-recovered").answer())
}

fn backend_with(status: Answer) -> Stub {
    let recorded = |name: &str| Generation::Newer.exchange(name).answer();
    let [product, deleted] = ["124-product-get", "190-product-delete"].map(recorded);
    let updated = r#"{"product":{"environment":"test","productId":"prod_1","name":"Pro","active":false}}"#;
    Stub::start(move |request: &Request| match (request.method.as_str(), request.target.as_str()) {
        ("GET", target) if target.ends_with("/status") => status.clone(),
        ("GET", target) if target.contains("/products/") => product.clone(),
        ("GET", target) if target.contains("/subscriptions") => Answer::json(200, r#"{"subscriptions":[]}"#),
        ("GET", _) => Answer::json(200, r#"{"products":[],"prices":[]}"#),
        ("DELETE", _) => deleted.clone(),
        _ => Answer::json(200, updated),
    })
}

/// A user of this backend, whose project has the guard.
fn guarded(stub: &Stub) -> User {
    let user = User::of(&stub.address);
    user.write(".insforge/project.json", r#"{"guard": true}"#);
    user
}

/// Checks all cases at the same time: after an answer on the page, a command serves it for another second.
fn at_once<T: Sync>(cases: &[T], check: impl Fn(&T) + Sync) {
    thread::scope(|scope| {
        for case in cases {
            scope.spawn(|| check(case));
        }
    });
}

/// The writes that have arrived.
fn writes(stub: &Stub) -> Vec<String> {
    stub.lines().into_iter().filter(|line| !line.starts_with("GET ")).collect()
}

fn with<'a>(args: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [args, more].concat()
}

/// A combination of everything that a verdict depends on.
#[derive(Clone, Copy, Debug)]
struct Case {
    destroys: bool,
    live: bool,
    policy: &'static str,
    guard: bool,
    terminal: bool,
    yes: bool,
    bypass: bool,
}

/// How a run ends in which nobody answers: the person presses Enter in a terminal, and no reason is given elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Sent,
    Denied,
    /// The confirmation was declined, or could not be asked.
    NotConfirmed,
    /// The approval was declined, or could not be asked without a reason.
    NotApproved,
}

impl Case {
    fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for policy in ["allow", "ask", "approve", "deny"] {
            for bits in 0..64_u8 {
                let bit = |at: u8| bits >> at & 1 == 1;
                all.push(Self {
                    destroys: bit(0),
                    live: bit(1),
                    policy,
                    guard: bit(2),
                    terminal: bit(3),
                    yes: bit(4),
                    bypass: bit(5),
                });
            }
        }
        all
    }

    /// The documented rules, one after the other.
    fn expected(self) -> End {
        if self.live && self.policy == "deny" {
            return End::Denied;
        }
        let needs_approval = (self.live && self.policy == "approve") || (self.guard && self.destroys);
        if needs_approval && !self.bypass {
            return End::NotApproved;
        }
        let asks = self.destroys || (self.live && self.policy != "allow");
        if asks && !self.yes { End::NotConfirmed } else { End::Sent }
    }

    fn run(self, stub: &Stub) -> End {
        let mut user = User::of(&stub.address).with("INSFORGE_LIVE", self.policy);
        user.write(".insforge/project.json", &format!("{{\"guard\": {}}}", self.guard));
        if self.bypass {
            user = user.with("INSFORGE_GUARD_BYPASS", "1");
        }
        let environment = if self.live { "live" } else { "test" };
        let write: &[&str] =
            if self.destroys { &["delete", "prod_1"] } else { &["update", "prod_1", "--active", "false"] };
        let mut args = with(&["payments", "products"], write);
        args.extend(["-e", environment]);
        args.extend(self.yes.then_some("--yes"));
        let before = writes(stub).len();
        let (code, text) = if self.terminal {
            let terminal = Terminal::start(&user, 100, &args);
            // It answers a question, if there is one.
            terminal.type_in(ENTER);
            terminal.finish()
        } else {
            let ran = user.run(&args);
            (ran.code, ran.stderr)
        };
        let sent = writes(stub).len() - before;
        let end = match code {
            0 => End::Sent,
            5 => End::Denied,
            6 if text.contains("A person has to approve") || text.contains("was not approved") => {
                End::NotApproved
            }
            6 if text.contains("Canceled") || text.contains("Confirmation required") => End::NotConfirmed,
            other => panic!("{self:?} ended with {other}:\n{text}"),
        };
        assert_eq!(sent, usize::from(end == End::Sent), "{self:?}:\n{text}");
        let bypassed = decisions(&user).iter().filter(|decision| *decision == "bypassed").count();
        let needed = (self.live && self.policy == "approve") || (self.guard && self.destroys);
        let skipped = needed && self.bypass && end != End::Denied && (self.yes || self.terminal);
        assert_eq!(bypassed, usize::from(skipped), "{self:?}:\n{text}");
        end
    }
}

#[test]
fn every_combination_of_effect_environment_policy_guard_and_session() {
    let cases = Case::all();
    assert_eq!(cases.len(), 256);
    // Each thread has a backend of its own, which counts the writes.
    let half = cases.len() / 2;
    let ends: Vec<(Case, End)> = thread::scope(|scope| {
        let run = |cases: &[Case]| {
            let (stub, cases) = (backend(), cases.to_vec());
            scope.spawn(move || cases.into_iter().map(|case| (case, case.run(&stub))).collect::<Vec<_>>())
        };
        let threads = [run(&cases[..half]), run(&cases[half..])];
        threads.into_iter().flat_map(|thread| thread.join().expect("a thread")).collect()
    });
    let wrong: Vec<_> = ends.into_iter().filter(|(case, end)| *end != case.expected()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn without_a_reason_nothing_opens_and_the_hint_is_the_command_to_run() {
    let stub = backend();
    let user = guarded(&stub);
    let ran = user.run(&DELETE).exits(6);
    assert_eq!(ran.stdout, "");
    assert!(!ran.stderr.contains("http://"), "{}", ran.stderr);
    let error = user.run(&with(&DELETE, &["--json", "--impact", "one product"])).exits(6).error();
    assert_eq!((&error["code"], &error["next"]), (&"APPROVAL_NEEDS_REASON".into(), &serde_json::Value::Null));
    let hint = error["hint"].as_str().expect("a hint");
    assert!(error["why"].as_str().expect("why").contains("Delete product prod_1 at Stripe, test"), "{error}");
    assert_eq!(writes(&stub), [""; 0]);
    assert_eq!(decisions(&user), ["needs_brief"; 2]);
    // The impact is given already.
    assert!(!hint.contains("WHAT AND WHO"), "{hint}");
    let line = hint.split_once(": insforge ").expect("a command line").1;
    let words = shell_words::split(line).expect("a command line");
    let waiting = WaitingRun::start(&user, &words.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(waiting.answer("approve").status, 200);
    waiting.finish().exits(0);
    assert_eq!(writes(&stub), [DELETED]);
}

#[test]
fn a_command_without_a_terminal_waits_for_the_person() {
    let cases = [(Some("approve"), 0, "approved"), (Some("deny"), 6, "denied"), (None, 6, "timeout")];
    at_once(&cases, |(answer, code, decision)| {
        let stub = backend();
        let user = guarded(&stub);
        // Long enough for an answer on a slow machine; short if nobody answers.
        let limit = if answer.is_some() { "20000" } else { "300" };
        let user = user.with("INSFORGE_GUARD_TIMEOUT_MS", limit);
        let waiting = WaitingRun::start(&user, &with(&DELETE, &REASON));
        assert_eq!(writes(&stub), [""; 0], "nothing is sent before the answer");
        if let Some(answer) = answer {
            assert_eq!(waiting.answer(answer).status, 200);
        }
        let ran = waiting.finish().exits(*code);
        assert_eq!(writes(&stub), if *code == 0 { vec![DELETED] } else { vec![] });
        assert_eq!(decisions(&user), ["asked", *decision]);
        let message = match *decision {
            "approved" => "✓ Approved",
            "denied" => {
                "The change was not approved\n  Delete product prod_1 at Stripe, test\n  a person denied it on"
            }
            _ => "Nobody approved this within 0.3 s",
        };
        ran.stderr_has(&[message]);
    });
}

#[test]
fn json_has_one_line_with_the_link_and_the_error_last() {
    let stub = backend();
    let user = guarded(&stub);
    let waiting = WaitingRun::start(&user, &with(&DELETE, &["--json", "--reason", "clean up"]));
    let line: serde_json::Value = serde_json::from_str(&waiting.announced).expect("one line of JSON");
    assert_eq!(line["approval"]["link"], waiting.link.as_str());
    assert_eq!(line["approval"]["timeoutMs"], 120_000);
    assert_eq!(line["approval"]["command"], format!("insforge approve {}", waiting.code));
    assert_eq!(audit_trail(&user)[0]["code"], waiting.code.as_str());
    waiting.answer("deny");
    let ran = waiting.finish().exits(6);
    let error = ran.error();
    assert_eq!(
        (&error["code"], &error["exitCode"], &error["retryable"]),
        (&"APPROVAL_DENIED".into(), &6.into(), &false.into())
    );
    assert_eq!((ran.stdout.as_str(), ran.stderr.lines().count()), ("", 2), "{}", ran.stderr);
}

#[test]
fn the_hint_says_that_the_command_needs_the_same_input() {
    let stub = backend();
    let create = ["payments", "products", "create", "--from-file", "-", "--flag-destructive", "--json"];
    let error = User::of(&stub.address).run_with_stdin(&create, r#"{"name":"Cup"}"#).exits(6).error();
    let hint = error["hint"].as_str().expect("a hint");
    assert!(
        hint.starts_with("tell the person why, with the same input: insforge payments products"),
        "{hint}"
    );
}

/// The person sees who says what: flags before variables, and the reason of --flag-destructive last.
#[test]
fn the_brief_comes_from_flags_and_variables() {
    let stub = backend();
    let user = guarded(&stub)
        .with("INSFORGE_GUARD_SUMMARY", "reason of the variable")
        .with("INSFORGE_GUARD_IMPACT", "impact of the variable")
        .with("INSFORGE_GUARD_RECOMMENDATION", "advice of the variable");
    for (args, texts) in [
        (&[][..], ["reason of the variable", "impact of the variable", "advice of the variable"]),
        (
            &["--flag-destructive", "I am not sure"],
            ["I am not sure", "impact of the variable", "advice of the variable"],
        ),
        (
            &["--flag-destructive=I am not sure", "--reason", "clean up", "--impact", "one product"],
            ["clean up", "one product", "advice of the variable"],
        ),
    ] {
        let waiting = WaitingRun::start(&user, &with(&DELETE, args));
        let page = waiting.page().body;
        for text in texts {
            assert!(page.contains(text), "{text}:\n{page}");
        }
        waiting.dismiss();
        let entry = audit_trail(&user).pop().expect("an entry");
        assert_eq!(
            [&entry["reason"], &entry["impact"], &entry["recommendation"]],
            texts.map(serde_json::Value::from).each_ref()
        );
    }
}

#[test]
fn a_flag_raises_any_write_and_yes_does_not_count() {
    let stub = backend();
    let user = User::of(&stub.address);
    let update = ["payments", "products", "update", "prod_1", "--name", "Pro", "--yes"];
    let waiting = WaitingRun::start(&user, &with(&update, &["--flag-destructive", "not sure"]));
    assert!(waiting.page().body.contains("--flag-destructive"));
    waiting.dismiss();
    assert_eq!(
        user.run(&with(&update, &["--flag-destructive", "--json"])).exits(6).error()["code"],
        "APPROVAL_NEEDS_REASON"
    );
    assert_eq!(writes(&stub), [""; 0]);
    // An argument that the flag has taken is not silently lost: this would have been live.
    let ran = user.run(&[
        "payments",
        "products",
        "update",
        "--flag-destructive",
        "live",
        "prod_1",
        "--name",
        "Pro",
    ]);
    ran.exits(64).stderr_has(&["--flag-destructive takes 'live' as the reason", "at the end of the command"]);
    // A read and a dry run need no approval.
    user.run(&["payments", "status", "--flag-destructive"]).exits(0);
    user.run(&with(&update, &["--dry-run", "--flag-destructive"])).exits(0);
    guarded(&stub).run(&with(&DELETE, &["--dry-run"])).exits(0);
    user.run(&update).exits(0);
    assert_eq!(writes(&stub).len(), 1);
}

#[test]
fn a_variable_decides_where_a_reason_is_required() {
    let stub = backend();
    let user = guarded(&stub).with("INSFORGE_GUARD_REQUIRE_BRIEF", "0");
    let waiting = WaitingRun::start(&user, &DELETE);
    waiting.dismiss();
    let user = guarded(&stub).with("INSFORGE_GUARD_REQUIRE_BRIEF", "1");
    let (code, screen) = Terminal::start(&user, 100, &DELETE).finish();
    assert_eq!(code, 6, "{screen}");
    assert!(screen.contains("no reason is given") && screen.contains("--reason"), "{screen}");
    assert_eq!(writes(&stub), [""; 0]);
}

/// In a terminal the person types a part of what they approve.
#[test]
fn a_person_types_the_account_in_a_terminal() {
    const QUESTION: &str = "Approve with: ";
    for (typed, code) in [("cCJR", 0), ("ccjr", 6), ("y", 6), ("", 6), ("\u{4}", 6)] {
        let stub = backend();
        let user = guarded(&stub);
        let dialogue = Dialogue::start(&user, &with(&DELETE, &["--yes"]));
        // Ctrl-D ends the line itself.
        let end = if typed == "\u{4}" { "" } else { ENTER };
        dialogue.answer(QUESTION, &format!("{typed}{end}"));
        let (ended, screen) = dialogue.terminal.finish();
        assert_eq!(ended, code, "{typed:?}\n{screen}");
        let is_explained = screen.contains("\n  the answer is not the last four characters of the account\n");
        assert_eq!(is_explained, code != 0, "{typed:?}\n{screen}");
        assert_eq!(writes(&stub).len(), usize::from(code == 0), "{typed:?}");
        let answers = audit_trail(&user);
        assert_eq!(answers.last().expect("an answer")["by"], "terminal");
        assert!(screen.contains("Delete product prod_1 at Stripe, test\n"), "{screen}");
    }
}

#[test]
fn a_person_types_the_environment_where_no_account_is_known() {
    for (typed, code) in [("live", 0), ("test", 6)] {
        let stub = backend_with(Answer::json(200, r#"{"connections":[]}"#));
        let user = User::of(&stub.address).with("INSFORGE_LIVE", "approve");
        let update = ["payments", "products", "update", "live", "prod_1", "--name", "Pro"];
        let dialogue = Dialogue::start(&user, &update);
        dialogue.answer("type the environment's name.\nApprove with: ", &format!("{typed}{ENTER}"));
        let (ended, screen) = dialogue.terminal.finish();
        assert_eq!(ended, code, "{typed}\n{screen}");
        assert!(screen.contains("Account: unknown\n"), "{screen}");
    }
}

/// A bypass skips the approval, and nothing else.
#[test]
fn a_bypass_is_recorded_and_does_not_confirm_or_lift_a_deny() {
    let stub = backend();
    let user = guarded(&stub).with("INSFORGE_GUARD_BYPASS", "1");
    user.run(&DELETE).exits(6).stderr_has(&["Confirmation required", "--yes"]);
    let ran = user.run(&with(&DELETE, &["--yes", "--reason", "nightly job"])).exits(0);
    ran.stderr_has(&["warning: INSFORGE_GUARD_BYPASS skips the approval", "project.json"]);
    let entries = audit_trail(&user);
    assert_eq!(decisions(&user), ["bypassed"]);
    assert_eq!(
        (&entries[0]["reason"], &entries[0]["change"]),
        (&"nightly job".into(), &"Delete product prod_1 at Stripe".into())
    );
    assert_eq!(writes(&stub), [DELETED]);
    let user = user.with("INSFORGE_LIVE", "deny");
    let error = user.run(&with(&DELETE, &["-e", "live", "--yes", "--json"])).exits(5).error();
    assert_eq!(error["code"], "LIVE_DENIED");
    assert_eq!(writes(&stub), [DELETED]);
}

/// A browser opens where there is a display. It gets the link, and none of the keys.
#[test]
fn a_browser_opens_the_page_where_there_is_one() {
    let stub = backend();
    let cases: [(&[(&str, &str)], bool); 4] = [
        (&[("DISPLAY", ":9")], true),
        (&[("WAYLAND_DISPLAY", "wayland-9")], true),
        (&[("DISPLAY", ":9"), ("INSFORGE_GUARD_OPEN", "0")], false),
        (&[], false),
    ];
    at_once(&cases, |(variables, opens)| {
        let mut user = guarded(&stub);
        for (name, value) in *variables {
            user = user.with(name, value);
        }
        let opened = user.path("opened");
        user.write_program(
            "bin/xdg-open",
            &format!("env > {0}.new; echo \"$@\" >> {0}.new; mv {0}.new {0}", opened.display()),
        );
        let path = format!("{}:{}", user.path("bin").display(), std::env::var("PATH").unwrap_or_default());
        let user = user.with("PATH", &path);
        let waiting = WaitingRun::start(&user, &with(&DELETE, &REASON));
        if *opens {
            wait_until("the browser starts", || opened.exists());
            let text = user.read("opened");
            assert!(text.ends_with(&format!("{}\n", waiting.link)), "{text}");
            assert!(!text.contains("INSFORGE_API_KEY"), "{text}");
        }
        waiting.answer("deny");
        waiting.finish().exits(6);
        assert_eq!(opened.exists(), *opens, "{variables:?}");
    });
}

/// Other users can read the link from the arguments of the browser.
#[test]
fn another_user_of_the_machine_cannot_load_the_page() {
    if !rustix::process::getuid().is_root() {
        println!("skipped: only root can act as another user");
        return;
    }
    let stub = backend();
    let waiting = WaitingRun::start(&guarded(&stub), &with(&DELETE, &REASON));
    let load = |user: &str| {
        let mut command = Command::new("setpriv");
        command.args([
            "--reuid",
            user,
            "--clear-groups",
            "curl",
            "--silent",
            "--max-time",
            "10",
            &waiting.link,
        ]);
        command.output().expect("setpriv and curl")
    };
    assert!(String::from_utf8_lossy(&load("0").stdout).contains("Delete product prod_1"));
    let other = load("65533");
    // curl reports an empty reply, or a reset connection.
    assert!(other.stdout.is_empty() && [Some(52), Some(56)].contains(&other.status.code()), "{other:?}");
    waiting.dismiss();
}

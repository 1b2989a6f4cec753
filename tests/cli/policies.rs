//! What a write needs besides the command itself: the policy for live, from the environment, the profile and the project's
//! file, and the guard, from the environment and the project's file.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::harness::approval::{AUDIT_TRAIL as AUDIT, audit_trail, decisions};
use super::harness::stub::{Answer, Request, Stub};
use super::harness::{KEY, RunOutput, User};

const POLICIES: [Option<&str>; 5] = [None, Some("allow"), Some("ask"), Some("approve"), Some("deny")];
const LIVE: &str = "ask, allow, approve or deny";

/// A backend that accepts the writes of this file, with one Stripe account in each environment.
fn backend() -> Stub {
    Stub::start(|request: &Request| {
        let connection = |environment: &str| {
            json!({
                "environment": environment, "status": "connected", "accountId": "acct_1",
                "maskedKey": format!("sk_{environment}_****0001"),
            })
        };
        let product = json!({"environment": "live", "productId": "prod_1", "name": "Cup", "active": true});
        let body = match (request.method.as_str(), request.target.as_str()) {
            (_, target) if target.ends_with("/status") => {
                json!({"connections": [connection("test"), connection("live")]})
            }
            ("DELETE", _) => json!({"productId": "prod_1", "deleted": true}),
            _ => json!({"product": product}),
        };
        Answer::json(200, &body.to_string())
    })
}

/// Writes a login as profile `shop`, with this policy for live.
fn write_profile(user: &User, address: &str, live: Option<&str>) {
    let live = live.map(|live| format!("live = \"{live}\"\n")).unwrap_or_default();
    let config = format!("[profiles.shop]\napi_url = \"{address}\"\nkey_store = \"file\"\n{live}");
    user.write(".config/insforge/config.toml", &config);
    let credentials = format!("[shop]\napi_url = \"{address}\"\napi_key = \"{KEY}\"\n");
    user.write(".config/insforge/credentials.toml", &credentials);
}

fn write_project(user: &User, content: &Value) {
    user.write(".insforge/project.json", &content.to_string());
}

/// The code of the error; empty if there is none.
fn error_code(ran: &RunOutput) -> String {
    if ran.code == 0 { String::new() } else { ran.error()["code"].as_str().expect("a code").to_owned() }
}

/// The codes of the warnings.
fn warnings(ran: &RunOutput) -> Vec<String> {
    let lines = ran.stderr.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines
        .filter(|line| line["warning"].is_string())
        .map(|line| line["code"].as_str().expect("a code").to_owned())
        .collect()
}

/// Runs every case on a few threads, because each is a process of its own.
fn for_each_case<T: Sync>(cases: &[T], check: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    check(case);
                }
            });
        }
    });
}

/// The policies of the environment, the profile and the project's file, and whether `--yes` is given.
type LiveCase = (Option<&'static str>, Option<&'static str>, Option<&'static str>, bool);

/// A write to live, with every policy in every place. Nobody can answer a question.
#[test]
fn the_strictest_policy_decides_about_a_write_to_live() {
    let stub = backend();
    let mut cases: Vec<LiveCase> = Vec::new();
    for environment in POLICIES {
        for profile in POLICIES {
            cases.extend(
                POLICIES
                    .iter()
                    .flat_map(|project| [false, true].map(|yes| (environment, profile, *project, yes))),
            );
        }
    }
    for_each_case(&cases, |case @ (environment, profile, project, yes)| {
        let name = format!("{}-{}-{}-{yes}", word(*environment), word(*profile), word(*project));
        let user =
            User::new().with("INSFORGE_PROFILE", "shop").with("INSFORGE_LIVE", environment.unwrap_or(""));
        write_profile(&user, &stub.address, *profile);
        if let Some(project) = project {
            write_project(&user, &json!({"live": project}));
        }
        let create = ["payments", "products", "create", "live", "--name", &name, "--json"];
        let ran = user.run(&[&create[..], if *yes { &["--yes"] } else { &[] }].concat());

        // The environment replaces the profile. The project only makes it stricter, and deny wins everywhere.
        let strictness =
            |policy: Option<&str>| POLICIES.iter().position(|one| *one == policy).expect("a policy");
        let chosen = environment.or(*profile).or(Some("ask"));
        let policy = [*project, chosen].into_iter().max_by_key(|policy| strictness(*policy)).flatten();
        let policy = if *profile == Some("deny") { Some("deny") } else { policy };
        let expected = match (policy.expect("a policy"), yes) {
            ("deny", _) => (5, "LIVE_DENIED"),
            ("approve", _) => (6, "APPROVAL_NEEDS_REASON"),
            ("ask", false) => (6, "CONFIRMATION_NEEDED"),
            _ => (0, ""),
        };
        assert_eq!((ran.code, &*error_code(&ran)), expected, "{case:?} {ran:?}");
        let is_sent = stub
            .requests()
            .iter()
            .any(|request| String::from_utf8_lossy(&request.body).contains(&format!("\"{name}\"")));
        assert_eq!(is_sent, ran.code == 0, "{case:?}");

        let weakened = environment.is_some() && strictness(*profile) > strictness(policy);
        assert_eq!(
            warnings(&ran),
            if weakened { vec!["LIVE_POLICY_WEAKER"] } else { vec![] },
            "{case:?} {ran:?}"
        );
        let recorded = match expected.1 {
            "APPROVAL_NEEDS_REASON" => vec!["needs_brief"],
            _ if weakened => vec!["live_weakened"],
            _ => vec![],
        };
        assert_eq!(decisions(&user), recorded, "{case:?}");
    });
}

fn word(policy: Option<&'static str>) -> &'static str {
    policy.unwrap_or("none")
}

/// Where the backend of a run comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    Environment,
    Profile,
    Project,
    #[cfg(feature = "sandbox")]
    Sandbox,
}

impl From {
    const ALL: &[Self] = &[
        Self::Environment,
        Self::Profile,
        Self::Project,
        #[cfg(feature = "sandbox")]
        Self::Sandbox,
    ];

    /// A user with this backend, whose project has this guard, and the options that select the backend.
    fn user(self, address: &str, guard: Option<bool>) -> (User, &'static [&'static str]) {
        let mut project = json!({});
        if let Some(guard) = guard {
            project["guard"] = guard.into();
        }
        let (user, options): (_, &[&str]) = match self {
            Self::Environment => (User::of(address), &[]),
            Self::Profile => {
                let user = User::new();
                write_profile(&user, address, None);
                (user, &["--profile", "shop"])
            }
            Self::Project => {
                project["oss_host"] = address.into();
                project["api_key"] = KEY.into();
                (User::new(), &[])
            }
            #[cfg(feature = "sandbox")]
            Self::Sandbox => (User::new(), &["--sandbox"]),
        };
        write_project(&user, &project);
        (user, options)
    }
}

/// The guard in every place, for every kind of backend. Its exit code without the guard is the backend's.
#[test]
fn the_guard_of_the_nearest_project_holds_for_every_backend() {
    let stub = backend();
    let mut cases = Vec::new();
    for from in From::ALL {
        for environment in ["", "1", "0"] {
            cases.extend([None, Some(true), Some(false)].map(|project| (*from, environment, project)));
        }
    }
    for_each_case(&cases, |case @ (from, environment, project)| {
        let (user, options) = from.user(&stub.address, *project);
        // The file is found in a directory above, too.
        std::fs::create_dir_all(user.path("src/deep")).expect("a directory");
        let deep = user.path("src/deep");
        let user = user.with("INSFORGE_GUARD", environment).in_directory(&deep);
        let delete = ["payments", "products", "delete", "test", "prod_1", "--yes", "--json"];
        let ran = user.run(&[&delete[..], options].concat());

        let is_on = if environment.is_empty() { *project == Some(true) } else { *environment == "1" };
        let is_off = *environment == "0" && *project == Some(true);
        if is_on {
            assert_eq!((ran.code, &*error_code(&ran)), (6, "APPROVAL_NEEDS_REASON"), "{case:?} {ran:?}");
        } else {
            // The sandbox has no such product.
            let expected = if stub_has_product(*from) { 0 } else { 4 };
            assert_eq!(ran.code, expected, "{case:?} {ran:?}");
        }
        assert_eq!(warnings(&ran), if is_off { vec!["GUARD_OFF"] } else { vec![] }, "{case:?} {ran:?}");
        let recorded = match (is_on, is_off) {
            (true, _) => vec!["needs_brief"],
            (_, true) => vec!["guard_off"],
            _ => vec![],
        };
        assert_eq!(decisions(&user), recorded, "{case:?}");

        // What destroys nothing is not guarded, not reported and not recorded.
        let create = ["payments", "products", "create", "test", "--name", "Cup", "--json"];
        let ran = user.run(&[&create[..], options].concat()).exits(0);
        assert_eq!(warnings(&ran), [""; 0], "{case:?} {ran:?}");
        assert_eq!(decisions(&user), recorded, "{case:?}");
    });
}

fn stub_has_product(from: From) -> bool {
    matches!(from, From::Environment | From::Profile | From::Project)
}

/// Everything that destroys, in test: without the guard it asks, with the guard a person has to approve it.
#[cfg(feature = "sandbox")]
#[test]
fn the_guard_is_for_everything_that_destroys() {
    let keep = "version = 1\n";
    let commands: [(&[&str], &str); 6] = [
        (&["products", "delete", "test", "prod_UgmtwPFqr91f5b"], ""),
        (&["config", "remove", "test"], ""),
        (&["razorpay", "config", "remove", "test"], ""),
        (&["razorpay", "webhooks", "rotate-secret", "test"], ""),
        (&["catalog", "apply", "test", "--prune", "--file", "-"], keep),
        // The key of another account.
        (&["config", "set", "test", "--secret-key-file", "other-key"], ""),
    ];
    let sandbox = insforge::sandbox::Options::new().spawn().expect("a sandbox");
    let user =
        User::new().with("INSFORGE_BASE_URL", sandbox.url()).with("INSFORGE_API_KEY", sandbox.api_key());
    user.write("other-key", "sk_test_51AnotherShop0001b");
    user.write("payments.toml", "version = 1\n[products.studio]\nname = \"Studio\"\n");
    user.run(&["payments", "catalog", "apply", "test"]).exits(0);
    for (guard, code) in [(false, "CONFIRMATION_NEEDED"), (true, "APPROVAL_NEEDS_REASON")] {
        write_project(&user, &json!({"guard": guard}));
        for (words, stdin) in commands {
            let args = [&["payments"], words, &["--json"]].concat();
            let ran = user.run_with_stdin(&args, stdin).exits(6);
            assert_eq!(error_code(&ran), code, "{words:?} {ran:?}");
        }
    }
    // A key taken silently from the environment, for an address from a project file.
    let address = sandbox.url();
    for (guard, code) in [(false, "CONFIRMATION_NEEDED"), (true, "APPROVAL_NEEDS_REASON")] {
        let user = User::new().with("STRIPE_TEST_SECRET_KEY", "sk_test_51SandboxShop0001b");
        write_project(&user, &json!({"oss_host": address, "api_key": sandbox.api_key(), "guard": guard}));
        let ran = user.run(&["payments", "config", "set", "test", "--json"]).exits(6);
        assert_eq!(error_code(&ran), code, "{ran:?}");
    }
}

/// A setting that cannot be read must not be ignored, and the error names the place and the accepted values.
#[test]
fn an_invalid_policy_is_an_error_that_names_its_place() {
    let stub = backend();
    for (variable, value, hint) in [
        ("INSFORGE_LIVE", "sometimes", LIVE),
        ("INSFORGE_LIVE", "Deny", LIVE),
        ("INSFORGE_LIVE", " ", LIVE),
        ("INSFORGE_GUARD", "maybe", "1 or 0"),
        ("INSFORGE_GUARD", "2", "1 or 0"),
    ] {
        let user = User::of(&stub.address).with(variable, value);
        let ran = user.run(&["payments", "status"]).exits(64);
        ran.stderr_has(&[&format!("error: Invalid {variable} '{value}'\n  hint: set it to {hint}\n")]);
    }
    for (content, field, values) in [
        (json!({"guard": "yes"}), "guard", "true or false"),
        (json!({"guard": 1}), "guard", "true or false"),
        (json!({"guard": "true"}), "guard", "true or false"),
        (json!({"live": "sometimes"}), "live", LIVE),
        (json!({"live": true}), "live", LIVE),
    ] {
        let user = User::of(&stub.address);
        write_project(&user, &content);
        for args in [
            &["payments", "products", "delete", "test", "prod_1", "--yes"][..],
            &["payments", "products", "create", "live", "--name", "Cup", "--yes"],
        ] {
            user.run(args).exits(1).stderr_has(&[
                &format!(
                    "error: `{field}` is invalid in {}\n",
                    user.path(".insforge/project.json").display()
                ),
                &format!("  the field `{field}` must be {values}\n"),
                "  hint: fix the file",
            ]);
        }
    }
    let user = User::new();
    write_profile(&user, &stub.address, Some("sometimes"));
    user.run(&["payments", "status", "--profile", "shop"]).exits(1).stderr_has(&[
        "config.toml:4:8: `live`: invalid value, expected one of `allow`, `ask`, `approve`, `deny`\n",
        "  hint: fix the file",
    ]);
    assert!(stub.requests().iter().all(|request| request.method == "GET"), "{:?}", stub.lines());
}

/// What cannot be recorded is not done.
#[test]
fn a_weaker_setting_that_cannot_be_recorded_stops_the_write() {
    let stub = backend();
    let user = User::new().with("INSFORGE_PROFILE", "shop").with("INSFORGE_LIVE", "allow");
    write_profile(&user, &stub.address, Some("approve"));
    write_project(&user, &json!({"guard": true}));
    std::fs::create_dir_all(user.path(AUDIT)).expect("a directory in place of the file");
    let create = ["payments", "products", "create", "live", "--name", "Cup", "--yes"];
    user.run(&create).exits(1).stderr_has(&["guard-audit.jsonl"]);
    let user = user.with("INSFORGE_GUARD", "0");
    let delete = ["payments", "products", "delete", "test", "prod_1", "--yes"];
    user.run(&delete).exits(1).stderr_has(&["guard-audit.jsonl"]);
    assert!(stub.requests().iter().all(|request| request.method == "GET"), "{:?}", stub.lines());

    std::fs::remove_dir(user.path(AUDIT)).expect("the directory");
    user.run(&create).exits(0).stderr_has(&[
        "warning: INSFORGE_LIVE is allow, which is weaker than approve from profile shop in config.toml\n",
    ]);
    let project = user.path(".insforge/project.json").display().to_string();
    user.run(&delete)
        .exits(0)
        .stderr_has(&[&format!("warning: INSFORGE_GUARD turns off the guard of {project}\n")]);
    assert_eq!(decisions(&user), ["live_weakened", "guard_off"]);
    let entry = audit_trail(&user).pop().expect("an entry");
    assert_eq!(entry["because"], json!([format!("INSFORGE_GUARD turns off the guard of {project}")]));
    assert_eq!(entry["command"], json!(format!("insforge {}", delete.join(" "))));
}

/// Without a working directory, nobody knows which project's file holds.
#[cfg(unix)]
#[test]
fn a_removed_working_directory_stops_what_a_project_can_forbid() {
    let stub = backend();
    let user = User::of(&stub.address);
    let run = |args: &[&str]| {
        std::fs::create_dir_all(user.path("gone")).expect("a directory");
        let script = "cd \"$HOME/gone\" && rmdir ../gone && exec \"$0\" \"$@\"";
        let words = [&["-c", script][..], super::harness::binary_with_signals(), args].concat();
        user.command_of("sh", &words).output().expect("a run")
    };
    for args in [
        &["payments", "products", "delete", "test", "prod_1", "--yes"][..],
        &["payments", "products", "create", "live", "--name", "Cup", "--yes"],
    ] {
        let ran = run(args);
        let stderr = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(1), "{stderr}");
        assert!(stderr.starts_with("error: The working directory no longer exists\n"), "{stderr}");
    }
    assert!(stub.requests().iter().all(|request| request.method == "GET"), "{:?}", stub.lines());
    let create = run(&["payments", "products", "create", "test", "--name", "Cup"]);
    assert_eq!(create.status.code(), Some(0), "{}", String::from_utf8_lossy(&create.stderr));
}

/// After a merge, a file can have a policy twice. Readers of JSON take the last value, which may be the weaker one.
#[test]
fn a_policy_that_a_file_has_twice_stops_the_write() {
    let stub = backend();
    for (content, args) in [
        (
            r#"{"guard": true, "guard": false}"#,
            &["payments", "products", "delete", "test", "prod_1", "--yes"][..],
        ),
        (
            r#"{"live": "deny", "live": "ask"}"#,
            &["payments", "products", "create", "live", "--name", "Cup", "--yes"],
        ),
    ] {
        let user = User::of(&stub.address);
        user.write(".insforge/project.json", content);
        user.run(args).exits(1).stderr_has(&["duplicate field `", "  hint: fix the file"]);
    }
    assert!(stub.requests().iter().all(|request| request.method == "GET"), "{:?}", stub.lines());
    // Other fields are none of this tool's business.
    let user = User::of(&stub.address);
    user.write(".insforge/project.json", r#"{"org_id": "1", "org_id": "2"}"#);
    user.run(&["payments", "products", "delete", "test", "prod_1", "--yes"]).exits(0);
}

/// What a link leads to can have a policy, even if it is missing now.
#[cfg(unix)]
#[test]
fn a_project_file_behind_a_broken_link_stops_the_write() {
    let stub = backend();
    let delete = ["payments", "products", "delete", "test", "prod_1", "--yes"];
    for link in [".insforge", ".insforge/project.json"] {
        let user = User::of(&stub.address);
        if link != ".insforge" {
            std::fs::create_dir(user.path(".insforge")).expect("a directory");
        }
        std::os::unix::fs::symlink("nowhere", user.path(link)).expect("a link");
        let error = format!("error: Cannot read {}\n", user.path(link).display());
        user.run(&delete).exits(1).stderr_has(&[&error, "  it is a symbolic link that leads nowhere\n"]);
    }
    assert!(stub.requests().iter().all(|request| request.method == "GET"), "{:?}", stub.lines());
    // A linked directory without the file says nothing.
    let user = User::of(&stub.address);
    std::fs::create_dir(user.path("elsewhere")).expect("a directory");
    std::os::unix::fs::symlink("elsewhere", user.path(".insforge")).expect("a link");
    user.run(&delete).exits(0);
}

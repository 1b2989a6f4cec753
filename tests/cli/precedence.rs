//! Which backend and which key a run uses: the precedence of the places, what is said of a place that is not used, and that
//! a key is sent only to the address that it was given with.

use serde_json::Value;

use super::harness::recordings::{self, Generation};
use super::harness::stub::Stub;
use super::harness::{KEY, RunOutput, User, dead_address};

const NOT_USED: &str = "PROFILE_NOT_USED";

fn backend() -> Stub {
    recordings::serve_in(Generation::Newer, vec![])
}

/// A backend for each place that can name one. Their requests show which place was used.
struct Backends(Vec<(&'static str, Stub)>);

impl Backends {
    fn start() -> Self {
        Self(["flag", "variable", "named", "project", "default"].map(|place| (place, backend())).into())
    }

    fn address(&self, place: &str) -> &str {
        let (_, stub) = self.0.iter().find(|(name, _)| *name == place).expect("a place");
        &stub.address
    }

    fn count(&self) -> usize {
        self.0.iter().map(|(_, stub)| stub.requests().len()).sum()
    }

    /// The place and the key of the newest request of each backend, after this many requests.
    fn used_since(&self, before: &[usize]) -> Vec<(&'static str, String)> {
        let requests = self.0.iter().zip(before).flat_map(|((place, stub), before)| {
            stub.requests().into_iter().skip(*before).map(move |request| (*place, request))
        });
        requests
            .map(|(place, request)| (place, request.header("authorization").unwrap_or_default().to_owned()))
            .collect()
    }

    fn counts(&self) -> Vec<usize> {
        self.0.iter().map(|(_, stub)| stub.requests().len()).collect()
    }
}

fn project_json(address: &str, key: &str) -> String {
    format!("{{\"oss_host\": \"{address}\", \"api_key\": \"{key}\"}}")
}

/// Stores these profiles, whose keys are `ik_from_NAME`.
fn store_profiles(user: &User, profiles: &[(&str, &str)]) {
    let (mut config, mut keys) = (String::new(), String::new());
    for (name, address) in profiles {
        config += &format!("[profiles.{name}]\napi_url = \"{address}\"\nkey_store = \"file\"\n");
        keys += &format!("[{name}]\napi_url = \"{address}\"\napi_key = \"ik_from_{name}\"\n");
    }
    user.write(".config/insforge/config.toml", &config);
    user.write(".config/insforge/credentials.toml", &keys);
}

/// The codes of the warnings of a run with `--json`.
#[track_caller]
fn warnings(ran: &RunOutput) -> Vec<String> {
    let parse =
        |line: &str| serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    let warnings = ran.stderr.lines().map(parse).filter(|line| line.get("warning").is_some());
    warnings.map(|line| line["code"].as_str().expect("a code").to_owned()).collect()
}

/// Every combination of places. The result is always a pair from one place, or an error, and a warning names what is not
/// used.
#[test]
fn the_first_complete_pair_is_used() {
    let backends = Backends::start();
    // address flag, key flag, address variable, key variable, INSFORGE_PROFILE, project, default profile
    for bits in 0..128_u32 {
        let is_set = |bit: u32| bits & (1 << bit) != 0;
        let [flag, key_flag, variable, key_variable, named, project, default] =
            [0, 1, 2, 3, 4, 5, 6].map(is_set);
        let mut user = User::new();
        let mut args = vec!["payments", "status", "--json"];
        let key_file = user.write("key", "ik_from_flag\n").display().to_string();
        if flag {
            args.extend(["--api-url", backends.address("flag")]);
        }
        if key_flag {
            args.extend(["--api-key-file", &key_file]);
        }
        if variable {
            user = user.with("INSFORGE_BASE_URL", backends.address("variable"));
        }
        if key_variable {
            user = user.with("INSFORGE_API_KEY", "ik_from_variable");
        }
        let mut profiles = Vec::new();
        if named {
            user = user.with("INSFORGE_PROFILE", "named");
            profiles.push(("named", backends.address("named")));
        }
        if project {
            let json = project_json(backends.address("project"), "ik_from_project");
            user.write(".insforge/project.json", &json);
        }
        if default {
            profiles.push(("default", backends.address("default")));
        }
        store_profiles(&user, &profiles);
        let url = if flag { "flag" } else { "variable" };
        let expected: Result<(&str, &str), i32> = match (flag || variable, key_flag, key_variable) {
            (true, true, _) => Ok((url, "ik_from_flag")),
            // The key in the environment is for the address in the environment.
            (true, false, true) if flag && variable => Err(64),
            (true, false, true) => Ok((url, "ik_from_variable")),
            (true, false, false) => Err(2),
            (false, true, _) => Err(64),
            (false, false, _) if named => Ok(("named", "ik_from_named")),
            (false, false, _) if project => Ok(("project", "ik_from_project")),
            (false, false, _) if default => Ok(("default", "ik_from_default")),
            (false, false, _) => Err(3),
        };
        let before = backends.counts();
        let ran = user.run(&args);
        let case = format!("{bits:07b}: {ran:?}");
        let received = backends.used_since(&before);
        match expected {
            Ok((place, key)) => {
                assert_eq!(ran.code, 0, "{case}");
                assert_eq!(received, [(place, format!("Bearer {key}"))], "{case}");
                let has_url = flag || variable;
                let mut expected = Vec::new();
                expected.extend((named && has_url).then_some(NOT_USED));
                expected.extend((key_variable && !has_url).then_some("KEY_NOT_USED"));
                assert_eq!(warnings(&ran), expected, "{case}");
            }
            Err(code) => {
                assert_eq!(ran.code, code, "{case}");
                assert_eq!(received, [], "{case}");
            }
        }
    }
}

/// Nothing is strange about a flag that overrides a variable, so there is no warning.
#[test]
fn the_profile_flag_precedes_everything() {
    let backends = Backends::start();
    let user = User::of(backends.address("variable")).with("INSFORGE_PROFILE", "default");
    user.write(".insforge/project.json", &project_json(backends.address("project"), "ik_from_project"));
    store_profiles(&user, &[("named", backends.address("named")), ("default", backends.address("default"))]);
    let ran = user.run(&["payments", "status", "-p", "named"]).exits(0);
    assert_eq!(ran.stderr, "");
    assert_eq!(backends.used_since(&[0; 5]), [("named", "Bearer ik_from_named".to_owned())]);
    // A malformed project file does not matter to a run that does not use it.
    user.write(".insforge/project.json", "{");
    user.run(&["payments", "status", "-p", "named"]).exits(0);
}

#[test]
fn a_profile_that_does_not_exist_is_not_found_from_the_flag_and_the_variable() {
    let backends = Backends::start();
    for (project, default) in [(false, false), (true, false), (false, true), (true, true)] {
        let user = User::new();
        if project {
            let json = project_json(backends.address("project"), "ik_from_project");
            user.write(".insforge/project.json", &json);
        }
        if default {
            store_profiles(&user, &[("default", backends.address("default"))]);
        }
        for command in
            ["current", "payments status", "payments doctor", "payments products create --name x", "logout"]
        {
            let words: Vec<&str> = command.split(' ').collect();
            let from_flag = user.run(&[&words[..], &["-p", "typo", "--json"]].concat());
            let mut with_variable = user.command(&[&words[..], &["--json"]].concat());
            with_variable.env("INSFORGE_PROFILE", "typo");
            let from_variable = super::harness::finish(with_variable, "");
            for (ran, named) in
                [(&from_flag, "Profile typo does"), (&from_variable, "Profile typo (INSFORGE_PROFILE) does")]
            {
                assert!((ran.stdout.clone() + &ran.stderr).contains(named), "{ran:?}");
                // The doctor reports a missing login as a failed check.
                if command == "payments doctor" {
                    assert_eq!(ran.code, 1, "{ran:?}");
                } else {
                    assert_eq!(
                        (ran.code, &ran.error()["code"]),
                        (4, &"PROFILE_NOT_FOUND".into()),
                        "{command}: {ran:?}"
                    );
                }
            }
        }
    }
    assert_eq!(backends.count(), 0);
    // A profile that is not used need not exist, and its name is not checked.
    for name in ["typo", "not a name"] {
        let user = User::of(backends.address("variable")).with("INSFORGE_PROFILE", name);
        let ran = user.run(&["payments", "status"]).exits(0);
        let text = format!(
            "warning: profile {name} (INSFORGE_PROFILE) is not used, because INSFORGE_BASE_URL is set\n"
        );
        assert_eq!(ran.stderr, text);
        User::new().with("INSFORGE_PROFILE", name).run(&["payments", "status"]).exits(if name == "typo" {
            4
        } else {
            64
        });
    }
    // Without a key for the address, the error names the profile.
    let user = User::new().with("INSFORGE_BASE_URL", backends.address("variable"));
    let user = user.with("INSFORGE_PROFILE", "named");
    user.run(&["payments", "status"]).exits(2).stderr_has(&["to use profile named, unset INSFORGE_BASE_URL"]);
}

#[cfg(feature = "sandbox")]
#[test]
fn the_sandbox_says_that_the_named_profile_is_not_used() {
    let user = User::new().with("INSFORGE_PROFILE", "work");
    let not_used = "profile work (INSFORGE_PROFILE) is not used, because ";
    user.run(&["payments", "status", "--sandbox"])
        .exits(0)
        .stderr_has(&[&format!("{not_used}--sandbox is given\n")]);
    let exec = ["sandbox", "exec", "--", env!("CARGO_BIN_EXE_insforge"), "payments", "status"];
    assert_eq!(user.run(&exec).exits(0).stderr, "");
    let user = user.with("INSFORGE_SANDBOX", "1");
    user.run(&["payments", "status"]).exits(0).stderr_has(&[&format!("{not_used}INSFORGE_SANDBOX is set\n")]);
    // A command that uses no backend says nothing.
    assert_eq!(user.run(&["explain", "USAGE"]).exits(0).stderr, "");
}

/// Completion uses the same place: it offers ids of the backend that the command itself would use.
#[test]
fn completion_and_commands_use_the_same_backend() {
    let [named, project] = [(); 2].map(|()| super::completion::stub_with_catalog());
    let user = User::new().with("INSFORGE_PROFILE", "named");
    store_profiles(&user, &[("named", &named.address)]);
    user.write(".insforge/project.json", &project_json(&project.address, KEY));
    user.run(&["payments", "catalog"]).exits(0);
    let requests = named.requests().len();
    let mut command = user.command(&["--", "insforge", "payments", "products", "get", "prod_"]);
    command.env("COMPLETE", "fish");
    let ran = super::harness::finish(command, "").exits(0);
    assert!(ran.stdout.contains("prod_pro"), "{ran:?}");
    assert_eq!((named.requests().len(), project.requests().len()), (requests, 0), "the list was cached");
}

/// The address flag, both address variables, the variable of the key, and whether the key is sent.
const ADDRESSES: [(&str, &str, &str, bool); 10] = [
    ("A", "", "", true),
    ("A", "A", "", true),
    ("A", "A/", "", true),
    ("A", " A", "", true),
    ("A", "", "A", true),
    ("A", "B", "", false),
    ("A", "", "B", false),
    // The key belongs to the first address.
    ("A", "B", "A", false),
    ("A", "A", "B", true),
    ("A", "http://not-this-machine", "", false),
];

#[test]
fn a_key_in_the_environment_is_only_for_the_address_in_the_environment() {
    let (here, other) = (backend(), backend());
    let address = |text: &str| text.replace('A', &here.address).replace('B', &other.address);
    for (flag, base_url, url, is_sent) in ADDRESSES {
        for variable in ["INSFORGE_API_KEY", "INSFORGE_API_KEY_FILE"] {
            let user = User::new();
            let file = user.write("key", KEY).display().to_string();
            let user = user
                .with("INSFORGE_BASE_URL", &address(base_url))
                .with("INSFORGE_URL", &address(url))
                .with(variable, if variable == "INSFORGE_API_KEY" { KEY } else { &file });
            let before = here.requests().len();
            let commands =
                ["payments status", "payments doctor", "payments products create --name x", "current"];
            for command in if is_sent { &commands[..1] } else { &commands } {
                let words: Vec<&str> = command.split(' ').collect();
                let ran = user.run(&[&words[..], &["--api-url", &address(flag)]].concat());
                let ran = ran.exits(if is_sent { 0 } else { 64 });
                let place = if base_url.is_empty() { "INSFORGE_URL" } else { "INSFORGE_BASE_URL" };
                let says = [
                    &*format!("--api-url and {place} name different backends"),
                    &format!("{variable} is the key of {place}"),
                    "--api-key-stdin or --api-key-file",
                ];
                ran.stderr_has(if is_sent { &[] } else { &says });
            }
            assert_eq!(here.requests().len() > before, is_sent, "{flag} {base_url} {url}");
            // A key from a flag is for the address from a flag.
            let args = ["payments", "status", "--api-url", &address(flag), "--api-key-stdin"];
            user.run_with_stdin(&args, "ik_from_stdin").exits(0);
        }
    }
    assert_eq!(other.requests().len(), 0);
}

/// The variables, whether the directory is linked, the profiles, the arguments, and why commands use another backend.
type LoginRow = (
    &'static [(&'static str, &'static str)],
    bool,
    &'static [&'static str],
    &'static str,
    Option<&'static str>,
);

const LOGINS: [LoginRow; 11] = [
    (&[], false, &[], "", None),
    (&[], false, &[], "-p work", None),
    (&[("INSFORGE_PROFILE", "work")], true, &["default"], "", None),
    (&[("INSFORGE_PROFILE", "work")], false, &[], "-p work", None),
    (
        &[("INSFORGE_PROFILE", "work")],
        false,
        &[],
        "-p home",
        Some("INSFORGE_PROFILE names work; unset it, or use --profile home"),
    ),
    (
        &[("INSFORGE_BASE_URL", "http://localhost:1")],
        false,
        &[],
        "",
        Some("INSFORGE_BASE_URL is set; unset it, or use --profile default"),
    ),
    (
        &[("INSFORGE_URL", "http://localhost:1")],
        true,
        &[],
        "",
        Some("INSFORGE_URL is set; unset it, or use --profile default"),
    ),
    (&[], true, &[], "", Some("project.json links this directory to a backend; use --profile default")),
    (
        &[],
        false,
        &["default"],
        "-p work",
        Some("the default profile is default; set default_profile in config.toml, or use --profile work"),
    ),
    (
        &[],
        false,
        &["home"],
        "-p work",
        Some("there is no default profile; set default_profile in config.toml, or use --profile work"),
    ),
    (
        &[("INSFORGE_SANDBOX", "1")],
        false,
        &[],
        "",
        Some("INSFORGE_SANDBOX is set; unset it, or use --profile default"),
    ),
];

/// The advice works: with it, commands use the login.
#[test]
fn login_says_if_commands_here_do_not_use_it() {
    for (variables, linked, profiles, more, why) in LOGINS {
        let stub = backend();
        let user = variables.iter().fold(User::new(), |user, (name, value)| user.with(name, value));
        if linked {
            user.write(".insforge/project.json", &project_json(&dead_address(), KEY));
        }
        let dead = dead_address();
        store_profiles(&user, &profiles.iter().map(|name| (*name, &*dead)).collect::<Vec<_>>());
        let more: Vec<&str> = more.split_whitespace().collect();
        let login = [&["login", "--api-url", &stub.address, "--api-key-stdin"], &more[..]].concat();
        let ran = user.run_with_stdin(&login, KEY).exits(0);
        let case = format!("{variables:?} {linked} {profiles:?} {more:?}: {ran:?}");
        assert_eq!(
            ran.stderr.contains("warning: commands here do not use profile "),
            why.is_some(),
            "{case}"
        );
        assert!(ran.stderr.contains(why.unwrap_or_default()), "{case}");
        let ran = user.run_with_stdin(&[&login[..], &["--json"]].concat(), KEY).exits(0);
        assert_eq!(warnings(&ran), why.map(|_| NOT_USED).as_slice(), "{case}");
        let before = stub.requests().len();
        user.run(&["payments", "status", "--retries", "0"]);
        assert_eq!(stub.requests().len() > before, why.is_none(), "{case}");
        let profile = ran.json()["profile"].as_str().expect("a name").to_owned();
        user.run(&["payments", "status", "--profile", &profile]).exits(0);
    }
}

/// The variables, and why commands use another backend.
type LinkRow = (&'static [(&'static str, &'static str)], Option<&'static str>);

const LINKS: [LinkRow; 5] = [
    (&[], None),
    (&[("INSFORGE_API_KEY", "ik_other0123456")], None),
    (&[("INSFORGE_BASE_URL", "http://localhost:1")], Some("INSFORGE_BASE_URL is set; unset it")),
    (&[("INSFORGE_PROFILE", "work")], Some("INSFORGE_PROFILE names work; unset it")),
    (&[("INSFORGE_SANDBOX", "1")], Some("INSFORGE_SANDBOX is set; unset it")),
];

#[test]
fn link_says_if_commands_here_do_not_use_it() {
    for (variables, why) in LINKS {
        let stub = backend();
        let user = variables.iter().fold(User::new(), |user, (name, value)| user.with(name, value));
        // A linked parent and a default profile come later.
        user.write(".insforge/project.json", &project_json(&dead_address(), KEY));
        store_profiles(&user, &[("default", &dead_address())]);
        let directory = user.path("app");
        std::fs::create_dir(&directory).expect("a directory");
        let user = user.in_directory(&directory);
        let link = ["link", "--api-base-url", &stub.address, "--api-key-stdin"];
        let ran = user.run_with_stdin(&link, KEY).exits(0);
        let file = directory.join(".insforge/project.json").display().to_string();
        let warning = why.map(|why| format!("warning: commands here do not use {file}, because {why}\n"));
        assert_eq!(ran.stderr.contains("warning: "), why.is_some(), "{variables:?}: {ran:?}");
        assert!(ran.stderr.contains(&warning.unwrap_or_default()), "{variables:?}: {ran:?}");
        let ran = user.run_with_stdin(&[&link[..], &["--json"]].concat(), KEY).exits(0);
        assert_eq!(warnings(&ran), why.map(|_| "LINK_NOT_USED").as_slice(), "{variables:?}: {ran:?}");
        let before = stub.requests().len();
        user.run(&["payments", "status", "--retries", "0"]);
        assert_eq!(stub.requests().len() > before, why.is_none(), "{variables:?}");
    }
}

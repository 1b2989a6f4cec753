//! Where the address and the key come from: pairs, precedence, files.

use super::harness::recordings::{self, Generation};
use super::harness::stub::Stub;
use super::harness::{KEY, RunOutput, User, dead_address, mode, set_mode};

fn backend() -> Stub {
    recordings::serve_in(Generation::Newer, vec![])
}

fn project_json(address: &str, key: &str) -> String {
    format!("{{\"oss_host\": \"{address}\", \"api_key\": \"{key}\"}}")
}

fn config_toml(name: &str, address: &str) -> String {
    format!("[profiles.{name}]\napi_url = \"{address}\"\nkey_store = \"file\"\n")
}

fn credentials_toml(name: &str, address: &str, key: &str) -> String {
    format!("[{name}]\napi_url = \"{address}\"\napi_key = \"{key}\"\n")
}

#[test]
fn an_address_without_a_key_is_an_error_that_names_both_variables() {
    let user = User::new().with("INSFORGE_BASE_URL", "https://app.example.com");
    user.run(&["payments", "status"]).exits(2).stderr_has(&[
        "INSFORGE_BASE_URL",
        "INSFORGE_API_KEY",
        "app.example.com",
    ]);
    let user = User::new();
    let ran = user.run(&["payments", "status", "--api-url", "https://app.example.com", "--json"]).exits(2);
    assert_eq!(ran.error()["code"], "NO_API_KEY");
    assert!(ran.error()["why"].as_str().expect("why").contains("--api-url"));
}

#[test]
fn without_a_backend_the_error_names_the_next_commands() {
    let ran = User::new().run(&["payments", "status"]).exits(3);
    assert_eq!(ran.stderr.lines().next(), Some("error: No InsForge backend is linked here"));
    ran.stderr_has(&["insforge login", "insforge link", "INSFORGE_BASE_URL"]);
    let user = User::new().with("INSFORGE_API_KEY", KEY);
    user.run(&["payments", "status"])
        .exits(3)
        .stderr_has(&["INSFORGE_API_KEY has a key, but no address is set"]);
}

#[test]
fn variables_have_an_order() {
    let stub = backend();
    let user = User::new().with("INSFORGE_URL", &stub.address).with("INSFORGE_API_KEY", KEY);
    user.run(&["payments", "status"]).exits(0);
    // INSFORGE_BASE_URL overrides INSFORGE_URL. An empty variable counts as unset.
    let user = user.with("INSFORGE_BASE_URL", "");
    user.run(&["payments", "status"]).exits(0);
    user.with("INSFORGE_BASE_URL", &dead_address()).run(&["payments", "status", "--retries=0"]).exits(8);

    let user = User::new().with("INSFORGE_BASE_URL", &stub.address);
    let file = user.write("key", &format!("{KEY}\n")).display().to_string();
    let user = user.with("INSFORGE_API_KEY_FILE", &file);
    user.run(&["payments", "status"]).exits(0);
    let user = user.with("INSFORGE_API_KEY", "ik_other");
    user.run(&["payments", "status"]).exits(0);
    let keys: Vec<_> = stub
        .requests()
        .iter()
        .filter_map(|request| request.header("authorization").map(str::to_owned))
        .collect();
    let ours = format!("Bearer {KEY}");
    assert_eq!(keys, [&*ours, &*ours, &*ours, "Bearer ik_other"]);
}

#[test]
fn a_key_is_read_from_stdin_or_a_file() {
    let stub = backend();
    let user = User::new();
    let args = ["payments", "status", "--api-url", &stub.address, "--api-key-stdin"];
    user.run_with_stdin(&args, &format!("  {KEY}\r\n")).exits(0);
    user.run_with_stdin(&args, "").exits(2).stderr_has(&["The API key from --api-key-stdin is empty"]);
    user.run_with_stdin(&args, "ik_one ik_two").exits(2).stderr_has(&["contains white space"]);
    user.run_with_stdin(&args, "sk_live_0123456789abcdef").exits(2).stderr_has(&["payment provider's key"]);
    user.run_with_stdin(&args, "ik_ümlaut").exits(2).stderr_has(&["characters that no key has"]);
    let args = ["payments", "status", "--api-url", &stub.address, "--api-key-file", "missing"];
    user.run(&args).exits(2).stderr_has(&["Cannot read the key from missing", "No such file"]);
    let both = ["payments", "status", "--api-url", &stub.address, "--api-key-stdin", "--api-key-file", "x"];
    user.run(&both).exits(64);
    assert_eq!(stub.requests().len(), 1);
}

#[test]
fn the_nearest_project_is_used_and_its_address_completed() {
    let stub = backend();
    let bare = stub.address.trim_start_matches("http://");
    let user = User::new();
    user.write(".insforge/project.json", &project_json("https://other.example.com", "ik_other"));
    user.write("app/.insforge/project.json", &project_json(bare, KEY));
    std::fs::create_dir_all(user.path("app/src/deep")).expect("a directory");
    let deep = user.path("app/src/deep");
    let user = user.in_directory(&deep);
    user.run(&["payments", "status"]).exits(0);
    assert_eq!(stub.requests().len(), 1);
}

#[test]
fn a_bare_cloud_host_is_rebuilt_from_appkey_and_region() {
    let user = User::new();
    let json =
        r#"{"appkey": "abc", "region": "us-east", "api_key": "ik_1234567890", "oss_host": "old.host"}"#;
    user.write(".insforge/project.json", json);
    let ran = user.with("HTTPS_PROXY", &dead_address()).run(&["current", "--json", "--retries=0"]).exits(8);
    assert_eq!(ran.json()["backend"]["value"], "https://abc.us-east.insforge.app");
    assert_eq!(ran.json()["key"]["value"], "ik_****7890");
}

#[test]
fn an_incomplete_project_is_an_error() {
    let (project, profile) = (backend(), backend());
    let user = User::new();
    let address = &profile.address;
    user.write(".config/insforge/config.toml", &config_toml("default", address));
    user.write(".config/insforge/credentials.toml", &credentials_toml("default", address, KEY));
    user.write(".insforge/project.json", &format!("{{\"oss_host\": \"{}\"}}", project.address));
    user.run(&["payments", "status"]).exits(2).stderr_has(&["has no key", "insforge link"]);
    assert_eq!((project.requests().len(), profile.requests().len()), (0, 0));
    // --profile overrides the project.
    user.run(&["payments", "status", "-p", "default"]).exits(0);
    assert_eq!((project.requests().len(), profile.requests().len()), (0, 1));
}

#[test]
fn a_stored_key_does_not_follow_an_edited_address() {
    let (old, new) = (backend(), backend());
    let user = User::new();
    user.write(".config/insforge/config.toml", &config_toml("default", &new.address));
    user.write(".config/insforge/credentials.toml", &credentials_toml("default", &old.address, KEY));
    user.run(&["payments", "status"]).exits(2).stderr_has(&["Profile default has no key for"]);
    assert_eq!(new.requests().len(), 0);
}

#[test]
fn a_profile_is_selected_by_flag_variable_or_default() {
    let (one, two) = (backend(), backend());
    let user = User::new();
    let toml = format!(
        "default_profile = \"two\"\n{}{}",
        config_toml("one", &one.address),
        config_toml("two", &two.address)
    );
    user.write(".config/insforge/config.toml", &toml);
    let keys = credentials_toml("one", &one.address, KEY) + &credentials_toml("two", &two.address, KEY);
    user.write(".config/insforge/credentials.toml", &keys);
    user.run(&["payments", "status"]).exits(0);
    assert_eq!((one.requests().len(), two.requests().len()), (0, 1));
    let user = user.with("INSFORGE_PROFILE", "one");
    user.run(&["payments", "status"]).exits(0);
    assert_eq!((one.requests().len(), two.requests().len()), (1, 1));
    user.run(&["payments", "status", "--profile", "two"]).exits(0);
    assert_eq!((one.requests().len(), two.requests().len()), (1, 2));
    user.run(&["-p", "three", "payments", "status"])
        .exits(4)
        .stderr_has(&["Profile three does not exist", "one, two"]);
    let clash = ["payments", "status", "-p", "one", "--api-url", "https://x.example"];
    user.run(&clash).exits(64);
}

#[test]
fn an_error_in_a_file_has_a_line_and_column_and_the_file_is_unchanged() {
    let stub = backend();
    let login = ["login", "--api-url", &stub.address, "--api-key-stdin"];
    let toml = ".config/insforge/config.toml";
    for (text, place) in
        [("x = \n", ":1:5: "), ("[profiles.a]\napi_url = 5\n", ":2:11: "), ("a = 1\na = 2\n", ":2:1: ")]
    {
        let user = User::new();
        user.write(toml, text);
        let ran = user.run(&["payments", "status"]).exits(1);
        assert!(ran.stderr.contains(&format!("config.toml{place}")), "{ran:?}");
        user.run_with_stdin(&login, KEY).exits(1);
        user.run(&["logout"]).exits(1);
        assert_eq!(user.read(toml), text);
    }
    for (text, place) in
        [("{\n  \"oss_host\": ,\n}", ":2:15: "), ("[]", ":1:"), ("", ":1:1: "), ("{\"é日\": x}", ":1:8: ")]
    {
        let user = User::new();
        user.write(".insforge/project.json", text);
        let ran = user.run(&["payments", "status", "--json"]).exits(1);
        assert_eq!(ran.error()["code"], "SETTINGS_INVALID");
        assert!(
            ran.error()["error"].as_str().expect("error").contains(&format!("project.json{place}")),
            "{ran:?}"
        );
        let link = ["link", "--api-base-url", &stub.address, "--api-key-stdin"];
        user.run_with_stdin(&link, KEY).exits(1);
        assert_eq!(user.read(".insforge/project.json"), text);
        let files = std::fs::read_dir(user.path(".insforge")).expect("the folder").count();
        assert_eq!(files, 1, "no temporary file is left");
    }
}

#[test]
fn a_key_file_that_others_can_read_is_a_warning() {
    let stub = backend();
    let user = User::new();
    let path = user.write(".insforge/project.json", &project_json(&stub.address, KEY));
    user.run(&["payments", "status"]).exits(0);
    set_mode(&path, 0o644);
    let ran =
        user.run(&["payments", "status"]).exits(0).stderr_has(&["warning: ", "(mode 0644)", "chmod 600"]);
    assert!(ran.stdout.starts_with("Env"));
    let ran = user.run(&["payments", "status", "--json"]).exits(0);
    let warning: serde_json::Value = serde_json::from_str(ran.stderr.trim()).expect("a JSON warning");
    assert_eq!(warning["code"], "FILE_READABLE_BY_OTHERS");

    let user = User::new();
    user.write(".config/insforge/config.toml", &config_toml("default", &stub.address));
    let path =
        user.write(".config/insforge/credentials.toml", &credentials_toml("default", &stub.address, KEY));
    set_mode(&path, 0o640);
    user.run(&["payments", "status"])
        .exits(0)
        .stderr_has(&["credentials.toml contains a key", "(mode 0640)"]);
}

fn login(user: &User, stub: &Stub, more: &[&str]) -> RunOutput {
    user.run_with_stdin(&[&["login", "--api-url", &stub.address, "--api-key-stdin"], more].concat(), KEY)
}

#[test]
fn login_stores_the_key_and_reports_where() {
    let stub = backend();
    let user = User::new();
    let ran = login(&user, &stub, &[]).exits(0);
    assert_eq!(ran.stdout, "");
    ran.stderr_has(&["✓ Logged in to http://127.0.0.1:", "credentials.toml", "The keyring was not used: "]);
    for file in [".config/insforge/config.toml", ".config/insforge/credentials.toml"] {
        assert_eq!(mode(&user.path(file)), 0o600, "{file}");
    }
    assert!(!user.read(".config/insforge/config.toml").contains(KEY));
    user.run(&["payments", "status"]).exits(0);

    let ran = login(&user, &stub, &["--json", "--profile", "work"]).exits(0);
    assert_eq!(ran.json()["profile"], "work");
    assert_eq!(ran.json()["keyStore"], "file");
    assert_eq!(ran.json()["backend"], stub.address);
}

#[test]
fn login_keeps_unknown_entries_and_comments() {
    let stub = backend();
    let user = User::new();
    let before = "# mine\ncolor = \"blue\"\n\n[profiles.other]\napi_url = \"https://x.example\" # old\nkey_store = \"file\"\nnote = 1\n";
    user.write(".config/insforge/config.toml", before);
    user.write(
        ".config/insforge/credentials.toml",
        "# keys\n[other]\napi_url = \"https://x.example\"\napi_key = \"ik_x\"\n",
    );
    login(&user, &stub, &[]).exits(0);
    let after = user.read(".config/insforge/config.toml");
    assert!(after.starts_with(before), "{after}");
    assert!(user.read(".config/insforge/credentials.toml").contains("# keys\n[other]"));
    user.run(&["logout"]).exits(0).stderr_has(&["✓ Logged out of profile default."]);
    assert_eq!(user.read(".config/insforge/config.toml"), before);
    assert!(!user.read(".config/insforge/credentials.toml").contains(KEY));
}

#[test]
fn login_begins_a_line_after_a_last_comment_without_a_line_break() {
    let stub = backend();
    for profile in ["default", "work"] {
        let user = User::new();
        for file in [".config/insforge/config.toml", ".config/insforge/credentials.toml"] {
            user.write(file, "# nothing yet");
        }
        login(&user, &stub, &["--profile", profile]).exits(0);
        let after = user.read(".config/insforge/config.toml");
        assert!(after.starts_with("# nothing yet\n"), "{after}");
        user.run(&["payments", "status"]).exits(0);
    }
}

#[test]
fn a_rejected_login_stores_nothing() {
    let refused = Generation::Newer.exchange("003-auth-bad-ik-key");
    let stub = recordings::serve_in(Generation::Newer, vec![refused]);
    let user = User::new();
    login(&user, &stub, &[]).exits(2).stderr_has(&["Invalid API key", "--api-key-stdin"]);
    assert!(!user.path(".config").exists());
    let user = User::new();
    let link = ["link", "--api-base-url", &stub.address, "--api-key-stdin"];
    user.run_with_stdin(&link, KEY).exits(2);
    assert!(!user.path(".insforge").exists());
}

#[test]
fn login_without_an_address_or_a_key_is_a_usage_error() {
    let user = User::new();
    user.run_with_stdin(&["login"], KEY).exits(64).stderr_has(&["--api-url"]);
    let args = ["login", "--api-url", "https://x.example"];
    // Stdin is read only with --api-key-stdin.
    user.run_with_stdin(&args, KEY).exits(64).stderr_has(&["--api-key-stdin"]);
    // A key in the environment is not stored.
    user.with("INSFORGE_API_KEY", KEY).run(&args).exits(64);
}

#[test]
fn link_writes_the_format_of_other_tools() {
    let stub = backend();
    let user = User::new();
    user.write(".insforge/project.json", "{\"custom\": {\"a\": 1}, \"api_key\": \"old\"}");
    let link = ["link", "--api-base-url", &format!("{}/", stub.address), "--api-key-stdin"];
    user.run_with_stdin(&link, KEY).exits(0).stderr_has(&["✓ Linked to"]);
    let path = user.path(".insforge/project.json");
    assert_eq!(mode(&path), 0o600);
    let json: serde_json::Value = serde_json::from_str(&user.read(".insforge/project.json")).expect("JSON");
    let expected = serde_json::json!({
        "custom": {"a": 1}, "api_key": KEY,
        "project_id": "fa4e0000-1234-5678-90ab-cd1234567890", "project_name": "oss-project",
        "org_id": "fa4e0001-1234-5678-90ab-cd1234567890", "appkey": "ossfkey", "region": "us-test",
        "oss_host": stub.address,
    });
    assert_eq!(json, expected);
    let files: Vec<_> =
        std::fs::read_dir(user.path(".insforge")).expect("it").map(|f| f.expect("f").file_name()).collect();
    assert_eq!(files, ["project.json"]);
    user.run(&["payments", "status"]).exits(0);
}

#[test]
fn link_warns_about_gitignore_and_a_key_in_argv() {
    let stub = backend();
    let user = User::new();
    let git =
        std::process::Command::new("git").args(["init", "--quiet"]).current_dir(user.home.path()).status();
    assert!(git.expect("git").success());
    let link = ["link", "--api-base-url", &stub.address, "--api-key", "ik_argv0123456789"];
    user.run(&link).exits(0).stderr_has(&["warning: ", "command line is visible", ".gitignore"]);
    user.write(".gitignore", "/.insforge/\n");
    let ran =
        user.run_with_stdin(&["link", "--api-base-url", &stub.address, "--api-key-stdin"], KEY).exits(0);
    assert!(!ran.stderr.contains("warning"), "{ran:?}");
    user.run(&["link", "--api-key-stdin"]).exits(64).stderr_has(&["--api-base-url"]);
}

#[test]
fn logout_removes_one_login_or_all() {
    let stub = backend();
    let user = User::new();
    login(&user, &stub, &[]).exits(0);
    login(&user, &stub, &["-p", "work"]).exits(0);
    user.run(&["logout", "-p", "nobody"]).exits(4);
    user.run(&["logout", "-p", "work"]).exits(0);
    user.run(&["payments", "status"]).exits(0);
    login(&user, &stub, &["-p", "work"]).exits(0);
    let ran = user.run(&["logout", "--all", "--json"]).exits(0);
    assert_eq!(ran.json()["profiles"], serde_json::json!(["default", "work"]));
    user.run(&["payments", "status"]).exits(3);
    user.run(&["logout"]).exits(0).stderr_has(&["No stored logins."]);
    // If other profiles exist, `logout` without a default profile is an error.
    login(&user, &stub, &[]).exits(0);
    login(&user, &stub, &["-p", "work"]).exits(0);
    user.run(&["logout"]).exits(0);
    user.run(&["logout"])
        .exits(4)
        .stderr_has(&["No profile is selected, and there is no default profile", "existing profiles: work"]);
    user.run(&["payments", "status"]).exits(4).stderr_has(&["existing profiles: work"]);
    user.run(&["logout", "--all"]).exits(0);
    assert!(!user.read(".config/insforge/credentials.toml").contains("ik_"));
}

/// A key in a keyring that is gone cannot be removed, and the profile would stay forever.
#[test]
fn logout_removes_a_profile_whose_keyring_is_gone() {
    let stub = backend();
    let user = User::new();
    login(&user, &stub, &[]).exits(0);
    for more in [&["-p", "alpha"][..], &["--all"]] {
        let config = user.read(".config/insforge/config.toml");
        let in_a_keyring = config_toml("alpha", &stub.address).replace("\"file\"", "\"keyring\"");
        user.write(".config/insforge/config.toml", &format!("{config}{in_a_keyring}"));
        let ran = user.run(&[&["logout"], more].concat()).exits(0);
        ran.stderr_has(&[
            "✓ Logged out of profile alpha.",
            "warning: the key of profile alpha may still be in the keyring: ",
        ]);
        assert!(!user.read(".config/insforge/config.toml").contains("alpha"));
    }
    let ran = user.run(&["logout", "--all", "--json"]).exits(0);
    assert_eq!((ran.json()["profiles"].clone(), &*ran.stderr), (serde_json::json!([]), ""));
}

#[test]
fn logout_all_continues_after_a_failure() {
    let stub = backend();
    let user = User::new();
    login(&user, &stub, &["-p", "zeta"]).exits(0);
    let config = user.read(".config/insforge/config.toml");
    let in_a_keyring = config_toml("alpha", &stub.address).replace("\"file\"", "\"keyring\"");
    user.write(".config/insforge/config.toml", &format!("{config}{in_a_keyring}"));
    // A bus that is there, and never answers.
    let socket = user.path("bus");
    let _bus = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
    let user = user.with("DBUS_SESSION_BUS_ADDRESS", &format!("unix:path={}", socket.display()));
    let ran = user.run(&["logout", "--all"]);
    // A build without keyrings has none that could be locked.
    let expected = if cfg!(feature = "keyring") { 2 } else { 0 };
    let ran = ran.exits(expected).stderr_has(&["✓ Logged out of profile zeta."]);
    let config = user.read(".config/insforge/config.toml");
    assert!(!config.contains("zeta]"), "{config}");
    assert_eq!(config.contains("[profiles.alpha]"), expected == 2, "{config}");
    assert_eq!(ran.stderr.contains("error: The key of profile alpha is in the keyring"), expected == 2);
}

#[test]
fn unknown_entries_in_the_credentials_are_kept() {
    let stub = backend();
    let user = User::new();
    let file = ".config/insforge/credentials.toml";
    login(&user, &stub, &[]).exits(0);
    user.write(file, &format!("note = 1\n{}team = \"x\" # mine\nextra = 1\n", user.read(file)));
    user.run(&["payments", "status"]).exits(0);
    login(&user, &stub, &[]).exits(0);
    let text = user.read(file);
    user.write(".config/insforge/credentials.toml", "default = 1\n");
    login(&user, &stub, &[]).exits(0);
    user.run(&["payments", "status"]).exits(0);
    assert!(text.starts_with("note = 1\n") && text.contains("team = \"x\" # mine\nextra = 1\n"), "{text}");
}

#[test]
fn a_key_file_that_is_too_long_is_rejected() {
    let stub = backend();
    let user = User::new();
    let args = ["payments", "status", "--api-url", &stub.address, "--api-key-file", "key"];
    let path = user.write("key", &"k".repeat(65_537));
    user.run(&args).exits(2).stderr_has(&["it is longer than 64 KiB"]);
    assert_eq!(stub.requests().len(), 0);
    user.write("key", KEY);
    set_mode(&path, 0o644);
    user.run(&args).exits(0).stderr_has(&["key contains a key and other users can read it (mode 0644)"]);
    user.run(&["payments", "status", "--api-url", &stub.address, "--api-key-file", "."]).exits(2);
}

#[test]
fn an_unreadable_settings_file_is_an_error() {
    let user = User::new();
    std::fs::create_dir_all(user.path(".config/insforge/config.toml")).expect("a directory in its place");
    let ran = user.run(&["payments", "status", "--json"]).exits(1);
    assert_eq!(ran.error()["code"], "SETTINGS_INVALID");
    assert!(ran.error()["error"].as_str().expect("error").starts_with("Cannot read "), "{ran:?}");
    assert!(ran.error()["hint"].is_string());
}

/// A lost cache entry costs one request, so a run does not wait for the cache.
#[test]
fn a_run_does_not_wait_for_a_locked_cache() {
    let stub = backend();
    let user = User::new();
    login(&user, &stub, &[]).exits(0);
    user.write(".cache/insforge/backends.json", "{}");
    let lock = user.write(".cache/insforge/backends.json.insforge-lock", "");
    let lock = std::fs::File::open(lock).expect("the lock");
    lock.lock().expect("the lock is free");
    user.run(&["payments", "status", "--timeout", "5s"]).exits(0);
    assert_eq!(user.read(".cache/insforge/backends.json"), "{}");
}

#[test]
fn a_symbolic_link_to_the_settings_is_kept() {
    let stub = backend();
    let user = User::new();
    let real = user.write("dotfiles/config.toml", "# in git\n");
    std::fs::create_dir_all(user.path(".config/insforge")).expect("a directory");
    std::os::unix::fs::symlink(&real, user.path(".config/insforge/config.toml")).expect("a link");
    login(&user, &stub, &[]).exits(0);
    assert!(user.path(".config/insforge/config.toml").is_symlink());
    assert!(user.read("dotfiles/config.toml").starts_with("# in git\n"));
    // If the link's target does not exist, it is created.
    let user = User::new();
    std::fs::create_dir_all(user.path(".config/insforge")).expect("a directory");
    std::os::unix::fs::symlink("../dotfiles.toml", user.path(".config/insforge/config.toml"))
        .expect("a link");
    login(&user, &stub, &[]).exits(0);
    assert!(user.path(".config/insforge/config.toml").is_symlink());
    assert!(user.read(".config/dotfiles.toml").contains("[profiles.default]"));
}

#[test]
fn concurrent_logins_are_all_stored() {
    let stub = backend();
    let user = User::new();
    let names: Vec<String> = (0..8).map(|n| format!("p{n}")).collect();
    std::thread::scope(|scope| {
        for name in &names {
            scope.spawn(|| login(&user, &stub, &["-p", name]).exits(0));
        }
    });
    for name in &names {
        user.run(&["payments", "status", "-p", name]).exits(0);
    }
}

#[test]
fn current_shows_each_value_and_where_it_comes_from() {
    let stub = backend();
    let user = User::of(&stub.address);
    let ran = user.run(&["current"]).exits(0);
    for text in [&*stub.address, "INSFORGE_BASE_URL", "ik_****5see", "INSFORGE_API_KEY", "2.3.1", "newer"] {
        assert!(ran.stdout.contains(text), "{text}: {ran:?}");
    }
    assert_eq!(user.run(&["whoami"]).exits(0).stdout, ran.stdout);
    let ran = user.run(&["current", "--json"]).exits(0);
    assert_eq!(ran.json()["generation"], "newer");
    assert_eq!(ran.json()["keyAccepted"], true);

    let older = recordings::serve_in(Generation::Older, vec![]);
    let ran = User::of(&older.address).run(&["current", "--json"]).exits(0);
    assert_eq!((&ran.json()["generation"], &ran.json()["version"]), (&"older".into(), &"2.2.0".into()));

    let refused = Generation::Newer.exchange("003-auth-bad-ik-key");
    let stub = recordings::serve_in(Generation::Newer, vec![refused]);
    let ran = User::of(&stub.address).run(&["current", "--json"]).exits(2);
    assert_eq!((&ran.json()["reachable"], &ran.json()["keyAccepted"]), (&true.into(), &false.into()));
    // The health route needs no key, so no key is sent.
    assert_eq!(stub.requests()[0].header("authorization"), None);

    let ran = User::of(&dead_address()).run(&["current", "--retries=0"]).exits(8);
    assert!(ran.stdout.contains("Reachable"), "{ran:?}");
    User::new().run(&["current"]).exits(3);
}

/// The policy for live and the guard, with the place of each; `default` if no place sets it.
#[test]
fn current_shows_the_policies_and_where_they_come_from() {
    let stub = backend();
    let shown = |user: &User| {
        let json = user.run(&["current", "--json"]).exits(0).json();
        ["live", "guard"].map(|name| json[name].clone())
    };
    let value =
        |value: serde_json::Value, source: &str| serde_json::json!({"value": value, "source": source});
    let user = User::of(&stub.address);
    assert_eq!(shown(&user), [value("ask".into(), "default"), value(false.into(), "default")]);
    let path = user.write(".insforge/project.json", "{\"live\": \"approve\", \"guard\": true}");
    let file = path.to_str().expect("a path");
    assert_eq!(shown(&user), [value("approve".into(), file), value(true.into(), file)]);
    let user = user.with("INSFORGE_LIVE", "deny").with("INSFORGE_GUARD", "0");
    let (live, guard) = (value("deny".into(), "INSFORGE_LIVE"), value(false.into(), "INSFORGE_GUARD"));
    assert_eq!(shown(&user), [live, guard]);
    let ran = user.run(&["current"]).exits(0);
    let row = |name: &str| {
        let mut rows = ran.stdout.lines().filter(|line| line.starts_with(name));
        rows.next().expect("a row")[name.len()..].trim().to_owned()
    };
    assert!(row("Writes to live").starts_with("deny "), "{ran:?}");
    assert!(row("Guard").ends_with(&format!(" INSFORGE_GUARD, which overrides {file}")), "{ran:?}");

    // The policy of the profile, and a weaker one of the environment.
    let user = User::new();
    user.write(
        ".config/insforge/config.toml",
        &(config_toml("default", &stub.address) + "live = \"approve\"\n"),
    );
    user.write(".config/insforge/credentials.toml", &credentials_toml("default", &stub.address, KEY));
    let profile = "profile default in config.toml";
    assert_eq!(shown(&user), [value("approve".into(), profile), value(false.into(), "default")]);
    let user = user.with("INSFORGE_LIVE", "ask");
    assert_eq!(shown(&user)[0], value("ask".into(), "INSFORGE_LIVE"));
    let ran = user.run(&["current"]).exits(0);
    assert!(ran.stdout.contains(&format!(" INSFORGE_LIVE, which overrides {profile}\n")), "{ran:?}");
}

/// A project file that cannot be read is part of the report, because it stops every write to live.
#[test]
fn current_reports_an_unreadable_project_file() {
    let stub = backend();
    let user = User::of(&stub.address);
    user.write(".insforge/project.json", "{\"guard\": \"yes\"}");
    let ran = user.run(&["current"]).exits(1).stderr_has(&["`guard` is invalid in "]);
    assert!(ran.stdout.contains("Key accepted    Yes "), "{ran:?}");
    let ran = user.run(&["current", "--json"]).exits(1);
    let none = serde_json::json!({"value": null, "source": null});
    assert_eq!((&ran.json()["live"], &ran.json()["guard"]), (&none, &none));
    assert_eq!(ran.error()["code"], "SETTINGS_INVALID");
}

/// A link in a repository can lead the tool to any file.
#[test]
fn an_error_about_a_settings_file_names_the_field_and_not_the_value() {
    const VALUE: &str = "topsecretvalue";
    for (text, reason) in [
        ("\"VALUE\"", "project.json:1:16: invalid type: string, expected an object"),
        ("{\"live\": \"VALUE\"}", "the field `live` must be ask, allow, approve or deny"),
        ("{\"guard\": \"VALUE\"}", "the field `guard` must be true or false"),
        ("{\"live\": [\"deny\"]}", "the field `live` must be ask, allow, approve or deny"),
        ("VALUE", "project.json:1:2: expected value"),
    ] {
        let user = User::new();
        user.write("other", &text.replace("VALUE", VALUE));
        std::fs::create_dir_all(user.path(".insforge")).expect("a directory");
        std::os::unix::fs::symlink("../other", user.path(".insforge/project.json")).expect("a link");
        let ran = user.run(&["payments", "status"]).exits(1).stderr_has(&[reason]);
        assert!(!ran.stderr.contains(VALUE), "{}", ran.stderr);
    }
    let profile = |entry: &str| format!("[profiles.default]\n{entry}\n");
    for (text, reason) in [
        (
            profile("api_url = \"x\"\nkey_store = \"VALUE\""),
            ":3:13: `key_store`: invalid value, expected `keyring`",
        ),
        (profile("api_url = { a = \"VALUE\" }"), ":2:11: `api_url`: invalid type: map, expected a string"),
        (
            profile("api_url = \"x\"\nkey_store = \"file\"\nlive = \"VALUE\""),
            ":4:8: `live`: invalid value, expected",
        ),
        ("profiles = \"VALUE\"".to_owned(), ":1:12: `profiles`: invalid type: string, expected a map"),
        ("VALUE".to_owned(), "config.toml:1:"),
        ("a = VALUE".to_owned(), "config.toml:1:5: "),
    ] {
        let user = User::new();
        user.write(".config/insforge/config.toml", &text.replace("VALUE", VALUE));
        let ran = user.run(&["payments", "status"]).exits(1).stderr_has(&[reason]);
        assert!(!ran.stderr.contains(VALUE), "{}", ran.stderr);
    }
}

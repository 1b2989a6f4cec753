//! `catalog export` loses no edits of the file, keeps its mode, and reports separately what happened to Stripe and to the
//! file.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::harness::pty::Terminal;
use super::harness::shop::Shop;
use super::harness::stripe_catalog::text;
use super::harness::{RunOutput, User, mode, set_mode};

const FILE: &str = "payments.toml";

/// A user of the sample catalog, which is managed and exported to a file.
fn user_with_catalog() -> User {
    let user = User::new().with("INSFORGE_SANDBOX", "1");
    export(&user, "--adopt -q").exits(0);
    user
}

fn export(user: &User, more: &str) -> RunOutput {
    let args = shell_words::split(&format!("payments catalog export {more}")).expect("arguments");
    user.run(&args.iter().map(String::as_str).collect::<Vec<_>>())
}

/// A shop with an unmanaged product. Its update takes a while.
fn slow_shop() -> Shop {
    let shop = Shop::with(&["PATCH /products/*: delay 1500ms"]);
    shop.send("POST", "/catalog/products", &json!({"name": "Pro", "idempotencyKey": "k"}));
    shop
}

/// Runs `export --adopt`, and calls `meanwhile` during its only update.
#[track_caller]
fn adopting(shop: &Shop, more: &[&str], meanwhile: impl FnOnce(u32)) -> RunOutput {
    let mut command = shop.user.command(&[&["payments", "catalog", "export", "--adopt"], more].concat());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("the binary starts");
    let start = Instant::now();
    while shop.changes().is_empty() {
        assert!(start.elapsed() < Duration::from_secs(20), "no update was sent");
        thread::sleep(Duration::from_millis(5));
    }
    meanwhile(child.id());
    let output = child.wait_with_output().expect("the binary ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    RunOutput {
        code: output.status.code().unwrap_or(-1),
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
    }
}

#[test]
fn entries_that_are_not_at_stripe_need_overwrite_to_be_removed() {
    let user = user_with_catalog();
    let more = "\n[products.studio]\nname = \"Studio\"\n[products.studio.prices.monthly]\ncurrency = \"eur\"\n\
                amount = \"29.00\"\ninterval = \"month\"\n";
    let (exported, edited) = (user.read(FILE), format!("{}{more}", user.read(FILE)));
    let weekly =
        "[products.pro_plan.prices.weekly]\ncurrency = \"usd\"\namount = \"5.00\"\ninterval = \"week\"\n";
    let edited = edited
        .replace("[products.pro_plan.prices.yearly]", &format!("{weekly}[products.pro_plan.prices.yearly]"));
    user.write(FILE, &edited);
    for more in ["", "--yes", "--adopt --yes"] {
        export(&user, more).exits(1).stderr_has(&[
            "payments.toml has entries that are not at Stripe; the file is unchanged",
            "products.pro_plan.prices.weekly, products.studio",
            "--overwrite",
            "--file",
        ]);
        assert_eq!(user.read(FILE), edited);
    }
    export(&user, "--file new.toml").exits(0);
    assert_eq!(user.read("new.toml"), exported);
    assert_eq!(export(&user, "--file -").exits(0).stdout, exported);
    export(&user, "--overwrite").exits(0).stderr_has(&["Removed products.studio from the file"]);
    assert_eq!(user.read(FILE).trim_end(), exported.trim_end());
}

#[test]
fn a_file_keeps_its_mode_and_a_new_one_follows_the_umask() {
    let user = User::new().with("INSFORGE_SANDBOX", "1");
    let expected = |umask: &str| {
        let script =
            format!("umask {umask}; exec \"$0\" payments catalog export --adopt -q --file {umask}/p.toml");
        let mut command = Command::new("sh");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_insforge")]);
        let ran = command.env_clear().envs(user.environment()).current_dir(user.home.path()).output();
        assert!(ran.expect("a shell").status.success());
        (mode(&user.path(umask)), mode(&user.path(&format!("{umask}/p.toml"))))
    };
    assert_eq!(expected("022"), (0o755, 0o644));
    assert_eq!(expected("077"), (0o700, 0o600));
    let product =
        text(&user.run(&["payments", "products", "list", "--json"]).json()["products"][0]["productId"]);
    for (kept, name) in [(0o640, "One"), (0o666, "Two")] {
        set_mode(&user.path("022/p.toml"), kept);
        user.run(&["payments", "products", "update", &product, "--name", name, "-q"]).exits(0);
        export(&user, "--file 022/p.toml").exits(0);
        assert_eq!(mode(&user.path("022/p.toml")), kept);
        assert!(user.read("022/p.toml").contains(&format!("{name:?}")));
    }
    user.run(&["payments", "catalog", "plan", "--file", "022/p.toml", "--out", "plan.json"]).exits(0);
    assert_eq!(mode(&user.path("plan.json")), 0o600);
}

#[test]
fn an_unwritable_file_fails_before_objects_are_tagged() {
    let user = User::new().with("INSFORGE_SANDBOX", "1");
    export(&user, "--adopt --file /proc/nope/x.toml")
        .exits(1)
        .stderr_has(&["Cannot write /proc/nope/x.toml"]);
    user.run(&["payments", "catalog", "ids"]).exits(0).stderr_has(&["No price in test is managed"]);
}

#[test]
fn edits_during_the_confirmation_are_not_lost() {
    let user = User::new().with("INSFORGE_SANDBOX", "1");
    user.run_with_stdin(&["payments", "config", "set", "live", "-", "--yes"], "sk_live_51SandboxShop0001a")
        .exits(0);
    user.run(&["payments", "products", "create", "live", "--name", "Pro", "--yes", "-q"]).exits(0);
    let terminal = Terminal::start(&user, 200, &["payments", "catalog", "export", "live", "--adopt"]);
    terminal.expect("Continue?");
    user.write(FILE, "version = 1 # mine\n");
    terminal.type_in("y\r");
    let (code, output) = terminal.finish();
    assert_eq!(code, 1, "{output}");
    assert!(
        output.contains("payments.toml was changed during the export") && !output.contains("tagged"),
        "{output}"
    );
    assert_eq!(user.read(FILE), "version = 1 # mine\n");
    let products = user.run(&["payments", "products", "list", "live", "--json"]).exits(0).json();
    assert_eq!(products["products"][0]["metadata"]["catalog_key"], json!(null));
}

#[test]
fn edits_during_the_adoption_are_not_lost() {
    let shop = slow_shop();
    let ran = adopting(&shop, &[], |_| drop(shop.user.write(FILE, "version = 1 # mine\n")));
    ran.exits(1).stderr_has(&[
        "1 object was tagged at Stripe, but: payments.toml was changed during the export",
        "insforge payments catalog export --adopt` writes the file",
    ]);
    assert_eq!(shop.user.read(FILE), "version = 1 # mine\n");
    assert!(!shop.product("pro").is_empty());
    shop.run(&["export"]).exits(0);
    assert!(shop.user.read(FILE).starts_with("version = 1 # mine\n\n[products.pro]"));
}

#[test]
fn a_folder_that_disappears_during_the_adoption_is_reported() {
    let shop = slow_shop();
    let place = shop.user.path("folder");
    fs::create_dir(&place).expect("a folder");
    let link = shop.user.path(FILE);
    std::os::unix::fs::symlink("folder/p.toml", link).expect("a link");
    let ran = adopting(&shop, &[], |_| {
        fs::remove_dir(&place).expect("an empty folder");
        fs::write(&place, "").expect("a file in its place");
    });
    ran.exits(1).stderr_has(&["1 object was tagged at Stripe, but: Cannot write"]);
}

/// A pipe without a reader blocks the export between the last update and the file.
#[test]
fn an_interruption_after_the_adoption_says_that_the_file_is_not_written() {
    let shop = slow_shop();
    let ran = adopting(&shop, &["--file", FILE], |child| {
        let pipe = shop.user.path(FILE);
        assert!(Command::new("mkfifo").arg(pipe).status().expect("mkfifo").success());
        thread::sleep(Duration::from_millis(2500));
        super::harness::signal(child, "-INT");
    });
    ran.exits(130).stderr_has(&[
        "Interrupted after 1 object was tagged, before the file was written",
        "`insforge payments catalog export --adopt --file payments.toml` writes nothing twice",
    ]);
}

#[test]
fn a_plan_file_with_unknown_fields_is_invalid() {
    let user = user_with_catalog();
    let args = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let run = |line: &str| user.run(&args(line).iter().map(String::as_str).collect::<Vec<_>>());
    run("payments catalog plan --out plan.json").exits(0);
    run("payments catalog apply --plan-file plan.json").exits(0);
    user.write("plan.json", &user.read("plan.json").replacen('{', "{\"pruned\": true,", 1));
    run("payments catalog apply --plan-file plan.json").exits(64).stderr_has(&["unknown field `pruned`"]);
}

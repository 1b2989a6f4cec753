//! The file that an export writes belongs to whoever edits it: nothing in it is lost, its mode stays, and what became of
//! Stripe and of the file is told apart.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::harness::at_stripe::text;
use super::harness::pty::Terminal;
use super::harness::shop::Shop;
use super::harness::{Ran, User, mode, set_mode};

const FILE: &str = "payments.toml";

/// Somebody with the small shop, whose catalog is managed and stands in a file.
fn shopkeeper() -> User {
    let user = User::new().with("INSFORGE_SANDBOX", "1");
    export(&user, "--adopt -q").exits(0);
    user
}

fn export(user: &User, more: &str) -> Ran {
    let words = shell_words::split(&format!("payments catalog export {more}")).expect("words");
    user.run(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

/// A product without an identity, in a shop that takes its time to give it one.
fn slow_shop() -> Shop {
    let shop = Shop::with(&["PATCH /products/*: delay 1500ms"]);
    shop.send("POST", "/catalog/products", &json!({"name": "Pro", "idempotencyKey": "k"}));
    shop
}

/// Starts an adoption, does something while its only request is under way, and waits for its end.
#[track_caller]
fn adopting(shop: &Shop, meanwhile: impl FnOnce(u32)) -> Ran {
    let mut command = shop.user.command(&["payments", "catalog", "export", "--adopt"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("the binary starts");
    let start = Instant::now();
    while shop.changes().is_empty() {
        assert!(start.elapsed() < Duration::from_secs(20), "it never began");
        thread::sleep(Duration::from_millis(5));
    }
    meanwhile(child.id());
    let output = child.wait_with_output().expect("the binary ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
    }
}

#[test]
fn what_stripe_has_not_stays_in_the_file_unless_asked() {
    let user = shopkeeper();
    let more = "\n[products.studio]\nname = \"Studio\"\n[products.studio.prices.monthly]\ncurrency = \"eur\"\n\
                amount = \"29.00\"\ninterval = \"month\"\n";
    let (all, ours) = (user.read(FILE), format!("{}{more}", user.read(FILE)));
    let ghost =
        "[products.pro_plan.prices.weekly]\ncurrency = \"usd\"\namount = \"5.00\"\ninterval = \"week\"\n";
    let ours = ours
        .replace("[products.pro_plan.prices.yearly]", &format!("{ghost}[products.pro_plan.prices.yearly]"));
    user.write(FILE, &ours);
    for more in ["", "--yes", "--adopt --yes"] {
        export(&user, more).exits(1).says(&[
            "payments.toml has entries that Stripe has not; it is left as it is",
            "products.pro_plan.prices.weekly, products.studio",
            "--overwrite",
            "--file",
        ]);
        assert_eq!(user.read(FILE), ours);
    }
    export(&user, "--file new.toml").exits(0);
    assert_eq!(user.read("new.toml"), all);
    assert_eq!(export(&user, "--file -").exits(0).stdout, all);
    export(&user, "--overwrite").exits(0).says(&["taken out of the file: products.studio."]);
    assert_eq!(user.read(FILE).trim_end(), all.trim_end());
}

#[test]
fn a_file_keeps_its_mode_and_a_new_one_is_for_others_too() {
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
fn a_file_that_cannot_be_written_is_told_before_an_identity_is() {
    let user = User::new().with("INSFORGE_SANDBOX", "1");
    export(&user, "--adopt --file /proc/nope/x.toml").exits(1).says(&["Cannot write /proc/nope/x.toml"]);
    user.run(&["payments", "catalog", "ids"]).exits(0).says(&["No price in test has an identity"]);
}

#[test]
fn what_was_written_while_somebody_was_asked_is_not_lost() {
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
        output.contains("payments.toml was changed meanwhile") && !output.contains("identity was"),
        "{output}"
    );
    assert_eq!(user.read(FILE), "version = 1 # mine\n");
    let products = user.run(&["payments", "products", "list", "live", "--json"]).exits(0).json();
    assert_eq!(products["products"][0]["metadata"]["catalog_key"], json!(null));
}

#[test]
fn what_was_written_while_identities_were_is_not_lost() {
    let shop = slow_shop();
    let ran = adopting(&shop, |_| drop(shop.user.write(FILE, "version = 1 # mine\n")));
    ran.exits(1).says(&[
        "1 identity was written at Stripe, but: payments.toml was changed meanwhile",
        "insforge payments catalog export --adopt` writes the file",
    ]);
    assert_eq!(shop.user.read(FILE), "version = 1 # mine\n");
    assert!(!shop.product("pro").is_empty());
    shop.run(&["export"]).exits(0);
    assert!(shop.user.read(FILE).starts_with("version = 1 # mine\n\n[products.pro]"));
}

#[test]
fn a_folder_that_went_away_while_identities_were_written_is_told() {
    let shop = slow_shop();
    let place = shop.user.path("folder");
    fs::create_dir(&place).expect("a folder");
    let link = shop.user.path(FILE);
    std::os::unix::fs::symlink("folder/p.toml", link).expect("a link");
    let ran = adopting(&shop, |_| {
        fs::remove_dir(&place).expect("an empty folder");
        fs::write(&place, "").expect("a file in its place");
    });
    ran.exits(1).says(&["1 identity was written at Stripe, but: Cannot write"]);
}

/// A pipe that nobody writes into holds it up between the last identity and the file.
#[test]
fn interrupted_behind_the_last_identity_it_tells_of_the_file() {
    let shop = slow_shop();
    let ran = adopting(&shop, |child| {
        let pipe = shop.user.path(FILE);
        assert!(Command::new("mkfifo").arg(pipe).status().expect("mkfifo").success());
        thread::sleep(Duration::from_millis(2500));
        super::harness::signal(child, "-INT");
    });
    ran.exits(130).says(&[
        "Interrupted after 1 identity was written, and before the file was",
        "`insforge payments catalog export --adopt` writes nothing twice",
    ]);
}

#[test]
fn what_a_promotion_would_leave_behind_is_told() {
    let user = shopkeeper();
    user.run_with_stdin(&["payments", "config", "set", "live", "-", "--yes"], "sk_live_51SandboxShop0001a")
        .exits(0);
    let products = user.run(&["payments", "products", "list", "--json"]).exits(0).json();
    let team = products["products"].as_array().expect("products").iter();
    let team = text(&team.clone().find(|product| product["name"] == "Team Plan").expect("one")["productId"]);
    user.run(&["payments", "products", "update", &team, "--metadata-field", "catalog_key=not a key", "-q"])
        .exits(0);
    let diff = user.run(&["payments", "catalog", "diff", "test", "live", "--json"]).exits(0);
    let left_out = diff.json()["leftOut"].clone();
    assert_eq!((&left_out[0]["kind"], &left_out[1]), (&json!("price"), &json!(null)), "{left_out}");
    let (id, reason) = (text(&left_out[0]["id"]), text(&left_out[0]["reason"]));
    let told = format!("Left out: price {id}, {reason}.");
    user.run(&["payments", "catalog", "diff", "test", "live"]).exits(0).says(&[&told]);
}

#[test]
fn a_plan_file_has_what_a_plan_has_and_nothing_else() {
    let user = shopkeeper();
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let run = |line: &str| user.run(&words(line).iter().map(String::as_str).collect::<Vec<_>>());
    run("payments catalog plan --out plan.json").exits(0);
    run("payments catalog apply --plan-file plan.json").exits(0);
    user.write("plan.json", &user.read("plan.json").replacen('{', "{\"pruned\": true,", 1));
    run("payments catalog apply --plan-file plan.json").exits(64).says(&["unknown field `pruned`"]);
}

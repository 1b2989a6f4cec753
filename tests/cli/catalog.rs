//! The commands of the catalog as code: output, confirmation and errors. `catalog_interrupted` tests interrupted applies.

use std::fs;

use serde_json::{Value, json};

use super::harness::pty::Terminal;
use super::harness::{RunOutput, User, assert_golden, run_and_record};

const FILE: &str = "payments.toml";

/// A user of the sample catalog, which is managed and exported to a file.
fn user_with_catalog() -> User {
    let user = User::new().with("INSFORGE_SANDBOX", "1");
    user.run(&["payments", "catalog", "export", "--adopt", "-q"]).exits(0);
    user
}

/// Replaces a text in the file, and asserts that it was there.
fn edit(user: &User, before: &str, after: &str) {
    let text = user.read(FILE);
    assert!(text.contains(before), "{before:?} is not in {text}");
    user.write(FILE, &text.replacen(before, after, 1));
}

fn catalog(user: &User, line: &str) -> RunOutput {
    let args = shell_words::split(&format!("payments catalog {line}")).expect("arguments");
    user.run(&args.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Edits the file so that a plan has every kind of change, and an unmanaged price.
fn edit_everything(user: &User) {
    edit(user, "\"190.00\"", "\"180.00\"");
    edit(user, "\"19.00\"", "\"21.00\"");
    edit(user, "for up to ten\"", "for up to twelve\"\nmetadata = { tier = \"team\" }");
    let text = user.read(FILE);
    let (from, to) = (
        text.find("[products.100_credits.prices.once_jpy]"),
        text.find("[products.100_credits.prices.once]"),
    );
    let (from, to) = (from.expect("a table"), to.expect("a table"));
    let studio = "\n[products.studio]\nname = \"Studio\"\nactive = false\n\n[products.studio.prices.monthly]\n\
                  currency = \"eur\"\namount = \"29.00\"\ninterval = \"month\"\ninterval_count = 3\n\
                  tax_behavior = \"inclusive\"\n";
    user.write(FILE, &format!("{}{}{studio}", &text[..from], &text[to..]));
}

#[test]
fn a_catalog_is_exported_planned_applied_and_promoted() {
    let user = User::new().with("INSFORGE_SANDBOX", "1");
    let mut transcript = String::new();
    let mut run =
        |line: &str, stdin: &str| run_and_record(&user, &format!("payments {line}"), stdin, &mut transcript);
    run("catalog plan", "");
    run("catalog export", "");
    run("catalog plan --no-sync", "");
    run("catalog plan --no-sync --json", "");
    run("catalog export test --adopt --json", "");
    run("catalog plan test --exit-code", "");
    run("catalog ids", "");
    for format in ["env", "json", "ts"] {
        run(&format!("catalog ids --format {format}"), "");
    }
    edit_everything(&user);
    run("catalog plan", "");
    run("catalog plan --prune --json", "");
    run("catalog apply --prune", "");
    run("catalog apply --prune --yes", "");
    run("catalog apply --prune --yes --json", "");
    run("catalog plan --prune", "");
    run("catalog diff test live", "");
    run("config set live - --yes", "sk_live_51SandboxShop0001a");
    run("catalog diff test live --exit-code", "");
    run("catalog apply live", "");
    run("catalog apply live --json --yes", "");
    run("catalog diff test live --exit-code", "");
    run("catalog ids live -o ids", "");
    assert_golden("catalog.txt", &transcript);
}

#[test]
fn catalog_without_a_subcommand_lists_the_catalog() {
    let user = user_with_catalog();
    let list = catalog(&user, "").exits(0).stdout;
    for line in ["test", "--environment test", "-e test", "test -e test"] {
        assert_eq!(catalog(&user, line).exits(0).stdout, list, "{line}");
    }
    let ran = user.run(&["payments", "stripe", "catalog", "test", "-o", "ids"]).exits(0);
    assert_eq!(ran.stdout.lines().count(), 11);
}

#[test]
fn an_environment_can_precede_the_subcommand() {
    let user = user_with_catalog();
    for line in ["plan test", "test plan", "-e test plan", "plan -e test", "test plan test"] {
        assert!(catalog(&user, line).exits(0).stdout.contains("Stripe test"), "{line}");
    }
    for line in
        ["live plan test", "-e live plan test", "test apply -e live", "live ids test", "live export test"]
    {
        catalog(&user, line).exits(64).stderr_has(&["Two different environments"]);
    }
    catalog(&user, "test diff test live").exits(64).stderr_has(&["name both after `diff`"]);
    catalog(&user, "diff test test").exits(64).stderr_has(&["FROM and TO are the same environment"]);
    catalog(&user, "plann")
        .exits(64)
        .stderr_has(&["expected an environment (test, live) or a command (plan, apply"]);
}

#[test]
fn a_plan_is_written_into_a_pipe_and_does_not_replace_it() {
    use std::os::unix::fs::FileTypeExt;

    let user = user_with_catalog();
    let path = user.path("plan.pipe");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo").success());
    let reader = std::thread::spawn({
        let path = path.clone();
        move || std::fs::read_to_string(path).expect("the plan")
    });
    catalog(&user, "plan --out plan.pipe").exits(0);
    let plan: serde_json::Value = serde_json::from_str(&reader.join().expect("the reader")).expect("JSON");
    assert_eq!(plan["environment"], "test");
    assert!(std::fs::metadata(&path).expect("a file").file_type().is_fifo());
}

#[test]
fn the_file_option_selects_the_file_stdin_or_stdout() {
    let user = user_with_catalog();
    let text = user.read(FILE);
    fs::rename(user.path(FILE), user.path("other.toml")).expect("a file");
    let plan = |args: &str, stdin: &str| {
        let args = shell_words::split(&format!("payments catalog plan {args}")).expect("arguments");
        user.run_with_stdin(&args.iter().map(String::as_str).collect::<Vec<_>>(), stdin)
    };
    plan("", "").exits(64).stderr_has(&["Cannot read the catalog from payments.toml", "catalog export test"]);
    plan("--file other.toml", "").exits(0);
    plan("--file -", &text).exits(0);
    let invalid = plan("--file - --json", &text.replace("\"9.90\"", "\"9.905\"")).exits(64);
    let error = invalid.error();
    assert_eq!(error["code"], "CATALOG_INVALID");
    let message = error["error"].as_str().expect("a message");
    assert!(
        message.starts_with("stdin:") && error["why"].as_str().expect("a line").contains("^^^^"),
        "{error}"
    );
    fs::write(user.path("latin.toml"), b"version = 1\n# caf\xe9\n").expect("a file");
    plan("--file latin.toml", "")
        .exits(64)
        .stderr_has(&["Cannot read the catalog from latin.toml", "line 2 is not UTF-8; save it as UTF-8"]);
    let out = catalog(&user, "export --file -").exits(0);
    assert_eq!(out.stdout, text);
    assert!(!user.path(FILE).exists());
}

#[test]
fn an_export_keeps_comments_and_formatting() {
    let user = user_with_catalog();
    edit(&user, "[products.pro_plan]", "# Our best.\n[products.pro_plan]   # really");
    let before = user.read(FILE);
    catalog(&user, "export").exits(0);
    assert_eq!(user.read(FILE), before);
    user.run(&["payments", "products", "update", &id_of(&user, "Team Plan"), "--name", "Teams", "-q"])
        .exits(0);
    catalog(&user, "export").exits(0);
    assert_eq!(user.read(FILE), before.replace("\"Team Plan\"", "\"Teams\""));
}

fn id_of(user: &User, name: &str) -> String {
    let products = user.run(&["payments", "products", "list", "--json"]).exits(0).json();
    let mut products = products["products"].as_array().expect("products").iter();
    let product = products.find(|product| product["name"] == name).expect("a product");
    product["productId"].as_str().expect("an id").to_owned()
}

#[test]
fn a_plan_fails_if_the_sync_fails() {
    let script = "insforge=$1; shift; $insforge payments catalog export --adopt -q && \
                  $insforge payments config set test - -q < key; \
                  $insforge payments catalog plan; echo $?; $insforge payments catalog apply; echo $?; \
                  $insforge payments catalog plan --no-sync >/dev/null; echo $?";
    let user = User::new();
    user.write("key", "sk_test_51SandboxShop0001nosubs");
    let ran = user.run(&["sandbox", "exec", "--", "sh", "-c", script, "sh", env!("CARGO_BIN_EXE_insforge")]);
    let ran = ran.exits(0).stderr_has(&["The Stripe sync of test failed"]);
    assert_eq!(ran.stdout, "1\n1\n0\n", "{}", ran.stderr);
}

#[test]
fn a_live_apply_shows_the_plan_and_asks() {
    let user = user_with_catalog();
    user.run_with_stdin(&["payments", "config", "set", "live", "-", "--yes"], "sk_live_51SandboxShop0001a")
        .exits(0);
    for (answer, code) in [("n\r", 6), ("y\r", 0)] {
        let terminal = Terminal::start(&user, 100, &["payments", "catalog", "apply", "live"]);
        terminal.expect("Continue?");
        terminal.type_in(answer);
        let (ended, output) = terminal.finish();
        assert_eq!(ended, code, "{output}");
        for part in
            ["+ product pro_plan", "19.00 USD every month", "(8 to create), live", "acct_1SandboxShop0001"]
        {
            assert!(output.contains(part), "{part} is not in {output}");
        }
    }
    let denied = user.with("INSFORGE_LIVE", "deny");
    edit(&denied, "\"19.00\"", "\"20.00\"");
    catalog(&denied, "apply live --yes").exits(5);
}

#[test]
fn an_apply_with_prune_asks_in_test_too() {
    let user = user_with_catalog();
    edit_everything(&user);
    let error = catalog(&user, "apply --prune --json").exits(6).error();
    assert_eq!(error["code"], "CONFIRMATION_NEEDED");
    catalog(&user, "apply").exits(0);
    catalog(&user, "apply --prune --yes").exits(0).stderr_has(&["1 archived"]);
}

#[test]
fn a_dry_run_of_apply_shows_the_plan_and_changes_nothing() {
    let user = user_with_catalog();
    edit_everything(&user);
    for more in ["", " --json", " --prune", " --prune --json"] {
        let plan = catalog(&user, &format!("plan{more}")).exits(0).stdout;
        assert_eq!(catalog(&user, &format!("apply --dry-run{more}")).exits(0).stdout, plan, "{more}");
    }
    catalog(&user, "plan --out plan.json --prune").exits(0);
    let reviewed = catalog(&user, "apply --plan-file plan.json --dry-run --json").exits(0).json();
    assert_eq!(reviewed["summary"]["archive"], 1);
    catalog(&user, "plan -o ids").exits(64).stderr_has(&["has no ids"]);
    catalog(&user, "apply --dry-run -o ids").exits(64).stderr_has(&["has no ids"]);
}

#[test]
fn a_dry_run_of_export_prints_the_file_and_writes_nothing() {
    let user = User::new().with("INSFORGE_SANDBOX", "1");
    let ran = catalog(&user, "export --adopt --dry-run").exits(0);
    assert!(ran.stdout.contains("[products.pro_plan.prices.monthly]"), "{ran:?}");
    assert!(!user.path(FILE).exists(), "the file was written");
    assert_eq!(catalog(&user, "export --adopt --json").exits(0).json()["adopted"], 8);
    assert_eq!(user.read(FILE), ran.stdout);
}

#[test]
fn an_apply_that_changes_nothing_says_so_and_sums_up_the_unmanaged_objects() {
    let user = user_with_catalog();
    let text = user.read(FILE);
    catalog(&user, "apply")
        .exits(0)
        .stderr_has(&["✓ Nothing to do: Stripe test, account ", ", matches payments.toml."]);
    for name in ["One", "Two", "Three"] {
        user.run(&["payments", "products", "create", "--name", name, "-q"]).exits(0);
    }
    catalog(&user, "apply")
        .exits(0)
        .stderr_has(&["Left unchanged: 3 products are unmanaged; --json lists them."]);
    let plan = catalog(&user, "plan").exits(0).stdout;
    assert!(plan.contains("\n  3 products are unmanaged; --json lists them\n\nNothing to do: "), "{plan}");
    // A managed price that the file does not have is a difference.
    let start = text.find("[products.100_credits.prices.once_jpy]").expect("a table");
    let end = text.find("[products.100_credits.prices.once]").expect("a table");
    user.write(FILE, &format!("{}{}", &text[..start], &text[end..]));
    let ran = catalog(&user, "apply").exits(0);
    assert!(!ran.stderr.contains("Nothing to do"), "{ran:?}");
    ran.stderr_has(&["no changes, but 1 object differs from payments.toml."]);
}

#[test]
fn an_apply_with_prune_names_what_it_would_archive() {
    let user = user_with_catalog();
    user.write(FILE, "version = 1\n");
    let error = catalog(&user, "apply --prune --json").exits(6).error();
    let why = error["why"].as_str().expect("a reason");
    let line =
        why.lines().find(|line| line.starts_with("Archives what is not in the file: ")).expect("the names");
    for name in ["product pro_plan (prod_", "product team_plan (prod_", "price pro_yearly (price_"] {
        assert!(line.contains(name), "{name}: {line}");
    }
}

/// A lookup key of the file that another object has: the line of the file, the other object, and both ways out.
#[test]
fn a_lookup_key_collision_names_the_line_and_both_ways_out() {
    let user = user_with_catalog();
    let create = ["payments", "products", "create", "--name", "Rival", "-o", "ids"];
    let product = user.run(&create).exits(0).stdout.trim().to_owned();
    let create = [
        "payments",
        "prices",
        "create",
        "--product",
        &product,
        "--currency",
        "usd",
        "--unit-amount",
        "100",
        "--lookup-key",
        "studio_monthly",
        "-o",
        "ids",
    ];
    let price = user.run(&create).exits(0).stdout.trim().to_owned();
    let studio = "\n[products.studio]\nname = \"Studio\"\n\n[products.studio.prices.monthly]\ncurrency = \"eur\"\n\
                  amount = \"29.00\"\n";
    let text = format!("{}{studio}", user.read(FILE));
    user.write(FILE, &text);
    let line = text.lines().position(|line| line.starts_with("[products.studio.prices")).expect("a line") + 1;
    let release = format!("prices update test {price} --lookup-key null");
    catalog(&user, "plan").exits(1).stderr_has(&[
        &format!("The lookup key `studio_monthly` on line {line} of the file belongs to the unmanaged price {price}"),
        "catalog export test --adopt --file OTHER.toml",
        &format!("or remove the lookup key from {price} with `insforge payments {release}`"),
    ]);
    user.run(&["payments", "prices", "archive", &price, "-q"]).exits(0);
    catalog(&user, "plan")
        .exits(1)
        .stderr_has(&["choose another lookup_key in the file, or remove the lookup key from "]);
    let release: Vec<&str> = std::iter::once("payments").chain(release.split(' ')).collect();
    user.run(&release).exits(0);
    catalog(&user, "plan").exits(0);
}

#[test]
fn ids_with_the_same_variable_name_are_an_error() {
    let user = user_with_catalog();
    let text = user.read(FILE);
    user.write(
        FILE,
        &format!("{text}lookup_key = \"team-monthly\"\n").replacen("lookup_key = \"team_monthly\"\n", "", 1),
    );
    let more = "\n[products.team_plan.prices.again]\ncurrency = \"usd\"\namount = \"1.00\"\nlookup_key = \"team_monthly\"\n";
    user.write(FILE, &format!("{}{more}", user.read(FILE)));
    catalog(&user, "apply").exits(0);
    catalog(&user, "ids --format env")
        .exits(64)
        .stderr_has(&["have the same variable name STRIPE_PRICE_TEAM_MONTHLY"]);
    let ids = catalog(&user, "ids --format json").exits(0).json();
    assert_ne!(ids["team-monthly"], Value::Null);
    assert_eq!(catalog(&user, "ids --json").exits(0).json(), ids);
}

#[test]
fn older_backends_support_the_catalog_as_code() {
    let script = "insforge=$1; $insforge payments catalog export --adopt -q && \
                  sed -i 's/\"190.00\"/\"180.00\"/' payments.toml && $insforge payments catalog apply -q >/dev/null && \
                  $insforge payments catalog plan --exit-code --json";
    let user = User::new();
    let binary = env!("CARGO_BIN_EXE_insforge");
    let ran = user
        .run(&["sandbox", "exec", "--generation", "older", "--", "sh", "-c", script, "sh", binary])
        .exits(0);
    assert_eq!(ran.json()["changes"], json!([]), "{}", ran.stderr);
}

#[test]
fn every_mistake_of_a_catalog_is_reported() {
    let user = User::new().with("INSFORGE_SANDBOX", "1");
    user.write(FILE, "version = 1\n[products.pro]\nnam = \"Pro\"\n[products.pro.prices.m]\ncurrency = \"usd\"\namount = 19\n");
    catalog(&user, "plan").exits(64).stderr_has(&[
        "error: payments.toml has 2 mistakes\n  payments.toml:3:1: unknown field `nam` in a product\n    |\n  3 | nam = \"Pro\"\n",
        "  did you mean `name`?\n\n  payments.toml:6:10: `amount` must be a string in quotes",
        "  hint: fix them in payments.toml, then run the command again\n",
    ]);
    let error = catalog(&user, "plan --json").exits(64).error();
    let mistakes = error["mistakes"].as_array().expect("mistakes");
    assert_eq!(mistakes.len(), 2);
    assert_eq!(
        (&mistakes[0]["line"], &mistakes[0]["column"], &mistakes[0]["index"]),
        (&3.into(), &1.into(), &serde_json::Value::Null)
    );
    assert_eq!(mistakes[0]["error"], "unknown field `nam` in a product; did you mean `name`?");
    assert_eq!((&mistakes[1]["line"], &error["code"]), (&6.into(), &"CATALOG_INVALID".into()));
}

//! Every Razorpay command in the sandbox, as a table and as JSON, with successes and failures.

use std::collections::BTreeMap;

use super::harness::all_formats::AllFormats;
use super::harness::replies::entry;
use super::harness::{User, assert_golden, zeroed_timestamps};

/// Each line is a command after `insforge payments razorpay`, its stdin, and its title in the golden file. A command without
/// a title is not in the golden file, because `razorpay.txt` or another line shows the same kind. Only the agreement of its
/// formats is checked.
const TRIED: &[(&str, &str, &str)] = &[
    ("status", "", ""),
    ("config", "", ""),
    ("catalog", "", ""),
    ("catalog live", "", ""),
    ("items list", "", "Items: a list"),
    ("items get item_nope", "", "Items: one that does not exist"),
    ("items create --name Mug --amount 29900 --currency inr --description '350 ml'", "", ""),
    ("items create --name Mug --amount 50 --currency inr", "", ""),
    ("items create --name Mug --amount 0 --currency inr", "", "Usage: an amount of 0"),
    ("items create --name Mug --amount 500 --currency zzz", "", ""),
    ("items create live --name Mug --amount 29900 --currency inr", "", "Confirmation: a write in live"),
    (
        "items create live --name Mug --amount 29900 --currency inr --yes",
        "",
        "Error: no keys are configured for live",
    ),
    ("items create --from-file -", r#"{"name":"Poster","amount":9900,"currency":"INR"}"#, ""),
    ("items update item_rTnF3Iv7WglSJS --amount 59900 --description null", "", ""),
    ("items update item_rTnF3Iv7WglSJS", "", "Usage: nothing to update"),
    ("items update item_nope --active false", "", ""),
    ("items get item_rTnF3Iv7WglSJS", "", "Items: one"),
    ("plans list", "", "Plans: a list"),
    ("plans get plan_nope", "", ""),
    ("plans get plan_HCFF36AXlLFr2A", "", "Plans: one"),
    (
        "plans create --period weekly --interval 2 --item-name Crate --item-amount 90000 --item-currency inr",
        "",
        "",
    ),
    (
        "plans create --period daily --interval 3 --item-name A --item-amount 90000 --item-currency inr",
        "",
        "Usage: an interval that is too short",
    ),
    (
        "plans create --period yearly --interval 1 --item-name A --item-amount 90000 --item-currency inr \
         --notes '{\"insforge_x\":\"1\"}'",
        "",
        "Usage: a note that is reserved",
    ),
    ("customers", "", ""),
    ("customers --limit 1", "", "Customers: one"),
    ("subscriptions", "", ""),
    ("subscriptions --subject-type user --subject-id user_farid", "", "Subscriptions: those of a user"),
    ("transactions", "", ""),
    ("transactions --subject-type team --subject-id team_neem", "", "Transactions: those of a team"),
    ("sync", "", ""),
    ("sync live", "", ""),
    ("webhooks setup", "", ""),
    ("webhooks setup live", "", ""),
    ("webhooks setup test --show-secret", "", "Webhooks: the secret in clear"),
    ("webhooks rotate-secret", "", "Confirmation: a new webhook secret"),
    ("webhooks rotate-secret --yes", "", ""),
    ("status", "", ""),
    ("config set test --key-id rzp_test_shop_0001 -", "shop_secret_0001", ""),
    (
        "config set test --key-id rzp_test_shop_0002 -",
        "shop_secret_0002",
        "Confirmation: another account's key",
    ),
    (
        "config set test --key-id rzp_test_shop_0002 - --yes",
        "shop_secret_0002",
        "Config: another account's key is set",
    ),
    ("config set test --key-id rzp_live_shop_0002 -", "shop_secret_0002", ""),
    (
        "config set test --key-id rzp_test_shop_0003 - --yes",
        "invalid_secret",
        "Error: Razorpay refuses the key",
    ),
    ("config set live --key-id rzp_live_shop_0001 - --yes", "shop_secret_0001", ""),
    ("sync", "", ""),
    ("config remove", "", "Confirmation: a key is removed"),
    ("config remove --yes", "", ""),
    ("sync test", "", ""),
    ("items create --name Mug --amount 29900 --currency inr", "", ""),
];

#[test]
fn every_razorpay_command_runs_in_the_sandbox() {
    let mut shown = String::new();
    // Each format has its own sandbox, because a command changes it in each format.
    let mut users: BTreeMap<String, User> = BTreeMap::new();
    for (line, stdin, title) in TRIED {
        let line = format!("payments razorpay {line}");
        let words = shell_words::split(&line).expect("words");
        let formats = AllFormats::of(|flags| {
            let user =
                users.entry(flags.concat()).or_insert_with(|| User::new().with("INSFORGE_SANDBOX", "1"));
            let args: Vec<&str> = words.iter().map(String::as_str).chain(flags.iter().copied()).collect();
            let mut ran = user.run_with_stdin(&args, stdin);
            if flags.contains(&"ids") && ran.code == 64 {
                // The result has no ids. The command still has to change this sandbox as it changes the others.
                user.run_with_stdin(&args[..args.len() - flags.len()], stdin);
            }
            for stream in [&mut ran.stdout, &mut ran.stderr] {
                *stream = zeroed_timestamps(stream);
                for secret in ["shop_secret", "invalid_secret"] {
                    assert!(!stream.contains(secret), "{line} {flags:?} shows a secret: {stream}");
                }
            }
            ran
        });
        formats.check_table(&formats.check());
        if !title.is_empty() {
            let input = if stdin.is_empty() { String::new() } else { format!(" < {stdin}") };
            shown.push_str(&format!("# {title}\n{}\n", entry(&(line + &input), &formats)));
        }
    }
    assert_golden("razorpay-sandbox.txt", &shown);
}

#[test]
fn a_lost_create_is_searched_in_the_sandbox_too() {
    const BINARY: &str = env!("CARGO_BIN_EXE_insforge");
    let script = format!(
        "'{BINARY}' payments razorpay items create --name Mug --amount 29900 --currency inr; echo $?; \
         '{BINARY}' payments razorpay items list -o ids | wc -l"
    );
    for (fault, found) in [
        ("POST /items: drop-after-write", "if this is your new item, it was created"),
        ("POST /items: drop", "was probably not created; run it again"),
    ] {
        let user = User::new();
        let ran = user.run(&["sandbox", "exec", "--fault", fault, "--", "sh", "-c", &script]).exits(0);
        let ran = ran.stderr_has(&["the outcome is unknown", found]);
        let items = if fault.contains("after") { 7 } else { 6 };
        assert_eq!(ran.stdout, format!("1\n{items}\n"), "{fault}: {}", ran.stderr);
    }
}

//! Every Razorpay command as a newcomer tries it: in one sandbox after the other's traces, as a table and as JSON, with
//! success and failure.

use super::harness::{User, assert_golden, tried};

/// Each line is a command behind `insforge payments razorpay`, and what is piped into it.
const TRIED: &[(&str, &str)] = &[
    ("status", ""),
    ("config", ""),
    ("catalog", ""),
    ("catalog live", ""),
    ("items list", ""),
    ("items list test -o ids", ""),
    ("items get item_nope", ""),
    ("items create --name Mug --amount 29900 --currency inr --description '350 ml'", ""),
    ("items create --name Mug --amount 50 --currency inr", ""),
    ("items create --name Mug --amount 0 --currency inr", ""),
    ("items create --name Mug --amount 500 --currency zzz", ""),
    ("items create live --name Mug --amount 29900 --currency inr", ""),
    ("items create live --name Mug --amount 29900 --currency inr --yes", ""),
    ("items create --from-file -", r#"{"name":"Poster","amount":9900,"currency":"INR"}"#),
    ("items update item_rTnF3Iv7WglSJS --amount 59900 --description null", ""),
    ("items update item_rTnF3Iv7WglSJS", ""),
    ("items update item_nope --active false", ""),
    ("items get item_rTnF3Iv7WglSJS", ""),
    ("plans list", ""),
    ("plans get plan_nope", ""),
    ("plans get plan_HCFF36AXlLFr2A", ""),
    (
        "plans create --period weekly --interval 2 --item-name Crate --item-amount 90000 --item-currency inr",
        "",
    ),
    ("plans create --period daily --interval 3 --item-name A --item-amount 90000 --item-currency inr", ""),
    (
        "plans create --period yearly --interval 1 --item-name A --item-amount 90000 --item-currency inr \
         --notes '{\"insforge_x\":\"1\"}'",
        "",
    ),
    ("customers", ""),
    ("customers --limit 1", ""),
    ("subscriptions", ""),
    ("subscriptions --subject-type user --subject-id user_farid", ""),
    ("transactions", ""),
    ("transactions --subject-type team --subject-id team_neem -o ids", ""),
    ("sync", ""),
    ("sync live", ""),
    ("webhooks setup", ""),
    ("webhooks setup live", ""),
    ("webhooks setup test --show-secret", ""),
    ("webhooks rotate-secret", ""),
    ("webhooks rotate-secret --yes", ""),
    ("status", ""),
    ("config set test --key-id rzp_test_shop_0001 -", "shop_secret_0001"),
    ("config set test --key-id rzp_test_shop_0002 -", "shop_secret_0002"),
    ("config set test --key-id rzp_test_shop_0002 - --yes", "shop_secret_0002"),
    ("config set test --key-id rzp_live_shop_0002 -", "shop_secret_0002"),
    ("config set test --key-id rzp_test_shop_0003 - --yes", "invalid_secret"),
    ("config set live --key-id rzp_live_shop_0001 - --yes", "shop_secret_0001"),
    ("sync", ""),
    ("config remove", ""),
    ("config remove --yes", ""),
    ("sync test", ""),
    ("items create --name Mug --amount 29900 --currency inr", ""),
];

#[test]
fn every_command_as_a_newcomer_tries_it() {
    let mut shown = String::new();
    // What changes something does so in both: each form has a sandbox of its own.
    let users = ["", "--json"].map(|form| (form, User::new().with("INSFORGE_SANDBOX", "1")));
    for (line, stdin) in TRIED {
        for (form, user) in &users {
            if line.contains("-o ids") && !form.is_empty() {
                continue;
            }
            let ran = tried(user, &format!("payments razorpay {line} {form}"), stdin, &mut shown);
            for secret in ["shop_secret", "invalid_secret"] {
                assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret), "{line}: {ran:?}");
            }
        }
    }
    assert_golden("razorpay-sandbox.txt", &shown);
}

#[test]
fn a_lost_create_is_found_in_the_sandbox_too() {
    const BINARY: &str = env!("CARGO_BIN_EXE_insforge");
    let script = format!(
        "'{BINARY}' payments razorpay items create --name Mug --amount 29900 --currency inr; echo $?; \
         '{BINARY}' payments razorpay items list -o ids | wc -l"
    );
    for (fault, found) in [
        ("POST /items: drop-after-write", "if that is the item you wanted, it was done"),
        ("POST /items: drop", "it was not done as far as can be seen"),
    ] {
        let user = User::new();
        let ran = user.run(&["sandbox", "exec", "--fault", fault, "--", "sh", "-c", &script]).exits(0);
        let ran = ran.says(&["the outcome is unknown", found]);
        let items = if fault.contains("after") { 7 } else { 6 };
        assert_eq!(ran.stdout, format!("1\n{items}\n"), "{fault}: {}", ran.stderr);
    }
}

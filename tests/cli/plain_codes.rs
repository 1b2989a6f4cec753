//! InsForge 2.1.0 to 2.1.7 answers with plain codes where 2.2.0 names the cause. A command ends the same with both.

use serde_json::{Value, json};

use super::harness::User;
use super::harness::recordings::Generation;
use super::harness::stub::{Answer, Stub};

const CONFIG_SET: &[&str] = &["payments", "config", "set", "test", "-", "-y"];
const CONFIG_REMOVE: &[&str] = &["payments", "config", "remove", "test", "-y"];
const WEBHOOK: &[&str] = &["payments", "webhooks", "configure", "test"];
const CREATE: &[&str] = &["payments", "products", "create", "--name", "x", "--idempotency-key", "k"];
const UPDATE: &[&str] = &["payments", "products", "update", "prod_1", "--name", "x"];
const DELETE: &[&str] = &["payments", "products", "delete", "prod_1", "-y"];
const PRICE: &[&str] = &[
    "payments",
    "prices",
    "create",
    "--product",
    "prod_1",
    "--currency",
    "usd",
    "--unit-amount",
    "1",
    "--idempotency-key",
    "k",
];
const PRICE_UPDATE: &[&str] = &["payments", "prices", "update", "price_1", "--active", "true"];
const ARCHIVE: &[&str] = &["payments", "prices", "archive", "price_1"];
const GET: &[&str] = &["payments", "products", "get", "prod_1"];

/// Every command that contacts Stripe.
const AT_STRIPE: &[&[&str]] = &[CONFIG_SET, WEBHOOK, CREATE, UPDATE, DELETE, PRICE, PRICE_UPDATE, ARCHIVE];
/// Those that the client may send again.
const REPEATABLE: &[&[&str]] = &[CONFIG_SET, CREATE, PRICE, ARCHIVE];

/// The same failure from both backends.
struct Case {
    commands: &'static [&'static [&'static str]],
    message: &'static str,
    /// Status and code of 2.2.0.
    later: (u16, &'static str),
    /// Status and code before 2.1.8.
    plain: (u16, &'static str),
    exit: i32,
    /// A part of the hint.
    hint: &'static str,
}

const CASES: &[Case] = &[
    Case {
        commands: &[CONFIG_SET],
        message: "Invalid API Key provided: sk_test_**************7890",
        later: (401, "PAYMENT_CONFIG_INVALID"),
        plain: (401, "AUTH_UNAUTHORIZED"),
        exit: 1,
        hint: "nothing was changed; set the test secret key",
    },
    Case {
        commands: &[WEBHOOK, CREATE, UPDATE, DELETE, PRICE, PRICE_UPDATE, ARCHIVE],
        message: "Expired API Key provided: sk_test_****ha_2",
        later: (401, "PAYMENT_CONFIG_INVALID"),
        plain: (401, "AUTH_UNAUTHORIZED"),
        exit: 1,
        hint: "the provider refuses its key; set another one with `insforge payments config set test`",
    },
    Case {
        commands: &[WEBHOOK, CREATE, UPDATE, DELETE, PRICE, PRICE_UPDATE, ARCHIVE],
        message: "The provided key does not have the required permissions for this endpoint on account 'acct_1'.",
        later: (403, "PAYMENT_CONFIG_INVALID"),
        plain: (403, "FORBIDDEN"),
        exit: 5,
        hint: "the provider's key lacks this permission; set one that has it with `insforge payments config set test`",
    },
    Case {
        commands: &[WEBHOOK, CREATE, UPDATE, DELETE, PRICE, PRICE_UPDATE, ARCHIVE],
        message: "STRIPE_TEST_SECRET_KEY is not configured",
        later: (400, "PAYMENT_CONFIG_INVALID"),
        plain: (400, "INVALID_INPUT"),
        exit: 1,
        hint: "set the provider's key with `insforge payments config set test`",
    },
    Case {
        commands: &[WEBHOOK],
        message: "Invalid URL: URL must be publicly accessible. Consider using a tool like ngrok.",
        later: (400, "UPSTREAM_FAILURE"),
        plain: (400, "INVALID_INPUT"),
        exit: 1,
        hint: "give the backend a public address (its API_BASE_URL)",
    },
    Case {
        commands: &[WEBHOOK],
        message: "You have reached the maximum of 16 test webhook endpoints.",
        later: (400, "UPSTREAM_FAILURE"),
        plain: (400, "INVALID_INPUT"),
        exit: 1,
        hint: "then run `insforge payments webhooks configure test` again",
    },
    Case {
        commands: &[CONFIG_REMOVE],
        message: "No Stripe key configured",
        later: (404, "PAYMENT_CONFIG_NOT_FOUND"),
        plain: (404, "NOT_FOUND"),
        exit: 4,
        hint: "run `insforge payments config` to see which keys are configured",
    },
    Case {
        commands: &[PRICE],
        message: "This value must be less than or equal to 99999999 (it currently is '100000000').",
        later: (400, "UPSTREAM_FAILURE"),
        plain: (400, "INVALID_INPUT"),
        exit: 1,
        hint: "the provider refuses the request; change what the message names",
    },
    Case {
        commands: &[PRICE, PRICE_UPDATE],
        message: "A price (`price_2`) already uses that lookup key.",
        later: (400, "UPSTREAM_FAILURE"),
        plain: (400, "INVALID_INPUT"),
        exit: 1,
        hint: "insforge payments prices update test price_2 --lookup-key null",
    },
    Case {
        commands: &[CREATE, PRICE],
        message: "Keys for idempotent requests can only be used with the same parameters they were first used with.",
        later: (400, "UPSTREAM_FAILURE"),
        plain: (400, "INVALID_INPUT"),
        exit: 1,
        hint: "use another --idempotency-key",
    },
    Case {
        commands: &[UPDATE, DELETE, PRICE_UPDATE, ARCHIVE],
        message: "No such price: 'price_1'",
        later: (404, "UPSTREAM_FAILURE"),
        plain: (404, "NOT_FOUND"),
        exit: 4,
        hint: "check the id",
    },
    Case {
        commands: &[GET],
        message: "Stripe test product not found: prod_1",
        later: (404, "PAYMENT_PRODUCT_NOT_FOUND"),
        plain: (404, "NOT_FOUND"),
        exit: 4,
        hint: "check the id",
    },
    Case {
        commands: AT_STRIPE,
        message: "Object is locked.",
        later: (409, "UPSTREAM_FAILURE"),
        plain: (409, "ALREADY_EXISTS"),
        exit: 1,
        hint: "then run it again",
    },
    Case {
        commands: AT_STRIPE,
        message: "Request rate limit exceeded.",
        later: (429, "RATE_LIMITED"),
        plain: (429, "INTERNAL_ERROR"),
        exit: 8,
        hint: "wait a moment",
    },
    Case {
        commands: REPEATABLE,
        message: "An error occurred with our connection to Stripe. Request was retried 2 times.",
        later: (502, "UPSTREAM_FAILURE"),
        plain: (500, "INTERNAL_ERROR"),
        exit: 8,
        hint: "",
    },
    Case {
        commands: REPEATABLE,
        message: "Request aborted due to timeout being reached (80000ms)",
        later: (502, "UPSTREAM_FAILURE"),
        plain: (500, "INTERNAL_ERROR"),
        exit: 8,
        hint: "",
    },
    // These are the backend's own errors in all versions.
    Case {
        commands: AT_STRIPE,
        message: "Invalid API key",
        later: (401, "AUTH_INVALID_API_KEY"),
        plain: (401, "AUTH_INVALID_API_KEY"),
        exit: 2,
        hint: "",
    },
    Case {
        commands: AT_STRIPE,
        message: "Invalid token",
        later: (401, "AUTH_UNAUTHORIZED"),
        plain: (401, "AUTH_UNAUTHORIZED"),
        exit: 2,
        hint: "the key comes from INSFORGE_API_KEY",
    },
    Case {
        commands: AT_STRIPE,
        message: "Admin access required",
        later: (403, "AUTH_UNAUTHORIZED"),
        plain: (403, "AUTH_UNAUTHORIZED"),
        exit: 5,
        hint: "use the project's admin API key",
    },
    Case {
        commands: &[CREATE, UPDATE],
        message: "name: Product name is required",
        later: (400, "INVALID_INPUT"),
        plain: (400, "INVALID_INPUT"),
        exit: 1,
        hint: "use --dry-run to see the request",
    },
    Case {
        commands: AT_STRIPE,
        message: "prices exploded",
        later: (500, "INTERNAL_ERROR"),
        plain: (500, "INTERNAL_ERROR"),
        exit: 1,
        hint: "",
    },
];

/// A backend with the older routes that answers everything but the status with this error.
fn refusing((status, code): (u16, &str), message: &str) -> Stub {
    let recorded = Generation::Older.exchange("248-status-recovered").answer();
    let refusal = Answer::refusal(status, code, message);
    Stub::start(move |request| match request.target.as_str() {
        "/api/payments/status" => recorded.clone(),
        "/api/payments/stripe/status" => Answer::refusal(404, "NOT_FOUND", "Endpoint not found"),
        _ => refusal.clone(),
    })
}

/// The error without its code and status, and how many requests were sent.
fn failure(case: &Case, command: &[&str], refusal: (u16, &str)) -> (Value, Value, usize) {
    let stub = refusing(refusal, case.message);
    let user = User::of(&stub.address).with("INSFORGE_RETRIES", "1");
    let ran = user.run_with_stdin(&[command, &["--json"]].concat(), "sk_test_alpha_1\n").exits(case.exit);
    let mut error = ran.error();
    let code = error["code"].take();
    error["status"].take();
    (error, code, stub.requests().len())
}

#[test]
fn a_plain_code_ends_like_the_code_that_names_the_cause() {
    std::thread::scope(|scope| {
        for case in CASES {
            scope.spawn(move || {
                for command in case.commands {
                    check(case, command);
                }
            });
        }
    });
}

#[track_caller]
fn check(case: &Case, command: &[&str]) {
    let (mut later, _, sent_later) = failure(case, command, case.later);
    let (mut plain, code, sent) = failure(case, command, case.plain);
    let words = format!("{command:?}: {plain}");
    // The backend's own code stays, unless the outcome is unknown.
    let open = plain["error"].as_str().is_some_and(|what| what.ends_with("the outcome is unknown"));
    assert_eq!(code, if open { "OUTCOME_UNKNOWN" } else { case.plain.1 }, "{words}");
    // The reason has status and code.
    for error in [&mut later, &mut plain] {
        assert!(error["why"].take().is_string(), "{words}");
    }
    if case.plain.0 != case.later.0 {
        // Here the message is part of the reason.
        assert_eq!(plain["error"].take(), "The backend lost its connection to Stripe", "{words}");
        later["error"].take();
    }
    let hint = plain["hint"].as_str().unwrap_or_default().to_owned();
    assert!(hint.contains(case.hint), "{words}");
    assert_eq!(plain, later, "{words}");
    assert_eq!(plain["retryable"], case.exit == 8, "{words}");
    // A missing object and a missing route look alike before 2.1.8, so the status is read once more.
    let detected_again = usize::from(case.plain == (404, "NOT_FOUND") && case.later.1 != "NOT_FOUND") * 2;
    assert!(sent == sent_later || sent == sent_later + detected_again, "{sent} {sent_later} {words}");
}

/// After a refused address the earlier endpoint may be gone, whatever the code is.
#[test]
fn a_refused_webhook_address_warns_about_the_earlier_endpoint() {
    let message = "Invalid URL: URL must be publicly accessible.";
    for refusal in [(400, "UPSTREAM_FAILURE"), (400, "INVALID_INPUT")] {
        let stub = refusing(refusal, message);
        let ran = User::of(&stub.address).run(WEBHOOK).exits(1);
        ran.stderr_has(&["an earlier endpoint may be deleted by now, although `status` still shows it"]);
    }
    // Nothing was deleted if the backend has no key, or Stripe refuses it.
    for (refusal, message) in [
        ((400, "INVALID_INPUT"), "STRIPE_TEST_SECRET_KEY is not configured"),
        ((401, "AUTH_UNAUTHORIZED"), "Expired API Key provided: sk_test_****ha_2"),
    ] {
        let ran = User::of(&refusing(refusal, message).address).run(WEBHOOK).exits(1);
        assert!(!ran.stderr.contains("an earlier endpoint"), "{ran:?}");
    }
}

/// A bulk create ends at the first refused key of the provider, which all other objects need.
#[test]
fn a_bulk_create_ends_when_stripe_refuses_its_key() {
    for refusal in [(401, "PAYMENT_CONFIG_INVALID"), (401, "AUTH_UNAUTHORIZED")] {
        let stub = refusing(refusal, "Expired API Key provided: sk_test_****ha_2");
        let user = User::of(&stub.address);
        let file = user.write("products.jsonl", "{\"name\":\"a\"}\n{\"name\":\"b\"}\n{\"name\":\"c\"}\n");
        let ran = user.run(&["payments", "products", "create", "--from-file", file.to_str().expect("text")]);
        assert_eq!(ran.exits(1).code, 1);
        let posts = stub.lines().iter().filter(|line| line.starts_with("POST")).count();
        assert_eq!(posts, 1, "{refusal:?}");
    }
}

/// On the newer routes these codes keep their own meaning.
#[test]
fn newer_backends_have_no_plain_codes() {
    let status = Generation::Newer.exchange("242-status-recovered").answer();
    let refusal = Answer::refusal(401, "AUTH_UNAUTHORIZED", "The API key of this admin has expired");
    let stub = Stub::start(move |request| match request.target.as_str() {
        "/api/payments/stripe/status" => status.clone(),
        _ => refusal.clone(),
    });
    let error = User::of(&stub.address).run(&[CREATE, &["--json"]].concat()).exits(2).error();
    assert_eq!((&error["code"], &error["exitCode"]), (&json!("AUTH_UNAUTHORIZED"), &json!(2)));
}

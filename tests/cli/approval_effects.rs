//! What a person sees before an approval: the objects before and after, what depends on them, and the requests. The approval
//! is for exactly that: if anything has moved since, nothing is sent.
#![cfg(target_os = "linux")]

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use insforge::sandbox::{Options, PUBLIC_URL, Sandbox};
use serde_json::{Value, json};

use super::harness::approval::{WaitingRun, audit_trail, decisions};
use super::harness::pty::Terminal;
use super::harness::running::Running;
use super::harness::shop::forward;
use super::harness::stub::{Answer, Request, Stub};
use super::harness::{User, binary_with_signals};
use super::map::{map, with_example, words};

/// The objects of the sample shop.
const PRO: &str = "prod_dxFhxxNRvjmfxv";
const LAUNCH: &str = "prod_UgmtwPFqr91f5b";
const OLD: &str = "price_XBj9wvvAt8nYh1G7egofZOwA";
const MONTHLY: &str = "price_yhlsfOw8COCt3Xs7EjbYrgHW";
const YEARLY: &str = "price_fga9NIpQxmSldzmQaOwez8tE";
const ITEM: &str = "item_rTnF3Iv7WglSJS";
const CATALOG: &str = "/api/payments/stripe/test/catalog";

/// A sandbox with the sample shop, a user whose writes need an approval, and a log of the requests.
struct World {
    sandbox: Arc<Sandbox>,
    stub: Stub,
    user: User,
}

impl World {
    fn new() -> Self {
        Self::with(|_, _| {})
    }

    /// A world in which something happens before a request is answered.
    fn with(before: impl Fn(&Sandbox, &Request) + Send + Sync + 'static) -> Self {
        let sandbox = Arc::new(Options::new().public_url(PUBLIC_URL).spawn().expect("a sandbox"));
        let behind = Arc::clone(&sandbox);
        let stub = Stub::start(move |request| {
            before(&behind, request);
            forward(behind.port(), request).unwrap_or(Answer::Drop)
        });
        let user = Self::user_of(&stub.address).with("INSFORGE_GUARD_OPEN", "0");
        Self { sandbox, stub, user }
    }

    fn user_of(address: &str) -> User {
        User::new().with("INSFORGE_BASE_URL", address).with("INSFORGE_API_KEY", "ik_sandbox")
    }

    /// Runs a command of another user, whose writes need no approval and are not in the log.
    #[track_caller]
    fn change(&self, line: &str, stdin: &str) -> String {
        let words = shell_words::split(line).expect("words");
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Self::user_of(self.sandbox.url()).run_with_stdin(&words, stdin).exits(0).stdout
    }

    /// Starts a command that needs an approval, with this stdin.
    #[track_caller]
    fn ask(&self, line: &str, stdin: &str) -> WaitingRun {
        let words = shell_words::split(line).expect("words");
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let flags = ["--reason", "because", "--flag-destructive"];
        self.user.write("stdin", stdin);
        let script = "exec \"$0\" \"$@\" < \"$HOME/stdin\"";
        let before: &[&str] = &["-c", script];
        let mut command: Command =
            self.user.command_of("sh", &[before, binary_with_signals(), &words, &flags].concat());
        command.current_dir(self.user.home.path());
        WaitingRun::of(Running::of(command))
    }

    /// The writes so far, without syncs.
    fn writes(&self) -> Vec<Request> {
        let is_write = |request: &Request| request.method != "GET" && !request.target.ends_with("/sync");
        self.stub.requests().into_iter().filter(is_write).collect()
    }

    fn write_lines(&self) -> Vec<String> {
        self.writes().iter().map(Request::line).collect()
    }

    /// The requests that the audit trail has for the last question.
    fn recorded(&self) -> Vec<String> {
        let last = audit_trail(&self.user).pop().expect("an entry");
        words(&last["requests"])
    }
}

/// Runs all of these at once: each waits for a second until its page has been delivered.
fn all_at_once(cases: &[&(dyn Fn() + Sync)]) {
    thread::scope(|scope| {
        for case in cases {
            scope.spawn(case);
        }
    });
}

/// The text of a page, without tags and with one space between words.
fn text_of(page: &str) -> String {
    let mut text = String::new();
    let mut is_tag = false;
    let body = page.split_once("</head>").map_or(page, |(_, body)| body);
    for c in body.chars() {
        match c {
            '<' => is_tag = true,
            '>' => {
                is_tag = false;
                text.push(' ');
            }
            c if !is_tag => text.push(c),
            _ => {}
        }
    }
    let text = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
        .into_iter()
        .fold(text, |text, (from, to)| text.replace(from, to));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Asserts that the page shows these lines. The page has elements in place of `:`, `→` and parentheses.
#[track_caller]
fn assert_shows(page: &str, lines: &[&str]) {
    let text = text_of(page).replace(['(', ')'], "");
    for line in lines {
        let line = line.replace(['(', ')'], "");
        let parts: Vec<&str> = line.split(": ").flat_map(|part| part.split(" → ")).collect();
        let mut rest = text.as_str();
        for part in &parts {
            let at =
                rest.find(part).unwrap_or_else(|| panic!("the page lacks {part:?} of {line:?}:\n{text}"));
            rest = &rest[at + part.len()..];
        }
    }
}

/// A catalog file that renames a product, replaces a price, adds a product with a price, and leaves out all others.
const FILE: &str = r#"version = 1
[products.pro_plan]
name = "Professional"
description = "Everything, for one person"
[products.pro_plan.prices.pro_monthly]
lookup_key = "pro_monthly"
currency = "usd"
amount = "21.00"
interval = "month"
[products.studio]
name = "Studio"
[products.studio.prices.monthly]
currency = "eur"
amount = "29.00"
interval = "month"
"#;

/// Makes all objects of the shop managed.
const ADOPT: &str = "payments catalog export test --adopt --file /dev/null";

/// Each command with what the page shows of it. The request is the last line.
const SHOWN: &[(&str, &str, &[&str])] = &[
    (
        "payments products create test --name Studio --active false --metadata-field tier=pro",
        "",
        &["new product", "name: Studio", "active: false", "metadata.tier: pro", "POST CATALOG/products"],
    ),
    (
        "payments products update test PRO --name Max --description null --active false --metadata-field tier=x",
        "",
        &[
            "product Pro Plan (PRO)",
            "name: Pro Plan → Max",
            "description: Everything, for one person",
            "active: true → false",
            "metadata.tier: none → x",
            "3 prices of PRO",
            "YEARLY (pro_yearly): 190.00 USD every year, active",
            "OLD: 15.00 USD every month, archived",
            "3 active subscriptions on PRO",
            "sub_NupIlF0LcBfliCzbEyJDATMe: trialing, on MONTHLY",
            "sub_mtcjDmPFRLI3PoE6HvvquDXN: past_due, on MONTHLY",
            "PATCH CATALOG/products/PRO",
        ],
    ),
    (
        "payments products update test prod_unknown --active false",
        "",
        &[
            "product prod_unknown",
            "state: not in the mirror",
            "active: unknown → false",
            "no prices of prod_unknown",
            "no active subscriptions on prod_unknown",
            "PATCH CATALOG/products/prod_unknown",
        ],
    ),
    (
        "payments products delete test LAUNCH",
        "",
        &[
            "product Launch Offer (LAUNCH)",
            "description: Not sold any more",
            "active: false",
            "1 price of LAUNCH",
            "price_1yLTVzzqP3uTiBUjEhpWG9oM: 49.00 USD, archived",
            "no active subscriptions on LAUNCH",
            "DELETE CATALOG/products/LAUNCH",
        ],
    ),
    (
        "payments products archive test PRO",
        "",
        &[
            "product Pro Plan",
            "PRO",
            "archives YEARLY",
            "MONTHLY stays active because it is the default price",
            "3 prices of PRO",
            "3 active subscriptions on PRO",
            "DELETE CATALOG/prices/YEARLY",
            "PATCH CATALOG/products/PRO",
        ],
    ),
    (
        "payments prices create test --product PRO --currency jpy --unit-amount 2900 --interval month --lookup-key jp",
        "",
        &[
            "new price jp",
            "product: Pro Plan (PRO)",
            "amount: 2900 JPY every month",
            "lookup key: jp",
            "POST CATALOG/prices",
        ],
    ),
    (
        "payments prices update test pro_yearly --lookup-key annual --tax-behavior inclusive --metadata-field a=b",
        "",
        &[
            "price pro_yearly (YEARLY)",
            "product: Pro Plan (PRO)",
            "amount: 190.00 USD every year",
            "lookup key: pro_yearly → annual",
            "tax behavior: unspecified → inclusive",
            "metadata.a: none → b",
            "1 active subscription on YEARLY",
            "sub_kjbnee2doLMvnvB0khiuZgow: active",
            "PATCH CATALOG/prices/YEARLY",
        ],
    ),
    (
        "payments prices archive test pro_monthly",
        "",
        &[
            "price pro_monthly (MONTHLY)",
            "active: true → false",
            "2 active subscriptions on MONTHLY",
            "1 product with MONTHLY as the default price",
            "PRO (Pro Plan)",
            "DELETE CATALOG/prices/MONTHLY",
        ],
    ),
    (
        "payments prices replace test pro_yearly --unit-amount 19900",
        "",
        &[
            "price pro_yearly",
            "YEARLY",
            "amount: 190.00 USD → 199.00 USD",
            "the lookup key is briefly unassigned while it moves",
            "1 active subscription on YEARLY",
            "POST CATALOG/prices",
            "PATCH CATALOG/prices/YEARLY",
            "PATCH CATALOG/prices/NEW_PRICE_ID",
            "DELETE CATALOG/prices/YEARLY",
        ],
    ),
    (
        "payments catalog export test --adopt --file x.toml",
        "",
        &[
            "product Pro Plan (PRO)",
            "metadata.catalog_key: none → pro_plan",
            "price pro_monthly (MONTHLY)",
            "metadata.catalog_key: none → pro_monthly",
            "PATCH CATALOG/products/PRO",
            "PATCH CATALOG/prices/MONTHLY",
        ],
    ),
    (
        "payments config set test -",
        "sk_test_other_9",
        &[
            "Stripe key",
            "key: sk_test_****001a → sk_test_****er_9",
            "account: acct_1SandboxShop0001 (owner@shop.example) → unknown: the key does not show its account",
            "4 products and 7 prices in the mirror of test: deleted if the key belongs to another account",
            "PUT /api/payments/stripe/test/config",
        ],
    ),
    (
        "payments config remove test",
        "",
        &[
            "key: sk_test_****001a",
            "account: acct_1SandboxShop0001 (owner@shop.example)",
            "4 products and 7 prices in the mirror of test: they stay, and are not updated any more",
            "DELETE /api/payments/stripe/test/config",
        ],
    ),
    (
        "payments webhooks configure test",
        "",
        &[
            "webhook endpoint",
            "endpoint: we_m2DKKHUGS9jkxuMHWMjEixjl → a new one",
            "signing secret: that of the endpoint → a new one",
            "url: https://shop.us-east.insforge.example/api/webhooks/stripe/test",
            "POST /api/payments/stripe/test/webhook",
        ],
    ),
    (
        "payments razorpay items create test --name Seat --amount 49900 --currency INR",
        "",
        &["new item", "name: Seat", "amount: 499.00 INR", "POST /api/payments/razorpay/test/catalog/items"],
    ),
    (
        "payments razorpay items update test ITEM --name Mug --amount 59900 --description null",
        "",
        &[
            "item 100 Credits (ITEM)",
            "name: 100 Credits → Mug",
            "description: Used up, then bought again",
            "amount: 499.00 INR → 599.00 INR",
            "no plans of ITEM",
            "PATCH /api/payments/razorpay/test/catalog/items/ITEM",
        ],
    ),
    (
        "payments razorpay plans create test --period monthly --interval 3 --item-name Basic --item-amount 49900 \
         --item-currency INR",
        "",
        &[
            "new plan",
            "name: Basic",
            "amount: 499.00 INR every 3 months",
            "POST /api/payments/razorpay/test/catalog/plans",
        ],
    ),
    (
        "payments razorpay config set test --key-id rzp_test_shop_0002 -",
        "a-made-up-secret",
        &[
            "Razorpay key",
            "6 items and 3 plans in the mirror of test: deleted, because a new key id is another account",
            "PUT /api/payments/razorpay/test/config",
        ],
    ),
    (
        "payments razorpay config remove test",
        "",
        &["Razorpay key", "6 items and 3 plans", "DELETE /api/payments/razorpay/test/config"],
    ),
    (
        "payments razorpay webhooks rotate-secret test",
        "",
        &[
            "Razorpay webhook",
            "webhook secret: the current one → a new one",
            "deliveries from Razorpay: accepted → refused until Razorpay's dashboard has the new secret",
            "POST /api/payments/razorpay/test/webhook/rotate-secret",
        ],
    ),
];

/// Writes the ids into a text with their names.
fn with_ids(text: &str) -> String {
    let ids = [
        ("CATALOG", CATALOG),
        ("PRO", PRO),
        ("LAUNCH", LAUNCH),
        ("MONTHLY", MONTHLY),
        ("YEARLY", YEARLY),
        ("OLD", OLD),
        ("ITEM", ITEM),
    ];
    let id = |name: &str| ids.iter().find(|(known, _)| *known == name).map(|(_, id)| *id);
    let is_name = |c: char| c.is_ascii_uppercase() || c == '_';
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        out.push_str(id(name).unwrap_or(name));
        let end = after.find(is_name).unwrap_or(after.len());
        let (other, after) = after.split_at(end);
        out.push_str(other);
        rest = after;
    }
    out
}

#[test]
fn every_write_shows_what_it_does() {
    thread::scope(|scope| {
        for (line, stdin, shown) in SHOWN {
            scope.spawn(|| assert_shown(&with_ids(line), stdin, shown));
        }
    });
}

fn assert_shown(line: &str, stdin: &str, shown: &[&str]) {
    let world = World::new();
    let run = world.ask(line, stdin);
    let page = run.page().body;
    let shown: Vec<String> = shown.iter().map(|line| with_ids(line)).collect();
    assert_shows(&page, &shown.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(run.answer("deny").status, 200, "{line}");
    run.finish().exits(6);
    // All requests are shown.
    let recorded = world.recorded();
    assert!(!recorded.is_empty(), "{line}");
    assert_shows(&page, &recorded.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(world.write_lines(), [""; 0], "{line}");
}

#[test]
fn bulk_input_shows_every_object_and_reads_the_mirror_once() {
    let world = World::new();
    let updates = format!(
        "{}\n{}\n",
        json!({"id": PRO, "active": false}),
        json!({"id": LAUNCH, "metadata": {"tier": "x"}})
    );
    let run = world.ask("payments products update test --from-file -", &updates);
    assert_shows(
        &run.page().body,
        &[
            &format!("product Pro Plan ({PRO})"),
            "active: true → false",
            &format!("product Launch Offer ({LAUNCH})"),
            "metadata.tier: none → x",
            "4 prices of 2 products",
            &format!("{YEARLY} (pro_yearly): 190.00 USD every year, active, of {PRO}"),
            "3 active subscriptions on 2 products",
        ],
    );
    let reads = world.stub.lines().iter().filter(|line| **line == format!("GET {CATALOG}")).count();
    assert_eq!(reads, 1, "{:?}", world.stub.lines());
    run.answer("approve");
    run.finish().exits(0);
    assert_eq!(world.write_lines(), [PRO, LAUNCH].map(|id| format!("PATCH {CATALOG}/products/{id}")));
    assert_eq!(world.recorded(), world.write_lines());
}

#[test]
fn a_long_list_of_dependents_is_cut() {
    let world = World::new();
    for number in 0..12 {
        add_subscription(&world, &format!("sub_new{number:02}"), YEARLY);
    }
    world.change("payments sync test", "");
    let run = world.ask("payments prices archive test pro_yearly", "");
    let text = text_of(&run.page().body);
    assert_shows(&text, &[&format!("13 active subscriptions on {YEARLY}"), "and 3 more"]);
    assert_eq!(text.matches("sub_new").count() + text.matches("sub_kjb").count(), 10, "{text}");
}

fn add_subscription(world: &World, id: &str, price: &str) {
    let item = json!({"id": format!("si_{id}"), "product": PRO, "price": price, "quantity": 1});
    let subscription = json!({
        "id": id, "customer": "cus_1", "status": "active", "currentPeriodStart": null, "currentPeriodEnd": null,
        "items": [item],
    });
    world.sandbox.change_stripe(json!({"subscription": subscription})).expect("an event");
}

/// A backend that lists only 100 subscriptions, and one that lists none.
#[test]
fn an_incomplete_list_of_subscriptions_is_not_shown_as_complete() {
    let price = json!({"environment": "test", "priceId": "price_1", "active": true, "currency": "usd", "unitAmount": 500});
    let catalog = json!({"products": [], "prices": [price]}).to_string();
    let subscription = |price: &str| {
        let item = json!({"priceId": price});
        json!({"subscriptionId": format!("sub_{price}"), "status": "unpaid", "items": [item]})
    };
    let list = |price: &str| {
        let all: Vec<Value> = (0..100).map(|_| subscription(price)).collect();
        Answer::json(200, &json!({"subscriptions": all}).to_string())
    };
    let cases = [
        (list("price_1"), "at least 100 active subscriptions on price_1: the backend lists only 100"),
        (
            list("price_2"),
            "no active subscriptions on price_1 among the 100 that the backend lists; there may be more",
        ),
        (
            Answer::html(404, "<!DOCTYPE html><pre>Cannot GET /api/payments</pre>"),
            "active subscriptions on price_1: unknown, because this backend lists none",
        ),
    ];
    for (subscriptions, shown) in cases {
        let catalog = catalog.clone();
        let stub = Stub::start(move |request: &Request| {
            if request.target.contains("/subscriptions") {
                subscriptions.clone()
            } else if request.target.ends_with("/status") {
                Answer::json(200, r#"{"connections":[]}"#)
            } else {
                Answer::json(200, &catalog)
            }
        });
        let user = World::user_of(&stub.address).with("INSFORGE_GUARD_OPEN", "0");
        let args = ["payments", "prices", "archive", "price_1", "--flag-destructive", "nobody buys it"];
        let run = WaitingRun::start(&user, &args);
        assert_shows(&run.page().body, &[shown]);
    }
}

/// If something cannot be read, the question would show less than there is. So nobody is asked.
#[test]
fn a_failed_read_stops_the_command() {
    for broken in ["/catalog", "/subscriptions"] {
        let sandbox = Options::new().spawn().expect("a sandbox");
        let port = sandbox.port();
        let stub = Stub::start(move |request: &Request| {
            if request.target.split('?').next().is_some_and(|path| path.ends_with(broken)) {
                return Answer::refusal(500, "INTERNAL_ERROR", "the database is gone");
            }
            forward(port, request).unwrap_or(Answer::Drop)
        });
        let user = World::user_of(&stub.address).with("INSFORGE_RETRIES", "0");
        let ran = user.run(&[
            "payments",
            "prices",
            "archive",
            MONTHLY,
            "--flag-destructive",
            "nobody buys it",
            "--json",
        ]);
        assert_ne!(ran.code, 0, "{ran:?}");
        let error = ran.error();
        let what = error["error"].as_str().expect("a sentence");
        assert!(what.starts_with("Cannot read what the change affects: "), "{error}");
        assert_eq!(decisions(&user), [""; 0]);
        assert!(stub.lines().iter().all(|line| line.starts_with("GET ")), "{:?}", stub.lines());
    }
}

/// Asks, changes the world, approves, and asserts that the approval is void.
#[track_caller]
fn assert_void(world: &World, line: &str, stdin: &str, change: impl FnOnce(&World), moved: &str) {
    let run = world.ask(&format!("{} --json", with_ids(line)), stdin);
    change(world);
    assert_eq!(run.answer("approve").status, 200, "{line}");
    let ran = run.finish().exits(6);
    let error = ran.error();
    assert_eq!(error["code"], "APPROVAL_VOID", "{line}");
    let (why, moved) = (error["why"].as_str().expect("a reason"), with_ids(moved));
    assert!(why.contains(&moved), "{line}: {why}\nlacks: {moved}");
    assert_eq!(world.write_lines(), [""; 0], "{line}: nothing is sent");
    assert_eq!(decisions(&world.user), ["asked", "approved", "void"], "{line}");
}

/// The same for a change by another command.
#[track_caller]
fn assert_void_after(world: &World, line: &str, other: &str, moved: &str) {
    assert_void(world, line, "", |world| drop(world.change(&with_ids(other), "")), moved);
}

#[test]
fn an_approval_is_void_if_the_object_has_changed() {
    all_at_once(&[
        &|| {
            assert_void_after(
                &World::new(),
                "payments products update test PRO --active false",
                "payments products update test PRO --name Max",
                "the name of product PRO is now `Max`, and it was `Pro Plan`",
            );
        },
        &|| {
            let world = World::new();
            let created = world.change("payments products create test --name Temporary -o ids", "");
            let id = created.trim();
            assert_void_after(
                &world,
                &format!("payments products delete test {id}"),
                &format!("payments products delete test {id} --yes"),
                &format!("product Temporary ({id}) is gone"),
            );
        },
        &|| {
            assert_void_after(
                &World::new(),
                "payments prices update test pro_yearly --active false",
                "payments prices archive test YEARLY",
                "active of price YEARLY is now `false`, and it was `true`",
            );
        },
        // The approval is for the price that had the lookup key, and not for another one that has it now.
        &|| {
            assert_void_after(
                &World::new(),
                "payments prices archive test pro_yearly",
                "payments prices update test YEARLY --lookup-key null",
                "the name of price YEARLY is now `190.00 USD every year`, and it was `pro_yearly`",
            );
        },
        &|| {
            assert_void_after(
                &World::new(),
                "payments razorpay items update test ITEM --amount 59900",
                "payments razorpay items update test ITEM --amount 100000",
                "amount of item ITEM is now `1000.00 INR`, and it was `499.00 INR`",
            );
        },
    ]);
}

/// The question shows both descriptions as the same text, because a terminal would hide the last character.
#[test]
fn an_approval_is_void_after_a_change_that_is_not_displayed() {
    let world = World::new();
    world.change(&with_ids("payments products update test PRO --description 'x\u{202d}'"), "");
    assert_void_after(
        &world,
        "payments products update test PRO --description new",
        "payments products update test PRO --description 'x\u{202e}'",
        "description of product PRO is now `x\u{fffd}`",
    );
}

#[test]
fn an_approval_is_void_if_other_objects_depend_on_it() {
    all_at_once(&[
        &|| {
            let change = |world: &World| {
                add_subscription(world, "sub_another", YEARLY);
                world.change("payments sync test", "");
            };
            assert_void(
                &World::new(),
                "payments prices archive test pro_yearly",
                "",
                change,
                "`sub_another: active` depends on it now",
            );
        },
        &|| {
            assert_void_after(
                &World::new(),
                "payments products update test PRO --active false",
                "payments prices archive test YEARLY",
                "a dependent object is now `YEARLY (pro_yearly): 190.00 USD every year, archived`",
            );
        },
        // The list shows the first ten, and the approval is for all of them.
        &|| {
            let world = World::new();
            for number in 0..12 {
                add_subscription(&world, &format!("sub_new{number:02}"), YEARLY);
            }
            world.change("payments sync test", "");
            let change = |world: &World| {
                add_subscription(world, "sub_new11", MONTHLY);
                add_subscription(world, "sub_new12", YEARLY);
                world.change("payments sync test", "");
            };
            assert_void(
                &world,
                "payments prices archive test pro_yearly",
                "",
                change,
                "`sub_new12: active` depends on it now",
            );
        },
    ]);
}

#[test]
fn an_approval_is_void_if_the_account_is_another_one() {
    all_at_once(&[
        &|| {
            assert_void(
                &World::new(),
                "payments products create test --name Studio",
                "",
                |world| drop(world.change("payments config set test - --yes", "sk_test_elsewhere_1")),
                "and it was acct_1SandboxShop0001 (owner@shop.example)",
            );
        },
        &|| {
            // The same account, with another key.
            assert_void(
                &World::new(),
                "payments config remove test",
                "",
                |world| drop(world.change("payments config set test -", "sk_test_51SandboxShop0001b")),
                "key of Stripe key for test is now `sk_test_****001b`, and it was `sk_test_****001a`",
            );
        },
    ]);
}

#[test]
fn an_approval_is_void_if_the_plan_has_changed() {
    all_at_once(&[
        &|| {
            let world = World::new();
            world.change(ADOPT, "");
            assert_void(
                &world,
                "payments catalog apply test --file -",
                FILE,
                |world| drop(world.change(&with_ids("payments products update test PRO --name Max"), "")),
                "the plan no longer has `name: \"Pro Plan\" → \"Professional\"`; the plan now has `name: \"Max\" → \
                 \"Professional\"`",
            );
        },
        &|| {
            assert_void_after(
                &World::new(),
                "payments prices replace test pro_yearly --unit-amount 19900",
                "payments prices archive test YEARLY",
                "Price YEARLY cannot be replaced: it is archived",
            );
        },
        &|| {
            assert_void_after(
                &World::new(),
                "payments products archive test PRO",
                "payments prices archive test YEARLY",
                "the plan no longer has `archives YEARLY`",
            );
        },
        &|| {
            assert_void_after(
                &World::new(),
                "payments catalog export test --adopt --file x.toml",
                "payments products update test PRO --name Other",
                "the name of product PRO is now `Other`, and it was `Pro Plan`",
            );
        },
    ]);
}

/// Commands that a person approves.
const APPROVED: &[(&str, &str)] = &[
    ("payments products create test --name Studio --idempotency-key studio", ""),
    ("payments products update test PRO --description Short --metadata-field a=b", ""),
    ("payments prices create test --product PRO --currency eur --unit-amount 2900", ""),
    ("payments prices update test pro_yearly --metadata-field a=b", ""),
    ("payments prices archive test team_monthly", ""),
    ("payments prices replace test pro_yearly --unit-amount 19900", ""),
    ("payments products archive test prod_MYd6OPOnSChyBv", ""),
    ("payments webhooks configure test", ""),
    ("payments catalog export test --adopt --file x.toml", ""),
    ("payments catalog apply test --file - --prune", FILE),
    ("payments razorpay items update test ITEM --amount 59900", ""),
    (
        "payments razorpay plans create test --period weekly --interval 1 --item-name B --item-amount 49900 --item-currency INR",
        "",
    ),
    ("payments razorpay webhooks rotate-secret test", ""),
    ("payments razorpay config remove test", ""),
    ("payments config set test -", "sk_test_51SandboxShop0001b"),
    ("payments config remove test", ""),
];

#[test]
fn exactly_the_shown_requests_are_sent() {
    let sent = AtomicUsize::new(0);
    thread::scope(|scope| {
        for (line, stdin) in APPROVED {
            scope.spawn(|| sent.fetch_add(assert_sent(&with_ids(line), stdin), Ordering::SeqCst));
        }
    });
    assert!(sent.into_inner() > 20, "only a few requests");
}

/// Approves a command, and compares the requests that arrive with those that were shown. Returns their number.
fn assert_sent(line: &str, stdin: &str) -> usize {
    let world = World::new();
    if stdin == FILE {
        world.change(ADOPT, "");
    }
    let run = world.ask(line, stdin);
    let shown = run.content(&world.user)["question"]["effects"]["requests"].clone();
    let shown = shown.as_array().expect("requests");
    assert_eq!(run.answer("approve").status, 200, "{line}");
    run.finish().exits(0);
    let writes = world.writes();
    let lines: Vec<&str> = shown.iter().map(|request| request["line"].as_str().expect("a line")).collect();
    assert_eq!(world.recorded(), lines, "{line}");
    assert_eq!(writes.len(), shown.len(), "{line}: {writes:?}\n{shown:?}");
    for (write, shown) in writes.iter().zip(shown) {
        assert!(fits(&shown["line"], &write.line().into()), "{line}: {shown} {}", write.line());
        let body = shown["body"].as_str().map(|body| serde_json::from_str(body).expect("JSON"));
        let sent: Option<Value> = serde_json::from_slice(&write.body).ok();
        match (body, sent) {
            (Some(shown), Some(sent)) => assert!(fits(&shown, &sent), "{line}: {shown}\n{sent}"),
            (shown, sent) => assert_eq!((shown, sent), (None, None), "{line}"),
        }
    }
    writes.len()
}

/// Whether a sent value is what was shown, where masked secrets and placeholders stand for what only the run knows.
fn fits(shown: &Value, sent: &Value) -> bool {
    match (shown, sent) {
        (Value::Object(shown), Value::Object(sent)) => {
            shown.len() == sent.len()
                && shown.iter().all(|(name, value)| sent.get(name).is_some_and(|sent| fits(value, sent)))
        }
        (Value::String(shown), Value::String(sent)) => {
            let hidden = ["DERIVED_FROM_NEW_PRODUCT_ID", "NEW_PRICE_ID", "NEW_PRODUCT_ID", "****"];
            let around = hidden.iter().find_map(|hidden| shown.split_once(hidden));
            match around {
                Some((before, after)) => sent.starts_with(before) && sent.ends_with(after),
                None => shown == sent,
            }
        }
        (shown, sent) => shown == sent,
    }
}

/// A sync sets the times of all rows, and means nothing.
#[test]
fn a_sync_in_between_changes_nothing() {
    let approve = |line: &str| {
        let world = World::new();
        let run = world.ask(&with_ids(line), "");
        world.change("payments sync test", "");
        world.change("payments razorpay sync test", "");
        run.answer("approve");
        run.finish().exits(0).stderr_has(&["✓ Approved."]);
    };
    all_at_once(&[
        &|| approve("payments prices archive test pro_yearly"),
        &|| approve("payments products archive test PRO"),
        &|| approve("payments config remove test"),
        &|| approve("payments razorpay items update test ITEM --amount 59900"),
    ]);
}

/// The approval is for the plan that was shown. What someone else changes while it is applied is not part of it.
#[test]
fn an_approved_apply_makes_no_other_changes() {
    let syncs = AtomicUsize::new(0);
    let world = World::with(move |sandbox, request| {
        // The first is before the question, the second after the answer, the third after the changes.
        if request.target.ends_with("/sync") && syncs.fetch_add(1, Ordering::SeqCst) == 2 {
            let product = json!({
                "id": PRO, "name": "Someone's", "description": "Everything, for one person", "active": true,
                "metadata": {"catalog_key": "pro_plan"},
            });
            sandbox.change_stripe(json!({"product": product})).expect("an event");
        }
    });
    world.change(ADOPT, "");
    let run = world.ask("payments catalog apply test --file - --json", FILE);
    run.answer("approve");
    let ran = run.finish().exits(9);
    assert_eq!(ran.error()["code"], "APPROVAL_VOID");
    let error = ran.error().to_string();
    for text in [
        "All changes were applied, but",
        "does not cover the rest",
        "product pro_plan would change differently now",
    ] {
        assert!(error.contains(text), "{error}");
    }
    assert_eq!(world.write_lines().len(), world.recorded().len(), "{:?}", world.write_lines());
    // Without an approval, the same command goes on.
    world.change("payments catalog apply test --file - --json", FILE);
}

#[test]
fn a_terminal_shows_the_same_lines() {
    let world = World::new();
    let line = format!("payments prices archive test {YEARLY}");
    let args: Vec<&str> = line.split(' ').chain(["--flag-destructive", "nobody buys it"]).collect();
    let terminal = Terminal::start(&world.user, 120, &args);
    terminal.expect("To approve this in ");
    terminal.type_in("0001\r");
    let (code, screen) = terminal.finish();
    assert_eq!(code, 0, "{screen}");
    let lines = [
        format!("  price pro_yearly ({YEARLY})"),
        format!("    product: Pro Plan ({PRO})"),
        "    amount: 190.00 USD every year".to_owned(),
        "    active: true → false".to_owned(),
        format!("  Depends on it: 1 active subscription on {YEARLY}"),
        "    sub_kjbnee2doLMvnvB0khiuZgow: active".to_owned(),
        format!("  Request: DELETE {CATALOG}/prices/{YEARLY}"),
    ];
    for line in &lines {
        assert!(screen.contains(&format!("{line}\n")), "{line:?} is missing:\n{screen}");
    }
    let world = World::new();
    let run = world.ask(&format!("payments prices archive test {YEARLY}"), "");
    let shown: Vec<&str> = lines
        .iter()
        .map(|line| line.trim().trim_start_matches("Request: ").trim_start_matches("Depends on it: "))
        .collect();
    assert_shows(&run.page().body, &shown);
}

/// A new command that changes something has to say what.
#[test]
fn every_write_command_shows_an_object_or_a_plan() {
    let map = map(&[]);
    let mut tried = 0;
    for command in with_example(&map, &[]) {
        let path = words(&command["path"]);
        let is_write = command["effect"] != "reads" && command["changes"] == "provider";
        if !is_write {
            continue;
        }
        let world = World::new();
        let example = &command["example"];
        let line = shell_words::join(&words(&example["argv"])[1..]);
        let run = world.ask(&line, example["stdin"].as_str().unwrap_or_default());
        let effects = run.content(&world.user)["question"]["effects"].clone();
        let count = |name: &str| effects[name].as_array().map_or(0, Vec::len);
        assert!(count("objects") + count("plan") > 0, "{path:?} shows nothing: {effects}");
        assert!(count("requests") > 0, "{path:?} shows no request");
        drop(run);
        tried += 1;
    }
    assert!(tried > 15, "only {tried} commands");
}

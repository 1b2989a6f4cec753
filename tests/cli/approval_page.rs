//! The approval page: in a real browser, and without one. The program waits for the answer, and the backend is a sandbox.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::mpsc::{self, Sender};
use std::time::{Duration, Instant};

use insforge::sandbox::{Options, Sandbox};
use serde_json::{Value, json};

use super::harness::approval::{PageReply, WaitingRun};
use super::harness::browser::{Browser, Page};
use super::harness::shop::forward;
use super::harness::stub::{Answer, Stub};
use super::harness::{RunOutput, User, signal, wait_for_exit};

/// Longer than any step takes. A test that waits this long has failed.
const TIMEOUT: Duration = Duration::from_secs(20);
/// The exit code of a change that nobody approved.
const NOT_APPROVED: i32 = 6;
const APPROVE: &str = "button[value=approve]";
const DENY: &str = "button[value=deny]";

/// A sandbox with a product, and a user whose guard is on.
struct Shop {
    _sandbox: Sandbox,
    backend: Stub,
    user: User,
    product: String,
    /// Lets a delete go that the backend holds back.
    released: Sender<()>,
}

impl Shop {
    fn new() -> Self {
        Self::with(&[])
    }

    /// A shop whose user has these variables, too. The backend holds deletes back if the variable `HOLD` is one of them.
    fn with(variables: &[(&str, &str)]) -> Self {
        let sandbox = Options::new().spawn().expect("a sandbox");
        let (port, holds) = (sandbox.port(), variables.iter().any(|(name, _)| *name == "HOLD"));
        let (released, is_released) = mpsc::channel();
        let is_released = Mutex::new(is_released);
        let backend = Stub::start(move |request| {
            if holds && request.method == "DELETE" {
                // Without a sender, the test has ended.
                let _ = is_released.lock().expect("a lock").recv_timeout(TIMEOUT);
            }
            forward(port, request).unwrap_or(Answer::Drop)
        });
        let user = User::new().with("INSFORGE_BASE_URL", &backend.address);
        let user = user.with("INSFORGE_API_KEY", sandbox.api_key());
        let create = ["payments", "products", "create", "--name", "Mug", "--json"];
        let product = user.run(&create).exits(0).json()["product"]["productId"].clone();
        user.run(&["payments", "config", "set", "live", "sk_live_shop_1", "--yes"]).exits(0);
        let user = user.with("INSFORGE_GUARD", "1").with("INSFORGE_GUARD_OPEN", "0");
        let user = variables.iter().fold(user, |user, (name, value)| user.with(name, value));
        let product = product.as_str().expect("an id").to_owned();
        Self { _sandbox: sandbox, backend, user, product, released }
    }

    /// Starts a delete that waits for an approval.
    fn delete(&self) -> WaitingRun {
        WaitingRun::start(
            &self.user,
            &["payments", "products", "delete", "test", &self.product, "--reason", "unused"],
        )
    }

    /// The deletes that arrived.
    fn deletes(&self) -> usize {
        self.backend.requests().iter().filter(|request| request.method == "DELETE").count()
    }
}

/// Asserts that the page loaded nothing but itself, and that the browser has nothing to complain about.
#[track_caller]
fn assert_no_problems(page: &Page, link: &str) {
    assert_eq!(page.problems(), [""; 0]);
    let foreign: Vec<_> = page.requested().into_iter().filter(|url| url != link).collect();
    assert_eq!(foreign, [""; 0]);
}

#[test]
fn a_person_approves_in_the_browser() {
    let Some(browser) = Browser::start() else { return };
    let shop = Shop::new();
    let waiting = shop.delete();
    let page = browser.page();
    page.open(&waiting.link);
    assert_eq!(page.status(), 200);
    let heading = format!("Delete product {} at Stripe", shop.product);
    assert_eq!(page.text("h1"), heading);
    assert_eq!(page.title(), format!("Approve? {heading}, test"));
    assert_eq!(page.text("header strong").to_lowercase(), "test environment");
    let shown = page.text("main");
    for text in
        [&shop.backend.address, "acct_1SandboxShop0001", "INSFORGE_GUARD", "Reason\nunused", "not checked"]
    {
        assert!(shown.contains(text), "{text} is not in {shown}");
    }
    page.click("[aria-labelledby=requests] summary");
    let request = format!("DELETE /api/payments/stripe/test/catalog/products/{}", shop.product);
    assert_eq!(page.text(".requests pre"), request);
    page.screenshot("approve");
    page.reload();
    assert_eq!((page.status(), page.text("h1")), (200, heading.clone()));
    assert_eq!(shop.deletes(), 0);
    page.click(APPROVE);
    page.wait_for(".result h1");
    assert_eq!((page.status(), page.text("h1")), (200, "Approved".to_owned()));
    page.screenshot("approved");
    assert!(page.text("main").contains(&heading));
    let RunOutput { code, stderr, .. } = waiting.finish();
    assert_eq!((code, shop.deletes()), (0, 1), "{stderr}");
    assert_no_problems(&page, page.requested().first().expect("an address"));
}

#[test]
fn a_person_denies_in_the_browser() {
    let Some(browser) = Browser::start() else { return };
    let shop = Shop::new();
    let waiting = shop.delete();
    let page = browser.page();
    page.open(&waiting.link);
    page.click(DENY);
    page.wait_for(".result h1");
    page.screenshot("denied");
    assert_eq!(page.text("h1"), "Denied");
    assert_no_problems(&page, &waiting.link);
    let RunOutput { code, stderr, .. } = waiting.finish();
    assert_eq!((code, shop.deletes()), (NOT_APPROVED, 0), "{stderr}");
}

#[test]
fn without_an_answer_the_page_closes() {
    let Some(browser) = Browser::start() else { return };
    let page = browser.page();
    let shop = Shop::with(&[("INSFORGE_GUARD_TIMEOUT_MS", "3000")]);
    let mut waiting = shop.delete();
    page.open(&waiting.link);
    let token = waiting.token();
    page.wait_for(APPROVE);
    page.wait_for(".expired");
    page.screenshot("expired");
    let is_visible =
        format!("document.querySelector('{APPROVE}').checkVisibility({{visibilityProperty: true}})");
    assert_eq!(page.evaluate(&is_visible), false);
    assert_eq!(wait_for_exit(&mut waiting.running.child, TIMEOUT), NOT_APPROVED);
    assert!(waiting.send("POST", waiting.place().1, &[], &format!("token={token}&answer=approve")).is_none());
    page.evaluate(&format!("document.querySelector('{APPROVE}').click()"));
    page.wait_until("the browser fails", || {
        page.evaluate("location.href") == "chrome-error://chromewebdata/"
    });
    assert_eq!(shop.deletes(), 0);
}

#[test]
fn the_page_works_with_the_keyboard_alone() {
    let Some(browser) = Browser::start() else { return };
    let shop = Shop::new();
    let page = browser.page();
    for (button, key) in [("button Deny", "Enter"), ("button Approve", "Space")] {
        let waiting = shop.delete();
        page.open(&waiting.link);
        // Nothing has the focus at first, so that these keys answer nothing.
        assert_eq!(page.focused(), "body");
        for key in ["Enter", "Space"] {
            page.press(key);
        }
        page.press("Tab");
        assert_eq!(page.focused(), "summary Show the command");
        page.press("Tab");
        assert_eq!(page.focused(), "summary Show the request");
        page.press("Enter");
        page.wait_for(".requests");
        page.press("Tab");
        assert_eq!(page.focused(), "button Deny");
        page.press("Tab");
        assert_eq!(page.focused(), "button Approve");
        let outline = page.evaluate(
            "(s => [s.outlineStyle, parseFloat(s.outlineWidth)])(getComputedStyle(document.activeElement))",
        );
        assert_eq!(outline, json!(["solid", 3]));
        if button == "button Deny" {
            page.press("Shift+Tab");
        }
        assert_eq!(page.focused(), button);
        assert_eq!(waiting.page().status, 200, "it still waits");
        page.press(key);
        page.wait_for(".result h1");
        let RunOutput { code, stderr, .. } = waiting.finish();
        let approved = button == "button Approve";
        let expected = if approved { (0, 1) } else { (NOT_APPROVED, 0) };
        assert_eq!((code, shop.deletes()), expected, "{stderr}");
    }
}

/// A live change with long and hostile texts.
fn hostile_change(shop: &Shop) -> WaitingRun {
    let long = "x".repeat(220);
    let name = "</style></title><script>document.title = 'stolen'</script><img src=http://evil.example/>";
    let args = [
        "payments",
        "products",
        "update",
        "live",
        &shop.product,
        "--name",
        name,
        "--description",
        &long,
        "--reason",
        &format!("{name} {long}"),
        "--impact",
        &long,
        "--recommendation",
        "\"'><b onclick=steal()>",
    ];
    WaitingRun::start(&shop.user, &args)
}

/// Each text with too little contrast: less than 4.5 to 1, WCAG's limit for small text.
const LOW_CONTRAST: &str = "(() => {
    const rgba = text => text.match(/[0-9.]+/g).map(Number);
    const light = text => rgba(text).slice(0, 3).map(c => c / 255)
        .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const ground = e => {
        const color = e ? getComputedStyle(e).backgroundColor : 'rgb(255, 255, 255)';
        return !e || rgba(color)[3] !== 0 ? color : ground(e.parentElement);
    };
    const low = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    let seen = 0;
    while (texts.nextNode()) {
        const e = texts.currentNode.parentElement;
        if (!texts.currentNode.data.trim() || !e.checkVisibility()) continue;
        seen += 1;
        const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((a, b) => b - a);
        const ratio = (a + 0.05) / (b + 0.05);
        if (ratio < 4.5) low.push(ratio.toFixed(2) + ' ' + texts.currentNode.data.trim());
    }
    return [seen, low];
})()";

#[track_caller]
fn assert_is_readable(page: &Page, name: &str, texts: u64) {
    for dark in [false, true] {
        page.set_dark(dark);
        page.screenshot(&format!("{name}-{}", if dark { "dark" } else { "light" }));
        let found = page.evaluate(LOW_CONTRAST);
        assert!(found[0].as_u64().expect("a number") >= texts, "only {found} texts");
        assert_eq!(found[1], json!([]), "dark: {dark}");
        // A page of 360 px, and one of 640 px at 200 %.
        for width in [360, 320, 1280] {
            page.set_width(width, 640);
            page.screenshot(&format!("{name}-{}-{width}", if dark { "dark" } else { "light" }));
            let root = "document.documentElement";
            let widths = page.evaluate(&format!("[{root}.scrollWidth, {root}.clientWidth]"));
            assert_eq!(widths, json!([width, width]), "dark: {dark}");
        }
    }
    let grounds = [false, true].map(|dark| {
        page.set_dark(dark);
        page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    });
    assert_ne!(grounds[0], grounds[1], "dark colors differ");
}

#[test]
fn hostile_texts_stay_texts_and_fit_into_a_narrow_window() {
    let Some(browser) = Browser::start() else { return };
    let shop = Shop::with(&[("INSFORGE_LIVE", "approve")]);
    let waiting = hostile_change(&shop);
    let page = browser.page();
    page.open(&waiting.link);
    assert!(page.title().starts_with("Approve? "), "{}", page.title());
    assert_eq!(page.evaluate("document.querySelectorAll('script, img, b, [onclick]').length"), 0);
    page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)");
    assert_is_readable(&page, "live", 30);
    for key in ["Tab"; 4] {
        page.press(key);
    }
    assert_eq!(page.focused(), "button Approve in live");
    page.set_width(360, 640);
    // The buttons do not cover each other, and are large enough to hit.
    let sizes = page.evaluate(
        "[...document.querySelectorAll('button')].map(b => b.getBoundingClientRect()).map(r => [r.height >= 44, r.width >= 44, r.x])",
    );
    assert!(sizes[0][2].as_f64() < sizes[1][2].as_f64(), "{sizes}");
    assert_eq!([&sizes[0][0], &sizes[0][1], &sizes[1][0], &sizes[1][1]], [&json!(true); 4]);
    assert_no_problems(&page, &waiting.link);
    page.click(DENY);
    page.wait_for(".result h1");
    assert_is_readable(&page, "live-denied", 8);
    assert_no_problems(&page, &waiting.link);
    assert_eq!(waiting.finish().code, NOT_APPROVED);
}

#[test]
fn a_screen_reader_finds_landmarks_headings_and_names() {
    let Some(browser) = Browser::start() else { return };
    let shop = Shop::with(&[("INSFORGE_LIVE", "approve")]);
    let waiting = hostile_change(&shop);
    let page = browser.page();
    page.open(&waiting.link);
    let tree = page.accessibility_tree();
    let names = |role: &str| -> Vec<&str> {
        tree.iter().filter(|(its, _)| its == role).map(|(_, name)| name.as_str()).collect()
    };
    assert_eq!((names("banner").len(), names("main").len()), (1, 1), "{tree:?}");
    assert_eq!(names("form"), ["Answer"]);
    assert_eq!(names("button"), ["Deny", "Approve in live"]);
    let regions = names("region");
    for name in ["What the caller says – not checked", "Why you are asked", "What an approval sends"] {
        assert!(regions.contains(&name), "{regions:?}");
    }
    assert_eq!(page.evaluate("document.documentElement.lang"), "en");
    let levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3, h4')].map(h => +h.tagName[1])");
    let levels: Vec<u64> = levels.as_array().expect("levels").iter().filter_map(Value::as_u64).collect();
    assert_eq!((levels[0], levels.iter().filter(|level| **level == 1).count()), (1, 1), "{levels:?}");
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "no level is left out: {levels:?}");
    assert_eq!(page.text("header strong").to_lowercase(), "live environment");
    let described =
        "document.getElementById(document.querySelector('button').getAttribute('aria-describedby')).tagName";
    assert_eq!(page.evaluate(described), "H1");
}

/// Objects with fields, what depends on them, and a plan: readable in every width and color, and to a screen reader.
#[test]
fn objects_dependents_and_plans_are_readable_and_have_roles() {
    let Some(browser) = Browser::start() else { return };
    let shop = Shop::new();
    let catalog = shop.user.run(&["payments", "products", "list", "--json"]).exits(0).json();
    let products = catalog["products"].as_array().expect("products");
    let pro = products.iter().find(|product| product["name"] == "Pro Plan").expect("the sample shop");
    let pro = pro["productId"].as_str().expect("an id");
    let update = [
        "update",
        pro,
        "--name",
        "Max",
        "--description",
        "null",
        "--active",
        "false",
        "--metadata-field",
        "tier=x",
    ];
    let product = ["payments", "products"].iter().chain(&update).copied().collect();
    let archive = vec!["payments", "prices", "archive", "pro_monthly"];
    let replace = vec!["payments", "prices", "replace", "pro_yearly", "--unit-amount", "19900"];
    let cases: [(&str, Vec<&str>, &[&str]); 3] = [
        ("update", product, &["name", "description", "active", "metadata.tier"]),
        ("archive", archive, &["active"]),
        ("replace", replace, &[]),
    ];
    for (name, args, fields) in cases {
        let waiting =
            WaitingRun::start(&shop.user, &[&args[..], &["--flag-destructive", "not sure"]].concat());
        let page = browser.page();
        page.open(&waiting.link);
        page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)");
        assert_is_readable(&page, name, 30);
        for width in [1280, 360] {
            page.set_width(width, 640);
            let tree = page.accessibility_tree();
            let names = |role: &str| -> Vec<&str> {
                tree.iter().filter(|(its, _)| its == role).map(|(_, name)| name.as_str()).collect()
            };
            let regions = ["What changes", "What depends on it", "What the caller says – not checked"];
            assert_eq!(names("region")[..3], regions, "{name}, {width}");
            assert_eq!(names("rowheader"), fields, "{name}, {width}");
            let columns: &[&str] = if fields.is_empty() { &[] } else { &["Field", "Before", "After"] };
            assert_eq!(names("columnheader"), columns, "{name}, {width}");
            assert_eq!(names("cell").len(), 2 * fields.len(), "{name}, {width}");
            let is_named =
                |table: &&str| table.starts_with("product Pro Plan prod_") || table.starts_with("price pro_");
            assert_eq!(
                names("table").iter().filter(|table| is_named(table)).count(),
                usize::from(name != "replace")
            );
        }
        // Words are broken only where they are too long for a line.
        let broken = "[...document.querySelectorAll('tbody th')].filter(th => th.getClientRects().length !== 1 \
                      || th.offsetHeight > 40).map(th => th.textContent)";
        assert_eq!(page.evaluate(broken), json!([]), "{name}");
        let facts = page.text("main");
        assert!(!facts.contains("not set") && !facts.contains("unchanged"), "{facts}");
        assert_no_problems(&page, &waiting.link);
    }
}

#[test]
fn hundreds_of_objects_leave_the_page_usable() {
    let Some(browser) = Browser::start() else { return };
    let shop = Shop::new();
    let objects: String = (1..=200).map(|number| format!("{{\"name\": \"Mug {number}\"}}\n")).collect();
    shop.user.write("mugs.jsonl", &objects);
    let writes = || shop.backend.requests().iter().filter(|request| request.method != "GET").count();
    let before = writes();
    let waiting = WaitingRun::start(
        &shop.user,
        &[
            "payments",
            "products",
            "create",
            "--from-file",
            "mugs.jsonl",
            "--flag-destructive",
            "many at once",
        ],
    );
    let page = browser.page();
    page.open(&waiting.link);
    let listed = page.evaluate("document.querySelectorAll('.requests > li').length");
    assert_eq!(listed, 200);
    let height = page.evaluate("document.documentElement.scrollHeight").as_f64().expect("a height");
    assert!(height < 3000.0, "{height}");
    page.screenshot("bulk");
    let is_in_view =
        format!("document.querySelector('{APPROVE}').getBoundingClientRect().bottom <= innerHeight");
    assert_eq!(page.evaluate(&is_in_view), true);
    let tabs = (1..=30).find(|_| {
        page.press("Tab");
        page.focused() == "button Deny"
    });
    assert!(tabs.is_some(), "Deny is more than 30 Tabs away");
    page.press("Enter");
    page.wait_for(".result h1");
    let RunOutput { code, stderr, .. } = waiting.finish();
    assert_eq!((code, writes()), (NOT_APPROVED, before), "{stderr}");
}

#[test]
fn a_double_click_approves_once() {
    let Some(browser) = Browser::start() else { return };
    let shop = Shop::new();
    let waiting = shop.delete();
    let page = browser.page();
    page.open(&waiting.link);
    page.click_times(APPROVE, 2);
    page.wait_for(".result h1");
    let RunOutput { code, stderr, .. } = waiting.finish();
    assert_eq!((code, shop.deletes()), (0, 1), "{stderr}");
    // The browser may show the reply to either click.
    let heading = page.text("h1");
    assert!(["Approved", "Already approved"].contains(&heading.as_str()), "{heading}");
}

#[test]
fn after_the_answer_the_page_is_gone() {
    let shop = Shop::with(&[("HOLD", "")]);
    let waiting = shop.delete();
    let token = waiting.token();
    let browser = Browser::start();
    if let Some(browser) = browser {
        let page = browser.page();
        page.open(&waiting.link);
        page.click(APPROVE);
        page.wait_for(".result h1");
        assert_eq!(page.text("h1"), "Approved");
        page.back();
        page.wait_until("the page is gone", || page.status() == 410);
        page.wait_for(".result h1");
        page.screenshot("gone");
        assert_eq!(page.text("h1"), "Already approved");
    } else {
        assert_eq!(waiting.post(&format!("token={token}&answer=approve")).status, 200);
    }
    for reply in [waiting.page(), waiting.post(&format!("token={token}&answer=deny"))] {
        assert_eq!(reply.status, 410, "{reply:?}");
        assert!(reply.body.contains("Already approved") && !reply.body.contains(&token), "{reply:?}");
    }
    assert_eq!(waiting.post("token=wrong&answer=deny").status, 403);
    shop.released.send(()).expect("a backend");
    let RunOutput { code, stderr, .. } = waiting.finish();
    assert_eq!((code, shop.deletes()), (0, 1), "{stderr}");
}

#[test]
fn forged_answers_are_refused_and_change_nothing() {
    let shop = Shop::new();
    let waiting = shop.delete();
    let (token, (host, path)) = (waiting.token(), waiting.place());
    let (yes, port) = (format!("token={token}&answer=approve"), host.split(':').next_back().expect("a port"));
    let with_token = format!("{path}?{yes}");
    let absolute = format!("http://evil.example{path}");
    let host_header = format!("Host: {host}");
    let localhost = format!("Host: localhost:{port}");
    let foreign_port = format!("Origin: http://127.0.0.1:{}", port.parse::<u16>().expect("a port") ^ 1);
    let tls = format!("Origin: https://{host}");
    let own_origin = format!("Origin: http://{host}");
    let forged: [(&str, &[&str], &str); 22] = [
        (path, &[], ""),
        (path, &[], "answer=approve"),
        (path, &[], "token=&answer=approve"),
        (path, &[], "token=wrong&answer=approve"),
        (path, &[], &format!("token={}&answer=approve", token.to_uppercase())),
        (path, &[], &format!("{yes}&token={token}")),
        (&with_token, &[], ""),
        (&with_token, &[], "answer=approve"),
        (path, &["Host: evil.example"], &yes),
        (path, &["Host: 127.0.0.1"], &yes),
        (path, &["Host: 127.0.0.1:1"], &yes),
        (path, &[&host_header, "Host: evil.example"], &yes),
        (path, &["Origin: http://evil.example"], &yes),
        (path, &["Origin: null"], &yes),
        (path, &[&foreign_port], &yes),
        (path, &[&tls], &yes),
        (path, &[&own_origin, "Origin: http://evil.example"], &yes),
        (path, &["Sec-Fetch-Site: cross-site"], &yes),
        (path, &["Sec-Fetch-Site: same-site"], &yes),
        (path, &[&own_origin, "Sec-Fetch-Site: cross-site"], &yes),
        (&absolute, &[], &yes),
        (&absolute, &[&localhost], &yes),
    ];
    for (target, headers, form) in forged {
        let reply = waiting.send("POST", target, headers, form).expect("a reply");
        assert_eq!(reply.status, 403, "{target} {headers:?} {form}: {reply:?}");
        assert!(!reply.body.contains(&token) && !reply.body.contains(&shop.product), "{reply:?}");
    }
    for header in ["Host: evil.example", "Origin: http://evil.example"] {
        let reply = waiting.send("GET", path, &[header], "").expect("a reply");
        assert_eq!(reply.status, 403, "{reply:?}");
        assert!(!reply.body.contains(&token), "{reply:?}");
    }
    assert_eq!(waiting.send("POST", "/approve/other", &[], &yes).expect("a reply").status, 404);
    for form in [
        "",
        "&answer=",
        "&answer=yes",
        "&answer=approve&answer=deny",
        &format!("&answer=approve&x={}", "x".repeat(8000)),
    ] {
        assert_eq!(waiting.post(&format!("token={token}{form}")).status, 400, "{form}");
    }
    for method in ["PUT", "DELETE", "OPTIONS", "PATCH"] {
        let reply = waiting.send(method, path, &[], &yes).expect("a reply");
        assert_eq!(reply.status, 405, "{reply:?}");
        assert!(reply.headers.contains("allow: get, head, post"), "{reply:?}");
    }
    // The question still waits, and nothing was sent.
    assert_eq!((waiting.page().status, shop.deletes()), (200, 0));
    // A link on another page opens it. Its own form answers it, whatever its name is.
    assert_eq!(waiting.send("GET", path, &["Sec-Fetch-Site: cross-site"], "").expect("a reply").status, 200);
    let own =
        [localhost.as_str(), &format!("Origin: http://localhost:{port}"), "Sec-Fetch-Site: same-origin"];
    assert_eq!(waiting.send("POST", path, &own, &yes).expect("a reply").status, 200);
    let RunOutput { code, stderr, .. } = waiting.finish();
    assert_eq!((code, shop.deletes()), (0, 1), "{stderr}");
}

#[test]
fn every_reply_forbids_scripts_frames_and_caches() {
    let shop = Shop::new();
    let waiting = shop.delete();
    let path = waiting.place().1;
    let nonce = |reply: &PageReply| {
        let nonce = reply.headers.split_once("style-src 'nonce-").expect("a nonce").1;
        nonce.split('\'').next().expect("a nonce").to_owned()
    };
    let replies = [
        waiting.page(),
        waiting.page(),
        waiting.post(""),
        waiting.send("GET", "/", &[], "").expect("a reply"),
    ];
    for reply in &replies {
        let nonce = nonce(reply);
        let policy = format!(
            "content-security-policy: default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'\r\n"
        );
        for header in [
            &policy,
            "content-type: text/html; charset=utf-8\r\n",
            "cache-control: no-store\r\n",
            "x-content-type-options: nosniff\r\n",
            "x-frame-options: deny\r\n",
            "referrer-policy: same-origin\r\n",
            "connection: close\r\n",
        ] {
            assert!(format!("{}\r\n", reply.headers).contains(header), "{header}: {reply:?}");
        }
        assert!(reply.body.contains(&format!("<style nonce=\"{nonce}\">")), "{reply:?}");
    }
    assert_ne!(nonce(&replies[0]), nonce(&replies[1]));
    let head = waiting.send("HEAD", path, &[], "").expect("a reply");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    // A second page has another address and another token.
    let second = shop.delete();
    assert_ne!(path, second.place().1);
    assert_ne!(waiting.token(), second.token());
    assert!(path.len() >= "/approve/".len() + 32, "{path}");
}

#[test]
fn slow_and_idle_clients_do_not_keep_a_person_out() {
    let shop = Shop::new();
    let waiting = shop.delete();
    let (host, path) = waiting.place();
    let connect = || TcpStream::connect(host).expect("a connection");
    let idle: Vec<_> = (0..40).map(|_| connect()).collect();
    let slow: Vec<_> = ["GET ", "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100\r\n\r\ntoken="]
        .map(|text| {
            let mut stream = connect();
            stream.write_all(text.replace("{path}", path).replace("{host}", host).as_bytes()).expect("bytes");
            stream
        })
        .into();
    let start = Instant::now();
    let token = waiting.token();
    let reply = waiting.post(&format!("token={token}&answer=approve"));
    assert_eq!(reply.status, 200, "{reply:?}");
    // Each of the other connections may stay for ten seconds.
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    drop((idle, slow));
    assert_eq!((waiting.finish().code, shop.deletes()), (0, 1));
}

#[test]
fn the_page_ends_with_the_command() {
    let shop = Shop::new();
    for (name, expected) in [("-KILL", -1), ("-TERM", 130), ("-INT", 130)] {
        let mut waiting = shop.delete();
        let token = waiting.token();
        signal(waiting.running.child.id(), name);
        assert_eq!(wait_for_exit(&mut waiting.running.child, TIMEOUT), expected, "{name}");
        let path = waiting.place().1;
        assert!(waiting.send("GET", path, &[], "").is_none(), "{name}");
        assert!(
            waiting.send("POST", path, &[], &format!("token={token}&answer=approve")).is_none(),
            "{name}"
        );
    }
    assert_eq!(shop.deletes(), 0);
}

//! A real browser without a window. It is controlled by the DevTools protocol: JSON through two pipes, each message ended by a
//! zero byte.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, Weak};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::find_program;

/// Longer than any step takes. A test that waits this long has failed.
const TIMEOUT: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(5);
const FLAGS: [&str; 12] = [
    "--headless=new",
    "--remote-debugging-pipe",
    // Containers lack what the browser's sandbox needs, and the tests open only their own pages.
    "--no-sandbox",
    "--no-proxy-server",
    "--no-first-run",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--hide-scrollbars",
];

/// A browser, shared by the tests that run at the same time. It ends with the last of them.
pub struct Browser {
    child: Mutex<Child>,
    input: Mutex<ChildStdin>,
    last_id: AtomicU64,
    received: Arc<Received>,
    _profile: TempDir,
}

/// What the browser has sent.
#[derive(Default)]
struct Received {
    /// The senders for the replies, by the number of the call.
    replies: Mutex<HashMap<u64, Sender<Value>>>,
    /// The events of each page, by its session.
    events: Mutex<HashMap<String, Vec<Value>>>,
}

impl Browser {
    /// The running browser, or a new one. Without Chromium, the test is skipped; in CI, it fails.
    pub fn start() -> Option<Arc<Self>> {
        static RUNNING: Mutex<Weak<Browser>> = Mutex::new(Weak::new());
        let program = find_program("chromium")?;
        // A test that failed in here says why; the others start a browser of their own.
        let mut running = RUNNING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(browser) = running.upgrade() {
            return Some(browser);
        }
        let browser = Arc::new(Self::launch(&program));
        *running = Arc::downgrade(&browser);
        Some(browser)
    }

    fn launch(program: &Path) -> Self {
        let profile = tempfile::Builder::new().prefix("insforge-browser-").tempdir().expect("a profile");
        // The browser reads from file 3 and writes to file 4.
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null", "sh"]).arg(program).args(FLAGS);
        command.arg(format!("--user-data-dir={}", profile.path().display())).env("HOME", profile.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
        let mut child = command.spawn().expect("the browser starts");
        let input = Mutex::new(child.stdin.take().expect("stdin"));
        let output = BufReader::new(child.stdout.take().expect("stdout"));
        let received = Arc::new(Received::default());
        let to = Arc::clone(&received);
        thread::spawn(move || {
            for message in output.split(0).map_while(Result::ok) {
                to.sort(serde_json::from_slice(&message).expect("JSON"));
            }
            // Whoever waits for a reply now fails.
            to.replies.lock().expect("a lock").clear();
        });
        Self { child: Mutex::new(child), input, last_id: AtomicU64::new(0), received, _profile: profile }
    }

    /// A new page, which shares no data with other pages.
    pub fn page(self: &Arc<Self>) -> Page {
        let text = |value: &Value, name: &str| value[name].as_str().expect("a text").to_owned();
        let context = text(&self.call("", "Target.createBrowserContext", &json!({})), "browserContextId");
        let new = json!({"url": "about:blank", "browserContextId": context});
        let target = text(&self.call("", "Target.createTarget", &new), "targetId");
        let attach = json!({"targetId": target, "flatten": true});
        let session = text(&self.call("", "Target.attachToTarget", &attach), "sessionId");
        let page = Page { browser: Arc::clone(self), context, session };
        for domain in ["Page", "Runtime", "Log", "Network", "Audits", "Accessibility"] {
            page.call(&format!("{domain}.enable"), &json!({}));
        }
        page.set_width(1000, 900);
        page
    }

    /// Calls a method of a session, and waits for the result.
    #[track_caller]
    fn call(&self, session: &str, method: &str, params: &Value) -> Value {
        let reply = self.try_call(session, method, params);
        reply.unwrap_or_else(|error| panic!("{method} {params}: {error}"))
    }

    fn try_call(&self, session: &str, method: &str, params: &Value) -> Result<Value, String> {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let (sender, reply) = mpsc::channel();
        self.received.replies.lock().expect("a lock").insert(id, sender);
        let mut call = json!({"id": id, "method": method, "params": params});
        if !session.is_empty() {
            call["sessionId"] = json!(session);
        }
        let sent = self.input.lock().expect("a lock").write_all(format!("{call}\0").as_bytes());
        sent.map_err(|error| format!("the browser has ended: {error}"))?;
        let mut reply: Value =
            reply.recv_timeout(TIMEOUT).map_err(|_| "the browser gave no reply".to_owned())?;
        match reply.get("error") {
            Some(error) => Err(error.to_string()),
            None => Ok(reply["result"].take()),
        }
    }
}

impl Received {
    fn sort(&self, message: Value) {
        if let Some(id) = message["id"].as_u64() {
            // The caller may have stopped waiting.
            let waiting = self.replies.lock().expect("a lock").remove(&id);
            drop(waiting.map(|sender| sender.send(message)));
        } else if let Some(session) = message["sessionId"].as_str() {
            let mut events = self.events.lock().expect("a lock");
            events.entry(session.to_owned()).or_default().push(message);
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It writes its profile until it ends.
        let _ = self.try_call("", "Browser.close", &json!({}));
        let child = self.child.get_mut().expect("a lock");
        let start = Instant::now();
        while start.elapsed() < TIMEOUT && matches!(child.try_wait(), Ok(None)) {
            thread::sleep(PAUSE);
        }
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// A page of the browser.
pub struct Page {
    browser: Arc<Browser>,
    context: String,
    session: String,
}

impl Page {
    /// Calls a method of the DevTools protocol.
    #[track_caller]
    pub fn call(&self, method: &str, params: &Value) -> Value {
        self.browser.call(&self.session, method, params)
    }

    /// The parameters of all events of a kind, so far.
    pub fn events(&self, method: &str) -> Vec<Value> {
        let events = self.browser.received.events.lock().expect("a lock");
        let events = events.get(&self.session).into_iter().flatten();
        events.filter(|event| event["method"] == method).map(|event| event["params"].clone()).collect()
    }

    /// Waits until a condition holds.
    #[track_caller]
    pub fn wait_until(&self, what: &str, condition: impl Fn() -> bool) {
        let start = Instant::now();
        while !condition() {
            let body = || self.try_evaluate("document.body.innerText").unwrap_or_default();
            assert!(start.elapsed() < TIMEOUT, "{what}: this never happened. The page:\n{}", body());
            thread::sleep(PAUSE);
        }
    }

    #[track_caller]
    fn load(&self, navigate: impl FnOnce() -> Value) -> Result<(), String> {
        let loads = || self.events("Page.loadEventFired").len();
        let before = loads();
        if let Some(error) = navigate()["errorText"].as_str() {
            return Err(error.to_owned());
        }
        self.wait_until("the page loads", || loads() > before);
        Ok(())
    }

    /// Opens an address, and waits until the page is loaded.
    #[track_caller]
    pub fn open(&self, url: &str) {
        self.try_open(url).expect("the page opens");
    }

    /// Opens an address. The error is the browser's, such as `net::ERR_CONNECTION_REFUSED`.
    pub fn try_open(&self, url: &str) -> Result<(), String> {
        self.load(|| self.call("Page.navigate", &json!({"url": url})))
    }

    /// Loads the page again.
    #[track_caller]
    pub fn reload(&self) {
        self.load(|| self.call("Page.reload", &json!({}))).expect("the page loads");
    }

    /// Presses the back button.
    #[track_caller]
    pub fn back(&self) {
        let history = self.call("Page.getNavigationHistory", &json!({}));
        let current =
            history["currentIndex"].as_u64().and_then(|at| usize::try_from(at).ok()).expect("an index");
        let before = &history["entries"][current.checked_sub(1).expect("an entry before")];
        self.call("Page.navigateToHistoryEntry", &json!({"entryId": before["id"]}));
    }

    /// The HTTP status of the document.
    pub fn status(&self) -> u64 {
        let replies = self.events("Network.responseReceived");
        let document = replies.iter().rfind(|reply| reply["type"] == "Document").expect("a document");
        document["response"]["status"].as_u64().expect("a status")
    }

    /// The value of a JavaScript expression, also on a page that allows no scripts.
    #[track_caller]
    pub fn evaluate(&self, expression: &str) -> Value {
        self.try_evaluate(expression).unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    fn try_evaluate(&self, expression: &str) -> Result<Value, String> {
        let params = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let mut reply = self.browser.try_call(&self.session, "Runtime.evaluate", &params)?;
        match reply.get("exceptionDetails") {
            Some(exception) => Err(exception.to_string()),
            None => Ok(reply["result"]["value"].take()),
        }
    }

    /// Waits until an element is visible.
    #[track_caller]
    pub fn wait_for(&self, selector: &str) {
        let visible = format!("!!{}?.checkVisibility({{visibilityProperty: true}})", element(selector));
        // While the browser changes to another document, nothing can be evaluated.
        self.wait_until(selector, || self.try_evaluate(&visible).is_ok_and(|it| it == true));
    }

    /// The visible text of an element.
    #[track_caller]
    pub fn text(&self, selector: &str) -> String {
        let text = self.evaluate(&format!("{}?.innerText", element(selector)));
        text.as_str().unwrap_or_else(|| panic!("no element {selector}")).to_owned()
    }

    pub fn title(&self) -> String {
        self.evaluate("document.title").as_str().expect("a title").to_owned()
    }

    /// Clicks on the middle of an element.
    #[track_caller]
    pub fn click(&self, selector: &str) {
        self.click_times(selector, 1);
    }

    /// Clicks several times, as fast as the browser takes it.
    #[track_caller]
    pub fn click_times(&self, selector: &str, times: u32) {
        self.wait_for(selector);
        let middle = self.evaluate(&format!(
            "(e => {{ e.scrollIntoView({{block: 'center'}}); const r = e.getBoundingClientRect(); \
             return [r.x + r.width / 2, r.y + r.height / 2]; }})({})",
            element(selector)
        ));
        for count in 1..=times {
            for kind in ["mousePressed", "mouseReleased"] {
                let params = json!({"type": kind, "x": middle[0], "y": middle[1], "button": "left", "clickCount": count});
                self.call("Input.dispatchMouseEvent", &params);
            }
        }
    }

    /// Presses a key: `Tab`, `Shift+Tab`, `Enter` or `Space`.
    #[track_caller]
    pub fn press(&self, key: &str) {
        let (key, shift) = key.strip_prefix("Shift+").map_or((key, 0), |key| (key, 8));
        let (name, code, text) = match key {
            "Enter" => ("Enter", 13, Some("\r")),
            "Space" => (" ", 32, Some(" ")),
            "Tab" => ("Tab", 9, None),
            other => panic!("{other} is not a key of this harness"),
        };
        for kind in ["keyDown", "keyUp"] {
            let mut params = json!({"type": kind, "key": name, "code": key, "windowsVirtualKeyCode": code, "modifiers": shift});
            if let (Some(text), "keyDown") = (text, kind) {
                params["text"] = json!(text);
            }
            self.call("Input.dispatchKeyEvent", &params);
        }
    }

    /// The element with the focus, such as `button Deny`.
    pub fn focused(&self) -> String {
        let focused = "(e => e.tagName.toLowerCase() + ' ' + e.textContent.trim())(document.activeElement)";
        let focused = self.evaluate(focused);
        let focused = focused.as_str().expect("a text");
        if focused.starts_with("body ") { "body".to_owned() } else { focused.to_owned() }
    }

    /// Sets the size of the window, in CSS pixels.
    pub fn set_width(&self, width: u32, height: u32) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", &size);
    }

    /// Switches to dark colors, or to light ones.
    pub fn set_dark(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        let features = json!([{"name": "prefers-color-scheme", "value": value}]);
        self.call("Emulation.setEmulatedMedia", &json!({"features": features}));
    }

    /// Writes a PNG of what is visible into the folder that `INSFORGE_SCREENSHOTS` names, for a person to look at.
    pub fn screenshot(&self, name: &str) {
        let Some(folder) = std::env::var_os("INSFORGE_SCREENSHOTS") else { return };
        let image = self.call("Page.captureScreenshot", &json!({"format": "png"}));
        let image = base64::prelude::BASE64_STANDARD.decode(image["data"].as_str().expect("an image"));
        std::fs::write(Path::new(&folder).join(format!("{name}.png")), image.expect("base64"))
            .expect("a file");
    }

    /// The role and the name of each element, as a screen reader has it.
    pub fn accessibility_tree(&self) -> Vec<(String, String)> {
        let tree = self.call("Accessibility.getFullAXTree", &json!({}));
        let nodes = tree["nodes"].as_array().expect("nodes").iter().filter(|node| node["ignored"] == false);
        let text = |node: &Value, name: &str| node[name]["value"].as_str().unwrap_or_default().to_owned();
        nodes.map(|node| (text(node, "role"), text(node, "name"))).collect()
    }

    /// The addresses of all requests so far.
    pub fn requested(&self) -> Vec<String> {
        let requests = self.events("Network.requestWillBeSent");
        requests.iter().map(|it| it["request"]["url"].as_str().expect("an address").to_owned()).collect()
    }

    /// Errors and warnings of the console, and violations of the Content-Security-Policy, so far. A document's status is neither.
    pub fn problems(&self) -> Vec<String> {
        let mut all = self.events("Runtime.exceptionThrown");
        all.extend(self.events("Audits.issueAdded"));
        let logged = self.events("Runtime.consoleAPICalled").into_iter();
        all.extend(
            logged.filter(|call| ["error", "warning", "assert"].iter().any(|kind| call["type"] == *kind)),
        );
        let entries = self.events("Log.entryAdded").into_iter();
        all.extend(
            entries.filter(|it| it["entry"]["source"] != "network" && it["entry"]["level"] != "verbose"),
        );
        all.iter().map(ToString::to_string).collect()
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let context = json!({"browserContextId": self.context});
        let _ = self.browser.try_call("", "Target.disposeBrowserContext", &context);
    }
}

/// An element as a JavaScript expression.
fn element(selector: &str) -> String {
    format!("document.querySelector({})", json!(selector))
}

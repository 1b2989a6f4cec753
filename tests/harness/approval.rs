//! Runs that wait for a person's approval, and the person's requests to the approval page.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use super::running::Running;
use super::{RunOutput, User, assert_no_secret, wait_for_exit};

/// Longer than any step takes. A test that waits this long has failed.
const TIMEOUT: Duration = Duration::from_secs(20);
/// The command for another terminal, before its code.
const COMMAND: &str = "insforge approve ";

/// The audit trail, in a user's home directory.
pub const AUDIT_TRAIL: &str = ".local/state/insforge/guard-audit.jsonl";

/// A run without a terminal that waits for an approval.
pub struct WaitingRun {
    pub running: Running,
    /// The output of stderr up to the line with the code.
    pub announced: String,
    /// The address of the approval page.
    pub link: String,
    /// What a person types after `insforge approve`.
    pub code: String,
}

/// A response of the approval page.
#[derive(Debug)]
pub struct PageReply {
    pub status: u16,
    /// The status line and the headers, in lower case.
    pub headers: String,
    pub body: String,
}

impl WaitingRun {
    /// Starts a run, and waits until it announces its approval page.
    #[track_caller]
    pub fn start(user: &User, args: &[&str]) -> Self {
        Self::of(Running::start(user, args))
    }

    /// Waits until a run announces its approval page.
    #[track_caller]
    pub fn of(running: Running) -> Self {
        let mut announced = String::new();
        while !announced.contains(COMMAND) {
            let line = running.stderr.next();
            assert!(!line.is_empty(), "it ended without an approval page:\n{announced}");
            announced.push_str(&line);
        }
        let word = |text: &str| {
            let rest =
                &announced[announced.find(text).unwrap_or_else(|| panic!("no {text} in {announced}"))..];
            let end = rest[text.len()..].find(|c: char| c.is_whitespace() || c == '"').expect("an end");
            rest[..text.len() + end].to_owned()
        };
        let (link, code) = (word("http://"), word(COMMAND)[COMMAND.len()..].to_owned());
        Self { running, announced, link, code }
    }

    /// The file in which `insforge approve` finds the question.
    #[cfg(feature = "sandbox")]
    pub fn file(&self, user: &User) -> std::path::PathBuf {
        let state = user.environment().into_iter().find(|(name, _)| name == "XDG_STATE_HOME");
        let state = state.map_or_else(|| user.path(".local/state"), |(_, path)| path.into());
        state.join("insforge/approvals").join(format!("{}.json", self.code))
    }

    /// The content of this file.
    #[cfg(feature = "sandbox")]
    #[track_caller]
    pub fn content(&self, user: &User) -> Value {
        let content = std::fs::read_to_string(self.file(user)).expect("the question");
        assert_no_secret(&content);
        serde_json::from_str(&content).expect("JSON")
    }

    /// What a person types to approve.
    #[cfg(feature = "sandbox")]
    #[track_caller]
    pub fn typed(&self, user: &User) -> String {
        self.content(user)["question"]["typed"].as_str().expect("what is typed").to_owned()
    }

    /// The address and the path of the page.
    #[track_caller]
    pub fn place(&self) -> (&str, &str) {
        let rest = self.link.strip_prefix("http://").expect("a link");
        rest.split_at(rest.find('/').expect("a path"))
    }

    /// Sends a request with this target, these headers and this form. A foreign `Host` replaces the usual one. `None` if nothing
    /// answers.
    pub fn send(&self, method: &str, target: &str, headers: &[&str], form: &str) -> Option<PageReply> {
        let host = format!("Host: {}", self.place().0);
        let has_host = headers.iter().any(|header| header.starts_with("Host:"));
        let mut request = format!("{method} {target} HTTP/1.1\r\n");
        for header in headers.iter().copied().chain((!has_host).then_some(host.as_str())) {
            request.push_str(&format!("{header}\r\n"));
        }
        let kind = "Content-Type: application/x-www-form-urlencoded";
        request.push_str(&format!("{kind}\r\nContent-Length: {}\r\n\r\n{form}", form.len()));
        let mut stream = TcpStream::connect(self.place().0).ok()?;
        stream.set_read_timeout(Some(TIMEOUT)).expect("a limit");
        stream.write_all(request.as_bytes()).ok()?;
        let mut text = Vec::new();
        // A connection with unread bytes is reset after the reply.
        let _ = stream.read_to_end(&mut text);
        let text = String::from_utf8(text).expect("UTF-8");
        assert_no_secret(&text);
        let (headers, body) = text.split_once("\r\n\r\n")?;
        let status = headers.split(' ').nth(1)?.parse().ok()?;
        Some(PageReply { status, headers: headers.to_lowercase(), body: body.to_owned() })
    }

    /// Loads the page.
    #[track_caller]
    pub fn page(&self) -> PageReply {
        let page = self.send("GET", self.place().1, &[], "").expect("the page");
        assert!(page.headers.contains("\r\ncontent-type: text/html; charset=utf-8\r\n"), "{page:?}");
        page
    }

    /// Sends a form to the page.
    #[track_caller]
    pub fn post(&self, form: &str) -> PageReply {
        self.send("POST", self.place().1, &[], form).expect("a reply")
    }

    /// The form's hidden token.
    #[track_caller]
    pub fn token(&self) -> String {
        let page = self.page().body;
        let token = page.split("name=\"token\" value=\"").nth(1).expect("a token");
        token.split('"').next().expect("an end").to_owned()
    }

    /// Sends the form of the page, as the buttons `approve` and `deny` do.
    #[track_caller]
    pub fn answer(&self, answer: &str) -> PageReply {
        self.post(&format!("token={}&answer={answer}", self.token()))
    }

    /// Denies as `insforge approve` does, and waits for the end. It is a second faster than [`Self::answer`], because no browser
    /// has to load the page after the answer.
    #[track_caller]
    pub fn dismiss(self) -> RunOutput {
        let form = format!("token={}&answer=deny&by=other-terminal", self.token());
        assert_eq!(self.post(&form).status, 200);
        self.finish().exits(6)
    }

    /// Waits until the run ends.
    #[track_caller]
    pub fn finish(mut self) -> RunOutput {
        let code = wait_for_exit(&mut self.running.child, TIMEOUT);
        let stderr = self.announced + &self.running.stderr.rest();
        RunOutput { code, stdout: self.running.stdout.rest(), stderr }
    }
}

/// The lines of a user's audit trail, as JSON.
pub fn audit_trail(user: &User) -> Vec<Value> {
    let text = std::fs::read_to_string(user.path(AUDIT_TRAIL)).unwrap_or_default();
    assert_no_secret(&text);
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

/// The decisions in a user's audit trail.
pub fn decisions(user: &User) -> Vec<String> {
    audit_trail(user).iter().map(|entry| entry["decision"].as_str().expect("a word").to_owned()).collect()
}

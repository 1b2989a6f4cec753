//! The commands that wait for an approval, as `insforge approve` finds them: a private file for each in the state directory,
//! named after its code. The file goes with the question.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use anyhow::Context;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use url::{Host, Url};

use crate::approval::{AnsweredIn, ApprovalServer, Question};
use crate::error::{Code, Failure};
use crate::files;
use crate::input::MAX_OBJECTS;
use crate::settings::UserPaths;

/// How long a command has to reply. It only holds the page, so it replies at once, unless it is stopped.
const LONGEST_REPLY: Duration = Duration::from_secs(3);
/// The age at which a file belongs to a command that was killed.
const LEFTOVER_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// The code of a question, which a person types: `k7qp-2m4x`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApprovalCode(String);

impl FromStr for ApprovalCode {
    type Err = String;

    /// Accepts any case, with or without the dash.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let letters: String = text.trim().chars().filter(|c| *c != '-').collect();
        // It becomes the name of a file.
        if letters.len() != 8 || !letters.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err("a code has eight letters and digits, such as k7qp-2m4x".to_owned());
        }
        let letters = letters.to_ascii_lowercase();
        Ok(Self(format!("{}-{}", &letters[..4], &letters[4..])))
    }
}

impl ApprovalCode {
    /// The file of the command that waits under this code.
    fn path(&self) -> Result<PathBuf, Failure> {
        Ok(UserPaths::find()?.waiting.join(format!("{self}.json")))
    }
}

impl fmt::Display for ApprovalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A command that waits for an answer.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WaitingCommand {
    /// The address of its approval page.
    pub(crate) link: String,
    /// The token of the page's form.
    pub(crate) token: String,
    pub(crate) question: Question,
}

/// What a command replies to `insforge approve`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitingReply {
    /// It waits, or it has taken the answer.
    Accepted,
    /// It no longer waits.
    TooLate,
    /// It does not run any more.
    Gone,
    /// It runs, and does not reply: somebody has stopped it.
    Silent,
}

/// The file of a waiting command, which is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct WaitingFile(PathBuf);

impl WaitingCommand {
    /// Makes a question known under a code, as long as the returned value lives.
    pub(crate) fn publish(
        code: &str,
        server: &ApprovalServer,
        question: &Question,
    ) -> Result<WaitingFile, Failure> {
        let folder = UserPaths::find()?.waiting;
        remove_leftovers(&folder);
        let path = folder.join(format!("{code}.json"));
        let waiting =
            Self { link: server.link(), token: server.token().to_owned(), question: question.clone() };
        let text = serde_json::to_string(&waiting).map_err(|_| Failure::usage("The question is not JSON"))?;
        files::write(&path, &text)?;
        Ok(WaitingFile(path))
    }

    /// Finds the command that waits under a code. `None` if it has no file.
    pub(crate) fn find(code: &ApprovalCode) -> Result<Option<Self>, Failure> {
        let path = code.path()?;
        let Some(text) = files::read_up_to(&path, MAX_OBJECTS)? else { return Ok(None) };
        let invalid = |why: &str| {
            Failure::new(Code::FileFailed, format!("Cannot use {}", path.display()))
                .why(why.to_owned())
                .hint("answer on the approval page, or run the waiting command again")
        };
        let waiting: Self =
            serde_json::from_str(&text).map_err(|_| invalid("it is not a question of this version"))?;
        if waiting.address().is_none() {
            return Err(invalid("its link does not lead to this machine"));
        }
        Ok(Some(waiting))
    }

    /// All commands with a file, and their codes. Some of them can have been killed.
    pub(crate) fn all() -> Result<Vec<(ApprovalCode, Self)>, Failure> {
        let names = files::names_in(&UserPaths::find()?.waiting);
        let codes = names.iter().filter_map(|name| name.strip_suffix(".json")?.parse::<ApprovalCode>().ok());
        // A file that cannot be read belongs to another version, or is gone.
        Ok(codes.filter_map(|code| Some((code.clone(), Self::find(&code).ok()??))).collect())
    }

    /// Removes the file of a command that was killed.
    pub(crate) fn remove_leftover(code: &ApprovalCode) {
        if let Ok(path) = code.path() {
            drop(WaitingFile(path));
        }
    }

    /// Asks whether the command still waits.
    pub(crate) async fn is_waiting(&self) -> WaitingReply {
        self.send(Method::GET, String::new()).await
    }

    /// Sends the answer.
    pub(crate) async fn answer(&self, approved: bool) -> WaitingReply {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("token", &self.token)
            .append_pair("answer", if approved { "approve" } else { "deny" })
            .append_pair("by", AnsweredIn::OtherTerminal.as_str())
            .finish();
        self.send(Method::POST, form).await
    }

    async fn send(&self, method: Method, form: String) -> WaitingReply {
        match tokio::time::timeout(LONGEST_REPLY, self.status_of(method, form)).await {
            Ok(Ok(StatusCode::OK)) => WaitingReply::Accepted,
            Ok(Ok(StatusCode::GONE)) => WaitingReply::TooLate,
            // Another program has the port.
            Ok(_) => WaitingReply::Gone,
            Err(_) => WaitingReply::Silent,
        }
    }

    /// Sends a request to the approval page, and returns the status of the reply.
    async fn status_of(&self, method: Method, form: String) -> anyhow::Result<StatusCode> {
        let (address, path) = self.address().context("not on this machine")?;
        let stream = TcpStream::connect(address).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, address.to_string())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(form)))?;
        Ok(sender.send_request(request).await?.status())
    }

    /// Where the link leads. `None` if that is not this machine: the token is only for the waiting command.
    fn address(&self) -> Option<(SocketAddr, String)> {
        let link = Url::parse(&self.link).ok()?;
        let ip = match link.host()? {
            Host::Ipv4(ip) => IpAddr::from(ip),
            Host::Ipv6(ip) => IpAddr::from(ip),
            Host::Domain(_) => return None,
        };
        let is_plain = link.scheme() == "http" && link.username().is_empty() && link.query().is_none();
        let address = SocketAddr::new(ip, link.port_or_known_default()?);
        (ip.is_loopback() && is_plain).then(|| (address, link.path().to_owned()))
    }
}

/// Removes the old files of killed commands, which nobody asks about.
fn remove_leftovers(folder: &Path) {
    let paths = files::names_in(folder).into_iter().map(|name| folder.join(name));
    for path in paths.filter(|path| !files::is_younger(path, LEFTOVER_AGE)) {
        let _ = std::fs::remove_file(path);
    }
}

impl Drop for WaitingFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_in_any_case_and_is_never_a_path() {
        for text in ["k7qp-2m4x", "K7QP-2M4X", "k7qp2m4x", " K7qP2m4X "] {
            assert_eq!(text.parse::<ApprovalCode>().unwrap().to_string(), "k7qp-2m4x", "{text}");
        }
        for text in [
            "",
            "-",
            "k7qp",
            "k7qp-2m4x1",
            "../x",
            "../../ab",
            "/etc/pas",
            "k7qp/2m4x",
            "k7qp\\2m4x",
            "ab.jsonx",
            "äöüé",
        ] {
            assert!(text.parse::<ApprovalCode>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_link_leads_to_this_machine() {
        let address = |link: &str| {
            let question = serde_json::json!({
                "what": "", "environment": "test", "backend": "", "typed": "test", "because": [],
                "consequences": [], "brief": {},
                "effects": {"objects": [], "dependents": [], "plan": [], "requests": []},
            });
            let waiting = serde_json::json!({"link": link, "token": "", "question": question});
            serde_json::from_value::<WaitingCommand>(waiting).unwrap().address()
        };
        let found = address("http://127.0.0.1:4567/approve/abc").unwrap();
        assert_eq!(found, (SocketAddr::from(([127, 0, 0, 1], 4567)), "/approve/abc".to_owned()));
        assert!(address("http://[::1]:4567/approve/abc").is_some());
        for link in [
            "",
            "/approve/abc",
            "http://localhost:1/a",
            "http://192.0.2.1:4567/approve/abc",
            "http://0.0.0.0:4567/approve/abc",
            "http://127.0.0.1.example.com/a",
            "http://user@127.0.0.1:4567/a",
            "https://127.0.0.1:4567/a",
            "file:///approve",
        ] {
            assert_eq!(address(link), None, "{link}");
        }
    }
}

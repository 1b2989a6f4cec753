//! The audit trail: `guard-audit.jsonl`, one line for each question, answer, time-out and bypass. `ts`, `command` and `decision`
//! are named as in the file of InsForge's other tools. The file is never shortened: the user decides how long it is kept.

use std::path::PathBuf;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::approval::Brief;
use crate::error::Failure;
use crate::files;
use crate::interrupt;
use crate::secret::redact;
use crate::settings::UserPaths;
use crate::ui::clean_line;

/// How much of the file is read, from its end: about 20,000 entries.
const MAX_READ: u64 = 16 * 1024 * 1024;

/// What was decided, and by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Decision {
    /// A person was asked.
    Asked,
    Approved,
    Denied,
    /// Nobody answered in time.
    Timeout,
    /// What was approved changed before it was sent.
    Void,
    /// The command ended before an answer.
    Interrupted,
    /// The caller gave no reason, so nobody was asked.
    NeedsBrief,
    /// `INSFORGE_GUARD_BYPASS` skipped the approval.
    Bypassed,
    /// `INSFORGE_GUARD=0` turned off the guard of the project.
    GuardOff,
    /// `INSFORGE_LIVE` is weaker than the policy of the profile.
    LiveWeakened,
    /// `link --no-guard` removed the guard of a project.
    GuardRemoved,
}

/// A new line of the audit trail.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AuditEntry {
    /// The time, in UTC.
    pub(crate) ts: String,
    pub(crate) decision: Decision,
    /// The code of the question, for `insforge approve`. All lines of a question have the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    /// Where a person answered: `terminal`, `page` or `other-terminal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<String>,
    /// The command line, if it can be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) command: Option<String>,
    /// `Delete product prod_1 at Stripe`.
    pub(crate) change: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) environment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) backend: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) account: Option<String>,
    /// Why an approval was needed, or what was weakened.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) because: Vec<String>,
    #[serde(flatten)]
    pub(crate) brief: Brief,
    /// The first lines of the requests.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) requests: Vec<String>,
}

impl AuditEntry {
    /// An entry of this moment, with nothing but a decision about a change.
    pub(crate) fn now(decision: Decision, change: String) -> Self {
        Self {
            ts: jiff::Timestamp::now().round(jiff::Unit::Second).unwrap_or_default().to_string(),
            decision,
            code: None,
            by: None,
            command: None,
            change,
            environment: None,
            backend: None,
            account: None,
            because: Vec::new(),
            brief: Brief::default(),
            requests: Vec::new(),
        }
    }

    /// Masks secrets and replaces unsafe characters in every text from outside.
    fn cleaned(mut self) -> Self {
        let Self { command, change, environment, backend, account, because, brief, requests, .. } = &mut self;
        let Brief { reason, impact, recommendation } = brief;
        let optional = [command, environment, backend, account, reason, impact, recommendation];
        let texts = optional.into_iter().flatten().chain([change]).chain(because).chain(requests);
        for text in texts {
            *text = clean_line(&redact(text)).into_owned();
        }
        self
    }
}

/// A line of the audit trail that was read. A later version may have written it, so any decision and any field is valid.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AuditLine(Map<String, Value>);

impl AuditLine {
    /// Reads a line. `None` if it is not an object with a time and a decision. Secrets are masked, because a program can
    /// have written them.
    fn read(line: &[u8]) -> Option<Self> {
        let line = redact(std::str::from_utf8(line).ok()?);
        let line = Self(serde_json::from_str(&line).ok()?);
        (line.text("ts").is_some() && line.text("decision").is_some()).then_some(line)
    }

    /// A field that is a text.
    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        self.0.get(field).and_then(Value::as_str)
    }

    /// All fields.
    pub(crate) const fn fields(&self) -> &Map<String, Value> {
        &self.0
    }
}

/// The newest lines of the audit trail.
#[derive(Debug, Default)]
pub(crate) struct NewestLines {
    /// The newest first.
    pub(crate) lines: Vec<AuditLine>,
    /// How many lines among them cannot be read.
    pub(crate) invalid: usize,
    /// How many older lines there are.
    pub(crate) older: usize,
    /// Whether the file is too long to be read as a whole.
    pub(crate) is_cut: bool,
}

/// The file with the audit trail.
#[derive(Clone, Debug)]
pub(crate) struct AuditTrail {
    pub(crate) path: PathBuf,
}

impl AuditTrail {
    /// The file of the current user.
    pub(crate) fn find() -> Result<Self, Failure> {
        Ok(Self { path: UserPaths::find()?.audit_trail })
    }

    /// Adds a line. What cannot be recorded must not happen, so the caller stops at an error.
    pub(crate) fn append(&self, entry: &AuditEntry) -> Result<(), Failure> {
        // Another process can hold the lock of the file.
        interrupt::watch();
        let entry = entry.clone().cleaned();
        let line = serde_json::to_string(&entry).map_err(|_| Failure::usage("The entry is not JSON"))?;
        Ok(files::append(&self.path, &line)?)
    }

    /// The newest lines, at most `limit`. A missing file has none.
    pub(crate) fn newest(&self, limit: usize) -> Result<NewestLines, Failure> {
        let (bytes, is_whole) = files::read_last_lines(&self.path, MAX_READ)?;
        let mut lines = bytes.split(|byte| *byte == b'\n').rev().filter(|line| !line.trim_ascii().is_empty());
        let mut newest = NewestLines { is_cut: !is_whole, ..NewestLines::default() };
        while newest.lines.len() < limit
            && let Some(line) = lines.next()
        {
            match AuditLine::read(line) {
                Some(line) => newest.lines.push(line),
                None => newest.invalid += 1,
            }
        }
        newest.older = lines.count();
        Ok(newest)
    }

    /// The last line about a question.
    pub(crate) fn last_of(&self, code: &str) -> Result<Option<AuditLine>, Failure> {
        let newest = self.newest(usize::MAX)?;
        Ok(newest.lines.into_iter().find(|line| line.text("code") == Some(code)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trail_of(content: &[u8]) -> (tempfile::TempDir, AuditTrail) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("guard-audit.jsonl");
        std::fs::write(&path, content).unwrap();
        (directory, AuditTrail { path })
    }

    #[test]
    fn an_entry_is_one_line_without_secrets() {
        let (_directory, trail) = trail_of(b"");
        let key = "sk_test_51auditAUDITaudit";
        let text = || format!("first {key}\nsecond \u{1b}[2J");
        let entry = AuditEntry {
            code: Some("k7qp-2m4x".to_owned()),
            by: Some("page".to_owned()),
            command: Some(text()),
            environment: Some(text()),
            backend: Some(text()),
            account: Some(text()),
            because: vec![text()],
            brief: Brief::new(Some(text()), Some(text()), Some(text())),
            requests: vec![text()],
            ..AuditEntry::now(Decision::Approved, text())
        };
        trail.append(&entry).unwrap();
        let written = std::fs::read_to_string(&trail.path).unwrap();
        assert_eq!(written.lines().count(), 1, "{written}");
        assert!(!written.contains(key) && !written.contains("\\u001b"), "{written}");
        assert_eq!(written.matches("first sk_test_****udit second \u{fffd}[2J").count(), 10, "{written}");
        let newest = trail.newest(1).unwrap();
        assert_eq!(newest.lines[0].text("decision"), Some("approved"));
        assert_eq!(trail.last_of("k7qp-2m4x").unwrap().as_ref(), newest.lines.first());
        assert_eq!(trail.last_of("other").unwrap(), None);
    }

    #[test]
    fn lines_of_later_versions_are_valid_and_broken_lines_are_counted() {
        let content = b"{\"ts\":\"1\",\"decision\":\"asked\"}\n\n{\"ts\":\"2\",\"decis\n\xff\n[1]\n{\"ts\":\"3\"}\n\
            {\"ts\":\"4\",\"decision\":\"revoked\",\"change\":[1],\"new\":{\"a\":1.0}}\n  \r\n{\"ts\":\"5\",\"decision\":\"asked\"}";
        let (_directory, trail) = trail_of(content);
        let times = |newest: &NewestLines| {
            newest.lines.iter().map(|line| line.text("ts").unwrap().to_owned()).collect::<Vec<_>>()
        };
        let all = trail.newest(10).unwrap();
        assert_eq!((times(&all).join(" "), all.invalid, all.older), ("5 4 1".to_owned(), 4, 0));
        let later = &all.lines[1];
        assert_eq!((later.text("decision"), later.text("change")), (Some("revoked"), None));
        assert_eq!(later.fields()["new"].to_string(), "{\"a\":1.0}");
        let two = trail.newest(2).unwrap();
        assert_eq!((times(&two).join(" "), two.invalid, two.older), ("5 4".to_owned(), 0, 5));
    }
}

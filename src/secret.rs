//! A type for secrets, and the redactor of everything that is written to stderr or comes from a backend.
//!
//! This process remembers the secrets that it reads to send or to store them. They are masked in all [`forms`]. Other keys
//! are recognized by their [`prefixes`].

mod forms;
mod prefixes;
mod variables;

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use memchr::memmem;
use zeroize::Zeroize;

use crate::input::BOM;
use forms::{LONGEST_ESCAPE, Pattern, Searcher, is_searchable};
use prefixes::{is_public, mask, redact_by_prefix};
pub(crate) use variables::redact_variable;

/// The quotes that shells, editors and web pages put around a text.
const QUOTES: [char; 7] = ['"', '\'', '`', '“', '”', '‘', '’'];

/// A secret. It is never printed, and wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    /// Trims the white space and the byte order mark that files and pipes add.
    pub(crate) fn new(mut text: String) -> Self {
        let secret = Self(text.trim_matches(|c: char| c == BOM || c.is_whitespace()).to_owned());
        text.zeroize();
        secret
    }

    /// A secret that is read to be sent or stored. From now on, it is masked in all output.
    pub(crate) fn remembered(text: String) -> Self {
        let secret = Self::new(text);
        secret.remember();
        secret
    }

    /// Masks this secret in all output from now on.
    pub(crate) fn remember(&self) {
        if !is_searchable(&self.0) || is_public(&self.0) {
            return;
        }
        let mut all = remembered();
        if !all.iter().any(|other| other.secret == *self) {
            all.push(Arc::new(Remembered { secret: self.clone(), patterns: OnceLock::new() }));
        }
    }

    /// The secret in plain text.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The reason why it cannot be a key of any service, as the end of a sentence that begins with “the key”.
    pub(crate) fn flaw(&self) -> Option<&'static str> {
        if self.is_empty() {
            Some("is empty")
        } else if self.is_quoted() {
            Some("is in quotes, which are not part of a key: remove them")
        } else if self.0.contains(QUOTES) {
            Some("contains a quote, which no key has")
        } else if self.0.contains(char::is_whitespace) {
            Some("contains white space")
        } else if !self.0.chars().all(|c| c.is_ascii_graphic()) {
            Some("contains characters that no key has")
        } else {
            None
        }
    }

    /// Whether it has quotes around it, as in a file that a shell was meant to read.
    pub(crate) fn is_quoted(&self) -> bool {
        self.0.chars().count() > 1 && self.0.starts_with(QUOTES) && self.0.ends_with(QUOTES)
    }

    /// The masked form that the backend uses in `status`: the prefix, four stars and the last four characters
    /// (`sk_test_****1234`).
    pub(crate) fn masked(&self) -> String {
        mask(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(****)")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// A secret of this run.
struct Remembered {
    secret: Secret,
    /// What it can look like. Most runs search no text.
    patterns: OnceLock<Arc<[Pattern]>>,
}

/// The secrets of this run. They are not in its context, because a panic is reported from anywhere.
static REMEMBERED: Mutex<Vec<Arc<Remembered>>> = Mutex::new(Vec::new());

fn remembered() -> MutexGuard<'static, Vec<Arc<Remembered>>> {
    REMEMBERED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Wipes the secrets of this run, at its end.
pub(crate) fn forget() {
    remembered().clear();
}

/// Makes the system write no core dump of this process, and lets no other process of the user read its memory. A program
/// that this process starts is not affected.
pub(crate) fn prevent_core_dumps() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        // It only fails for an unknown behavior.
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

/// Masks secrets in texts.
pub(crate) struct Masker {
    secrets: Vec<Arc<Remembered>>,
    searcher: Searcher,
}

impl Masker {
    /// Masks the secrets of this run in texts that have this many bytes in all. `None` if it has no secrets.
    pub(crate) fn of_this_run(bytes: usize) -> Option<Self> {
        let secrets = remembered().clone();
        let patterns = |secret: &Arc<Remembered>| {
            Arc::clone(secret.patterns.get_or_init(|| Pattern::of(secret.secret.expose())))
        };
        let searcher = Searcher::new(secrets.iter().map(patterns).collect(), bytes);
        (!secrets.is_empty()).then_some(Self { secrets, searcher })
    }

    /// The text with the secrets masked, in all their forms.
    pub(crate) fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let hits = self.searcher.hits(text);
        if hits.is_empty() {
            return text.into();
        }
        let mut out = String::with_capacity(text.len());
        let mut copied = 0;
        for (place, secret) in hits {
            out.push_str(&text[copied..place.start]);
            out.push_str(&self.secrets[secret].secret.masked());
            copied = place.end;
        }
        out.push_str(&text[copied..]);
        out.into()
    }
}

/// Whether a text has a secret of this run as it is, which is found fast.
pub(crate) fn has_plain_secret(text: &[u8]) -> bool {
    let all = remembered().clone();
    all.iter().any(|one| memmem::find(text, one.secret.expose().as_bytes()).is_some())
}

/// Masks the secrets of this run, and everything that looks like a key. Call it before a text is cut: half a secret is not
/// recognized.
pub(crate) fn redact(text: &str) -> Cow<'_, str> {
    match Masker::of_this_run(text.len()).map(|masker| masker.mask(text)) {
        Some(Cow::Owned(masked)) => redact_by_prefix(&masked).into_owned().into(),
        _ => redact_by_prefix(text),
    }
}

/// Redacts the beginning of a text that goes on elsewhere. Its end is dropped, because it can be half a secret.
pub(crate) fn redact_beginning(text: &str) -> Cow<'_, str> {
    let longest = remembered().iter().map(|one| one.secret.expose().len()).max().unwrap_or_default();
    let redacted = redact(text);
    let mut ends = (0..=redacted.len().saturating_sub(LONGEST_ESCAPE * longest)).rev();
    let end = ends.find(|end| redacted.is_char_boundary(*end)).unwrap_or_default();
    match redacted {
        Cow::Borrowed(text) => text[..end].into(),
        Cow::Owned(mut text) => {
            text.truncate(end);
            text.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_hides_the_secret() {
        assert_eq!(format!("{:?}", Secret::new("ik_secret".into())), "Secret(****)");
    }

    #[test]
    fn secrets_of_this_run_are_masked_by_their_value() {
        for secret in ["hush4redact\"4hush", "sk_test_redact1234", "redact4hush4é"] {
            Secret::remembered(secret.to_owned());
        }
        for (text, redacted) in [
            ("no hush4redact\"4hush, no REDACT4HUSH4é", "no ****hush, no ****"),
            ("Bearer sk_test_redact1234.", "Bearer sk_test_****1234."),
            ("sk_test_redact1234sk_test_redact1234", "sk_test_****1234sk_test_****1234"),
            ("hush4redact\"4hush4redact\"4hush", "****hush"),
            ("sk_test_redact123 sk_live_other1234", "sk_test_****t123 sk_live_****1234"),
            ("sk_test_redact\u{fffd}1234", "sk_test_****1234"),
            ("c2tfdGVzdF9yZWRhY3QxMjM0 6F8", "sk_test_****1234 6F8"),
            ("test sk_test_ and ****hush", "test sk_test_ and ****hush"),
        ] {
            assert_eq!(redact(text), redacted, "{text}");
        }
        assert!(has_plain_secret(b"\xffsk_test_redact1234\xff") && !has_plain_secret(b"sk_test_redact"));
    }

    #[test]
    fn the_beginning_of_a_text_ends_before_half_a_secret() {
        Secret::remembered("beginning4hush".to_owned());
        let text = "x".repeat(1000) + "beginning4hus";
        let shown = redact_beginning(&text);
        assert!((800..1000).contains(&shown.len()) && shown.bytes().all(|byte| byte == b'x'), "{shown}");
        assert_eq!(redact_beginning("beginning4hus"), "");
    }

    #[test]
    fn what_is_public_or_too_short_is_not_masked() {
        for public in ["ik_sandbox", "sk_test_", "whsec_", "test", "x1", "", "1234"] {
            Secret::remembered(public.to_owned());
            assert!(remembered().iter().all(|one| one.secret.expose() != public), "{public}");
        }
    }

    /// The other tests do not depend on it.
    #[cfg(target_os = "linux")]
    #[test]
    fn the_process_writes_no_core_dump() {
        use rustix::process::{DumpableBehavior, dumpable_behavior};
        prevent_core_dumps();
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
    }
}

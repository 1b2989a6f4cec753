//! Golden files with one entry for each kind of reply. The replies of an older backend are kept as differences from the
//! newer's.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use similar::{ChangeTag, TextDiff};

use super::all_formats::{AllFormats, lines};
use super::recordings::Generation;
use super::{RunOutput, zeroed_timestamps};

/// The prefixes of the providers' ids.
const ID_PREFIXES: [&str; 16] = [
    "acct", "ch", "cus", "cust", "in", "inv", "item", "pay", "pi", "plan", "price", "prod", "re", "si",
    "sub", "we",
];
/// The shortest random part of an id.
const SHORTEST_ID: usize = 14;
const HEADER: &str =
    "# Ids are numbered, and timestamps are zeros. The first entry of each command has all formats.\n";
const ROUTES: &str =
    "# Their routes, `/api/payments/…`, are written as the newer's, `/api/payments/stripe/…`.\n";
/// Longer lists are shown as a table only.
const MOST_ROWS: usize = 2;

/// The entries to show: a title, and the name of the exchange that is shown, without its number.
pub type Shown = [(&'static str, &'static str)];

/// The entries of a golden file, and the kinds of reply that were seen.
pub struct Replies {
    shown: &'static Shown,
    /// By the name of the exchange.
    entries: BTreeMap<String, Entry>,
    /// An exchange for each kind of reply.
    seen: BTreeMap<String, String>,
    covered: BTreeSet<String>,
}

struct Entry {
    command: String,
    text: String,
    /// In all formats, if there are not too many rows.
    in_all_formats: Option<String>,
}

impl Replies {
    pub fn new(shown: &'static Shown) -> Self {
        Self { shown, entries: BTreeMap::new(), seen: BTreeMap::new(), covered: BTreeSet::new() }
    }

    /// Whether an exchange has an entry.
    pub fn shows(&self, name: &str) -> bool {
        self.shown.iter().any(|(_, shown)| *shown == name)
    }

    /// Notes the kind of a reply: the command of a success, the code of an error.
    pub fn note_kind(&mut self, name: &str, words: &[String], json: &RunOutput) {
        let kind = if json.code == 0 {
            command(words)
        } else {
            let error = json.error();
            format!("{} {} exit {}", error["code"].as_str().expect("a code"), error["status"], json.code)
        };
        if self.shows(name) {
            self.covered.insert(kind.clone());
        }
        self.seen.entry(kind).or_insert_with(|| name.to_owned());
    }

    /// Adds an entry. `normalize` replaces what differs between runs.
    pub fn record(
        &mut self,
        name: &str,
        words: &[String],
        line: &str,
        formats: &AllFormats,
        normalize: impl Fn(&str) -> String,
    ) {
        let equal = |text: &str| numbered_ids(&zeroed_timestamps(&normalize(text)));
        let is_short = formats.has_result() && formats.jsonl.stdout.lines().count() <= MOST_ROWS;
        let entry = Entry {
            command: command(words),
            text: equal(&entry(line, formats)),
            in_all_formats: is_short.then(|| equal(&entry_in_all_formats(line, formats))),
        };
        self.entries.insert(name.to_owned(), entry);
    }

    /// The headings and texts of all entries. Panics if a kind of reply has no entry.
    #[track_caller]
    fn rendered(&self) -> Vec<(String, &str)> {
        let missing: Vec<_> = self.seen.iter().filter(|(kind, _)| !self.covered.contains(*kind)).collect();
        assert!(missing.is_empty(), "these kinds of reply have no entry: {missing:#?}");
        let mut commands = BTreeSet::new();
        let render = |(title, name): &(&str, &str)| {
            let entry = self.entries.get(*name).unwrap_or_else(|| panic!("{name} was not recorded"));
            let in_all_formats = entry.in_all_formats.as_deref().filter(|_| commands.insert(&entry.command));
            (format!("{title} ({name})"), in_all_formats.unwrap_or(&entry.text))
        };
        self.shown.iter().map(render).collect()
    }

    /// The golden file.
    pub fn text(&self) -> String {
        let mut out = HEADER.to_owned();
        for (heading, text) in self.rendered() {
            let _ = write!(out, "\n# {heading}\n{text}");
        }
        out
    }

    /// The lines that differ from the newer generation's, entry by entry.
    pub fn differences_from(&self, newer: &Self, file: &str) -> String {
        let mut out = format!("# Where the replies of older backends differ from {file}.\n{ROUTES}");
        let mut same = String::new();
        for ((heading, text), (_, other)) in self.rendered().iter().zip(newer.rendered()) {
            if *text == other {
                let _ = writeln!(same, "#   {heading}");
                continue;
            }
            let _ = writeln!(out, "\n# {heading}");
            for change in TextDiff::from_lines(other, *text).iter_all_changes() {
                match change.tag() {
                    ChangeTag::Delete => out.push('-'),
                    ChangeTag::Insert => out.push('+'),
                    ChangeTag::Equal => continue,
                }
                out.push_str(change.value());
            }
        }
        format!("{out}\n# The same in both generations:\n{same}")
    }
}

/// The words before the environment and the flags.
fn command(words: &[String]) -> String {
    let is_name = |word: &&String| !["test", "live"].contains(&word.as_str()) && !word.starts_with('-');
    words.iter().take_while(is_name).cloned().collect::<Vec<_>>().join(" ")
}

/// The replies of the newer and of the older generation.
pub fn both_generations(replies: impl Fn(Generation) -> Replies + Sync) -> [Replies; 2] {
    std::thread::scope(|scope| {
        [Generation::Newer, Generation::Older]
            .map(|generation| {
                scope.spawn({
                    let replies = &replies;
                    move || replies(generation)
                })
            })
            .map(|thread| thread.join().expect("the replies"))
    })
}

/// A command line with its text output, and the fields of its error that the text does not have. [`AllFormats::check`] compares
/// the others.
pub fn entry(line: &str, formats: &AllFormats) -> String {
    let AllFormats { table, json, .. } = formats;
    let mut text = format!("$ insforge {line}\n{}{}exit {}\n", table.stdout, table.stderr, table.code);
    for mut error in lines(&json.stderr).into_iter().filter(|line| line.get("error").is_some()) {
        let fields = error.as_object_mut().expect("an object");
        fields.retain(|name, _| !["error", "why", "hint"].contains(&name.as_str()));
        let _ = writeln!(text, "$ … --json | del(.error, .why, .hint)\n{error}");
    }
    text
}

/// An entry with the JSON, the CSV and the ids. JSON lines are left out: they are the rows of the JSON.
fn entry_in_all_formats(line: &str, formats: &AllFormats) -> String {
    let AllFormats { json, csv, ids, .. } = formats;
    let mut text = entry(line, formats);
    let _ = write!(text, "$ … --json\n{}$ … -o csv\n{}", json.stdout, csv.stdout);
    if formats.has_ids() {
        let _ = write!(text, "$ … -o ids\n{}", ids.stdout);
    }
    text
}

/// Numbers ids by their first appearance and keeps their width. Each recording has other ids.
fn numbered_ids(text: &str) -> String {
    let mut known: Vec<&str> = Vec::new();
    let mut out = String::new();
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut rest = text;
    while let Some(start) = rest.find(is_word) {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let word = &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())];
        rest = &rest[word.len()..];
        match word.split_once('_') {
            Some((prefix, random))
                if ID_PREFIXES.contains(&prefix) && random.len() >= SHORTEST_ID && !random.contains('_') =>
            {
                let number = known.iter().position(|id| *id == word).unwrap_or_else(|| {
                    known.push(word);
                    known.len() - 1
                });
                let _ = write!(out, "{prefix}_{:0width$}", number + 1, width = random.len());
            }
            _ => out.push_str(word),
        }
    }
    out + rest
}

use std::borrow::Cow;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::error::{Code, CodeInfo, Exit, Failure, all_codes};
use crate::runner::{Command, CommandSpec, Completes, Ctx};
use crate::ui::{Column, Line, Mark, Page, Section, Show, Tables, json_text};

/// Explain an error or warning code: its meaning, its cause, and what to do
///
/// A number is an exit code, such as 6, or an HTTP status, such as 404: it lists the codes that have it. Without a code it
/// lists every code of this tool and of the backend. It sends no request.
#[derive(Args)]
#[command(add = CommandSpec::reads::<Self>("OUTCOME_UNKNOWN --json").note("contacts no backend"))]
pub(crate) struct Explain {
    /// A code such as OUTCOME_UNKNOWN, an exit code or an HTTP status; case does not matter
    #[arg(value_name = "CODE", add = Completes::Codes)]
    code: Option<String>,
}

impl Command for Explain {
    type Reply = Explanation;

    async fn run(&self, _ctx: &Ctx) -> Result<Self::Reply> {
        match &self.code {
            None => Ok(Explanation::All(all_codes().collect())),
            Some(code) => Ok(match code.trim().parse() {
                Ok(number) => Explanation::Number(NumberInfo::find(number)?),
                Err(_) => Explanation::One(find(code)?),
            }),
        }
    }
}

/// What a number means, and the codes that have it.
pub(crate) struct NumberInfo {
    /// Its name as a field of JSON.
    field: &'static str,
    number: u16,
    title: String,
    meaning: Option<&'static str>,
    codes: Vec<&'static CodeInfo>,
}

impl NumberInfo {
    fn find(number: u16) -> Result<Self, Failure> {
        if let Some(exit) = Exit::ALL.into_iter().find(|exit| u16::from(exit.code()) == number) {
            let codes = all_codes().filter(|info| info.exits.contains(&exit)).collect();
            let (title, meaning) = (format!("exit code {number}"), Some(exit.meaning()));
            return Ok(Self { field: "exitCode", number, title, meaning, codes });
        }
        if !matches!(number, 400..=599) {
            return Err(Failure::new(
                Code::UnknownCode,
                format!("{number} is neither an exit code of this tool nor the HTTP status of an error"),
            )
            .hint("run `insforge help exit-codes` to list the exit codes"));
        }
        let has_status = |info: &&CodeInfo| info.statuses.contains(&number);
        // A response of another server can have any status.
        let temporary = all_codes().any(|info| info.code == ANY_STATUS && has_status(&info));
        let is_lasting = |info: &&CodeInfo| !temporary && info.code == Code::ResponseInvalid.as_str();
        let codes = all_codes().filter(|info| has_status(info) || is_lasting(info)).collect();
        Ok(Self { field: "status", number, title: format!("HTTP status {number}"), meaning: None, codes })
    }
}

/// The row for the temporary errors of other servers: `HTTP_` and the status.
const ANY_STATUS: &str = "HTTP_nnn";

fn find(code: &str) -> Result<&'static CodeInfo, Failure> {
    let upper = code.trim().to_uppercase().replace('-', "_");
    let status = upper.strip_prefix("HTTP_").filter(|rest| rest.len() == 3);
    let is_status = status.is_some_and(|rest| rest == "NNN" || rest.chars().all(|c| c.is_ascii_digit()));
    let wanted = if is_status { ANY_STATUS } else { &upper };
    all_codes().find(|info| info.code == wanted).ok_or_else(|| {
        let similar = similar(&upper);
        let list = "run `insforge explain` to list every code";
        let hint = match similar[..] {
            [] => list.to_owned(),
            _ => format!("did you mean {}? {list}", similar.join(" or ")),
        };
        Failure::new(Code::UnknownCode, format!("`{code}` is not a known code")).hint(hint)
    })
}

/// The codes that contain the word or are contained in it, or else those that differ in a few letters.
fn similar(upper: &str) -> Vec<&'static str> {
    let overlaps = |code: &&str| upper.len() >= 3 && (code.contains(upper) || upper.contains(code));
    let overlapping: Vec<&str> = all_codes().map(|info| info.code).filter(overlaps).take(4).collect();
    if !overlapping.is_empty() {
        return overlapping;
    }
    let mut all: Vec<(usize, &str)> =
        all_codes().map(|info| (strsim::levenshtein(upper, info.code), info.code)).collect();
    all.sort_unstable();
    all.into_iter()
        .filter(|(distance, code)| distance * 3 <= code.len())
        .map(|(_, code)| code)
        .take(3)
        .collect()
}

/// One code, all of them, or those of a number.
pub(crate) enum Explanation {
    All(Vec<&'static CodeInfo>),
    One(&'static CodeInfo),
    Number(NumberInfo),
}

impl Show for Explanation {
    const TABLES: Tables = &[COLUMNS];

    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        json_text(&match self {
            Self::All(all) => all.iter().copied().map(object).collect(),
            Self::One(info) => object(info),
            Self::Number(NumberInfo { field, number, meaning, codes, .. }) => {
                let codes: Value = codes.iter().copied().map(object).collect();
                json!({*field: number, "meaning": meaning, "codes": codes})
            }
        })
    }

    fn page(&self) -> Page<'_> {
        match self {
            Self::All(all) => Section::new(COLUMNS, all.iter().copied().map(row)).into(),
            Self::One(info) => Page { lines: lines(info), ..Page::default() },
            Self::Number(number) => {
                let heading = Line::new(Mark::Heading, 0, number.title.as_str());
                let meaning = number.meaning.map(|meaning| Line::new(Mark::None, 1, meaning));
                let gap = (!number.codes.is_empty()).then(|| Line::new(Mark::None, 0, ""));
                let codes = Section::new(COLUMNS, number.codes.iter().copied().map(row));
                Page { lines: std::iter::once(heading).chain(meaning).chain(gap).collect(), ..codes.into() }
            }
        }
    }

    fn ids(&self) -> Vec<&str> {
        match self {
            Self::All(all) => all.iter().map(|info| info.code).collect(),
            Self::One(info) => vec![info.code],
            Self::Number(number) => number.codes.iter().map(|info| info.code).collect(),
        }
    }
}

const COLUMNS: &[Column] = &[
    Column::new("Code"),
    Column::new("Origin"),
    Column::new("Exit"),
    Column::new("Retryable"),
    Column::new("Meaning"),
];

fn row(info: &CodeInfo) -> Vec<Cow<'_, str>> {
    let (exits, retryable) = match info.is_retryable() {
        _ if info.is_warning() => ("-".into(), "-"),
        Some(true) => (exits(info), "Yes"),
        Some(false) => (exits(info), "No"),
        None => (exits(info), "Depends"),
    };
    vec![info.code.into(), info.origin.as_str().into(), exits.into(), retryable.into(), info.meaning.into()]
}

fn exits(info: &CodeInfo) -> String {
    info.exits.iter().map(|exit| exit.code().to_string()).collect::<Vec<_>>().join(", ")
}

fn lines(info: &CodeInfo) -> Vec<Line<'_>> {
    let origin = info.origin.as_str();
    let (kind, retry) = if info.is_warning() {
        (format!("warning of the {origin}; does not make a run fail"), None)
    } else {
        let retry = match info.is_retryable() {
            Some(true) => "yes: running the same command again is safe and may succeed",
            Some(false) => "no; fix the cause first",
            None => "depends: see `retryable` in the error as JSON, which is true for exit code 8",
        };
        (format!("error of the {origin}; exit code {}", exits(info)), Some(retry))
    };
    let mut lines = vec![Line::new(Mark::Heading, 0, info.code), Line::new(Mark::Dimmed, 1, kind)];
    let texts = [
        ("Meaning", Some(info.meaning)),
        ("Cause", Some(info.cause)),
        ("What to do", Some(info.remedy)),
        ("Retry", retry),
    ];
    for (name, text) in texts {
        lines.extend(text.map(|text| Line::new(Mark::None, 1, format!("{:<12}{text}", format!("{name}:")))));
    }
    lines
}

/// A code as JSON.
pub(super) fn object(info: &CodeInfo) -> Value {
    json!({
        "code": info.code,
        "origin": info.origin.as_str(),
        "kind": if info.is_warning() { "warning" } else { "error" },
        "meaning": info.meaning,
        "cause": info.cause,
        "fix": info.remedy,
        "retryable": info.is_retryable(),
        "exitCode": info.exits.first().map(|exit| exit.code()),
        "exitCodes": info.exits.iter().map(|exit: &Exit| exit.code()).collect::<Vec<_>>(),
    })
}

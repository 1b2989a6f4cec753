use std::borrow::Cow;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::catalog::file::distance;
use crate::error::{Code, Exit, Failure, Known, known};
use crate::runner::{Command, Ctx};
use crate::ui::{Column, Line, Mark, Page, Section, Show, Tables};

/// Say what an error's or a warning's code means, what leads to it, and what to do
///
/// Without a code it lists every code that this tool or the backend gives. It asks no backend.
#[derive(Args)]
pub(crate) struct Explain {
    /// The code, such as OUTCOME_UNKNOWN; upper and lower case are the same
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

impl Command for Explain {
    type Reply = Explained;

    async fn run(&self, _ctx: &Ctx) -> Result<Self::Reply> {
        match &self.code {
            None => Ok(Explained::All(known().collect())),
            Some(word) => Ok(Explained::One(find(word)?)),
        }
    }
}

/// What a code is called where the backend gave none: `HTTP_` and the status.
const OF_STATUS: &str = "HTTP_nnn";

fn find(word: &str) -> Result<Known, Failure> {
    let upper = word.trim().to_uppercase().replace('-', "_");
    let status = upper.strip_prefix("HTTP_").filter(|rest| rest.len() == 3);
    let is_status = status.is_some_and(|rest| rest == "NNN" || rest.chars().all(|c| c.is_ascii_digit()));
    let wanted = if is_status { OF_STATUS } else { &upper };
    known().find(|known| known.code == wanted).ok_or_else(|| {
        let near = near(&upper);
        let hint = if near.is_empty() {
            "`insforge explain` lists every code".to_owned()
        } else {
            format!("it may be {}; `insforge explain` lists every code", near.join(" or "))
        };
        Failure::new(Code::UnknownCode, format!("There is no code `{word}`")).hint(hint)
    })
}

/// Which codes may be meant: those that have the word in them, else those that are a few letters away.
fn near(upper: &str) -> Vec<&'static str> {
    let has = |code: &&str| upper.len() >= 3 && (code.contains(upper) || upper.contains(code));
    let having: Vec<&str> = known().map(|known| known.code).filter(has).take(4).collect();
    if !having.is_empty() {
        return having;
    }
    let mut all: Vec<(usize, &str)> =
        known().map(|known| (distance(upper, known.code), known.code)).collect();
    all.sort_unstable();
    all.into_iter()
        .filter(|(distance, code)| distance * 3 <= code.len())
        .map(|(_, code)| code)
        .take(3)
        .collect()
}

/// One code, or all of them.
pub(crate) enum Explained {
    All(Vec<Known>),
    One(Known),
}

impl Show for Explained {
    const TABLES: Tables = &[COLUMNS];

    fn json(&self) -> serde_json::Result<Cow<'_, Value>> {
        Ok(Cow::Owned(match self {
            Self::All(all) => all.iter().map(object).collect(),
            Self::One(known) => object(known),
        }))
    }

    fn page(&self) -> Page<'_> {
        match self {
            Self::All(all) => Section::new(COLUMNS, all.iter().map(row)).into(),
            Self::One(known) => Page { lines: lines(known), ..Page::default() },
        }
    }

    fn ids(&self) -> Vec<&str> {
        match self {
            Self::All(all) => all.iter().map(|known| known.code).collect(),
            Self::One(known) => vec![known.code],
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

fn row(known: &Known) -> Vec<Cow<'_, str>> {
    let exits = if known.warning { "-".into() } else { exits(known).into() };
    vec![
        known.code.into(),
        known.origin.as_str().into(),
        exits,
        retryable(known).into(),
        known.meaning.into(),
    ]
}

fn exits(known: &Known) -> String {
    known.exits.iter().map(|exit| exit.code().to_string()).collect::<Vec<_>>().join(", ")
}

const fn retryable(known: &Known) -> &'static str {
    match known.retryable {
        _ if known.warning => "-",
        Some(true) => "Yes",
        Some(false) => "No",
        None => "it says",
    }
}

fn lines(known: &Known) -> Vec<Line<'_>> {
    let origin = match (known.warning, known.origin.as_str()) {
        (true, origin) => format!("a warning of the {origin}'s; no run fails because of it"),
        (false, origin) => format!("an error of the {origin}'s; exit code {}", exits(known)),
    };
    let again = match known.retryable {
        _ if known.warning => None,
        Some(true) => Some("running the same command again is safe, and may succeed"),
        Some(false) => {
            Some("running the same command again is of no use or not safe before something else was done")
        }
        None => Some("each error's `retryable` says it; exit code 8 is the same"),
    };
    let mut lines = vec![Line::new(Mark::Heading, 0, known.code), Line::new(Mark::Dimmed, 1, origin)];
    let texts = [
        ("Meaning", Some(known.meaning)),
        ("Cause", Some(known.cause)),
        ("What to do", Some(known.fix)),
        ("Again", again),
    ];
    for (name, text) in texts {
        lines.extend(text.map(|text| Line::new(Mark::None, 1, format!("{:<12}{text}", format!("{name}:")))));
    }
    lines
}

/// A code for programs.
pub(super) fn object(known: &Known) -> Value {
    json!({
        "code": known.code,
        "origin": known.origin.as_str(),
        "kind": if known.warning { "warning" } else { "error" },
        "meaning": known.meaning,
        "cause": known.cause,
        "fix": known.fix,
        "retryable": known.retryable,
        "exitCode": known.exits.first().map(|exit| exit.code()),
        "exitCodes": known.exits.iter().map(|exit: &Exit| exit.code()).collect::<Vec<_>>(),
    })
}

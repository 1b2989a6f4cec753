use std::borrow::Cow;
use std::num::NonZeroUsize;

use anyhow::Result;
use clap::Args;
use serde_json::{Map, Value, json};

use crate::approval::{AuditLine, AuditTrail};
use crate::error::{Warning, WarningCode};
use crate::runner::{Command, CommandSpec, Ctx, run_blocking};
use crate::ui::{Column, Page, RowLists, Section, Show, Tables, counted, dash, json_text, short_date};
use crate::wire::fields::Fields;

/// List what was asked, approved, denied and bypassed, the newest first
///
/// Every question, every answer and every bypass is a line of guard-audit.jsonl in the state directory. A question and its
/// answer have the same code. The command contacts no backend.
#[derive(Args)]
#[command(add = CommandSpec::reads::<Self>("--json").note("contacts no backend"))]
pub(crate) struct Approvals {
    /// Maximum number of entries
    #[arg(long, value_name = "N", default_value = "50", value_parser = read_limit)]
    limit: NonZeroUsize,
}

impl Command for Approvals {
    type Reply = ApprovalList;
    const HAS_IDS: bool = false;

    fn doing(&self) -> Cow<'static, str> {
        "Reading the audit trail…".into()
    }

    async fn run(&self, _ctx: &Ctx) -> Result<ApprovalList> {
        let limit = self.limit.get();
        run_blocking(move || ApprovalList::read(&AuditTrail::find()?, limit)).await
    }
}

fn read_limit(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "the limit must be a number greater than zero".to_owned())
}

/// Entries of the audit trail.
pub(crate) struct ApprovalList {
    lines: Vec<AuditLine>,
    warnings: Vec<Warning>,
}

impl ApprovalList {
    fn read(trail: &AuditTrail, limit: usize) -> Result<Self> {
        let newest = trail.newest(limit)?;
        let path = trail.path.display();
        let mut warnings = Vec::new();
        if newest.invalid > 0 {
            let text = format!("{} of {path} cannot be read", counted(newest.invalid, "line"));
            warnings.push(Warning { code: WarningCode::AuditLineInvalid, text });
        }
        if newest.older > 0 {
            let all = newest.lines.len() + newest.older;
            let older = if newest.older == 1 { "entry" } else { "entries" };
            let text = format!("there are {} older {older}; use --limit {all} to list all", newest.older);
            warnings.push(Warning { code: WarningCode::ListTruncated, text });
        } else if newest.is_cut {
            let text = format!("there are older entries in {path}, of which only the end is read");
            warnings.push(Warning { code: WarningCode::ListTruncated, text });
        }
        Ok(Self { lines: newest.lines, warnings })
    }
}

/// The documented fields, in the order of the JSON.
const FIELDS: Fields = &[
    "ts",
    "decision",
    "code",
    "by",
    "change",
    "environment",
    "backend",
    "account",
    "command",
    "because",
    "reason",
    "impact",
    "recommendation",
    "requests",
];

/// An entry with all documented fields. Those of a later version follow.
fn object(line: &AuditLine) -> Value {
    let fields = line.fields();
    let documented =
        FIELDS.iter().map(|name| ((*name).to_owned(), fields.get(*name).cloned().unwrap_or_default()));
    let others = fields.iter().filter(|(name, _)| !FIELDS.contains(&name.as_str()));
    let others = others.map(|(name, value)| (name.clone(), value.clone()));
    Value::Object(documented.chain(others).collect::<Map<_, _>>())
}

impl Show for ApprovalList {
    const ROWS: RowLists = &[("approvals", "approval", FIELDS)];
    const TABLES: Tables = &[&[
        Column::new("Time"),
        Column::new("Code"),
        Column::new("Decision"),
        Column::new("Env"),
        Column::text("Change"),
        Column::spare("By"),
        Column::text("Reason").if_it_fits(),
        Column::spare("Account"),
    ]];

    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        json_text(&json!({"approvals": self.lines.iter().map(object).collect::<Vec<Value>>()}))
    }

    fn page(&self) -> Page<'_> {
        let rows = self.lines.iter().map(|line| {
            let cell = |name: &str| dash(line.text(name));
            vec![
                short_date(line.text("ts")),
                cell("code"),
                cell("decision"),
                cell("environment"),
                cell("change"),
                cell("by"),
                cell("reason"),
                cell("account"),
            ]
        });
        let empty = "No approvals found.".to_owned();
        Page { empty, ..Section::new(Self::TABLES[0], rows).of("approval").into() }
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

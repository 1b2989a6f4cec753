//! In which form the result is wanted.

use crate::error::Failure;
use crate::ui::{Columns, Filter, Tables};

/// How the result is written to stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Output {
    /// For people.
    #[default]
    Table,
    /// The backend's own JSON.
    Json,
    /// A line of JSON for each row.
    Jsonl,
    /// A line for each row, for spreadsheets.
    Csv,
    /// One id a line, for xargs.
    Ids,
}

impl Output {
    /// It is for programs that read JSON.
    pub(crate) const fn is_json(self) -> bool {
        matches!(self, Self::Json | Self::Jsonl)
    }
}

/// All that was said of the result's form.
#[derive(Debug)]
pub(crate) struct OutputOptions {
    pub(crate) output: Output,
    /// The command line says so. What the environment says is preferred where there is a choice.
    pub(crate) named: bool,
    /// Only these columns of the table or of the CSV.
    pub(crate) columns: Option<Columns>,
    /// What is made of the JSON.
    pub(crate) filter: Option<Filter>,
}

impl OutputOptions {
    /// What the flags and the environment come to together.
    pub(crate) fn new(
        named: Option<Output>,
        preferred: Output,
        columns: Option<Columns>,
        filter: Option<Filter>,
    ) -> Result<Self, Failure> {
        let fits = |output: Output| match (&columns, &filter) {
            (None, None) => true,
            (Some(_), _) => matches!(output, Output::Table | Output::Csv),
            (None, Some(_)) => output.is_json(),
        };
        let contradiction = match named {
            _ if columns.is_some() && filter.is_some() => {
                Some(("--columns is for tables and CSV, and --jq for JSON", "leave out one of them"))
            }
            Some(output) if !fits(output) && filter.is_some() => {
                Some(("--jq makes JSON, and -o names another form", "leave out one of them"))
            }
            Some(output) if !fits(output) => Some((
                "--columns is for tables and CSV",
                "add -o csv, or choose fields of the JSON with --jq instead",
            )),
            _ => None,
        };
        if let Some((what, hint)) = contradiction {
            return Err(Failure::usage(what).hint(hint));
        }
        let fallback = if filter.is_some() { Output::Json } else { Output::Table };
        let output = named.unwrap_or(if fits(preferred) { preferred } else { fallback });
        Ok(Self { output, named: named.is_some() || columns.is_some() || filter.is_some(), columns, filter })
    }

    /// The format for a reply with or without ids, which can have these tables. What of it cannot be had is said before
    /// anything is sent.
    pub(super) fn output_for(&self, has_ids: bool, tables: Tables) -> Result<Output, Failure> {
        if let (Output::Table, Some(columns)) = (self.output, &self.columns) {
            if tables.is_empty() {
                return Err(Columns::of_no_table());
            }
            columns.check(tables.iter().copied().flatten().map(|column| column.name))?;
        }
        match self.output {
            Output::Ids if !has_ids && self.named => {
                Err(Failure::usage("This command's result has no ids")
                    .hint("leave out `-o ids`, or use --json"))
            }
            Output::Ids if !has_ids => Ok(Output::Table),
            output => Ok(output),
        }
    }

    /// The format for the results of many, which is a line for each.
    pub(super) fn output_for_many(&self) -> Result<Output, Failure> {
        match self.output {
            Output::Csv | Output::Table if self.named => {
                Err(Failure::usage("A file of many has no table and no CSV: its results come one by one")
                    .hint("use -o jsonl or -o ids, or leave it out"))
            }
            Output::Ids => Ok(Output::Ids),
            _ => Ok(Output::Jsonl),
        }
    }

    /// The format where a command was told to write a form of its own: that one, and no other that is named.
    pub(super) fn beside_own(&self, is_json: bool) -> Result<Output, Failure> {
        let fits = match self.output {
            Output::Table => self.columns.is_none(),
            Output::Json => is_json && self.filter.is_none(),
            _ => false,
        };
        if !self.named {
            return Ok(Output::Table);
        }
        if !fits {
            return Err(Failure::usage("--format names one form, and --json, -o, --jq or --columns another")
                .hint("leave out one of them"));
        }
        Ok(self.output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::ProcessEnv;

    #[test]
    fn flags_go_before_what_is_preferred_and_may_not_contradict_each_other() {
        use Output::{Csv, Ids, Json, Jsonl, Table};
        for (named, preferred, columns, filter, expected) in [
            (None, Table, false, false, Some(Table)),
            (None, Ids, false, false, Some(Ids)),
            (Some(Csv), Json, false, false, Some(Csv)),
            (None, Json, true, false, Some(Table)),
            (None, Csv, true, false, Some(Csv)),
            (Some(Csv), Json, true, false, Some(Csv)),
            (Some(Jsonl), Table, true, false, None),
            (Some(Ids), Table, true, false, None),
            (None, Csv, false, true, Some(Json)),
            (None, Jsonl, false, true, Some(Jsonl)),
            (Some(Jsonl), Table, false, true, Some(Jsonl)),
            (Some(Table), Table, false, true, None),
            (Some(Csv), Table, false, true, None),
            (None, Table, true, true, None),
        ] {
            let columns = columns.then(|| "id".parse().unwrap());
            let filter = filter.then(|| Filter::new(".", &ProcessEnv::default()).unwrap());
            let form = OutputOptions::new(named, preferred, columns, filter);
            assert_eq!(form.ok().map(|form| form.output), expected, "{named:?} {preferred:?}");
        }
    }
}

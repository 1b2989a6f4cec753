//! The output format, and the options that go with it.

use crate::error::Failure;
use crate::ui::{Columns, Filter, RowLists, Tables};

/// The format of the result on stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Output {
    /// A table for people.
    #[default]
    Table,
    /// The backend's own JSON.
    Json,
    /// One line of JSON for each row.
    Jsonl,
    /// Comma-separated values, for spreadsheets.
    Csv,
    /// One id per line, for xargs.
    Ids,
}

impl Output {
    /// Whether it is JSON.
    pub(crate) const fn is_json(self) -> bool {
        matches!(self, Self::Json | Self::Jsonl)
    }
}

/// The output format with its options.
#[derive(Debug)]
pub(crate) struct OutputOptions {
    pub(crate) output: Output,
    /// Whether the command line names it. The environment is only a preference.
    pub(crate) named: bool,
    /// The columns of the table or the CSV; all of them if there are none.
    pub(crate) columns: Option<Columns>,
    /// The --jq filter.
    pub(crate) filter: Option<Filter>,
}

impl OutputOptions {
    /// Combines the flags with the preference from the environment.
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
                Some(("--columns needs a table or CSV, but --jq needs JSON", "omit one of them"))
            }
            Some(output) if !fits(output) && filter.is_some() => {
                Some(("--jq needs JSON, but -o names another format", "omit one of them"))
            }
            Some(output) if !fits(output) => {
                Some(("--columns needs a table or CSV", "add -o csv, or select fields of the JSON with --jq"))
            }
            _ => None,
        };
        if let Some((what, hint)) = contradiction {
            return Err(Failure::usage(what).hint(hint));
        }
        let fallback = if filter.is_some() { Output::Json } else { Output::Table };
        let output = named.unwrap_or(if fits(preferred) { preferred } else { fallback });
        Ok(Self { output, named: named.is_some() || columns.is_some() || filter.is_some(), columns, filter })
    }

    /// The format for a reply with or without ids and with these tables. Fails before anything is sent if the reply does
    /// not have the named format or columns.
    pub(super) fn output_for(
        &self,
        has_ids: bool,
        tables: Tables,
        rows: RowLists,
    ) -> Result<Output, Failure> {
        if let (Output::Table, Some(columns)) = (self.output, &self.columns) {
            if tables.is_empty() {
                return Err(Columns::without_table());
            }
            columns.check(tables, rows)?;
        }
        match self.output {
            Output::Ids if !has_ids && self.named => {
                Err(Failure::usage("This command's result has no ids").hint("omit `-o ids`, or use --json"))
            }
            Output::Ids if !has_ids => Ok(Output::Table),
            output => Ok(output),
        }
    }

    /// The format for the results of bulk input, which are lines.
    pub(super) fn output_for_bulk(&self) -> Result<Output, Failure> {
        match self.output {
            Output::Csv | Output::Table if self.named => {
                Err(Failure::usage("Bulk results are lines; a table or CSV is not available")
                    .hint("use -o jsonl or -o ids, or omit -o"))
            }
            Output::Ids => Ok(Output::Ids),
            _ => Ok(Output::Jsonl),
        }
    }

    /// The format for a command with --format: no other format may be named.
    pub(super) fn output_with_format(&self, is_json: bool) -> Result<Output, Failure> {
        let fits = match self.output {
            Output::Table => self.columns.is_none(),
            Output::Json => is_json && self.filter.is_none(),
            _ => false,
        };
        if !self.named {
            return Ok(Output::Table);
        }
        if !fits {
            return Err(Failure::usage("--format cannot be used with --json, -o, --jq or --columns")
                .hint("omit one of them"));
        }
        Ok(self.output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::ProcessEnv;

    #[test]
    fn flags_override_the_preference_and_must_not_contradict_each_other() {
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
            let options = OutputOptions::new(named, preferred, columns, filter);
            assert_eq!(options.ok().map(|options| options.output), expected, "{named:?} {preferred:?}");
        }
    }
}

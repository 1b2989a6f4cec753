//! The facts about a command that clap does not know. They are attached to the command tree next to the command's
//! arguments, with `#[command(add = CommandSpec::…)]`; help and completion read them from there.

use clap::builder::CommandExt;

use crate::runner::guard::Effect;
use crate::runner::{Command, MultiWrite, Write};
use crate::ui::{KIND, RowLists, Show, Tables, is_same};
use crate::wire::fields::{Fields, is_older};

/// What a command changes, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommandEffect {
    /// Nothing.
    Reads,
    /// The backend's mirror of the provider.
    Syncs,
    /// The provider, and the backend's connection to it.
    Writes,
    /// The same, and it cannot be undone.
    Destroys,
    /// Files and keys on this machine.
    WritesLocally,
    /// The same, and it cannot be undone.
    #[cfg_attr(not(feature = "sandbox"), expect(dead_code, reason = "only `sandbox reset` does this"))]
    DestroysLocally,
}

impl CommandEffect {
    /// How much it changes.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Reads | Self::Syncs => "reads",
            Self::Writes | Self::WritesLocally => "writes",
            Self::Destroys | Self::DestroysLocally => "destroys",
        }
    }

    /// What it changes.
    pub(crate) const fn changes(self) -> &'static str {
        match self {
            Self::Reads => "nothing",
            Self::Syncs => "mirror",
            Self::Writes | Self::Destroys => "provider",
            Self::WritesLocally | Self::DestroysLocally => "machine",
        }
    }

    /// In which environment it asks for confirmation, following [`crate::runner::guard`].
    pub(crate) const fn confirms(self) -> &'static str {
        match self {
            Self::Writes => "live",
            Self::Destroys => "always",
            _ => "never",
        }
    }
}

/// The facts about a command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CommandSpec {
    pub(crate) effect: CommandEffect,
    /// What a caller should know before running it.
    pub(crate) note: &'static str,
    pub(crate) example: Example,
    /// The tables that it can print.
    pub(crate) tables: Tables,
    /// The rows of its JSON.
    pub(crate) rows: RowLists,
    /// The other fields of its JSON.
    pub(crate) fields: Fields,
}

/// An example of a command. It runs in a sandbox with the default data; a test runs each of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Example {
    /// The arguments after the command's name, quoted for a POSIX shell.
    pub(crate) args: &'static str,
    pub(crate) stdin: &'static str,
    pub(crate) exit: u8,
    /// Why it exits with that code, or what to replace in it.
    pub(crate) note: &'static str,
}

impl CommandExt for CommandSpec {}

impl CommandSpec {
    /// A command that prints no table.
    pub(crate) const fn new(effect: CommandEffect, example: &'static str) -> Self {
        let example = Example { args: example, stdin: "", exit: 0, note: "" };
        Self { effect, note: "", example, tables: &[], rows: &[], fields: &[] }
    }

    /// A command that changes nothing.
    pub(crate) fn reads<C: Command>(example: &'static str) -> Self {
        Self::new(CommandEffect::Reads, example).result::<C::Reply>()
    }

    /// A command that updates the backend's mirror of the provider.
    pub(crate) fn syncs<C: Command>(example: &'static str) -> Self {
        Self::new(CommandEffect::Syncs, example).result::<C::Reply>()
    }

    /// A command that changes something at the provider.
    pub(crate) fn writes<W: Write>(example: &'static str) -> Self {
        let effect = match W::EFFECT {
            Effect::Write => CommandEffect::Writes,
            Effect::Destroy => CommandEffect::Destroys,
        };
        Self::new(effect, example).result::<W::Shown>()
    }

    /// A command that changes several things at the provider.
    pub(crate) fn writes_many<W: MultiWrite>(example: &'static str) -> Self {
        Self::new(CommandEffect::Writes, example).result::<W::Shown>()
    }

    /// What the command prints.
    pub(crate) const fn result<S: Show>(self) -> Self {
        Self { tables: S::TABLES, rows: S::ROWS, fields: S::FIELDS, ..self }
    }

    /// Rows other than those of the reply's type.
    pub(crate) const fn rows(self, rows: RowLists) -> Self {
        Self { rows, ..self }
    }

    /// Fields of the JSON that the reply's type does not have.
    pub(crate) const fn fields(self, fields: Fields) -> Self {
        Self { fields, ..self }
    }

    /// Tables other than those of the reply's type.
    pub(crate) const fn tables(self, tables: Tables) -> Self {
        Self { tables, ..self }
    }

    pub(crate) const fn note(self, note: &'static str) -> Self {
        Self { note, ..self }
    }

    /// What the example reads from stdin.
    pub(crate) const fn stdin(mut self, stdin: &'static str) -> Self {
        self.example.stdin = stdin;
        self
    }

    /// The exit code of the example, and the reason for it.
    pub(crate) const fn exits(mut self, exit: u8, reason: &'static str) -> Self {
        self.example.exit = exit;
        self.example_note(reason)
    }

    /// What a caller should know before running the example.
    pub(crate) const fn example_note(mut self, note: &'static str) -> Self {
        self.example.note = note;
        self
    }

    /// The fields of its JSON.
    pub(crate) fn json_fields(&self) -> Vec<&'static str> {
        let members = self.rows.iter().map(|(member, ..)| *member);
        let members = members.filter(|member| !member.is_empty() && !is_older(member));
        members.chain(self.fields.iter().copied()).collect()
    }

    /// The fields of each row: of a line of JSON, and the columns of CSV.
    pub(crate) fn row_fields(&self) -> Vec<&'static str> {
        if self.rows.is_empty() {
            return self.fields.to_vec();
        }
        let lists: Vec<_> = self.rows.iter().filter(|(member, ..)| !is_older(member)).collect();
        let mut names = if lists.len() > 1 { vec![KIND] } else { Vec::new() };
        for name in lists.into_iter().flat_map(|(_, _, fields)| fields.iter().copied()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// The names of columns and fields that `--columns` accepts for CSV, or else for a table.
    pub(crate) fn choices(&self, csv: bool) -> Vec<String> {
        let (columns, fields) = (self.columns(), self.row_fields().into_iter().map(str::to_owned));
        if csv {
            return fields.collect();
        }
        let fields = fields.filter(|field| !self.rows.is_empty() && !self.has_column(field));
        columns.iter().cloned().chain(fields).collect()
    }

    fn has_column(&self, field: &str) -> bool {
        self.tables.iter().copied().flatten().any(|column| is_same(column.name, field))
    }

    /// The column names that `--columns` accepts, in lower case and with dashes.
    pub(crate) fn columns(&self) -> Vec<String> {
        let mut names = Vec::new();
        for column in self.tables.iter().copied().flatten() {
            let name = column.name.to_lowercase().replace(' ', "-");
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

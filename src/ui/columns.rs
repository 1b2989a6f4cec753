//! The columns that the user chooses: `--columns name,active`.

use std::str::FromStr;

use crate::error::Failure;
use crate::ui::page::{Column, Page, Section};

/// Column names in the chosen order.
#[derive(Clone, Debug)]
pub(crate) struct Columns(Vec<String>);

impl FromStr for Columns {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
        if names.iter().any(|name| normalized(name).is_empty()) {
            return Err("separate the names with commas, such as name,active");
        }
        Ok(Self(names))
    }
}

impl Columns {
    /// The page with only these columns. A section that has none of them is left out.
    pub(crate) fn select_in_page<'a>(&self, page: Page<'a>) -> Result<Page<'a>, Failure> {
        if page.sections.is_empty() && !page.lines.is_empty() {
            return Err(Self::without_table());
        }
        let names: Vec<&str> = page
            .sections
            .iter()
            .flat_map(|section| section.columns.iter().map(|column| column.name))
            .collect();
        let sections: Vec<_> =
            page.sections.into_iter().filter_map(|section| self.select_in_section(section)).collect();
        if sections.is_empty() && !names.is_empty() {
            self.check(names.into_iter())?;
        }
        Ok(Page { sections, ..page })
    }

    /// The failure of a command whose result has no columns.
    pub(crate) fn without_table() -> Failure {
        Failure::usage("This command's result is not a table and has no columns")
            .hint("omit --columns, or add -o csv")
    }

    fn select_in_section<'a>(&self, section: Section<'a>) -> Option<Section<'a>> {
        let chosen = self.positions(section.columns.iter().map(|column| column.name));
        if chosen.is_empty() {
            return None;
        }
        // A chosen column is never left out, and its cells are not labels for others.
        let column = |index: &usize| Column { spare: false, label: false, ..section.columns[*index] };
        let columns = chosen.iter().map(column).collect();
        Some(Section { title: section.title, columns, rows: section.rows.with_cells(chosen) })
    }

    /// The positions of the chosen columns among these names. Unknown columns are left out.
    pub(super) fn positions<'a>(&self, names: impl Iterator<Item = &'a str>) -> Vec<usize> {
        let names: Vec<String> = names.map(normalized).collect();
        let chosen = self.0.iter().map(|name| normalized(name));
        chosen.filter_map(|name| names.iter().position(|other| *other == name)).collect()
    }

    /// Refuses a column that does not exist.
    pub(crate) fn check<'a>(&self, names: impl Iterator<Item = &'a str> + Clone) -> Result<(), Failure> {
        let unknown =
            self.0.iter().find(|name| !names.clone().any(|other| normalized(other) == normalized(name)));
        let Some(unknown) = unknown else { return Ok(()) };
        let mut available: Vec<&str> = Vec::new();
        for name in names {
            if !available.contains(&name) {
                available.push(name);
            }
        }
        Err(Failure::usage(format!("Unknown column `{unknown}`"))
            .hint(format!("available columns: {}", available.join(", "))))
    }
}

/// A name without case and punctuation: `Synced At`, `synced-at` and `syncedAt` are the same.
fn normalized(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_of_names_does_not_matter() {
        let columns: Columns = "name, synced_at,ID".parse().unwrap();
        assert_eq!(columns.positions(["ID", "Name", "Synced At"].into_iter()), [1, 2, 0]);
        assert_eq!(columns.positions(["syncedAt"].into_iter()), [0]);
        let failure = columns.check(["ID", "Name", "ID"].into_iter()).unwrap_err();
        assert_eq!(failure.what, "Unknown column `synced_at`");
        assert_eq!(failure.hint.as_deref(), Some("available columns: ID, Name"));
        for wrong in ["", "id,", "a,,b", "-"] {
            assert!(wrong.parse::<Columns>().is_err(), "{wrong}");
        }
    }
}

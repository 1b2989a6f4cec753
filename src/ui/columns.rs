//! The columns that somebody wants to see: `--columns name,active`.

use std::borrow::Cow;
use std::str::FromStr;

use crate::error::Failure;
use crate::ui::page::{Column, Page, Section};

/// Names of columns, in the order in which they are wanted.
#[derive(Clone, Debug)]
pub(crate) struct Columns(Vec<String>);

impl FromStr for Columns {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
        if names.iter().any(|name| plain(name).is_empty()) {
            return Err("write names with commas between them, such as name,active");
        }
        Ok(Self(names))
    }
}

impl Columns {
    /// A page with these columns alone, each as wide as it has to be. What has none of them is left out.
    pub(crate) fn of_page<'a>(&self, page: Page<'a>) -> Result<Page<'a>, Failure> {
        if page.sections.is_empty() && !page.lines.is_empty() {
            return Err(Self::of_no_table());
        }
        let names: Vec<&str> = page
            .sections
            .iter()
            .flat_map(|section| section.columns.iter().map(|column| column.name))
            .collect();
        let sections: Vec<_> =
            page.sections.into_iter().filter_map(|section| self.of_section(section)).collect();
        if sections.is_empty() && !names.is_empty() {
            self.check(names.into_iter())?;
        }
        Ok(Page { sections, ..page })
    }

    /// There are no columns to choose from.
    pub(crate) fn of_no_table() -> Failure {
        Failure::usage("This command's result is not a table, and has no columns")
            .hint("leave out --columns, or add -o csv")
    }

    fn of_section<'a>(&self, section: Section<'a>) -> Option<Section<'a>> {
        let chosen = self.among(section.columns.iter().map(|column| column.name));
        if chosen.is_empty() {
            return None;
        }
        // Whoever names a column wants it, however narrow it is, and not as the name of another.
        let column = |index: &usize| Column { spare: false, label: false, ..section.columns[*index] };
        let columns = chosen.iter().map(column).collect();
        let row = |row: Vec<Cow<'a, str>>| chosen.iter().map(|index| row[*index].clone()).collect();
        let rows = section.rows.into_iter().map(row).collect();
        Some(Section { title: section.title, columns, rows })
    }

    /// Where the wanted ones are among these; those that are not there are left out.
    pub(super) fn among<'a>(&self, names: impl Iterator<Item = &'a str>) -> Vec<usize> {
        let plain_names: Vec<String> = names.map(plain).collect();
        let wanted = self.0.iter().map(|name| plain(name));
        wanted.filter_map(|name| plain_names.iter().position(|other| *other == name)).collect()
    }

    /// Refuses a name that nothing has.
    pub(crate) fn check<'a>(&self, names: impl Iterator<Item = &'a str> + Clone) -> Result<(), Failure> {
        let missing = self.0.iter().find(|name| !names.clone().any(|other| plain(other) == plain(name)));
        let Some(missing) = missing else { return Ok(()) };
        let mut there: Vec<&str> = Vec::new();
        for name in names {
            if !there.contains(&name) {
                there.push(name);
            }
        }
        Err(Failure::usage(format!("There is no column `{missing}`"))
            .hint(format!("there are: {}", there.join(", "))))
    }
}

/// A name without what people leave out or write in another way: `Synced At`, `synced-at` and `syncedAt` are one.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_in_every_spelling() {
        let columns: Columns = "name, synced_at,ID".parse().unwrap();
        assert_eq!(columns.among(["ID", "Name", "Synced At"].into_iter()), [1, 2, 0]);
        assert_eq!(columns.among(["syncedAt"].into_iter()), [0]);
        let failure = columns.check(["ID", "Name", "ID"].into_iter()).unwrap_err();
        assert_eq!(failure.what, "There is no column `synced_at`");
        assert_eq!(failure.hint.as_deref(), Some("there are: ID, Name"));
        for wrong in ["", "id,", "a,,b", "-"] {
            assert!(wrong.parse::<Columns>().is_err(), "{wrong}");
        }
    }
}

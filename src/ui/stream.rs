//! A table whose rows come one after the other: the heading once, then each row as it comes.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::ui::page::{Column, Section};
use crate::ui::table::{TerminalStyle, total, widths, write_heading, write_records, write_rows};

/// How far it is.
#[derive(Debug)]
pub(crate) struct Stream {
    style: TerminalStyle,
    form: OutputOptions,
}

#[derive(Debug)]
enum OutputOptions {
    /// Nothing was written yet.
    Open,
    /// So wide is each column.
    Table(Vec<usize>),
    Records,
}

impl Stream {
    pub(crate) const fn new(style: TerminalStyle) -> Self {
        Self { style, form: OutputOptions::Open }
    }

    /// Writes rows. What the first ones are like decides on the form; a column that turns out too narrow gets wider.
    pub(crate) fn write(&mut self, out: &mut dyn Write, section: &Section<'_>) -> io::Result<()> {
        if section.rows.is_empty() {
            return Ok(());
        }
        let Section { columns, rows, .. } = section;
        let needed = widths(section);
        let all: Vec<usize> = (0..columns.len()).collect();
        match &mut self.form {
            OutputOptions::Records => {
                writeln!(out)?;
                write_records(out, section, self.style)
            }
            OutputOptions::Table(widths) => {
                for (width, needed) in widths.iter_mut().zip(needed) {
                    *width = (*width).max(needed);
                }
                write_rows(out, rows, &all, widths)
            }
            OutputOptions::Open => {
                let Some(widths) = self.fitting(columns, needed) else {
                    self.form = OutputOptions::Records;
                    return write_records(out, section, self.style);
                };
                write_heading(out, columns, &all, &widths, self.style)?;
                write_rows(out, rows, &all, &widths)?;
                self.form = OutputOptions::Table(widths);
                Ok(())
            }
        }
    }

    /// As wide as the columns usually are, or else as wide as these rows need; none where that does not fit either.
    fn fitting(&self, columns: &[Column], needed: Vec<usize>) -> Option<Vec<usize>> {
        let usual = columns.iter().zip(&needed).map(|(column, width)| column.usual.max(*width)).collect();
        let fits = |widths: &Vec<usize>| {
            self.style.columns.is_none_or(|columns_there| total(columns, widths, |_| true) <= columns_there)
        };
        [usual, needed].into_iter().find(fits)
    }
}

/// The rows of a section that stand in these places, in this order.
pub(crate) fn rows_at<'a>(section: &mut Section<'a>, places: &[usize]) -> Section<'a> {
    let mut row =
        |place: &usize| -> Option<Vec<Cow<'a, str>>> { section.rows.get_mut(*place).map(std::mem::take) };
    let rows = places.iter().filter_map(&mut row).collect();
    Section { title: section.title, columns: section.columns.clone(), rows }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[Column::new("ID").usually(8), Column::new("Name")];

    fn written(columns: Option<usize>, parts: &[&[[&str; 2]]]) -> String {
        let mut stream = Stream::new(TerminalStyle { columns, colors: false });
        let mut out = Vec::new();
        for part in parts {
            let rows = part.iter().map(|row| row.iter().map(|cell| Cow::Owned((*cell).to_owned())).collect());
            stream.write(&mut out, &Section::new(COLUMNS, rows)).unwrap();
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn rows_of_later_line_up_with_the_first() {
        let parts: &[&[[&str; 2]]] =
            &[&[], &[["a", "A"], ["b", "\u{1b}B"]], &[], &[["long_id_of_c", "C"]], &[["d", "D"]]];
        let wide = "ID        Name\na         A\nb         �B\nlong_id_of_c  C\nd             D\n";
        assert_eq!(written(None, parts), wide);
        assert_eq!(written(Some(14), parts), wide);
        let tight = "ID  Name\na   A\nb   �B\nlong_id_of_c  C\nd             D\n";
        assert_eq!(written(Some(13), parts), tight);
        let records = "ID: a\nName: A\n\nID: b\nName: �B\n\nID: long_id_of_c\nName: C\n\nID: d\nName: D\n";
        assert_eq!(written(Some(7), parts), records);
    }
}

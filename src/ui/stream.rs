//! A table whose rows come over time: the heading once, then each row as it comes.

use std::io::{self, Write};

use crate::ui::page::{Cells, Column, Section, TableRows};
use crate::ui::style::TerminalStyle;
use crate::ui::table::{
    leave_out_spare, shown_columns, total_width, widths, write_heading, write_records, write_rows,
};

/// A table that is being written.
#[derive(Debug)]
pub(crate) struct StreamingTable {
    style: TerminalStyle,
    layout: Layout,
}

#[derive(Debug)]
enum Layout {
    /// Nothing was written yet.
    Undecided,
    /// The columns that are shown, and the width of each column.
    Table(Vec<usize>, Vec<usize>),
    Records,
}

impl StreamingTable {
    pub(crate) const fn new(style: TerminalStyle) -> Self {
        Self { style, layout: Layout::Undecided }
    }

    /// Writes rows. The first rows determine the layout. A column that is too narrow for a later row becomes wider, as long
    /// as the table fits the terminal.
    pub(crate) fn write(&mut self, out: &mut dyn Write, section: &Section<'_>) -> io::Result<()> {
        if section.rows.is_empty() {
            return Ok(());
        }
        let Section { columns, rows, .. } = section;
        let needed = widths(section);
        match &mut self.layout {
            Layout::Records => {
                writeln!(out)?;
                write_records(out, section, self.style)
            }
            Layout::Table(kept, widths) => {
                let wider: Vec<usize> =
                    widths.iter().zip(needed).map(|(width, needed)| needed.max(*width)).collect();
                write_rows(out, rows.iter(), columns, kept, &wider, self.style)?;
                if self.style.width.is_none_or(|width| total_width(kept, &wider) <= width) {
                    *widths = wider;
                }
                Ok(())
            }
            Layout::Undecided => {
                let Some((kept, widths)) = self.fitting_layout(columns, needed) else {
                    self.layout = Layout::Records;
                    return write_records(out, section, self.style);
                };
                write_heading(out, columns, &kept, &widths, self.style)?;
                write_rows(out, rows.iter(), columns, &kept, &widths, self.style)?;
                self.layout = Layout::Table(kept, widths);
                Ok(())
            }
        }
    }

    /// The columns with their usual widths, or else with the widths that these rows need. Spare columns are left out until
    /// one of the two fits the terminal. `None` if neither does.
    fn fitting_layout(&self, columns: &[Column<'_>], needed: Vec<usize>) -> Option<(Vec<usize>, Vec<usize>)> {
        let usual =
            columns.iter().zip(&needed).map(|(column, width)| column.usual_width.max(*width)).collect();
        let choices: [Vec<usize>; 2] = [usual, needed];
        let mut kept = shown_columns(columns);
        loop {
            let fits = |widths: &&Vec<usize>| {
                self.style.width.is_none_or(|width| total_width(&kept, widths) <= width)
            };
            if let Some(widths) = choices.iter().find(fits) {
                return Some((kept, widths.clone()));
            }
            if !leave_out_spare(&mut kept, columns) {
                return None;
            }
        }
    }
}

/// A section with the rows at these positions, in this order.
pub(crate) fn rows_at<'a>(section: &Section<'a>, positions: &[usize]) -> Section<'a> {
    let mut rows: Vec<Cells<'a>> = section.rows.iter().collect();
    let row = |position: &usize| rows.get_mut(*position).map(std::mem::take);
    let rows: Vec<_> = positions.iter().filter_map(row).collect();
    let rows = TableRows::new(rows.into_iter());
    Section { title: section.title, kind: section.kind, columns: section.columns.clone(), rows }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;

    const COLUMNS: &[Column<'_>] = &[Column::new("ID").usual_width(8), Column::new("Name")];

    fn written(width: Option<usize>, parts: &[&[[&str; 2]]]) -> String {
        let mut stream = StreamingTable::new(TerminalStyle { width, colors: false });
        let mut out = Vec::new();
        for part in parts {
            let rows = part.iter().map(|row| row.iter().map(|cell| Cow::Borrowed(*cell)).collect());
            stream.write(&mut out, &Section::new(COLUMNS, rows)).unwrap();
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn spare_columns_are_left_out_before_a_row_becomes_a_record() {
        const SPARE: &[Column<'_>] = &[Column::new("ID"), Column::spare("Name").usual_width(9)];
        let mut stream = StreamingTable::new(TerminalStyle { width: Some(7), colors: false });
        let mut out = Vec::new();
        for id in ["a", "long_id_of_b"] {
            let rows = std::iter::once(vec![Cow::Borrowed(id), Cow::Borrowed("Name")]);
            stream.write(&mut out, &Section::new(SPARE, rows)).unwrap();
        }
        assert_eq!(String::from_utf8(out).unwrap(), "ID\na\nlong_id_of_b\n");
    }

    #[test]
    fn later_rows_are_aligned_with_the_first() {
        let parts: &[&[[&str; 2]]] =
            &[&[], &[["a", "A"], ["b", "\u{1b}B"]], &[], &[["long_id_of_c", "C"]], &[["d", "D"]]];
        let wide = "ID        Name\na         A\nb         �B\nlong_id_of_c  C\nd             D\n";
        assert_eq!(written(None, parts), wide);
        assert_eq!(written(Some(18), parts), wide);
        let wrapped = "ID        Name\na         A\nb         �B\nlong_id_of_c\n    C\nd         D\n";
        assert_eq!(written(Some(14), parts), wrapped);
        let narrow = "ID  Name\na   A\nb   �B\nlong_id_of_c\n    C\nd   D\n";
        assert_eq!(written(Some(13), parts), narrow);
        let records =
            "ID: a\nName: A\n\nID: b\nName:\n    �B\n\nID: long_id_of_c\nName: C\n\nID: d\nName: D\n";
        assert_eq!(written(Some(7), parts), records);
    }
}

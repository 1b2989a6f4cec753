//! Tables: a line for each row, and no id is ever wrapped or cut. On a narrow terminal the spare columns are left out, one
//! after the other, and then the last column of text is wrapped. If that is not enough, each row becomes a record of
//! `key: value` lines. What is wrapped continues at a column where no row and no record begins, so that a value cannot look
//! like another row.

use std::borrow::Cow;
use std::io::{self, Write};

use comfy_table::{ColumnConstraint, Table, Width, presets};
use unicode_width::UnicodeWidthStr;

use crate::ui::lines::write_lines;
use crate::ui::page::{Cells, Column, Content, Page, Section, Shown};
use crate::ui::sanitize;
use crate::ui::style::{BOLD, GREEN, RED, TerminalStyle, YELLOW};
use crate::ui::wrap::{CONTINUED, wrapped};

/// The space between two columns.
const GAP: usize = 2;
/// comfy-table holds all cells of a table more than once: a long list is laid out in parts of the same width.
const ROWS_AT_ONCE: usize = 500;
/// The widest column of a table. One very long cell would fill every other row with spaces.
const WIDEST: usize = 1000;

/// The narrowest column whose text is wrapped, unless its text is shorter.
const NARROWEST_TEXT: usize = 20;

/// A cell of the first column, or a line that begins with it. A verdict has its color.
fn with_verdict_color(style: TerminalStyle, column: Option<&Column<'_>>, text: &str) -> String {
    let colors = [("pass", GREEN), ("warn", YELLOW), ("fail", RED)];
    let color = colors.into_iter().find(|(verdict, _)| text.starts_with(verdict));
    match color.filter(|_| column.is_some_and(|column| column.content == Content::Verdict)) {
        Some((verdict, color)) => format!("{}{}", style.paint(color, verdict), &text[verdict.len()..]),
        None => text.to_owned(),
    }
}

/// Writes the lines, and the sections that have rows.
pub(crate) fn write_page(out: &mut dyn Write, page: &Page<'_>, style: TerminalStyle) -> io::Result<()> {
    write_lines(out, &page.lines, style)?;
    let with_rows = page.sections.iter().filter(|section| !section.rows.is_empty());
    for (position, section) in with_rows.enumerate() {
        if position > 0 {
            writeln!(out)?;
        }
        if let Some(title) = section.title {
            writeln!(out, "{}", style.paint(BOLD, title))?;
        }
        write_section(out, section, style)?;
    }
    Ok(())
}

fn write_section(out: &mut dyn Write, section: &Section<'_>, style: TerminalStyle) -> io::Result<()> {
    match layout(section, style) {
        Some((kept, widths)) => {
            write_heading(out, &section.columns, &kept, &widths, style)?;
            write_rows(out, section.rows.iter(), &section.columns, &kept, &widths, style)
        }
        None => write_records(out, section, style),
    }
}

/// The columns to show, and the width of each column. `None` if no table fits the terminal, or if a cell is very long.
pub(crate) fn layout(section: &Section<'_>, style: TerminalStyle) -> Option<(Vec<usize>, Vec<usize>)> {
    let mut kept = shown_columns(&section.columns);
    let mut widths = widths(section);
    if kept.iter().any(|index| widths[*index] > WIDEST) {
        return None;
    }
    let Some(room) = style.width else { return Some((kept, widths)) };
    while total_width(&kept, &widths) > room {
        if !leave_out_spare(&mut kept, &section.columns) {
            let text = *kept.iter().rfind(|index| section.columns[**index].content == Content::Text)?;
            let others = total_width(&kept, &widths) - widths[text];
            let narrowest = longest_word(section, text).max(widths[text].min(NARROWEST_TEXT));
            widths[text] = room.checked_sub(others).filter(|width| *width >= narrowest)?;
            break;
        }
    }
    Some((kept, widths))
}

/// Leaves out the last spare column. Returns whether there was one.
pub(super) fn leave_out_spare(kept: &mut Vec<usize>, columns: &[Column<'_>]) -> bool {
    let spare = kept.iter().rposition(|index| columns[*index].shown == Shown::IfItFits);
    spare.map(|spare| kept.remove(spare)).is_some()
}

/// The positions of the columns that are shown without being chosen.
pub(super) fn shown_columns(columns: &[Column<'_>]) -> Vec<usize> {
    (0..columns.len()).filter(|index| columns[*index].shown != Shown::IfChosen).collect()
}

/// The width of the longest word of a column, its name included.
fn longest_word(section: &Section<'_>, index: usize) -> usize {
    let longest = |text: &str| text.split(' ').map(UnicodeWidthStr::width).max().unwrap_or_default();
    let cells = section.rows.iter().map(|row| longest(&sanitize::line(&row[index])));
    cells.max().unwrap_or_default().max(heading(&section.columns[index]).width())
}

/// The name of a column, which can be a path that the user chose.
fn heading<'a>(column: &Column<'a>) -> Cow<'a, str> {
    sanitize::line(column.name)
}

/// The width that each column needs for its name and its widest cell.
pub(super) fn widths(section: &Section<'_>) -> Vec<usize> {
    let mut widths: Vec<usize> = section.columns.iter().map(|column| heading(column).width()).collect();
    for row in section.rows.iter() {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(sanitize::line(&cell).width());
        }
    }
    widths
}

/// The width of a row with these columns.
pub(super) fn total_width(kept: &[usize], widths: &[usize]) -> usize {
    kept.iter().map(|index| widths[*index] + GAP).sum::<usize>().saturating_sub(GAP)
}

pub(super) fn write_heading(
    out: &mut dyn Write,
    columns: &[Column<'_>],
    kept: &[usize],
    widths: &[usize],
    style: TerminalStyle,
) -> io::Result<()> {
    let names = kept.iter().map(|index| heading(&columns[*index])).collect();
    let heading = lay_out(kept, widths, std::iter::once(names));
    writeln!(out, "{}", style.paint(BOLD, heading.trim_end()))
}

pub(super) fn write_rows<'a>(
    out: &mut dyn Write,
    mut rows: impl Iterator<Item = Cells<'a>>,
    columns: &[Column<'_>],
    kept: &[usize],
    widths: &[usize],
    style: TerminalStyle,
) -> io::Result<()> {
    let first = kept.first().map(|index| &columns[*index]);
    loop {
        let rows: Vec<Cells<'_>> = rows.by_ref().take(ROWS_AT_ONCE).collect();
        if rows.is_empty() {
            return Ok(());
        }
        let cells = rows.iter().map(|row| kept.iter().map(|index| sanitize::line(&row[*index])).collect());
        for line in lay_out(kept, widths, cells).lines() {
            let line = fitted(line.trim_end(), style);
            writeln!(out, "{}", with_verdict_color(style, first, &line))?;
        }
    }
}

/// The line, or its words on several lines if it is wider than the terminal: the cells of a later row can be too wide.
fn fitted(line: &str, style: TerminalStyle) -> Cow<'_, str> {
    let Some(width) = style.width.filter(|width| line.width() > *width) else { return line.into() };
    let ends = line.match_indices(' ').map(|(end, _)| end);
    let end = ends.take_while(|end| line[..*end].width() <= width).last().or_else(|| line.find(' '));
    let Some((first, rest)) = end.map(|end| line.split_at(end)) else { return line.into() };
    let room = width.saturating_sub(CONTINUED);
    let indent = format!("\n{}", " ".repeat(CONTINUED));
    format!("{}{indent}{}", first.trim_end(), wrapped(rest.trim_start(), room, room).join(&indent)).into()
}

fn lay_out<'a>(kept: &[usize], widths: &[usize], rows: impl Iterator<Item = Cells<'a>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).add_rows(rows);
    for (column, index) in table.column_iter_mut().zip(kept) {
        let gap = u16::try_from(GAP).unwrap_or_default();
        let width = u16::try_from(widths[*index]).unwrap_or(u16::MAX).saturating_add(gap);
        column.set_padding((0, gap)).set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
    }
    table.to_string()
}

pub(super) fn write_records(
    out: &mut dyn Write,
    section: &Section<'_>,
    style: TerminalStyle,
) -> io::Result<()> {
    let shown = shown_columns(&section.columns);
    for (position, row) in section.rows.iter().enumerate() {
        let mut cells = shown.iter().map(|index| (&section.columns[*index], &*row[*index])).peekable();
        if let Some((column, label)) = cells.next_if(|(column, _)| column.is_label()) {
            let (_, value) = cells.next().unwrap_or((column, ""));
            let label = sanitize::line(label);
            let colored = if column.content == Content::Verdict {
                with_verdict_color(style, Some(column), &label).into()
            } else {
                style.paint(BOLD, &label)
            };
            write_field(out, "", (&label, &colored), value, style)?;
            for (column, cell) in cells.filter(|(_, cell)| *cell != "-") {
                let name = heading(column);
                write_field(out, "  ", (&name, &style.paint(BOLD, &name)), cell, style)?;
            }
            continue;
        }
        if position > 0 {
            writeln!(out)?;
        }
        for (column, cell) in cells {
            let name = heading(column);
            write_field(out, "", (&name, &style.paint(BOLD, &name)), cell, style)?;
        }
    }
    Ok(())
}

/// Writes `name: value`, wrapped between words.
fn write_field(
    out: &mut dyn Write,
    indent: &str,
    (name, colored): (&str, &str),
    value: &str,
    style: TerminalStyle,
) -> io::Result<()> {
    let value = sanitize::line(value);
    let before = indent.len() + name.width() + 2;
    let room = |used| style.width.map_or(usize::MAX, |width| width.saturating_sub(used));
    let parts = wrapped(&value, room(before), room(CONTINUED));
    let lines = format!("{indent}{colored}: {}", parts.join(&format!("\n{}", " ".repeat(CONTINUED))));
    lines.lines().try_for_each(|line| writeln!(out, "{}", line.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column<'_>] =
        &[Column::new("ID"), Column::new("Name"), Column::new("Active"), Column::spare("Synced At")];

    fn render(width: Option<usize>, rows: &[[&str; 4]]) -> String {
        let rows = rows.iter().map(|row| row.iter().map(|cell| Cow::Borrowed(*cell)).collect());
        let page = Page::from(Section::new(COLUMNS, rows));
        let mut out = Vec::new();
        write_page(&mut out, &page, TerminalStyle { width, colors: false }).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn narrow_terminals_get_fewer_columns_and_then_records() {
        let rows = [["prod_1", "日本 \u{1b}[31m", "Yes", "2026-11-23 20:04"], ["prod_22", "B", "No", "-"]];
        let wide = "ID       Name        Active  Synced At\nprod_1   日本 �[31m  Yes     2026-11-23 20:04\nprod_22  B           No      -\n";
        assert_eq!(render(None, &rows), wide);
        assert_eq!(render(Some(45), &rows), wide);
        let without_spare =
            "ID       Name        Active\nprod_1   日本 �[31m  Yes\nprod_22  B           No\n";
        assert_eq!(render(Some(44), &rows), without_spare);
        assert_eq!(render(Some(27), &rows), without_spare);
        assert_eq!(
            render(Some(26), &rows),
            "ID: prod_1\nName: 日本 �[31m\nActive: Yes\nSynced At: 2026-11-23\n    20:04\n\nID: prod_22\nName: B\nActive: No\nSynced At: -\n"
        );
    }

    #[test]
    fn the_last_text_is_wrapped_between_words() {
        const CHECKS: &[Column<'_>] = &[
            Column::verdict("Verdict"),
            Column::text("Name"),
            Column::spare("Env"),
            Column::text("Found"),
            Column::extra("Synced At"),
        ];
        let rows = [
            ["pass", "A b", "test", "yes", "2026"],
            ["fail", "C", "test", "2 of 5 without: price_123456789, price_2", "2026"],
        ];
        let render = |width| {
            let rows = rows.into_iter().map(|row| row.into_iter().map(Cow::Borrowed).collect());
            let mut out = Vec::new();
            let style = TerminalStyle { width: Some(width), colors: false };
            write_page(&mut out, &Page::from(Section::new(CHECKS, rows)), style).unwrap();
            String::from_utf8(out).unwrap()
        };
        let wide = "Verdict  Name  Found\npass     A b   yes\nfail     C     2 of 5 without: price_123456789, price_2\n";
        assert_eq!(render(55), wide);
        let wrapped = "Verdict  Name  Found\npass     A b   yes\nfail     C     2 of 5 without:\n               price_123456789,\n               price_2\n";
        assert_eq!(render(35), wrapped);
        let records = "pass: A b\n  Env: test\n  Found: yes\nfail: C\n  Env: test\n  Found: 2 of 5 without:\n    price_123456789, price_2\n";
        assert_eq!(render(34), records);
    }

    #[test]
    fn labeled_rows_become_lines_of_name_and_value() {
        const SETTINGS: &[Column<'_>] =
            &[Column::label("Setting"), Column::new("Value"), Column::new("From")];
        let rows = [["Backend", "http://127.0.0.1:7130", "--api-url"], ["Reachable", "Yes", "-"]];
        let rows = rows.into_iter().map(|row| row.into_iter().map(Cow::Borrowed).collect());
        let mut out = Vec::new();
        let page = Page::from(Section::new(SETTINGS, rows));
        write_page(&mut out, &page, TerminalStyle { width: Some(30), colors: false }).unwrap();
        let lines = "Backend: http://127.0.0.1:7130\n  From: --api-url\nReachable: Yes\n";
        assert_eq!(String::from_utf8(out).unwrap(), lines);
    }

    #[test]
    fn parts_of_a_long_list_are_aligned() {
        let rows: Vec<[&str; 4]> = (0..=ROWS_AT_ONCE * 2)
            .map(|n| {
                if n == ROWS_AT_ONCE * 2 {
                    ["a_much_longer_id", "N", "No", "-"]
                } else {
                    ["x", "N", "No", "-"]
                }
            })
            .collect();
        let text = render(None, &rows);
        assert_eq!(text.lines().count(), rows.len() + 1);
        let name_at: std::collections::HashSet<_> =
            text.lines().skip(1).map(|line| line.find(" N ").unwrap()).collect();
        assert_eq!(name_at.len(), 1, "the columns of the parts are not aligned");
    }

    #[test]
    fn a_table_with_a_very_long_cell_becomes_records() {
        let long = "x".repeat(70_000);
        let text = render(None, &[["a", "N", "No", "-"], [&long, "N", "No", "-"]]);
        assert!(text.starts_with("ID: a\nName: N\n") && text.contains(&format!("ID: {long}\nName: N\n")));
    }
}

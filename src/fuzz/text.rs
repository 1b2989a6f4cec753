//! Texts for terminals, routes and providers.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde_json::Value;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::with_choice;
use crate::api::stripe::{price, prices};
use crate::env::ProcessEnv;
use crate::error::{Code, Exit};
use crate::ui::{
    Column, Filter, Page, Section, Shown, TableRows, TerminalStyle, clean_line, clean_lines, cut, is_clean,
    is_unsafe, table_widths, wrapped_message, write_page, write_value,
};
use crate::wire::{Address, Environment, Generation, Metadata, MetadataEntry, Notes, ObjectId};

/// Metadata and notes: what is accepted is within the provider's limits, has every key of the JSON, and is written as it is
/// read.
pub fn metadata(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let given = serde_json::from_str::<Value>(&text).ok();
    let read = text.parse::<Metadata>();
    check_map(read.as_ref().map(|map| map.iter().collect()), given.as_ref(), (50, 40, 500));
    if let Ok(metadata) = &read {
        let sent = serde_json::to_string(metadata).expect("metadata is written");
        assert_eq!(sent.parse::<Metadata>().as_ref(), Ok(metadata));
        assert!(metadata.iter().all(|(key, _)| !key.contains(['[', ']'])));
    }
    let read = text.parse::<Notes>();
    check_map(read.as_ref().map(|map| map.iter().collect()), given.as_ref(), (15, 256, 256));
    if let Ok(notes) = &read {
        let sent = serde_json::to_string(notes).expect("notes are written");
        assert_eq!(sent.parse::<Notes>().as_ref(), Ok(notes));
    }
    let (key, value) = text.split_once('=').unwrap_or((&text, ""));
    let mut pairs = Metadata::default();
    match text.parse::<MetadataEntry>() {
        Ok(entry) => {
            assert!(text.contains('='));
            pairs.set(entry).expect("one pair is few");
            assert_eq!(pairs.iter().collect::<Vec<_>>(), [(key, value)]);
        }
        Err(error) => {
            assert!(!text.contains('=') || pairs.put(key, value).is_err(), "{error}");
        }
    }
}

fn check_map(
    read: Result<Vec<(&str, &str)>, &String>,
    given: Option<&Value>,
    (most, longest_key, longest_value): (usize, usize, usize),
) {
    let pairs = match read {
        Ok(pairs) => pairs,
        Err(error) => {
            assert!(!error.is_empty());
            // A mistake in a value is reported before an invalid end.
            assert!(!error.starts_with("invalid JSON") || given.is_none(), "{error}");
            return;
        }
    };
    assert!(pairs.len() <= most);
    for (key, value) in &pairs {
        assert!(!key.trim().is_empty() && !key.starts_with("insforge_"));
        assert!(key.chars().count() <= longest_key && value.chars().count() <= longest_value);
    }
    let given = given.and_then(Value::as_object).expect("what is read is an object");
    let same = |(key, value): &(&str, &str)| given[*key].as_str().unwrap_or_default() == *value;
    assert!(pairs.len() == given.len() && pairs.iter().all(same));
}

/// A table: no line is wider than the terminal, every row is there, and so is every cell of a shown column. Records have a
/// line for each cell.
pub fn table_layout(data: &[u8]) {
    let (kinds, data) = with_choice(data);
    let (width, data) = with_choice(data);
    let text = String::from_utf8_lossy(data);
    let count = kinds % 6 + 1;
    let columns: Vec<Column<'_>> = ["ID", "Name", "Subject", "Amount", "Synced At", "現在"][..count]
        .iter()
        .enumerate()
        .map(|(position, name)| match kinds / 6 % 7 + position * (kinds / 42) {
            // The first column is always shown.
            1 | 2 | 5 | 7 | 9 | 10 if position == 0 => Column::new(name),
            0 | 4 | 8 => Column::new(name),
            1 | 5 | 9 => Column::spare(name),
            2 | 7 => Column::extra(name),
            10 => Column::text(name).if_it_fits(),
            _ => Column::text(name),
        })
        .collect();
    let cells: Vec<Cow<'_, str>> = text.split('\u{1f}').map(Cow::Borrowed).collect();
    let mut rows: Vec<Vec<_>> = cells.chunks(count).map(<[_]>::to_vec).collect();
    for row in &mut rows {
        row.resize(count, "-".into());
    }
    check_table(&columns, &rows, None);
    check_table(&columns, &rows, Some(width));
}

fn check_table(columns: &[Column<'_>], rows: &[Vec<Cow<'_, str>>], width: Option<usize>) {
    let section = || Section {
        title: None,
        kind: None,
        columns: Cow::Borrowed(columns),
        rows: TableRows::new(rows.iter().cloned()),
    };
    let style = TerminalStyle { width, colors: false };
    let mut out = Vec::new();
    write_page(&mut out, &Page::from(section()), style).expect("a vector takes everything");
    let out = String::from_utf8(out).expect("output is UTF-8");
    assert_eq!(out.lines().find(|line| !is_clean(line)), None, "an unsafe character is printed");
    assert!(out.is_empty() || out.ends_with('\n'));
    let lines: Vec<&str> = out.lines().collect();
    let Some((kept, widths)) = table_widths(&section(), style) else {
        let widest = rows.iter().flatten().map(|cell| clean_line(cell).width()).max();
        assert!(
            width.is_some() || widest > Some(1000),
            "a table without a limit fits, unless a cell is very long"
        );
        for row in rows {
            let shown = row.iter().zip(columns).filter(|(_, column)| column.shown != Shown::IfChosen);
            let without_spaces = |text: &str| text.split_whitespace().collect::<String>();
            let printed = without_spaces(&out);
            for (cell, _) in shown {
                let cell = without_spaces(&clean_line(cell));
                assert!(printed.contains(&cell), "a record lacks {cell}:\n{out}");
            }
        }
        return;
    };
    let all_shown = width.is_none();
    let natural = |index: &usize| rows.iter().all(|row| clean_line(&row[*index]).width() <= widths[*index]);
    if kept.iter().all(natural) {
        assert_eq!(
            lines.len(),
            rows.len() + 1,
            "a row is not one line at {width:?}, with {kept:?} of {columns:?}:\n{out}"
        );
        for (row, line) in rows.iter().zip(&lines[1..]) {
            for index in &kept {
                let cell = clean_line(&row[*index]);
                assert!(line.contains(cell.trim_end()), "`{cell}` is not in `{line}`");
            }
        }
    } else {
        assert!(lines.len() > rows.len() && !all_shown, "{out}");
    }
    if let Some(width) = width {
        let widest = lines.iter().map(|line| line.width()).max().unwrap_or_default();
        assert!(widest <= width, "a line has {widest} columns of {width}:\n{out}");
    }
}

/// Sanitizing: nothing unsafe is left, safe text stays, and a second pass changes nothing. JSON has the same values. Wrapped
/// messages have the same words.
pub fn sanitizing(data: &[u8]) {
    let (width, data) = with_choice(data);
    let text = String::from_utf8_lossy(data);
    let text = &*text;
    let line = clean_line(text);
    let lines = clean_lines(text);
    assert!(is_clean(&line) && lines.split('\n').all(is_clean), "{line:?}");
    assert!(!line.contains(is_unsafe) && !line.contains(char::is_control), "{line:?}");
    assert_eq!((clean_line(&line), clean_lines(&lines)), (line.clone(), lines.clone()), "a second pass");
    assert_eq!(line.chars().count(), text.chars().count());
    for ((before, line), lines) in text.chars().zip(line.chars()).zip(lines.chars()) {
        // Too many marks are unsafe too.
        let may_change = is_unsafe(before) || before.width() == Some(0);
        assert!(may_change || (before == line && before == lines), "{before:?} is safe");
    }
    assert!(cut(text).chars().count() <= 80 && (text.chars().count() > 80 || cut(text) == text));

    let mut json = Vec::new();
    write_value(&mut json, &text, true).expect("a vector takes everything");
    let json = String::from_utf8(json).expect("JSON is UTF-8");
    assert!(is_clean(json.trim_end_matches('\n')), "{json:?}");
    assert_eq!(serde_json::from_str::<String>(&json).ok().as_deref(), Some(text));

    let wrapped = wrapped_message(&lines, Some(width), 7, 2);
    // Only excerpts of files, which have this mark, are cut.
    if !text.contains('|') {
        let characters = |text: &str| text.split_whitespace().collect::<String>();
        assert_eq!(characters(&wrapped), characters(&lines));
    }
    // In less, not even the indentation has room.
    let is_wide = |line: &&str| width >= 20 && line.width() > width;
    assert_eq!(wrapped.lines().skip(1).find(is_wide), None, "a line has more than {width} columns");
    assert_eq!(wrapped_message(&lines, None, 7, 0).trim_end(), lines.trim_end());
}

/// Paths and addresses: an id or a value of a query is one part of the URL, whatever it contains, and can be decoded. An
/// address that is accepted never sends a key unencrypted to another machine.
pub fn path_encoding(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for generation in [Generation::Newer, Generation::Older] {
        if let Ok(id) = text.parse::<ObjectId>() {
            // In a URL these are no ids, so that commands refuse them.
            if ![".", ".."].contains(&id.as_str()) {
                check_segment(id.as_str(), generation);
            }
            let query = prices(Environment::Test, Some(id.as_str())).path(generation);
            let (path, value) = query.split_once('=').expect("a query has a value");
            assert!(path.ends_with("/test/catalog/prices?productId") || path.ends_with("?stripeProductId"));
            check_part(value, id.as_str());
        }
    }
    if let Ok(address) = Address::parse(&text) {
        assert_eq!(Address::parse(address.as_str()).as_ref(), Ok(&address), "an address changes");
        let url = url::Url::parse(address.as_str()).expect("an address is a URL");
        let is_local = match url.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        };
        assert!(url.scheme() == "https" || url.scheme() == "http" && is_local, "{address}");
        assert!(url.username().is_empty() && url.password().is_none(), "{address}");
        assert!(url.query().is_none() && url.fragment().is_none(), "{address}");
        let whole = format!("{address}/api/x?y=1");
        assert_eq!(address.path_of(&whole).as_deref(), Some("/api/x?y=1"));
        assert!(!address.as_str().contains(is_unsafe) && address.as_str().is_ascii());
    }
}

/// An id is the last segment of its path, also after a URL parser has read it.
fn check_segment(id: &str, generation: Generation) {
    let path = price(Environment::Test, id).path(generation);
    let parsed = url::Url::parse(&format!("https://app.example.com{path}")).expect("a URL");
    assert_eq!((parsed.path(), parsed.query()), (path.as_str(), None), "the URL of {id:?} changes");
    let (before, segment) = path.rsplit_once('/').expect("a path has segments");
    assert!(before.ends_with("/test/catalog/prices"), "{path}");
    check_part(segment, id);
}

fn check_part(part: &str, text: &str) {
    assert!(part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~%".contains(&byte)), "{part}");
    assert_eq!(percent_decode_str(part).decode_utf8().as_deref(), Ok(text));
}

/// `--jq`: a filter is accepted, or its failure has a message. It is not run.
pub fn jq_filter(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Err(failure) = Filter::new(&text, &ProcessEnv::default()) {
        assert_eq!((&failure.code, failure.exit), (&Code::Usage, Exit::Usage), "{failure}");
    }
}

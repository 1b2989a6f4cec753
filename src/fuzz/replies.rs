//! What a backend answers.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;
use zeroize::Zeroizing;

use super::with_choice;
use crate::api::razorpay::RAZORPAY;
use crate::api::stripe::STRIPE;
use crate::api::{self, Answer, Call, Method, SubjectFilter, parse_retry_after, razorpay, stripe};
use crate::ui::{CsvTables, CsvWriter, Row, TerminalStyle, View, is_clean, rows_in, write_json, write_page};
use crate::wire::{self, Environment, Json, RowFilter, SharedBytes};

/// Every reply: the body of one of the calls.
pub fn replies(data: &[u8]) {
    const TEST: Environment = Environment::Test;
    let (choice, body) = with_choice(data);
    let all = SubjectFilter::default();
    match choice % 24 {
        0 => reply(&api::status(&STRIPE), body),
        1 => reply(&api::config(&STRIPE), body),
        2 => reply(&api::sync::<wire::SyncResults>(&STRIPE, None), body),
        3 => reply(&api::catalog::<wire::Catalog>(&STRIPE, TEST), body),
        4 => reply(&api::customers(&STRIPE, TEST, None), body),
        5 => reply(&api::subscriptions::<wire::Subscriptions>(&STRIPE, TEST, &all, None), body),
        6 => reply(&api::transactions(&STRIPE, TEST, &all, None), body),
        7 => reply(&stripe::products(TEST), body),
        8 => reply(&stripe::product(TEST, "prod_1"), body),
        9 => reply(&stripe::prices(TEST, None), body),
        10 => reply(&stripe::price(TEST, "price_1"), body),
        11 => reply(&stripe::delete_product(TEST, "prod_1"), body),
        12 => reply(&stripe::configure_webhook(TEST), body),
        13 => reply(&api::status(&RAZORPAY), body),
        14 => reply(&api::config(&RAZORPAY), body),
        15 => reply(&api::sync::<wire::razorpay::SyncResults>(&RAZORPAY, None), body),
        16 => reply(&api::catalog::<wire::razorpay::Catalog>(&RAZORPAY, TEST), body),
        17 => reply(&api::subscriptions::<wire::razorpay::Subscriptions>(&RAZORPAY, TEST, &all, None), body),
        18 => reply(&razorpay::webhook_setup(TEST), body),
        19 => one_of::<wire::razorpay::ItemReply>(body),
        20 => one_of::<wire::razorpay::PlanReply>(body),
        21 => mirror(body),
        22 => json(body),
        _ => refusal(body),
    }
}

fn one_of<T: View + DeserializeOwned>(body: &[u8]) {
    reply(&api::catalog::<T>(&RAZORPAY, Environment::Test), body);
}

fn shared(body: &[u8]) -> SharedBytes {
    SharedBytes::new(Zeroizing::new(body.to_vec()))
}

/// A reply in every format.
fn reply<T: View + DeserializeOwned>(call: &Call<T>, body: &[u8]) {
    let Ok(reply) = call.read(shared(body)) else { return };
    let text = reply.json().expect("a reply has a body");
    // A field that is not read can be invalid for other programs.
    let Ok(json) = Json::parse(&text) else { return };
    let Ok(value) = serde_json::from_slice::<Value>(&text) else { return };
    let names: Vec<_> = json.members().map(|(name, _)| name).collect();
    if names.iter().collect::<HashSet<_>>().len() < names.len() {
        // Programs disagree about duplicate names.
        return;
    }
    if call.secret_answer && !body.is_empty() {
        check_masked(body, &text);
    } else {
        assert_eq!(&*text, body, "the JSON is not the backend's own");
    }
    check_json(json, &value);
    let rows: Vec<Row<'_>> = rows_in(json, T::ROWS).collect();
    check_rows(&rows, &rows_of::<T>(&value));
    for terminal in [false, true] {
        check_csv(&rows, terminal);
    }
    let page = reply.data.page();
    for section in page.sections.iter().filter(|section| section.kind.is_some()) {
        let of_kind = rows.iter().filter(|row| Some(row.list()) == section.kind).count();
        assert_eq!(section.rows.iter().count(), of_kind, "the table of {:?}", section.kind);
        assert!(section.rows.iter().all(|row| row.len() == section.columns.len()));
    }
    for width in [None, Some(80), Some(30), Some(1)] {
        let mut out = Vec::new();
        write_page(&mut out, &page, TerminalStyle { width, colors: false })
            .expect("a vector takes everything");
        check_safe(&out);
    }
    let mut ids = 0;
    reply.data.for_each_id(&mut |_| ids += 1);
    let has_ids = ids > 0;
    assert!(!has_ids || ids <= rows.len().max(1), "{ids} ids of {} rows", rows.len());
    for filter in filters() {
        check_filter(call, body, &value, &filter);
    }
}

/// A masked key is never the key.
fn check_masked(body: &[u8], text: &[u8]) {
    let Ok(given) = serde_json::from_slice::<Value>(body) else { return };
    let text = String::from_utf8_lossy(text);
    let keys = given["keys"].as_array().into_iter().flatten();
    for key in keys.filter_map(|key| key["value"].as_str()) {
        // The end of a key is shown, and a short key can be in a name of a field.
        let is_random = key.chars().count() > 12 && key.chars().all(|c| c.is_ascii_alphanumeric());
        let is_elsewhere = body.windows(key.len()).filter(|part| *part == key.as_bytes()).count() > 1;
        assert!(!is_random || is_elsewhere || !text.contains(key), "a key is not masked: {text}");
    }
}

fn check_safe(out: &[u8]) {
    let text = std::str::from_utf8(out).expect("output is UTF-8");
    let unsafe_line = text.lines().find(|line| !is_clean(line));
    assert_eq!(unsafe_line, None, "an unsafe character is printed");
}

/// The printed JSON has the values that came, and no character that a terminal obeys.
fn check_json(json: Json<'_>, value: &Value) {
    let mut out = Vec::new();
    write_json(&mut out, json).expect("a vector takes everything");
    check_safe(&out);
    assert_eq!(serde_json::from_slice::<Value>(&out).ok().as_ref(), Some(value), "the JSON changed");
}

/// The rows, read independently: those of the lists, or else the value itself.
fn rows_of<'v, T: View>(value: &'v Value) -> Vec<&'v Value> {
    let lists: Vec<&Value> = T::ROWS.iter().filter_map(|(name, ..)| value.get(name)).collect();
    let lists = if lists.is_empty() { vec![value] } else { lists };
    let rows = |list: &'v Value| match list {
        Value::Array(rows) => rows.iter().collect(),
        Value::Null => Vec::new(),
        row => vec![row],
    };
    lists.into_iter().flat_map(rows).collect()
}

/// A line of JSON is a row, perhaps with its kind.
fn check_rows(rows: &[Row<'_>], expected: &[&Value]) {
    assert_eq!(rows.len(), expected.len(), "the rows are not those of the JSON");
    for (row, expected) in rows.iter().zip(expected) {
        let mut line = Vec::new();
        row.write_line(&mut line).expect("a vector takes everything");
        check_safe(&line);
        assert_eq!(line.iter().position(|byte| *byte == b'\n'), Some(line.len() - 1), "a row is one line");
        let mut value: Value = serde_json::from_slice(&line).expect("a line is JSON");
        if let (Some(object), None) = (value.as_object_mut(), expected.get("kind")) {
            object.shift_remove("kind");
        }
        assert_eq!(value, **expected, "a row changed");
    }
}

/// CSV has a heading and one record for each row, all with the same number of cells.
fn check_csv(rows: &[Row<'_>], terminal: bool) {
    let mut out = Vec::new();
    let mut csv = CsvWriter::new(None, terminal);
    let written = csv.write(&mut out, rows.iter().copied(), &CsvTables::default());
    assert!(written.is_ok(), "rows are not written as CSV");
    let text = String::from_utf8(out).expect("CSV is UTF-8");
    if terminal {
        check_safe(text.as_bytes());
    }
    let (mut records, mut cells, mut width, mut quoted) = (0, 1, None, false);
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => cells += 1,
            '\n' if !quoted => {
                assert_eq!(*width.get_or_insert(cells), cells, "a record of another width:\n{text}");
                (records, cells) = (records + 1, 1);
            }
            _ => {}
        }
    }
    assert!(!quoted && cells == 1, "the last record is not ended:\n{text}");
    assert_eq!(records, if rows.is_empty() { 0 } else { rows.len() + 1 }, "{text}");
}

fn filters() -> [RowFilter; 4] {
    let since = Timestamp::from_second(1_790_000_000).ok();
    [
        RowFilter { environment: Some(Environment::Live), ..RowFilter::default() },
        RowFilter { active: Some(true), ..RowFilter::default() },
        RowFilter { statuses: vec!["active".to_owned()], ..RowFilter::default() },
        RowFilter { since, customer: Some("cus_1".to_owned()), ..RowFilter::default() },
    ]
}

/// A filtered reply has the rows that the filter keeps, and is otherwise the same.
fn check_filter<T: View + DeserializeOwned>(call: &Call<T>, body: &[u8], value: &Value, filter: &RowFilter) {
    let names: Vec<&str> = T::ROWS.iter().map(|(name, ..)| *name).collect();
    let keeps = |row: &Value| {
        let text = row.to_string();
        filter.keeps(Json::parse(text.as_bytes()).expect("a row is JSON"))
    };
    let mut expected = value.clone();
    for name in &names {
        if let Some(list) = expected.get_mut(*name).and_then(Value::as_array_mut) {
            list.retain(keeps);
        }
    }
    let reply = call.read(shared(body)).expect("it was read before");
    let reply = reply.retain_rows(&names, |row| filter.keeps(row)).expect("it is still valid");
    let text = reply.json().expect("a reply has a body");
    assert_eq!(serde_json::from_slice::<Value>(&text).ok(), Some(expected), "another reply after filtering");
    let reply = call.read(shared(body)).expect("it was read before");
    let before = reply.json().expect("a reply has a body").into_owned();
    let reply = reply.retain_rows(&names, |_| true).expect("it is still valid");
    assert_eq!(
        *reply.json().expect("a reply has a body"),
        before,
        "a filter that keeps all changes the text"
    );
}

/// The mirror, as a plan reads it.
fn mirror(body: &[u8]) {
    let Ok(reply) = stripe::mirror(Environment::Test).read(shared(body)) else { return };
    let mirror = crate::catalog::managed(reply.data);
    // The objects of a hostile backend, as a file.
    if let Ok(exported) = crate::catalog::export(&mirror, None, "file") {
        let read = crate::catalog::read_catalog(&exported.text, "file");
        let read = read.unwrap_or_else(|failure| panic!("{failure}:\n{}", exported.text));
        assert_eq!((read.products.len(), read.prices().count()), (exported.products, exported.prices));
        let again =
            crate::catalog::export(&mirror, Some(&exported.text), "file").expect("the own file is read");
        assert_eq!(again.text, exported.text, "a second export changes the file");
    }
}

/// Any JSON: accepted if serde accepts it, and then printed with the same values.
fn json(body: &[u8]) {
    let read = serde_json::from_slice::<Value>(body);
    match Json::parse(body) {
        Ok(json) => {
            if let Ok(value) = read {
                check_json(json, &value);
                let members: Vec<_> = json.members().collect();
                assert!(members.len() >= value.as_object().map_or(0, serde_json::Map::len));
                let elements = value.as_array().map(Vec::len);
                assert!(elements.is_none_or(|elements| json.elements().count() == elements));
                assert_eq!(json.string().as_deref(), value.as_str());
            }
        }
        Err(error) => {
            let error = error.to_string();
            let is_refused_here = error.contains("levels deep") || error.contains("surrogate");
            assert!(read.is_err() || is_refused_here, "{error}");
        }
    }
}

/// An answer that is no success, as JSON and as a page.
fn refusal(body: &[u8]) {
    let (choice, body) = with_choice(body);
    for content_type in ["application/json", "text/html", "text/plain", ""] {
        let answer = Answer {
            status: [401, 404, 429, 502][choice % 4],
            content_type: content_type.to_owned(),
            server: None,
            retry_after: None,
            request_ids: String::new(),
            body: shared(body),
        };
        if let Some(foreign) = answer.foreign(Method::Get) {
            let excerpt = foreign.excerpt.unwrap_or_default();
            assert!(excerpt.chars().count() <= 300, "a long excerpt: {excerpt}");
        }
    }
}

/// `Retry-After`: seconds or one of HTTP's three forms of a date, read as by another implementation. Anything else is no wait.
/// The data is a header, and also a point of time whose three forms are read.
pub fn retry_after(data: &[u8]) {
    // 2026-11-30, a Monday.
    const NOW: i64 = 1_796_031_930;
    let now = Timestamp::from_second(NOW).expect("a time");
    let header = String::from_utf8_lossy(data);
    let read = parse_retry_after(&header, now);
    let trimmed = header.trim();
    let is_number = !trimmed.is_empty() && trimmed.bytes().all(|byte| byte.is_ascii_digit());
    if is_number {
        // A number that is too large is a long wait, and not none.
        let digits = trimmed.trim_start_matches('0');
        let seconds = digits
            .bytes()
            .try_fold(0_u64, |number, digit| number.checked_mul(10)?.checked_add(u64::from(digit - b'0')));
        assert_eq!(read, Some(Duration::from_secs(seconds.unwrap_or(u64::MAX))), "{trimmed}");
    } else if let Some(wait) = read {
        assert!(trimmed.contains(':'), "{trimmed} is read as {wait:?}");
        // The year 9999 is the last.
        assert!(wait.as_secs() < 8000 * 366 * 86_400, "{trimmed} is read as {wait:?}");
    }
    let mut bytes = [0; 8];
    let length = data.len().min(8);
    bytes[..length].copy_from_slice(&data[..length]);
    // Within 40 years, so that a year of two digits is the same.
    let seconds = NOW + i64::from_le_bytes(bytes) % (40 * 365 * 86_400);
    for date in http_dates(seconds) {
        let wait = u64::try_from(seconds - NOW).unwrap_or_default();
        assert_eq!(parse_retry_after(&date, now), Some(Duration::from_secs(wait)), "{date}");
    }
}

/// The three forms of a date in HTTP (RFC 9110, section 5.6.7), calculated from the Unix time.
fn http_dates(seconds: i64) -> [String; 3] {
    const DAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (days, time) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let time = format!("{:02}:{:02}:{:02}", time / 3600, time / 60 % 60, time % 60);
    let weekday = DAYS[usize::try_from(days.rem_euclid(7)).unwrap_or_default()];
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let (mut year, mut left) = (1970, days);
    while left < 0 {
        year -= 1;
        left += 365 + i64::from(is_leap(year));
    }
    while left >= 365 + i64::from(is_leap(year)) {
        left -= 365 + i64::from(is_leap(year));
        year += 1;
    }
    let lengths = [31, 28 + i64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while left >= lengths[month] {
        left -= lengths[month];
        month += 1;
    }
    let (day, month, short) = (left + 1, MONTHS[month], &weekday[..3]);
    [
        format!("{short}, {day:02} {month} {year} {time} GMT"),
        format!("{weekday}, {day:02}-{month}-{:02} {time} GMT", year % 100),
        format!("{short} {month} {day:2} {time} {year}"),
    ]
}

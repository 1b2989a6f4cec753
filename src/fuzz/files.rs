//! The files that people and other programs write.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use toml_edit::DocumentMut;

use super::{check_position_in_message, check_positions, with_choice};
use crate::catalog::{edited_catalog, normalized_catalog, read_catalog, written_catalog};
use crate::input::decode;
use crate::runner::{FileInput, parse_objects};
use crate::secret::Secret;
use crate::settings::{KeyStore, LinkEdit, Profiles, Project, edited_toml, remove_profile_from};
use crate::wire::razorpay::{NewItem, NewPlan};
use crate::wire::{Address, NewPrice, NewProduct, PriceChanges, WithId};

const NAME: &str = "file";

/// The text of a file, if it is read at all.
fn text_of(data: &[u8]) -> Option<String> {
    let read = decode(data.to_vec());
    let text = std::str::from_utf8(data).map(|text| text.strip_prefix('\u{feff}').unwrap_or(text));
    match (read, text) {
        (Ok(read), Ok(text)) => {
            assert_eq!(read, text, "only a byte order mark is removed");
            Some(read)
        }
        (Ok(_), Err(_)) => panic!("text that is not UTF-8 is read"),
        (Err(_), Err(_)) => None,
        (Err(error), Ok(_)) => {
            assert!(error.to_string().contains("UTF-16"), "{error}");
            None
        }
    }
}

/// `.insforge/project.json`: a file is read or has a position in it. Linking keeps every other field.
pub fn project_json(data: &[u8]) {
    let Some(text) = text_of(data) else { return };
    let given = serde_json::from_str::<Map<String, Value>>(&text);
    let project = match Project::parse(PathBuf::from(NAME), &text) {
        Ok(project) => project,
        Err(failure) if given.is_err() => return check_position_in_message(&text, NAME, &failure),
        Err(failure) => return assert!(failure.what.contains("is invalid in"), "{failure}"),
    };
    let given = given.expect("what is read is an object");
    let string = |name: &str| given.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    assert_eq!(project.key.as_ref().map(Secret::expose), string("api_key"));
    assert_eq!(project.host.is_some(), string("oss_host").is_some());
    assert_eq!(project.live.is_some(), string("live").is_some());

    let address = Address::parse("https://app.example.com").expect("a valid address");
    let key = Secret::new("ik_0123456789abcdef".to_owned());
    let edit = |guard| LinkEdit { backend: Some((address.clone(), key.clone())), guard };
    let edited =
        |guard| Project::edited(Path::new(NAME), Some(&text), &edit(guard)).expect("it was read before");
    let parsed = |text: &str| Project::parse(PathBuf::from(NAME), text).expect("the own text is read");
    assert_eq!(parsed(&edited(Some(true))).guard, Some(true));
    assert_eq!(parsed(&edited(Some(false))).guard, None);
    let linked = edited(None);
    let again = parsed(&linked);
    assert_eq!(again.host.as_deref(), Some(address.as_str()));
    assert_eq!(again.key.as_ref().map(Secret::expose), Some(key.expose()));
    assert_eq!((again.live, again.guard), (project.live, project.guard));
    let written: Map<String, Value> = serde_json::from_str(&linked).expect("the own text is an object");
    for (name, value) in given {
        let is_own = ["project_id", "project_name", "org_id", "appkey", "region", "api_key", "oss_host"]
            .contains(&name.as_str());
        assert!(is_own || written.get(&name) == Some(&value), "`{name}` is changed");
    }
}

/// `config.toml`: a file is read or has a position in it. A login and a logout change only their own profile, and keep
/// every comment.
pub fn config_toml(data: &[u8]) {
    let (choice, data) = with_choice(data);
    let Some(text) = text_of(data) else { return };
    let path = Path::new(NAME);
    let before = match Profiles::parse(path, &text) {
        Ok(profiles) => profiles,
        Err(failure) => return check_position_in_message(&text, NAME, &failure),
    };
    let others: Vec<&str> = before.names().collect();
    let name = others.get(choice / 2).copied().unwrap_or("new name");
    let url = "https://app.example.com";
    let put = |document: &mut DocumentMut| before.put_into(document, name, url, KeyStore::File);
    let remove = |document: &mut DocumentMut| remove_profile_from(document, name);
    let edit = if choice % 2 == 0 { edited_toml(path, &text, put) } else { edited_toml(path, &text, remove) };
    let edited = edit.expect("it was read before");
    let after = Profiles::parse(path, &edited)
        .unwrap_or_else(|failure| panic!("{failure}: the edited file is invalid:\n{edited}"));
    let changed = after.get(name).map(|profile| (profile.api_url.as_str(), profile.key_store));
    assert_eq!(changed, (choice % 2 == 0).then_some((url, KeyStore::File)), "{edited}");
    let same = |other: &&str| format!("{:?}", before.get(other)) == format!("{:?}", after.get(other));
    assert!(others.iter().filter(|other| **other != name).all(same), "another profile changed:\n{edited}");
    let known = others.iter().filter(|other| **other != name).count() + usize::from(choice % 2 == 0);
    assert_eq!(after.names().count(), known, "{edited}");
    // Unless the file names another default, the first login is the default.
    if choice % 2 == 0 && others.is_empty() && !text.contains("default_profile") {
        assert!(after.select(None).is_ok(), "{edited}");
    }
}

/// `payments.toml`: a file is read or every mistake has a position in it. A catalog that is read can be written, and another
/// file can be edited to have it. The data can be two files, with a NUL between them.
pub fn payments_toml(data: &[u8]) {
    let Some(text) = text_of(data) else { return };
    let (text, other) = text.split_once('\0').unwrap_or((&text, "version = 1\n"));
    let catalog = match read_catalog(text, NAME) {
        Ok(catalog) => catalog,
        Err(failure) => {
            assert!(!failure.mistakes.is_empty(), "{failure} has no mistakes");
            return check_positions(text, &failure.mistakes);
        }
    };
    let lines = text.split('\n').count();
    assert!(catalog.prices().all(|price| price.line.is_some_and(|line| (1..=lines).contains(&line))));
    let target = normalized_catalog(&catalog);
    let written = written_catalog(&target);
    let again = read_catalog(&written, NAME).unwrap_or_else(|failure| panic!("{failure}:\n{written}"));
    assert_eq!(normalized_catalog(&again), target, "{written}");

    let Ok(previous) = read_catalog(other, NAME) else { return };
    // Where the edited file is not as wanted, an export refuses it.
    let Some(edited) = edited_catalog(other, &previous, &target) else { return };
    if let Ok(edited) = read_catalog(&edited, NAME)
        && normalized_catalog(&previous) == target
    {
        assert_eq!(normalized_catalog(&edited), target, "an edit without changes changes the catalog");
    }
}

/// Bulk input: every line with an object is one entry with the line's number, and is read alone as in the file.
pub fn jsonl(data: &[u8]) {
    let (choice, data) = with_choice(data);
    let Some(text) = text_of(data) else { return };
    match choice % 5 {
        0 => objects::<NewProduct>(&text),
        1 => objects::<NewPrice>(&text),
        2 => objects::<NewItem>(&text),
        3 => objects::<NewPlan>(&text),
        _ => objects::<WithId<PriceChanges>>(&text),
    }
}

fn objects<T: DeserializeOwned + Serialize>(text: &str) {
    let entries = match parse_objects::<T>(text, NAME.to_owned(), &[("--name", "name")]) {
        Ok(FileInput::One(object)) => return check_round_trip(&object),
        Ok(FileInput::Many { entries, .. }) => entries,
        Err(mistakes) => {
            let mistakes = mistakes.first;
            assert!(!mistakes.is_empty() && mistakes.iter().all(|mistake| mistake.index.is_none()));
            return check_positions(text, &mistakes);
        }
    };
    let mut line = 0;
    for (index, entry) in entries.iter().enumerate() {
        assert!(entry.line >= line, "the lines are not in order");
        line = entry.line;
        match &entry.object {
            Ok(object) => check_round_trip(object),
            Err(mistakes) => {
                assert!(mistakes.count > 0, "an invalid entry without a mistake");
                let mistakes = &mistakes.first;
                let is_own = |index| mistakes.iter().all(|mistake| mistake.index == Some(index));
                assert!(is_own(index), "{mistakes:?} are not those of entry {index}");
                if index < 50 {
                    check_positions(text, mistakes);
                }
            }
        }
    }
    // JSONL in which each line is JSON: every line is accounted for.
    let lines = || text.split('\n').enumerate().filter(|(_, line)| !line.trim_ascii().is_empty());
    let value = |line: &str| serde_json::from_str::<Value>(line).ok();
    if text.trim_ascii_start().starts_with('[') || !lines().all(|(_, line)| value(line).is_some()) {
        return;
    }
    assert_eq!(entries.len(), lines().count());
    for (entry, (number, line)) in entries.iter().zip(lines()) {
        assert_eq!(entry.line, number + 1);
        let alone = parse_objects::<T>(line, NAME.to_owned(), &[("--name", "name")]);
        // A line can be an array, which alone is bulk input.
        let is_valid = matches!(alone, Ok(FileInput::One(_)));
        assert_eq!(entry.object.is_ok(), is_valid, "line {} is different alone", number + 1);
    }
}

/// What is sent is what is read.
fn check_round_trip<T: DeserializeOwned + Serialize>(object: &T) {
    let sent = serde_json::to_string(object).expect("an object is written");
    let again: T = serde_json::from_str(&sent).unwrap_or_else(|error| panic!("{error}: {sent}"));
    assert_eq!(serde_json::to_string(&again).expect("an object is written"), sent);
}

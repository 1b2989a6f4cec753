//! The state file: shared, readable, and left alone when it is not understood.

use std::path::{Path, PathBuf};

use insforge_sandbox::{Error, Options};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::api::Api;

const PRODUCTS: &str = "/test/catalog/products";

fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("deeper/sandbox.json");
    (folder, path)
}

fn on(path: &Path) -> Api {
    Api::of(Options::new().state(path))
}

fn names(api: &Api) -> Vec<String> {
    let products = api.done("GET", PRODUCTS, json!(null));
    let name = |row: &Value| row["name"].as_str().expect("a name").to_owned();
    products["products"].as_array().expect("products").iter().map(name).collect()
}

#[test]
fn sandboxes_on_one_file_are_one() {
    let (_folder, path) = place();
    let (one, two) = (on(&path), on(&path));
    one.done("POST", PRODUCTS, json!({"name": "Of one", "idempotencyKey": "k"}));
    assert!(names(&two).contains(&"Of one".to_owned()));
    let again = two.done("POST", PRODUCTS, json!({"name": "Of one", "idempotencyKey": "k"}));
    two.done("POST", PRODUCTS, json!({"name": "Of two"}));
    assert_eq!(names(&one), names(&two));
    drop((one, two));
    let later = on(&path);
    assert_eq!(names(&later).len(), 6);
    let first = later.done("POST", PRODUCTS, json!({"name": "Of one", "idempotencyKey": "k"}));
    assert_eq!(first["product"]["productId"], again["product"]["productId"]);
}

#[test]
fn the_file_can_be_read_by_its_owner_and_nobody_else() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, path) = place();
    let api = on(&path);
    let mode = std::fs::metadata(&path).expect("made at the first use").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = std::fs::read_to_string(&path).expect("the file");
    assert!(text.lines().count() > 100, "one line is not readable");
    let state: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(state["version"], 1);
    assert!(text.contains("Pro Plan"));
    drop(api);
}

#[test]
fn a_file_that_is_taken_away_is_begun_anew() {
    let (_folder, path) = place();
    let api = on(&path);
    api.done("POST", PRODUCTS, json!({"name": "Lost"}));
    std::fs::remove_file(&path).expect("the file");
    assert!(!names(&api).contains(&"Lost".to_owned()));
    api.done("POST", PRODUCTS, json!({"name": "Kept"}));
    assert_eq!(names(&on(&path)), names(&api));
}

#[test]
fn a_file_that_is_not_understood_is_left_as_it_is() {
    let (_folder, path) = place();
    let version = json!({"version": 99, "new": "things"}).to_string();
    for (text, what) in [
        ("{\"version\": 1", "is not a valid sandbox state file"),
        ("[]", "is not a valid sandbox state file"),
        ("{\"version\": 1, \"unknown\": true}", "is not a valid sandbox state file"),
        (version.as_str(), "was written by a later version"),
    ] {
        let api = on(&path);
        std::fs::write(&path, text).expect("the file");
        // A running sandbox reports it, too.
        for (method, body) in [("GET", json!(null)), ("POST", json!({"name": "Never"}))] {
            let message = api.refused(method, PRODUCTS, body, 500);
            assert!(message.contains(what), "{message}");
        }
        let error = Options::new().state(&path).spawn().expect_err("an error");
        assert!(error.to_string().contains(what), "{error}");
        // Only what looks like a state is offered for a reset.
        if let Error::InvalidState { damaged, .. } = error {
            assert_eq!(damaged, text.starts_with('{'), "{text}");
        }
        assert_eq!(std::fs::read_to_string(&path).expect("the file"), text);
        std::fs::remove_file(&path).expect("the file");
    }
}

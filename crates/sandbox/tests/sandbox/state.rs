//! The state file: shared, readable, and not changed if it is not valid.

use std::path::{Path, PathBuf};

use insforge_sandbox::{Error, Options};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::api::Api;

const PRODUCTS: &str = "/test/catalog/products";

fn state_path() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("deeper/sandbox.json");
    (folder, path)
}

fn start(path: &Path) -> Api {
    Api::start(Options::new().state(path))
}

fn names(api: &Api) -> Vec<String> {
    let products = api.ok("GET", PRODUCTS, json!(null));
    let name = |row: &Value| row["name"].as_str().expect("a name").to_owned();
    products["products"].as_array().expect("products").iter().map(name).collect()
}

#[test]
fn sandboxes_with_one_state_file_share_their_state() {
    let (_folder, path) = state_path();
    let (one, two) = (start(&path), start(&path));
    one.ok("POST", PRODUCTS, json!({"name": "From one", "idempotencyKey": "k"}));
    assert!(names(&two).contains(&"From one".to_owned()));
    let again = two.ok("POST", PRODUCTS, json!({"name": "From one", "idempotencyKey": "k"}));
    two.ok("POST", PRODUCTS, json!({"name": "From two"}));
    assert_eq!(names(&one), names(&two));
    drop((one, two));
    let later = start(&path);
    assert_eq!(names(&later).len(), 6);
    let first = later.ok("POST", PRODUCTS, json!({"name": "From one", "idempotencyKey": "k"}));
    assert_eq!(first["product"]["productId"], again["product"]["productId"]);
}

#[test]
fn only_the_owner_can_read_the_state_file() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, path) = state_path();
    let api = start(&path);
    let mode = std::fs::metadata(&path).expect("the file exists after the start").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = std::fs::read_to_string(&path).expect("the file");
    assert!(text.lines().count() > 100, "the file is not readable for people");
    let state: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(state["version"], 1);
    assert!(text.contains("Pro Plan"));
    drop(api);
}

#[test]
fn a_removed_state_file_is_recreated() {
    let (_folder, path) = state_path();
    let api = start(&path);
    api.ok("POST", PRODUCTS, json!({"name": "Lost"}));
    std::fs::remove_file(&path).expect("the file");
    assert!(!names(&api).contains(&"Lost".to_owned()));
    api.ok("POST", PRODUCTS, json!({"name": "Kept"}));
    assert_eq!(names(&start(&path)), names(&api));
}

#[test]
fn an_invalid_state_file_is_not_changed() {
    let (_folder, path) = state_path();
    let version = json!({"version": 99, "new": "things"}).to_string();
    for (text, what) in [
        ("{\"version\": 1", "is not a valid sandbox state file"),
        ("[]", "is not a valid sandbox state file"),
        ("{\"version\": 1, \"unknown\": true}", "is not a valid sandbox state file"),
        (version.as_str(), "was written by a later version"),
    ] {
        let api = start(&path);
        std::fs::write(&path, text).expect("the file");
        // A running sandbox reports it, too.
        for (method, body) in [("GET", json!(null)), ("POST", json!({"name": "Never"}))] {
            let message = api.error(method, PRODUCTS, body, 500);
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

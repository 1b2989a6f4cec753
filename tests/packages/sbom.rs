//! The list of what the program is built from (SBOM), as CycloneDX.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::packages;
use crate::program::machine_paths;

fn text() -> String {
    let path = packages().join(concat!("insforge-", env!("CARGO_PKG_VERSION"), ".cdx.json"));
    std::fs::read_to_string(path).expect("the SBOM exists: run packaging/release.sh --dry-run")
}

fn sbom() -> Value {
    serde_json::from_str(&text()).expect("JSON")
}

fn rows<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn string<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{value} lacks {name}"))
}

#[test]
fn the_sbom_lists_the_dependencies_of_every_platform() {
    let mut command = Command::new(env!("CARGO"));
    command.args(["tree", "--locked", "--edges=normal", "--prefix=none", "--format={p}", "--target=all"]);
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).expect("UTF-8");
    let expected: BTreeSet<String> = tree
        .lines()
        .skip(1)
        .map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ").replace(" v", " "))
        .collect();
    assert!(expected.len() > 100, "{expected:?}");

    let sbom = sbom();
    let component = |row: &Value| format!("{} {}", string(row, "name"), string(row, "version"));
    let listed: BTreeSet<String> = rows(&sbom, "components").iter().map(component).collect();
    let missing: Vec<_> = expected.difference(&listed).collect();
    assert!(missing.is_empty(), "the SBOM lacks {missing:?}");
    assert_eq!(component(&sbom["metadata"]["component"]), concat!("insforge ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_sbom_is_valid() {
    let sbom = sbom();
    assert_eq!((string(&sbom, "bomFormat"), string(&sbom, "specVersion")), ("CycloneDX", "1.5"));
    let mut ids = BTreeSet::from([string(&sbom["metadata"]["component"], "bom-ref")]);
    for component in rows(&sbom, "components") {
        let id = string(component, "bom-ref");
        assert!(ids.insert(id), "two components have the id {id}");
        let name = format!("pkg:cargo/{}@", string(component, "name"));
        assert!(string(component, "purl").starts_with(&name), "{component}");
    }
    for dependency in rows(&sbom, "dependencies") {
        let on = rows(dependency, "dependsOn").iter().map(|id| id.as_str().expect("an id"));
        for id in on.chain([string(dependency, "ref")]) {
            assert!(ids.contains(id), "{id} is no component");
        }
    }
}

#[test]
fn the_sbom_has_no_path_of_the_machine_that_built_it() {
    let text = text();
    for path in machine_paths().into_iter().chain(["file:".to_owned()]) {
        let line = text.lines().find(|line| line.contains(&path));
        assert_eq!(line, None, "the SBOM has {path}");
    }
}

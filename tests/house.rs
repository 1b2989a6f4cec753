//! Checks the structure of the code: which module may import which, and where the network and the streams are used.
#![allow(missing_docs, clippy::expect_used, clippy::print_stdout, reason = "tests fail by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The layer of each module at the top of `src`. A module imports from lower layers and from itself.
const LAYERS: [(&str, u8); 16] = [
    ("fuzz", 6),
    ("cli", 5),
    ("commands", 5),
    ("runner", 4),
    ("catalog", 3),
    ("approval", 3),
    ("api", 2),
    ("settings", 2),
    ("ui", 2),
    ("wire", 1),
    ("error", 1),
    ("secret", 1),
    ("env", 1),
    ("input", 1),
    ("files", 1),
    ("interrupt", 1),
];

/// Pairs of modules in one layer, of which the first may import the second: the command line leads to the commands, some
/// wire types are secret, a failure can carry an idempotency key, an unusable file or variable is a failure, everything is read in
/// the same way, and an interrupt is a failure.
const SAME_LAYER: [(&str, &str); 11] = [
    ("cli", "commands"),
    ("wire", "secret"),
    ("error", "wire"),
    ("files", "error"),
    ("env", "error"),
    ("files", "input"),
    ("env", "input"),
    ("secret", "input"),
    ("wire", "input"),
    ("interrupt", "env"),
    ("interrupt", "error"),
];

fn sources() -> BTreeMap<PathBuf, String> {
    fn walk(folder: &Path, found: &mut BTreeMap<PathBuf, String>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source file");
                found.insert(path, text);
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found
}

/// `src/ui/table.rs` is in `ui`, `src/secret.rs` in `secret`.
fn module_of(path: &Path) -> String {
    let inside = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).expect("a source file");
    let first = inside.components().next().expect("a name").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// The modules that a file names with `crate::`, in imports and elsewhere.
fn named_modules(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    code.match_indices("crate::")
        .flat_map(|(at, prefix)| {
            let rest = &code[at + prefix.len()..];
            let group = rest.strip_prefix('{').map(|rest| rest.split('}').next().unwrap_or_default());
            let names: Vec<&str> = group.map_or_else(|| vec![rest], |group| group.split(',').collect());
            names.into_iter().map(first_name).collect::<Vec<_>>()
        })
        .filter(|name| LAYERS.iter().any(|(module, _)| module == name))
        .collect()
}

fn first_name(text: &str) -> String {
    text.trim().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

fn layer(module: &str) -> Option<u8> {
    LAYERS.iter().find(|(name, _)| *name == module).map(|(_, layer)| *layer)
}

#[test]
fn every_layer_imports_downward_only() {
    let mut seen = 0;
    for (path, text) in sources() {
        let module = module_of(&path);
        if matches!(module.as_str(), "main" | "lib") {
            continue;
        }
        let own = layer(&module).unwrap_or_else(|| panic!("{module} has no layer: give it one in LAYERS"));
        for named in named_modules(&text).into_iter().filter(|named| *named != module) {
            seen += 1;
            let other = layer(&named).expect("named modules have layers");
            let may = other < own || SAME_LAYER.contains(&(module.as_str(), named.as_str()));
            assert!(may, "{} (layer {own}) names {named} (layer {other})", path.display());
        }
    }
    assert!(seen > 50, "only {seen} imports were found; this test does not read the sources correctly");
}

/// If the client used code of the sandbox, both could have the same mistake. The sandbox cannot use code of the client,
/// because it is a separate package.
#[test]
fn only_the_sandbox_commands_name_the_sandbox() {
    let allowed = ["/src/lib.rs", "/commands/sandbox/", "/cli/sandbox.rs"];
    let mut seen = 0;
    for (path, text) in sources() {
        let name = path.display().to_string();
        if ["insforge_sandbox", "crate::sandbox"].iter().any(|sandbox| text.contains(sandbox)) {
            seen += 1;
            assert!(allowed.iter().any(|place| name.contains(place)), "{name} names the sandbox");
        }
    }
    assert!(seen > 3, "only {seen} files name the sandbox; this test searches for the wrong names");
}

#[test]
fn the_network_and_each_stream_are_used_in_one_place() {
    let rules: [(&str, &[&str]); 8] = [
        ("reqwest", &["api/http.rs"]),
        // The approval page is on loopback, and so is its client. The tests of peer.rs connect to themselves.
        ("TcpListener", &["approval/server.rs", "approval/peer.rs"]),
        ("TcpStream", &["approval/server.rs", "approval/waiting.rs", "approval/peer.rs"]),
        ("stderr()", &["ui/stderr.rs", "ui/ask.rs", "ui/progress.rs", "runner/jq_process.rs", "env.rs"]),
        ("stdout()", &["runner/stdout.rs", "env.rs"]),
        ("comfy_table", &["ui/table.rs"]),
        ("dialoguer", &["ui/ask.rs"]),
        ("std::env", &["src/env.rs", "main.rs", "fuzz/tests.rs"]),
    ];
    for (path, text) in sources() {
        let name = path.display().to_string();
        for (word, places) in rules {
            // Comments may mention it.
            let used = text.lines().any(|line| line.contains(word) && !line.trim_start().starts_with("//"));
            assert!(!used || places.iter().any(|place| name.ends_with(place)), "{name} uses {word}");
        }
    }
}

#[test]
fn commands_neither_print_nor_check_the_format() {
    for (path, text) in sources() {
        let name = path.display().to_string();
        if !name.contains("/commands/") {
            continue;
        }
        for word in ["stdout()", "Output::", "write_json", "write_page"] {
            assert!(!text.contains(word), "{name} names {word}");
        }
    }
}

/// Shared code has no branches for providers. The differences are in the provider's own types.
#[test]
fn only_a_providers_own_files_name_it() {
    const PROVIDERS: [&str; 2] = ["stripe", "razorpay"];
    let mut own = 0;
    for (path, text) in sources() {
        let name = path.display().to_string();
        if !["api", "runner", "commands", "settings", "ui"].contains(&module_of(&path).as_str()) {
            continue;
        }
        // The list of providers, the help (with their variables), and the sandbox, which has its own Stripe.
        let lists = ["/commands/mod.rs", "/commands/help/", "/commands/sandbox/mod.rs"];
        if lists.iter().any(|place| name.contains(place)) {
            continue;
        }
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        let code: Vec<String> = code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            // A list of modules may name providers.
            .filter(|line| !line.starts_with("pub(crate) mod ") && !line.starts_with("pub(crate) use "))
            .map(str::to_lowercase)
            .collect();
        let names = |provider: &str| code.iter().any(|line| line.contains(provider));
        for provider in PROVIDERS {
            let its_own =
                name.contains(&format!("/{provider}/")) || name.ends_with(&format!("/{provider}.rs"));
            own += usize::from(its_own);
            assert!(its_own || !names(provider), "{name} names {provider}");
        }
    }
    assert!(own > 20, "only {own} files belong to a provider; this test does not read the sources correctly");
}

/// Only placeholders and column headings have capitals.
#[test]
fn prose_writes_id_in_lower_case() {
    const WORDS: [&str; 18] = [
        "a", "all", "an", "existing", "its", "key", "key's", "many", "no", "of", "one", "or", "own", "price",
        "product", "that", "the", "this",
    ];
    for (path, text) in sources() {
        for line in text.lines().filter(|line| !line.contains("Column::")) {
            let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric() && c != '\'').collect();
            let is_prose = |pair: &[&str]| pair[1] == "IDs" || pair[1] == "ID" && WORDS.contains(&pair[0]);
            assert!(!words.windows(2).any(is_prose), "{}: {line}", path.display());
        }
    }
}

//! The layers of this crate: a pure core, and thin edges that do all input and output.

use std::fs;
use std::path::{Path, PathBuf};

/// What only some files may use.
const EDGES: [(&str, &[&str]); 5] = [
    (
        "tokio::",
        &[
            "lib.rs",
            "http.rs",
            "client_stream.rs",
            "delayed.rs",
            "forward.rs",
            "options.rs",
            "request_body.rs",
            "sleep.rs",
        ],
    ),
    ("hyper", &["forward.rs", "http.rs", "request_body.rs", "response.rs"]),
    ("std::net::", &["lib.rs", "options.rs"]),
    ("std::fs", &["file.rs", "store.rs"]),
    ("Timestamp::now", &["forward.rs", "http.rs", "lib.rs", "options.rs"]),
];

#[test]
fn only_the_edges_do_input_and_output() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    assert!(files.len() > 40, "only {} source files were found", files.len());
    for path in files {
        let text = fs::read_to_string(&path).expect("a source file");
        let name = path.strip_prefix(&root).expect("a path in src").display().to_string();
        for (word, allowed) in EDGES {
            let used = text.lines().any(|line| line.contains(word) && !line.trim_start().starts_with("//"));
            assert!(!used || allowed.contains(&name.as_str()), "{name} uses {word}");
        }
    }
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

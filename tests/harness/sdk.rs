//! InsForge's SDK from npm.

use std::path::{Path, PathBuf};

use super::User;

/// A version of the SDK, which is installed in a folder of its own.
#[derive(Clone, Copy)]
pub enum Sdk {
    /// For newer backends.
    Newer,
    /// For older backends.
    Older,
}

impl Sdk {
    /// Lets the scripts in the user's home import the SDK.
    #[track_caller]
    pub fn install(self, user: &User) {
        std::os::unix::fs::symlink(self.modules(), user.path("node_modules")).expect("a link");
    }

    /// The folder with the installed packages.
    #[track_caller]
    fn modules(self) -> PathBuf {
        let name = match self {
            Self::Newer => "newer",
            Self::Older => "older",
        };
        let folder = format!("tests/sdk/{name}");
        let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join(&folder).join("node_modules");
        let command = format!("npm ci --prefix {folder} --ignore-scripts --no-audit --no-fund");
        assert!(modules.is_dir(), "InsForge's SDK is not installed; run `{command}` in the project's folder");
        modules
    }
}

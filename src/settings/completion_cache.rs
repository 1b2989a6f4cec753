//! The ids of a backend's lists, cached for shell completion. The cache holds no keys. Losing it costs one request, so no
//! function here reports an error.
//!
//! Each backend has a directory, each list of an environment a file, and each id a line. The modification time of a file is
//! the age of its list.

use std::borrow::Cow;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::files;
use crate::wire::{Address, Environment};

/// How long a list stays fresh. Writes by this tool invalidate it earlier. Changes made elsewhere, such as in the
/// provider's dashboard, are rare, and a user can still type a missing id.
const FRESH: Duration = Duration::from_secs(600);
/// The most ids in one list: a file of about a megabyte.
const MAX_IDS: usize = 10_000;
/// The longest file, in bytes: as many ids with the longest labels.
const MAX_FILE: u64 = 16 * 1024 * 1024;
/// The most backends with cached lists.
const MAX_BACKENDS: usize = 20;
/// The longest label in characters, as much as fits next to an id.
const MAX_LABEL: usize = 60;
/// The longest id in bytes. Stripe's limit is lower.
const MAX_ID: usize = 255;

/// An id and its description.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CachedId {
    pub(crate) id: String,
    /// The object's name, or its amount.
    pub(crate) label: String,
    /// The id of the object that it belongs to, such as a price's product.
    pub(crate) owner: String,
    /// The object is no longer for sale.
    pub(crate) inactive: bool,
}

/// Complete lists of one environment.
#[derive(Debug)]
pub(crate) struct CachedIds {
    /// The provider's segment in routes.
    pub(crate) provider: &'static str,
    pub(crate) environment: Environment,
    /// Each list with its name, such as `products`.
    pub(crate) lists: Vec<(&'static str, Vec<CachedId>)>,
}

/// The cached lists of one backend.
pub(crate) struct CompletionCache {
    directory: PathBuf,
}

impl CachedId {
    /// The label has the parts that the object has, separated by commas.
    pub(crate) fn new(id: &str, label: &[Option<Cow<'_, str>>], active: Option<bool>) -> Self {
        let label: Vec<&str> = label.iter().flatten().map(AsRef::as_ref).collect();
        Self {
            id: id.to_owned(),
            label: label.join(", ").chars().take(MAX_LABEL).collect(),
            owner: String::new(),
            inactive: active == Some(false),
        }
    }

    /// A line of the file. Characters that would end a field or a line become spaces; other control characters are
    /// replaced when the label is shown.
    fn to_line(&self) -> String {
        let field = |text: &str| text.replace(['\t', '\n', '\r'], " ");
        let (id, label, owner) = (field(&self.id), field(&self.label), field(&self.owner));
        format!("{id}\t{label}\t{owner}\t{}\n", if self.inactive { "inactive" } else { "" })
    }

    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split('\t').map(str::to_owned);
        let (id, label, owner, inactive) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        Some(Self { id, label, owner, inactive: !inactive.is_empty() })
    }
}

impl CachedIds {
    /// No lists yet.
    pub(crate) const fn new(provider: &'static str, environment: Environment) -> Self {
        Self { provider, environment, lists: Vec::new() }
    }

    /// Adds a list.
    pub(crate) fn with(mut self, name: &'static str, ids: impl Iterator<Item = CachedId>) -> Self {
        let short_enough = ids.filter(|one| one.id.len() <= MAX_ID);
        self.lists.push((name, short_enough.take(MAX_IDS).collect()));
        self
    }
}

impl CompletionCache {
    /// The cache of one backend, inside the directory of all caches.
    pub(crate) fn new(address: &Address, directory: &Path) -> Self {
        Self {
            directory: directory.join(utf8_percent_encode(address.as_str(), NON_ALPHANUMERIC).to_string()),
        }
    }

    /// A list and whether it is fresh; `None` if it is missing or damaged.
    pub(crate) fn load(
        &self,
        provider: &str,
        environment: Environment,
        name: &str,
    ) -> Option<(Vec<CachedId>, bool)> {
        let file = self.file(provider, environment, name);
        let text = files::read_up_to(&file, MAX_FILE).ok()??;
        let ids = text.lines().map(CachedId::parse).collect::<Option<_>>()?;
        Some((ids, files::is_younger(&file, FRESH)))
    }

    /// Replaces lists.
    pub(crate) fn store(&self, ids: &CachedIds) {
        let is_new = !self.directory.exists();
        for (name, list) in &ids.lists {
            let mut text = String::new();
            for one in list {
                let _ = write!(text, "{}", one.to_line());
            }
            files::write_cache(&self.file(ids.provider, ids.environment, name), &text);
        }
        if let (true, Some(all)) = (is_new, self.directory.parent()) {
            files::keep_newest_folders(all, MAX_BACKENDS);
        }
    }

    /// Marks all lists as stale.
    pub(crate) fn invalidate(&self) {
        files::mark_old(&self.directory);
    }

    /// Deletes all lists.
    pub(crate) fn clear(&self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }

    fn file(&self, provider: &str, environment: Environment, name: &str) -> PathBuf {
        self.directory.join(format!("{provider}-{environment}-{name}.tsv"))
    }
}

//! What a backend's lists had, for completion to offer: ids and what to say of them, and never a key. Losing it costs a
//! request, so nothing here fails.
//!
//! A folder for each backend, a file for each list of an environment, a line for each id. How old a list is says the file's
//! own time; whatever may have changed something at the backend makes all its files old.

use std::borrow::Cow;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::files;
use crate::wire::{Address, Environment};

/// How long a list is taken as it stands. Changes that are made with this tool are not waited for; others, as in the
/// provider's dashboard, are seldom, and an id that is missing can still be typed.
const FRESH: Duration = Duration::from_secs(600);
/// More ids than anybody looks through, in a file of a megabyte at most.
const MOST: usize = 10_000;
/// Of so many backends.
const BACKENDS: usize = 20;
/// As much as fits beside an id.
const LONGEST: usize = 60;
/// In bytes; the limit at Stripe is below.
const LONGEST_ID: usize = 255;

/// Something that has an id, and what it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) id: String,
    /// Its name, or its amount.
    pub(crate) about: String,
    /// The id of what it belongs to, whose name says more: a price's product.
    pub(crate) of: String,
    /// It is not for sale any more.
    pub(crate) inactive: bool,
}

/// Whole lists of one environment.
#[derive(Debug)]
pub(crate) struct Offers {
    /// The provider's segment in routes.
    pub(crate) provider: &'static str,
    pub(crate) environment: Environment,
    /// Each with its name: `products`.
    pub(crate) lists: Vec<(&'static str, Vec<Offer>)>,
}

/// Where the lists of one backend are kept.
pub(crate) struct Shelf {
    folder: PathBuf,
}

impl Offer {
    /// Of several things that are said of it, those that there are.
    pub(crate) fn new(id: &str, about: &[Option<Cow<'_, str>>], active: Option<bool>) -> Self {
        let about: Vec<&str> = about.iter().flatten().map(AsRef::as_ref).collect();
        Self {
            id: id.to_owned(),
            about: about.join(", ").chars().take(LONGEST).collect(),
            of: String::new(),
            inactive: active == Some(false),
        }
    }

    /// Its line in a file. What would end the line or a field is a space; whoever shows it sees to the rest.
    fn line(&self) -> String {
        let field = |text: &str| text.replace(['\t', '\n', '\r'], " ");
        let (id, about, of) = (field(&self.id), field(&self.about), field(&self.of));
        format!("{id}\t{about}\t{of}\t{}\n", if self.inactive { "inactive" } else { "" })
    }

    fn parse(line: &str) -> Option<Self> {
        let mut parts = line.split('\t').map(str::to_owned);
        let (id, about, of, inactive) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        Some(Self { id, about, of, inactive: !inactive.is_empty() })
    }
}

impl Offers {
    /// Lists of an environment, none yet.
    pub(crate) const fn of(provider: &'static str, environment: Environment) -> Self {
        Self { provider, environment, lists: Vec::new() }
    }

    /// Adds a list.
    pub(crate) fn with(mut self, name: &'static str, offers: impl Iterator<Item = Offer>) -> Self {
        let usual = offers.filter(|offer| offer.id.len() <= LONGEST_ID);
        self.lists.push((name, usual.take(MOST).collect()));
        self
    }
}

impl Shelf {
    /// The place of a backend's lists in this folder.
    pub(crate) fn of(address: &Address, ids: &Path) -> Self {
        Self { folder: ids.join(utf8_percent_encode(address.as_str(), NON_ALPHANUMERIC).to_string()) }
    }

    /// A list, where it was ever read and is whole, and whether that is not long ago.
    pub(crate) fn get(
        &self,
        provider: &str,
        environment: Environment,
        name: &str,
    ) -> Option<(Vec<Offer>, bool)> {
        let file = self.file(provider, environment, name);
        let text = files::read(&file).ok()??;
        let offers = text.lines().map(Offer::parse).collect::<Option<_>>()?;
        Some((offers, files::is_younger(&file, FRESH)))
    }

    /// Keeps lists instead of what was there.
    pub(crate) fn put(&self, offers: &Offers) {
        let is_new = !self.folder.exists();
        for (name, list) in &offers.lists {
            let mut text = String::new();
            for offer in list {
                let _ = write!(text, "{}", offer.line());
            }
            files::write_if_easy(&self.file(offers.provider, offers.environment, name), &text);
        }
        if let (true, Some(ids)) = (is_new, self.folder.parent()) {
            files::keep_newest(ids, BACKENDS);
        }
    }

    /// What is there may be so no more.
    pub(crate) fn outdate(&self) {
        files::outdate(&self.folder);
    }

    /// Keeps nothing of this backend any more.
    pub(crate) fn clear(&self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }

    fn file(&self, provider: &str, environment: Environment, name: &str) -> PathBuf {
        self.folder.join(format!("{provider}-{environment}-{name}.tsv"))
    }
}

//! What an update is for: named on the command line, or in the file that has the changes.

use std::collections::HashMap;
use std::marker::PhantomData;

use clap::Args;

use crate::commands::common::arguments::{Thing, at_most_one, id_is_missing};
use crate::error::Failure;
use crate::runner::{Completes, Entries, Entry, Listed};
use crate::wire::{Environment, WithId};

/// One thing by its id, or those of a file by theirs.
#[derive(Args)]
#[command(allow_missing_positional = true)]
pub(crate) struct Target<T: Listed> {
    /// Which environment [default: test]
    #[arg(value_name = "ENV", add = Completes::Environment)]
    word: Option<Environment>,
    /// Its id; in a file of many, each has its own
    #[arg(value_name = "ID", required_unless_present = "from_file", add = Completes::Ids(T::IDS))]
    id: Option<String>,
    /// The environment, as a flag
    #[arg(short, long = "environment", value_name = "ENV", hide_possible_values = true, add = Completes::Environment)]
    environment: Vec<Environment>,
    #[arg(skip)]
    object: PhantomData<T>,
}

impl<T: Listed> Target<T> {
    /// The environment alone.
    pub(crate) fn environment(&self) -> Result<Environment, Failure> {
        let word = self.word.or(self.lone_environment());
        Ok(at_most_one(word.iter().chain(&self.environment))?.unwrap_or(Environment::Test))
    }

    /// The one word that was given is no id.
    fn lone_environment(&self) -> Option<Environment> {
        self.id.as_deref().filter(|_| self.word.is_none()).and_then(Environment::named)
    }

    fn id(&self) -> Option<&str> {
        self.id.as_deref().filter(|_| self.lone_environment().is_none())
    }

    /// The environment and the id, of which the file may have one.
    pub(crate) fn resolve(&self, in_file: Option<&str>) -> Result<Thing, Failure> {
        let environment = self.environment()?;
        match (self.id(), in_file) {
            (Some(id), Some(other)) if id != other => {
                Err(Failure::usage("The id is given twice, and differently")
                    .hint("leave it out of the command line or of the file"))
            }
            (Some(id), _) | (None, Some(id)) => Thing::new(environment, id),
            (None, None) => {
                match &self.id {
                    Some(word) => Err(id_is_missing(word)),
                    None => Err(Failure::usage("The object has no id")
                        .hint("give it as `id` in the file, or as a word")),
                }
            }
        }
    }

    /// Whether the file fits what was named: many things have their ids in the file, each its own.
    pub(crate) fn check<C>(
        &self,
        entries: Option<Entries<WithId<C>>>,
    ) -> Result<Option<Entries<WithId<C>>>, Failure> {
        let Some(Entries::Many { file, mut entries }) = entries else { return Ok(entries) };
        if let Some(id) = self.id() {
            return Err(Failure::usage(format!("{file} has many objects, and `{id}` is one"))
                .hint("leave the id out, and give each object its own as `id`"));
        }
        let mut lines: HashMap<String, usize> = HashMap::new();
        for Entry { line, object } in &mut entries {
            let id = object.as_ref().ok().and_then(|object| object.id.clone());
            let Some(id) = id else { continue };
            // Of two updates of one thing, the first could arrive after the second when it is sent again.
            if let Some(other) = lines.get(&id) {
                *object = Err(format!("`{id}` is on line {other} already: write its changes in one object"));
            } else {
                lines.insert(id, *line);
            }
        }
        Ok(Some(Entries::Many { file, entries }))
    }
}

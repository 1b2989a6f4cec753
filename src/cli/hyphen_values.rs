//! Values that begin with a hyphen, such as `--name "-5% off"`. The parser would take them for options.

use std::ffi::{OsStr, OsString};

use clap::{Arg, Command};

/// The command line with every such value joined to its option, as in `--name=-5% off`. `None` if there are no such values.
/// A value that is itself an option stays an option: `--name --json` lacks a value.
pub(super) fn joined(tree: &Command, args: &[OsString]) -> Option<Vec<OsString>> {
    let mut command = tree;
    let mut all = Vec::new();
    let mut rest = args.iter().peekable();
    all.extend(rest.next().cloned());
    while let Some(word) = rest.next() {
        all.push(word.clone());
        if let Some(sub) = command.find_subcommand(word) {
            command = sub;
            continue;
        }
        if word == "--" || belongs_to_another_command(command, word) {
            break;
        }
        if !takes_value(command, word) {
            continue;
        }
        let value = rest.next_if(|next| *next != "--" && option(command, next).is_none());
        if let (Some(value), Some(last)) = (value, all.last_mut()) {
            if value.as_encoded_bytes().starts_with(b"-") && value != "-" {
                last.push("=");
                last.push(value);
            } else {
                all.push(value.clone());
            }
        }
    }
    all.extend(rest.cloned());
    (all.len() < args.len()).then_some(all)
}

/// Whether this word begins the command line of another program.
fn belongs_to_another_command(command: &Command, word: &OsStr) -> bool {
    !word.as_encoded_bytes().starts_with(b"-") && command.get_positionals().any(Arg::is_trailing_var_arg_set)
}

fn takes_value(command: &Command, word: &OsStr) -> bool {
    let is_alone = !word.as_encoded_bytes().contains(&b'=');
    is_alone && option(command, word).is_some_and(|arg| arg.get_action().takes_values())
}

/// The option that a word is, with or without its value behind a `=`.
fn option<'a>(command: &'a Command, word: &OsStr) -> Option<&'a Arg> {
    let word = word.to_str()?;
    let mut options = command.get_arguments();
    if let Some(long) = word.strip_prefix("--") {
        let name = long.split('=').next();
        return options.find(|arg| {
            arg.get_long() == name
                || arg.get_all_aliases().is_some_and(|all| name.is_some_and(|name| all.contains(&name)))
        });
    }
    let mut letters = word.strip_prefix('-')?.chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) => options.find(|arg| arg.get_short() == Some(letter)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::command;

    fn joined(line: &str) -> String {
        let args: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let all = super::joined(&command(), &args).unwrap_or(args);
        all.join(OsStr::new(" ")).into_string().unwrap()
    }

    #[test]
    fn only_values_that_are_no_options_are_joined() {
        let create = "insforge payments products create";
        for (line, expected) in [
            ("--name -5", "--name=-5"),
            ("--name -5 --json", "--name=-5 --json"),
            ("--name --best --metadata-field -x=1", "--name=--best --metadata-field=-x=1"),
            ("-p -x --name -x", "-p=-x --name=-x"),
            ("--name --json", "--name --json"),
            ("--name --output=json", "--name --output=json"),
            ("--name -q", "--name -q"),
            ("--name -qv", "--name=-qv"),
            ("--name --", "--name --"),
            ("--name - --description payments", "--name - --description payments"),
            ("--name=-5 --json -x", "--name=-5 --json -x"),
            ("-- --name -5", "-- --name -5"),
        ] {
            assert_eq!(joined(&format!("{create} {line}")), format!("{create} {expected}"));
        }
        for unchanged in ["insforge sandbox exec curl -p -5", "insforge --nonsense -5", "insforge"] {
            assert_eq!(joined(unchanged), unchanged);
        }
        assert_eq!(joined("insforge --jq -1 payments status"), "insforge --jq=-1 payments status");
    }
}

//! The layout of a command's help: its own options, an example, and one line about the global options.

use clap::{Arg, Command};

use crate::runner::CommandSpec;

/// The last line of every command's help.
const GLOBAL_OPTIONS: &str =
    "Global options such as --json, -o, --jq, --yes and --profile: see `insforge help options`.";

/// The command tree with this layout. Only help needs it, and it takes time.
pub(crate) fn with_help_layout(tree: Command) -> Command {
    let mut tree =
        tree.mut_args(
            |arg| {
                if arg.is_global_set() { arg.hide_short_help(true).hide_long_help(true) } else { arg }
            },
        );
    // Adds the deferred commands.
    tree.build();
    with_command_layout(tree, &mut Vec::new())
}

fn with_command_layout(command: Command, path: &mut Vec<String>) -> Command {
    let command = command.mut_subcommands(|sub| {
        path.push(sub.get_name().to_owned());
        let sub = with_command_layout(sub, path);
        path.pop();
        sub
    });
    let names: Vec<&str> = path.iter().map(String::as_str).collect();
    let example = command.get::<CommandSpec>().map(|spec| {
        let example = format!("{} {}", names.join(" "), spec.example.args);
        format!("Example:\n  {}\n\n", wrapped(&example))
    });
    let own = command.get_after_help().map(|text| format!("{text}\n\n")).unwrap_or_default();
    let end = format!("{}{GLOBAL_OPTIONS}", example.unwrap_or_default());
    let long = command.get_after_long_help().map(|text| format!("{text}\n\n{end}"));
    let command = with_required_in_usage(command, &names).after_help(format!("{own}{end}"));
    if let Some(long) = long { command.after_long_help(long) } else { command }
}

/// A command line on lines that fit a narrow terminal. A backslash at the end of a line lets a shell join them.
fn wrapped(example: &str) -> String {
    const WIDTH: usize = 76;
    let mut lines = vec!["insforge".to_owned()];
    for piece in example.replace(" --", "\n--").lines() {
        match lines.last_mut() {
            Some(line) if line.len() + piece.len() < WIDTH => {
                line.push(' ');
                line.push_str(piece);
            }
            _ => lines.push(piece.to_owned()),
        }
    }
    lines.join(" \\\n      ")
}

/// Shows required options in the usage. The parser takes them for optional, because --from-file can replace them.
fn with_required_in_usage(command: Command, path: &[&str]) -> Command {
    let is_in_file = |arg: &&Arg| !arg.is_positional() && !arg.is_required_set() && is_required(arg);
    if !command.get_arguments().any(|arg| is_in_file(&arg)) {
        return command;
    }
    let positionals = command.get_positionals().map(|arg| {
        let name = value_name(arg);
        if arg.is_required_set() { format!("<{name}>") } else { format!("[{name}]") }
    });
    let required = command
        .get_arguments()
        .filter(is_in_file)
        .map(|arg| format!("--{} <{}>", arg.get_long().unwrap_or_default(), value_name(arg)));
    let words = path.iter().map(ToString::to_string).chain(positionals).chain(required);
    let usage = format!("insforge {} [OPTIONS]", words.collect::<Vec<_>>().join(" "));
    command.override_usage(usage)
}

fn value_name(arg: &Arg) -> String {
    match arg.get_value_names() {
        Some([name, ..]) => name.to_string(),
        _ => arg.get_id().as_str().to_uppercase(),
    }
}

/// Whether an argument must be given. If --from-file can replace it, its help has `(required)`.
pub(crate) fn is_required(arg: &Arg) -> bool {
    let help = arg.get_long_help().or_else(|| arg.get_help()).map(ToString::to_string);
    arg.is_required_set() || help.is_some_and(|help| help.contains("(required)"))
}

/// The global options alone, as a help text.
pub(super) fn global_options(tree: &Command) -> Command {
    let options = tree.get_arguments().filter(|arg| arg.is_global_set() && !arg.is_hide_set()).cloned();
    Command::new("insforge")
        .disable_help_flag(true)
        .max_term_width(100)
        .about("Options that every command takes, before or after its name")
        .help_template("{about}\n\n{all-args}")
        .args(options)
}

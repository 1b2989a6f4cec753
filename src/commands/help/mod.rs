mod layout;
mod map;
mod variables;

pub(crate) use layout::{is_required, with_help_layout};

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::commands::{RenderedDocument, explain};
use crate::error::{CodeInfo, Exit, Failure, Origin, all_codes};
use crate::runner::{CommandEffect, CommandSpec};
use crate::ui::{reflowed, with_wrapped_usage};

/// Show help for a command or a topic: options, exit-codes, environment, output, errors, agents
///
/// With --json it prints the command tree, or a part of it, for programs: each command's arguments, what it changes and an
/// example.
#[derive(Args)]
#[command(add = CommandSpec::new(CommandEffect::Reads, "--json").note("contacts no backend"))]
pub(crate) struct Help {
    /// A command, such as `payments sync`, or a topic
    #[arg(value_name = "COMMAND|TOPIC")]
    words: Vec<String>,
    /// With --json, without the global options
    #[arg(long)]
    brief: bool,
}

/// The topics, in addition to the commands.
const TOPICS: [&str; 6] = ["options", "exit-codes", "environment", "output", "errors", "agents"];

impl Help {
    pub(super) fn render(
        &self,
        mut tree: clap::Command,
        colors: bool,
        width: Option<usize>,
        json: bool,
    ) -> Result<RenderedDocument> {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        if self.brief && !json {
            return Err(Failure::usage("--brief needs --json").hint("add --json, or omit --brief").into());
        }
        let topic = match words[..] {
            ["errors"] if json => {
                return Ok(RenderedDocument::Json(all_codes().map(explain::object).collect()));
            }
            ["options"] => {
                let help = layout::global_options(&tree).render_long_help();
                let help = if colors && !json { help.ansi().to_string() } else { help.to_string() };
                format!("{}\n", help.trim_end())
            }
            ["exit-codes"] => exit_codes(),
            ["environment"] => variables::environment(),
            ["output"] => OUTPUT.to_owned(),
            ["errors"] => errors(),
            ["agents"] => include_str!("agents.txt").to_owned(),
            _ => {
                if json {
                    tree.build();
                    command_at(&mut tree, &words)?;
                    let path = path_of(&tree, &words);
                    return Ok(RenderedDocument::Json(map::map(&tree, &path, self.brief)));
                }
                let mut tree = with_help_layout(tree);
                tree.build();
                let help = command_at(&mut tree, &words)?.render_long_help();
                let help = if colors { help.ansi().to_string() } else { help.to_string() };
                let help = with_wrapped_usage(help.trim_end(), width);
                return Ok(RenderedDocument::Text(format!("{}\n", help.trim_end()).into_bytes()));
            }
        };
        Ok(if json {
            RenderedDocument::Json(json!({"topic": words[0], "text": topic}))
        } else {
            let topic = width.map_or_else(|| topic.clone(), |width| reflowed(&topic, width));
            RenderedDocument::Text(topic.into_bytes())
        })
    }
}

fn command_at<'a>(tree: &'a mut clap::Command, words: &[&str]) -> Result<&'a mut clap::Command> {
    let mut command = tree;
    for word in words {
        command = command.find_subcommand_mut(word).ok_or_else(|| {
            let topics = TOPICS.join(", ");
            Failure::usage(format!("No such command or topic: `{}`", words.join(" ")))
                .hint(format!("see `insforge --help` for the commands; the topics are {topics}"))
        })?;
    }
    Ok(command)
}

/// The names of the commands on this path, with aliases replaced.
fn path_of(tree: &clap::Command, words: &[&str]) -> Vec<String> {
    let mut here = tree;
    let mut path = Vec::new();
    for next in words {
        let Some(command) = here.find_subcommand(next) else { break };
        path.push(command.get_name().to_owned());
        here = command;
    }
    path
}

fn errors() -> String {
    let section = |heading: &str, is: fn(&CodeInfo) -> bool| {
        let rows = all_codes().filter(|info| is(info));
        let lines: Vec<_> = rows.map(|info| format!("{:<26}{}", info.code, info.meaning)).collect();
        format!("{heading}\n\n{}\n\n", lines.join("\n"))
    };
    section("Errors of this tool:", |info| info.origin == Origin::Tool && !info.is_warning())
        + &section("Errors of the backend, passed through unchanged:", |info| info.origin == Origin::Backend)
        + &section("Warnings, which do not make a run fail:", CodeInfo::is_warning)
        + "Run `insforge explain CODE` for the cause of a code and what to do about it.\n"
}

fn exit_codes() -> String {
    let lines: Vec<_> =
        Exit::ALL.iter().map(|exit| format!("{:>3}  {}", exit.code(), exit.meaning())).collect();
    lines.join("\n") + "\n" + FOLLOW_EXIT + if cfg!(feature = "sandbox") { SANDBOX_EXIT } else { "" }
}

const FOLLOW_EXIT: &str = "
`payments transactions --follow` exits with 0 when you stop it, or when its reader closes the pipe.
";

const SANDBOX_EXIT: &str = "
`sandbox exec` exits with the exit code of its command: 128 plus the signal's number if a signal ended
it, 126 if it cannot be run, 127 if it does not exist. `sandbox serve` exits with 0 when you stop it.
";

const OUTPUT: &str = "\
stdout has only the result. Notes, warnings, prompts and errors go to stderr.

table  For people. If the terminal is too narrow, less important columns are dropped and text is wrapped;
       then each row becomes a record of `key: value` lines. Ids are never wrapped or cut. A pipe has no
       width limit.
json   The backend's own response with its own field names, indented by two spaces. `config` shows keys
       masked. On stderr, a warning is a line {\"warning\":…,\"code\":…}, and an error is the last line:
       {\"error\":…,\"code\":…,\"status\":…,\"why\":…,\"hint\":…,\"retryable\":…,\"idempotencyKey\":…,
       \"exitCode\":…,\"next\":…}. `next` is a command line that is safe to run again and may succeed, as a
       list of arguments, or null. If a file is invalid, \"mistakes\" has each with its line, column and index.
       With --dry-run the result is the request: {\"method\":…,\"path\":…,\"body\":…}.
jsonl  One line of JSON per row of the result: each product, each environment of a status, each check of
       the doctor, each change of a plan. A result without rows is one line.
csv    The same rows for a spreadsheet, after a header line. Nested values are JSON in their cell, and
       missing values are empty. An apostrophe precedes text that a spreadsheet would run as a formula.
       An empty list prints nothing.
ids    One id per line, for xargs.

--columns NAMES   Only these columns of a table or of CSV, in this order: columns of the table, and fields
                  of the JSON such as taxBehavior or metadata.tier. Case, spaces and dashes do not matter.
                  A name that is both is the column in a table and the field in CSV.
--jq FILTER       The result of a jq filter on the JSON. Strings are unquoted, as with jq -r. With
                  -o jsonl, each other value is one line. Errors are JSON, except on a terminal. Secrets
                  in `env` are masked. Modules and `input` are not available.

If --from-file has many objects, stdout has one line of JSON per object, as each one completes and in
the order of the file: the backend's response, or {\"index\":…,\"line\":…,\"error\":…,\"code\":…,…} for a
failure, with the fields above. `index` counts from 0. An object that already exists at Razorpay is
{\"index\":…,\"line\":…,\"existing\":ID}. With -o ids, failures are only on stderr. Tables and CSV are not
available. The exit code is 9 if some objects failed. With --dry-run each line is a request.

`payments transactions --follow` prints each row as it arrives. JSON is one object per line, and --jq
filters each object.

Tables show amounts with the decimals that Stripe uses for the currency. JSON has amounts in the
currency's smallest unit.
";

mod columns;
mod facts;
mod layout;
mod map;
mod variables;

pub(crate) use columns::columns;
pub(crate) use layout::{is_required, with_help_layout};

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::commands::{Rendered, explain};
use crate::error::{CodeInfo, Exit, Failure, Origin, all_codes};

/// Explain a command or a topic: exit-codes, environment, output, errors, agents
///
/// With --json it is for programs: the whole tree of commands, or a branch of it, with every argument, what a command
/// changes, and an example.
#[derive(Args)]
pub(crate) struct Help {
    /// A command, such as `payments sync`, or a topic
    #[arg(value_name = "COMMAND|TOPIC")]
    words: Vec<String>,
}

/// What there is help for beside the commands.
const TOPICS: [&str; 6] = ["options", "exit-codes", "environment", "output", "errors", "agents"];

impl Help {
    pub(super) fn render(&self, mut tree: clap::Command, colors: bool, json: bool) -> Result<Rendered> {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let topic = match words[..] {
            ["errors"] if json => {
                return Ok(Rendered::Json(all_codes().map(explain::object).collect()));
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
                    return Ok(Rendered::Json(map::map(&tree, &path)));
                }
                let mut tree = with_help_layout(tree);
                tree.build();
                let help = command_at(&mut tree, &words)?.render_long_help();
                let help = if colors { help.ansi().to_string() } else { help.to_string() };
                return Ok(Rendered::Text(format!("{}\n", help.trim_end()).into_bytes()));
            }
        };
        Ok(if json {
            Rendered::Json(json!({"topic": words[0], "text": topic}))
        } else {
            Rendered::Text(topic.into_bytes())
        })
    }
}

fn command_at<'a>(tree: &'a mut clap::Command, words: &[&str]) -> Result<&'a mut clap::Command> {
    let mut command = tree;
    for word in words {
        command = command.find_subcommand_mut(word).ok_or_else(|| {
            Failure::usage(format!("There is no command or topic `{}`", words.join(" "))).hint(
                "`insforge --help` lists the commands; the topics are exit-codes, environment, output, errors and agents",
            )
        })?;
    }
    Ok(command)
}

/// The names of the commands that these words mean: an alias is another's word.
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
    lines.join("\n") + "\n" + FOLLOWED + if cfg!(feature = "sandbox") { OF_COMMANDS } else { "" }
}

const FOLLOWED: &str = "
`payments transactions --follow` exits with 0 when it is told to end, or when nobody reads it any more.
";

const OF_COMMANDS: &str = "
`sandbox exec` exits with what its command exits with: 128 and the signal's number where a signal ended
it, 126 where it cannot be run, 127 where there is none. `sandbox serve` exits with 0 when it is told to end.
";

const OUTPUT: &str = "\
stdout has the result and nothing else; notes, warnings, prompts and errors go to stderr.

table  for people. On a terminal that is too narrow the column Synced At goes first, then each row
       becomes a record of `key: value` lines; ids are never cut. Into a pipe there is no width limit.
json   the backend's own body with its own field names, two spaces of indent. `config` shows keys
       masked. A warning is a line {\"warning\":…,\"code\":…} on stderr, and an error is the last line there:
       {\"error\":…,\"code\":…,\"status\":…,\"why\":…,\"hint\":…,\"retryable\":…,\"idempotencyKey\":…,
       \"exitCode\":…,\"next\":…}. `next` is the command line that is safe to run again, as a list of words,
       or null. With --dry-run the result is the request: {\"method\":…,\"path\":…,\"body\":…}.
jsonl  a line of JSON for each row of the result: each product, each environment of a status, each check of
       the doctor, each change of a plan. What has no rows is one line.
csv    the same rows for a spreadsheet, under a line of names. What has parts is JSON in its cell, and
       what there is not is empty. Text that a spreadsheet would run as a formula has an apostrophe
       before it. No rows, no lines.
ids    one id a line, for xargs.

--columns NAMES   only these columns of a table or of CSV, in this order; upper and lower case, spaces and
                  dashes do not matter.
--jq FILTER       what a jq filter makes of the JSON. Text is written without quotes, as jq -r does; with
                  -o jsonl what is no text is one line. Errors are JSON, but at a terminal. Secrets in
                  `env` are masked; there are no modules and no `input`.

Where --from-file has many objects, stdout has a line of JSON for each as it comes, in the order of the
file: the backend's body, or for one that failed {\"index\":…,\"line\":…,\"error\":…,\"code\":…,…} as above;
`index` counts from 0. One that was there already at Razorpay is {\"index\":…,\"line\":…,\"existing\":ID}. With
ids, failures are on stderr alone; a table or CSV is refused. It exits with 9 where some failed. With
--dry-run each line is a request.

`payments transactions --follow` writes each row as it comes; JSON is one object a line there, and --jq
gets one after the other.

Amounts are shown in the currency's decimals as Stripe counts them; JSON has the smallest unit.
";

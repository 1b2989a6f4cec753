use anyhow::Result;
use clap::Args;

use crate::error::{Code, Exit, Failure};

/// Explain a command or a topic: exit-codes, environment, output, errors
#[derive(Args)]
pub(crate) struct Help {
    /// A command, such as `payments sync`, or a topic
    #[arg(value_name = "COMMAND|TOPIC")]
    words: Vec<String>,
}

impl Help {
    pub(super) fn render(&self, tree: clap::Command, colors: bool) -> Result<Vec<u8>> {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        Ok(match words[..] {
            ["exit-codes"] => exit_codes(),
            ["environment"] => environment(),
            ["output"] => OUTPUT.to_owned(),
            ["errors"] => errors(),
            _ => command_help(tree, &words, colors)?,
        }
        .into_bytes())
    }
}

fn command_help(mut tree: clap::Command, words: &[&str], colors: bool) -> Result<String> {
    tree.build();
    let mut command = &mut tree;
    for word in words {
        command = command.find_subcommand_mut(word).ok_or_else(|| {
            Failure::usage(format!("There is no command or topic `{}`", words.join(" "))).hint(
                "`insforge --help` lists the commands; the topics are exit-codes, environment, output and errors",
            )
        })?;
    }
    let help = command.render_long_help();
    Ok(if colors { help.ansi().to_string() } else { help.to_string() })
}

fn errors() -> String {
    let lines: Vec<_> =
        Code::OWN.iter().map(|code| format!("{:<26}{}", code.as_str(), code.meaning())).collect();
    let heading =
        "The codes that this tool gives. Others are the backend's own and pass through unchanged.\n\n";
    heading.to_owned() + &lines.join("\n") + "\n"
}

fn exit_codes() -> String {
    let lines: Vec<_> =
        Exit::ALL.iter().map(|exit| format!("{:>3}  {}", exit.code(), exit.meaning())).collect();
    lines.join("\n") + "\n" + if cfg!(feature = "sandbox") { OF_COMMANDS } else { "" }
}

const OF_COMMANDS: &str = "
`sandbox exec` exits with what its command exits with: 128 and the signal's number where a signal ended
it, 126 where it cannot be run, 127 where there is none. `sandbox serve` exits with 0 when it is told to end.
";

fn environment() -> String {
    let sandbox = if cfg!(feature = "sandbox") { SANDBOX } else { "" };
    [BACKEND, sandbox, ENVIRONMENT].concat()
}

const BACKEND: &str = "\
INSFORGE_BASE_URL      the backend's address; INSFORGE_URL is read where this is not set
INSFORGE_API_KEY       the project's API key (ik_…)
INSFORGE_API_KEY_FILE  a file that has it
INSFORGE_PROFILE       which stored login to use
";

const SANDBOX: &str = "\
INSFORGE_SANDBOX       set to anything but 0, false, no or off: answer from the built-in sandbox, before all of these
";

const ENVIRONMENT: &str = "\
INSFORGE_OUTPUT        table, json or ids
INSFORGE_TIMEOUT       deadline for the whole command, such as 30s or 5m
INSFORGE_RETRIES       at most so many replays of a request, 0 to 10
INSFORGE_LIVE          ask, allow or deny writes to live
STRIPE_TEST_SECRET_KEY, STRIPE_LIVE_SECRET_KEY
                       Stripe's secret key, for `payments config set`
RAZORPAY_TEST_KEY_ID, RAZORPAY_TEST_KEY_SECRET, RAZORPAY_LIVE_KEY_ID, RAZORPAY_LIVE_KEY_SECRET
                       Razorpay's key, for `payments razorpay config set`
INSFORGE_LOG           set to anything: tell every request on stderr
CI                     set to anything but false: never ask
NO_COLOR               set to anything: no colours
CLICOLOR_FORCE         set to anything but 0: colours into a pipe too
HTTPS_PROXY, NO_PROXY  the proxy for the backend, and where to go without
SSL_CERT_FILE          the CA certificates to trust instead of the system's

The address and the key are found as a pair, first that exists: flags, environment, the nearest
.insforge/project.json, a profile. A stored key goes only to the address that is stored beside it.
A flag beats its variable. An empty variable counts as unset.
";

const OUTPUT: &str = "\
stdout has the result and nothing else; notes, warnings, prompts and errors go to stderr.

table  for people. On a terminal that is too narrow the column Synced At goes first, then each row
       becomes a record of `key: value` lines; ids are never cut. Into a pipe there is no width limit.
json   the backend's own body with its own field names, two spaces of indent. `config` shows keys
       masked. A warning is a line {\"warning\":…,\"code\":…} on stderr, and an error is the last line there:
       {\"error\":…,\"code\":…,\"status\":…,\"why\":…,\"hint\":…,\"retryable\":…,\"idempotencyKey\":…,
       \"exitCode\":…}. With --dry-run the result is the request: {\"method\":…,\"path\":…,\"body\":…}.
ids    one id a line, for xargs.

Amounts are shown in the currency's decimals as Stripe counts them; JSON has the smallest unit.
";

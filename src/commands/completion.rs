use anyhow::{Context, Result};
use clap::Args;
use clap_complete::Shell;
use clap_complete::env::Shells;

use crate::runner::{CommandEffect, CommandSpec};

/// Print the completion script of a shell
///
/// It knows commands and flags, and needs no running program. With --dynamic it is a few lines that ask this program with
/// every Tab, and then ids with their names, profiles, environments and columns are completed too. For bash, in ~/.bashrc:
/// `eval "$(insforge completion bash --dynamic)"`
#[derive(Args)]
#[command(add = CommandSpec::new(CommandEffect::Reads, "bash").note("contacts no backend"))]
pub(crate) struct Completion {
    /// Which shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
    /// The script that completes ids and other values, too
    #[arg(long)]
    dynamic: bool,
}

const NAME: &str = "insforge";

impl Completion {
    pub(super) fn render(&self, mut tree: clap::Command) -> Result<Vec<u8>> {
        let mut script = Vec::new();
        if self.dynamic {
            let shell = self.shell.to_string();
            let shells = Shells::builtins();
            let shell =
                shells.completer(&shell).with_context(|| format!("There is no script for {shell}"))?;
            // By its name: wherever it will be installed when somebody presses Tab.
            shell.write_registration("COMPLETE", NAME, NAME, NAME, &mut script)?;
        } else {
            clap_complete::generate(self.shell, &mut tree, NAME, &mut script);
        }
        Ok(script)
    }
}

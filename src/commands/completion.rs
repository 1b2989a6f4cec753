use anyhow::{Context, Result};
use clap::Args;
use clap_complete::Shell;
use clap_complete::env::Shells;

use crate::runner::{CommandEffect, CommandSpec};

/// Print a completion script for a shell
///
/// The script completes commands, options, ids with their names, profiles, environments and columns. It runs `insforge` when
/// you press Tab. For bash, add this line to ~/.bashrc:
///
/// eval "$(insforge completion bash)"
#[derive(Args)]
#[command(add = CommandSpec::new(CommandEffect::Reads, "bash").note("contacts no backend"))]
pub(crate) struct Completion {
    /// The shell that reads the script
    #[arg(value_name = "SHELL")]
    shell: Shell,
    /// A script that knows commands and options only, and never runs `insforge`
    #[arg(long, conflicts_with = "dynamic")]
    r#static: bool,
    /// Accepted for compatibility: this is the default
    #[arg(long, hide = true)]
    dynamic: bool,
}

const NAME: &str = "insforge";

impl Completion {
    pub(super) fn render(&self, mut tree: clap::Command) -> Result<Vec<u8>> {
        let mut script = Vec::new();
        if self.r#static {
            clap_complete::generate(self.shell, &mut tree, NAME, &mut script);
            return Ok(script);
        }
        let shell = self.shell.to_string();
        let shells = Shells::builtins();
        let shell = shells.completer(&shell).with_context(|| format!("No completion script for {shell}"))?;
        // The script names the program without a path, so that it works wherever the program is installed.
        shell.write_registration("COMPLETE", NAME, NAME, NAME, &mut script)?;
        Ok(script)
    }
}

use anyhow::{Context, Result};
use clap::Args;
use clap_complete::Shell;
use clap_complete::env::Shells;

/// Print the completion script of a shell
///
/// The script of every release is complete by itself and knows commands and flags. With --dynamic it is a few lines that ask
/// this program with every Tab, and then ids, profiles and what else is a value are completed, too.
#[derive(Args)]
pub(crate) struct Completion {
    /// Which shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
    /// Complete ids, with their names, and profiles
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

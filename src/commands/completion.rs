use std::io::Write;

use anyhow::{Context, Result};
use clap::Args;
use clap_complete::Shell;

use crate::error::Exit;

/// Print the completion script of a shell
///
/// For bash: `insforge completion bash > ~/.local/share/bash-completion/completions/insforge`
#[derive(Args)]
pub(crate) struct Completion {
    /// Which shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl Completion {
    pub(super) fn run(&self) -> Result<Exit> {
        // clap_complete panics when it cannot write; a buffer takes everything.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut crate::command(), "insforge", &mut script);
        let mut out = std::io::stdout().lock();
        out.write_all(&script).and_then(|()| out.flush()).context("Cannot write the script")?;
        Ok(Exit::Done)
    }
}

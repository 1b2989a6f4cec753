use clap::Args;
use clap_complete::Shell;

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
    pub(super) fn render(&self, mut tree: clap::Command) -> Vec<u8> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut tree, "insforge", &mut script);
        script
    }
}

//! What is so in this process's surroundings, gathered once: environment, terminals, working directory.
//! Everything that is decided from it elsewhere is a function of these facts.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;

/// The surroundings of this run.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProcessEnv {
    variables: HashMap<String, OsString>,
    /// Standard input is a terminal: somebody could type.
    pub(crate) stdin_terminal: bool,
    /// Standard output is a terminal: somebody reads the result as it comes.
    pub(crate) stdout_terminal: bool,
    /// Standard error is a terminal: somebody sees prompts and notes.
    pub(crate) stderr_terminal: bool,
    /// The columns of the terminal that standard output is.
    pub(crate) columns: Option<usize>,
    /// The working directory, where it still exists.
    pub(crate) directory: Option<PathBuf>,
}

impl ProcessEnv {
    /// Looks around.
    pub(crate) fn gather() -> Self {
        let stdout_terminal = std::io::stdout().is_terminal();
        Self {
            variables: std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v))).collect(),
            stdin_terminal: std::io::stdin().is_terminal(),
            stdout_terminal,
            stderr_terminal: std::io::stderr().is_terminal(),
            columns: stdout_terminal
                .then(|| console::Term::stdout().size_checked())
                .flatten()
                .map(|(_, columns)| usize::from(columns))
                .filter(|columns| *columns > 0),
            directory: std::env::current_dir().ok(),
        }
    }

    /// Surroundings in which these variables are set.
    #[cfg(test)]
    pub(crate) fn of(variables: &[(&str, &str)]) -> Self {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), value.into())).collect();
        Self { variables, ..Self::default() }
    }

    /// A variable's text; an empty one counts as unset, and so does one that is not UTF-8.
    pub(crate) fn var(&self, name: &str) -> Option<&str> {
        self.variables.get(name)?.to_str().filter(|text| !text.is_empty())
    }

    /// All variables that are text, in no order.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str()?)))
    }

    /// A variable with this beginning that is set to something else than text.
    pub(crate) fn not_text(&self, beginning: &str) -> Option<&str> {
        let mut names = self.variables.iter().filter(|(_, value)| value.to_str().is_none());
        names.find_map(|(name, _)| name.starts_with(beginning).then_some(name.as_str()))
    }

    /// The names of the variables that are set and have one of these beginnings, in order.
    pub(crate) fn set(&self, beginnings: &[&str]) -> Vec<&str> {
        let has_one = |name: &&str| beginnings.iter().any(|beginning| name.starts_with(beginning));
        let mut names: Vec<&str> = self.variables.keys().map(String::as_str).filter(has_one).collect();
        names.sort_unstable();
        names
    }

    /// A variable that switches something on; `0`, `false`, `no` and `off` count as unset.
    pub(crate) fn switch(&self, name: &str) -> bool {
        let off = |text: &str| {
            ["0", "false", "no", "off"].iter().any(|word| text.trim().eq_ignore_ascii_case(word))
        };
        self.var(name).is_some_and(|text| !text.trim().is_empty() && !off(text))
    }
}

/// The signals that whoever started this wants ignored, by this process and by all that it starts: `nohup`, or a shell that
/// runs something in the background. Only Linux tells, and only as long as nobody listens for them.
#[cfg(all(unix, feature = "sandbox"))]
pub(crate) fn ignored_signals() -> Vec<i32> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap_or_default();
    let mask = u64::from_str_radix(mask.trim(), 16).unwrap_or_default();
    (1..=64).filter(|signal| mask >> (signal - 1) & 1 == 1).collect()
}

/// The file of this program.
pub(crate) fn own_program() -> Option<PathBuf> {
    std::env::current_exe().ok()
}

/// The rules of the system's own time zone, as the file that the zone's compiler wrote has them; none where the
/// environment names another zone, or where there is no such file.
pub(crate) fn local_zone_rules() -> Option<Vec<u8>> {
    if std::env::var_os("TZ").is_some() {
        return None;
    }
    std::fs::read("/etc/localtime").ok()
}

//! The environment of this process: variables, terminals, working directory. It is read once, and every decision that
//! depends on it is a pure function of it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io::IsTerminal;
use std::path::PathBuf;

use crate::error::Failure;
use crate::input::trim_line_end;

/// The variables, terminals and working directory of this process.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProcessEnv {
    variables: HashMap<String, OsString>,
    /// Standard input is a terminal, so a person can type.
    pub(crate) stdin_terminal: bool,
    /// Standard output is a terminal, so a person reads the result.
    pub(crate) stdout_terminal: bool,
    /// Standard error is a terminal, so a person sees prompts and notes.
    pub(crate) stderr_terminal: bool,
    /// Standard output's terminal can show colors.
    pub(crate) stdout_colors: bool,
    /// Standard error's terminal can show colors.
    pub(crate) stderr_colors: bool,
    /// The width of standard output's terminal, in columns.
    pub(crate) stdout_width: Option<usize>,
    /// The width of standard error's terminal, in columns.
    pub(crate) stderr_width: Option<usize>,
    /// The working directory, if it still exists.
    pub(crate) directory: Option<PathBuf>,
}

impl ProcessEnv {
    /// Reads the environment of this process.
    pub(crate) fn read() -> Self {
        let (stdout, stderr) = (console::Term::stdout(), console::Term::stderr());
        let width = |terminal: &console::Term| {
            let width = terminal.size_checked().filter(|_| terminal.is_term()).map(|(_, columns)| columns);
            width.map(usize::from).filter(|columns| *columns > 0)
        };
        // A console of Windows shows escape sequences as text until they are turned on, which this check does.
        let colors = |terminal: &console::Term| cfg!(unix) || terminal.features().colors_supported();
        let stdout_terminal = std::io::stdout().is_terminal();
        let stderr_terminal = std::io::stderr().is_terminal();
        let variables =
            std::env::vars_os().filter_map(|(name, value)| Some((key(name.to_str()?).into(), value)));
        Self {
            variables: variables.collect(),
            stdin_terminal: std::io::stdin().is_terminal(),
            stdout_terminal,
            stderr_terminal,
            stdout_colors: stdout_terminal && colors(&stdout),
            stderr_colors: stderr_terminal && colors(&stderr),
            stdout_width: width(&stdout),
            stderr_width: width(&stderr),
            directory: std::env::current_dir().ok(),
        }
    }

    /// An environment in which these variables are set.
    #[cfg(test)]
    pub(crate) fn with_variables(variables: &[(&str, &str)]) -> Self {
        let variables = variables.iter().map(|(name, value)| (key(name).into(), value.into())).collect();
        Self { variables, ..Self::default() }
    }

    /// A variable's value, without a line break at its end. An empty value and a value that is not UTF-8 count as unset.
    pub(crate) fn var(&self, name: &str) -> Option<&str> {
        self.variables.get(&*key(name))?.to_str().map(trim_line_end).filter(|text| !text.is_empty())
    }

    /// Like [`ProcessEnv::var`], for a value without which the command cannot go on.
    ///
    /// # Errors
    /// The value is not UTF-8.
    pub(crate) fn utf8_var(&self, name: &str) -> Result<Option<&str>, Failure> {
        match self.variables.get(&*key(name)) {
            Some(value) if value.to_str().is_none() => Err(not_utf8(name)),
            _ => Ok(self.var(name)),
        }
    }

    /// A variable's value, which need not be UTF-8. An empty value counts as unset.
    pub(crate) fn var_os(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(&*key(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// A variable's value as a path, or as several: without a line break at its end, if it is UTF-8.
    pub(crate) fn path_var(&self, name: &str) -> Option<&OsStr> {
        self.var(name).map(OsStr::new).or_else(|| self.var_os(name))
    }

    /// The absolute path of a program. Relative directories in `PATH` are skipped, because the program in the working
    /// directory can be somebody else's.
    pub(crate) fn find_program(&self, name: &str) -> Option<PathBuf> {
        self.find_file(&[format!("{name}{}", std::env::consts::EXE_SUFFIX).into()])
    }

    /// The absolute path of the program or script that a command of Windows means: the first in `PATH` with an extension that
    /// a process can be started from.
    #[cfg(feature = "sandbox")]
    pub(crate) fn find_command(&self, name: &OsStr) -> Option<PathBuf> {
        self.find_file(
            &[".exe", ".cmd", ".bat"].map(|extension| [name, extension.as_ref()].into_iter().collect()),
        )
    }

    /// The first file in `PATH` with one of these names.
    fn find_file(&self, names: &[OsString]) -> Option<PathBuf> {
        let directories = split_paths(self.var_os("PATH")?);
        let mut files =
            directories.iter().flat_map(|directory| names.iter().map(|name| directory.join(name)));
        files.find(|file| file.is_absolute() && file.is_file())
    }

    /// All variables with a UTF-8 value, in no particular order.
    pub(crate) fn utf8_variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str()?)))
    }

    /// Checks that the values of all variables with this prefix are UTF-8.
    pub(crate) fn check_utf8(&self, prefix: &str) -> Result<(), Failure> {
        let mut names = self.variables.iter().filter(|(_, value)| value.to_str().is_none());
        let name = names.find_map(|(name, _)| name.starts_with(prefix).then_some(name));
        name.map_or(Ok(()), |name| Err(not_utf8(name)))
    }

    /// The sorted names of the variables that have one of these prefixes.
    pub(crate) fn names_with_prefix(&self, prefixes: &[&str]) -> Vec<&str> {
        let matches = |name: &&str| prefixes.iter().any(|prefix| name.starts_with(prefix));
        let mut names: Vec<&str> = self.variables.keys().map(String::as_str).filter(matches).collect();
        names.sort_unstable();
        names
    }

    /// Whether a variable turns something on. `0`, `false`, `no` and `off` count as unset.
    pub(crate) fn is_enabled(&self, name: &str) -> bool {
        let off = |text: &str| {
            ["0", "false", "no", "off"].iter().any(|word| text.trim().eq_ignore_ascii_case(word))
        };
        self.var(name).is_some_and(|text| !text.trim().is_empty() && !off(text))
    }

    /// A variable that turns something on or off; `None` if it is unset.
    ///
    /// # Errors
    /// The value is neither.
    pub(crate) fn switch(&self, name: &str) -> Result<Option<bool>, Failure> {
        let Some(text) = self.var(name).map(str::trim).filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        match text.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" | "enabled" => Ok(Some(true)),
            "0" | "false" | "no" | "off" | "disabled" => Ok(Some(false)),
            _ => Err(Failure::usage(format!("Invalid {name} '{text}'")).hint("set it to 1 or 0")),
        }
    }
}

/// The name under which a variable is kept. Windows ignores the case of names: there, `PATH` usually is `Path`.
fn key(name: &str) -> Cow<'_, str> {
    if cfg!(windows) { name.to_uppercase().into() } else { name.into() }
}

fn not_utf8(name: &str) -> Failure {
    Failure::usage(format!("{name} is not UTF-8")).hint("set it to valid UTF-8")
}

/// The signals that the parent process set to be ignored, as `nohup` and background jobs of a shell do. Child processes
/// must ignore them too. Only Linux reports them, and only before this process installs its own handlers.
#[cfg(unix)]
pub(crate) fn ignored_signals() -> Vec<i32> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap_or_default();
    let mask = u64::from_str_radix(mask.trim(), 16).unwrap_or_default();
    (1..=64).filter(|signal| mask >> (signal - 1) & 1 == 1).collect()
}

/// The paths in the value of a variable such as `PATH`.
pub(crate) fn split_paths(value: &OsStr) -> Vec<PathBuf> {
    std::env::split_paths(value).filter(|path| !path.as_os_str().is_empty()).collect()
}

/// The path of this program's executable.
pub(crate) fn current_executable() -> Option<PathBuf> {
    std::env::current_exe().ok()
}

/// The compiled rules of the system's time zone. `None` if `TZ` is set or the system has no such file.
pub(crate) fn local_timezone_rules() -> Option<Vec<u8>> {
    if std::env::var_os("TZ").is_some() {
        return None;
    }
    std::fs::read("/etc/localtime").ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "sandbox")]
    #[test]
    fn a_command_of_windows_is_the_first_program_or_script_in_path() {
        let folders = [tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder")];
        let path = |folder: usize, name: &str| folders[folder].path().join(name);
        for (folder, name) in [(0, "npm"), (0, "npm.cmd"), (1, "npm.exe"), (1, "node.exe"), (1, "node.bat")] {
            std::fs::write(path(folder, name), "").expect("a file");
        }
        let all = std::env::join_paths([std::path::Path::new("."), folders[0].path(), folders[1].path()]);
        let env = ProcessEnv {
            variables: [("PATH".to_owned(), all.expect("a PATH"))].into(),
            ..ProcessEnv::default()
        };
        let find = |name: &str| env.find_command(OsStr::new(name));
        assert_eq!(find("npm"), Some(path(0, "npm.cmd")));
        assert_eq!(find("node"), Some(path(1, "node.exe")));
        assert_eq!(find("cargo"), None);
    }

    #[test]
    fn windows_ignores_the_case_of_a_variable_name() {
        let env = ProcessEnv::with_variables(&[("Path", "a")]);
        assert_eq!(env.var("PATH"), cfg!(windows).then_some("a"));
        assert_eq!(env.var("Path"), Some("a"));
    }
}

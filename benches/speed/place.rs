//! Where programs are run and timed, and the table of what came of it.

use std::env;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::{meter, stub};

pub(crate) const INSFORGE: &str = env!("CARGO_BIN_EXE_insforge");
const KEY: &str = "ik_bench";

/// Four times the rows may take so many times the time: four, and a third for noise.
pub(crate) const LINEAR: f64 = 5.4;
const MEGABYTE: f64 = 1e6;

/// Where the programs run: a home of their own, nothing in the environment, a backend on loopback.
pub(crate) struct Place {
    home: TempDir,
    path: String,
    curl: PathBuf,
    address: String,
}

impl Place {
    pub(crate) fn new() -> Result<Self> {
        let path = env::var("PATH").context("There is no PATH to find curl in")?;
        // std starts a program of another PATH than its own by a slower way: ours and curl's must be alike.
        let curl = env::split_paths(&path)
            .map(|directory| directory.join("curl"))
            .find(|file| file.is_file())
            .context("There is no curl to compare with")?;
        Ok(Self { home: tempfile::tempdir()?, path, curl, address: stub::start()? })
    }

    pub(crate) fn insforge(&self, args: &[&str]) -> Command {
        let mut command = Command::new(INSFORGE);
        self.surround(&mut command).args(args);
        command
    }

    /// The same in a linked directory, where what is read of the backend may be kept.
    pub(crate) fn linked(&self, args: &[&str]) -> Result<Command> {
        let file = self.home().join(".insforge/project.json");
        std::fs::create_dir_all(self.home().join(".insforge"))?;
        std::fs::write(file, format!(r#"{{"oss_host": "{}", "api_key": "{KEY}"}}"#, self.address))?;
        let mut command = self.insforge(args);
        command.env_remove("INSFORGE_BASE_URL").env_remove("INSFORGE_API_KEY").current_dir(self.home());
        Ok(command)
    }

    pub(crate) fn curl(&self, path: &str) -> Command {
        let mut command = Command::new(&self.curl);
        let bearer = format!("Authorization: Bearer {KEY}");
        self.surround(&mut command).args(["-s", "-H", &bearer, &format!("{}{path}", self.address)]);
        command
    }

    /// What jq makes of the answer with these words, as a shell reads them.
    pub(crate) fn curl_jq(&self, path: &str, words: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        let script =
            format!("curl -s -H 'Authorization: Bearer {KEY}' '{}{path}' | jq {words}", self.address);
        self.surround(&mut command).args(["-c", &script]);
        command
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Writes a file, and gives its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> Result<String> {
        let path = self.home().join(name);
        std::fs::write(&path, text)?;
        Ok(path.display().to_string())
    }

    fn surround<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env_clear()
            .env("HOME", self.home.path())
            .env("PATH", &self.path)
            .env("INSFORGE_BASE_URL", &self.address)
            .env("INSFORGE_API_KEY", KEY)
    }

    /// The most memory that it has had at a time, in bytes: the median of five runs, because the kernel maps
    /// more or fewer pages of the program's file around those that are touched.
    pub(crate) fn memory(&self, args: &[&str]) -> Result<f64> {
        let mut command = Command::new(env::current_exe()?);
        self.surround(&mut command).args([meter::MODE, INSFORGE]).args(args).stderr(Stdio::inherit());
        let mut most = Vec::new();
        for _ in 0..5 {
            let output = command.output()?;
            ensure!(output.status.success(), "{command:?} fails");
            most.push(std::str::from_utf8(&output.stdout)?.trim().parse::<u32>()?);
        }
        most.sort_unstable();
        Ok(f64::from(most[most.len() / 2]))
    }
}

/// A run, from its start to its end.
#[derive(Clone, Copy)]
pub(crate) struct Ran {
    pub(crate) time: Duration,
    /// What it has written.
    pub(crate) bytes: usize,
}

/// Runs them in turn, round by round, and gives each one's median. Whatever else the machine does
/// meanwhile it does to all of them.
pub(crate) fn compare<const N: usize>(
    mut commands: [Command; N],
    rounds: usize,
    budget: Duration,
) -> Result<[Ran; N]> {
    let started = Instant::now();
    let mut all = commands.each_ref().map(|_| Vec::new());
    // The first round warms the caches up and does not count.
    for round in 0..=rounds {
        for (command, times) in commands.iter_mut().zip(&mut all) {
            let ran = once(command)?;
            if round > 0 {
                times.push(ran);
            }
        }
        if round >= 3 && started.elapsed() > budget {
            break;
        }
    }
    Ok(all.map(|mut runs| {
        runs.sort_by_key(|ran| ran.time);
        runs[runs.len() / 2]
    }))
}

fn once(command: &mut Command) -> Result<Ran> {
    let mut buffer = vec![0; 1 << 16];
    let started = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let mut stdout = child.stdout.take().context("its stdout is piped")?;
    let mut bytes = 0;
    loop {
        match stdout.read(&mut buffer)? {
            0 => break,
            read => bytes += read,
        }
    }
    let status = child.wait()?;
    let time = started.elapsed();
    ensure!(status.success() && bytes > 0, "{command:?} ends with {status} after {bytes} bytes");
    Ok(Ran { time, bytes })
}

/// Prints each figure as soon as it is known.
#[derive(Default)]
pub(crate) struct Table {
    pub(crate) broken: bool,
}

impl Table {
    pub(crate) fn time(&mut self, name: &str, ours: Ran, theirs: Ran, limit: f64) {
        let ms = |ran: Ran| ran.time.as_secs_f64() * 1000.0;
        let ratio = ms(ours) / ms(theirs);
        let told = format!("{:.1} ms / {:.1} ms", ms(ours), ms(theirs));
        let kept = ratio <= limit;
        self.line(name, &format!("{ratio:.2}"), Some(&format!("{limit:.2}")), kept, &told);
    }

    pub(crate) fn memory(&mut self, name: &str, bytes: f64, limit: Option<f64>) {
        let megabytes = bytes / MEGABYTE;
        let kept = limit.is_none_or(|limit| megabytes < limit);
        let limit = limit.map(|limit| format!("{limit:.0} MB"));
        self.line(name, &format!("{megabytes:.2} MB"), limit.as_deref(), kept, "");
    }

    fn line(&mut self, name: &str, figure: &str, limit: Option<&str>, kept: bool, told: &str) {
        self.broken |= !kept;
        let verdict = match (limit, kept) {
            (None, _) => "-",
            (_, true) => "pass",
            (_, false) => "FAIL",
        };
        let limit = limit.unwrap_or_default();
        println!("{name:<40} {figure:>10}  limit {limit:>5}  {verdict}  {told}");
    }
}

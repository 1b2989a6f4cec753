//! The environment in which programs are run and timed, and the table of results.

use std::env;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::backend::{self, Addresses};
use crate::peak_memory;

const KEY: &str = "ik_bench";

/// The limit of the ratio of times when there are four times as many rows: four, and a third for noise.
pub(crate) const LINEAR: f64 = 5.4;
pub(crate) const MEGABYTE: f64 = 1e6;

/// An isolated environment: an empty home directory, no variables, a backend on loopback.
pub(crate) struct BenchEnv {
    home: TempDir,
    insforge: PathBuf,
    path: String,
    curl: PathBuf,
    addresses: Addresses,
    /// The system's certificates and the backend's own.
    certificates: PathBuf,
}

impl BenchEnv {
    pub(crate) fn new() -> Result<Self> {
        let path = env::var("PATH").context("PATH is not set")?;
        // std starts a program more slowly if it must search another PATH, so both programs are given by their full path.
        let curl = env::split_paths(&path)
            .map(|directory| directory.join("curl"))
            .find(|file| file.is_file())
            .context("curl is not installed")?;
        let (home, addresses) = (tempfile::tempdir()?, backend::start()?);
        // An installed program is a fresh copy, too. The kernel caches the linker's own file in pieces that depend on how it
        // was written, so its start time differs from build to build.
        let insforge = home.path().join("insforge");
        let built = env::current_exe()?.with_file_name("insforge");
        std::fs::copy(&built, &insforge)
            .with_context(|| format!("{} does not exist: run cargo build --release", built.display()))?;
        // Both programs read as many certificates as on any system.
        let system = std::fs::read_to_string("/etc/ssl/certs/ca-certificates.crt").unwrap_or_default();
        let certificates = home.path().join("certificates.pem");
        std::fs::write(&certificates, format!("{system}\n{}", addresses.certificate))?;
        Ok(Self { home, insforge, path, curl, addresses, certificates })
    }

    /// The measured program.
    pub(crate) fn program(&self) -> &Path {
        &self.insforge
    }

    pub(crate) fn insforge(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.insforge);
        self.isolate(&mut command).args(args);
        command
    }

    /// The same in a linked directory, where ids are cached for completion.
    pub(crate) fn linked(&self, args: &[&str]) -> Result<Command> {
        let file = self.home().join(".insforge/project.json");
        std::fs::create_dir_all(self.home().join(".insforge"))?;
        std::fs::write(file, format!(r#"{{"oss_host": "{}", "api_key": "{KEY}"}}"#, self.addresses.http))?;
        let mut command = self.insforge(args);
        command.env_remove("INSFORGE_BASE_URL").env_remove("INSFORGE_API_KEY").current_dir(self.home());
        Ok(command)
    }

    pub(crate) fn curl(&self, path: &str) -> Command {
        let mut command = Command::new(&self.curl);
        let bearer = format!("Authorization: Bearer {KEY}");
        self.isolate(&mut command).args(["-s", "-H", &bearer, &format!("{}{path}", self.addresses.http)]);
        command
    }

    /// The same command over https.
    pub(crate) fn over_https(&self, command: &Command) -> Command {
        let args = command
            .get_args()
            .map(|arg| arg.to_string_lossy().replace(&self.addresses.http, &self.addresses.https));
        let mut encrypted = Command::new(command.get_program());
        self.isolate(&mut encrypted)
            .env("INSFORGE_BASE_URL", &self.addresses.https)
            .env("SSL_CERT_FILE", &self.certificates)
            .args(args);
        encrypted
    }

    /// `curl` and `jq` with these arguments, as the shell parses them.
    pub(crate) fn curl_jq(&self, path: &str, words: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        let script =
            format!("curl -s -H 'Authorization: Bearer {KEY}' '{}{path}' | jq {words}", self.addresses.http);
        self.isolate(&mut command).args(["-c", &script]);
        command
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Writes a file and returns its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> Result<String> {
        let path = self.home().join(name);
        std::fs::write(&path, text)?;
        Ok(path.display().to_string())
    }

    fn isolate<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env_clear()
            .env("HOME", self.home.path())
            .env("PATH", &self.path)
            .env("INSFORGE_BASE_URL", &self.addresses.http)
            .env("INSFORGE_API_KEY", KEY)
    }

    /// The peak memory of this program with these arguments, in bytes: the median of five runs, because the kernel maps more
    /// or fewer pages of the program's file.
    pub(crate) fn memory(&self, args: &[&str]) -> Result<f64> {
        self.memory_of(&self.insforge(args))
    }

    /// The same of any command.
    pub(crate) fn memory_of(&self, measured: &Command) -> Result<f64> {
        let mut command = Command::new(env::current_exe()?);
        self.isolate(&mut command)
            .envs(measured.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .arg(peak_memory::MODE)
            .arg(measured.get_program())
            .args(measured.get_args())
            .stderr(Stdio::inherit());
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

/// The measurement of one run.
#[derive(Clone, Copy)]
pub(crate) struct Timing {
    pub(crate) time: Duration,
    /// The size of its output.
    pub(crate) bytes: usize,
}

/// Runs the commands in turn, round by round, and returns the median of each. Other load on the machine then affects all
/// of them alike.
pub(crate) fn compare<const N: usize>(
    mut commands: [Command; N],
    rounds: usize,
    budget: Duration,
) -> Result<[Timing; N]> {
    let started = Instant::now();
    let mut all = commands.each_ref().map(|_| Vec::new());
    // The first round warms the caches and does not count.
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

fn once(command: &mut Command) -> Result<Timing> {
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
    Ok(Timing { time, bytes })
}

/// The table of results. Each line is printed as soon as it is measured.
#[derive(Default)]
pub(crate) struct Table {
    pub(crate) failed: bool,
}

impl Table {
    pub(crate) fn time(&mut self, name: &str, ours: Timing, theirs: Timing, limit: f64) {
        let ms = |ran: Timing| ran.time.as_secs_f64() * 1000.0;
        let ratio = ms(ours) / ms(theirs);
        let detail = format!("{:.1} ms / {:.1} ms", ms(ours), ms(theirs));
        let passes = ratio <= limit;
        self.line(name, &format!("{ratio:.2}"), Some(&format!("{limit:.2}")), passes, &detail);
    }

    pub(crate) fn memory(&mut self, name: &str, bytes: f64, limit: Option<f64>) {
        let passes = limit.is_none_or(|limit| bytes <= limit);
        let limit = limit.map(|limit| format!("{:.1} MB", limit / MEGABYTE));
        self.line(name, &format!("{:.1} MB", bytes / MEGABYTE), limit.as_deref(), passes, "");
    }

    fn line(&mut self, name: &str, figure: &str, limit: Option<&str>, passes: bool, detail: &str) {
        self.failed |= !passes;
        let verdict = match (limit, passes) {
            (None, _) => "-",
            (_, true) => "pass",
            (_, false) => "FAIL",
        };
        let limit = limit.unwrap_or_default();
        println!("{name:<46} {figure:>10}  limit {limit:>8}  {verdict}  {detail}");
    }
}

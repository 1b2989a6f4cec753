use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::ExitStatus;

use anyhow::{Context, Result};
use clap::Args;
use tokio::process::{Child, Command};

use crate::commands::sandbox::{EXEC_URL, FAULTS, Wanted};
#[cfg(unix)]
use crate::env::ignored_signals;
use crate::error::{Code, Exit, Failure, Warning, WarningCode};
use crate::runner::Ctx;
use crate::sandbox::{API_KEY, PUBLIC_URL};

/// What would lead the command elsewhere.
const REMOVED: [&str; 4] = ["INSFORGE_SANDBOX", "INSFORGE_URL", "INSFORGE_PROFILE", "INSFORGE_API_KEY_FILE"];

/// Run a command with a fresh sandbox as its backend
///
/// The command finds the sandbox's address and key in INSFORGE_BASE_URL and INSFORGE_API_KEY; INSFORGE_SANDBOX,
/// INSFORGE_URL, INSFORGE_PROFILE and INSFORGE_API_KEY_FILE are taken away. The sandbox begins with the small shop, and
/// is gone when the command ends. Signals are passed on to the command: TERM, HUP, INT, QUIT, USR1 and USR2. Exits with
/// what the command exits with: 128 and the signal's number where a signal ended it, 126 where it cannot be run, 127
/// where there is none.
///
/// For example: `insforge sandbox exec -- npm test`
#[derive(Args)]
#[command(after_long_help = FAULTS)]
pub(crate) struct Exec {
    /// Keep the state in this file instead of in memory
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    #[command(flatten)]
    wanted: Wanted,
    /// The command and its arguments, best behind a bare `--`
    #[arg(trailing_var_arg = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl Exec {
    pub(super) async fn run(self, ctx: &Ctx) -> Result<Exit> {
        ctx.refuse_dry_run()?;
        let Some((program, args)) = self.command.split_first() else {
            return Err(Failure::usage("The command is missing").hint("write it behind a bare `--`").into());
        };
        let sandbox = self.wanted.start(self.state.clone(), Some(PUBLIC_URL), ctx).await?;
        let mut signals = Signals::listen()?;
        let mut command = Command::new(program);
        command.args(args).env("INSFORGE_BASE_URL", sandbox.url()).env("INSFORGE_API_KEY", API_KEY);
        command.env(EXEC_URL, sandbox.url());
        for name in REMOVED {
            command.env_remove(name);
        }
        let mut child = command.spawn().map_err(|error| cannot_run(program, &error))?;
        let status = loop {
            tokio::select! {
                status = child.wait() => break status.context("Cannot wait for the command")?,
                signal = signals.next() => pass_on(signal, &child),
            }
        };
        // A rehearsal in which nothing went wrong was none.
        let unused = |fault| Warning {
            code: WarningCode::FaultUnused,
            text: format!("nothing came of the fault `{fault}`: no request was what it is for"),
        };
        ctx.warn(&sandbox.unused_faults().into_iter().map(unused).collect::<Vec<_>>());
        Ok(Exit::OfCommand(code_of(status)))
    }
}

/// A shell's codes: 127 where there is no such command, 126 where there is one that cannot be run.
fn cannot_run(program: &OsStr, error: &std::io::Error) -> Failure {
    let name = program.to_string_lossy();
    let failure = |what: String, code| Failure::new(Code::Failed, what).exit(Exit::OfCommand(code));
    match error.kind() {
        ErrorKind::NotFound if name.contains('/') => {
            failure(format!("There is no command {name}"), 127)
                .why("the file, or the interpreter that its first line names, does not exist")
                .hint("check the path; the command and its arguments stand behind a bare `--`, each a word of its own")
        }
        ErrorKind::NotFound => failure(format!("There is no command {name}"), 127)
            .why("no folder in PATH has a program of this name")
            .hint("check the spelling; a shell's own words need a shell: `insforge sandbox exec -- sh -c '…'`"),
        _ => failure(format!("The command {name} cannot be run"), 126)
            .why(error.to_string())
            .hint("check that it is a program, and that you may execute it: chmod +x makes a script one"),
    }
}

fn code_of(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status).map(|signal| 128 + signal);
    #[cfg(not(unix))]
    let signal = None;
    let code = status.code().or(signal).and_then(|code| u8::try_from(code).ok());
    code.unwrap_or(Exit::Failed.code())
}

/// The signals that are for the command.
#[cfg(unix)]
struct Signals(Vec<(rustix::process::Signal, tokio::signal::unix::Signal)>);

#[cfg(unix)]
impl Signals {
    /// From now on they end this process no more. Those that are to be ignored stay so, for the command too.
    fn listen() -> Result<Self> {
        use rustix::process::Signal;
        use tokio::signal::unix::{SignalKind, signal};
        let all = [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT, Signal::USR1, Signal::USR2];
        let ignored = ignored_signals();
        let heard = all.into_iter().filter(|signal| !ignored.contains(&signal.as_raw()));
        let listen = |kind: Signal| Ok((kind, signal(SignalKind::from_raw(kind.as_raw()))?));
        let signals: std::io::Result<Vec<_>> = heard.map(listen).collect();
        signals.map(Self).context("Cannot listen for signals")
    }

    /// The next one that is to be passed on.
    async fn next(&mut self) -> rustix::process::Signal {
        use rustix::process::Signal;
        loop {
            let next = std::future::poll_fn(|context| {
                let came = self
                    .0
                    .iter_mut()
                    .find_map(|(kind, signal)| signal.poll_recv(context).is_ready().then_some(*kind));
                came.map_or(std::task::Poll::Pending, std::task::Poll::Ready)
            });
            let signal = next.await;
            let typed = matches!(signal, Signal::INT | Signal::QUIT) && in_foreground();
            if !typed {
                return signal;
            }
        }
    }
}

/// What is typed at the terminal, Ctrl-C and Ctrl-\, goes to this process and to the command alike.
#[cfg(unix)]
fn in_foreground() -> bool {
    let foreground =
        std::fs::File::open("/dev/tty").ok().and_then(|tty| rustix::termios::tcgetpgrp(tty).ok());
    foreground == Some(rustix::process::getpgrp())
}

#[cfg(unix)]
fn pass_on(signal: rustix::process::Signal, child: &Child) {
    // Until it was waited for, its number is nobody else's.
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    if let Some(pid) = pid {
        // It may be over already.
        let _ = rustix::process::kill_process(pid, signal);
    }
}

/// Elsewhere the console tells the command by itself.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    #[allow(clippy::unnecessary_wraps, reason = "it can fail where there are signals")]
    fn listen() -> Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> std::convert::Infallible {
        std::future::pending().await
    }
}

#[cfg(not(unix))]
fn pass_on(signal: std::convert::Infallible, _child: &Child) {
    match signal {}
}

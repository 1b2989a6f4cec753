use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use anyhow::{Context, Result};
use clap::Args;
use tokio::process::{Child, Command};

use crate::commands::sandbox::{FAULTS_HELP, SANDBOX_URL_VARIABLE, SandboxArgs};
use crate::env::ProcessEnv;
#[cfg(unix)]
use crate::env::ignored_signals;
use crate::error::{Code, Exit, Failure, Warning, WarningCode};
use crate::interrupt;
use crate::runner::{CommandEffect, CommandSpec, Ctx};
use crate::sandbox::{ANON_KEY, API_KEY, JWT_SECRET, PUBLIC_URL};

/// The variables that would lead the command to another backend.
const REMOVED_VARIABLES: [&str; 4] =
    ["INSFORGE_SANDBOX", "INSFORGE_URL", "INSFORGE_PROFILE", "INSFORGE_API_KEY_FILE"];

/// Run a command with a fresh sandbox as its backend
///
/// The command gets the sandbox's address and key in INSFORGE_BASE_URL and INSFORGE_API_KEY, the public key of the
/// application in INSFORGE_ANON_KEY, and the secret that signs its users' tokens in INSFORGE_JWT_SECRET. INSFORGE_SANDBOX,
/// INSFORGE_URL, INSFORGE_PROFILE and INSFORGE_API_KEY_FILE are removed from its environment. The sandbox starts with the
/// sample shop, and stops when the command ends.
///
/// The signals TERM, HUP, INT, QUIT, USR1 and USR2 are passed on to the command. The exit code is the command's own. It is
/// 128 plus the signal number if a signal ended the command, 126 if it cannot be run, and 127 if it is not found.
#[derive(Args)]
#[command(after_long_help = FAULTS_HELP)]
#[command(add = CommandSpec::new(CommandEffect::Reads, "-- insforge payments status --json")
    .note("exits with the exit code of the command, which changes only the sandbox"))]
pub(crate) struct Exec {
    /// State file; the default is to keep the state in memory
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    #[command(flatten)]
    sandbox: SandboxArgs,
    /// Command to run and its arguments, after `--`
    #[arg(trailing_var_arg = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl Exec {
    pub(super) async fn run(self, ctx: &Ctx) -> Result<Exit> {
        ctx.refuse_dry_run()?;
        let Some((program, args)) = self.command.split_first() else {
            return Err(Failure::usage("The command is missing").hint("put the command after `--`").into());
        };
        let sandbox = self.sandbox.start(self.state.clone(), Some(PUBLIC_URL), ctx).await?;
        let mut signals = Signals::listen()?;
        interrupt::leave_to_command().await;
        let mut command = Command::new(executable(program, &ctx.env));
        command.args(args).env("INSFORGE_BASE_URL", sandbox.url()).env("INSFORGE_API_KEY", API_KEY);
        command.env("INSFORGE_ANON_KEY", ANON_KEY).env("INSFORGE_JWT_SECRET", JWT_SECRET);
        command.env(SANDBOX_URL_VARIABLE, sandbox.url());
        for name in REMOVED_VARIABLES {
            command.env_remove(name);
        }
        let mut child = command.spawn().map_err(|error| cannot_run(program, &error))?;
        let status = loop {
            tokio::select! {
                status = child.wait() => break status.context("Cannot wait for the command")?,
                signal = signals.next() => forward(signal, &child),
            }
        };
        let exit = Exit::OfCommand(exit_code(status));
        interrupt::end_with_command(exit);
        // A fault that did not happen has not tested anything.
        let unused = |fault| Warning {
            code: WarningCode::FaultUnused,
            text: format!("no request or event matched the fault `{fault}`"),
        };
        ctx.warn(&sandbox.unused_faults().into_iter().map(unused).collect::<Vec<_>>());
        Ok(exit)
    }
}

/// The program that a name means. Windows itself adds only `.exe` to a name, although most tools of Node.js are `.cmd` files.
fn executable(program: &OsStr, env: &ProcessEnv) -> OsString {
    let is_name = Path::new(program).components().count() == 1 && Path::new(program).extension().is_none();
    let found = if cfg!(windows) && is_name { env.find_command(program) } else { None };
    found.map_or_else(|| program.to_owned(), PathBuf::into_os_string)
}

/// The exit codes are a shell's: 127 if the command is not found, 126 if it cannot be run.
fn cannot_run(program: &OsStr, error: &std::io::Error) -> Failure {
    let name = program.to_string_lossy();
    let failure = |what: String, code| Failure::new(Code::Failed, what).exit(Exit::OfCommand(code));
    match error.kind() {
        ErrorKind::NotFound if name.contains(std::path::is_separator) => failure(
            format!("Command not found: {name}"),
            127,
        )
        .why("the file, or the interpreter in its first line, does not exist")
        .hint("check the path; put the command after `--`, and each of its arguments as a separate argument"),
        ErrorKind::NotFound => failure(format!("Command not found: {name}"), 127)
            .why("no directory in PATH contains a program with this name")
            .hint(if cfg!(windows) {
                "check the spelling; for shell syntax, use `insforge sandbox exec -- cmd /c \"…\"`"
            } else {
                "check the spelling; for shell syntax, use `insforge sandbox exec -- sh -c '…'`"
            }),
        _ => failure(format!("Cannot run {name}"), 126).why(error.to_string()).hint(if cfg!(windows) {
            "check that it is a program; start a script with its interpreter"
        } else {
            "check that it is an executable file; `chmod +x` makes a script executable"
        }),
    }
}

fn exit_code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status).map(|signal| 128 + signal);
    #[cfg(not(unix))]
    let signal = None;
    let code = status.code().or(signal).and_then(|code| u8::try_from(code).ok());
    code.unwrap_or(Exit::Failed.code())
}

/// The signals to forward to the command.
#[cfg(unix)]
struct Signals(Vec<(rustix::process::Signal, tokio::signal::unix::Signal)>);

#[cfg(unix)]
impl Signals {
    /// Catches the signals, so that they no longer end this process. Ignored signals stay ignored, also in the command.
    fn listen() -> Result<Self> {
        use rustix::process::Signal;
        use tokio::signal::unix::{SignalKind, signal};
        let all = [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT, Signal::USR1, Signal::USR2];
        let ignored = ignored_signals();
        let caught = all.into_iter().filter(|signal| !ignored.contains(&signal.as_raw()));
        let listen = |kind: Signal| Ok((kind, signal(SignalKind::from_raw(kind.as_raw()))?));
        let signals: std::io::Result<Vec<_>> = caught.map(listen).collect();
        signals.map(Self).context("Cannot listen for signals")
    }

    /// Waits for the next signal to forward.
    async fn next(&mut self) -> rustix::process::Signal {
        use rustix::process::Signal;
        loop {
            let next = std::future::poll_fn(|context| {
                let received = self
                    .0
                    .iter_mut()
                    .find_map(|(kind, signal)| signal.poll_recv(context).is_ready().then_some(*kind));
                received.map_or(std::task::Poll::Pending, std::task::Poll::Ready)
            });
            let signal = next.await;
            let from_terminal = matches!(signal, Signal::INT | Signal::QUIT) && in_foreground();
            if !from_terminal {
                return signal;
            }
        }
    }
}

/// Whether this process is in the foreground. The terminal then sends Ctrl-C and Ctrl-\ to the command, too.
#[cfg(unix)]
fn in_foreground() -> bool {
    let foreground =
        std::fs::File::open("/dev/tty").ok().and_then(|tty| rustix::termios::tcgetpgrp(tty).ok());
    foreground == Some(rustix::process::getpgrp())
}

#[cfg(unix)]
fn forward(signal: rustix::process::Signal, child: &Child) {
    // The process id cannot be reused before the command was waited for.
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    if let Some(pid) = pid {
        // The command may have ended already.
        let _ = rustix::process::kill_process(pid, signal);
    }
}

/// On Windows, the console sends the event to the command itself.
#[cfg(windows)]
struct Signals;

#[cfg(windows)]
impl Signals {
    #[allow(clippy::unnecessary_wraps, reason = "it can fail on Unix")]
    fn listen() -> Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> std::convert::Infallible {
        std::future::pending().await
    }
}

#[cfg(windows)]
fn forward(signal: std::convert::Infallible, _child: &Child) {
    match signal {}
}

//! Ctrl-C and SIGTERM, from the first line of a run to its last.
//!
//! On Unix, a handler only makes a pipe readable. The runtime waits for the pipe together with everything else ([`received`]). Before
//! the main thread does something that may never end, such as a write to a full pipe, it starts a thread that waits for the
//! pipe as well ([`watch`]). Most runs need no such thread. Whoever is first reports the interrupt and ends the run.
//!
//! On Windows, a thread waits for the events of the console: Ctrl-C, Ctrl-Break, the end of the window, and shutdown.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use crate::error::{Code, Exit, Failure};

#[cfg(unix)]
pub(crate) use unix::{before_write, handle, received, watch};
#[cfg(windows)]
pub(crate) use windows::{before_write, handle, received, watch};

/// What an interrupt means for the run.
#[derive(Clone, Copy)]
enum OnInterrupt {
    /// The run is interrupted.
    Abort,
    /// The run ends with this code.
    End(Exit),
    /// The command that this run started gets the signals.
    #[cfg(feature = "sandbox")]
    LeaveToCommand,
}

/// What an interrupt does to the run now.
struct State {
    on_interrupt: OnInterrupt,
    /// The failure to report, once a write has been sent.
    failure: Option<Failure>,
    write_sent: bool,
    ending: Option<EndedBy>,
}

/// Who ends the run. Nothing else may report anything from then on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum EndedBy {
    MainThread,
    Watcher,
}

static STATE: Mutex<State> =
    Mutex::new(State { on_interrupt: OnInterrupt::Abort, failure: None, write_sent: false, ending: None });

/// Restores the terminal and reports the failure, if there is one.
type Reporter = Box<dyn Fn(Option<Failure>) + Send + Sync>;

static REPORTER: OnceLock<Reporter> = OnceLock::new();

/// How long the main thread has to end the run before the watcher does it.
const MAIN_THREAD_FIRST: Duration = Duration::from_millis(50);
/// How long an interrupted run may take to end. Only a stream that takes no more text is slower.
const LONGEST_END: Duration = Duration::from_secs(2);

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sets how another thread than the main one reports an interrupt. Before this, [`watch`] does nothing.
pub(crate) fn set_reporter(report: impl Fn(Option<Failure>) + Send + Sync + 'static) {
    let _ = REPORTER.set(Box::new(report));
}

/// Ends the run with this code at an interrupt from now on.
pub(crate) fn end_with(exit: Exit) {
    state().on_interrupt = OnInterrupt::End(exit);
}

/// Leaves the signals to the command that this run starts, which has to listen for them already. A signal that came before
/// ends the run: then this never returns.
#[cfg(feature = "sandbox")]
#[cfg_attr(
    windows,
    expect(clippy::unused_async, reason = "there, the runtime has seen an earlier event already")
)]
pub(crate) async fn leave_to_command() {
    #[cfg(unix)]
    if unix::is_received() {
        std::future::pending::<()>().await;
    }
    state().on_interrupt = OnInterrupt::LeaveToCommand;
}

/// Ends the run with the code of the command that got the signals before.
#[cfg(feature = "sandbox")]
pub(crate) fn end_with_command(exit: Exit) {
    #[cfg(unix)]
    unix::forget_received();
    end_with(exit);
}

/// Sets the failure to report if the run is interrupted from now on and a write has been sent.
pub(crate) fn set_failure(failure: Failure) {
    state().failure = Some(failure.exit(Exit::Interrupted));
}

/// Notes that anything but a read is being sent.
pub(crate) fn note_write() {
    state().write_sent = true;
}

/// Ends the run on the main thread, which then reports the outcome. Never returns if the run was interrupted meanwhile.
pub(crate) fn end_run() {
    let ended_by = *state().ending.get_or_insert(EndedBy::MainThread);
    if ended_by == EndedBy::Watcher {
        loop {
            std::thread::park();
        }
    }
}

/// What to do about an interrupt.
enum Claim {
    /// End the run: with this code, or after reporting this failure.
    End(Result<Exit, Box<Failure>>),
    /// The run ends already.
    TooLate,
    #[cfg(feature = "sandbox")]
    LeftToCommand,
}

/// Decides what to do about an interrupt. Only one caller ever gets [`Claim::End`].
fn claim(by: EndedBy) -> Claim {
    let mut state = state();
    if state.ending.is_some() {
        return Claim::TooLate;
    }
    let end = match state.on_interrupt {
        OnInterrupt::Abort => {
            let failure = state.failure.take().filter(|_| state.write_sent);
            Err(Box::new(failure.unwrap_or_else(|| Failure::new(Code::Interrupted, "Interrupted"))))
        }
        OnInterrupt::End(exit) => Ok(exit),
        #[cfg(feature = "sandbox")]
        OnInterrupt::LeaveToCommand => return Claim::LeftToCommand,
    };
    state.ending = Some(by);
    Claim::End(end)
}

fn code_of(end: &Result<Exit, Box<Failure>>) -> i32 {
    end.as_ref().map_or_else(|failure| failure.exit, |exit| *exit).code().into()
}

#[cfg(unix)]
mod unix {
    use std::io::{IsTerminal, Read};
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;
    use std::sync::{Once, OnceLock};
    use std::thread;
    use std::time::Duration;

    use nix::sys::signal::{SigSet, SigmaskHow, Signal};
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::low_level;

    use super::{Claim, EndedBy, LONGEST_END, MAIN_THREAD_FIRST, REPORTER, claim, code_of};
    use crate::env::ignored_signals;
    use crate::error::{Exit, Failure};

    /// A pipe with this much room or less takes a write whole, or is not ready for it.
    const PIPE_BUF: usize = 4096;
    /// How long it may take to end after another signal.
    const AFTER_ANOTHER: Duration = Duration::from_millis(200);

    /// The end of the pipe that becomes readable.
    static PIPE: OnceLock<UnixStream> = OnceLock::new();
    /// Its other end stays open, even if no signal can be handled.
    static WRITE_END: OnceLock<UnixStream> = OnceLock::new();

    /// Handles Ctrl-C and SIGTERM from now on. A signal that the parent process set to be ignored stays ignored.
    pub(crate) fn handle() {
        if PIPE.get().is_some() {
            return;
        }
        let ignored = ignored_signals();
        let Ok((read, write)) = UnixStream::pair() else { return };
        if read.set_nonblocking(true).is_err() || PIPE.set(read).is_err() {
            return;
        }
        let write = WRITE_END.get_or_init(|| write);
        // A signal that comes while its handler is being installed waits until it is complete.
        let both = SigSet::from_iter([Signal::SIGTERM, Signal::SIGINT]);
        let before = both.thread_swap_mask(SigmaskHow::SIG_BLOCK);
        for signal in [SIGTERM, SIGINT].into_iter().filter(|signal| !ignored.contains(signal)) {
            // If no handler can be installed, the signal ends the process.
            if let Ok(write) = write.try_clone() {
                let _ = low_level::pipe::register(signal, write);
            }
        }
        if let Ok(before) = before {
            let _ = before.thread_set_mask();
        }
    }

    /// Whether a signal was received that nobody has dealt with.
    pub(super) fn is_received() -> bool {
        PIPE.get().is_some_and(|pipe| wait_for(pipe, PollFlags::IN, Some(Duration::ZERO)))
    }

    #[cfg(feature = "sandbox")]
    pub(super) fn forget_received() {
        PIPE.get().into_iter().for_each(drain);
    }

    /// Waits for an interrupt on the main thread, and then ends the run: with this code, or with this failure, which the
    /// caller reports.
    pub(crate) async fn received() -> Result<Exit, Box<Failure>> {
        let pipe = PIPE.get().and_then(|pipe| tokio::net::UnixStream::from_std(pipe.try_clone().ok()?).ok());
        if let Some(pipe) = pipe
            // The runtime knows of an earlier signal only after its first pause.
            && (is_received() || pipe.readable().await.is_ok())
            && let Claim::End(end) = claim(EndedBy::MainThread)
        {
            limit_end(code_of(&end));
            return end;
        }
        std::future::pending().await
    }

    /// Starts the thread that reports an interrupt if the main thread cannot. To be called before something that may never
    /// end.
    pub(crate) fn watch() {
        static STARTED: Once = Once::new();
        if let (Some(pipe), Some(report)) = (PIPE.get(), REPORTER.get()) {
            STARTED.call_once(|| drop(thread::Builder::new().spawn(move || watch_and_end(pipe, report))));
        }
    }

    /// Does the same before a write to a stream that may block.
    pub(crate) fn before_write(stream: &(impl AsFd + IsTerminal), bytes: usize) {
        let takes_it = || wait_for(stream, PollFlags::OUT, Some(Duration::ZERO));
        // A terminal can take a part of a short text and then block, too.
        if bytes > PIPE_BUF || stream.is_terminal() || !takes_it() {
            watch();
        }
    }

    #[cfg_attr(
        not(feature = "sandbox"),
        expect(clippy::never_loop, reason = "only a command that the sandbox runs gets signals")
    )]
    fn watch_and_end(pipe: &UnixStream, report: &super::Reporter) {
        loop {
            wait_for(pipe, PollFlags::IN, None);
            // It clears a spinner first, and drops what it was doing.
            thread::sleep(MAIN_THREAD_FIRST);
            match claim(EndedBy::Watcher) {
                Claim::End(end) => {
                    let code = code_of(&end);
                    limit_end(code);
                    report(end.err().map(|failure| *failure));
                    low_level::exit(code);
                }
                Claim::TooLate => return limit_end(Exit::Interrupted.code().into()),
                #[cfg(feature = "sandbox")]
                Claim::LeftToCommand => drain(pipe),
            }
        }
    }

    /// Ends the process soon, whatever keeps it, and sooner after another signal. Its streams are not flushed.
    fn limit_end(code: i32) {
        static STARTED: Once = Once::new();
        let Some(pipe) = PIPE.get() else { return };
        let end = move || {
            drain(pipe);
            if wait_for(pipe, PollFlags::IN, Some(LONGEST_END)) {
                thread::sleep(AFTER_ANOTHER);
            }
            low_level::exit(code);
        };
        STARTED.call_once(|| drop(thread::Builder::new().spawn(end)));
    }

    fn drain(mut pipe: &UnixStream) {
        while matches!(pipe.read(&mut [0; 64]), Ok(1..)) {}
    }

    /// Waits until something can be read or written, or the stream is closed. Returns whether that is so.
    fn wait_for(stream: &impl AsFd, what: PollFlags, limit: Option<Duration>) -> bool {
        let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
        loop {
            let mut watched = [PollFd::new(stream, what)];
            match poll(&mut watched, limit.as_ref()) {
                Ok(ready) => return ready > 0,
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return false,
            }
        }
    }
}

#[cfg(windows)]
mod windows {
    use std::sync::Once;
    use std::{io, process, thread};

    use tokio::runtime::Builder;
    use tokio::signal::windows::{CtrlBreak, CtrlC, CtrlClose, CtrlShutdown};
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown};
    use tokio::sync::Notify;

    use super::{Claim, EndedBy, LONGEST_END, MAIN_THREAD_FIRST, REPORTER, claim, code_of};
    use crate::error::{Exit, Failure};

    /// Remembers an event until the main thread waits for one.
    static RECEIVED: Notify = Notify::const_new();

    /// The events of the console that end a process. Windows waits a few seconds for a process that handles the last two.
    struct Events(CtrlC, CtrlBreak, CtrlClose, CtrlShutdown);

    impl Events {
        fn listen() -> io::Result<Self> {
            Ok(Self(ctrl_c()?, ctrl_break()?, ctrl_close()?, ctrl_shutdown()?))
        }

        async fn next(&mut self) {
            tokio::select! {
                _ = self.0.recv() => {}
                _ = self.1.recv() => {}
                _ = self.2.recv() => {}
                _ = self.3.recv() => {}
            }
        }
    }

    /// Handles the events from now on. If that fails, they end the process.
    pub(crate) fn handle() {
        static STARTED: Once = Once::new();
        STARTED.call_once(|| {
            if let (Ok(runtime), Ok(mut events)) = (Builder::new_current_thread().build(), Events::listen()) {
                let wait = move || {
                    loop {
                        runtime.block_on(events.next());
                        RECEIVED.notify_one();
                        thread::sleep(MAIN_THREAD_FIRST);
                        end_from_here();
                    }
                };
                let _ = thread::Builder::new().spawn(wait);
            }
        });
    }

    /// Ends the run if the main thread did not. A run without a reporter leaves that to its parent process.
    fn end_from_here() {
        let Some(report) = REPORTER.get() else { return };
        if let Claim::End(end) = claim(EndedBy::Watcher) {
            let code = code_of(&end);
            limit_end(code);
            report(end.err().map(|failure| *failure));
            process::exit(code);
        }
    }

    /// Waits for an interrupt on the main thread, and then ends the run: with this code, or with this failure, which the
    /// caller reports.
    pub(crate) async fn received() -> Result<Exit, Box<Failure>> {
        RECEIVED.notified().await;
        if let Claim::End(end) = claim(EndedBy::MainThread) {
            limit_end(code_of(&end));
            return end;
        }
        std::future::pending().await
    }

    /// Ends the process soon, whatever keeps it.
    fn limit_end(code: i32) {
        let end = move || {
            thread::sleep(LONGEST_END);
            process::exit(code);
        };
        let _ = thread::Builder::new().spawn(end);
    }

    /// The thread runs already.
    pub(crate) fn watch() {}

    pub(crate) fn before_write<T>(_stream: &T, _bytes: usize) {}
}

//! Runs of the binary in the background.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::{User, assert_no_secret, signal, wait_for_exit};

/// Longer than any step takes. A test that waits this long has failed.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A run in the background. It is killed when it is dropped.
pub struct Running {
    pub child: Child,
    pub stdout: Lines,
    pub stderr: Lines,
}

/// The lines of an output stream, as they arrive.
pub struct Lines(Receiver<String>);

impl Lines {
    fn of(stream: impl Read + Send + 'static) -> Self {
        let (sender, receiver) = mpsc::channel();
        let lines = BufReader::new(stream).lines().map_while(Result::ok);
        // The receiver is gone after the test.
        thread::spawn(move || lines.into_iter().try_for_each(|line| sender.send(line + "\n")));
        Self(receiver)
    }

    /// Waits for a line that begins with this text. Returns all output up to it.
    #[track_caller]
    pub fn read_until(&self, beginning: &str) -> String {
        let mut text = String::new();
        loop {
            let Ok(line) = self.0.recv_timeout(TIMEOUT) else {
                panic!("no line begins with {beginning:?}:\n{text}")
            };
            assert_no_secret(&line);
            text.push_str(&line);
            if line.starts_with(beginning) {
                return text;
            }
        }
    }

    /// Waits for the next line. It is empty if the stream has ended.
    #[track_caller]
    pub fn next(&self) -> String {
        match self.0.recv_timeout(TIMEOUT) {
            Ok(line) => {
                assert_no_secret(&line);
                line
            }
            Err(RecvTimeoutError::Disconnected) => String::new(),
            Err(RecvTimeoutError::Timeout) => panic!("no line within {TIMEOUT:?}"),
        }
    }

    /// Waits for the end of the stream. Returns the rest of the output.
    pub fn rest(&self) -> String {
        let text: String = std::iter::from_fn(|| self.0.recv_timeout(TIMEOUT).ok()).collect();
        assert_no_secret(&text);
        text
    }
}

impl Running {
    pub fn start(user: &User, args: &[&str]) -> Self {
        Self::of(user.command(args))
    }

    /// Starts any command.
    pub fn of(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Ctrl-C in the terminal of the tests does not reach this process.
        command.process_group(0);
        let mut child = command.spawn().expect("the program starts");
        let stdout = Lines::of(child.stdout.take().expect("stdout"));
        let stderr = Lines::of(child.stderr.take().expect("stderr"));
        Self { child, stdout, stderr }
    }

    /// Waits until the process handles Ctrl-C itself.
    #[cfg(target_os = "linux")]
    #[track_caller]
    pub fn wait_until_it_listens(&self) {
        let started = Instant::now();
        while !listens_for_interrupts(self.child.id()) {
            assert!(started.elapsed() < TIMEOUT, "it installs no handler for SIGINT");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Sends a signal. Returns the exit code and the rest of stderr.
    #[track_caller]
    pub fn stop(mut self, with: &str) -> (i32, String) {
        signal(self.child.id(), with);
        (wait_for_exit(&mut self.child, TIMEOUT), self.stderr.rest())
    }
}

/// Whether a process has a handler for SIGINT, which is signal 2.
#[cfg(target_os = "linux")]
pub fn listens_for_interrupts(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("the process");
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).expect("the caught signals");
    u64::from_str_radix(caught.trim(), 16).expect("a mask") & 0b10 != 0
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

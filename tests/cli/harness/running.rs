//! The binary while it runs.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use super::{User, assert_no_secret, ended_within, signal};

/// Longer than anything here takes; a test that reaches it has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// A run that goes on while the test does something else.
pub struct Running {
    pub child: Child,
    pub stdout: Lines,
    pub stderr: Lines,
}

/// What a run writes, as it comes.
pub struct Lines(Receiver<String>);

impl Lines {
    fn of(stream: impl Read + Send + 'static) -> Self {
        let (sender, receiver) = mpsc::channel();
        let lines = BufReader::new(stream).lines().map_while(Result::ok);
        // A test that is over listens no more.
        thread::spawn(move || lines.into_iter().try_for_each(|line| sender.send(line + "\n")));
        Self(receiver)
    }

    /// Everything up to a line that begins like this.
    #[track_caller]
    pub fn to(&self, beginning: &str) -> String {
        let mut text = String::new();
        loop {
            let Ok(line) = self.0.recv_timeout(PATIENCE) else { panic!("{beginning:?} never came:\n{text}") };
            assert_no_secret(&line);
            text.push_str(&line);
            if line.starts_with(beginning) {
                return text;
            }
        }
    }

    /// Everything that is left when nobody writes any more.
    pub fn rest(&self) -> String {
        let text: String = std::iter::from_fn(|| self.0.recv_timeout(PATIENCE).ok()).collect();
        assert_no_secret(&text);
        text
    }
}

impl Running {
    pub fn start(user: &User, args: &[&str]) -> Self {
        let mut command = user.command(args);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Whoever runs the tests in a terminal types nothing for this one.
        command.process_group(0);
        let mut child = command.spawn().expect("the binary starts");
        let stdout = Lines::of(child.stdout.take().expect("stdout"));
        let stderr = Lines::of(child.stderr.take().expect("stderr"));
        Self { child, stdout, stderr }
    }

    /// Sends a signal, and gives the exit code and what was still written on stderr.
    #[track_caller]
    pub fn end(mut self, with: &str) -> (i32, String) {
        signal(self.child.id(), with);
        (ended_within(&mut self.child, PATIENCE), self.stderr.rest())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

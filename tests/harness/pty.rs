//! Runs of the binary, or of a shell, on a pseudo-terminal, with typed input.

use std::io::{Read, Write};
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Command, Pty};
use rustix::termios::LocalModes;

use super::{User, assert_no_secret, binary_with_signals};

/// Longer than any step takes. A test that waits this long has failed.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A run on a terminal.
pub struct Terminal {
    pty: Arc<Pty>,
    child: Child,
    screen: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Terminal {
    /// Starts the binary with a terminal of this width as stdin, stdout and stderr.
    pub fn start(user: &User, columns: u16, args: &[&str]) -> Self {
        Self::of(user, columns, &[binary_with_signals(), args].concat())
    }

    /// Starts any program in the same way.
    pub fn of(user: &User, columns: u16, words: &[&str]) -> Self {
        let (pty, pts) = pty_process::blocking::open().expect("a terminal");
        pty.resize(Size::new(24, columns)).expect("a size");
        let [program, args @ ..] = words else { unreachable!("there is a program") };
        let mut command = Command::new(program);
        command = command.args(args).env_clear().envs(user.environment()).current_dir(user.home.path());
        let child = command.spawn(pts).expect("the program starts");
        let pty = Arc::new(pty);
        let screen = Arc::new(Mutex::new(String::new()));
        let (from, to) = (Arc::clone(&pty), Arc::clone(&screen));
        let reader = thread::spawn(move || {
            let mut buffer = [0; 4096];
            // On Linux, the end of the terminal is an error.
            while let Ok(read @ 1..) = (&*from).read(&mut buffer) {
                to.lock().expect("a lock").push_str(&String::from_utf8_lossy(&buffer[..read]));
            }
        });
        Self { pty, child, screen, reader: Some(reader) }
    }

    /// Waits until the screen shows this.
    #[track_caller]
    pub fn expect(&self, text: &str) {
        let start = Instant::now();
        while !self.screen().contains(text) {
            assert!(start.elapsed() < TIMEOUT, "the screen never showed {text:?}:\n{}", self.screen());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Types a text.
    pub fn type_in(&self, text: &str) {
        (&*self.pty).write_all(text.as_bytes()).expect("the terminal takes it");
    }

    /// Sends the binary a signal, such as `-TERM`.
    pub fn signal(&self, signal: &str) {
        super::signal(self.child.id(), signal);
    }

    /// The output so far.
    pub fn screen(&self) -> String {
        self.screen.lock().expect("a lock").replace("\r\n", "\n")
    }

    /// Waits for the exit. Returns the exit code and all output.
    #[track_caller]
    pub fn finish(self) -> (i32, String) {
        let (code, screen, _) = self.finish_with_echo();
        (code, screen)
    }

    /// Like [`Self::finish`], and whether the terminal then echoes what is typed, and passes it on line by line.
    #[track_caller]
    pub fn finish_with_echo(mut self) -> (i32, String, bool) {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a status") {
                break status;
            }
            if start.elapsed() > TIMEOUT {
                let _ = self.child.kill();
                panic!("the program did not exit:\n{}", self.screen());
            }
            thread::sleep(Duration::from_millis(5));
        };
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the reader");
        }
        let screen = self.screen();
        assert_no_secret(&screen);
        let modes = rustix::termios::tcgetattr(&*self.pty).expect("the modes").local_modes;
        let echoes = modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        (status.code().unwrap_or(-1), screen, echoes)
    }
}

/// The lines that a terminal of this width shows after this output.
#[cfg(feature = "sandbox")]
pub fn visible_lines(output: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<Vec<char>> = vec![Vec::new()];
    let (mut row, mut column) = (0, 0);
    let mut chars = output.chars();
    while let Some(c) = chars.next() {
        match c {
            '\r' => column = 0,
            '\n' => (row, column) = (row + 1, 0),
            '\u{1b}' => {
                let mut parameters = String::new();
                let end = chars.by_ref().skip(1).find(|c| {
                    parameters.push(*c);
                    c.is_ascii_alphabetic()
                });
                let count = parameters.trim_end_matches(char::is_alphabetic).parse().unwrap_or(1);
                match end {
                    Some('K') => lines[row].clear(),
                    Some('A') => row -= count,
                    Some('B') => row += count,
                    _ => {}
                }
            }
            c => {
                // A terminal begins the next line only with the character that no longer fits.
                if column == columns {
                    (row, column) = (row + 1, 0);
                    lines.resize(lines.len().max(row + 1), Vec::new());
                }
                let line = &mut lines[row];
                line.resize(line.len().max(column + 1), ' ');
                line[column] = c;
                column += 1;
            }
        }
        lines.resize(lines.len().max(row + 1), Vec::new());
    }
    lines.iter().map(|line| line.iter().collect::<String>().trim_end().to_owned()).collect()
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

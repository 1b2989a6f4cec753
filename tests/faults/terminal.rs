//! Faults on a terminal: whatever happens, the terminal is as before afterwards.

use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use super::command::{Command, Commands, Format, Kind};
use super::expectation::expected;
use super::fault::{self, Fault};
use super::harness::binary_with_signals;
use super::harness::pty::Terminal;
use super::matrix::{Case, Started};

/// Longer than any run.
const PATIENCE: Duration = Duration::from_secs(60);
/// Faults that last long enough for a spinner, and faults that end at once.
const FAULTS: [&str; 8] = [
    "connections are not accepted",
    "a certificate that has expired",
    "reset in the middle of the body",
    "400 that ends the line and the terminal",
    "503 as a page",
    "no answer",
    "one byte a second",
    "an answer after a moment",
];
/// The frames of the spinner.
const FRAMES: &str = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";

#[test]
fn every_fault_leaves_the_terminal_as_it_was() {
    let commands = Commands::of_each_kind();
    let faults = fault::all();
    let faults: Vec<&Fault> = FAULTS
        .iter()
        .map(|name| faults.iter().find(|fault| fault.name == *name).expect("a fault of this name"))
        .collect();
    let wrong = Mutex::new(Vec::new());
    let spinners = Mutex::new(0);
    thread::scope(|scope| {
        for command in &commands.kinds {
            let (commands, faults, wrong, spinners) = (&commands, &faults, &wrong, &spinners);
            scope.spawn(move || {
                for fault in faults {
                    let (code, screen, echoes) = run(command, fault, commands);
                    *spinners.lock().expect("a lock") += usize::from(screen.contains(|c| FRAMES.contains(c)));
                    let problem = problem(command, fault, code, &screen, echoes);
                    wrong.lock().expect("a lock").extend(problem);
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("a lock");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let spinners = spinners.into_inner().expect("a lock");
    println!("{} cases on a terminal, {spinners} with a spinner", commands.kinds.len() * faults.len());
    assert!(spinners >= 12, "only {spinners} runs had a spinner");
}

/// Runs a command under a fault. Returns the exit code, all output, and whether the terminal echoes what is typed.
fn run(command: &Command, fault: &Fault, commands: &Commands) -> (i32, String, bool) {
    let case = Case { fault, command, format: Format::Text };
    let Started { user, address, backend } = case.start(commands);
    user.write("stdin", &command.stdin);
    let words = case.words(&address);
    let shell = ["sh", "-c", "exec \"$0\" \"$@\" < stdin"];
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let user = user.with("TERM", "xterm-256color");
    let terminal = Terminal::of(&user, 100, &[&shell, binary_with_signals(), &words].concat());
    if command.kind == Kind::Follow && expected(fault, command, Format::Text).exit == 0 {
        let backend = backend.as_ref().expect("a backend");
        let started = Instant::now();
        while backend.seen().answered.len() < 3 {
            assert!(started.elapsed() < PATIENCE, "{}: {}", fault.name, terminal.screen());
            thread::sleep(Duration::from_millis(5));
        }
        terminal.signal("-INT");
    }
    terminal.finish_with_echo()
}

/// What is wrong with a run.
fn problem(command: &Command, fault: &Fault, code: i32, screen: &str, echoes: bool) -> Option<String> {
    let expected = expected(fault, command, Format::Text).exit;
    let after = |what: &str| screen.rfind(what).map_or(0, |at| at + what.len());
    let last_frame = screen.rfind(|c| FRAMES.contains(c)).unwrap_or(0);
    let last_color = screen.match_indices("\u{1b}[").filter_map(|(at, _)| {
        let sequence = &screen[at + 2..];
        let end = sequence.find(|c: char| !c.is_ascii_digit() && c != ';')?;
        sequence[end..].starts_with('m').then(|| &sequence[..end])
    });
    let checks = [
        (code == expected, "the exit code"),
        (echoes, "nothing that is typed is shown"),
        (after("\u{1b}[?25l") <= after("\u{1b}[?25h"), "the cursor is hidden"),
        (last_color.last().is_none_or(|color| color.is_empty() || color == "0"), "a color stays"),
        (!screen.contains("\u{1b}[?1049h"), "another screen"),
        (last_frame == 0 || screen[last_frame..].contains("\u{1b}[2K"), "the spinner stays"),
        (
            screen.is_empty() || screen.ends_with('\n') || screen.ends_with("\u{1b}[2K\r"),
            "the line is not ended",
        ),
        (expected == 0 || screen.contains("error:"), "no error"),
    ];
    let (_, problem) = checks.into_iter().find(|(is_right, _)| !is_right)?;
    let start = screen.char_indices().rev().nth(600).map_or(0, |(at, _)| at);
    let (fault, command, end) = (&fault.name, &command.name, &screen[start..]);
    Some(format!("{fault} | {command}: {problem}, exit {code} instead of {expected}: …{end:?}"))
}

//! Spinner and progress bar on a terminal.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use crate::secret::redact;
use crate::ui::sanitize;

/// Faster work needs no spinner.
const SPINNER_DELAY: Duration = Duration::from_millis(300);
const TICK: Duration = Duration::from_millis(100);

/// Whether the last line of the terminal is a spinner or a progress bar.
static SHOWN: AtomicBool = AtomicBool::new(false);

/// Erases the spinner or the progress bar, so that another text can take its line.
pub(crate) fn erase_line() {
    if SHOWN.load(Ordering::Relaxed) {
        let _ = Term::stderr().clear_line();
    }
}

/// Awaits the work, with a spinner on stderr if it takes long and `visible` is set.
pub(crate) async fn spin_while<T>(visible: bool, message: &str, work: impl Future<Output = T>) -> T {
    if !visible {
        return work.await;
    }
    let mut work = std::pin::pin!(work);
    if let Ok(done) = tokio::time::timeout(SPINNER_DELAY, &mut work).await {
        return done;
    }
    let _spinner = Spinner::start(message);
    work.await
}

/// A progress bar over many requests. It is cleared when it is dropped.
pub(crate) struct Bar(Option<ProgressBar>);

impl Bar {
    /// A bar with this number of steps. It shows nothing unless `visible` is set.
    pub(crate) fn start(visible: bool, steps: usize) -> Self {
        Self(visible.then(|| {
            let steps = u64::try_from(steps).unwrap_or(u64::MAX);
            start(Some(steps), "{bar:24} {pos}/{len} {wide_msg}", "")
        }))
    }

    /// Sets the number of finished steps and the name of the next one.
    pub(crate) fn set(&self, done: usize, next: &str) {
        if let Some(bar) = &self.0 {
            bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
            bar.set_message(sanitize::line(&redact(next)).into_owned());
        }
    }

    /// Writes to the terminal without disturbing the bar.
    pub(crate) fn suspend(&self, write: impl FnOnce()) {
        match &self.0 {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.iter().for_each(clear);
    }
}

/// A spinner. It is cleared when it is dropped: at the end, on an error, and when Ctrl-C drops the work.
struct Spinner(ProgressBar);

impl Spinner {
    fn start(message: &str) -> Self {
        let bar = start(None, "{spinner} {wide_msg}", message);
        bar.enable_steady_tick(TICK);
        Self(bar)
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        clear(&self.0);
    }
}

/// A spinner or a progress bar of one line.
fn start(steps: Option<u64>, template: &str, message: &str) -> ProgressBar {
    let terminal = Term::buffered_stderr();
    let target = if terminal.is_term() {
        ProgressDrawTarget::term_like(Box::new(LineStart(terminal)))
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(steps, target);
    // The template is a constant. An invalid one would only change the looks of the line.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ "));
    }
    bar.set_message(sanitize::line(message).into_owned());
    SHOWN.store(!bar.is_hidden(), Ordering::Relaxed);
    bar
}

fn clear(bar: &ProgressBar) {
    bar.finish_and_clear();
    SHOWN.store(false, Ordering::Relaxed);
}

/// A terminal whose cursor returns to the beginning of the line after each update. indicatif leaves it at the end. There, the
/// `^C` that the terminal prints would wrap to the next line, and the spinner would stay above it.
#[derive(Debug)]
struct LineStart(Term);

impl TermLike for LineStart {
    fn width(&self) -> u16 {
        TermLike::width(&self.0)
    }

    fn height(&self) -> u16 {
        TermLike::height(&self.0)
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_up(n)
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_down(n)
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_right(n)
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_left(n)
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.0.write_line(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.0.write_str(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.0.clear_line()
    }

    fn flush(&self) -> io::Result<()> {
        self.0.write_str("\r")?;
        self.0.flush()
    }
}

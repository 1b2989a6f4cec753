//! Spinner and progress bar on a terminal.

use std::time::Duration;

use crate::secret::redact;
use crate::ui::sanitize;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Faster work needs no spinner.
const SPINNER_DELAY: Duration = Duration::from_millis(300);
const TICK: Duration = Duration::from_millis(100);

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
            let bar = ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::stderr());
            // The template is a constant. An invalid one would only change the looks of the bar.
            if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} {wide_msg}") {
                bar.set_style(style);
            }
            bar
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
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// A spinner. It is cleared when it is dropped: at the end, on an error, and when Ctrl-C drops the work.
struct Spinner(ProgressBar);

impl Spinner {
    fn start(message: &str) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(ProgressStyle::default_spinner().tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ "));
        bar.set_message(sanitize::line(message).into_owned());
        bar.enable_steady_tick(TICK);
        Self(bar)
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

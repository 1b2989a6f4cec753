//! A spinner for what takes longer than a moment, for people who watch.

use std::time::Duration;

use crate::ui::sanitize;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What is over sooner needs no spinner.
const A_MOMENT: Duration = Duration::from_millis(300);
const TICK: Duration = Duration::from_millis(100);

/// Does the work; shows on stderr that it is under way when it takes long and `watched` says that somebody looks.
pub(crate) async fn during<T>(watched: bool, what: &str, work: impl Future<Output = T>) -> T {
    if !watched {
        return work.await;
    }
    let mut work = std::pin::pin!(work);
    if let Ok(done) = tokio::time::timeout(A_MOMENT, &mut work).await {
        return done;
    }
    let _spinner = Spinner::start(what);
    work.await
}

/// How far many requests are. Cleared when it is dropped.
pub(crate) struct Bar(Option<ProgressBar>);

impl Bar {
    /// A bar of so many steps, where somebody watches.
    pub(crate) fn start(watched: bool, of: usize) -> Self {
        Self(watched.then(|| {
            let of = u64::try_from(of).unwrap_or(u64::MAX);
            let bar = ProgressBar::with_draw_target(Some(of), ProgressDrawTarget::stderr());
            // Its template is a constant: where it were wrong, the bar would look plain.
            if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} {wide_msg}") {
                bar.set_style(style);
            }
            bar
        }))
    }

    /// So many steps are done, and this is next.
    pub(crate) fn set(&self, done: usize, next: &str) {
        if let Some(bar) = &self.0 {
            bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
            bar.set_message(sanitize::line(next).into_owned());
        }
    }

    /// Writes something else to the terminal that it is on.
    pub(crate) fn make_way(&self, write: impl FnOnce()) {
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

/// Cleared when it is dropped: at the end, on an error, and when Ctrl-C drops the work.
struct Spinner(ProgressBar);

impl Spinner {
    fn start(what: &str) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(ProgressStyle::default_spinner().tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ "));
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(TICK);
        Self(bar)
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

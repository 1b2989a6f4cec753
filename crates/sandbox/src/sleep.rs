//! Precise sleeping, for the delays of faults.

use std::time::{Duration, Instant};

/// The last part of a delay, which a thread sleeps because Tokio's timer is too coarse for it.
const THREAD_PART: Duration = Duration::from_millis(2);

/// Sleeps for `delay` and hardly longer. Tokio's timer alone rounds up to whole milliseconds, twice.
pub(crate) async fn sleep(delay: Duration) {
    let end = Instant::now() + delay;
    let timer_part = delay.saturating_sub(THREAD_PART);
    if !timer_part.is_zero() {
        tokio::time::sleep(timer_part).await;
    }
    let remaining = end.saturating_duration_since(Instant::now());
    if !remaining.is_zero() {
        // The thread cannot fail.
        let _ = tokio::task::spawn_blocking(move || std::thread::sleep(remaining)).await;
    }
}

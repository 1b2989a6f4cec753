//! Waiting for a fault's delay.

use std::time::{Duration, Instant};

/// What is left to a thread that sleeps.
const FINE: Duration = Duration::from_millis(2);

/// Waits so long and hardly longer: tokio's clock counts milliseconds, and rounds up twice.
pub(super) async fn wait(delay: Duration) {
    let end = Instant::now() + delay;
    let coarse = delay.saturating_sub(FINE);
    if !coarse.is_zero() {
        tokio::time::sleep(coarse).await;
    }
    let left = end.saturating_duration_since(Instant::now());
    if !left.is_zero() {
        // The thread has nothing to say.
        let _ = tokio::task::spawn_blocking(move || std::thread::sleep(left)).await;
    }
}

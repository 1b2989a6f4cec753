//! Delivers the events that a fault delays, when their time has come.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::delivery;
use crate::http::Server;
use crate::state::State;

/// The pause after a state file could not be used.
const PAUSE: Duration = Duration::from_secs(1);

/// Delivers delayed events until the runtime ends.
pub(crate) async fn deliver(server: Arc<Server>) {
    let mut changed = server.changed.subscribe();
    loop {
        let next = server.on_thread(false, |state, context| wait(state, context.real_now)).await;
        let next = next.unwrap_or(Some(PAUSE));
        match next {
            Some(Duration::ZERO) => {
                if server.on_thread(true, delivery::deliver_waiting).await.is_none() {
                    tokio::time::sleep(PAUSE).await;
                }
            }
            Some(wait) => {
                // A later write can delay an event for a shorter time.
                let _ = tokio::time::timeout(wait, changed.changed()).await;
            }
            None => {
                if changed.changed().await.is_err() {
                    return;
                }
            }
        }
    }
}

/// How long it takes until the next delayed event is delivered; `None` if there is none.
fn wait(state: &State, now: Timestamp) -> Option<Duration> {
    let until = state.events.delayed.values().map(|delayed| &delayed.until).min()?;
    let until: Timestamp = until.parse().ok()?;
    Some(Duration::try_from(until.duration_since(now)).unwrap_or(Duration::ZERO))
}

//! When a backend listens no more.

use std::net::{SocketAddr, TcpStream};
use std::sync::{Condvar, Mutex};

/// How far it is.
#[derive(Default)]
pub struct End {
    stage: Mutex<Stage>,
    moved: Condvar,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Listening,
    Ending,
    Over,
}

impl End {
    /// Whether whoever accepts is to stop.
    pub fn has_come(&self) -> bool {
        *self.stage.lock().expect("a lock") != Stage::Listening
    }

    /// The port is closed.
    pub fn is_over(&self) {
        *self.stage.lock().expect("a lock") = Stage::Over;
        self.moved.notify_all();
    }

    /// Ends it, and waits until the port is closed: whoever comes after this is refused.
    pub fn come(&self, address: SocketAddr) -> std::io::Result<()> {
        *self.stage.lock().expect("a lock") = Stage::Ending;
        // Whoever accepts has to look up.
        drop(TcpStream::connect(address)?);
        let stage = self.stage.lock().expect("a lock");
        drop(self.moved.wait_while(stage, |stage| *stage != Stage::Over).expect("a lock"));
        Ok(())
    }
}

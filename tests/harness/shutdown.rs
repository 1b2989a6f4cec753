//! The shutdown of a stub's listener.

use std::net::{SocketAddr, TcpStream};
use std::sync::{Condvar, Mutex};

/// The state of the listener, shared by the threads of a stub.
#[derive(Default)]
pub struct Shutdown {
    stage: Mutex<Stage>,
    changed: Condvar,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Listening,
    Requested,
    Closed,
}

impl Shutdown {
    /// Whether the listener should stop.
    pub fn is_requested(&self) -> bool {
        *self.stage.lock().expect("a lock") != Stage::Listening
    }

    /// Reports that the port is closed.
    pub fn set_closed(&self) {
        *self.stage.lock().expect("a lock") = Stage::Closed;
        self.changed.notify_all();
    }

    /// Requests the shutdown and waits until the port is closed. From then on, connections are refused.
    pub fn close(&self, address: SocketAddr) -> std::io::Result<()> {
        *self.stage.lock().expect("a lock") = Stage::Requested;
        // A connection wakes the listener.
        drop(TcpStream::connect(address)?);
        let stage = self.stage.lock().expect("a lock");
        drop(self.changed.wait_while(stage, |stage| *stage != Stage::Closed).expect("a lock"));
        Ok(())
    }
}

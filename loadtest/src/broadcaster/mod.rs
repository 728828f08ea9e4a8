//! A small server that speaks the native dialect, to try the load tester with: rooms in memory, any number of
//! addresses, and defects that can be planted and counted.
//!
//! Bound: what one run sends it; it forgets nothing. It ends with the runtime that it was started in.

mod connection;
mod rooms;
pub(crate) mod words;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;

use rooms::Rooms;

/// What is to go wrong. An `every` counts the events of a room; 0 is never.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Defects {
    /// Events that are shown to nobody.
    pub(crate) drop_every: u64,
    /// Events that are shown twice.
    pub(crate) double_every: u64,
    /// Events that are shown after the next one.
    pub(crate) swap_every: u64,
    /// Events that are shown in the next room instead.
    pub(crate) misplace_every: u64,
    /// Messages that are stored and answered with `unavailable`.
    pub(crate) unsure_every: u64,
    /// Messages that are stored and refused.
    pub(crate) refuse_every: u64,
    /// Messages that are acknowledged and not stored.
    pub(crate) forget_every: u64,
    /// True: a repeated id is a new message.
    pub(crate) forget_ids: bool,
    /// True: positions start again for those who come back, as after a restore.
    pub(crate) new_epochs: bool,
    /// True: nobody may join.
    pub(crate) closed: bool,
    /// While so many joins wait for their answers, nobody may join; 0: any number may.
    pub(crate) joins_max: usize,
    /// How long everything takes.
    pub(crate) delay: Duration,
}

/// How often something went wrong, for each receipt or message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Planted {
    pub(crate) dropped: u64,
    pub(crate) doubled: u64,
    pub(crate) swapped: u64,
    pub(crate) misplaced: u64,
    pub(crate) unsure: u64,
    pub(crate) refused: u64,
    pub(crate) forgotten: u64,
}

/// A running server.
pub(crate) struct Broadcaster {
    rooms: Arc<Mutex<Rooms>>,
    targets: Vec<String>,
}

impl Broadcaster {
    /// Listens on this many addresses of this machine.
    ///
    /// # Errors
    /// If the system has none left.
    pub(crate) async fn start(addresses: usize, defects: Defects) -> io::Result<Self> {
        let rooms = Arc::new(Mutex::new(Rooms::new(defects)));
        let mut targets = Vec::new();
        for number in 0..addresses {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            targets.push(format!("ws://{}", listener.local_addr()?));
            let rooms = rooms.clone();
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(connection::serve(stream, number, rooms.clone()));
                }
            });
        }
        Ok(Self { rooms, targets })
    }

    /// Where it listens.
    pub(crate) fn targets(&self) -> &[String] {
        &self.targets
    }

    /// Cuts all connections of one address.
    pub(crate) fn cut(&self, address: usize) {
        lock(&self.rooms).cut(address);
    }

    /// What went wrong so far.
    pub(crate) fn planted(&self) -> Planted {
        lock(&self.rooms).planted()
    }

    /// How many messages are stored.
    pub(crate) fn stored(&self) -> u64 {
        lock(&self.rooms).stored()
    }
}

fn lock(rooms: &Mutex<Rooms>) -> MutexGuard<'_, Rooms> {
    rooms.lock().unwrap_or_else(PoisonError::into_inner)
}

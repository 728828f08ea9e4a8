//! What goes out: interest in rooms, and notes, in the order in which they were handed in.
//!
//! The task that works here owns the guards of the subscriptions. It waits for the bus; the porter waits for it.

use std::collections::HashMap;
use std::sync::Arc;

use bus::{Bus, Heard, Listening, Note, Topic};
use chat::RoomId;
use tokio::sync::mpsc;

/// How many letters wait.
pub(super) const LETTERS_MAX: usize = 1024;

/// Something for the bus.
#[derive(Debug)]
pub(super) enum Letter {
    /// Listen to what is told of a room.
    Listen(RoomId),
    /// No longer.
    Ignore(RoomId),
    /// Tell the others. What goes nowhere is found out by those whom it was for.
    Tell(Note),
}

/// Works until all who hand in letters are gone, and then waits until the bus has everything.
pub(super) async fn work(bus: Arc<dyn Bus>, mut letters: mpsc::Receiver<Letter>, news: mpsc::Sender<Heard>) {
    let _gateways = bus.listen(Topic::Gateways, news.clone()).await;
    let mut rooms: HashMap<RoomId, Listening> = HashMap::new();
    while let Some(letter) = letters.recv().await {
        match letter {
            Letter::Listen(room) => {
                if let Ok(listening) = bus.listen(Topic::Live(room.clone()), news.clone()).await {
                    rooms.insert(room, listening);
                }
            }
            Letter::Ignore(room) => drop(rooms.remove(&room)),
            Letter::Tell(note) => {
                if let Err(error) = bus.publish(note, None).await {
                    tracing::debug!(%error, "the other gateways could not be told");
                }
            }
        }
    }
    let _reached = bus.settle().await;
}

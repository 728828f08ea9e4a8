//! What goes out: interest in rooms and channels, and notes, in the order in which they were handed in.
//!
//! The task that works here owns the guards of the subscriptions. It waits for the bus; the porter waits for it.

use std::collections::HashMap;
use std::sync::Arc;

use bus::{Bus, Heard, Listening, Note, Topic};
use chat::Place;
use tokio::sync::mpsc;

/// How many letters wait.
pub(super) const LETTERS_MAX: usize = 1024;

/// Something for the bus.
#[derive(Debug)]
pub(super) enum Letter {
    /// Listen to what is told of a room or a channel.
    Listen(Place),
    /// No longer.
    Ignore(Place),
    /// Tell the others. What goes nowhere is found out by those whom it was for.
    Tell(Note),
}

/// Works until all who hand in letters are gone, and then waits until the bus has everything.
pub(super) async fn work(bus: Arc<dyn Bus>, mut letters: mpsc::Receiver<Letter>, news: mpsc::Sender<Heard>) {
    let _gateways = bus.listen(Topic::Gateways, news.clone()).await;
    let mut places: HashMap<Place, Listening> = HashMap::new();
    while let Some(letter) = letters.recv().await {
        match letter {
            Letter::Listen(place) => {
                if let Ok(listening) = bus.listen(Topic::Live(place.clone()), news.clone()).await {
                    places.insert(place, listening);
                }
            }
            Letter::Ignore(place) => drop(places.remove(&place)),
            Letter::Tell(note) => {
                if let Err(error) = bus.publish(note, None).await {
                    tracing::debug!(%error, "the other gateways could not be told");
                }
            }
        }
    }
    let _reached = bus.settle().await;
}

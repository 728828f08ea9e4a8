//! The gateway's interest in rooms and in the heads of their partitions: subscriptions on the bus, held as
//! guards.

use std::collections::HashMap;

use bus::{Bus, BusError, Heard, Listening, PARTITIONS, Partition, Topic};
use chat::RoomId;
use tokio::sync::mpsc;

/// The guards. Owned by the operator; a room's guard ends its subscription when the room is forgotten.
#[derive(Debug)]
pub(super) struct Interest {
    rooms: HashMap<RoomId, Listening>,
    partitions: Vec<Watched>,
}

#[derive(Debug, Default)]
struct Watched {
    rooms: usize,
    heads: Option<Listening>,
}

/// What one opening brought: the guards of a room and, if nobody had it, of its partition's heads.
#[derive(Debug)]
pub(super) struct Ears {
    room: Listening,
    heads: Option<Listening>,
}

impl Interest {
    pub(super) fn new() -> Self {
        let partitions = (0..PARTITIONS).map(|_| Watched::default()).collect();
        Self { rooms: HashMap::new(), partitions }
    }

    /// True if the heads of a room's partition are listened to already.
    pub(super) fn has_heads(&self, room: &RoomId) -> bool {
        self.watched(room).heads.is_some()
    }

    pub(super) fn keep(&mut self, room: &RoomId, ears: Ears) {
        let index = usize::from(Partition::of(room).index());
        let watched = &mut self.partitions[index];
        watched.rooms += 1;
        if watched.heads.is_none() {
            watched.heads = ears.heads;
        }
        self.rooms.insert(room.clone(), ears.room);
    }

    pub(super) fn drop(&mut self, room: &RoomId) {
        if self.rooms.remove(room).is_none() {
            return;
        }
        let watched = &mut self.partitions[usize::from(Partition::of(room).index())];
        watched.rooms -= 1;
        if watched.rooms == 0 {
            watched.heads = None;
        }
    }

    fn watched(&self, room: &RoomId) -> &Watched {
        &self.partitions[usize::from(Partition::of(room).index())]
    }
}

/// Listens to a room and, with `heads`, to the heads of its partition. When this returns, both stand on the
/// connection before whatever is asked next.
pub(super) async fn listen(
    bus: &dyn Bus,
    room: &RoomId,
    heads: bool,
    notes: mpsc::Sender<Heard>,
) -> Result<Ears, BusError> {
    let heads = match heads {
        true => Some(bus.listen(Topic::Heads(Partition::of(room)), notes.clone()).await?),
        false => None,
    };
    Ok(Ears { room: bus.listen(Topic::Room(room.clone()), notes).await?, heads })
}

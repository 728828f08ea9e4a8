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
    /// How many rooms of the partition there are, those that are being opened included.
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

    /// A room is about to be opened; it counts from here, so that what it relies on is not dropped meanwhile. True
    /// if the heads of its partition are not listened to yet.
    pub(super) fn begin(&mut self, room: &RoomId) -> bool {
        let watched = self.watched(room);
        watched.rooms += 1;
        watched.heads.is_none()
    }

    pub(super) fn keep(&mut self, room: &RoomId, ears: Ears) {
        let watched = self.watched(room);
        if watched.heads.is_none() {
            watched.heads = ears.heads;
        }
        self.rooms.insert(room.clone(), ears.room);
    }

    /// A room is forgotten that was begun, whether anything was kept for it or not.
    pub(super) fn drop(&mut self, room: &RoomId) {
        self.rooms.remove(room);
        let watched = self.watched(room);
        watched.rooms -= 1;
        if watched.rooms == 0 {
            watched.heads = None;
        }
    }

    /// How many subscriptions on the bus are held.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.rooms.len() + self.partitions.iter().filter(|watched| watched.heads.is_some()).count()
    }

    fn watched(&mut self, room: &RoomId) -> &mut Watched {
        &mut self.partitions[usize::from(Partition::of(room).index())]
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

#[cfg(test)]
mod tests {
    use super::*;
    use bus::{LocalBus, Note};

    #[tokio::test]
    async fn a_room_that_is_being_opened_keeps_the_heads_of_its_partition() {
        let names = (0..).map(|n| RoomId::parse(&format!("r{n}")).unwrap());
        let rooms: Vec<_> = names.filter(|room| Partition::of(room).index() == 7).take(2).collect();
        let (bus, mut interest) = (LocalBus::new(8), Interest::new());
        let (notes_in, mut notes) = mpsc::channel(8);
        assert!(interest.begin(&rooms[0]));
        interest.keep(&rooms[0], listen(&bus, &rooms[0], true, notes_in.clone()).await.unwrap());
        assert!(!interest.begin(&rooms[1]), "the first one's heads are its heads too");
        interest.drop(&rooms[0]);
        interest.keep(&rooms[1], listen(&bus, &rooms[1], false, notes_in).await.unwrap());
        let partition = Partition::of(&rooms[1]);
        bus.publish(Note::Heads(partition, Vec::new()), None).await.unwrap();
        assert!(notes.try_recv().is_ok(), "heads are heard");
        interest.drop(&rooms[1]);
        bus.publish(Note::Heads(partition, Vec::new()), None).await.unwrap();
        assert!(notes.try_recv().is_err(), "nobody needs them any more");
    }
}

//! What rooms are that were asked about without being joined.

use chat::{RoomId, RoomKind};

/// The kinds of a few rooms; the oldest is forgotten for a new one. Nothing is kept until something was asked.
#[derive(Default)]
pub(super) struct Known(Vec<(RoomId, RoomKind)>);

impl Known {
    /// How many rooms are remembered.
    const MAX: usize = 32;

    pub(super) fn kind(&self, room: &RoomId) -> Option<RoomKind> {
        self.0.iter().find(|(known, _)| known == room).map(|(_, kind)| *kind)
    }

    pub(super) fn remember(&mut self, room: RoomId, kind: RoomKind) {
        self.forget(&room);
        if self.0.len() == Self::MAX {
            self.0.remove(0);
        }
        self.0.push((room, kind));
    }

    pub(super) fn forget(&mut self, room: &RoomId) {
        self.0.retain(|(known, _)| known != room);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_room_makes_place_for_a_new_one() {
        let room = |n: usize| RoomId::parse(&n.to_string()).unwrap();
        let mut known = Known::default();
        for n in 0..=Known::MAX {
            known.remember(room(n), RoomKind::Public);
        }
        assert_eq!(known.kind(&room(0)), None);
        assert_eq!(known.kind(&room(1)), Some(RoomKind::Public));
        known.remember(room(1), RoomKind::Private);
        assert_eq!((known.kind(&room(1)), known.0.len()), (Some(RoomKind::Private), Known::MAX));
    }
}

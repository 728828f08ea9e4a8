//! A cycle of rooms of very different size: in it each room has as many turns as its share, well apart.

use std::collections::{BTreeMap, BTreeSet};

/// A cycle of rooms, and who sends to each.
#[derive(Debug)]
pub(crate) struct Table {
    pub(super) rooms: u32,
    pub(super) people_who_send: u32,
    cycle: Vec<Turn>,
    /// How many turns each room has in the cycle.
    pub(super) shares: Vec<u32>,
    /// Who sends to each room, in turn. Nobody is left out, and no room.
    pub(super) senders: Vec<Vec<u32>>,
    /// The rooms that senders join beside their own, because nobody of these rooms sends.
    pub(super) adopted: BTreeMap<u32, Vec<u32>>,
}

/// A room's turn in the cycle, and how many it has had before in the same cycle.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn {
    pub(super) room: u32,
    pub(super) before: u32,
}

impl Table {
    /// The room of rank `r` has a share of `1/r`.
    pub(super) fn zipf(rooms: u32, senders: u32) -> Self {
        let shares: Vec<u32> = (1..=rooms).map(|rank| rooms / rank).collect();
        let mut turns: Vec<(f64, Turn)> = Vec::new();
        for (room, share) in (0..).zip(&shares) {
            // Each room starts somewhere else in its own distance, or all rooms with one turn would have the same.
            let phase = (f64::from(room) * 0.618_033_988_749_895).fract();
            let turn = |before| ((f64::from(before) + phase) / f64::from(*share), Turn { room, before });
            turns.extend((0..*share).map(turn));
        }
        turns.sort_by(|a, b| a.0.total_cmp(&b.0));
        let cycle = turns.into_iter().map(|(_, turn)| turn).collect();
        let mut table = Self {
            rooms,
            people_who_send: senders,
            cycle,
            shares,
            senders: Vec::new(),
            adopted: BTreeMap::new(),
        };
        table.appoint(rooms, senders);
        table
    }

    /// Says who sends where: those who are at home in the room, or else somebody else.
    fn appoint(&mut self, rooms: u32, senders: u32) {
        self.senders = vec![Vec::new(); rooms as usize];
        for sender in 0..senders {
            let home = self.turn(sender).0.room;
            self.senders[home as usize].push(sender);
        }
        for (room, of_the_room) in (0..).zip(&mut self.senders) {
            if of_the_room.is_empty() {
                let sender = room % senders.max(1);
                of_the_room.push(sender);
                self.adopted.entry(sender).or_default().push(room);
            }
        }
    }

    /// So many rooms beside the home of a person: those of the turns from one of its own on. At most all others.
    pub(super) fn further(&self, person: u32, count: u32) -> Vec<u32> {
        let home = self.turn(person).0.room;
        let mut taken = BTreeSet::from([home]);
        // Each person has turns of its own for as long as there are some; where it meets a large room again, it goes on.
        let from = u64::from(person) * u64::from(count);
        let length = self.cycle.len() as u64;
        let turns =
            (0..length).map(|step| self.cycle[usize::try_from((from + step) % length).unwrap_or(0)].room);
        turns.filter(|room| taken.insert(*room)).take(count as usize).collect()
    }

    /// Whose turn it is, and how many whole cycles there were before.
    pub(super) fn turn(&self, number: u32) -> (Turn, u32) {
        // At most `ZIPF_ROOMS_MAX` rooms: the cycle is far shorter than 2³².
        let length = u32::try_from(self.cycle.len()).unwrap_or(u32::MAX);
        (self.cycle[(number % length) as usize], number / length)
    }
}

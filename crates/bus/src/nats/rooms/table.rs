//! Who listens to which rooms of one partition, and whether each by a subscription of its own or all by one of the
//! whole partition. Pure: what is to be changed is said, and done elsewhere.
//!
//! Bounded by the listeners of this process: an ear ends with its guard.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::mpsc::Sender;
use tokio_util::sync::DropGuard;

use super::super::forward::Readers;
use crate::Heard;

/// By which subscriptions whoever begins to listen now will hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stance {
    /// A subscription for each listener.
    Singly,
    /// One for the partition.
    Whole,
}

/// One listener: the token of its room and its number.
pub(super) type Name = (Arc<str>, u64);

/// The listeners of one partition.
#[derive(Debug)]
pub(super) struct Table {
    stance: Stance,
    rooms: HashMap<Arc<str>, Vec<Ear>>,
    last_number: u64,
    /// Those who read the subscriptions of single rooms.
    singles: Readers,
}

#[derive(Debug)]
struct Ear {
    number: u64,
    into: Sender<Heard>,
    /// Ends the subscription of its own. Without one it hears through that of the partition.
    own: Option<DropGuard>,
}

impl Table {
    pub(super) fn new() -> Self {
        Self { stance: Stance::Singly, rooms: HashMap::new(), last_number: 0, singles: Readers::default() }
    }

    pub(super) fn stance(&self) -> Stance {
        self.stance
    }

    pub(super) fn set_stance(&mut self, stance: Stance) {
        self.stance = stance;
    }

    /// The stance that its rooms call for, if that is another one: past `max` rooms the partition is listened to, and
    /// back at half of that each room, so that a room that comes and goes does not change it each time.
    pub(super) fn change_due(&self, max: usize) -> Option<Stance> {
        match self.stance {
            Stance::Singly if self.rooms.len() > max => Some(Stance::Whole),
            Stance::Whole if self.rooms.len() <= max / 2 => Some(Stance::Singly),
            Stance::Singly | Stance::Whole => None,
        }
    }

    /// How many rooms are listened to.
    pub(super) fn rooms(&self) -> usize {
        self.rooms.len()
    }

    /// Somebody listens to a room; `own` makes a subscription of its own, if it is to have one.
    pub(super) fn add(
        &mut self,
        token: &Arc<str>,
        into: Sender<Heard>,
        own: impl FnOnce(&Readers) -> Option<DropGuard>,
    ) -> u64 {
        self.last_number += 1;
        let ear = Ear { number: self.last_number, into, own: own(&self.singles) };
        match self.rooms.get_mut(&**token) {
            Some(ears) => ears.push(ear),
            // A room has one listener in almost all cases: no place is kept for more.
            None => drop(self.rooms.insert(Arc::clone(token), vec![ear])),
        }
        self.last_number
    }

    pub(super) fn remove(&mut self, token: &str, number: u64) {
        let Some(ears) = self.rooms.get_mut(token) else { return };
        ears.retain(|ear| ear.number != number);
        if ears.is_empty() {
            self.rooms.remove(token);
        }
    }

    /// Who hears a room through the subscription of the partition.
    pub(super) fn hear(&self, token: &str) -> Vec<Sender<Heard>> {
        let ears = self.rooms.get(token).into_iter().flatten();
        ears.filter(|ear| ear.own.is_none()).map(|ear| ear.into.clone()).collect()
    }

    /// All who hear through the subscription of the partition.
    pub(super) fn without_own(&self) -> Vec<Name> {
        let names = self.rooms.iter().flat_map(|(token, ears)| {
            ears.iter().filter(|ear| ear.own.is_none()).map(|ear| (Arc::clone(token), ear.number))
        });
        names.collect()
    }

    /// Gives a listener a subscription of its own, if it is still there.
    pub(super) fn give_own(
        &mut self,
        (token, number): &Name,
        own: impl FnOnce(&Readers, Sender<Heard>) -> DropGuard,
    ) {
        let mut ears = self.rooms.get_mut(&**token).into_iter().flatten();
        if let Some(ear) = ears.find(|ear| ear.number == *number) {
            ear.own = Some(own(&self.singles, ear.into.clone()));
        }
    }

    /// Those who read the subscriptions of single rooms; others will read those that come.
    pub(super) fn take_singles(&mut self) -> Readers {
        std::mem::take(&mut self.singles)
    }

    /// From here on all hear through the subscription of the partition.
    pub(super) fn drop_own(&mut self) {
        self.rooms.values_mut().flatten().for_each(|ear| ear.own = None);
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    fn table_of(rooms: usize) -> Table {
        let (into, mut table) = (mpsc::channel(1).0, Table::new());
        for room in 0..rooms {
            table.add(&room.to_string().into(), into.clone(), |_| None);
        }
        table
    }

    #[test]
    fn a_partition_is_listened_to_past_the_bound_and_until_half_of_it() {
        assert_eq!(table_of(8).change_due(8), None);
        let mut table = table_of(9);
        assert_eq!(table.change_due(8), Some(Stance::Whole));
        table.set_stance(Stance::Whole);
        for (room, due) in (0..5).rev().zip([None, None, None, None, Some(Stance::Singly)]) {
            table.remove(&room.to_string(), room + 1);
            assert_eq!(table.change_due(8), due, "{} rooms", table.rooms());
        }
    }

    #[test]
    fn with_a_bound_of_nothing_a_partition_is_listened_to_while_there_is_a_room() {
        let mut table = table_of(1);
        assert_eq!(table.change_due(0), Some(Stance::Whole));
        table.set_stance(Stance::Whole);
        assert_eq!(table.change_due(0), None);
        table.remove("0", 1);
        assert_eq!(table.change_due(0), Some(Stance::Singly));
    }

    #[test]
    fn each_listener_hears_in_one_way() {
        let (mut table, (into, _heard)) = (Table::new(), mpsc::channel(1));
        let (room, guard) = (Arc::from("a"), || tokio_util::sync::CancellationToken::new().drop_guard());
        let single = table.add(&room, into.clone(), |_| Some(guard()));
        let other = table.add(&room, into, |_| None);
        assert_eq!((table.hear("a").len(), table.without_own()), (1, vec![(Arc::clone(&room), other)]));
        table.give_own(&(Arc::clone(&room), other), |_, _| guard());
        assert!(table.hear("a").is_empty());
        table.drop_own();
        assert_eq!((table.hear("a").len(), table.hear("b").len()), (2, 0));
        table.remove("a", single);
        table.remove("a", other);
        assert_eq!(table.rooms(), 0);
    }
}

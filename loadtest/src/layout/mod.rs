//! Which room comes next: how people and messages are spread over the rooms.
//!
//! Both take the rooms in turn, in a cycle in which each room has its share and its turns stand well apart, so that
//! all of it is known for any person and any message without having walked through those before.

mod strides;
mod table;

use std::sync::Arc;

use anyhow::{Result, ensure};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use table::{Table, Turn};

/// How people and messages are spread over the rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize, Deserialize)]
pub(crate) enum Distribution {
    /// All rooms alike.
    #[default]
    Even,
    /// The second room has half as many people and messages as the first, the third a third, and so on.
    Zipf,
}

/// The most rooms that can be spread by [`Distribution::Zipf`]: its cycle has about twelve turns for each of them.
const ZIPF_ROOMS_MAX: u32 = 100_000;

/// Where people and messages go.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Spread", into = "Spread")]
pub(crate) enum Layout {
    /// The rooms one after the other.
    Even,
    /// As this table says.
    Table(Arc<Table>),
}

/// What a layout is made from: all that another process needs to make the same.
#[derive(Debug, Serialize, Deserialize)]
struct Spread {
    distribution: Distribution,
    rooms: u32,
    senders: u32,
}

impl TryFrom<Spread> for Layout {
    type Error = anyhow::Error;

    fn try_from(spread: Spread) -> Result<Self> {
        Self::new(spread.distribution, spread.rooms, spread.senders)
    }
}

impl From<Layout> for Spread {
    fn from(layout: Layout) -> Self {
        match layout {
            Layout::Even => Self { distribution: Distribution::Even, rooms: 0, senders: 0 },
            Layout::Table(table) => {
                Self { distribution: Distribution::Zipf, rooms: table.rooms, senders: table.people_who_send }
            }
        }
    }
}

/// A message's room, and how many messages that room has before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) room: u32,
    pub(crate) turn: u32,
}

impl Layout {
    /// Spreads the people over the rooms; the first `senders` of them send.
    ///
    /// # Errors
    /// If there are more rooms than can be spread in this way.
    pub(crate) fn new(distribution: Distribution, rooms: u32, senders: u32) -> Result<Self> {
        Ok(match distribution {
            Distribution::Even => Self::Even,
            Distribution::Zipf => {
                ensure!(rooms <= ZIPF_ROOMS_MAX, "at most {ZIPF_ROOMS_MAX} rooms can be spread unevenly");
                Self::Table(Arc::new(Table::zipf(rooms, senders)))
            }
        })
    }

    /// The room that a person is at home in.
    pub(crate) fn home(&self, person: u32, rooms: u32) -> u32 {
        match self {
            Self::Even => person % rooms,
            Self::Table(table) => table.turn(person).0.room,
        }
    }

    /// So many rooms that a person joins beside its home, all different. Together with the homes they give each room its
    /// share; a room that has everybody already has no more.
    pub(crate) fn further(&self, person: u32, rooms: u32, count: u32) -> Vec<u32> {
        match self {
            Self::Even => strides::further(person, rooms, count),
            Self::Table(table) => table.further(person, count),
        }
    }

    /// Where a message goes.
    pub(crate) fn place(&self, message: u32, rooms: u32) -> Place {
        match self {
            Self::Even => Place { room: message % rooms, turn: message / rooms },
            Self::Table(table) => {
                let (Turn { room, before }, cycles) = table.turn(message);
                Place { room, turn: cycles * table.shares[room as usize] + before }
            }
        }
    }

    /// Who sends what goes there.
    pub(crate) fn sender(&self, Place { room, turn }: Place, rooms: u32, senders: u32) -> u32 {
        match self {
            Self::Even if senders < rooms => room % senders.max(1),
            Self::Even => room + rooms * (turn % (senders - room).div_ceil(rooms)),
            Self::Table(table) => {
                let of_the_room = &table.senders[room as usize];
                of_the_room[turn as usize % of_the_room.len()]
            }
        }
    }

    /// The rooms that a person joins beside its own, to send there.
    pub(crate) fn adopted(&self, person: u32, rooms: u32, senders: u32) -> Vec<u32> {
        match self {
            Self::Even if person < senders && senders < rooms => {
                (person..rooms).step_by(senders as usize).filter(|room| *room != person).collect()
            }
            Self::Even => Vec::new(),
            Self::Table(table) => table.adopted.get(&person).cloned().unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_of_rank_r_has_a_share_of_one_rth_at_every_time() {
        let layout = Layout::new(Distribution::Zipf, 100, 10).unwrap();
        let mut counts = vec![0_u32; 100];
        for message in 0..10_000 {
            counts[layout.place(message, 100).room as usize] += 1;
            if message == 999 {
                assert!((150..=250).contains(&counts[0]), "{counts:?}");
                assert!((75..=125).contains(&counts[1]), "{counts:?}");
            }
        }
        assert!(counts.is_sorted_by(|a, b| a >= b) || counts[0] / counts[9] == 10, "{counts:?}");
        assert!(counts.iter().all(|count| *count > 0), "every room is spoken in");
    }

    #[test]
    fn every_room_counts_its_own_messages() {
        for distribution in [Distribution::Even, Distribution::Zipf] {
            let layout = Layout::new(distribution, 7, 3).unwrap();
            let mut next = [0; 7];
            for message in 0..200 {
                let place = layout.place(message, 7);
                assert_eq!(place.turn, next[place.room as usize], "{distribution:?}");
                next[place.room as usize] += 1;
            }
        }
    }

    #[test]
    fn a_layout_that_was_told_is_the_same_layout() {
        for distribution in [Distribution::Even, Distribution::Zipf] {
            let layout = Layout::new(distribution, 20, 7).unwrap();
            let told: Layout = serde_json::from_str(&serde_json::to_string(&layout).unwrap()).unwrap();
            for message in 0..500 {
                let place = layout.place(message, 20);
                assert_eq!(told.place(message, 20), place);
                assert_eq!(told.sender(place, 20, 7), layout.sender(place, 20, 7));
            }
        }
    }

    #[test]
    fn whoever_sends_is_in_the_room_and_everybody_sends() {
        for distribution in [Distribution::Even, Distribution::Zipf] {
            for (rooms, senders) in [(1, 5), (20, 4), (10, 10), (30, 50), (5, 1)] {
                let layout = Layout::new(distribution, rooms, senders).unwrap();
                let mut seen = vec![false; senders as usize];
                for message in 0..5000 {
                    let place = layout.place(message, rooms);
                    let sender = layout.sender(place, rooms, senders);
                    seen[sender as usize] = true;
                    let is_there = layout.home(sender, rooms) == place.room
                        || layout.adopted(sender, rooms, senders).contains(&place.room);
                    assert!(is_there, "{distribution:?} {rooms} {senders} {message}");
                }
                assert!(seen.iter().all(|seen| *seen), "{distribution:?} {rooms} {senders}");
            }
        }
    }
}

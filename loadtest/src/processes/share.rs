//! Who belongs to which process.

use serde::{Deserialize, Serialize};

/// A process's share of the people, and of what all of them have together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Share {
    /// Counted from 0.
    pub(crate) number: u32,
    pub(crate) of: u32,
}

impl Share {
    /// Everybody.
    pub(crate) const WHOLE: Self = Self { number: 0, of: 1 };

    /// The shares of so many processes.
    pub(crate) fn all(of: u32) -> impl Iterator<Item = Self> {
        (0..of).map(move |number| Self { number, of })
    }

    /// True if a person belongs to it. People take the processes in turn, so that all of them have something to do for
    /// as long as people come in.
    pub(crate) const fn has(self, person: u32) -> bool {
        // Each row of people begins one further: else all people of a room would be in one process wherever the number
        // of rooms is a multiple of that of the processes.
        person.wrapping_add(person / self.of) % self.of == self.number
    }

    /// Those of so many people that belong to it.
    pub(crate) fn people(self, all: u32) -> impl Iterator<Item = u32> {
        (0..all).filter(move |person| self.has(*person))
    }

    /// Its part of something that is divided evenly; at least one.
    pub(crate) const fn part(self, whole: u32) -> u32 {
        let more = if self.number < whole % self.of { 1 } else { 0 };
        let part = whole / self.of + more;
        if part == 0 { 1 } else { part }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn everybody_belongs_to_one_process_and_each_has_as_many() {
        for (people, of) in [(60, 3), (61, 3), (7, 7), (25_000, 2), (5, 1)] {
            let shares: Vec<Vec<u32>> = Share::all(of).map(|share| share.people(people).collect()).collect();
            let everybody: BTreeSet<u32> = shares.iter().flatten().copied().collect();
            assert_eq!(everybody.len(), people as usize);
            assert_eq!(shares.iter().map(Vec::len).sum::<usize>(), people as usize);
            let sizes = || shares.iter().map(Vec::len);
            assert!(sizes().max().unwrap() - sizes().min().unwrap() <= 1, "{people} in {of}");
        }
    }

    #[test]
    fn the_people_of_a_room_are_in_all_processes() {
        for (rooms, of) in [(3, 3), (12, 3), (10, 2), (4, 8)] {
            let share = |person: &u32| Share::all(of).find(|share| share.has(*person)).unwrap().number;
            let of_room: BTreeSet<u32> =
                (0..64).map(|row| rooms * row).map(|person| share(&person)).collect();
            assert_eq!(of_room.len(), of as usize, "{rooms} {of}");
        }
    }

    #[test]
    fn what_is_divided_adds_up_and_nobody_goes_without() {
        for (whole, of) in [(64, 3), (8, 8), (256, 2)] {
            assert_eq!(Share::all(of).map(|share| share.part(whole)).sum::<u32>(), whole);
        }
        assert!(Share::all(5).all(|share| share.part(2) == 1));
    }
}

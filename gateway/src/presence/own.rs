//! The stays of this gateway's own connections in one room.
//!
//! Owned by the room. It holds an entry a connection, and one a broken connection for as long as its grace lasts.

use std::collections::HashMap;

use bus::Telling;
use chat::{StayId, UserId};
use tokio::time::Instant;

use super::Guest;
use super::broken::Broken;

/// This gateway's own.
#[derive(Debug)]
pub(super) struct Own {
    guests: HashMap<Guest, OwnStay>,
    broken: Broken,
    /// The last telling.
    pub(super) last: Telling,
    /// Whether it said how many they are, and not who.
    pub(super) counted: bool,
}

#[derive(Debug, Clone)]
struct OwnStay {
    user: UserId,
    id: StayId,
}

impl Own {
    pub(super) fn new(incarnation: u64) -> Self {
        let last = Telling { incarnation, n: 0 };
        Self { guests: HashMap::new(), broken: Broken::default(), last, counted: false }
    }

    /// How many stays there are, those in their grace included.
    pub(super) fn stays(&self) -> usize {
        self.guests.len() + self.broken.len()
    }

    /// A connection enters. False if it is there already.
    pub(super) fn enter(&mut self, guest: Guest, user: &UserId, id: StayId) -> bool {
        let is_new = !self.guests.contains_key(&guest);
        if is_new {
            self.guests.insert(guest, OwnStay { user: user.clone(), id });
        }
        is_new
    }

    /// A connection leaves for good: its user and its stay, if it was there.
    pub(super) fn leave(&mut self, guest: Guest) -> Option<(UserId, StayId)> {
        self.guests.remove(&guest).map(|stay| (stay.user, stay.id))
    }

    /// A connection has broken; its stay ends at `until`. False if it was not there.
    pub(super) fn lose(&mut self, guest: Guest, until: Instant) -> bool {
        let lost = self.guests.remove(&guest).map(|stay| self.broken.add(stay.user, stay.id, until));
        lost.is_some()
    }

    /// A user has come back: the new stay is in the place of a broken one, which ends at `until`. (Not one that came to
    /// another gateway: it may have broken itself before it was heard of here.)
    pub(super) fn replace_broken(&mut self, user: &UserId, until: Instant) -> bool {
        self.broken.shorten(user, until)
    }

    /// When the next grace is over.
    pub(super) fn next_late(&self) -> Option<Instant> {
        self.broken.next_end()
    }

    /// A stay whose grace is over.
    pub(super) fn take_late(&mut self, now: Instant) -> Option<(UserId, StayId)> {
        self.broken.take_late(now)
    }
}

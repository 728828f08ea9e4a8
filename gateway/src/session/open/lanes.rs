//! The lanes of all rooms in which something waits.

use std::time::Duration;

use chat::{Code, Refusal, RoomId};

use super::lane::Lane;
use crate::session::env::unless_zero;
use crate::settings::Limits;

/// The most bytes of all sends of a connection that have no verdict yet; a single one is always taken.
const BYTES_MAX: usize = 256 * 1024;
/// When to try again once there are too many.
const RETRY: Duration = Duration::from_secs(1);

/// The lanes. A lane goes when nothing waits in it any more; so there are no more of them than things that wait.
#[derive(Default)]
pub(super) struct Lanes(Vec<Lane>);

impl Lanes {
    pub(super) fn get_mut(&mut self, room: &RoomId) -> Option<&mut Lane> {
        self.0.iter_mut().find(|lane| lane.room == *room)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Lane> {
        self.0.iter_mut()
    }

    /// The lane of a room, made by `new` if there is none.
    pub(super) fn get_or_add(&mut self, room: &RoomId, new: impl FnOnce() -> Lane) -> &mut Lane {
        let at = self.0.iter().position(|lane| lane.room == *room).unwrap_or_else(|| {
            self.0.push(new());
            self.0.len() - 1
        });
        &mut self.0[at]
    }

    /// Whether one more send may wait.
    ///
    /// # Errors
    /// `too_many` if not.
    pub(super) fn check_place(&self, bytes: usize, limits: &Limits) -> Result<(), Refusal> {
        let (sends, waiting) =
            self.0.iter().fold((0, 0), |(sends, bytes), lane| (sends + lane.sends(), bytes + lane.bytes()));
        if sends < unless_zero(limits.sends_waiting) && (sends == 0 || waiting + bytes <= BYTES_MAX) {
            return Ok(());
        }
        Err(Refusal::new(Code::TooMany, "too many of your sends wait for their verdicts").retry_in(RETRY))
    }

    /// How many pages of history wait at a door.
    pub(super) fn pages(&self) -> usize {
        self.0.iter().map(|lane| lane.pages.len()).sum()
    }

    /// True while a send has no verdict.
    pub(super) fn have_sends(&self) -> bool {
        self.0.iter().any(|lane| lane.sends() > 0)
    }

    /// Lets go of the lanes in which nothing waits. True if any is left.
    pub(super) fn sweep(&mut self) -> bool {
        self.0.retain(Lane::is_needed);
        !self.0.is_empty()
    }

    #[cfg(test)]
    pub(super) fn heap_bytes(&self) -> usize {
        self.0.iter().map(|lane| size_of::<Lane>() + lane.bytes()).sum()
    }
}

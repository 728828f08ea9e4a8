//! Questions under way.

use chat::{Code, Refusal, RoomId};
use dialect::Mark;

use crate::session::AskId;

/// What was asked, and for whom.
pub(super) enum Asked {
    /// What a room is: its lane waits for it.
    Room(RoomId),
    /// A page of history.
    History { mark: Mark, room: RoomId },
    /// Who is in a room.
    Who { mark: Mark, room: RoomId },
    /// The list of rooms.
    Rooms { mark: Mark },
}

/// The questions of one connection that are not answered yet.
#[derive(Default)]
pub(super) struct Asks {
    pending: Vec<(AskId, Asked)>,
    next: u32,
}

impl Asks {
    /// The most questions of one connection at a time.
    const MAX: usize = 16;

    /// Whether one more may be asked beside these and the `waiting` ones.
    ///
    /// # Errors
    /// `too_many` if not.
    pub(super) fn check_place(&self, waiting: usize) -> Result<(), Refusal> {
        if self.pending.len() + waiting < Self::MAX {
            return Ok(());
        }
        let refusal = Refusal::new(Code::TooMany, "too many of your questions are not answered yet");
        Err(refusal.retry_in(std::time::Duration::from_secs(1)))
    }

    pub(super) fn add(&mut self, asked: Asked) -> AskId {
        let id = AskId(self.next);
        self.next = self.next.wrapping_add(1);
        self.pending.push((id, asked));
        id
    }

    pub(super) fn take(&mut self, id: AskId) -> Option<Asked> {
        let at = self.pending.iter().position(|(pending, _)| *pending == id)?;
        Some(self.pending.swap_remove(at).1)
    }

    /// Whether it is being asked what this room is.
    pub(super) fn about(&self, room: &RoomId) -> bool {
        self.pending.iter().any(|(_, asked)| matches!(asked, Asked::Room(about) if about == room))
    }
}

//! What is known about a room beside its log.

use std::sync::Arc;

use crate::{Epoch, RoomId, Seq};

/// Who may read and write in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RoomKind {
    /// Every authenticated user.
    Public,
    /// Members only.
    Private,
    /// The two members only.
    Direct,
}

impl RoomKind {
    /// The word for it on every wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Direct => "direct",
        }
    }

    /// The kind that a word stands for.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Public, Self::Private, Self::Direct].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Where a room's log stands: what somebody who joins needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomState {
    /// Who may read and write.
    pub kind: RoomKind,
    /// Which history the positions belong to.
    pub epoch: Epoch,
    /// The position of the first event that is still kept; one past `seq` if none is.
    pub first_seq: Seq,
    /// The position of the last event; [`Seq::ZERO`] in a new room.
    pub seq: Seq,
}

/// The head of one room, as writers announce it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomHead {
    /// The room.
    pub room: RoomId,
    /// Which history the position belongs to.
    pub epoch: Epoch,
    /// The position of the last event.
    pub seq: Seq,
}

/// A room in a list of rooms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomSummary {
    /// The room.
    pub room: RoomId,
    /// What people call it; the id where nobody gave it a name.
    pub name: Arc<str>,
    /// Who may read and write.
    pub kind: RoomKind,
    /// The position of the last event.
    pub seq: Seq,
}

//! What somebody asks to happen in a room, and what became of it.

use crate::{Body, ConnectionName, EventKind, Refusal, RequestId, RoomId, Seq, Timestamp, User};

/// A request to add one event to a room's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The room.
    pub room: RoomId,
    /// Who asks.
    pub by: User,
    /// The idempotency key: (user, room, id) names one request, whatever its kind.
    pub id: RequestId,
    /// What is asked for.
    pub change: Change,
    /// The connection that is not to be shown what comes of it: [`crate::Event::except`].
    pub except: Option<Box<ConnectionName>>,
}

/// What a draft asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Say something.
    Message {
        /// The text.
        body: Body,
        /// The message that this one answers.
        reply_to: Option<Seq>,
    },
    /// Give one's own message another text.
    Edit {
        /// The message.
        target: Seq,
        /// The new text.
        body: Body,
    },
    /// Take one's own message back.
    Delete {
        /// The message.
        target: Seq,
    },
}

impl Change {
    /// The message that this would change. A change without a target needs no look at the log before it is
    /// appended: that is what makes plain messages cheap.
    #[must_use]
    pub const fn target(&self) -> Option<Seq> {
        match self {
            Self::Message { .. } => None,
            Self::Edit { target, .. } | Self::Delete { target } => Some(*target),
        }
    }

    /// The event that this becomes once it is committed.
    #[must_use]
    pub fn into_kind(self) -> EventKind {
        match self {
            Self::Message { body, reply_to } => EventKind::Message { body: Some(body), reply_to },
            Self::Edit { target, body } => EventKind::Edited { target, body: Some(body) },
            Self::Delete { target } => EventKind::Deleted { target },
        }
    }
}

impl Draft {
    /// About how much memory the draft takes, in bytes: what batches and queues are bounded by.
    #[must_use]
    pub fn weight(&self) -> usize {
        let body = match &self.change {
            Change::Message { body, .. } | Change::Edit { body, .. } => body.as_str().len(),
            Change::Delete { .. } => 0,
        };
        size_of::<Self>() + body + self.id.as_str().len()
    }
}

/// A draft that is committed: it has its place for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// The position of the event in the room's log.
    pub seq: Seq,
    /// When the store took it.
    pub at: Timestamp,
    /// The message that it changed, if it changed one.
    pub target: Option<Seq>,
    /// True if the same request had been committed before: this is that first answer again.
    pub repeat: bool,
}

/// What became of a draft: committed, or refused. The refusal [`crate::Code::Unavailable`] means that nobody
/// knows; every other one means that it was certainly not stored.
pub type Verdict = Result<Stored, Refusal>;

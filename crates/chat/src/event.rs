//! What has happened in a room: committed, numbered, never changed but for scrubbing.

use crate::{Body, ConnectionName, RequestId, RoomId, Seq, Timestamp, User};

/// One entry of a room's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The room.
    pub room: RoomId,
    /// Its position in the room's log.
    pub seq: Seq,
    /// The id under which its author asked for it.
    pub id: RequestId,
    /// Who did it, with the name of that time.
    pub by: User,
    /// When the store took it. Only for people: order comes from `seq` alone.
    pub at: Timestamp,
    /// What was done.
    pub kind: EventKind,
    /// The connection that is not shown this, as its program knows of it already. A hint that is told with the event
    /// and stored nowhere: what is read from the store is for everybody.
    pub except: Option<Box<ConnectionName>>,
}

/// What an event does. Everything that changes a room's history is here and takes a seq.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKind {
    /// Somebody said something.
    Message {
        /// What was said; `None` once it has been deleted.
        body: Option<Body>,
        /// The message that this one answers.
        reply_to: Option<Seq>,
    },
    /// A message was given another text.
    Edited {
        /// The message.
        target: Seq,
        /// The new text; `None` once the message has been deleted.
        body: Option<Body>,
    },
    /// A message was taken back; its text is gone everywhere.
    Deleted {
        /// The message.
        target: Seq,
    },
    /// Something that this version does not know, written by a newer one. It takes its seq and shows nothing.
    Unknown,
}

impl EventKind {
    /// The message that this event changes, if it changes one.
    #[must_use]
    pub const fn target(&self) -> Option<Seq> {
        match self {
            Self::Edited { target, .. } | Self::Deleted { target } => Some(*target),
            Self::Message { .. } | Self::Unknown => None,
        }
    }
}

impl Event {
    /// About how much memory the event takes, in bytes: what queues and rings are bounded by.
    #[must_use]
    pub fn weight(&self) -> usize {
        let body = match &self.kind {
            EventKind::Message { body, .. } | EventKind::Edited { body, .. } => {
                body.as_ref().map_or(0, |b| b.as_str().len())
            }
            EventKind::Deleted { .. } | EventKind::Unknown => 0,
        };
        size_of::<Self>() + body + self.id.as_str().len() + self.by.id.as_str().len() + self.by.name.len()
    }
}

//! Pieces of a room's past, as the store gives them.

use crate::{Body, Epoch, Event, RequestId, Seq, Timestamp, User};

/// A piece of a room's log: the events after a position, oldest first, without a hole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPage {
    /// Which history the positions belong to.
    pub epoch: Epoch,
    /// The position of the first event that is still kept; one past `head` if none is. If it is above the
    /// position asked for plus one, what lies between is gone.
    pub first_seq: Seq,
    /// The position of the last event of the room when the page was read.
    pub head: Seq,
    /// The events.
    pub events: Vec<Event>,
}

/// Where a page of history begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PageFrom {
    /// The newest messages before this position; [`Seq::MAX`] for the newest of all.
    Before(Seq),
    /// The oldest messages after this position.
    After(Seq),
}

/// A message as it stands now: the log replayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandingMessage {
    /// Its position.
    pub seq: Seq,
    /// The id under which its author sent it.
    pub id: RequestId,
    /// Its author, with the name of that time.
    pub by: User,
    /// When the store took it.
    pub at: Timestamp,
    /// What it says now; `None` if it was deleted.
    pub body: Option<Body>,
    /// The message that it answers.
    pub reply_to: Option<Seq>,
    /// When it was last edited, if it was.
    pub edited_at: Option<Timestamp>,
}

/// A page of history: messages as they stand, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryPage {
    /// The messages.
    pub messages: Vec<StandingMessage>,
    /// True if there are more in the direction that was read.
    pub more: bool,
}

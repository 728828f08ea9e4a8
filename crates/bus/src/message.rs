//! What travels on the road: requests, answers and notes, as words. How they are written on the wire is in
//! `wire`.

use std::time::Duration;

use chat::{
    Draft, Epoch, Event, HistoryPage, LogPage, PageFrom, Refusal, RoomHead, RoomId, RoomState, RoomSummary,
    Seq, UserId, Verdict,
};

use crate::{GatewayBeat, LiveNews, Partition, Survey, Tally};

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Append drafts. Answered by [`Answer::Verdicts`].
    Submit(Submission),
    /// Where a room stands; with `create` it is made if it is not there. Answered by [`Answer::Room`].
    Open {
        /// The room.
        room: RoomId,
        /// Make it if it is not there.
        create: bool,
    },
    /// Events after a position. Answered by [`Answer::Events`].
    Events {
        /// The room.
        room: RoomId,
        /// The position.
        after: Seq,
        /// How many at the most.
        limit: PageLimit,
    },
    /// Messages as they stand. Answered by [`Answer::History`].
    History {
        /// The room.
        room: RoomId,
        /// Where the page begins.
        from: PageFrom,
        /// How many at the most.
        limit: PageLimit,
    },
    /// A list of public rooms in the order of their ids. Answered by [`Answer::Rooms`].
    Rooms {
        /// The last room of the page before.
        after: Option<RoomId>,
        /// How many at the most.
        limit: PageLimit,
    },
    /// Where rooms stand, at most [`HEADS_MAX`]. Answered by [`Answer::Heads`]; what is not there is left
    /// out.
    Heads(Vec<RoomId>),
    /// What waits for a client that polls. Answered by [`Answer::Frames`] once there is something, within ten seconds
    /// in any case, or by [`Answer::Refused`] if the session is over.
    Poll {
        /// Its session.
        session: PollSession,
    },
    /// What a client that polls says, in order. Answered by [`Answer::Frames`], without any, once it is on its way to the
    /// session, or by [`Answer::Refused`] if that is over.
    Post {
        /// Its session.
        session: PollSession,
        /// Its frames, one a line.
        lines: Vec<String>,
    },
    /// How many subscriptions there are through a gateway. Answered by [`Answer::Tallies`].
    Survey(Survey),
    /// Ends the connections of a user to a gateway, for good. Answered by [`Answer::SentAway`].
    SendAway {
        /// The user.
        user: UserId,
        /// The dialect of those connections; `None` for all.
        dialect: Option<String>,
    },
}

/// A session of long polling, by the random number that it has from the gateway that keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PollSession(pub u128);

/// The most rooms that one request may ask the heads of.
pub const HEADS_MAX: usize = 1000;

/// The most entries of a page. Bytes are bounded by the answerer: 256 KiB an answer, and `more`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PageLimit(pub u16);

/// Drafts of one sender for one room, in the order in which they were sent: they stand or wait together, so
/// that a later one never overtakes an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// The drafts: at least one, all of one room.
    pub drafts: Vec<Draft>,
    /// How long ago the oldest of them was accepted by the gateway.
    pub age: Duration,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// To [`Ask::Submit`]: a verdict a draft, in order.
    Verdicts(Vec<Verdict>),
    /// To [`Ask::Open`].
    Room(RoomState),
    /// To [`Ask::Events`].
    Events(LogPage),
    /// To [`Ask::History`].
    History(HistoryPage),
    /// To [`Ask::Rooms`]: the rooms, and whether there are more.
    Rooms(Vec<RoomSummary>, bool),
    /// To [`Ask::Heads`].
    Heads(Vec<RoomHead>),
    /// To [`Ask::Poll`] and [`Ask::Post`]: frames as they stand in a WebSocket.
    Frames(Vec<String>),
    /// To [`Ask::Survey`], in the order of the aliases, each of them once: at most one more than [`Tally::MAX`].
    Tallies(Vec<Tally>),
    /// To [`Ask::SendAway`]: how many connections there were.
    SentAway(u32),
    /// To anything: it cannot be done.
    Refused(Refusal),
}

/// What is told to everybody who listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// Events that were just committed in one room.
    Events(RoomEvents),
    /// Where rooms of a partition stand.
    Heads(Partition, Vec<RoomHead>),
    /// A writer lives, or leaves.
    Beat(Beat),
    /// What a gateway tells of a room or a channel and what is in no log.
    Live(LiveNews),
    /// A gateway lives, or leaves.
    Gateway(GatewayBeat),
}

/// Events of one room, in order and without a hole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomEvents {
    /// The room.
    pub room: RoomId,
    /// Which history their positions belong to.
    pub epoch: Epoch,
    /// The events: at least one.
    pub events: Vec<Event>,
}

/// A writer's sign of life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beat {
    /// The writer, by the random name it gave itself at its start.
    pub writer: String,
    /// False while it cannot reach its store: others that can take its partitions.
    pub able: bool,
    /// True in its last beat.
    pub leaving: bool,
}

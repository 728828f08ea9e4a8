//! What a session wants done. The connection carries actions out in order and decides nothing.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chat::{
    Broadcast, Channel, ChannelName, Code, Draft, HistoryPage, Member, Refusal, RoomId, RoomState,
    RoomSummary, Roster, Seq, Timestamp, User, Verdict, Whisper,
};
use dialect::{Alias, Attendance, From};
use tokio::time::Instant;

use crate::sampling::Step;

/// One of the subscriptions of one connection: a number that is not used again on this connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SubId(pub(crate) u32);

/// One of the questions of one connection: a number that is not used again on this connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct AskId(pub(crate) u32);

/// What a session wants done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Write these bytes: one or more whole WebSocket frames.
    Write(Bytes),
    /// Write a WebSocket ping. Unlike all that is written otherwise, it is no sign of life that programs see.
    Ping,
    /// Write the dialect's own sign of life, as of this whole second.
    Beat(Timestamp),
    /// Open a subscription; the answer is [`Answered::Joined`].
    Join(Join),
    /// End a subscription, whether it is open yet or not. Nothing is answered.
    Leave(SubId),
    /// Have a subscription that is open do this with the others in its room from now on, whatever it did before.
    Attend {
        /// The subscription.
        sub: SubId,
        /// As whom.
        user: User,
        /// What.
        attendance: Attendance,
    },
    /// Tell everybody in a room but this connection.
    Whisper {
        /// The room.
        room: RoomId,
        /// Who says it.
        by: User,
        /// What.
        whisper: Whisper,
    },
    /// Listen to a channel, seen there as this member where that is shown; the answer is [`Answered::TunedIn`].
    TuneIn {
        /// The number of the subscription.
        sub: SubId,
        /// The channel.
        channel: Channel,
        /// As whom.
        member: Option<Box<Member>>,
    },
    /// End that, whether it is answered yet or not. Nothing is answered.
    TuneOut(SubId),
    /// Tell everybody in a channel but this connection.
    Call {
        /// The channel.
        channel: ChannelName,
        /// Who says it.
        by: User,
        /// What.
        whisper: Whisper,
    },
    /// Submit drafts of one room, at most one submission a room at a time; the answer is
    /// [`Answered::Verdicts`].
    Submit {
        /// The room.
        room: RoomId,
        /// The drafts, in the order in which they were sent: at least one, no id twice.
        drafts: Vec<Draft>,
        /// When the oldest of them was accepted: the answer is due [`ANSWER_WITHIN`] after it.
        accepted: Instant,
        /// What is recorded of the first of them that is traced.
        trace: Option<Step>,
    },
    /// Read something through the writers; the answer is [`Answered::Read`].
    Read(AskId, Read),
    /// Ask who is in a room; the answer is [`Answered::Read`].
    Who(AskId, RoomId),
    /// Count a request that was refused.
    Count(Code),
    /// Write what is left, then close. Nothing follows.
    Close(Closing),
}

/// A subscription to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Join {
    /// Its number.
    pub(crate) sub: SubId,
    /// Its room.
    pub(crate) room: RoomId,
    /// Its alias: what its frames are encoded for.
    pub(crate) alias: Alias,
    /// From where it sees the room.
    pub(crate) from: From,
    /// Whether the room is made if it is not there.
    pub(crate) create: bool,
}

/// Something to read through the writers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Read {
    /// Where a room stands, made if it is not there and `create`.
    Open {
        /// The room.
        room: RoomId,
        /// Whether it is made if it is not there.
        create: bool,
        /// When it was asked: the answer is due [`ANSWER_WITHIN`] after it.
        accepted: Instant,
    },
    /// A page of history.
    History {
        /// The room.
        room: RoomId,
        /// Where the page begins.
        from: chat::PageFrom,
        /// How many messages at the most.
        limit: u16,
        /// When the client asked, which may have waited at the room's door since.
        accepted: Instant,
    },
    /// The list of rooms.
    Rooms {
        /// How many at the most.
        limit: u16,
        /// When the client asked.
        accepted: Instant,
    },
}

impl Read {
    /// When it was asked.
    pub(crate) const fn accepted(&self) -> Instant {
        match self {
            Self::Open { accepted, .. } | Self::History { accepted, .. } | Self::Rooms { accepted, .. } => {
                *accepted
            }
        }
    }
}

/// What came of a [`Read`], or of [`Action::Who`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ReadAnswer {
    /// Where the room stands.
    Room(RoomState),
    /// The page.
    History(HistoryPage),
    /// Who is there.
    Who(Roster),
    /// The rooms.
    Rooms(Vec<RoomSummary>),
}

/// What came of a [`Join`]: where the room stands at the very place in the stream of events at which the
/// subscription begins, and from where it is fed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JoinedAt {
    /// Where the room stands.
    pub(crate) state: RoomState,
    /// The position after which the subscription is fed.
    pub(crate) start: Seq,
    /// True if events between what the client has and `start` are left out.
    pub(crate) truncated: bool,
}

/// What came of [`Action::TuneIn`], as of the place in what is told at which the subscription begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tuned {
    /// Who is there, where that is shown.
    pub(crate) roster: Option<Arc<Roster>>,
    /// What was broadcast last, where that is kept.
    pub(crate) kept: Option<Broadcast>,
}

/// How the connection ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Closing {
    /// The WebSocket close code.
    pub(crate) code: u16,
    /// The reason, as it stands in the close frame: a word of `chat::Code`, or the codec's reason.
    pub(crate) reason: &'static str,
}

/// The answers that come back into a session.
#[derive(Debug)]
pub(crate) enum Answered {
    /// To [`Action::Join`].
    Joined(SubId, Result<JoinedAt, Refusal>),
    /// To [`Action::TuneIn`].
    TunedIn(SubId, Result<Arc<Tuned>, Refusal>),
    /// To [`Action::Submit`]: a verdict a draft, in order.
    Verdicts(RoomId, Vec<Verdict>),
    /// To [`Action::Read`] and [`Action::Who`].
    Read(AskId, Result<ReadAnswer, Refusal>),
}

/// How long after it was accepted a draft, or any other question, may wait before it is `unavailable` (G2).
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_secs(5);

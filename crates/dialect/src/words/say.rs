//! What the server says.

use std::time::Duration;

use chat::{
    Broadcast, Channel, ChannelName, HistoryPage, Member, Refusal, RequestId, RoomId, RoomState, RoomSummary,
    Roster, Stored, Timestamp, User,
};

use super::{Alias, Mark};

/// What the server says to one connection.
#[derive(Debug, Clone)]
pub enum Say<'a> {
    /// The connection is identified and ready. First of all.
    Welcome {
        /// Where the answer belongs, if the client identified itself by a request.
        mark: Option<&'a Mark>,
        /// Who the client is.
        user: &'a User,
        /// The connection's own random name.
        connection: &'a str,
        /// What the client must keep to.
        limits: &'a LimitsShown,
    },
    /// The answer to a renewed token.
    Renewed {
        /// Where the answer belongs.
        mark: &'a Mark,
        /// Who the client is.
        user: &'a User,
    },
    /// A subscription is open, or starts again: then without a mark and `truncated`.
    Joined {
        /// Where the answer belongs; `None` when it starts again by itself.
        mark: Option<&'a Mark>,
        /// The mark with which the subscription was opened.
        opening: &'a Mark,
        /// The subscription.
        alias: &'a Alias,
        /// Its room.
        room: &'a RoomId,
        /// Where the room stands.
        state: &'a RoomState,
        /// Who the client is.
        user: &'a User,
        /// True if events between what the client has and what follows are left out.
        truncated: bool,
    },
    /// A subscription is open already that the client has asked for once more.
    StillJoined {
        /// Where the answer belongs.
        mark: &'a Mark,
        /// The subscription.
        alias: &'a Alias,
    },
    /// What was missed has all been sent; what follows is live. Once for each opening.
    CaughtUp {
        /// The mark with which the subscription was opened.
        opening: &'a Mark,
        /// The subscription.
        alias: &'a Alias,
        /// True if something of what it was opened for was left out.
        truncated: bool,
    },
    /// A subscription has ended at the client's wish.
    Left {
        /// Where the answer belongs.
        mark: &'a Mark,
        /// The mark with which the subscription was opened, if there was one.
        opening: Option<&'a Mark>,
        /// The subscription.
        alias: &'a Alias,
        /// Its room.
        room: &'a RoomId,
    },
    /// A subscription was ended by the server: the user may no longer be in this room, or, for `going_away`, has to join
    /// it again.
    Removed {
        /// The mark with which the subscription was opened.
        opening: &'a Mark,
        /// The subscription.
        alias: &'a Alias,
        /// Its room.
        room: &'a RoomId,
        /// Why.
        refusal: &'a Refusal,
    },
    /// A change is committed.
    Sent {
        /// Where the answer belongs.
        mark: &'a Mark,
        /// The room.
        room: &'a RoomId,
        /// The request's id, made up by the server if the client gave none.
        id: &'a RequestId,
        /// Its place.
        stored: &'a Stored,
    },
    /// A request was refused; the connection stays.
    Refused {
        /// Where the answer belongs.
        mark: &'a Mark,
        /// The subscription that the request would have opened.
        alias: Option<&'a Alias>,
        /// The request's id.
        id: Option<&'a RequestId>,
        /// Why.
        refusal: &'a Refusal,
    },
    /// A join had no answer yet when the client left, or joined again: it has none to expect.
    Overtaken {
        /// The mark of the join.
        opening: &'a Mark,
        /// The subscription that it would have opened.
        alias: &'a Alias,
        /// Why.
        refusal: &'a Refusal,
    },
    /// A subscription has ended that was open, or being opened: the client has left, and has heard [`Say::Left`], or has
    /// joined again with its alias.
    Ended {
        /// The mark with which it was opened.
        opening: &'a Mark,
        /// Its alias.
        alias: &'a Alias,
    },
    /// A request was made in a subscription that is not open.
    Outside {
        /// Where the answer belongs.
        mark: &'a Mark,
        /// The request's id.
        id: Option<&'a RequestId>,
        /// Why.
        refusal: &'a Refusal,
    },
    /// Who is in the room of a subscription whose [`crate::Attendance`] asks for it. Said once, after [`Say::Joined`]; what
    /// changes from there on comes as [`chat::Moment`]s. The subscription's own user may still be missing, and then
    /// comes with the next of them.
    Roster {
        /// The mark with which the subscription was opened.
        opening: &'a Mark,
        /// The subscription.
        alias: &'a Alias,
        /// Its room.
        room: &'a RoomId,
        /// Whose subscription it is.
        user: &'a User,
        /// Who is there.
        roster: &'a Roster,
    },
    /// The answer to [`Command::Who`](crate::Command::Who).
    Who {
        /// Where the answer belongs.
        mark: &'a Mark,
        /// The room.
        room: &'a RoomId,
        /// Who is there.
        roster: &'a Roster,
    },
    /// The answer to [`Command::Attend`](crate::Command::Attend), [`Command::Typing`](crate::Command::Typing) and
    /// [`Command::Whisper`](crate::Command::Whisper): it is done.
    Done {
        /// Where the answer belongs.
        mark: &'a Mark,
    },
    /// The answer to [`Command::SignIn`](crate::Command::SignIn).
    SignedIn {
        /// Where the answer belongs.
        mark: &'a Mark,
        /// What the client was given, to the byte.
        data: &'a str,
    },
    /// A channel is listened to. What was broadcast before comes as [`Say::Kept`], where the last of it is kept; what follows
    /// comes as [`chat::Moment`]s.
    TunedIn {
        /// The channel.
        channel: &'a ChannelName,
        /// Who is in it, where that is shown, and who the client is there.
        company: Option<(&'a Member, &'a Roster)>,
    },
    /// A channel is listened to already that the client has asked for once more.
    StillTunedIn {
        /// The channel.
        channel: &'a Channel,
    },
    /// What was broadcast last in a channel that is listened to from now on; `None` if that is not known.
    Kept {
        /// The channel.
        channel: &'a ChannelName,
        /// What it was.
        broadcast: Option<&'a Broadcast>,
    },
    /// A page of history.
    History {
        /// Where the answer belongs.
        mark: &'a Mark,
        /// The room.
        room: &'a RoomId,
        /// The page.
        page: &'a HistoryPage,
    },
    /// The list of rooms.
    Rooms {
        /// Where the answer belongs.
        mark: &'a Mark,
        /// The rooms.
        rooms: &'a [RoomSummary],
    },
    /// The answer to a ping.
    Pong {
        /// Where the answer belongs.
        mark: &'a Mark,
    },
    /// The server's own sign of life, where there is a [`crate::Heartbeat::beat_every`]. All that are said within a
    /// second are the same, so that they share their bytes.
    Beat {
        /// Now, in whole seconds.
        at: Timestamp,
    },
    /// Whether this gateway is cut off from its bus, so that rooms may be stale.
    Status {
        /// True while it is.
        degraded: bool,
    },
    /// The token runs out soon.
    TokenExpiring {
        /// In how long.
        left: Duration,
    },
}

/// What a client must keep to, as it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitsShown {
    /// The largest frame, in bytes.
    pub frame_bytes: usize,
    /// The longest body, in bytes.
    pub body_bytes: usize,
    /// The most rooms on one connection.
    pub rooms_per_connection: usize,
    /// The most events that are sent again after a join with a position.
    pub replay: u64,
    /// The most messages of a page of history.
    pub page: u16,
    /// How many sends a second are allowed for long; 0 for any number.
    pub sends_per_s: u32,
}

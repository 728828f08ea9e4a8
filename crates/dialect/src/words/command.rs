//! What clients ask for.

use chat::{Change, Channel, ChannelName, PageFrom, Refusal, RequestId, RoomId, Whisper};

use super::{Alias, From, Mark};
use crate::{Claim, Entry};

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Identify, or renew the token.
    Hello {
        /// Where the answer belongs.
        mark: Mark,
        /// The token, unchecked.
        token: String,
    },
    /// Open a subscription.
    Join {
        /// Where the answer belongs.
        mark: Mark,
        /// The name of the subscription.
        alias: Alias,
        /// Its room.
        room: RoomId,
        /// From where.
        from: From,
    },
    /// Open a subscription into which somebody lets the client who is trusted to.
    Enter {
        /// Where the answer belongs.
        mark: Mark,
        /// The name of the subscription.
        alias: Alias,
        /// Its room.
        room: RoomId,
        /// From where.
        from: From,
        /// What the client was given.
        claim: Claim,
    },
    /// Be known as the user that somebody says the client is who is trusted to.
    SignIn {
        /// Where the answer belongs.
        mark: Mark,
        /// What the client was given.
        claim: Claim,
    },
    /// Listen to a channel.
    TuneIn {
        /// Where the answer belongs.
        mark: Mark,
        /// The channel.
        channel: Channel,
        /// Who may.
        entry: Entry,
    },
    /// Listen to a channel no longer.
    TuneOut {
        /// Where the answer belongs.
        mark: Mark,
        /// The channel.
        channel: ChannelName,
    },
    /// Something for the programs of the others in a channel.
    Call {
        /// Where the answer belongs.
        mark: Mark,
        /// The channel: the client must listen to it.
        channel: ChannelName,
        /// What is said.
        whisper: Whisper,
    },
    /// End a subscription.
    Leave {
        /// Where the answer belongs.
        mark: Mark,
        /// The name of the subscription.
        alias: Alias,
        /// Its room.
        room: RoomId,
    },
    /// Change something in a room. Without an id the server makes one.
    Send {
        /// Where the answer belongs.
        mark: Mark,
        /// The subscription in which it is asked for: it must be open, or being opened. `None` where none is needed.
        within: Option<Alias>,
        /// The room.
        room: RoomId,
        /// The client's id of this request.
        id: Option<RequestId>,
        /// What to change.
        change: Change,
    },
    /// Be seen in a room from now on, or no longer, whatever [`crate::Dialect::attendance`] says of the subscription.
    Attend {
        /// Where the answer belongs.
        mark: Mark,
        /// The subscription: it must be open, or being opened.
        alias: Alias,
        /// Whether to be seen.
        present: bool,
    },
    /// Who is in a room.
    Who {
        /// Where the answer belongs.
        mark: Mark,
        /// The subscription in which it is asked: it must be open, or being opened. `None` where none is needed.
        within: Option<Alias>,
        /// The room.
        room: RoomId,
    },
    /// The user is writing: to be told to the others. Those that come faster than is of use are passed over.
    Typing {
        /// Where the answer belongs.
        mark: Mark,
        /// The subscription in which it is said: it must be open. `None` for any of the room: one must be open.
        within: Option<Alias>,
        /// The room.
        room: RoomId,
    },
    /// Something for the programs of the others in a room.
    Whisper {
        /// Where the answer belongs.
        mark: Mark,
        /// The subscription in which it is said: it must be open. `None` for any of the room: one must be open.
        within: Option<Alias>,
        /// The room.
        room: RoomId,
        /// What is said.
        whisper: Whisper,
    },
    /// A page of messages as they stand.
    History {
        /// Where the answer belongs.
        mark: Mark,
        /// The room.
        room: RoomId,
        /// Where the page begins.
        from: PageFrom,
        /// How many messages at the most, if the client said.
        limit: Option<u16>,
    },
    /// The list of rooms.
    Rooms {
        /// Where the answer belongs.
        mark: Mark,
    },
    /// A sign of life is wanted.
    Ping {
        /// Where the answer belongs.
        mark: Mark,
    },
    /// A request that the dialect could not take: the session refuses it and the connection stays.
    Refuse {
        /// Where the answer belongs. It may be longer than [`Mark::BYTES_MAX`], as nobody keeps it.
        mark: Mark,
        /// The subscription that the request would have opened. It may be longer than [`Alias::BYTES_MAX`], as nobody
        /// keeps it.
        alias: Option<Alias>,
        /// The request's id, if it had one.
        id: Option<RequestId>,
        /// Why.
        refusal: Refusal,
    },
}

//! What gateways tell each other of rooms and channels and what is in no log: who is there, and what passes.

use chat::{Attendee, Broadcast, ConnectionName, Headcount, Place, Timestamp, User, Whisper};

/// What a gateway tells of a room or a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveNews {
    /// Where it passes.
    pub place: Place,
    /// Who tells: the random number that the gateway gave itself at its start. All stays that it tells of are its own.
    pub gateway: u64,
    /// What it tells.
    pub news: News,
}

/// What there is to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// How those who are there have changed since the telling before.
    Changed {
        /// Which telling this is.
        at: Telling,
        /// Whose stays have begun.
        came: Vec<Attendee>,
        /// Which stays have ended, by their numbers.
        went: Vec<u64>,
    },
    /// All who are there.
    All {
        /// Up to which telling.
        at: Telling,
        /// Who they are.
        there: There,
    },
    /// The last telling, said from time to time: whoever has heard less asks for all.
    Last(Telling),
    /// All is to be told anew, by one gateway or by everybody.
    Wanted {
        /// By whom.
        of: Option<u64>,
    },
    /// Something for the programs of those who are there.
    Whisper {
        /// Whose program says it.
        by: User,
        /// What it says.
        whisper: Whisper,
    },
    /// A backend tells something to those who are there.
    Broadcast {
        /// What.
        broadcast: Broadcast,
        /// When, by the clock of the gateway that it was handed to.
        at: Timestamp,
        /// The connection that is not told.
        except: Option<ConnectionName>,
    },
    /// What was broadcast last in a channel, for a gateway that has begun to listen.
    Kept {
        /// What.
        broadcast: Broadcast,
        /// When, by the clock of the gateway that it was handed to.
        at: Timestamp,
        /// Which gateway that was.
        by: u64,
    },
    /// A gateway has begun to listen to a channel. It hears this itself, and knows by it that it listens; whoever keeps what
    /// was broadcast last tells it.
    Begun,
}

/// One telling of those that a gateway has numbered. Later ones are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Telling {
    /// Counts up each time that the gateway begins with a room; the first telling of each has the number 1.
    pub incarnation: u64,
    /// Its number.
    pub n: u64,
}

/// Who is there through one gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum There {
    /// Each of them.
    Listed(Vec<Attendee>),
    /// Too many to be listed.
    Counted(Headcount),
}

/// A gateway's sign of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GatewayBeat {
    /// The random number that it gave itself at its start.
    pub gateway: u64,
    /// True in its last beat.
    pub leaving: bool,
}

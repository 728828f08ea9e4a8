//! The words of a chat: ids, drafts, events, pages, refusals, grants and the clock.
//!
//! Everything here is plain data and pure functions. No I/O, no runtime, no JSON: how a word is written on a
//! wire is the business of `dialect` (towards clients), `bus` (between processes) and `store` (on disk).

mod channel;
mod clock;
mod connection;
mod draft;
mod event;
mod grants;
mod ids;
mod moment;
mod page;
mod presence;
mod refusal;
mod room;
mod text;

pub use channel::{Broadcast, Channel, ChannelName, Member, Place};
pub use clock::{Clock, SystemClock, Timestamp};
pub use connection::ConnectionName;
pub use draft::{Change, Draft, Stored, Verdict};
pub use event::{Event, EventKind};
pub use grants::{Access, Grants};
pub use ids::{BadName, Epoch, RequestId, RoomId, Seq, User, UserId};
pub use moment::{Moment, Whisper};
pub use page::{HistoryPage, LogPage, PageFrom, StandingMessage};
pub use presence::{Attendee, Headcount, PresenceChange, Roster, Shift, Stay, StayId};
pub use refusal::{Code, Refusal};
pub use room::{RoomHead, RoomKind, RoomState, RoomSummary};
pub use text::{BadText, Body};

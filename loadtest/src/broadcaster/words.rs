//! What a server of ours says, in the native dialect, as whole frames.

use chat::{
    Body, Epoch, Event, EventKind, HistoryPage, Refusal, RequestId, RoomId, RoomKind, RoomState, Seq, Stored,
};
use chat::{Timestamp, User};
use dialect::native::Native;
use dialect::{Alias, Dialect as _, LimitsShown, Mark, Say};
use websocket::text;

/// The longest frame and the longest text that it takes, in bytes.
pub(crate) const FRAME_BYTES: usize = 65_536;
pub(crate) const BODY_BYTES: usize = 32_768;

/// A frame, header included: the same bytes for everyone.
pub(crate) type Frame = bytes::Bytes;

pub(crate) fn welcome() -> Frame {
    let limits = LimitsShown {
        frame_bytes: FRAME_BYTES,
        body_bytes: BODY_BYTES,
        rooms_per_connection: 100,
        replay: 1000,
        page: 200,
        sends_per_s: 0,
    };
    say(&Say::Welcome { mark: None, user: &somebody(), connection: "c", limits: &limits })
}

/// The subscription is open; the room stands at `seq`.
pub(crate) fn joined(mark: &Mark, alias: &Alias, room: &RoomId, epoch: &Epoch, seq: Seq) -> Frame {
    let first_seq = Seq::ZERO.next();
    let state = RoomState { kind: RoomKind::Public, epoch: epoch.clone(), first_seq, seq };
    let user = &somebody();
    say(&Say::Joined { mark: Some(mark), opening: mark, alias, room, user, state: &state, truncated: false })
}

/// What was said, as somebody who listens under the room's own name gets it.
pub(crate) fn message(event: &Event) -> Frame {
    let alias = Alias::new(event.room.as_str());
    text(|out| {
        let spoken = Native.event(&alias, &epoch("e"), event, out);
        debug_assert!(spoken, "this dialect has words for everything");
    })
}

/// Something that somebody said.
pub(crate) fn event(room: &RoomId, seq: Seq, id: &RequestId, body: Body) -> Event {
    let kind = EventKind::Message { body: Some(body), reply_to: None };
    let (room, id, at) = (room.clone(), id.clone(), Timestamp::from_micros(0));
    Event { room, seq, id, by: somebody(), at, kind, except: None }
}

pub(crate) fn sent(mark: &Mark, room: &RoomId, id: &RequestId, seq: Seq, repeat: bool) -> Frame {
    let stored = Stored { seq, at: Timestamp::from_micros(0), target: None, repeat };
    say(&Say::Sent { mark, room, id, stored: &stored })
}

pub(crate) fn refused(mark: &Mark, alias: Option<&Alias>, id: Option<&RequestId>, why: &Refusal) -> Frame {
    say(&Say::Refused { mark, alias, id, refusal: why })
}

pub(crate) fn left(mark: &Mark, alias: &Alias, room: &RoomId) -> Frame {
    say(&Say::Left { mark, opening: None, alias, room })
}

/// A page without anything on it.
pub(crate) fn empty_page(mark: &Mark, room: &RoomId) -> Frame {
    let page = HistoryPage { messages: Vec::new(), more: false };
    say(&Say::History { mark, room, page: &page })
}

pub(crate) fn pong(mark: &Mark) -> Frame {
    say(&Say::Pong { mark })
}

/// A history of this name: a short word of letters and digits.
pub(crate) fn epoch(name: &str) -> Epoch {
    Epoch::parse(name).expect("letters and digits are a name")
}

fn say(what: &Say<'_>) -> Frame {
    text(|out| {
        let spoken = Native.say(what, out);
        debug_assert!(spoken, "this dialect has words for everything");
    })
}

fn somebody() -> User {
    User::parse("somebody", None).expect("letters are a name")
}

//! Words to frames.

use chat::{Event, EventKind, Refusal, RequestId, RoomSummary, StandingMessage};
use serde_json::value::RawValue;

use super::frames::{Limits, Room, ServerFrame, Standing, millis, position};
use super::{PING_EVERY, present};
use crate::json::{Text, write};
use crate::{LimitsShown, Mark, Say};

pub(super) fn say(say: &Say<'_>, out: &mut Vec<u8>) -> bool {
    frame(say).is_some_and(|frame| write(&frame, out))
}

fn frame<'a>(say: &Say<'a>) -> Option<ServerFrame<'a>> {
    Some(match *say {
        Say::Welcome { mark, user, connection, limits } => ServerFrame::Welcome {
            reference: mark.and_then(reference),
            user: user.into(),
            connection,
            ping_s: PING_EVERY.as_secs(),
            limits: shown(limits),
        },
        Say::Renewed { mark, user } => ServerFrame::Renewed { reference: reference(mark), user: user.into() },
        Say::Joined { mark, opening: _, alias: _, room, state, user: _, truncated } => ServerFrame::Joined {
            reference: mark.and_then(reference),
            room: Text(room),
            seq: state.seq.get(),
            first_seq: state.first_seq.get(),
            epoch: Text(&state.epoch),
            truncated,
        },
        Say::Left { mark, opening: _, alias: _, room } => {
            ServerFrame::Left { reference: reference(mark), room: Text(room), code: None, message: None }
        }
        Say::Removed { opening: _, alias: _, room, refusal } => ServerFrame::Left {
            reference: None,
            room: Text(room),
            code: Some(refusal.code.as_str()),
            message: Some(&refusal.message),
        },
        Say::Sent { mark, room, id, stored } => ServerFrame::Sent {
            reference: reference(mark),
            room: Text(room),
            id: Text(id),
            seq: stored.seq.get(),
            target: position(stored.target),
            at: Text(stored.at),
        },
        Say::Refused { mark, alias: _, id, refusal } | Say::Outside { mark, id, refusal } => {
            refused(mark, id, refusal)
        }
        Say::Overtaken { opening, alias: _, refusal } => refused(opening, None, refusal),
        Say::Who { mark, room, roster } => present::who(reference(mark), room, roster),
        Say::History { mark, room, page } => ServerFrame::History {
            reference: reference(mark),
            room: Text(room),
            messages: page.messages.iter().map(standing).collect(),
            more: page.more,
        },
        Say::Rooms { mark, rooms } => {
            ServerFrame::Rooms { reference: reference(mark), rooms: rooms.iter().map(summary).collect() }
        }
        Say::Pong { mark } => ServerFrame::Pong { reference: reference(mark) },
        Say::Status { degraded } => ServerFrame::Status { state: if degraded { "degraded" } else { "ok" } },
        Say::TokenExpiring { left } => ServerFrame::TokenExpiring { in_s: left.as_secs() },
        // Whoever reads seqs sees for itself when it has caught up, whoever joins again knows what that ends, whoever wants
        // to know who is there asks, a whisper has no answer, pings are no text here, and channels
        // are not here.
        Say::CaughtUp { .. }
        | Say::StillJoined { .. }
        | Say::Ended { .. }
        | Say::Roster { .. }
        | Say::SignedIn { .. }
        | Say::TunedIn { .. }
        | Say::StillTunedIn { .. }
        | Say::Kept { .. }
        | Say::Done { .. }
        | Say::Beat { .. } => return None,
    })
}

fn refused<'a>(mark: &'a Mark, id: Option<&'a RequestId>, refusal: &'a Refusal) -> ServerFrame<'a> {
    ServerFrame::Refused {
        reference: reference(mark),
        id: id.map(Text),
        code: refusal.code.as_str(),
        message: &refusal.message,
        retry_ms: refusal.retry.map(millis),
    }
}

pub(super) fn event(event: &Event, out: &mut Vec<u8>) -> bool {
    let room = Text(&event.room);
    let seq = event.seq.get();
    let id = Text(&event.id);
    let user = (&event.by).into();
    let at = Text(event.at);
    let frame = match &event.kind {
        EventKind::Message { body, reply_to } => {
            let reply_to = position(*reply_to);
            ServerFrame::Message { room, seq, id, user, content: body.into(), reply_to, at }
        }
        EventKind::Edited { target, body } => {
            ServerFrame::Edited { room, seq, id, target: target.get(), user, content: body.into(), at }
        }
        EventKind::Deleted { target } => {
            ServerFrame::Deleted { room, seq, id, target: target.get(), user, at }
        }
        EventKind::Unknown => return false,
    };
    write(&frame, out)
}

/// A mark holds the client's own JSON; an empty one is no JSON, and nothing is echoed.
fn reference(mark: &Mark) -> Option<&RawValue> {
    serde_json::from_str(mark.as_str()).ok()
}

fn shown(limits: &LimitsShown) -> Limits {
    Limits {
        frame_bytes: limits.frame_bytes,
        body_bytes: limits.body_bytes,
        rooms_per_connection: limits.rooms_per_connection,
        replay: limits.replay,
        page: limits.page,
        sends_per_s: limits.sends_per_s,
    }
}

fn standing(message: &StandingMessage) -> Standing<'_> {
    Standing {
        seq: message.seq.get(),
        id: Text(&message.id),
        user: (&message.by).into(),
        content: (&message.body).into(),
        reply_to: position(message.reply_to),
        at: Text(message.at),
        edited_at: message.edited_at.map(Text),
    }
}

fn summary(room: &RoomSummary) -> Room<'_> {
    Room { room: Text(&room.room), name: &room.name, kind: room.kind.as_str(), seq: room.seq.get() }
}

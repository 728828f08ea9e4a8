//! Words to frames.

use chat::{Code, Event, EventKind, Refusal};
use serde::Serialize;

use super::frames::{Joined, Message, Nothing, Pushed, Reason, Reply, Sent};
use super::place::Place;
use super::{Serializer, Settings, present};
use crate::json::Text;
use crate::{Alias, Mark, Say};

pub(super) fn say(serializer: Serializer, say: &Say<'_>, out: &mut Vec<u8>) -> bool {
    match *say {
        Say::Joined { mark: Some(mark), room, state, user, truncated, .. } => {
            let (seq, epoch) = (state.seq.get(), Text(&state.epoch));
            let joined = Joined { room: Text(room), seq, epoch, user: user.into(), gap: truncated };
            ok(serializer, mark, joined, out)
        }
        Say::Sent { mark, room: _, id, stored } => {
            let sent = Sent { id: Text(id), seq: stored.seq.get(), sent_at: Text(stored.at) };
            ok(serializer, mark, sent, out)
        }
        Say::Left { mark, .. } | Say::Done { mark } | Say::Pong { mark } => {
            ok(serializer, mark, Nothing {}, out)
        }
        Say::Refused { mark, alias, id: _, refusal } => {
            error(serializer, Place::of(mark), reason(refusal, alias.is_some()), out)
        }
        Say::Outside { mark, .. } => {
            error(serializer, Place::of(mark).map(Place::outside), "unmatched topic", out)
        }
        Say::Ended { opening, alias: _ } => ended(serializer, opening, "phx_close", Nothing {}, out),
        Say::Removed { opening, refusal, .. } => removed(serializer, opening, refusal, out),
        Say::Roster { opening, roster, .. } => present::state(serializer, opening, roster, out),
        // There are no words for these. Who leaves before the join is answered, or joins again, hears what became of
        // that; a subscription does not begin anew by itself.
        Say::Joined { mark: None, .. }
        | Say::Welcome { .. }
        | Say::Renewed { .. }
        | Say::StillJoined { .. }
        | Say::Overtaken { .. }
        | Say::CaughtUp { .. }
        | Say::Who { .. }
        | Say::History { .. }
        | Say::Rooms { .. }
        | Say::SignedIn { .. }
        | Say::TunedIn { .. }
        | Say::StillTunedIn { .. }
        | Say::Kept { .. }
        | Say::Beat { .. }
        | Say::Status { .. }
        | Say::TokenExpiring { .. } => false,
    }
}

/// What was said, as every member of the topic gets it. What changes a message cannot be shown: a page would take it
/// for a new one.
pub(super) fn event(
    settings: &Settings,
    serializer: Serializer,
    topic: &Alias,
    event: &Event,
    out: &mut Vec<u8>,
) -> bool {
    let EventKind::Message { body: Some(body), reply_to: _ } = &event.kind else { return false };
    let message = Message {
        id: &event.id,
        seq: event.seq.get(),
        text: (&settings.text, body.as_str()),
        user: (&event.by).into(),
        sent_at: event.at,
    };
    let name = settings.new_message.replace("{topic}", topic.as_str());
    Pushed::broadcast(topic.as_str(), &name, message).write(serializer, out)
}

fn ok<T: Serialize>(serializer: Serializer, mark: &Mark, response: T, out: &mut Vec<u8>) -> bool {
    reply(serializer, Place::of(mark), &Reply::Ok(response), out)
}

fn error(serializer: Serializer, place: Option<Place<'_>>, reason: &str, out: &mut Vec<u8>) -> bool {
    reply(serializer, place, &Reply::Error(Reason { reason }), out)
}

/// Answers a request, if somebody waits for it.
fn reply<T: Serialize>(
    serializer: Serializer,
    place: Option<Place<'_>>,
    payload: &Reply<T>,
    out: &mut Vec<u8>,
) -> bool {
    let Some(Place { join_ref, reference: reference @ Some(_), topic }) = place else { return false };
    Pushed { join_ref, reference, topic, event: "phx_reply", payload }.write(serializer, out)
}

/// A membership has ended: both refs are those of the join.
fn ended<P: Serialize>(
    serializer: Serializer,
    opening: &Mark,
    event: &str,
    payload: P,
    out: &mut Vec<u8>,
) -> bool {
    let Some(Place { join_ref, topic, .. }) = Place::of(opening) else { return false };
    Pushed { join_ref, reference: join_ref, topic, event, payload }.write(serializer, out)
}

/// `phx_close` is for good; after `phx_error` the library joins again.
fn removed(serializer: Serializer, opening: &Mark, refusal: &Refusal, out: &mut Vec<u8>) -> bool {
    match refusal.code {
        Code::GoingAway => {
            let reason = Reason { reason: &refusal.message };
            ended(serializer, opening, "phx_error", reason, out)
        }
        _ => ended(serializer, opening, "phx_close", Nothing {}, out),
    }
}

/// Why something is refused, in one word where applications may want to know it.
fn reason(refusal: &Refusal, joining: bool) -> &str {
    match refusal.code {
        Code::Malformed => &refusal.message,
        Code::NotIdentified | Code::NotAllowed | Code::Removed => "unauthorized",
        Code::TooLarge => "too_long",
        Code::TooMany if joining && refusal.retry.is_none() => "too many channels joined",
        Code::TooMany => "rate_limited",
        Code::TooSlow | Code::Unavailable | Code::GoingAway | Code::Quiet => "unavailable",
    }
}

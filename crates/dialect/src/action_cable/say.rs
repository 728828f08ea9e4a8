//! Words to frames.

use chat::{Event, EventKind, Refusal, RequestId};

use super::frames::{Author, Data, Failure, Kind, Message, NotSent, Service, Verdict};
use crate::json::{Text, write};
use crate::{Alias, Mark, Say};

pub(super) fn say(say: &Say<'_>, out: &mut Vec<u8>) -> bool {
    match *say {
        Say::Welcome { .. } => write(&Service::Welcome, out),
        Say::Beat { at } => write(&Service::Ping { message: at.as_seconds() }, out),
        Say::Joined { mark: Some(_), alias, .. } => verdict(alias, Kind::ConfirmSubscription, out),
        Say::Refused { alias: Some(alias), refusal, .. } => not_joined(alias, refusal, out),
        Say::Refused { mark, alias: None, id, refusal } => not_sent(mark, id, refusal, out),
        Say::Removed { alias, .. } => verdict(alias, Kind::RejectSubscription, out),
        // There are no words for these, and the library would hand every other `type` to `received`. Nobody waits for
        // an answer when he leaves; whoever speaks sees what he said.
        Say::Joined { mark: None, .. }
        | Say::Overtaken { .. }
        | Say::Ended { .. }
        | Say::Outside { .. }
        | Say::Left { .. }
        | Say::Sent { .. }
        | Say::CaughtUp { .. }
        | Say::StillJoined { .. }
        | Say::Renewed { .. }
        | Say::TokenExpiring { .. }
        | Say::Status { .. }
        | Say::Roster { .. }
        | Say::Who { .. }
        | Say::Done { .. }
        | Say::History { .. }
        | Say::SignedIn { .. }
        | Say::TunedIn { .. }
        | Say::StillTunedIn { .. }
        | Say::Kept { .. }
        | Say::Rooms { .. }
        | Say::Pong { .. } => false,
    }
}

/// What was said, as each subscription of this identifier gets it. What changes a message cannot be shown: a page would
/// take it for a new one.
pub(super) fn event(identifier: &Alias, event: &Event, out: &mut Vec<u8>) -> bool {
    let Some(message) = Message::of(event) else { return false };
    write(&Data { identifier: identifier.as_str(), message }, out)
}

impl<'a> Message<'a> {
    /// The message that an event shows, if it shows one.
    pub(super) fn of(event: &'a Event) -> Option<Self> {
        let EventKind::Message { body: Some(body), reply_to: _ } = &event.kind else { return None };
        Some(Self {
            id: Text(&event.id),
            seq: event.seq.get(),
            room: Text(&event.room),
            message: body.as_str(),
            user: Author { id: event.by.id.as_str(), username: &event.by.name },
            sent_at: Text(event.at),
            created_at: Text(event.at),
        })
    }
}

/// A rejection is for good. Of what will pass nothing is said: the library asks again within half a second.
fn not_joined(identifier: &Alias, refusal: &Refusal, out: &mut Vec<u8>) -> bool {
    refusal.retry.is_none() && verdict(identifier, Kind::RejectSubscription, out)
}

fn verdict(identifier: &Alias, kind: Kind, out: &mut Vec<u8>) -> bool {
    write(&Verdict { identifier: identifier.as_str(), kind }, out)
}

/// The mark is the identifier in which it was said; without one nothing can be said.
fn not_sent(mark: &Mark, id: Option<&RequestId>, refusal: &Refusal, out: &mut Vec<u8>) -> bool {
    if mark.as_str().is_empty() {
        return false;
    }
    let error = Failure { code: refusal.code.as_str(), message: &refusal.message };
    let message = NotSent { error, client_id: id.map(Text) };
    write(&Data { identifier: mark.as_str(), message }, out)
}

//! Words to frames.

use chat::{Code, Event, EventKind, Refusal};

use super::frames::{
    Author, Bare, Empty, Established, Frame, Message, NotEntered, Problem, Quoted, SignedIn,
};
use super::{ACTIVITY_TIMEOUT, CLIENT_EVENT_REFUSED, present};
use crate::json::{Text, write};
use crate::{Alias, Mark, Say};

pub(super) const SUCCEEDED: &str = "pusher_internal:subscription_succeeded";
const CACHE_MISS: &str = "pusher:cache_miss";
const SUBSCRIPTION_ERROR: &str = "pusher:subscription_error";

pub(super) fn say(say: &Say<'_>, out: &mut Vec<u8>) -> bool {
    match *say {
        Say::Welcome { connection, .. } => {
            let activity_timeout = ACTIVITY_TIMEOUT.as_secs();
            let data = Quoted(Established { socket_id: connection, activity_timeout });
            write(&Frame::of_connection("pusher:connection_established", data), out)
        }
        Say::Pong { .. } => write(&Frame::of_connection("pusher:pong", Quoted(Empty {})), out),
        // A presence channel is entered with the list of those who are in it.
        Say::Joined { mark: Some(_), alias, .. } | Say::StillJoined { alias, .. } => {
            !present::is_presence(alias.as_str()) && succeeded(alias.as_str(), out)
        }
        Say::Roster { alias, user, roster, .. } => present::roster(alias.as_str(), user, None, roster, out),
        Say::TunedIn { channel, company: Some((own, roster)) } => {
            present::roster(channel.as_str(), &own.user, own.info.as_deref(), roster, out)
        }
        Say::TunedIn { channel, company: None } => succeeded(channel.as_str(), out),
        Say::StillTunedIn { channel } => !channel.shows_members && succeeded(channel.name.as_str(), out),
        Say::Kept { broadcast: Some(broadcast), .. } => present::broadcast(broadcast, out),
        Say::Kept { channel, broadcast: None } => {
            write(&Bare { event: CACHE_MISS, channel: channel.as_str() }, out)
        }
        Say::SignedIn { data, .. } => {
            let data = Quoted(SignedIn { user_data: data });
            write(&Frame::of_connection("pusher:signin_success", data), out)
        }
        Say::Refused { alias: Some(alias), refusal, .. } | Say::Removed { alias, refusal, .. } => {
            not_entered(alias, refusal, out)
        }
        Say::Refused { mark, alias: None, refusal, .. } | Say::Outside { mark, refusal, .. } => {
            problem(refused_with(mark), &refusal.message, out)
        }
        // There are no words for these. Nobody waits for an answer when he leaves, and whoever says something sees it.
        Say::Joined { mark: None, .. }
        | Say::Overtaken { .. }
        | Say::Ended { .. }
        | Say::Left { .. }
        | Say::Sent { .. }
        | Say::Done { .. }
        | Say::Who { .. }
        | Say::CaughtUp { .. }
        | Say::Renewed { .. }
        | Say::Beat { .. }
        | Say::TokenExpiring { .. }
        | Say::Status { .. }
        | Say::History { .. }
        | Say::Rooms { .. } => false,
    }
}

/// What was said, as each subscription to this channel gets it.
pub(super) fn event(name: &str, channel: &Alias, event: &Event, out: &mut Vec<u8>) -> bool {
    let EventKind::Message { body: Some(body), reply_to: _ } = &event.kind else { return false };
    let message = Message {
        id: Text(&event.id),
        seq: event.seq.get(),
        room: Text(&event.room),
        message: body.as_str(),
        user: Author { id: event.by.id.as_str(), username: &event.by.name },
        sent_at: Text(event.at),
    };
    write(&Frame::of_channel(name, channel.as_str(), Quoted(message)), out)
}

fn succeeded(channel: &str, out: &mut Vec<u8>) -> bool {
    write(&Frame::of_channel(SUCCEEDED, channel, Quoted(Empty {})), out)
}

fn not_entered(channel: &Alias, refusal: &Refusal, out: &mut Vec<u8>) -> bool {
    let (kind, status) = reason(refusal.code);
    let data = NotEntered { kind, error: &refusal.message, status };
    write(&Frame::of_channel(SUBSCRIPTION_ERROR, channel.as_str(), Quoted(data)), out)
}

/// A promise to clients: what applications look at. The types are those of the library and of other servers.
const fn reason(code: Code) -> (&'static str, u16) {
    match code {
        Code::NotIdentified => ("AuthError", 401),
        Code::NotAllowed | Code::Removed => ("AuthError", 403),
        Code::Malformed => ("InvalidChannel", 400),
        Code::TooLarge => ("InvalidChannel", 413),
        Code::TooMany => ("LimitReached", 429),
        Code::Unavailable | Code::GoingAway | Code::TooSlow | Code::Quiet => ("Unavailable", 503),
    }
}

/// An error that does not end the connection.
pub(super) fn problem(code: u16, message: &str, out: &mut Vec<u8>) -> bool {
    write(&Frame::of_connection("pusher:error", Problem { code, message }), out)
}

/// Pusher has one number for client events that are refused; `4300` is the first of "any other error".
fn refused_with(mark: &Mark) -> u16 {
    if mark.as_str() == CLIENT_EVENT_REFUSED { 4301 } else { 4300 }
}

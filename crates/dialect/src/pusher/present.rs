//! Presence channels, client events and broadcasts: what passes in a room or a channel, as its subscribers are told.
//!
//! A member is a user, however many connections that user has there. `member_added` and `member_removed` come for the first
//! and after the last of them, and never for oneself.

use std::collections::BTreeMap;

use chat::{Attendee, Broadcast, Moment, PresenceChange, Roster, Shift, User, Whisper};

use super::CLIENT;
use super::frames::{Frame, Members, Moved, Presence, Quoted, UserInfo};
use super::say::SUCCEEDED;
use crate::json::write;
use crate::{Attendance, Payloads};

const ADDED: &str = "pusher_internal:member_added";
const REMOVED: &str = "pusher_internal:member_removed";

/// Whether those who enter a channel are known to each other.
pub(super) fn is_presence(channel: &str) -> bool {
    channel.starts_with("presence-")
}

pub(super) fn attendance(channel: &str) -> Attendance {
    let presence = is_presence(channel);
    Attendance { present: presence, roster: presence, moments: true }
}

/// The answer to whoever enters: all who are there, oneself included.
pub(super) fn roster(
    channel: &str,
    own: &User,
    own_info: Option<&str>,
    roster: &Roster,
    out: &mut Vec<u8>,
) -> bool {
    let mut hash = BTreeMap::from([(own.id.as_str(), UserInfo::of(own, own_info))]);
    let others = roster.attendees().iter();
    hash.extend(others.map(|a| (a.user.id.as_str(), UserInfo::of(&a.user, a.info.as_deref()))));
    let ids: Vec<_> = hash.keys().copied().collect();
    let listed = u64::try_from(ids.len()).unwrap_or(u64::MAX);
    let count = listed.max(u64::from(roster.count.users));
    let presence = Presence { presence: Members { count, ids, hash } };
    write(&Frame::of_channel(SUCCEEDED, channel, Quoted(presence)), out)
}

pub(super) fn moment(channel: &str, moment: &Moment, out: &mut Payloads) {
    match moment {
        Moment::Whisper { by, whisper } => client_event(channel, by, whisper, out),
        Moment::Broadcast(what) if what.channel.as_str() == channel => out.add(|out| broadcast(what, out)),
        Moment::Presence(PresenceChange { came, went, .. }) if is_presence(channel) => {
            whole(went).for_each(|attendee| removed(channel, attendee, out));
            whole(came).for_each(|attendee| added(channel, attendee, out));
        }
        Moment::Relisted { before, now } if is_presence(channel) => {
            missing(before, now.attendees()).for_each(|attendee| removed(channel, attendee, out));
            missing(now.attendees(), before).for_each(|attendee| added(channel, attendee, out));
        }
        Moment::Broadcast(_) | Moment::Presence(_) | Moment::Relisted { .. } => {}
    }
}

/// What a backend tells those in a channel. Its data is a text, whatever stands in it.
pub(super) fn broadcast(broadcast: &Broadcast, out: &mut Vec<u8>) -> bool {
    let Broadcast { channel, event, data } = broadcast;
    write(&Frame::of_channel(event, channel.as_str(), &**data), out)
}

/// Those who come with their first connection, or go with their last.
fn whole(shifts: &[Shift]) -> impl Iterator<Item = &Attendee> {
    shifts.iter().filter(|shift| shift.whole).map(|shift| &shift.attendee)
}

/// Those who are in the first list and not in the second. Both are in the order of the users' ids.
fn missing<'a>(these: &'a [Attendee], those: &'a [Attendee]) -> impl Iterator<Item = &'a Attendee> {
    let is_there = |user: &User| those.binary_search_by(|other| other.user.id.cmp(&user.id)).is_ok();
    these.iter().filter(move |attendee| !is_there(&attendee.user))
}

fn added(channel: &str, Attendee { user, info, .. }: &Attendee, out: &mut Payloads) {
    let user_info = Some(UserInfo::of(user, info.as_deref()));
    let member = Moved { user_id: user.id.as_str(), user_info };
    out.add(|out| write(&Frame::of_channel(ADDED, channel, Quoted(member)), out));
}

fn removed(channel: &str, attendee: &Attendee, out: &mut Payloads) {
    let member = Moved { user_id: attendee.user.id.as_str(), user_info: None };
    out.add(|out| write(&Frame::of_channel(REMOVED, channel, Quoted(member)), out));
}

/// Who says it is told only where all are known to each other.
fn client_event(channel: &str, by: &User, whisper: &Whisper, out: &mut Payloads) {
    let event = &format!("{CLIENT}{}", whisper.name());
    let user_id = is_presence(channel).then(|| by.id.as_str());
    let frame = Frame { event, channel: Some(channel), user_id, data: whisper.data() };
    out.add(|out| write(&frame, out));
}

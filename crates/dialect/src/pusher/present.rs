//! Presence channels and client events: what passes in a room, as its subscribers are told.
//!
//! A member is a user, however many connections that user has in the room. `member_added` and `member_removed` come for
//! the first and after the last of them, and never for oneself.

use std::collections::BTreeMap;

use chat::{Attendee, Moment, PresenceChange, Roster, Shift, User, Whisper};

use super::CLIENT;
use super::frames::{Frame, Member, Members, Presence, Quoted, UserInfo};
use super::say::SUCCEEDED;
use crate::json::write;
use crate::{Alias, Attendance, Payloads};

const ADDED: &str = "pusher_internal:member_added";
const REMOVED: &str = "pusher_internal:member_removed";

/// Whether those who enter a channel are known to each other.
pub(super) fn is_presence(channel: &Alias) -> bool {
    channel.as_str().starts_with("presence-")
}

pub(super) fn attendance(channel: &Alias) -> Attendance {
    let presence = is_presence(channel);
    Attendance { present: presence, roster: presence, moments: true }
}

/// The answer to whoever enters: all who are there, oneself included.
pub(super) fn roster(channel: &Alias, own: &User, roster: &Roster, out: &mut Vec<u8>) -> bool {
    let others = roster.attendees().iter().map(|attendee| &attendee.user);
    let hash: BTreeMap<_, _> = others.chain([own]).map(|user| (user.id.as_str(), info(user))).collect();
    let ids: Vec<_> = hash.keys().copied().collect();
    let listed = u64::try_from(ids.len()).unwrap_or(u64::MAX);
    let count = listed.max(u64::from(roster.count.users));
    let presence = Presence { presence: Members { count, ids, hash } };
    write(&Frame::of_channel(SUCCEEDED, channel.as_str(), Quoted(presence)), out)
}

pub(super) fn moment(channel: &Alias, moment: &Moment, out: &mut Payloads) {
    match moment {
        Moment::Whisper { by, whisper } => client_event(channel, by, whisper, out),
        Moment::Presence(_) | Moment::Relisted { .. } if !is_presence(channel) => {}
        Moment::Presence(PresenceChange { came, went, .. }) => {
            whole(went).for_each(|user| removed(channel, user, out));
            whole(came).for_each(|user| added(channel, user, out));
        }
        Moment::Relisted { before, now } => {
            missing(before, now.attendees()).for_each(|user| removed(channel, user, out));
            missing(now.attendees(), before).for_each(|user| added(channel, user, out));
        }
    }
}

/// Those who come with their first connection, or go with their last.
fn whole(shifts: &[Shift]) -> impl Iterator<Item = &User> {
    shifts.iter().filter(|shift| shift.whole).map(|shift| &shift.attendee.user)
}

/// Those who are in the first list and not in the second. Both are in the order of the users' ids.
fn missing<'a>(these: &'a [Attendee], those: &'a [Attendee]) -> impl Iterator<Item = &'a User> {
    let is_there = |user: &User| those.binary_search_by(|other| other.user.id.cmp(&user.id)).is_ok();
    these.iter().map(|attendee| &attendee.user).filter(move |user| !is_there(user))
}

fn added(channel: &Alias, user: &User, out: &mut Payloads) {
    let member = Member { user_id: user.id.as_str(), user_info: Some(info(user)) };
    out.add(|out| write(&Frame::of_channel(ADDED, channel.as_str(), Quoted(member)), out));
}

fn removed(channel: &Alias, user: &User, out: &mut Payloads) {
    let member = Member { user_id: user.id.as_str(), user_info: None };
    out.add(|out| write(&Frame::of_channel(REMOVED, channel.as_str(), Quoted(member)), out));
}

/// Who says it is told only where all are known to each other.
fn client_event(channel: &Alias, by: &User, whisper: &Whisper, out: &mut Payloads) {
    let event = &format!("{CLIENT}{}", whisper.name());
    let user_id = is_presence(channel).then(|| by.id.as_str());
    let frame = Frame { event, channel: Some(channel.as_str()), user_id, data: whisper.data() };
    out.add(|out| write(&frame, out));
}

fn info(user: &User) -> UserInfo<'_> {
    UserInfo { name: &user.name }
}

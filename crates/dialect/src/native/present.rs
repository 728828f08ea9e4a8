//! Who is in a room, and what passes there.

use chat::{Attendee, Moment, PresenceChange, RoomId, Roster, Shift, User, Whisper};
use serde_json::value::RawValue;

use super::frames::{Present, ServerFrame, User as Shown};
use crate::json::{Text, write};

/// The list of those who are there, as an answer or of its own accord.
pub(super) fn who<'a>(
    reference: Option<&'a RawValue>,
    room: &'a RoomId,
    roster: &'a Roster,
) -> ServerFrame<'a> {
    let users = roster.attendees().iter().map(present).collect();
    ServerFrame::Who { reference, room: Text(room), users, count: roster.count.users }
}

fn present(attendee: &Attendee) -> Present<'_> {
    Present { user: (&attendee.user).into(), connections: attendee.stays.len() }
}

/// False, and nothing written, if it shows nothing here.
pub(super) fn moment(room: &RoomId, moment: &Moment, out: &mut Vec<u8>) -> bool {
    match moment {
        Moment::Presence(change) => presence(room, change, out),
        Moment::Relisted { before: _, now } => write(&who(None, room, now), out),
        Moment::Whisper { by, whisper } if whisper.is_typing() => {
            write(&ServerFrame::Typing { room: Text(room), user: by.into() }, out)
        }
        Moment::Whisper { by, whisper } => whispered(room, by, whisper, out),
        Moment::Broadcast(_) => false,
    }
}

/// Users who come and go; that one has another connection, or one less, is nobody's business. Where too many are there to
/// be listed, how many they are.
fn presence(room: &RoomId, change: &PresenceChange, out: &mut Vec<u8>) -> bool {
    let counts_only = change.came.is_empty() && change.went.is_empty();
    let (joined, left) = (whole(&change.came), whole(&change.went));
    let shows = counts_only || !joined.is_empty() || !left.is_empty();
    let count = change.count.users;
    shows && write(&ServerFrame::Presence { room: Text(room), joined, left, count }, out)
}

fn whole(shifts: &[Shift]) -> Vec<Shown<'_>> {
    let users = shifts.iter().filter(|shift| shift.whole).map(|shift| &shift.attendee.user);
    users.map(Shown::from).collect()
}

/// What came from another gateway may be of a version that checks less.
fn whispered(room: &RoomId, by: &User, whisper: &Whisper, out: &mut Vec<u8>) -> bool {
    let Ok(data) = serde_json::from_str(whisper.data()) else { return false };
    write(&ServerFrame::Whisper { room: Text(room), name: whisper.name(), user: by.into(), data }, out)
}

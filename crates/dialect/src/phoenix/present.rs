//! Who is in a room, as the library's `Presence` reads it: a key for each user, and a meta for each connection.

use chat::{Attendee, Moment, PresenceChange, Roster, Shift, Stay, StayId};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer as Writer};

use super::Serializer;
use super::frames::{Person, Pushed, Typing};
use super::place::Place;
use crate::json::Text;
use crate::{Alias, Mark};

const STATE: &str = "presence_state";
const DIFF: &str = "presence_diff";

/// Who is there, for one who has just come. Where too many are there to be listed, nobody is.
pub(super) fn state(serializer: Serializer, opening: &Mark, roster: &Roster, out: &mut Vec<u8>) -> bool {
    let Some(Place { join_ref, topic, .. }) = Place::of(opening) else { return false };
    let payload = Listed(roster.attendees());
    Pushed { join_ref, reference: None, topic, event: STATE, payload }.write(serializer, out)
}

/// What passes in a room. False, and nothing written, if it shows nothing here.
pub(super) fn moment(serializer: Serializer, topic: &Alias, moment: &Moment, out: &mut Vec<u8>) -> bool {
    let topic = topic.as_str();
    match moment {
        Moment::Presence(change) => diff(serializer, topic, change, out),
        // The library compares it with what it knows.
        Moment::Relisted { before: _, now } => {
            Pushed::broadcast(topic, STATE, Listed(now.attendees())).write(serializer, out)
        }
        Moment::Whisper { by, whisper } => {
            let typing = || Pushed::broadcast(topic, "typing", Typing { user: by.into() });
            whisper.is_typing() && typing().write(serializer, out)
        }
        Moment::Broadcast(_) => false,
    }
}

/// Nothing where there are too many to be listed.
fn diff(serializer: Serializer, topic: &str, change: &PresenceChange, out: &mut Vec<u8>) -> bool {
    let (joins, leaves) = (Moved(&change.came), Moved(&change.went));
    let shows = !change.came.is_empty() || !change.went.is_empty();
    shows && Pushed::broadcast(topic, DIFF, Diff { joins, leaves }).write(serializer, out)
}

#[derive(Serialize)]
struct Diff<'a> {
    joins: Moved<'a>,
    leaves: Moved<'a>,
}

struct Listed<'a>(&'a [Attendee]);

impl Serialize for Listed<'_> {
    fn serialize<W: Writer>(&self, writer: W) -> Result<W::Ok, W::Error> {
        by_user(self.0.iter(), writer)
    }
}

struct Moved<'a>(&'a [Shift]);

impl Serialize for Moved<'_> {
    fn serialize<W: Writer>(&self, writer: W) -> Result<W::Ok, W::Error> {
        by_user(self.0.iter().map(|shift| &shift.attendee), writer)
    }
}

fn by_user<'a, W: Writer>(
    attendees: impl ExactSizeIterator<Item = &'a Attendee>,
    writer: W,
) -> Result<W::Ok, W::Error> {
    let mut users = writer.serialize_map(Some(attendees.len()))?;
    for attendee in attendees {
        let metas = attendee.stays.iter().map(Meta::from).collect();
        users
            .serialize_entry(attendee.user.id.as_str(), &Presence { metas, user: (&attendee.user).into() })?;
    }
    users.end()
}

/// One user's connections. The library keeps whatever stands beside `metas`.
#[derive(Serialize)]
struct Presence<'a> {
    metas: Vec<Meta>,
    user: Person<'a>,
}

#[derive(Serialize)]
struct Meta {
    phx_ref: Text<StayId>,
    /// In Unix seconds.
    online_at: i64,
}

impl From<&Stay> for Meta {
    fn from(stay: &Stay) -> Self {
        Self { phx_ref: Text(stay.id), online_at: stay.since.as_seconds() }
    }
}

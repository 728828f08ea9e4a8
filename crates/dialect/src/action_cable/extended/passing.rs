//! Who comes and goes, and whispers.

use std::collections::BTreeSet;

use chat::{Attendee, Moment, PresenceChange, Shift, User, UserId, Whisper};
use serde::Serialize;
use serde_json::value::RawValue;

use super::asked::{NAMELESS, name_within};
use super::said;
use crate::action_cable::frames::{Author, Data};
use crate::json::write;
use crate::{Alias, Payloads};

/// A whisper of another dialect, in the form that those of this one have by custom.
#[derive(Serialize)]
struct Translated<'a> {
    event: &'a str,
    data: &'a RawValue,
    user: Author<'a>,
}

/// Writes what passes in a room: a frame for each user who comes or goes, one for a whisper.
pub(in crate::action_cable) fn moment(identifier: &Alias, moment: &Moment, out: &mut Payloads) {
    match moment {
        Moment::Presence(change) => presence(identifier, change, out),
        Moment::Relisted { before, now } => {
            relisted(identifier, before, now.attendees(), out);
            if now.listed.is_none() {
                out.add(|payload| said::info(identifier.as_str(), now, payload));
            }
        }
        Moment::Whisper { by, whisper } => out.add(|payload| whispered(identifier, by, whisper, payload)),
        Moment::Broadcast(_) => {}
    }
}

/// That a user has another connection, or one less, is nobody's business.
fn presence(identifier: &Alias, change: &PresenceChange, out: &mut Payloads) {
    let whole = |shift: &&Shift| shift.whole;
    for went in change.went.iter().filter(whole) {
        out.add(|payload| said::left(identifier, &went.attendee.user, payload));
    }
    for came in change.came.iter().filter(whole) {
        out.add(|payload| said::joined(identifier, &came.attendee.user, payload));
    }
}

/// A list becomes another one; where there are too many, nobody is listed, and how many they are is told.
fn relisted(identifier: &Alias, before: &[Attendee], now: &[Attendee], out: &mut Payloads) {
    let ids = |all: &[Attendee]| all.iter().map(|one| one.user.id.clone()).collect::<BTreeSet<UserId>>();
    let (were, are) = (ids(before), ids(now));
    for gone in before.iter().filter(|one| !are.contains(&one.user.id)) {
        out.add(|payload| said::left(identifier, &gone.user, payload));
    }
    for new in now.iter().filter(|one| !were.contains(&one.user.id)) {
        out.add(|payload| said::joined(identifier, &new.user, payload));
    }
}

/// What was whispered in this dialect comes as it was said. What came from another gateway may be of a version that
/// checks less.
fn whispered(identifier: &Alias, by: &User, whisper: &Whisper, out: &mut Vec<u8>) -> bool {
    let Ok(data) = serde_json::from_str::<&RawValue>(whisper.data()) else { return false };
    let identifier = identifier.as_str();
    if is_of_this_dialect(whisper) {
        return write(&Data { identifier, message: data }, out);
    }
    let user = Author { id: by.id.as_str(), username: &by.name };
    write(&Data { identifier, message: Translated { event: whisper.name(), data, user } }, out)
}

/// Such a whisper bears its name within, or has none.
fn is_of_this_dialect(whisper: &Whisper) -> bool {
    let within = name_within(whisper.data()).ok().flatten();
    within.map_or(whisper.name() == NAMELESS, |name| name == whisper.name())
}

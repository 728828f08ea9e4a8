//! What passes in a room, for pages that have asked to be told: that somebody is writing.

use chat::{Moment, User};
use serde::Serialize;

use super::Settings;
use super::frames::{Author, Data};
use super::identifier;
use crate::json::write;
use crate::{Alias, Attendance, Payloads};

/// Somebody is writing.
#[derive(Serialize)]
struct Typing<'a> {
    typing: bool,
    user: Author<'a>,
}

/// What an identifier asks for: `presence` to be seen, `typing` to be told who is writing. A page that has asked for
/// neither would take whatever it is told for a message.
pub(super) fn attendance(settings: &Settings, identifier: &Alias) -> Attendance {
    match identifier::read(settings, identifier.as_str()) {
        Ok(subscription) => {
            Attendance { present: subscription.present, roster: false, moments: subscription.typing }
        }
        Err(_) => Attendance::NONE,
    }
}

pub(super) fn moment(identifier: &Alias, moment: &Moment, out: &mut Payloads) {
    if let Moment::Whisper { by, whisper } = moment
        && whisper.is_typing()
    {
        out.add(|payload| typing(identifier, by, payload));
    }
}

fn typing(identifier: &Alias, by: &User, out: &mut Vec<u8>) -> bool {
    let user = Author { id: by.id.as_str(), username: &by.name };
    write(&Data { identifier: identifier.as_str(), message: Typing { typing: true, user } }, out)
}

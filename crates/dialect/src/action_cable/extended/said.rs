//! The frames that the base does not have.

use chat::{Attendee, Epoch, Event, Roster, User};
use serde::Serialize;

use super::asked::who_asks;
use super::history::{Answer, Stream};
use crate::action_cable::frames::{Kind, Message, Verdict};
use crate::json::{Text, write};
use crate::{Alias, Say};

/// A message with its place: the client goes on from there when it comes back.
#[derive(Serialize)]
struct Placed<'a> {
    identifier: &'a str,
    message: Message<'a>,
    stream_id: Text<Stream<'a>>,
    epoch: &'a str,
    offset: u64,
}

/// Something about those who are there.
#[derive(Serialize)]
struct Presence<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    identifier: &'a str,
    message: Presented<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Presented<'a> {
    Join(Record<'a>),
    Leave {
        id: &'a str,
    },
    Info {
        total: u32,
        /// Left out where there are too many.
        #[serde(skip_serializing_if = "Option::is_none")]
        records: Option<Vec<Record<'a>>>,
    },
    Error,
}

/// A user who is there. What clients say of themselves is not shown: anybody could say anything.
#[derive(Serialize)]
struct Record<'a> {
    id: &'a str,
    info: Info<'a>,
}

#[derive(Serialize)]
struct Info<'a> {
    name: &'a str,
}

/// Says what the base does not. `None` where the base knows.
pub(in crate::action_cable) fn say(say: &Say<'_>, out: &mut Vec<u8>) -> Option<bool> {
    match *say {
        Say::CaughtUp { opening, alias, truncated } => {
            Some(shown(Answer::of(opening), alias, truncated, out))
        }
        Say::Refused { mark, alias: Some(alias), .. } if Answer::of(mark) == Answer::Lost => {
            Some(shown(Answer::Lost, alias, true, out))
        }
        Say::Who { mark, roster, .. } => who_asks(mark).map(|identifier| info(identifier, roster, out)),
        Say::Refused { mark, alias: None, .. } | Say::Outside { mark, .. } => {
            who_asks(mark).map(|identifier| presence(identifier, Presented::Error, out))
        }
        _ => None,
    }
}

/// A message, with its place in the room's stream.
pub(in crate::action_cable) fn event(
    identifier: &Alias,
    epoch: &Epoch,
    event: &Event,
    out: &mut Vec<u8>,
) -> bool {
    let Some(message) = Message::of(event) else { return false };
    let (identifier, epoch) = (identifier.as_str(), epoch.as_str());
    let (stream_id, offset) = (Text(Stream(&event.room)), event.seq.get());
    write(&Placed { identifier, message, stream_id, epoch, offset }, out)
}

pub(super) fn joined(identifier: &Alias, user: &User, out: &mut Vec<u8>) -> bool {
    presence(identifier.as_str(), Presented::Join(record(user)), out)
}

pub(super) fn left(identifier: &Alias, user: &User, out: &mut Vec<u8>) -> bool {
    presence(identifier.as_str(), Presented::Leave { id: user.id.as_str() }, out)
}

fn shown(answer: Answer, identifier: &Alias, truncated: bool, out: &mut Vec<u8>) -> bool {
    let kind = match (answer, truncated) {
        (Answer::None, _) => return false,
        (Answer::Shown, _) | (Answer::AsItWent, false) => Kind::ConfirmHistory,
        (Answer::Lost, _) | (Answer::AsItWent, true) => Kind::RejectHistory,
    };
    write(&Verdict { identifier: identifier.as_str(), kind }, out)
}

pub(super) fn info(identifier: &str, roster: &Roster, out: &mut Vec<u8>) -> bool {
    let records = roster.listed.as_deref().map(records);
    presence(identifier, Presented::Info { total: roster.count.users, records }, out)
}

fn presence(identifier: &str, message: Presented<'_>, out: &mut Vec<u8>) -> bool {
    write(&Presence { kind: "presence", identifier, message }, out)
}

fn records(all: &[Attendee]) -> Vec<Record<'_>> {
    all.iter().map(|attendee| record(&attendee.user)).collect()
}

fn record(user: &User) -> Record<'_> {
    Record { id: user.id.as_str(), info: Info { name: &user.name } }
}

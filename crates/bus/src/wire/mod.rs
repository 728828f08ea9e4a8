//! How words are written on the wire: JSON envelopes with a version, `{"v":1,"<what>":{…}}`.
//!
//! Two versions of Parlor run at once during a roll-out. So: fields are only added, fields that are not known
//! are passed over, an event of a kind that is not known takes its seq as [`chat::EventKind::Unknown`], and
//! the files under `golden/` are read by every later version. What is borrowed from a word is not copied to
//! be written.

mod answer;
mod ask;
mod broadcast;
mod draft;
mod event;
#[cfg(test)]
mod golden;
mod live;
mod note;
mod page;
mod poll;
#[cfg(test)]
mod roundtrip;
mod survey;
mod text;

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use self::answer::AnswerWire;
use self::ask::AskWire;
use self::note::NoteWire;
use crate::{Answer, Ask, Note};

/// The version of the envelopes. Another one is another language, not a newer dialect of this one.
const VERSION: u8 = 1;

pub(crate) fn encode_ask(ask: &Ask) -> Bytes {
    encode(&AskWire::from(ask))
}

pub(crate) fn encode_answer(answer: &Answer) -> Bytes {
    encode(&AnswerWire::from(answer))
}

pub(crate) fn encode_note(note: &Note) -> Bytes {
    encode(&NoteWire::from(note))
}

pub(crate) fn decode_ask(json: &[u8]) -> Result<Ask, Unreadable> {
    decode::<AskWire<'_>>(json)?.try_into()
}

pub(crate) fn decode_answer(json: &[u8]) -> Result<Answer, Unreadable> {
    decode::<AnswerWire<'_>>(json)?.try_into()
}

pub(crate) fn decode_note(json: &[u8]) -> Result<Note, Unreadable> {
    decode::<NoteWire<'_>>(json)?.try_into()
}

/// Why something could not be read. It never repeats what was written, so that no log holds what people
/// wrote.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is not the JSON that was expected.
    Json {
        /// Where reading stopped.
        column: usize,
    },
    /// The envelope has another version.
    Version(u8),
    /// The envelope holds nothing that this version knows.
    Unknown,
    /// A value is outside its bounds.
    Value(&'static str),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json { column } => write!(f, "unexpected JSON at byte {column}"),
            Self::Version(version) => write!(f, "an envelope of version {version}"),
            Self::Unknown => f.write_str("an envelope with nothing known in it"),
            Self::Value(which) => write!(f, "{which} is out of bounds"),
        }
    }
}

impl From<chat::BadName> for Unreadable {
    fn from(bad: chat::BadName) -> Self {
        Self::Value(match bad {
            chat::BadName::Room => "a room",
            chat::BadName::User => "a user",
            chat::BadName::UserName => "a user's name",
            chat::BadName::Request => "an id",
            chat::BadName::Seq => "a seq",
            chat::BadName::Epoch => "an epoch",
            chat::BadName::Channel => "a channel",
        })
    }
}

fn encode(wire: &impl Serialize) -> Bytes {
    serde_json::to_vec(wire).expect("structs of texts and numbers can always be written as JSON").into()
}

fn decode<'a, W: Deserialize<'a>>(json: &'a [u8]) -> Result<W, Unreadable> {
    serde_json::from_slice(json).map_err(|error| Unreadable::Json { column: error.column() })
}

fn check_version(version: u8) -> Result<(), Unreadable> {
    if version == VERSION { Ok(()) } else { Err(Unreadable::Version(version)) }
}

//! Every frame that the server writes, as it stands on the wire: field for field, in this order.

use chat::{Epoch, RequestId, RoomId, Timestamp, User};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer as Writer};
use serde_json::value::RawValue;

use super::Serializer;
use crate::json::{self, Text};

/// An event of the server.
pub(super) struct Pushed<'a, T, P> {
    pub(super) join_ref: Option<&'a RawValue>,
    pub(super) reference: Option<&'a RawValue>,
    pub(super) topic: T,
    pub(super) event: &'a str,
    pub(super) payload: P,
}

/// As the first version has it.
#[derive(Serialize)]
struct V1<'a, T, P> {
    topic: T,
    event: &'a str,
    #[serde(rename = "ref")]
    reference: Option<&'a RawValue>,
    payload: P,
}

impl<'a, T: Serialize, P: Serialize> Pushed<'a, T, P> {
    /// For every member of a topic.
    pub(super) const fn broadcast(topic: T, event: &'a str, payload: P) -> Self {
        Self { join_ref: None, reference: None, topic, event, payload }
    }

    pub(super) fn write(self, serializer: Serializer, out: &mut Vec<u8>) -> bool {
        let Self { join_ref, reference, topic, event, payload } = self;
        match serializer {
            Serializer::V1 => json::write(&V1 { topic, event, reference, payload }, out),
            Serializer::V2 => json::write(&(join_ref, reference, topic, event, payload), out),
        }
    }
}

/// The payload of an answer.
#[derive(Serialize)]
#[serde(tag = "status", content = "response", rename_all = "lowercase")]
pub(super) enum Reply<T> {
    Ok(T),
    Error(T),
}

/// `{}`
#[derive(Serialize)]
pub(super) struct Nothing {}

/// The answer to a join.
#[derive(Serialize)]
pub(super) struct Joined<'a> {
    pub(super) room: Text<&'a RoomId>,
    /// The room's last message.
    pub(super) seq: u64,
    pub(super) epoch: Text<&'a Epoch>,
    pub(super) user: Person<'a>,
    /// True if something is left out between what the client has and what follows.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) gap: bool,
}

/// The answer to a message.
#[derive(Serialize)]
pub(super) struct Sent<'a> {
    pub(super) id: Text<&'a RequestId>,
    pub(super) seq: u64,
    pub(super) sent_at: Text<Timestamp>,
}

/// Why a membership has ended, or a frame was of no use.
#[derive(Serialize)]
pub(super) struct Reason<'a> {
    pub(super) reason: &'a str,
}

/// Somebody, and nothing else of that user.
#[derive(Serialize)]
pub(super) struct Person<'a> {
    pub(super) id: &'a str,
    pub(super) username: &'a str,
}

impl<'a> From<&'a User> for Person<'a> {
    fn from(user: &'a User) -> Self {
        Self { id: user.id.as_str(), username: &user.name }
    }
}

/// A message; the field of its text has the application's own name.
pub(super) struct Message<'a> {
    pub(super) id: &'a RequestId,
    pub(super) seq: u64,
    pub(super) text: (&'a str, &'a str),
    pub(super) user: Person<'a>,
    pub(super) sent_at: Timestamp,
}

impl Serialize for Message<'_> {
    fn serialize<W: Writer>(&self, writer: W) -> Result<W::Ok, W::Error> {
        let mut message = writer.serialize_map(Some(5))?;
        message.serialize_entry("id", &Text(self.id))?;
        message.serialize_entry("seq", &self.seq)?;
        message.serialize_entry(self.text.0, self.text.1)?;
        message.serialize_entry("user", &self.user)?;
        message.serialize_entry("sent_at", &Text(self.sent_at))?;
        message.end()
    }
}

/// Who writes something.
#[derive(Serialize)]
pub(super) struct Typing<'a> {
    pub(super) user: Person<'a>,
}

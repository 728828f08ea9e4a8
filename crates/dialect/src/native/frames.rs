//! Every frame that the server writes, as it stands on the wire: field for field, in this order.

use std::time::Duration;

use chat::{Epoch, RequestId, RoomId, Seq, Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::json::Text;

/// What the server says. `ref` is the client's own JSON, byte for byte.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ServerFrame<'a> {
    Welcome {
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a RawValue>,
        user: User<'a>,
        connection: &'a str,
        ping_s: u64,
        limits: Limits,
    },
    Renewed {
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a RawValue>,
        user: User<'a>,
    },
    Joined {
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a RawValue>,
        room: Text<&'a RoomId>,
        seq: u64,
        first_seq: u64,
        epoch: Text<&'a Epoch>,
        truncated: bool,
    },
    Left {
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a RawValue>,
        room: Text<&'a RoomId>,
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<&'static str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<&'a str>,
    },
    Sent {
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a RawValue>,
        room: Text<&'a RoomId>,
        id: Text<&'a RequestId>,
        seq: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        target: Option<u64>,
        at: Text<Timestamp>,
    },
    Refused {
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a RawValue>,
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<Text<&'a RequestId>>,
        code: &'static str,
        message: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_ms: Option<u64>,
    },
    History {
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a RawValue>,
        room: Text<&'a RoomId>,
        messages: Vec<Standing<'a>>,
        more: bool,
    },
    Rooms {
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a RawValue>,
        rooms: Vec<Room<'a>>,
    },
    Who {
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a RawValue>,
        room: Text<&'a RoomId>,
        users: Vec<Present<'a>>,
        count: u32,
    },
    Presence {
        room: Text<&'a RoomId>,
        joined: Vec<User<'a>>,
        left: Vec<User<'a>>,
        count: u32,
    },
    Typing {
        room: Text<&'a RoomId>,
        user: User<'a>,
    },
    Whisper {
        room: Text<&'a RoomId>,
        name: &'a str,
        user: User<'a>,
        data: &'a RawValue,
    },
    Pong {
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a RawValue>,
    },
    Status {
        state: &'static str,
    },
    TokenExpiring {
        in_s: u64,
    },
    Bye {
        code: &'static str,
        message: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_ms: Option<u64>,
    },
    Message {
        room: Text<&'a RoomId>,
        seq: u64,
        id: Text<&'a RequestId>,
        user: User<'a>,
        #[serde(flatten)]
        content: Content<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reply_to: Option<u64>,
        at: Text<Timestamp>,
    },
    Edited {
        room: Text<&'a RoomId>,
        seq: u64,
        id: Text<&'a RequestId>,
        target: u64,
        user: User<'a>,
        #[serde(flatten)]
        content: Content<'a>,
        at: Text<Timestamp>,
    },
    Deleted {
        room: Text<&'a RoomId>,
        seq: u64,
        id: Text<&'a RequestId>,
        target: u64,
        user: User<'a>,
        at: Text<Timestamp>,
    },
}

/// A user as it is shown.
#[derive(Serialize)]
pub(super) struct User<'a> {
    id: &'a str,
    name: &'a str,
}

impl<'a> From<&'a chat::User> for User<'a> {
    fn from(user: &'a chat::User) -> Self {
        Self { id: user.id.as_str(), name: &user.name }
    }
}

/// A user of the list of those who are in a room.
#[derive(Serialize)]
pub(super) struct Present<'a> {
    #[serde(flatten)]
    pub(super) user: User<'a>,
    pub(super) connections: usize,
}

/// What a client must keep to, by the names of the configuration.
#[derive(Serialize)]
pub(super) struct Limits {
    pub(super) frame_bytes: usize,
    pub(super) body_bytes: usize,
    pub(super) rooms_per_connection: usize,
    pub(super) replay: u64,
    pub(super) page: u16,
    pub(super) sends_per_s: u32,
}

/// What a message says, or that it says nothing any more.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Content<'a> {
    Body(&'a str),
    Deleted(bool),
}

impl<'a> From<&'a Option<chat::Body>> for Content<'a> {
    fn from(body: &'a Option<chat::Body>) -> Self {
        body.as_ref().map_or(Self::Deleted(true), |body| Self::Body(body.as_str()))
    }
}

/// A message of a page of history, as it stands now.
#[derive(Serialize)]
pub(super) struct Standing<'a> {
    pub(super) seq: u64,
    pub(super) id: Text<&'a RequestId>,
    pub(super) user: User<'a>,
    #[serde(flatten)]
    pub(super) content: Content<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reply_to: Option<u64>,
    pub(super) at: Text<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) edited_at: Option<Text<Timestamp>>,
}

/// A room of the list of rooms.
#[derive(Serialize)]
pub(super) struct Room<'a> {
    pub(super) room: Text<&'a RoomId>,
    pub(super) name: &'a str,
    pub(super) kind: &'static str,
    pub(super) seq: u64,
}

pub(super) fn position(seq: Option<Seq>) -> Option<u64> {
    seq.map(Seq::get)
}

/// Whole milliseconds, rounded up: who comes back at the time told must not be too early.
pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

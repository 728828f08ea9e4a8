//! Every frame that the server writes, as it stands on the wire: field for field, in this order. What stands in `data` is
//! JSON within a text, but for errors, as Pusher's own servers have it.

use std::collections::BTreeMap;

use chat::{RequestId, RoomId, Timestamp, User};
use serde::ser::Error;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::json::Text;

/// A frame of the connection, or of one of its channels.
#[derive(Serialize)]
pub(super) struct Frame<'a, T: Serialize> {
    pub(super) event: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) channel: Option<&'a str>,
    /// Whose client event it is, where that is known to all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user_id: Option<&'a str>,
    pub(super) data: T,
}

impl<'a, T: Serialize> Frame<'a, T> {
    pub(super) const fn of_connection(event: &'a str, data: T) -> Self {
        Self { event, channel: None, user_id: None, data }
    }

    pub(super) const fn of_channel(event: &'a str, channel: &'a str, data: T) -> Self {
        Self { event, channel: Some(channel), user_id: None, data }
    }
}

/// JSON within a text.
pub(super) struct Quoted<T>(pub(super) T);

impl<T: Serialize> Serialize for Quoted<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&serde_json::to_string(&self.0).map_err(S::Error::custom)?)
    }
}

/// Nothing: `{}`.
#[derive(Serialize)]
pub(super) struct Empty {}

#[derive(Serialize)]
pub(super) struct Established<'a> {
    pub(super) socket_id: &'a str,
    /// In seconds.
    pub(super) activity_timeout: u64,
}

#[derive(Serialize)]
pub(super) struct Problem<'a> {
    pub(super) code: u16,
    pub(super) message: &'a str,
}

/// Why a channel was not entered, or has to be left.
#[derive(Serialize)]
pub(super) struct NotEntered<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) error: &'a str,
    /// An HTTP status, as if the application's own endpoint had refused.
    pub(super) status: u16,
}

/// A message.
#[derive(Serialize)]
pub(super) struct Message<'a> {
    pub(super) id: Text<&'a RequestId>,
    pub(super) seq: u64,
    pub(super) room: Text<&'a RoomId>,
    pub(super) message: &'a str,
    pub(super) user: Author<'a>,
    pub(super) sent_at: Text<Timestamp>,
}

/// Who wrote a message, and nothing else of that user.
#[derive(Serialize)]
pub(super) struct Author<'a> {
    pub(super) id: &'a str,
    pub(super) username: &'a str,
}

/// Who is in a presence channel.
#[derive(Serialize)]
pub(super) struct Presence<'a> {
    pub(super) presence: Members<'a>,
}

#[derive(Serialize)]
pub(super) struct Members<'a> {
    pub(super) count: u64,
    pub(super) ids: Vec<&'a str>,
    pub(super) hash: BTreeMap<&'a str, UserInfo<'a>>,
}

/// What others are shown of a user: what an application says, to the byte, or else its name.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum UserInfo<'a> {
    Whole(&'a RawValue),
    Named { name: &'a str },
}

impl<'a> UserInfo<'a> {
    pub(super) fn of(user: &'a User, info: Option<&'a str>) -> Self {
        let whole = info.and_then(|info| serde_json::from_str(info).ok());
        whole.map_or(Self::Named { name: &user.name }, Self::Whole)
    }
}

/// A frame of a channel that says nothing.
#[derive(Serialize)]
pub(super) struct Bare<'a> {
    pub(super) event: &'a str,
    pub(super) channel: &'a str,
}

/// The answer to whoever has signed in.
#[derive(Serialize)]
pub(super) struct SignedIn<'a> {
    /// JSON within a text, to the byte as it was signed.
    pub(super) user_data: &'a str,
}

/// One who has come into a presence channel, or has gone: then without the rest.
#[derive(Serialize)]
pub(super) struct Moved<'a> {
    pub(super) user_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user_info: Option<UserInfo<'a>>,
}

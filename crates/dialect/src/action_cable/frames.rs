//! Every frame that the server writes, as it stands on the wire: field for field, in this order.

use chat::{RequestId, RoomId, Timestamp};
use serde::Serialize;

use crate::json::Text;

/// A frame of the connection. Its `type` is never one of those of [`Verdict`].
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Service {
    Welcome,
    /// The time in Unix seconds.
    Ping {
        message: i64,
    },
    Disconnect {
        reason: &'static str,
        reconnect: bool,
    },
}

/// What became of a subscription.
#[derive(Serialize)]
pub(super) struct Verdict<'a> {
    pub(super) identifier: &'a str,
    #[serde(rename = "type")]
    pub(super) kind: Kind,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    ConfirmSubscription,
    RejectSubscription,
    ConfirmHistory,
    RejectHistory,
}

/// Something for `received`: it has no `type`.
#[derive(Serialize)]
pub(super) struct Data<'a, T> {
    pub(super) identifier: &'a str,
    pub(super) message: T,
}

/// A message in the form that the tutorials of Rails read.
#[derive(Serialize)]
pub(super) struct Message<'a> {
    pub(super) id: Text<&'a RequestId>,
    pub(super) seq: u64,
    pub(super) room: Text<&'a RoomId>,
    pub(super) message: &'a str,
    pub(super) user: Author<'a>,
    pub(super) sent_at: Text<Timestamp>,
    /// The same under the name that it has in Rails.
    pub(super) created_at: Text<Timestamp>,
}

/// Who wrote a message, and nothing else of that user.
#[derive(Serialize)]
pub(super) struct Author<'a> {
    pub(super) id: &'a str,
    pub(super) username: &'a str,
}

/// That a message was not taken, for its author alone.
#[derive(Serialize)]
pub(super) struct NotSent<'a> {
    pub(super) error: Failure<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_id: Option<Text<&'a RequestId>>,
}

#[derive(Serialize)]
pub(super) struct Failure<'a> {
    pub(super) code: &'static str,
    pub(super) message: &'a str,
}

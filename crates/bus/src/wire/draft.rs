//! Drafts, and what became of them.

use std::time::Duration;

use chat::{Body, Change, Code, Draft, Refusal, RequestId, RoomId, Seq, Stored, Timestamp, Verdict};
use serde::{Deserialize, Serialize};

use super::Unreadable;
use super::text::{Text, connection, name_of, user};

#[derive(Serialize, Deserialize)]
pub(super) struct DraftWire<'a> {
    #[serde(borrow)]
    room: Text<'a>,
    #[serde(borrow)]
    user: Text<'a>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    message: Option<MessageWire<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    edit: Option<EditWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delete: Option<DeleteWire>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    except: Option<Text<'a>>,
}

#[derive(Serialize, Deserialize)]
struct MessageWire<'a> {
    #[serde(borrow)]
    body: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct EditWire<'a> {
    target: u64,
    #[serde(borrow)]
    body: Text<'a>,
}

#[derive(Serialize, Deserialize)]
struct DeleteWire {
    target: u64,
}

impl<'a> From<&'a Draft> for DraftWire<'a> {
    fn from(draft: &'a Draft) -> Self {
        let mut wire = Self {
            room: Text::of(&draft.room),
            user: Text::of(&draft.by.id),
            name: name_of(&draft.by),
            id: Text::of(&draft.id),
            message: None,
            edit: None,
            delete: None,
            except: draft.except.as_deref().map(Text::shown),
        };
        match &draft.change {
            Change::Message { body, reply_to } => {
                let reply_to = reply_to.map(Seq::get);
                wire.message = Some(MessageWire { body: body.as_str().into(), reply_to });
            }
            Change::Edit { target, body } => {
                wire.edit = Some(EditWire { target: target.get(), body: body.as_str().into() });
            }
            Change::Delete { target } => wire.delete = Some(DeleteWire { target: target.get() }),
        }
        wire
    }
}

impl TryFrom<DraftWire<'_>> for Draft {
    type Error = Unreadable;

    fn try_from(wire: DraftWire<'_>) -> Result<Self, Unreadable> {
        let change = match (&wire.message, &wire.edit, &wire.delete) {
            (Some(message), None, None) => Change::Message {
                body: Body::trusted(message.body.as_str()),
                reply_to: message.reply_to.map(Seq::new).transpose()?,
            },
            (None, Some(edit), None) => {
                Change::Edit { target: Seq::new(edit.target)?, body: Body::trusted(edit.body.as_str()) }
            }
            (None, None, Some(delete)) => Change::Delete { target: Seq::new(delete.target)? },
            _ => return Err(Unreadable::Unknown),
        };
        Ok(Self {
            room: RoomId::parse(wire.room.as_str())?,
            by: user(&wire.user, wire.name.as_ref())?,
            id: RequestId::parse(wire.id.as_str())?,
            change,
            except: wire.except.as_ref().and_then(connection),
        })
    }
}

/// A verdict: exactly one of the two.
#[derive(Serialize, Deserialize)]
pub(super) struct VerdictWire<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    stored: Option<StoredWire>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    refused: Option<RefusalWire<'a>>,
}

#[derive(Serialize, Deserialize)]
struct StoredWire {
    seq: u64,
    at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<u64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    repeat: bool,
}

#[derive(Serialize, Deserialize)]
pub(super) struct RefusalWire<'a> {
    #[serde(borrow)]
    code: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_ms: Option<u64>,
}

impl<'a> From<&'a Verdict> for VerdictWire<'a> {
    fn from(verdict: &'a Verdict) -> Self {
        match verdict {
            Ok(stored) => Self { stored: Some(stored.into()), refused: None },
            Err(refusal) => Self { stored: None, refused: Some(refusal.into()) },
        }
    }
}

impl TryFrom<VerdictWire<'_>> for Verdict {
    type Error = Unreadable;

    fn try_from(wire: VerdictWire<'_>) -> Result<Self, Unreadable> {
        match (wire.stored, wire.refused) {
            (Some(stored), None) => Ok(Ok(stored.try_into()?)),
            (None, Some(refusal)) => Ok(Err(refusal.into())),
            _ => Err(Unreadable::Unknown),
        }
    }
}

impl From<&Stored> for StoredWire {
    fn from(stored: &Stored) -> Self {
        Self {
            seq: stored.seq.get(),
            at: stored.at.as_micros(),
            target: stored.target.map(Seq::get),
            repeat: stored.repeat,
        }
    }
}

impl TryFrom<StoredWire> for Stored {
    type Error = Unreadable;

    fn try_from(wire: StoredWire) -> Result<Self, Unreadable> {
        Ok(Self {
            seq: Seq::new(wire.seq)?,
            at: Timestamp::from_micros(wire.at),
            target: wire.target.map(Seq::new).transpose()?,
            repeat: wire.repeat,
        })
    }
}

impl<'a> From<&'a Refusal> for RefusalWire<'a> {
    fn from(refusal: &'a Refusal) -> Self {
        Self {
            code: refusal.code.as_str().into(),
            message: Text::of(&refusal.message),
            retry_ms: refusal.retry.map(millis),
        }
    }
}

impl From<RefusalWire<'_>> for Refusal {
    fn from(wire: RefusalWire<'_>) -> Self {
        // A code of a newer version may or may not mean that it was stored: only this one claims neither.
        let code = Code::parse(wire.code.as_str()).unwrap_or(Code::Unavailable);
        let retry = wire.retry_ms.map(Duration::from_millis);
        Self { retry, ..Self::new(code, wire.message.as_str().to_owned()) }
    }
}

/// Whole milliseconds; what does not fit is as good as for ever.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

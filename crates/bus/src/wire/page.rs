//! Where rooms stand, and pages of what was said.

use chat::{
    Body, Epoch, HistoryPage, RequestId, RoomHead, RoomId, RoomKind, RoomState, RoomSummary, Seq,
    StandingMessage, Timestamp,
};
use serde::{Deserialize, Serialize};

use super::Unreadable;
use super::text::{Text, name_of, user};

#[derive(Serialize, Deserialize)]
pub(super) struct RoomWire<'a> {
    #[serde(borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    epoch: Text<'a>,
    first_seq: u64,
    seq: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct HeadWire<'a> {
    #[serde(borrow)]
    room: Text<'a>,
    #[serde(borrow)]
    epoch: Text<'a>,
    seq: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct SummaryWire<'a> {
    #[serde(borrow)]
    room: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    kind: Text<'a>,
    seq: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct HistoryWire<'a> {
    #[serde(borrow)]
    messages: Vec<StandingWire<'a>>,
    more: bool,
}

#[derive(Serialize, Deserialize)]
struct StandingWire<'a> {
    seq: u64,
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    user: Text<'a>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    name: Option<Text<'a>>,
    at: i64,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    body: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edited_at: Option<i64>,
}

impl<'a> From<&'a RoomState> for RoomWire<'a> {
    fn from(room: &'a RoomState) -> Self {
        Self {
            kind: room.kind.as_str().into(),
            epoch: Text::of(&room.epoch),
            first_seq: room.first_seq.get(),
            seq: room.seq.get(),
        }
    }
}

impl TryFrom<RoomWire<'_>> for RoomState {
    type Error = Unreadable;

    fn try_from(wire: RoomWire<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            kind: kind(&wire.kind),
            epoch: Epoch::parse(wire.epoch.as_str())?,
            first_seq: Seq::new(wire.first_seq)?,
            seq: Seq::new(wire.seq)?,
        })
    }
}

impl<'a> From<&'a RoomHead> for HeadWire<'a> {
    fn from(head: &'a RoomHead) -> Self {
        Self { room: Text::of(&head.room), epoch: Text::of(&head.epoch), seq: head.seq.get() }
    }
}

impl TryFrom<HeadWire<'_>> for RoomHead {
    type Error = Unreadable;

    fn try_from(wire: HeadWire<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            room: RoomId::parse(wire.room.as_str())?,
            epoch: Epoch::parse(wire.epoch.as_str())?,
            seq: Seq::new(wire.seq)?,
        })
    }
}

impl<'a> From<&'a RoomSummary> for SummaryWire<'a> {
    fn from(room: &'a RoomSummary) -> Self {
        Self {
            room: Text::of(&room.room),
            name: Text::from(&*room.name),
            kind: room.kind.as_str().into(),
            seq: room.seq.get(),
        }
    }
}

impl TryFrom<SummaryWire<'_>> for RoomSummary {
    type Error = Unreadable;

    fn try_from(wire: SummaryWire<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            room: RoomId::parse(wire.room.as_str())?,
            name: wire.name.as_str().into(),
            kind: kind(&wire.kind),
            seq: Seq::new(wire.seq)?,
        })
    }
}

impl<'a> From<&'a HistoryPage> for HistoryWire<'a> {
    fn from(page: &'a HistoryPage) -> Self {
        Self { messages: page.messages.iter().map(StandingWire::from).collect(), more: page.more }
    }
}

impl TryFrom<HistoryWire<'_>> for HistoryPage {
    type Error = Unreadable;

    fn try_from(wire: HistoryWire<'_>) -> Result<Self, Unreadable> {
        let messages = wire.messages.into_iter().map(StandingMessage::try_from).collect::<Result<_, _>>()?;
        Ok(Self { messages, more: wire.more })
    }
}

impl<'a> From<&'a StandingMessage> for StandingWire<'a> {
    fn from(message: &'a StandingMessage) -> Self {
        Self {
            seq: message.seq.get(),
            id: Text::of(&message.id),
            user: Text::of(&message.by.id),
            name: name_of(&message.by),
            at: message.at.as_micros(),
            body: message.body.as_ref().map(|body| Text::from(body.as_str())),
            reply_to: message.reply_to.map(Seq::get),
            edited_at: message.edited_at.map(Timestamp::as_micros),
        }
    }
}

impl TryFrom<StandingWire<'_>> for StandingMessage {
    type Error = Unreadable;

    fn try_from(wire: StandingWire<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            seq: Seq::new(wire.seq)?,
            id: RequestId::parse(wire.id.as_str())?,
            by: user(&wire.user, wire.name.as_ref())?,
            at: Timestamp::from_micros(wire.at),
            body: wire.body.as_ref().map(|body| Body::trusted(body.as_str())),
            reply_to: wire.reply_to.map(Seq::new).transpose()?,
            edited_at: wire.edited_at.map(Timestamp::from_micros),
        })
    }
}

/// A kind of a newer version is taken for the one that lets the fewest in.
fn kind(word: &Text<'_>) -> RoomKind {
    RoomKind::parse(word.as_str()).unwrap_or(RoomKind::Direct)
}

//! Answers.

use chat::{Epoch, LogPage, RoomHead, RoomId, RoomSummary, Seq, Verdict};
use serde::{Deserialize, Serialize};

use super::draft::{RefusalWire, VerdictWire};
use super::event::EventsWire;
use super::page::{HeadWire, HistoryWire, RoomWire, SummaryWire};
use super::survey::TallyWire;
use super::text::Text;
use super::{Unreadable, VERSION, check_version};
use crate::{Answer, Tally};

/// An answer: exactly one of what it can be.
#[derive(Serialize, Deserialize)]
pub(super) struct AnswerWire<'a> {
    v: u8,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    verdicts: Option<Vec<VerdictWire<'a>>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    room: Option<RoomWire<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    events: Option<LogWire<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    history: Option<HistoryWire<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    rooms: Option<RoomsWire<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    heads: Option<Vec<HeadWire<'a>>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    frames: Option<Vec<Text<'a>>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    tallies: Option<Vec<TallyWire<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_away: Option<u32>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    refused: Option<RefusalWire<'a>>,
}

/// A piece of a log. Its events name the room, which an empty piece does not need.
#[derive(Serialize, Deserialize)]
struct LogWire<'a> {
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    room: Option<Text<'a>>,
    #[serde(borrow)]
    epoch: Text<'a>,
    first_seq: u64,
    head: u64,
    #[serde(borrow)]
    events: EventsWire<'a>,
}

#[derive(Serialize, Deserialize)]
struct RoomsWire<'a> {
    #[serde(borrow)]
    rooms: Vec<SummaryWire<'a>>,
    more: bool,
}

impl AnswerWire<'_> {
    const EMPTY: Self = Self {
        v: VERSION,
        verdicts: None,
        room: None,
        events: None,
        history: None,
        rooms: None,
        heads: None,
        frames: None,
        tallies: None,
        sent_away: None,
        refused: None,
    };
}

impl<'a> From<&'a Answer> for AnswerWire<'a> {
    fn from(answer: &'a Answer) -> Self {
        let empty = Self::EMPTY;
        match answer {
            Answer::Verdicts(verdicts) => {
                Self { verdicts: Some(verdicts.iter().map(VerdictWire::from).collect()), ..empty }
            }
            Answer::Room(room) => Self { room: Some(room.into()), ..empty },
            Answer::Events(page) => Self { events: Some(page.into()), ..empty },
            Answer::History(page) => Self { history: Some(page.into()), ..empty },
            Answer::Rooms(rooms, more) => {
                let rooms = rooms.iter().map(SummaryWire::from).collect();
                Self { rooms: Some(RoomsWire { rooms, more: *more }), ..empty }
            }
            Answer::Heads(heads) => Self { heads: Some(heads.iter().map(HeadWire::from).collect()), ..empty },
            Answer::Frames(frames) => Self { frames: Some(frames.iter().map(Text::of).collect()), ..empty },
            Answer::Tallies(tallies) => {
                Self { tallies: Some(tallies.iter().map(TallyWire::from).collect()), ..empty }
            }
            Answer::SentAway(count) => Self { sent_away: Some(*count), ..empty },
            Answer::Refused(refusal) => Self { refused: Some(refusal.into()), ..empty },
        }
    }
}

impl TryFrom<AnswerWire<'_>> for Answer {
    type Error = Unreadable;

    fn try_from(wire: AnswerWire<'_>) -> Result<Self, Unreadable> {
        check_version(wire.v)?;
        if let Some(verdicts) = wire.verdicts {
            let verdicts = verdicts.into_iter().map(Verdict::try_from).collect::<Result<_, _>>()?;
            return Ok(Self::Verdicts(verdicts));
        }
        if let Some(room) = wire.room {
            return Ok(Self::Room(room.try_into()?));
        }
        if let Some(page) = wire.events {
            return Ok(Self::Events(page.try_into()?));
        }
        if let Some(page) = wire.history {
            return Ok(Self::History(page.try_into()?));
        }
        if let Some(list) = wire.rooms {
            let rooms = list.rooms.into_iter().map(RoomSummary::try_from).collect::<Result<_, _>>()?;
            return Ok(Self::Rooms(rooms, list.more));
        }
        if let Some(heads) = wire.heads {
            return Ok(Self::Heads(heads.into_iter().map(RoomHead::try_from).collect::<Result<_, _>>()?));
        }
        if let Some(frames) = wire.frames {
            return Ok(Self::Frames(frames.iter().map(|frame| frame.as_str().to_owned()).collect()));
        }
        if let Some(tallies) = wire.tallies {
            return Ok(Self::Tallies(tallies.into_iter().map(Tally::from).collect()));
        }
        if let Some(count) = wire.sent_away {
            return Ok(Self::SentAway(count));
        }
        if let Some(refusal) = wire.refused {
            return Ok(Self::Refused(refusal.into()));
        }
        Err(Unreadable::Unknown)
    }
}

impl<'a> From<&'a LogPage> for LogWire<'a> {
    fn from(page: &'a LogPage) -> Self {
        Self {
            room: page.events.first().map(|event| Text::of(&event.room)),
            epoch: Text::of(&page.epoch),
            first_seq: page.first_seq.get(),
            head: page.head.get(),
            events: EventsWire::Words(&page.events),
        }
    }
}

impl TryFrom<LogWire<'_>> for LogPage {
    type Error = Unreadable;

    fn try_from(wire: LogWire<'_>) -> Result<Self, Unreadable> {
        let events = match &wire.room {
            Some(room) => wire.events.read(&RoomId::parse(room.as_str())?)?,
            None => Vec::new(),
        };
        Ok(Self {
            epoch: Epoch::parse(wire.epoch.as_str())?,
            first_seq: Seq::new(wire.first_seq)?,
            head: Seq::new(wire.head)?,
            events,
        })
    }
}

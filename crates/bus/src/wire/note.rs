//! Notes.

use chat::{Epoch, RoomHead, RoomId};
use serde::{Deserialize, Serialize};

use super::event::EventsWire;
use super::live::{GatewayWire, NewsWire};
use super::page::HeadWire;
use super::text::Text;
use super::{Unreadable, VERSION, check_version};
use crate::{Beat, Note, Partition, RoomEvents};

/// A note: exactly one of what it can be.
#[derive(Serialize, Deserialize)]
pub(super) struct NoteWire<'a> {
    v: u8,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    events: Option<RoomEventsWire<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    heads: Option<HeadsWire<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    beat: Option<BeatWire<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    live: Option<NewsWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway: Option<GatewayWire>,
}

#[derive(Serialize, Deserialize)]
struct RoomEventsWire<'a> {
    #[serde(borrow)]
    room: Text<'a>,
    #[serde(borrow)]
    epoch: Text<'a>,
    #[serde(borrow)]
    events: EventsWire<'a>,
}

#[derive(Serialize, Deserialize)]
struct HeadsWire<'a> {
    partition: u8,
    #[serde(borrow)]
    heads: Vec<HeadWire<'a>>,
}

#[derive(Serialize, Deserialize)]
struct BeatWire<'a> {
    #[serde(borrow)]
    writer: Text<'a>,
    /// Said only when it is not so: a writer that says nothing about it is able.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unable: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    leaving: bool,
}

impl<'a> From<&'a Note> for NoteWire<'a> {
    fn from(note: &'a Note) -> Self {
        let mut wire = Self { v: VERSION, events: None, heads: None, beat: None, live: None, gateway: None };
        match note {
            Note::Events(events) => wire.events = Some(events.into()),
            Note::Heads(partition, heads) => {
                let heads = heads.iter().map(HeadWire::from).collect();
                wire.heads = Some(HeadsWire { partition: partition.index(), heads });
            }
            Note::Beat(beat) => {
                let (writer, unable) = (Text::of(&beat.writer), !beat.able);
                wire.beat = Some(BeatWire { writer, unable, leaving: beat.leaving });
            }
            Note::Live(news) => wire.live = Some(news.into()),
            Note::Gateway(beat) => wire.gateway = Some((*beat).into()),
        }
        wire
    }
}

impl TryFrom<NoteWire<'_>> for Note {
    type Error = Unreadable;

    fn try_from(wire: NoteWire<'_>) -> Result<Self, Unreadable> {
        check_version(wire.v)?;
        if let Some(events) = wire.events {
            return Ok(Self::Events(events.try_into()?));
        }
        if let Some(heads) = wire.heads {
            let partition = Partition::new(heads.partition).ok_or(Unreadable::Value("a partition"))?;
            let heads = heads.heads.into_iter().map(RoomHead::try_from).collect::<Result<_, _>>()?;
            return Ok(Self::Heads(partition, heads));
        }
        if let Some(beat) = wire.beat {
            let (writer, able) = (beat.writer.as_str().to_owned(), !beat.unable);
            return Ok(Self::Beat(Beat { writer, able, leaving: beat.leaving }));
        }
        if let Some(news) = wire.live {
            return Ok(Self::Live(news.try_into()?));
        }
        if let Some(beat) = wire.gateway {
            return Ok(Self::Gateway(beat.into()));
        }
        Err(Unreadable::Unknown)
    }
}

impl<'a> From<&'a RoomEvents> for RoomEventsWire<'a> {
    fn from(events: &'a RoomEvents) -> Self {
        Self {
            room: Text::of(&events.room),
            epoch: Text::of(&events.epoch),
            events: EventsWire::Words(&events.events),
        }
    }
}

impl TryFrom<RoomEventsWire<'_>> for RoomEvents {
    type Error = Unreadable;

    fn try_from(wire: RoomEventsWire<'_>) -> Result<Self, Unreadable> {
        let room = RoomId::parse(wire.room.as_str())?;
        let events = wire.events.read(&room)?;
        if events.is_empty() {
            return Err(Unreadable::Value("the number of events"));
        }
        Ok(Self { epoch: Epoch::parse(wire.epoch.as_str())?, room, events })
    }
}

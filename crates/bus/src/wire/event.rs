//! Events. The room that they belong to is written once beside them.

use chat::{Body, Event, EventKind, RequestId, RoomId, Seq, Timestamp, User};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::text::{Text, connection, name_of, user};
use super::{Unreadable, decode};

/// The events of one room. They are read only once the room is known, and each for itself if need be.
pub(super) enum EventsWire<'a> {
    Words(&'a [Event]),
    Json(&'a RawValue),
}

#[derive(Serialize, Deserialize)]
struct EventWire<'a> {
    seq: u64,
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    user: Text<'a>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    name: Option<Text<'a>>,
    at: i64,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    message: Option<MessageWire<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    edited: Option<EditedWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted: Option<DeletedWire>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    except: Option<Text<'a>>,
}

#[derive(Serialize, Deserialize)]
struct MessageWire<'a> {
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    body: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct EditedWire<'a> {
    target: u64,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    body: Option<Text<'a>>,
}

#[derive(Serialize, Deserialize)]
struct DeletedWire {
    target: u64,
}

/// All that must be readable of an event: its place.
#[derive(Deserialize)]
struct PlaceWire {
    seq: u64,
}

impl Serialize for EventsWire<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Words(events) => serializer.collect_seq(events.iter().map(EventWire::from)),
            Self::Json(json) => json.serialize(serializer),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for EventsWire<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Deserialize::deserialize(deserializer).map(Self::Json)
    }
}

impl EventsWire<'_> {
    /// The events. One that cannot be read takes its seq as [`EventKind::Unknown`], so that it leaves no
    /// hole.
    ///
    /// # Errors
    /// [`Unreadable`] if this is no list of events that have a seq.
    pub(super) fn read(&self, room: &RoomId) -> Result<Vec<Event>, Unreadable> {
        let json = match self {
            Self::Words(events) => return Ok(events.to_vec()),
            Self::Json(json) => json.get().as_bytes(),
        };
        if let Ok(events) = decode::<Vec<EventWire<'_>>>(json)
            && let Ok(events) = events.into_iter().map(|wire| wire.event(room)).collect()
        {
            return Ok(events);
        }
        decode::<Vec<&RawValue>>(json)?.into_iter().map(|event| read_one(room, event)).collect()
    }
}

fn read_one(room: &RoomId, json: &RawValue) -> Result<Event, Unreadable> {
    let json = json.get().as_bytes();
    let whole = decode::<EventWire<'_>>(json).and_then(|wire| wire.event(room));
    whole.or_else(|_| unknown(room, Seq::new(decode::<PlaceWire>(json)?.seq)?))
}

fn unknown(room: &RoomId, seq: Seq) -> Result<Event, Unreadable> {
    Ok(Event {
        room: room.clone(),
        seq,
        id: RequestId::parse("unknown")?,
        by: User::parse("unknown", None)?,
        at: Timestamp::from_micros(0),
        kind: EventKind::Unknown,
        except: None,
    })
}

impl<'a> From<&'a Event> for EventWire<'a> {
    fn from(event: &'a Event) -> Self {
        let mut wire = Self {
            seq: event.seq.get(),
            id: Text::of(&event.id),
            user: Text::of(&event.by.id),
            name: name_of(&event.by),
            at: event.at.as_micros(),
            message: None,
            edited: None,
            deleted: None,
            except: event.except.as_deref().map(Text::shown),
        };
        let text = |body: &'a Option<Body>| body.as_ref().map(|body| Text::from(body.as_str()));
        match &event.kind {
            EventKind::Message { body, reply_to } => {
                let reply_to = reply_to.map(Seq::get);
                wire.message = Some(MessageWire { body: text(body), reply_to });
            }
            EventKind::Edited { target, body } => {
                wire.edited = Some(EditedWire { target: target.get(), body: text(body) });
            }
            EventKind::Deleted { target } => wire.deleted = Some(DeletedWire { target: target.get() }),
            EventKind::Unknown => {}
        }
        wire
    }
}

impl EventWire<'_> {
    fn event(self, room: &RoomId) -> Result<Event, Unreadable> {
        Ok(Event {
            room: room.clone(),
            seq: Seq::new(self.seq)?,
            id: RequestId::parse(self.id.as_str())?,
            by: user(&self.user, self.name.as_ref())?,
            at: Timestamp::from_micros(self.at),
            kind: self.kind()?,
            except: self.except.as_ref().and_then(connection),
        })
    }

    fn kind(&self) -> Result<EventKind, Unreadable> {
        let body = |text: &Option<Text<'_>>| text.as_ref().map(|text| Body::trusted(text.as_str()));
        Ok(match (&self.message, &self.edited, &self.deleted) {
            (Some(message), None, None) => EventKind::Message {
                body: body(&message.body),
                reply_to: message.reply_to.map(Seq::new).transpose()?,
            },
            (None, Some(edited), None) => {
                EventKind::Edited { target: Seq::new(edited.target)?, body: body(&edited.body) }
            }
            (None, None, Some(deleted)) => EventKind::Deleted { target: Seq::new(deleted.target)? },
            _ => EventKind::Unknown,
        })
    }
}

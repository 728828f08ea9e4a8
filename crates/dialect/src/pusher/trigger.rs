//! What backends publish through the HTTP API: events for channels. An event of the name that a message has, for the
//! channel of a room, is a message; every other one is told to whoever is in its channels, and kept nowhere.

use std::collections::HashSet;
use std::sync::Arc;

use chat::{ConnectionName, Refusal, RoomId};
use serde::Deserialize;
use serde_json::Value;

use super::message::publication;
use super::{Channel, Info, Kind, NAME_BYTES_MAX, Publication, Settings};
use crate::DecodeLimits;

/// The most bytes of an event's data.
const DATA_BYTES_MAX: usize = 10_240;
/// The most channels that one event is for.
const CHANNELS_MAX: usize = 100;
/// The most events of a batch.
const BATCH_MAX: usize = 10;
/// Before the names of events that are the protocol's own.
const RESERVED: [&str; 2] = ["pusher:", "pusher_internal:"];

/// An event that a backend publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// The messages that it is: one a room.
    pub messages: Vec<Publication>,
    /// What is told in channels where it is no message.
    pub announcements: Vec<Announcement>,
    /// All of its channels, each of them once.
    pub targets: Vec<Target>,
    /// What the backend wants to know of them.
    pub info: Info,
}

/// Something that a backend tells whoever is in one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// The room that the channel is another name of, if it is one.
    pub room: Option<RoomId>,
    /// The channel.
    pub channel: chat::Channel,
    /// What the event is called.
    pub event: Arc<str>,
    /// What it says.
    pub data: Arc<str>,
    /// The connection that is not told.
    pub except: Option<ConnectionName>,
}

/// A channel that an event is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its name.
    pub channel: String,
    /// The room that it is a name of, if it is one.
    pub room: Option<RoomId>,
    /// Whether those who are in it are known.
    pub is_presence: bool,
}

#[derive(Deserialize)]
struct Event {
    name: String,
    data: Value,
    channel: Option<String>,
    channels: Option<Vec<String>>,
    socket_id: Option<String>,
    #[serde(default)]
    info: String,
}

#[derive(Deserialize)]
struct Batch {
    batch: Vec<Event>,
}

/// Reads the body of `events`.
///
/// # Errors
/// `malformed` or `too_large`: nothing is to be published.
pub fn events(settings: &Settings, limits: &DecodeLimits, body: &[u8]) -> Result<Trigger, Refusal> {
    trigger(settings, limits, &read(body)?)
}

/// Reads the body of `batch_events`.
///
/// # Errors
/// `malformed` or `too_large`: nothing is to be published.
pub fn batch(settings: &Settings, limits: &DecodeLimits, body: &[u8]) -> Result<Vec<Trigger>, Refusal> {
    let Batch { batch } = read(body)?;
    if batch.len() > BATCH_MAX {
        return Err(Refusal::malformed("a batch has at most 10 events"));
    }
    if batch.iter().any(|event| event.channels.is_some()) {
        return Err(Refusal::malformed("an event of a batch is for one `channel`"));
    }
    batch.iter().map(|event| trigger(settings, limits, event)).collect()
}

/// Reads an event in the form that old libraries have for it: for the channel that stands in the path, with the body as its
/// data, and the rest in the query.
///
/// # Errors
/// `malformed` or `too_large`: nothing is to be published.
pub fn old_event(
    settings: &Settings,
    limits: &DecodeLimits,
    channel: &str,
    query: &str,
    body: &[u8],
) -> Result<Trigger, Refusal> {
    let parameter = |name: &str| {
        let mut parameters = form_urlencoded::parse(query.as_bytes());
        parameters.find(|(named, _)| named == name).map(|(_, value)| value.into_owned())
    };
    let data = String::from_utf8(body.to_vec()).map_err(|_| Refusal::malformed("the body is no text"))?;
    let event = Event {
        name: parameter("name").ok_or_else(|| Refusal::malformed("the query has no `name`"))?,
        data: data.into(),
        channel: Some(channel.to_owned()),
        channels: None,
        socket_id: parameter("socket_id"),
        info: String::new(),
    };
    trigger(settings, limits, &event)
}

fn read<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| Refusal::malformed(format!("the body makes no sense: {error}")))
}

fn trigger(settings: &Settings, limits: &DecodeLimits, event: &Event) -> Result<Trigger, Refusal> {
    check_name(&event.name)?;
    let except = match &event.socket_id {
        Some(socket_id) => except(socket_id)?,
        None => None,
    };
    let (names, data, info) = (channels(event)?, data(&event.data)?, Info::parse(&event.info)?);
    let mut trigger = Trigger { messages: Vec::new(), announcements: Vec::new(), targets: Vec::new(), info };
    let mut seen = HashSet::new();
    for name in names.iter().filter(|name| seen.insert(**name)) {
        let channel = Channel::parse(settings, name)?;
        if channel.kind == Kind::Encrypted && names.len() > 1 {
            return Err(Refusal::malformed("an event for an encrypted channel is for no other"));
        }
        trigger.targets.push(Target::of(&channel));
        match &channel.room {
            // Several channels may be names of one room, and a message is said there once.
            Some(room) if event.name == settings.event => {
                if trigger.messages.iter().all(|other| other.room != *room) {
                    trigger.messages.push(publication(limits, name, room.clone(), &data, except)?);
                }
            }
            room => trigger.announcements.push(Announcement {
                room: room.clone(),
                channel: channel.words()?,
                event: event.name.as_str().into(),
                data: data.as_str().into(),
                except,
            }),
        }
    }
    Ok(trigger)
}

impl Target {
    fn of(channel: &Channel<'_>) -> Self {
        let is_presence = channel.kind == Kind::Presence;
        Self { channel: channel.name.to_owned(), room: channel.room.clone(), is_presence }
    }
}

fn check_name(name: &str) -> Result<(), Refusal> {
    if name.is_empty() || name.len() > NAME_BYTES_MAX {
        return Err(Refusal::malformed("the name of an event has 1 to 200 characters"));
    }
    if RESERVED.iter().any(|prefix| name.starts_with(prefix)) {
        return Err(Refusal::malformed("names that begin with `pusher:` are the protocol's own"));
    }
    Ok(())
}

fn channels(event: &Event) -> Result<Vec<&str>, Refusal> {
    let channels: Vec<&str> = match (&event.channels, &event.channel) {
        (Some(channels), None) => channels.iter().map(String::as_str).collect(),
        (None, Some(channel)) => vec![channel],
        _ => return Err(Refusal::malformed("an event is for `channels`, or for one `channel`")),
    };
    match channels.len() {
        1..=CHANNELS_MAX => Ok(channels),
        _ => Err(Refusal::malformed("an event is for 1 to 100 channels")),
    }
}

/// The data as a text. Some backends write the object itself.
fn data(data: &Value) -> Result<String, Refusal> {
    let text = match data {
        Value::String(text) => text.clone(),
        Value::Object(_) => data.to_string(),
        _ => return Err(Refusal::malformed("the data of an event is a text, or an object")),
    };
    if text.len() > DATA_BYTES_MAX {
        return Err(Refusal::new(chat::Code::TooLarge, "the data of an event has at most 10240 bytes"));
    }
    Ok(text)
}

/// The connection that the backend's own page has. There may be none of that name: it may have gone meanwhile.
fn except(socket_id: &str) -> Result<Option<ConnectionName>, Refusal> {
    super::vouch::check_socket_id(socket_id)?;
    Ok(ConnectionName::parse(socket_id))
}

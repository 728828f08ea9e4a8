//! What backends publish through the HTTP API: events for channels. An event of the name that a message has, for the
//! channel of a room, is a message; every other one is told to whoever listens, and stored nowhere.

use std::sync::Arc;

use chat::{Body, ConnectionName, Refusal, RequestId, RoomId, User};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Channel, NAME_BYTES_MAX, Settings};
use crate::DecodeLimits;

/// The most bytes of an event's data.
const DATA_BYTES_MAX: usize = 10_240;
/// The most channels that one event is for.
const CHANNELS_MAX: usize = 100;
/// The most events of a batch.
const BATCH_MAX: usize = 10;
/// Who has written what says nothing of its author.
const NOBODY: &str = "server";

/// A message that a backend publishes in one room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// The channel, as the backend has called it. The first of several of the same room.
    pub channel: String,
    /// The room that it is a name of.
    pub room: RoomId,
    /// Who has written it.
    pub by: User,
    /// Under which a repeat is no second message.
    pub id: Option<RequestId>,
    /// What was written.
    pub body: Body,
    /// The connection that is not shown it.
    pub except: Option<ConnectionName>,
}

/// Something that a backend tells those in a channel, and that is stored nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// The channel.
    pub channel: chat::Channel,
    /// The room that it is a name of, if it is one.
    pub room: Option<RoomId>,
    /// What it is called.
    pub event: Arc<str>,
    /// What it says, as the backend wrote it.
    pub data: Arc<str>,
    /// The connection that is not told.
    pub except: Option<ConnectionName>,
}

/// What one event is to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trigger {
    /// The messages to publish, one a room.
    pub messages: Vec<Publication>,
    /// What else is to be told, once a channel.
    pub announcements: Vec<Announcement>,
}

#[derive(Deserialize)]
struct Event {
    name: String,
    data: Value,
    channel: Option<String>,
    channels: Option<Vec<String>>,
    socket_id: Option<String>,
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

/// Reads the body of `batch_events`: what each event is to do.
///
/// # Errors
/// `malformed` or `too_large`: nothing is to be published.
pub fn batch(settings: &Settings, limits: &DecodeLimits, body: &[u8]) -> Result<Vec<Trigger>, Refusal> {
    let Batch { batch } = read(body)?;
    if batch.len() > BATCH_MAX {
        return Err(Refusal::malformed("a batch has at most 10 events"));
    }
    batch.iter().map(|event| trigger(settings, limits, event)).collect()
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
    let channels = channels(event)?;
    let data = data(&event.data)?;
    let (called, said) = (Arc::from(&*event.name), Arc::from(&*data));
    let Trigger { mut messages, mut announcements } = Trigger::default();
    for name in channels {
        let channel = Channel::parse(settings, name)?;
        match channel.room.clone().filter(|_| event.name == settings.event) {
            // Several channels may be names of one room, and a message is said there once.
            Some(room) if messages.iter().any(|other: &Publication| other.room == room) => {}
            Some(room) => messages.push(Publication { except, ..publication(limits, name, room, &data)? }),
            None => {
                let (room, channel) = (channel.room.clone(), channel.words()?);
                let (event, data) = (Arc::clone(&called), Arc::clone(&said));
                let announcement = Announcement { channel, room, event, data, except };
                if !announcements.contains(&announcement) {
                    announcements.push(announcement);
                }
            }
        }
    }
    Ok(Trigger { messages, announcements })
}

fn check_name(event: &str) -> Result<(), Refusal> {
    if event.is_empty() || event.len() > NAME_BYTES_MAX {
        return Err(Refusal::malformed("the name of an event has 1 to 200 characters"));
    }
    if event.starts_with("pusher:") || event.starts_with("pusher_internal:") {
        return Err(Refusal::malformed("only the server says what begins with `pusher:`"));
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

/// Data that is no object is the message itself.
fn publication(
    limits: &DecodeLimits,
    channel: &str,
    room: RoomId,
    data: &str,
) -> Result<Publication, Refusal> {
    let fields = serde_json::from_str::<Map<String, Value>>(data).ok();
    let text = match &fields {
        Some(fields) => {
            let text = ["message", "body", "content"].iter().find_map(|name| fields.get(*name));
            text.and_then(Value::as_str)
                .ok_or_else(|| Refusal::malformed("`data` has no `message` that is text"))?
        }
        None => data,
    };
    let fields = fields.as_ref();
    Ok(Publication {
        channel: channel.to_owned(),
        room,
        by: author(fields)?,
        id: id(fields)?,
        body: limits.body(text)?,
        except: None,
    })
}

/// The connection that the backend's own page has. There may be none of that name: it may have gone meanwhile.
fn except(socket_id: &str) -> Result<Option<ConnectionName>, Refusal> {
    super::vouch::check_socket_id(socket_id)?;
    Ok(ConnectionName::parse(socket_id))
}

/// `user` as an object, or `user_id`; else the backend itself.
fn author(fields: Option<&Map<String, Value>>) -> Result<User, Refusal> {
    let user = fields.and_then(|fields| fields.get("user"));
    let id = user.and_then(|user| user.get("id")).or_else(|| fields?.get("user_id"));
    let named = |name| user.and_then(|user| user.get(name)).and_then(Value::as_str);
    let id = match id {
        Some(Value::String(id)) => id.clone(),
        Some(Value::Number(id)) => id.to_string(),
        Some(_) => return Err(Refusal::malformed("the user's id must be a text or a number")),
        None => NOBODY.to_owned(),
    };
    User::parse(&id, named("username").or_else(|| named("name")))
        .map_err(|bad| Refusal::malformed(bad.to_string()))
}

fn id(fields: Option<&Map<String, Value>>) -> Result<Option<RequestId>, Refusal> {
    match fields.and_then(|fields| fields.get("client_id")) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(id)) => {
            RequestId::parse(id).map(Some).map_err(|bad| Refusal::malformed(bad.to_string()))
        }
        Some(_) => Err(Refusal::malformed("`client_id` must be a text")),
    }
}

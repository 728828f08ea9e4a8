//! Identifiers of subscriptions: JSON of the client's own making, kept to the byte. Here it is found out for which room
//! one stands.

use chat::{Refusal, RoomId, Seq};
use serde_json::{Map, Value};

use super::Settings;
use crate::{Alias, From};

/// What an identifier stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Subscription {
    pub(super) room: RoomId,
    pub(super) from: From,
    /// Whether its user is to be seen in the room.
    pub(super) present: bool,
    /// Whether it is to be told who is writing.
    pub(super) typing: bool,
}

/// Reads an identifier.
///
/// # Errors
/// Why it stands for no room.
pub(super) fn read(settings: &Settings, identifier: &str) -> Result<Subscription, Refusal> {
    if identifier.len() > Alias::BYTES_MAX {
        return Err(Refusal::malformed("an identifier has at most 1024 bytes"));
    }
    let Ok(params) = serde_json::from_str::<Map<String, Value>>(identifier) else {
        return Err(Refusal::malformed("an identifier is a JSON object"));
    };
    let channel = params.get("channel").and_then(Value::as_str);
    if !channel.is_some_and(|channel| settings.channels.iter().any(|known| known == channel)) {
        return Err(Refusal::malformed("there is no such channel"));
    }
    let is_set = |name| params.get(name).and_then(Value::as_bool).unwrap_or(false);
    let (room, from) = (room(settings, &params)?, from(&params)?);
    Ok(Subscription { room, from, present: is_set("presence"), typing: is_set("typing") })
}

/// `"42"` and `42` are the same room.
fn room(settings: &Settings, params: &Map<String, Value>) -> Result<RoomId, Refusal> {
    let name = match settings.params.iter().find_map(|name| params.get(name)) {
        Some(Value::String(name)) => RoomId::parse(name),
        Some(Value::Number(number)) if !number.is_f64() => RoomId::parse(&number.to_string()),
        _ => return Err(Refusal::malformed("the subscription names no room")),
    };
    name.map_err(|bad| Refusal::malformed(bad.to_string()))
}

/// Rails has no such parameter: it is how a page can have what was said before it came.
fn from(params: &Map<String, Value>) -> Result<From, Refusal> {
    let Some(since) = params.get("since_seq").filter(|since| !since.is_null()) else { return Ok(From::Live) };
    let since = since.as_u64().and_then(|since| Seq::new(since).ok());
    let since = since.ok_or_else(|| Refusal::malformed("`since_seq` must be a whole number"))?;
    Ok(From::After(since, None))
}

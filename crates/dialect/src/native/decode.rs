//! Frames to commands.
//!
//! A frame that is no JSON object ends the connection. Whatever else is wrong with one is refused by a
//! [`Command::Refuse`] with its `ref` and `id`, and the connection stays.

use chat::{BadName, Change, Epoch, PageFrom, Refusal, RequestId, RoomId, Seq, Whisper};
use serde_json::value::RawValue;

use super::fields::{Fields, position};
use crate::json::text;
use crate::{Alias, Command, DecodeLimits, Frame, From, Mark};

/// The longest `ref`, in bytes, without the quotes of a text.
const REF_BYTES_MAX: usize = 64;

pub(super) fn decode(frame: Frame<'_>, limits: &DecodeLimits) -> Result<Command, Refusal> {
    let Frame::Text(frame) = frame else {
        return Err(Refusal::malformed("frames are text, not binary"));
    };
    let fields = Fields::of(frame)?;
    let (mark, bad_mark) = match mark(&fields) {
        Ok(mark) => (mark, None),
        Err(refusal) => (Mark::default(), Some(refusal)),
    };
    let (id, bad_id) = match id(&fields) {
        Ok(id) => (id, None),
        Err(bad) => (None, Some(malformed(bad))),
    };
    let twice = fields.twice.map(|name| Refusal::malformed(format!("`{name}` stands there twice")));
    let refused = match twice.or(bad_mark).or(bad_id) {
        Some(refusal) => Err(refusal),
        None => command(&fields, mark.clone(), id.clone(), limits),
    };
    Ok(refused.unwrap_or_else(|refusal| Command::Refuse { mark, alias: None, id, refusal }))
}

fn command(
    fields: &Fields<'_>,
    mark: Mark,
    id: Option<RequestId>,
    limits: &DecodeLimits,
) -> Result<Command, Refusal> {
    let kind = fields.kind.and_then(text).ok_or_else(|| Refusal::malformed("`type` must be a text"))?;
    Ok(match &*kind {
        "hello" => Command::Hello { mark, token: token(fields)? },
        "join" => {
            let (alias, room) = subscription(fields)?;
            Command::Join { mark, alias, room, from: from(fields)? }
        }
        "leave" => {
            let (alias, room) = subscription(fields)?;
            Command::Leave { mark, alias, room }
        }
        "send" => {
            let (room, change) = (room(fields)?, message(fields, limits)?);
            Command::Send { mark, within: None, room, id, change }
        }
        "history" => {
            Command::History { mark, room: room(fields)?, from: page(fields)?, limit: limit(fields)? }
        }
        "rooms" => Command::Rooms { mark },
        "who" => Command::Who { mark, within: None, room: room(fields)? },
        "typing" => Command::Typing { mark, within: None, room: room(fields)? },
        "whisper" => {
            let (room, whisper) = (room(fields)?, whisper(fields, limits)?);
            Command::Whisper { mark, within: None, room, whisper }
        }
        "ping" => Command::Ping { mark },
        _ => return Err(Refusal::malformed("this `type` is not known to this server")),
    })
}

/// The `ref` as it stands in the frame: a text or a number, whose JSON is echoed byte for byte.
fn mark(fields: &Fields<'_>) -> Result<Mark, Refusal> {
    let Some(reference) = fields.reference else { return Ok(Mark::default()) };
    let json = reference.get();
    let content = match json.as_bytes() {
        [b'"', content @ .., b'"'] => content,
        [b'-' | b'0'..=b'9', ..] => json.as_bytes(),
        _ => return Err(Refusal::malformed("`ref` must be a text or a number")),
    };
    if content.len() > REF_BYTES_MAX {
        return Err(Refusal::malformed("`ref` is longer than 64 bytes"));
    }
    Ok(Mark::new(json))
}

fn id(fields: &Fields<'_>) -> Result<Option<RequestId>, BadName> {
    let parse = |value| text(value).ok_or(BadName::Request).and_then(|id| RequestId::parse(&id));
    fields.id.map(parse).transpose()
}

fn token(fields: &Fields<'_>) -> Result<String, Refusal> {
    let token = fields.token.and_then(text).ok_or_else(|| Refusal::malformed("`token` must be a text"))?;
    Ok(token.into_owned())
}

fn room(fields: &Fields<'_>) -> Result<RoomId, Refusal> {
    let name = fields.room.and_then(text).ok_or_else(|| malformed(BadName::Room))?;
    RoomId::parse(&name).map_err(malformed)
}

/// A room has one subscription on a connection, called by its name.
fn subscription(fields: &Fields<'_>) -> Result<(Alias, RoomId), Refusal> {
    let room = room(fields)?;
    Ok((Alias::new(room.as_str()), room))
}

fn from(fields: &Fields<'_>) -> Result<From, Refusal> {
    let Some(after) = fields.after else { return Ok(From::Live) };
    let epoch = match fields.epoch {
        None => None,
        Some(epoch) => {
            let epoch = text(epoch).ok_or_else(|| malformed(BadName::Epoch))?;
            Some(Epoch::parse(&epoch).map_err(malformed)?)
        }
    };
    Ok(From::After(position(after).map_err(malformed)?, epoch))
}

fn message(fields: &Fields<'_>, limits: &DecodeLimits) -> Result<Change, Refusal> {
    let body = fields.body.and_then(text).ok_or_else(|| Refusal::malformed("`body` must be a text"))?;
    let body = limits.body(&body)?;
    let reply_to = fields.reply_to.map(message_position).transpose().map_err(malformed)?;
    Ok(Change::Message { body, reply_to })
}

fn whisper(fields: &Fields<'_>, limits: &DecodeLimits) -> Result<Whisper, Refusal> {
    let name = fields.name.and_then(text).ok_or_else(|| Refusal::malformed("`name` must be a text"))?;
    limits.whisper(&name, fields.data.map_or("null", RawValue::get))
}

fn message_position(value: &RawValue) -> Result<Seq, BadName> {
    position(value).and_then(|seq| if seq == Seq::ZERO { Err(BadName::Seq) } else { Ok(seq) })
}

fn page(fields: &Fields<'_>) -> Result<PageFrom, Refusal> {
    match (fields.before, fields.after) {
        (None, None) => Ok(PageFrom::Before(Seq::MAX)),
        (Some(before), None) => Ok(PageFrom::Before(position(before).map_err(malformed)?)),
        (None, Some(after)) => Ok(PageFrom::After(position(after).map_err(malformed)?)),
        (Some(_), Some(_)) => Err(Refusal::malformed("`before` and `after` exclude each other")),
    }
}

/// More than anybody could get is cut, not refused.
fn limit(fields: &Fields<'_>) -> Result<Option<u16>, Refusal> {
    let Some(limit) = fields.limit else { return Ok(None) };
    match limit.get().parse::<u64>() {
        Ok(limit) if limit > 0 => Ok(Some(u16::try_from(limit).unwrap_or(u16::MAX))),
        _ => Err(Refusal::malformed("`limit` must be a whole number from 1")),
    }
}

fn malformed(bad: BadName) -> Refusal {
    Refusal::malformed(bad.to_string())
}

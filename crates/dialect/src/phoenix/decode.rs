//! Frames to commands.
//!
//! A frame that is none ends the connection, as in Phoenix. Whatever else is wrong is answered: an event that is not
//! known would cost its client the membership there, which would be a second's silence for a typing error.

use chat::{Change, Epoch, Refusal, RequestId, RoomId, Seq};
use serde_json::value::RawValue;

use super::envelope::Envelope;
use super::{Serializer, Settings, binary};
use crate::json::{find, object, text};
use crate::{Alias, Command, DecodeLimits, Frame, From, Mark};

object! {
    /// What a join may say.
    struct Joining {
        "last_seq" => last_seq,
        "after" => after,
        "epoch" => epoch,
    }
}

object! {
    /// What is said.
    struct Said {
        "message" => message,
        "body" => body,
        "content" => content,
        "client_id" => client_id,
    }
}

/// The topic of the socket itself.
const SOCKET: &str = "phoenix";

/// # Errors
/// Why the connection ends.
pub(super) fn decode(
    settings: &Settings,
    serializer: Serializer,
    frame: Frame<'_>,
    limits: &DecodeLimits,
) -> Result<Command, Refusal> {
    let frame = match (frame, serializer) {
        (Frame::Text(frame), _) => frame,
        (Frame::Binary(frame), Serializer::V2) => {
            return Ok(refuse(binary::mark(frame)?, Refusal::malformed("binary not supported")));
        }
        (Frame::Binary(_), Serializer::V1) => return Err(Refusal::malformed("frames are text, not binary")),
    };
    let envelope = Envelope::read(serializer, frame)?;
    if let Err(refusal) = envelope.place.check() {
        return Ok(refuse(envelope.place.mark(), refusal));
    }
    Ok(match room(settings, &envelope.topic) {
        Some(room) => in_room(&envelope, room, limits),
        None => elsewhere(&envelope),
    })
}

/// The room of a topic. There is one spelling for each, as frames are written for the topic and not for its reader.
fn room(settings: &Settings, topic: &str) -> Option<RoomId> {
    topic.strip_prefix(&*settings.topic).and_then(|room| RoomId::parse(room).ok())
}

fn elsewhere(envelope: &Envelope<'_>) -> Command {
    match (&*envelope.topic, &*envelope.event) {
        // Whoever leaves what he is not in is answered like one who asks for a sign of life.
        (SOCKET, "heartbeat") | (_, "phx_leave") => Command::Ping { mark: envelope.place.mark() },
        _ => refuse(envelope.place.outside().mark(), Refusal::malformed("unmatched topic")),
    }
}

fn in_room(envelope: &Envelope<'_>, room: RoomId, limits: &DecodeLimits) -> Command {
    let (mark, alias) = (envelope.place.mark(), Alias::new(&envelope.topic));
    match &*envelope.event {
        "phx_join" => join(mark, alias, room, envelope.payload),
        "phx_leave" => Command::Leave { mark, alias, room },
        "message:add" | "new_msg" | "new_message" | "shout" => {
            say(mark, alias, room, envelope.payload, limits)
        }
        "typing" => Command::Typing { mark, within: Some(alias), room },
        _ => refuse(mark, Refusal::malformed("unknown event")),
    }
}

fn refuse(mark: Mark, refusal: Refusal) -> Command {
    Command::Refuse { mark, alias: None, id: None, refusal }
}

fn join(mark: Mark, alias: Alias, room: RoomId, payload: &RawValue) -> Command {
    match from(payload) {
        Ok(from) => Command::Join { mark, alias, room, from },
        Err(refusal) => Command::Refuse { mark, alias: Some(alias), id: None, refusal },
    }
}

/// From where a join wants to see the room: it is how a page that comes back gets what was said meanwhile.
fn from(payload: &RawValue) -> Result<From, Refusal> {
    let joining: Joining<'_> = find(payload.get()).ok_or_else(not_an_object)?;
    check_once(joining.twice)?;
    let Some(last_seq) = joining.last_seq.or(joining.after) else { return Ok(From::Live) };
    let last_seq = seq(last_seq).ok_or_else(|| Refusal::malformed("`last_seq` must be a whole number"))?;
    let epoch = joining.epoch.map(|epoch| text(epoch).and_then(|epoch| Epoch::parse(&epoch).ok()));
    match epoch {
        Some(None) => Err(Refusal::malformed("`epoch` must be one that a join was answered with")),
        Some(epoch @ Some(_)) => Ok(From::After(last_seq, epoch)),
        None => Ok(From::After(last_seq, None)),
    }
}

/// A number, or one that stands in a text, as what comes out of a page's HTML does.
fn seq(value: &RawValue) -> Option<Seq> {
    let digits = text(value).unwrap_or(value.get().into());
    digits.parse().ok().and_then(|seq| Seq::new(seq).ok())
}

fn say(mark: Mark, alias: Alias, room: RoomId, payload: &RawValue, limits: &DecodeLimits) -> Command {
    let Some(said) = find::<Said<'_>>(payload.get()) else { return refuse(mark, not_an_object()) };
    let (id, change) = match id(&said) {
        Ok(id) => (id, change(&said, limits)),
        Err(refusal) => (None, Err(refusal)),
    };
    match change {
        Ok(change) => Command::Send { mark, within: Some(alias), room, id, change },
        Err(refusal) => Command::Refuse { mark, alias: None, id, refusal },
    }
}

/// The application's own name for the message: a repeat under the same one is no second message.
fn id(said: &Said<'_>) -> Result<Option<RequestId>, Refusal> {
    let Some(id) = said.client_id else { return Ok(None) };
    let id = text(id).ok_or_else(|| Refusal::malformed("`client_id` must be a text"))?;
    RequestId::parse(&id).map(Some).map_err(|bad| Refusal::malformed(bad.to_string()))
}

fn change(said: &Said<'_>, limits: &DecodeLimits) -> Result<Change, Refusal> {
    check_once(said.twice)?;
    let text = said.message.or(said.body).or(said.content).and_then(text);
    let text = text.ok_or_else(|| Refusal::malformed("`message` must be a text"))?;
    Ok(Change::Message { body: limits.body(&text)?, reply_to: None })
}

fn check_once(twice: Option<&'static str>) -> Result<(), Refusal> {
    twice.map_or(Ok(()), |name| Err(Refusal::malformed(format!("`{name}` stands there twice"))))
}

fn not_an_object() -> Refusal {
    Refusal::malformed("the payload must be an object")
}

//! Frames to commands.
//!
//! No frame ends the connection. What is wrong with one is told by `pusher:subscription_error` where a channel is to be
//! entered, and by `pusher:error` otherwise.

use std::borrow::Cow;

use chat::{Change, Refusal, RequestId};
use serde_json::value::RawValue;

use super::channel::{Channel, Kind, NAME_BYTES_MAX};
use super::{CLIENT, CLIENT_EVENT_REFUSED, Settings};
use crate::json::{find, object, text};
use crate::{Alias, Claim, Command, DecodeLimits, Entry as Door, Frame, From, Mark};

object! {
    /// What stands in a frame.
    struct Fields {
        "event" => event,
        "channel" => channel,
        "data" => data,
    }
}

object! {
    /// What stands in `data` when a channel is entered or left.
    struct Entry {
        "channel" => channel,
        "auth" => auth,
        "channel_data" => channel_data,
    }
}

object! {
    /// What stands in `data` when a client wants to be known as a user.
    struct SignIn {
        "auth" => auth,
        "user_data" => user_data,
    }
}

object! {
    /// What stands in `data` of a message.
    struct Said {
        "message" => message,
        "body" => body,
        "content" => content,
        "client_id" => client_id,
    }
}

/// Reads a frame. `None` if it asks for nothing.
pub(super) fn decode(settings: &Settings, frame: Frame<'_>, limits: &DecodeLimits) -> Option<Command> {
    command(settings, frame, limits).unwrap_or_else(|refusal| Some(refuse(Mark::default(), None, refusal)))
}

/// # Errors
/// Why nothing is done, for `pusher:error`.
fn command(settings: &Settings, frame: Frame<'_>, limits: &DecodeLimits) -> Result<Option<Command>, Refusal> {
    let Frame::Text(frame) = frame else {
        return Err(Refusal::malformed("frames are text, not binary"));
    };
    let fields: Fields<'_> =
        find(frame).ok_or_else(|| Refusal::malformed("a frame must be one JSON object"))?;
    check_once(fields.twice)?;
    let event = fields.event.and_then(text).ok_or_else(|| Refusal::malformed("`event` must be a text"))?;
    match &*event {
        "pusher:ping" => Ok(Some(Command::Ping { mark: Mark::default() })),
        "pusher:pong" => Ok(None),
        "pusher:subscribe" => with_entry(&fields, |entry| subscribe(settings, entry)).map(Some),
        "pusher:unsubscribe" => with_entry(&fields, |entry| unsubscribe(settings, entry)).map(Some),
        "pusher:signin" => sign_in(&fields).map(Some),
        name if name.starts_with(CLIENT) => Ok(Some(client_event(settings, name, &fields, limits))),
        _ => Err(Refusal::malformed("this event is not known to this server")),
    }
}

fn with_entry(
    fields: &Fields<'_>,
    act: impl FnOnce(&Entry<'_>) -> Result<Command, Refusal>,
) -> Result<Command, Refusal> {
    let data = fields.data.and_then(inner).ok_or_else(no_object)?;
    let entry: Entry<'_> = find(&data).ok_or_else(no_object)?;
    check_once(entry.twice)?;
    act(&entry)
}

fn no_object() -> Refusal {
    Refusal::malformed("`data` must be a JSON object")
}

/// # Errors
/// What makes no sense of it.
fn sign_in(fields: &Fields<'_>) -> Result<Command, Refusal> {
    let data = fields.data.and_then(inner).ok_or_else(no_object)?;
    let said: SignIn<'_> = find(&data).ok_or_else(no_object)?;
    check_once(said.twice)?;
    let data =
        said.user_data.and_then(text).ok_or_else(|| Refusal::malformed("`user_data` must be a text"))?;
    let signature = said.auth.and_then(text).unwrap_or_default();
    let claim = Claim { signature: (*signature).into(), data: Some((*data).into()) };
    Ok(Command::SignIn { mark: Mark::default(), claim })
}

/// An object, or, as old libraries have it, a text that holds one.
fn inner(data: &RawValue) -> Option<Cow<'_, str>> {
    if data.get().starts_with('"') { text(data) } else { Some(Cow::Borrowed(data.get())) }
}

fn subscribe(settings: &Settings, entry: &Entry<'_>) -> Result<Command, Refusal> {
    let name = channel_name(entry.channel)?;
    Ok(enter(settings, &name, entry).unwrap_or_else(|refusal| {
        let alias = Some(Alias::new(&name));
        Command::Refuse { mark: Mark::default(), alias, id: None, refusal }
    }))
}

/// # Errors
/// Why the channel cannot be entered.
fn enter(settings: &Settings, name: &str, entry: &Entry<'_>) -> Result<Command, Refusal> {
    let channel = Channel::parse(settings, name)?;
    let signature = entry.auth.and_then(text).unwrap_or_default();
    let data = match entry.channel_data {
        Some(data) => Some(text(data).ok_or_else(|| Refusal::malformed("`channel_data` must be a text"))?),
        None => None,
    };
    let claim = Claim { signature: (*signature).into(), data: data.map(|data| (*data).into()) };
    let mark = Mark::default();
    if let Some(room) = channel.room {
        return Ok(Command::Enter { mark, alias: Alias::new(name), room, from: From::Live, claim });
    }
    let entry = match channel.user() {
        Some(user) => Door::Only(user),
        None if channel.kind == Kind::Public => Door::Anybody,
        None => Door::Vouched(claim),
    };
    Ok(Command::TuneIn { mark, channel: channel.words()?, entry })
}

fn unsubscribe(settings: &Settings, entry: &Entry<'_>) -> Result<Command, Refusal> {
    let name = channel_name(entry.channel)?;
    let (channel, mark) = (Channel::parse(settings, &name)?, Mark::default());
    Ok(match channel.room {
        Some(room) => Command::Leave { mark, alias: Alias::new(&name), room },
        None => Command::TuneOut { mark, channel: channel.words()?.name },
    })
}

/// One that is too long for a channel cannot be told of.
fn channel_name(name: Option<&RawValue>) -> Result<Cow<'_, str>, Refusal> {
    let name = name.and_then(text).ok_or_else(|| Refusal::malformed("`channel` must be a text"))?;
    if name.len() > NAME_BYTES_MAX {
        return Err(Refusal::malformed("the name of a channel has at most 200 characters"));
    }
    Ok(name)
}

fn client_event(settings: &Settings, event: &str, fields: &Fields<'_>, limits: &DecodeLimits) -> Command {
    let mark = Mark::new(CLIENT_EVENT_REFUSED);
    let mut id = None;
    told(settings, event, fields, limits, &mark, &mut id).unwrap_or_else(|refusal| refuse(mark, id, refusal))
}

/// # Errors
/// Why it is not told to anybody.
fn told(
    settings: &Settings,
    event: &str,
    fields: &Fields<'_>,
    limits: &DecodeLimits,
    mark: &Mark,
    known_id: &mut Option<RequestId>,
) -> Result<Command, Refusal> {
    let name = channel_name(fields.channel)?;
    let channel = Channel::parse(settings, &name)?;
    if !matches!(channel.kind, Kind::Private | Kind::Presence) {
        return Err(Refusal::malformed("client events are for private and presence channels"));
    }
    let whisper = || {
        let data = fields.data.map_or("null", RawValue::get);
        limits.whisper(event.strip_prefix(CLIENT).unwrap_or(event), data)
    };
    let Some(room) = channel.room else {
        return Ok(Command::Call { mark: mark.clone(), channel: channel.words()?.name, whisper: whisper()? });
    };
    let (mark, within) = (mark.clone(), Some(Alias::new(&name)));
    if event == settings.client_event {
        let said = fields.data.and_then(inner);
        let said: Said<'_> = said
            .as_deref()
            .and_then(find)
            .ok_or_else(|| Refusal::malformed("`data` must be an object with a `message`"))?;
        check_once(said.twice)?;
        let id = id(&said)?;
        known_id.clone_from(&id);
        return Ok(Command::Send { mark, within, room, id, change: change(&said, limits)? });
    }
    Ok(Command::Whisper { mark, within, room, whisper: whisper()? })
}

/// The application's own name for the message: a repeat under the same one is no second message.
fn id(said: &Said<'_>) -> Result<Option<RequestId>, Refusal> {
    let Some(id) = said.client_id else { return Ok(None) };
    let id = text(id).ok_or_else(|| Refusal::malformed("`client_id` must be a text"))?;
    RequestId::parse(&id).map(Some).map_err(|bad| Refusal::malformed(bad.to_string()))
}

fn change(said: &Said<'_>, limits: &DecodeLimits) -> Result<Change, Refusal> {
    let text = said.message.or(said.body).or(said.content).and_then(text);
    let text = text.ok_or_else(|| Refusal::malformed("`message` must be a text"))?;
    Ok(Change::Message { body: limits.body(&text)?, reply_to: None })
}

fn refuse(mark: Mark, id: Option<RequestId>, refusal: Refusal) -> Command {
    Command::Refuse { mark, alias: None, id, refusal }
}

fn check_once(twice: Option<&'static str>) -> Result<(), Refusal> {
    twice.map_or(Ok(()), |name| Err(Refusal::malformed(format!("`{name}` stands there twice"))))
}

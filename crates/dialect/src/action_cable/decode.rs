//! Frames to commands.
//!
//! Rails is silent where it does not understand: no frame ends the connection, and a [`Command::Refuse`] that has
//! neither mark nor alias is counted and not answered. Two things are said all the same: that a subscription cannot be
//! had, and, to the author alone, that a message was not taken.

use chat::{Change, Refusal, RequestId};

use super::{ActionCable, Settings, Version, extended, identifier};
use crate::json::{find, object, text};
use crate::{Alias, Command, DecodeLimits, Frame, Mark};

object! {
    /// What stands in a frame.
    pub(super) struct Fields {
        "command" => command,
        "identifier" => identifier,
        "data" => data,
        "history" => history,
        "presence" => presence,
    }
}

object! {
    /// What stands in `data`, which is JSON once more.
    struct Performed {
        "action" => action,
        "message" => message,
        "body" => body,
        "content" => content,
        "client_id" => client_id,
    }
}

/// The actions that say something. What is sent without one is for `receive`, as in Rails.
const ACTIONS: [&str; 4] = ["speak", "send_message", "create", "receive"];
/// The action that says that its user is writing.
const TYPING: &str = "typing";

/// Reads a frame, which may ask for nothing.
pub(super) fn decode(cable: &ActionCable, frame: Frame<'_>, limits: &DecodeLimits, out: &mut Vec<Command>) {
    if let Err(refusal) = command(cable, frame, limits, out) {
        out.push(Command::Refuse { mark: Mark::default(), alias: None, id: None, refusal });
    }
}

/// # Errors
/// Why nothing is done and nothing is said.
fn command(
    cable: &ActionCable,
    frame: Frame<'_>,
    limits: &DecodeLimits,
    out: &mut Vec<Command>,
) -> Result<(), Refusal> {
    let Frame::Text(frame) = frame else {
        return Err(Refusal::malformed("frames are text, not binary"));
    };
    let fields: Fields<'_> =
        find(frame).ok_or_else(|| Refusal::malformed("a frame must be one JSON object"))?;
    check_once(fields.twice)?;
    let command =
        fields.command.and_then(text).ok_or_else(|| Refusal::malformed("`command` must be a text"))?;
    // AnyCable's client answers pings, if it is told to.
    if command == "pong" {
        return Ok(());
    }
    let identifier =
        fields.identifier.and_then(text).ok_or_else(|| Refusal::malformed("`identifier` must be a text"))?;
    let settings = &cable.settings;
    match &*command {
        "subscribe" => subscribe(cable, &identifier, &fields, out),
        "unsubscribe" => out.push(unsubscribe(settings, &identifier)?),
        "message" => out.push(message(settings, &identifier, &fields, limits)?),
        _ => out.push(other(cable, &command, &identifier, &fields, limits)?),
    }
    Ok(())
}

/// Rails says nothing of a channel that it does not have, and the library asks again twice a second, for ever.
fn subscribe(cable: &ActionCable, identifier: &str, fields: &Fields<'_>, out: &mut Vec<Command>) {
    let (mark, alias) = (Mark::default(), Alias::new(identifier));
    match (identifier::read(&cable.settings, identifier), cable.version) {
        (Ok(subscription), Version::Base) => {
            out.push(Command::Join { mark, alias, room: subscription.room, from: subscription.from });
        }
        (Ok(subscription), Version::Extended) => {
            extended::asked::subscribe(identifier, subscription, fields, out);
        }
        (Err(refusal), _) => out.push(Command::Refuse { mark, alias: Some(alias), id: None, refusal }),
    }
}

/// A command that only one version has.
fn other(
    cable: &ActionCable,
    command: &str,
    identifier: &str,
    fields: &Fields<'_>,
    limits: &DecodeLimits,
) -> Result<Command, Refusal> {
    let subscription = identifier::read(&cable.settings, identifier)?;
    let known = match cable.version {
        Version::Base => None,
        Version::Extended => extended::asked::command(command, identifier, subscription, fields, limits)?,
    };
    known.ok_or_else(|| Refusal::malformed("this `command` is not known to this server"))
}

fn unsubscribe(settings: &Settings, identifier: &str) -> Result<Command, Refusal> {
    let room = identifier::read(settings, identifier)?.room;
    Ok(Command::Leave { mark: Mark::default(), alias: Alias::new(identifier), room })
}

fn message(
    settings: &Settings,
    identifier: &str,
    fields: &Fields<'_>,
    limits: &DecodeLimits,
) -> Result<Command, Refusal> {
    let room = identifier::read(settings, identifier)?.room;
    let data = fields.data.and_then(text).ok_or_else(|| Refusal::malformed("`data` must be a text"))?;
    let performed: Performed<'_> =
        find(&data).ok_or_else(|| Refusal::malformed("`data` must hold one JSON object"))?;
    check_once(performed.twice)?;
    if performed.action.and_then(text).is_some_and(|action| action == TYPING) {
        let (mark, within) = (Mark::default(), Some(Alias::new(identifier)));
        return Ok(Command::Typing { mark, within, room });
    }
    check_action(&performed)?;
    let mark = Mark::new(identifier);
    let (id, bad_id) = match id(&performed) {
        Ok(id) => (id, None),
        Err(refusal) => (None, Some(refusal)),
    };
    let change = bad_id.map_or_else(|| change(&performed, limits), Err);
    Ok(match change {
        Ok(change) => Command::Send { mark, within: Some(Alias::new(identifier)), room, id, change },
        Err(refusal) => Command::Refuse { mark, alias: None, id, refusal },
    })
}

pub(super) fn check_once(twice: Option<&'static str>) -> Result<(), Refusal> {
    twice.map_or(Ok(()), |name| Err(Refusal::malformed(format!("`{name}` stands there twice"))))
}

fn check_action(performed: &Performed<'_>) -> Result<(), Refusal> {
    let known = performed.action.is_none_or(|action| text(action).is_some_and(|a| ACTIONS.contains(&&*a)));
    if known { Ok(()) } else { Err(Refusal::malformed("there is no such action")) }
}

/// The application's own name for the message: a repeat under the same one is no second message.
fn id(performed: &Performed<'_>) -> Result<Option<RequestId>, Refusal> {
    let Some(id) = performed.client_id else { return Ok(None) };
    let id = text(id).ok_or_else(|| Refusal::malformed("`client_id` must be a text"))?;
    RequestId::parse(&id).map(Some).map_err(|bad| Refusal::malformed(bad.to_string()))
}

fn change(performed: &Performed<'_>, limits: &DecodeLimits) -> Result<Change, Refusal> {
    let said = performed.message.or(performed.body).or(performed.content).and_then(text);
    let said = said.ok_or_else(|| Refusal::malformed("`message` must be a text"))?;
    Ok(Change::Message { body: limits.body(&said)?, reply_to: None })
}

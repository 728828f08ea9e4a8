//! What clients ask for beyond the base.

use std::borrow::Cow;

use chat::{Refusal, Whisper};
use serde_json::value::RawValue;

use super::history;
use crate::action_cable::decode::{Fields, check_once};
use crate::action_cable::identifier::Subscription;
use crate::json::{find, object, text};
use crate::{Alias, Command, DecodeLimits, Mark};

/// Before the identifier in the mark of a question for those who are there.
const WHO: &str = "?";
/// The name of a whisper that gives itself none.
pub(super) const NAMELESS: &str = "whisper";

object! {
    /// What a whisper may say of itself.
    struct Whispered {
        "event" => event,
    }
}

/// A subscription, with what it is to be shown and whether its user is seen from the beginning.
pub(in crate::action_cable) fn subscribe(
    identifier: &str,
    subscription: Subscription,
    fields: &Fields<'_>,
    out: &mut Vec<Command>,
) {
    let alias = Alias::new(identifier);
    let (from, answer) = history::read(fields.history, &subscription.room, subscription.from);
    out.push(Command::Join { mark: answer.mark(), alias: alias.clone(), room: subscription.room, from });
    if fields.presence.is_some() {
        out.push(Command::Attend { mark: Mark::default(), alias, present: true });
    }
}

/// A command that the base does not have; `None` if it is none.
///
/// # Errors
/// Why nothing is done and nothing is said.
pub(in crate::action_cable) fn command(
    command: &str,
    identifier: &str,
    subscription: Subscription,
    fields: &Fields<'_>,
    limits: &DecodeLimits,
) -> Result<Option<Command>, Refusal> {
    let (alias, room) = (Alias::new(identifier), subscription.room);
    // Who is seen is the user of the connection, whatever else the client says of itself.
    let attend = |present| Command::Attend { mark: Mark::default(), alias: alias.clone(), present };
    Ok(Some(match command {
        "history" => {
            // Only the library of a session that was restored asks for it, and none is.
            let refusal = Refusal::malformed("subscribe with the history that is wanted");
            let mark = history::Answer::Lost.mark();
            Command::Refuse { mark, alias: Some(alias), id: None, refusal }
        }
        "join" => attend(true),
        "leave" => attend(false),
        "presence" => {
            Command::Who { mark: Mark::new(&format!("{WHO}{identifier}")), within: Some(alias), room }
        }
        "whisper" => {
            let whisper = whisper(fields.data, limits)?;
            Command::Whisper { mark: Mark::default(), within: Some(alias), room, whisper }
        }
        _ => return Ok(None),
    }))
}

/// The identifier of a question for those who are there.
pub(in crate::action_cable) fn who_asks(mark: &Mark) -> Option<&str> {
    mark.as_str().strip_prefix(WHO)
}

/// Its name is its `event`, if it has one: so `{"event":"typing"}` means in every dialect what it says here.
fn whisper(data: Option<&RawValue>, limits: &DecodeLimits) -> Result<Whisper, Refusal> {
    let data = data.ok_or_else(|| Refusal::malformed("a whisper has `data`"))?.get();
    let name = name_within(data)?.unwrap_or(NAMELESS.into());
    limits.whisper(&name, data)
}

/// The name that a whisper gives itself.
///
/// # Errors
/// `malformed` if it gives itself two.
pub(super) fn name_within(data: &str) -> Result<Option<Cow<'_, str>>, Refusal> {
    let whispered = find::<Whispered<'_>>(data).unwrap_or_default();
    check_once(whispered.twice)?;
    Ok(whispered.event.and_then(text))
}

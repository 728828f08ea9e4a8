//! A message as a backend writes it: the data of the event that a message is.

use chat::{Body, ConnectionName, Refusal, RequestId, RoomId, User};
use serde_json::{Map, Value};

use crate::DecodeLimits;

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

/// Data that is no object is the message itself.
pub(super) fn publication(
    limits: &DecodeLimits,
    channel: &str,
    room: RoomId,
    data: &str,
    except: Option<ConnectionName>,
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
        except,
    })
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

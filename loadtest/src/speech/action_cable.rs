//! Action Cable, `actioncable-v1-json`, as Rails and AnyCable speak it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{Answers, Heard, RoomRef, Saying, Speech, Template, Terms, Text, Which, Who, json};

/// Action Cable.
#[derive(Debug)]
pub(crate) struct ActionCable {
    /// The identifier of a subscription: JSON, of which the server repeats every byte.
    pub(crate) identifier: Template,
    /// What the channel performs with a message.
    pub(crate) action: String,
    /// The field of the data that holds the text.
    pub(crate) field: String,
}

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    identifier: Option<Text<'a>>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    reason: Option<Text<'a>>,
}

#[derive(Serialize)]
struct Command<'a> {
    command: &'static str,
    identifier: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a str>,
}

impl ActionCable {
    /// The identifier of a room: a whole one as it is given, or that of a channel with the parameter `room`.
    pub(crate) fn identifier(channel: &str) -> Template {
        if channel.starts_with('{') {
            Template::new(channel)
        } else {
            Template::new(&format!(r#"{{"channel":{},"room":"{{room}}"}}"#, json(&channel)))
        }
    }
}

impl Speech for ActionCable {
    fn name(&self) -> &'static str {
        "action-cable"
    }

    fn terms(&self) -> Terms {
        Terms {
            positions: false,
            welcomes: true,
            answers_joins: true,
            answers: Answers::Echo,
            heartbeat: None,
            lines: false,
            origin: true,
        }
    }

    fn subprotocols(&self, _: &str) -> Vec<String> {
        vec!["actioncable-v1-json".to_owned(), "actioncable-unsupported".to_owned()]
    }

    fn join(&self, _: &Who<'_>, room: RoomRef<'_>, _: Option<(u64, &str)>) -> Option<String> {
        let identifier = self.identifier.fill(room.name);
        Some(json(&Command { command: "subscribe", identifier, data: None }))
    }

    fn send(&self, _: &Who<'_>, room: &str, message: &Saying<'_>) -> String {
        let mut data = Map::new();
        data.insert(self.field.clone(), Value::from(message.body));
        data.insert("action".to_owned(), Value::from(self.action.as_str()));
        let identifier = self.identifier.fill(room);
        json(&Command { command: "message", identifier, data: Some(&json(&data)) })
    }

    fn hear<'a>(&self, frame: &'a str) -> Heard<'a> {
        let Ok(fields) = serde_json::from_str::<Fields<'a>>(frame) else { return Heard::Unreadable };
        let room = fields.identifier.as_ref().and_then(|identifier| identifier.room(&self.identifier));
        match (fields.kind.as_ref().map(|Text(kind)| &**kind), room) {
            (Some("welcome"), _) => Heard::Welcome { ping_s: None, sends_per_s: None, connection: None },
            (Some("confirm_subscription"), Some(room)) => Heard::LetIn { room: Which::Name(room) },
            (Some("reject_subscription"), Some(room)) => Heard::NotLetIn {
                room: Which::Name(room),
                why: Cow::Borrowed("the subscription was rejected"),
            },
            (Some("disconnect"), _) => {
                let code = fields.reason.map_or(Cow::Borrowed("disconnect"), |Text(reason)| reason);
                Heard::Bye { code, retry_ms: None }
            }
            (None, room @ Some(_)) => {
                fields.message.map_or(Heard::Unreadable, |text| Heard::Said { room, text: text.get().into() })
            }
            _ => Heard::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOBODY: Who<'_> = Who { user: "", token: "", connection: "" };
    const ID: &str = r#"{\"channel\":\"RoomChannel\",\"room\":\"42\"}"#;

    fn cable() -> ActionCable {
        let identifier = ActionCable::identifier("RoomChannel");
        ActionCable { identifier, action: "speak".into(), field: "message".into() }
    }

    #[test]
    fn we_say_what_the_npm_client_says() {
        let join = cable().join(&NOBODY, RoomRef { number: 3, name: "42" }, None);
        assert_eq!(join, Some(format!(r#"{{"command":"subscribe","identifier":"{ID}"}}"#)));
        let send = cable().send(&NOBODY, "42", &Saying { number: 5, id: "r-5", body: "hi" });
        let data = r#"{\"action\":\"speak\",\"message\":\"hi\"}"#;
        assert_eq!(send, format!(r#"{{"command":"message","identifier":"{ID}","data":"{data}"}}"#));
        let whole = ActionCable::identifier(r#"{"channel":"C","id":{room}}"#);
        assert_eq!(whole.fill("42"), r#"{"channel":"C","id":42}"#);
    }

    #[test]
    fn we_understand_what_the_server_says() {
        let name = || Which::Name("42".into());
        for (frame, heard) in [
            (
                r#"{"type":"welcome"}"#.to_owned(),
                Heard::Welcome { ping_s: None, sends_per_s: None, connection: None },
            ),
            (r#"{"type":"ping","message":1795149521}"#.to_owned(), Heard::Other),
            (
                format!(r#"{{"identifier":"{ID}","type":"confirm_subscription"}}"#),
                Heard::LetIn { room: name() },
            ),
            (
                format!(r#"{{"identifier":"{ID}","type":"reject_subscription"}}"#),
                Heard::NotLetIn { room: name(), why: "the subscription was rejected".into() },
            ),
            (
                format!(r#"{{"identifier":"{ID}","message":{{"message":"hi"}}}}"#),
                Heard::Said { room: Some("42".into()), text: r#"{"message":"hi"}"#.into() },
            ),
            (
                r#"{"type":"disconnect","reason":"unauthorized","reconnect":false}"#.to_owned(),
                Heard::Bye { code: "unauthorized".into(), retry_ms: None },
            ),
            ("[]".to_owned(), Heard::Unreadable),
        ] {
            assert_eq!(cable().hear(&frame), heard, "{frame}");
        }
    }
}

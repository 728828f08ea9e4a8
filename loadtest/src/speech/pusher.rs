//! Pusher Channels, protocol 7: client events on private channels, for which we sign ourselves.

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::{Answers, Heard, RoomRef, Saying, Speech, Template, Terms, Text, Which, Who};

/// Pusher Channels.
#[derive(Debug)]
pub(crate) struct Pusher {
    pub(crate) channel: Template,
    /// What a message is triggered as: `client-` and a name.
    pub(crate) event: String,
    /// The field of the data that holds the text.
    pub(crate) field: String,
    /// The application, for channels that want to be signed for.
    pub(crate) app: Option<App>,
}

/// An application's key and secret.
pub(crate) struct App {
    pub(crate) key: String,
    pub(crate) secret: String,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("key", &self.key).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow)]
    event: Text<'a>,
    #[serde(borrow)]
    channel: Option<Text<'a>>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Established {
    socket_id: String,
    activity_timeout: Option<u64>,
}

impl App {
    /// `KEY:` and the HMAC of the connection and the channel.
    fn sign(&self, connection: &str, channel: &str) -> String {
        let key = EncodingKey::from_secret(self.secret.as_bytes());
        // Only a key of another kind could fail.
        let signature = crypto::sign(format!("{connection}:{channel}").as_bytes(), &key, Algorithm::HS256);
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature.unwrap_or_default()).unwrap_or_default();
        let hex: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}:{hex}", self.key)
    }
}

impl Speech for Pusher {
    fn name(&self) -> &'static str {
        "pusher"
    }

    fn terms(&self) -> Terms {
        Terms {
            positions: false,
            welcomes: true,
            answers_joins: true,
            answers: Answers::Never,
            heartbeat: None,
            lines: false,
            origin: false,
        }
    }

    fn join(&self, who: &Who<'_>, room: RoomRef<'_>, _: Option<(u64, &str)>) -> Option<String> {
        let channel = self.channel.fill(room.name);
        let auth = self.app.as_ref().map(|app| app.sign(who.connection, &channel)).unwrap_or_default();
        Some(json!({ "event": "pusher:subscribe", "data": { "channel": channel, "auth": auth } }).to_string())
    }

    fn send(&self, _: &Who<'_>, room: &str, message: &Saying<'_>) -> String {
        let (event, channel) = (&self.event, self.channel.fill(room));
        json!({ "event": event, "channel": channel, "data": { &self.field: message.body } }).to_string()
    }

    fn ping(&self) -> Option<String> {
        Some(json!({ "event": "pusher:ping", "data": {} }).to_string())
    }

    fn pong(&self) -> Option<String> {
        Some(json!({ "event": "pusher:pong", "data": {} }).to_string())
    }

    fn hear<'a>(&self, frame: &'a str) -> Heard<'a> {
        let Ok(fields) = serde_json::from_str::<Fields<'a>>(frame) else { return Heard::Unreadable };
        let room = fields.channel.as_ref().and_then(|channel| channel.room(&self.channel));
        let data = || Cow::Borrowed(fields.data.map_or("", RawValue::get));
        match (&*fields.event.0, room) {
            ("pusher:connection_established", _) => established(fields.data).unwrap_or(Heard::Unreadable),
            ("pusher:ping", _) => Heard::Ping,
            ("pusher:error", _) => Heard::Bye { code: data(), retry_ms: None },
            ("pusher_internal:subscription_succeeded", Some(room)) => {
                Heard::LetIn { room: Which::Name(room) }
            }
            ("pusher:subscription_error", Some(room)) => {
                Heard::NotLetIn { room: Which::Name(room), why: data() }
            }
            (event, room @ Some(_)) if !event.starts_with("pusher") => Heard::Said { room, text: data() },
            _ => Heard::Other,
        }
    }
}

/// The data of a server's own events are JSON in a text; some servers leave the text away.
fn established<'a>(data: Option<&RawValue>) -> Option<Heard<'a>> {
    let json = data?.get();
    let inside: Cow<'_, str> = serde_json::from_str(json).map_or(Cow::Borrowed(json), Cow::Owned);
    let Established { socket_id, activity_timeout } = serde_json::from_str(&inside).ok()?;
    Some(Heard::Welcome { ping_s: activity_timeout, sends_per_s: None, connection: Some(socket_id.into()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHO: Who<'_> = Who { user: "", token: "", connection: "1234.1234" };

    fn pusher() -> Pusher {
        let app = App { key: "278d425bdf160c739803".into(), secret: "7ad3773142a6692b25b8".into() };
        let channel = Template::new("private-{room}");
        Pusher { channel, event: "client-message".into(), field: "message".into(), app: Some(app) }
    }

    #[test]
    fn we_say_what_the_npm_client_says_and_sign_as_the_documentation_does() {
        let join = pusher().join(&WHO, RoomRef { number: 3, name: "foobar" }, None).unwrap();
        let join: serde_json::Value = serde_json::from_str(&join).unwrap();
        let auth = "278d425bdf160c739803:58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4";
        let data = json!({ "channel": "private-foobar", "auth": auth });
        assert_eq!(join, json!({ "event": "pusher:subscribe", "data": data }));
        let send = pusher().send(&WHO, "42", &Saying { number: 5, id: "r-5", body: "hi" });
        let expected = r#"{"channel":"private-42","data":{"message":"hi"},"event":"client-message"}"#;
        assert_eq!(send, expected);
    }

    #[test]
    fn we_understand_what_the_server_says() {
        for (frame, heard) in [
            (
                r#"{"event":"pusher:connection_established","data":"{\"socket_id\":\"1.2\",\"activity_timeout\":120}"}"#,
                Heard::Welcome { ping_s: Some(120), sends_per_s: None, connection: Some("1.2".into()) },
            ),
            (r#"{"event":"pusher:ping","data":"{}"}"#, Heard::Ping),
            (
                r#"{"event":"pusher_internal:subscription_succeeded","channel":"private-42","data":"{}"}"#,
                Heard::LetIn { room: Which::Name("42".into()) },
            ),
            (
                r#"{"event":"client-message","channel":"private-42","data":{"message":"hi"}}"#,
                Heard::Said { room: Some("42".into()), text: r#"{"message":"hi"}"#.into() },
            ),
            (r#"{"event":"pusher_internal:member_added","channel":"private-42","data":"{}"}"#, Heard::Other),
            (
                r#"{"event":"pusher:error","data":{"code":4009,"message":"no"}}"#,
                Heard::Bye { code: r#"{"code":4009,"message":"no"}"#.into(), retry_ms: None },
            ),
            ("[]", Heard::Unreadable),
        ] {
            assert_eq!(pusher().hear(frame), heard, "{frame}");
        }
    }
}

//! Pusher Channels, protocol 7: client events on private channels, for which we sign ourselves.

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde::{Deserialize, Serialize};
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
    /// Whether it is signed who a client is, too, and not only that it may enter.
    pub(crate) signs_users: bool,
    /// True if the server sends a message to whom it came from, too.
    pub(crate) echoes: bool,
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

/// What a client says when it enters a channel.
#[derive(Serialize)]
struct Entry<'a> {
    channel: &'a str,
    auth: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel_data: Option<&'a str>,
}

impl App {
    /// `KEY:` and the HMAC of the connection, the channel, and what is said of the user.
    fn sign(&self, connection: &str, channel: &str, channel_data: Option<&str>) -> String {
        let key = EncodingKey::from_secret(self.secret.as_bytes());
        let data = channel_data.map(|data| format!(":{data}")).unwrap_or_default();
        let signed = format!("{connection}:{channel}{data}");
        // Only a key of another kind could fail.
        let signature = crypto::sign(signed.as_bytes(), &key, Algorithm::HS256);
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
            answers: if self.echoes { Answers::Echo } else { Answers::Never },
            heartbeat: None,
            lines: false,
            origin: false,
        }
    }

    fn join(&self, who: &Who<'_>, room: RoomRef<'_>, _: Option<(u64, &str)>) -> Option<String> {
        let channel = &*self.channel.fill(room.name);
        let names_user = self.signs_users || channel.starts_with("presence-");
        let user = json!({ "user_id": who.user, "user_info": { "name": who.user } }).to_string();
        let channel_data = names_user.then_some(&*user);
        let sign = |app: &App| app.sign(who.connection, channel, channel_data);
        let auth = &*self.app.as_ref().map(sign).unwrap_or_default();
        let entry = Entry { channel, auth, channel_data };
        Some(json!({ "event": "pusher:subscribe", "data": entry }).to_string())
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

    /// The application of Pusher's own documentation.
    fn pusher() -> Pusher {
        let app = App { key: "278d425bdf160c739803".into(), secret: "7ad3773142a6692b25b8".into() };
        Pusher {
            channel: Template::new("private-{room}"),
            event: "client-message".into(),
            field: "message".into(),
            app: Some(app),
            signs_users: false,
            echoes: false,
        }
    }

    fn joins(pusher: &Pusher, room: &str) -> serde_json::Value {
        let who = Who { user: "ana", ..WHO };
        let join = pusher.join(&who, RoomRef { number: 3, name: room }, None).unwrap();
        serde_json::from_str(&join).unwrap()
    }

    #[test]
    fn we_say_what_the_npm_client_says_and_sign_as_the_documentation_does() {
        let auth = "278d425bdf160c739803:58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4";
        let data = json!({ "channel": "private-foobar", "auth": auth });
        assert_eq!(joins(&pusher(), "foobar"), json!({ "event": "pusher:subscribe", "data": data }));
        let send = pusher().send(&WHO, "42", &Saying { number: 5, id: "r-5", body: "hi" });
        let expected = r#"{"channel":"private-42","data":{"message":"hi"},"event":"client-message"}"#;
        assert_eq!(send, expected);
    }

    #[test]
    fn a_client_is_named_where_users_are_signed_for_and_in_every_presence_channel() {
        let data = r#"{"user_id":"ana","user_info":{"name":"ana"}}"#;
        // Each by `printf %s SOCKET:CHANNEL:DATA | openssl dgst -sha256 -hmac SECRET`.
        let private = "db265fa82795a71e145ce02aaa9756a6a1aeda48189b02fb1dbb59e4e03d5935";
        let presence = "03f9e6083bc720c6809bef31e64cfc9af90461400b170eb7e453c2874a4976d5";
        let users = Pusher { signs_users: true, ..pusher() };
        let all = Pusher { channel: Template::new("presence-{room}"), ..pusher() };
        for (pusher, channel, signature) in
            [(users, "private-foobar", private), (all, "presence-foobar", presence)]
        {
            let auth = format!("278d425bdf160c739803:{signature}");
            let data = json!({ "channel": channel, "auth": auth, "channel_data": data });
            assert_eq!(joins(&pusher, "foobar"), json!({ "event": "pusher:subscribe", "data": data }));
        }
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

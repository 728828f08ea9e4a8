//! Any server that takes texts and gives them to others: what is sent is made from templates, what comes back is
//! searched for the stamps.

use super::{Answers, Heard, RoomRef, Saying, Speech, Terms, Who};

/// Templates with `{room}`, `{user}`, `{token}`, and for messages `{id}` and `{body}`.
#[derive(Debug, Default)]
pub(crate) struct Plain {
    pub(crate) on_connect: Option<String>,
    pub(crate) on_join: Option<String>,
    pub(crate) on_send: String,
    /// What the text begins with that says that a connection is ready, if the server says so.
    pub(crate) welcome: Option<String>,
    /// A text that asks for a sign of life, and the one that gives it.
    pub(crate) ping_pong: Option<(String, String)>,
    /// False if the server does not send a message to whom it came from.
    pub(crate) echoes: bool,
}

fn fill(template: &str, who: &Who<'_>, room: &str) -> String {
    template.replace("{room}", room).replace("{user}", who.user).replace("{token}", who.token)
}

impl Speech for Plain {
    fn name(&self) -> &'static str {
        "plain"
    }

    fn terms(&self) -> Terms {
        Terms {
            positions: false,
            welcomes: self.welcome.is_some(),
            answers_joins: false,
            answers: if self.echoes { Answers::Echo } else { Answers::Never },
            heartbeat: None,
            lines: false,
            origin: true,
        }
    }

    /// Where a room is joined by name. Else a connection is where its address or its greeting has brought it.
    fn many_rooms(&self) -> bool {
        self.on_join.as_ref().is_some_and(|join| join.contains("{room}"))
    }

    fn greet(&self, who: &Who<'_>) -> Option<String> {
        self.on_connect.as_ref().map(|template| fill(template, who, ""))
    }

    fn join(&self, who: &Who<'_>, room: RoomRef<'_>, _: Option<(u64, &str)>) -> Option<String> {
        self.on_join.as_ref().map(|template| fill(template, who, room.name))
    }

    fn send(&self, who: &Who<'_>, room: &str, message: &Saying<'_>) -> String {
        fill(&self.on_send, who, room).replace("{id}", message.id).replace("{body}", message.body)
    }

    fn pong(&self) -> Option<String> {
        self.ping_pong.as_ref().map(|(_, pong)| pong.clone())
    }

    fn hear<'a>(&self, frame: &'a str) -> Heard<'a> {
        if self.ping_pong.as_ref().is_some_and(|(ping, _)| ping == frame) {
            return Heard::Ping;
        }
        if self.welcome.as_ref().is_some_and(|welcome| frame.starts_with(welcome)) {
            return Heard::Welcome { ping_s: None, sends_per_s: None, connection: None };
        }
        Heard::Said { room: None, text: frame.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_filled() {
        let who = Who { user: "ana", token: "t", connection: "" };
        let plain = Plain {
            on_connect: Some("HELLO {user} {token}".into()),
            on_join: None,
            on_send: r#"{"to":"{room}","id":"{id}","text":"{body}"}"#.into(),
            welcome: Some("40".into()),
            ping_pong: Some(("2".into(), "3".into())),
            echoes: true,
        };
        assert_eq!(plain.greet(&who).as_deref(), Some("HELLO ana t"));
        assert_eq!(plain.join(&who, RoomRef { number: 0, name: "r" }, None), None);
        let said = plain.send(&who, "r", &Saying { number: 5, id: "x-5", body: "hi" });
        assert_eq!(said, r#"{"to":"r","id":"x-5","text":"hi"}"#);
        assert_eq!((plain.hear("2"), plain.pong().as_deref()), (Heard::Ping, Some("3")));
        let welcome = Heard::Welcome { ping_s: None, sends_per_s: None, connection: None };
        assert_eq!(plain.hear(r#"40{"sid":"x"}"#), welcome);
        assert_eq!(plain.hear("abc"), Heard::Said { room: None, text: "abc".into() });
    }
}

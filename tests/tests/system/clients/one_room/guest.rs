//! Somebody with another system's library, whichever it is: told in one way what to do, and asked in one way what its
//! application was called with.

use std::path::Path;

use serde_json::{Value, json};
use town::{Line, Token, Town};

use super::super::page::{Page, libraries};
use super::ROOM;

/// A library that somebody comes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Library {
    ActionCable,
    AnyCable,
    Phoenix,
    Pusher,
}

/// Somebody who has come into the room.
pub(super) struct Guest {
    library: Library,
    page: Page,
    /// The gateway that it is at.
    at: usize,
    /// How often it has come into the room.
    comings: usize,
}

/// What an application was shown: the place of a message, and its text.
pub(super) type Shown = (u64, String);

/// A page of each library, each at the next gateway; `None`, and a word about it, if they are not installed.
pub(super) async fn everybody(town: &Town, lines: &[Line]) -> Option<Vec<Guest>> {
    let libraries = libraries()?;
    let all = [Library::ActionCable, Library::AnyCable, Library::Phoenix, Library::Pusher];
    let mut guests = Vec::new();
    for (number, library) in all.into_iter().enumerate() {
        guests.push(Guest::enters(town, &libraries, lines, library, number % lines.len()).await);
    }
    Some(guests)
}

impl Library {
    /// Also its user.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ActionCable => "action-cable",
            Self::AnyCable => "any-cable",
            Self::Phoenix => "phoenix",
            Self::Pusher => "pusher",
        }
    }

    /// Whether it goes on where it was cut off.
    pub(super) fn resumes(self) -> bool {
        matches!(self, Self::AnyCable | Self::Phoenix)
    }

    fn script(self) -> &'static str {
        match self {
            Self::ActionCable => "action_cable.js",
            Self::AnyCable => "anycable.js",
            Self::Phoenix => "phoenix.js",
            Self::Pusher => "pusher.js",
        }
    }

    /// What its page calls the membership.
    fn membership(self) -> String {
        if self == Self::Pusher { format!("private-room-{ROOM}") } else { "room".to_owned() }
    }

    /// What its application is called with when it has come into the room.
    fn came(self) -> &'static str {
        match self {
            Self::ActionCable => "connected",
            Self::AnyCable => "connect",
            Self::Phoenix => "ok",
            Self::Pusher => "pusher:subscription_succeeded",
        }
    }

    /// What its application is called with for a message.
    fn heard(self) -> &'static str {
        match self {
            Self::ActionCable => "received",
            Self::AnyCable | Self::Phoenix => "message",
            Self::Pusher => "new_message",
        }
    }

    /// Where the text of a message stands.
    fn text(self) -> &'static str {
        if self == Self::Phoenix { "content" } else { "message" }
    }

    /// Where it connects to, over this line.
    fn url(self, line: &Line) -> String {
        let at = line.address();
        match self {
            Self::ActionCable => format!("ws://{at}/cable?token={}", self.token()),
            Self::AnyCable => format!("ws://{at}/cable"),
            Self::Phoenix => format!("ws://{at}/socket"),
            Self::Pusher => format!("ws://{at}"),
        }
    }

    fn token(self) -> String {
        Token::of(self.name()).sign()
    }

    /// What its page does to connect. Pages of Pusher ask for their signatures past the line.
    fn connect(self, town: &Town, line: &Line, gateway: usize) -> Value {
        let (url, token, at) = (self.url(line), self.token(), line.address());
        match self {
            Self::ActionCable => json!({ "do": "connect", "url": url }),
            Self::AnyCable => json!({ "do": "connect", "url": url, "token": token }),
            Self::Phoenix => json!({ "do": "connect", "url": url, "params": { "token": token } }),
            Self::Pusher => json!({
                "do": "connect",
                "key": "town",
                "host": at.ip().to_string(),
                "port": at.port(),
                "authorize": format!("http://{}/pusher/auth", town.gateways[gateway].listen()),
                "token": token,
            }),
        }
    }

    /// What its page does to come into the room.
    fn enter(self) -> Value {
        let name = self.membership();
        match self {
            Self::ActionCable => {
                json!({ "do": "subscribe", "as": name, "params": { "channel": "RoomChannel", "room": ROOM } })
            }
            Self::AnyCable => json!({ "do": "subscribe", "as": name, "params": { "room": ROOM } }),
            Self::Phoenix => {
                json!({ "do": "join", "as": name, "topic": format!("room:{ROOM}"), "resumes": true })
            }
            Self::Pusher => json!({ "do": "subscribe", "channel": name }),
        }
    }

    /// What its page does to say something.
    fn say(self, text: &str) -> Value {
        let (name, data) = (self.membership(), json!({ "message": text }));
        match self {
            Self::ActionCable | Self::AnyCable => {
                json!({ "do": "perform", "as": name, "action": "speak", "data": data })
            }
            Self::Phoenix => json!({ "do": "push", "as": name, "event": "message:add", "payload": data }),
            Self::Pusher => {
                json!({ "do": "trigger", "channel": name, "event": "client-message", "data": data })
            }
        }
    }

    fn is_called(self, event: &Value, callback: &str) -> bool {
        event["on"] == callback && event["as"] == self.membership()
    }

    fn shown(self, event: &Value) -> Option<Shown> {
        let message = &event["data"];
        let text = || message[self.text()].as_str().unwrap_or_default().to_owned();
        self.is_called(event, self.heard()).then(|| (message["seq"].as_u64().unwrap_or_default(), text()))
    }
}

impl Guest {
    async fn enters(town: &Town, libraries: &Path, lines: &[Line], library: Library, gateway: usize) -> Self {
        let page = Page::open(town, libraries, library.script(), library.name());
        page.does(&library.connect(town, &lines[gateway], gateway));
        page.does(&library.enter());
        let guest = Self { library, page, at: gateway, comings: 1 };
        guest.is_called(library.came(), 1).await;
        guest
    }

    pub(super) fn library(&self) -> Library {
        self.library
    }

    pub(super) fn says(&self, text: &str) {
        self.page.does(&self.library.say(text));
    }

    /// Its line was cut: the next connection is to be to the next gateway, if the library knows of more than one address.
    pub(super) fn moves(&mut self, lines: &[Line]) {
        if self.library == Library::Pusher {
            return;
        }
        self.at = (self.at + 1) % lines.len();
        self.page.does(&json!({ "do": "moves", "url": self.library.url(&lines[self.at]) }));
    }

    /// The gateway that it is at.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Waits until it has come into the room once more, after its connection was cut.
    pub(super) async fn comes_back(&mut self) {
        if self.library == Library::ActionCable {
            // It would wait for six seconds and more, if nobody looked at the page.
            self.is_called("disconnected", self.comings).await;
            self.page.does(&json!({ "do": "look" }));
        }
        self.comings += 1;
        self.is_called(self.library.came(), self.comings).await;
    }

    async fn is_called(&self, callback: &str, times: usize) {
        let is_ours = |event: &&Value| self.library.is_called(event, callback);
        let what = format!("{callback} for the {times}th time");
        self.page.shows(&what, |events| (events.iter().filter(is_ours).count() >= times).then_some(())).await;
    }

    /// Waits until it was shown this place.
    pub(super) async fn reaches(&self, seq: u64) {
        let last = |events: &[Value]| events.iter().rev().find_map(|event| self.library.shown(event));
        let is_there = |events: &[Value]| last(events).filter(|(at, _)| *at >= seq).map(drop);
        self.page.shows(&format!("message {seq}"), is_there).await;
    }

    /// What its application was shown, in order.
    pub(super) fn shown(&self) -> Vec<Shown> {
        self.page.look(|events| events.iter().filter_map(|event| self.library.shown(event)).collect())
    }

    /// The same, a list for each time that it has come into the room.
    pub(super) fn stretches(&self) -> Vec<Vec<Shown>> {
        let mut stretches = Vec::new();
        self.page.look(|events| {
            for event in events {
                if self.library.is_called(event, self.library.came()) {
                    stretches.push(Vec::new());
                }
                if let Some(shown) = self.library.shown(event) {
                    stretches.last_mut().expect("nobody is shown anything outside of the room").push(shown);
                }
            }
        });
        stretches
    }
}

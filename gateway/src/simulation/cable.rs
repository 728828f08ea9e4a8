//! A page with the library of Action Cable, or with AnyCable's. It asks for its subscriptions until it is answered, and
//! again whenever it has come back; nothing that it says is acknowledged. It checks what it is shown as it is shown it: on
//! each subscription everything that was stored since the confirmation, once and in order, until the connection ends; with
//! AnyCable's everything since its last position, however often it was cut off, unless it is told that this is lost.

use chat::{RequestId, RoomId, User};
use serde::Deserialize;
use serde_json::json;

use super::resident::Rules;
use super::shard::Mail;
use super::store::{REFUSED, Store, number};

pub(super) struct Cable {
    pub(super) user: User,
    pub(super) token: String,
    /// Where it is connected: the gateway and the shard.
    pub(super) place: Option<(usize, usize)>,
    /// Whether it has AnyCable's library, which knows where it was.
    pub(super) extended: bool,
    pub(super) subscriptions: Vec<Subscription>,
    said: u32,
}

/// A subscription, open or not: two for each room, of different spellings.
pub(super) struct Subscription {
    identifier: String,
    pub(super) room: RoomId,
    /// Whether it wants to be inside.
    pub(super) wanted: bool,
    stay: Stay,
    /// The last position, which it keeps when it is cut off.
    position: Option<(u32, u64)>,
    /// It has asked for what follows its position, and was not told yet what becomes of that.
    awaits_history: bool,
}

/// How it stands to a room on this connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stay {
    Outside,
    /// It has asked, perhaps more than once.
    Asked,
    /// It was confirmed when the store stood there, and was shown nothing yet.
    Confirmed {
        epoch: u32,
        head: u64,
    },
    /// This is what it was shown last.
    Shown {
        epoch: u32,
        seq: u64,
    },
}

/// A frame of the session.
#[derive(Deserialize)]
struct Said {
    r#type: Option<String>,
    identifier: Option<String>,
    reconnect: Option<bool>,
    message: Option<NotSent>,
}

/// That something which it said was not taken.
#[derive(Deserialize)]
struct NotSent {
    error: Failure,
    client_id: String,
}

#[derive(Deserialize)]
struct Failure {
    code: String,
}

impl Cable {
    /// Every other one has AnyCable's library.
    pub(super) fn new(number: usize, rooms: &[RoomId], token: impl Fn(&User) -> String) -> Self {
        let user = User::parse(&format!("c{number}"), None).expect("a name");
        let subscriptions = rooms.iter().flat_map(|room| {
            let name = room.as_str();
            let spellings = [
                format!(r#"{{"channel":"RoomChannel","room":"{name}"}}"#),
                format!(r#"{{"room_id":"{name}","channel":"RoomChannel"}}"#),
            ];
            spellings.map(|identifier| Subscription {
                identifier,
                room: room.clone(),
                wanted: true,
                stay: Stay::Outside,
                position: None,
                awaits_history: false,
            })
        });
        Self {
            token: token(&user),
            user,
            place: None,
            extended: number.is_multiple_of(2),
            subscriptions: subscriptions.collect(),
            said: 0,
        }
    }

    /// Asks for what it wants and was not told that it has: again and again, as the library does. AnyCable's asks for one
    /// after the other (`concurrentSubscribes: false`), as a connection ends where one of them cannot be had: in towns
    /// whose queues are no longer than what a page asks for, it would never have them all.
    pub(super) fn subscribes(&mut self) -> Vec<String> {
        if self.extended && self.subscriptions.iter().any(|subscription| subscription.stay == Stay::Asked) {
            return Vec::new();
        }
        let missing = |subscription: &&mut Subscription| {
            subscription.wanted && matches!(subscription.stay, Stay::Outside | Stay::Asked)
        };
        let extended = self.extended;
        let asks = |subscription: &mut Subscription| {
            subscription.stay = Stay::Asked;
            subscription.awaits_history = extended && subscription.position.is_some();
            subscription.subscribes(extended)
        };
        let at_once = if extended { 1 } else { usize::MAX };
        self.subscriptions.iter_mut().filter(missing).take(at_once).map(asks).collect()
    }

    /// Asks for what it has, as a second subscription of the same page does.
    pub(super) fn subscribes_again(&self, at: usize) -> Option<String> {
        let subscription = &self.subscriptions[at];
        let has = matches!(subscription.stay, Stay::Confirmed { .. } | Stay::Shown { .. });
        has.then(|| subscription.command("subscribe"))
    }

    /// The frame in which it leaves a subscription; [`Self::has_left`] once that was heard.
    pub(super) fn unsubscribes(&self, at: usize) -> String {
        self.subscriptions[at].command("unsubscribe")
    }

    pub(super) fn has_left(&mut self, at: usize) {
        self.subscriptions[at].wanted = false;
        self.subscriptions[at].leave();
    }

    /// Says something in a subscription, if that was confirmed.
    pub(super) fn speaks(&mut self, at: usize, refused: bool) -> Option<String> {
        let subscription = &self.subscriptions[at];
        if matches!(subscription.stay, Stay::Outside | Stay::Asked) {
            return None;
        }
        self.said += 1;
        let id = format!("{}-{}", self.user.id.as_str(), self.said);
        let text = if refused { REFUSED } else { "hi" };
        let data = json!({"action": "speak", "message": text, "client_id": id}).to_string();
        Some(json!({"command": "message", "identifier": subscription.identifier, "data": data}).to_string())
    }

    pub(super) fn lose_connection(&mut self) {
        self.place = None;
        self.subscriptions.iter_mut().for_each(Subscription::leave);
    }

    pub(super) fn receive(&mut self, mail: Mail, store: &Store, town: &Rules) {
        match mail {
            Mail::Words(words) => self.hear(&words, store, town),
            Mail::Events { alias, epoch, events, .. } => {
                let epoch = number(epoch.as_str());
                events.iter().for_each(|event| self.see(alias.as_str(), epoch, event, store));
            }
            Mail::Closed => self.lose_connection(),
        }
    }

    fn hear(&mut self, words: &str, store: &Store, town: &Rules) {
        let said: Said = serde_json::from_str(words).expect("a frame");
        match (said.r#type.as_deref(), said.identifier, said.message) {
            (Some("welcome"), None, None) => {}
            (Some("disconnect"), None, None) => {
                assert_eq!(said.reconnect, Some(true), "{} is sent away for good: {words}", self.user.id);
            }
            (Some("confirm_subscription"), Some(identifier), None) => self.confirmed(&identifier, store),
            (Some(told @ ("confirm_history" | "reject_history")), Some(identifier), None) => {
                let is_lost = told == "reject_history";
                assert!(!is_lost || !town.keeps_the_past, "the history is lost, and nothing was lost");
                self.subscription(&identifier).hear_of_history(is_lost, store);
            }
            (None, Some(identifier), Some(not_sent)) => self.refused(&identifier, &not_sent, store),
            _ => panic!("{} heard {words}", self.user.id),
        }
    }

    fn confirmed(&mut self, identifier: &str, store: &Store) {
        let subscription = self.subscription(identifier);
        assert_eq!(subscription.stay, Stay::Asked, "{identifier} is confirmed, and was not asked for");
        subscription.stay = match subscription.position {
            Some((epoch, seq)) if subscription.awaits_history => Stay::Shown { epoch, seq },
            _ => subscription.begins(store),
        };
    }

    /// What was refused for ever is not there; of the rest nobody knows.
    fn refused(&mut self, identifier: &str, not_sent: &NotSent, store: &Store) {
        let room = self.subscription(identifier).room.clone();
        let id = RequestId::parse(&not_sent.client_id).expect("an id");
        if not_sent.error.code != "unavailable" {
            assert!(!store.knows(&room, &self.user.id, &id), "{id:?} was refused and is there");
        }
    }

    fn see(&mut self, identifier: &str, epoch: u32, event: &chat::Event, store: &Store) {
        let user = self.user.id.clone();
        let subscription = self.subscription(identifier);
        let seq = event.seq.get();
        match subscription.stay {
            Stay::Outside | Stay::Asked => panic!("{user} is shown {seq} in {identifier}, where it is not"),
            Stay::Confirmed { epoch: of, head } => assert!(
                epoch != of || seq <= head + 1,
                "{user} is shown {seq} in {identifier} first, which was confirmed at {head}"
            ),
            Stay::Shown { epoch: of, seq: last } => assert_eq!(
                (epoch, seq),
                (of, last + 1),
                "{user} is shown another one in {identifier} than follows"
            ),
        }
        let stored = store.at(&subscription.room, epoch, seq).map(|stored| &stored.id);
        assert_eq!(stored, Some(&event.id), "{user} is shown what does not stand at {seq} in {identifier}");
        subscription.stay = Stay::Shown { epoch, seq };
        subscription.position = Some((epoch, seq));
    }

    /// The first subscription that has not shown all that there is.
    pub(super) fn unsettled(&self, store: &Store) -> Option<String> {
        self.subscriptions.iter().find_map(|subscription| {
            let now = (store.epoch(), store.head(&subscription.room));
            let at = match subscription.stay {
                Stay::Outside | Stay::Asked => None,
                Stay::Confirmed { epoch, head } => Some((epoch, head)),
                Stay::Shown { epoch, seq } => Some((epoch, seq)),
            };
            let (user, stay) = (&self.user.id, subscription.stay);
            (at != Some(now) || subscription.awaits_history)
                .then(|| format!("{user} is {stay:?} {}, not at {now:?}", subscription.identifier))
        })
    }

    fn subscription(&mut self, identifier: &str) -> &mut Subscription {
        let found = self.subscriptions.iter_mut().find(|known| known.identifier == identifier);
        found.unwrap_or_else(|| panic!("{identifier} is none of its own, to the byte"))
    }
}

impl Subscription {
    /// The frame in which it is asked for, with its position if the library knows one.
    fn subscribes(&self, extended: bool) -> String {
        let Some((epoch, offset)) = self.position.filter(|_| extended) else {
            return self.command("subscribe");
        };
        let stream = format!("room:{}", self.room.as_str());
        let history = json!({"streams": {stream: {"epoch": format!("e.{epoch}"), "offset": offset}}});
        json!({"command": "subscribe", "identifier": self.identifier, "history": history}).to_string()
    }

    fn begins(&self, store: &Store) -> Stay {
        Stay::Confirmed { epoch: store.epoch(), head: store.head(&self.room) }
    }

    fn leave(&mut self) {
        (self.stay, self.awaits_history) = (Stay::Outside, false);
    }

    /// It was shown what followed its position, or will be shown only what comes.
    fn hear_of_history(&mut self, is_lost: bool, store: &Store) {
        assert!(self.awaits_history, "it has not asked for the history of {}", self.identifier);
        self.awaits_history = false;
        if is_lost {
            let last = self.position.map(|(epoch, seq)| Stay::Shown { epoch, seq });
            assert_eq!(Some(self.stay), last, "a part of the history of {} was shown", self.identifier);
            (self.stay, self.position) = (self.begins(store), None);
        }
    }

    fn command(&self, command: &str) -> String {
        json!({"command": command, "identifier": self.identifier}).to_string()
    }
}

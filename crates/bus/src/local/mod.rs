//! The road inside one process: words are handed over as they are, through the users' own bounded queues.
//!
//! One [`LocalBus`] is shared by everybody in the process. It owns the table of who takes what and the
//! requests that wait; it has no task, and ends with its last user.

mod table;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::{mpsc, watch};

use self::table::{Table, Told};
use crate::waiting::Waiting;
use crate::{
    Answer, Ask, Asked, Bus, BusError, Door, Heard, Link, Listening, Note, Partition, Pending, ReplyRoute,
    ReplyTo, Subscribed, Topic, TraceParent,
};

/// The road inside one process. A queue that is full loses what comes: a request ends with
/// [`BusError::Full`], a note shows in [`Link::losses`].
#[derive(Debug)]
pub struct LocalBus {
    waiting: Arc<Waiting>,
    tables: Arc<Mutex<Tables>>,
    link: watch::Sender<Link>,
}

#[derive(Debug)]
struct Tables {
    last_number: u64,
    doors: Table<Door, Asked>,
    topics: Table<Topic, Heard>,
}

impl LocalBus {
    /// A road that is connected, with at most `requests_max` requests under way.
    #[must_use]
    pub fn new(requests_max: usize) -> Self {
        let tables = Tables { last_number: 0, doors: Table::new(), topics: Table::new() };
        Self {
            waiting: Waiting::new(requests_max, true),
            tables: Arc::new(Mutex::new(tables)),
            link: watch::Sender::new(Link { connected: true, losses: 0 }),
        }
    }

    /// For tests: cuts the road for everybody on it, as when the server of a real one goes away. Requests
    /// under way end with [`BusError::Cut`]; subscriptions stand, and hear nothing.
    pub fn cut(&self) {
        self.waiting.cut();
        self.link.send_modify(|link| link.connected = false);
    }

    /// For tests: ends a cut.
    pub fn restore(&self) {
        self.waiting.connect();
        self.link.send_if_modified(|link| {
            let was_cut = !link.connected;
            if was_cut {
                *link = Link { connected: true, losses: link.losses + 1 };
            }
            was_cut
        });
    }

    fn connected(&self) -> Result<(), BusError> {
        if self.link.borrow().connected { Ok(()) } else { Err(BusError::Cut) }
    }

    fn subscribe(&self, key: Key, add: impl FnOnce(&mut Tables, u64)) -> Listening {
        let mut tables = lock(&self.tables);
        tables.last_number += 1;
        let number = tables.last_number;
        add(&mut tables, number);
        Listening(Subscribed::Local(Registration { tables: Arc::clone(&self.tables), key, number }))
    }

    fn tell(&self, topic: &Topic, note: &Note, trace: Option<TraceParent>) {
        let told = lock(&self.tables).topics.tell_all(topic, || Heard { note: note.clone(), trace });
        if told.full > 0 {
            self.link.send_modify(|link| link.losses += 1);
        }
    }
}

#[async_trait]
impl Bus for LocalBus {
    async fn ask(&self, door: Door, ask: Ask, trace: Option<TraceParent>) -> Result<Pending, BusError> {
        let (number, pending) = self.waiting.enter()?;
        let reply_to = || ReplyTo(ReplyRoute::Local(number));
        let told = {
            let mut tables = lock(&self.tables);
            if door.is_shared() {
                tables.doors.tell_one(&door, || Asked { ask, trace, reply_to: reply_to() })
            } else {
                tables.doors.tell_all(&door, || Asked { ask: ask.clone(), trace, reply_to: reply_to() })
            }
        };
        match told {
            Told { taken: 0, full: 0 } => Err(BusError::NoResponder),
            Told { taken: 0, .. } => Err(BusError::Full),
            Told { .. } => Ok(pending),
        }
    }

    async fn serve(&self, door: Door, into: mpsc::Sender<Asked>) -> Result<Listening, BusError> {
        Ok(self.subscribe(Key::Door(door), |tables, number| tables.doors.add(door, number, into)))
    }

    async fn answer(&self, to: ReplyTo, answer: Answer) -> Result<(), BusError> {
        self.connected()?;
        if let ReplyRoute::Local(number) = to.0 {
            self.waiting.end(number, Ok(answer));
        }
        Ok(())
    }

    async fn publish(&self, note: Note, trace: Option<TraceParent>) -> Result<(), BusError> {
        self.connected()?;
        match &note {
            Note::Events(events) => {
                self.tell(&Topic::Rooms(Partition::of(&events.room)), &note, trace);
                self.tell(&Topic::Room(events.room.clone()), &note, trace);
            }
            Note::Heads(partition, _) => self.tell(&Topic::Heads(*partition), &note, trace),
            Note::Beat(_) => self.tell(&Topic::Beats, &note, trace),
            Note::Live(news) => self.tell(&Topic::Live(news.place.clone()), &note, trace),
            Note::Gateway(_) => self.tell(&Topic::Gateways, &note, trace),
        }
        Ok(())
    }

    async fn listen(&self, topic: Topic, into: mpsc::Sender<Heard>) -> Result<Listening, BusError> {
        let key = Key::Topic(topic.clone());
        Ok(self.subscribe(key, |tables, number| tables.topics.add(topic, number, into)))
    }

    fn system(&self) -> &'static str {
        "local"
    }

    fn link(&self) -> watch::Receiver<Link> {
        self.link.subscribe()
    }

    async fn settle(&self) -> Result<(), BusError> {
        self.connected()
    }
}

/// The place of one subscription in the tables; dropped, it is taken out.
#[derive(Debug)]
pub(crate) struct Registration {
    tables: Arc<Mutex<Tables>>,
    key: Key,
    number: u64,
}

#[derive(Debug)]
enum Key {
    Door(Door),
    Topic(Topic),
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut tables = lock(&self.tables);
        match &self.key {
            Key::Door(door) => tables.doors.remove(door, self.number),
            Key::Topic(topic) => tables.topics.remove(topic, self.number),
        }
    }
}

fn lock(tables: &Mutex<Tables>) -> MutexGuard<'_, Tables> {
    // No code that holds the lock can panic half-way through a change.
    tables.lock().unwrap_or_else(PoisonError::into_inner)
}

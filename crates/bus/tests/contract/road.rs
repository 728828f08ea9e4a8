//! A road under test, and those who are on it.

use std::sync::Arc;
use std::time::Duration;

use bus::{
    Answer, Ask, Asked, Bus, BusError, Door, Heard, Link, Listening, LocalBus, Note, Options, Pending, Topic,
    open,
};
use servers::Nats;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Nothing here takes this long unless it hangs.
pub(crate) const HANG: Duration = Duration::from_secs(20);

pub(crate) enum Road {
    Local(Arc<LocalBus>),
    Nats(Box<Nats>),
}

impl Road {
    pub(crate) fn local() -> Self {
        Self::Local(Arc::new(LocalBus::new(Options::default().requests_max)))
    }

    pub(crate) async fn nats() -> Self {
        Self::Nats(Box::new(Nats::start().await.unwrap()))
    }

    /// Somebody on the road: over NATS, with a connection of their own.
    pub(crate) async fn join(&self) -> Person {
        self.join_with(&Options::default()).await
    }

    /// The same, set up like this over NATS.
    pub(crate) async fn join_with(&self, options: &Options) -> Person {
        let bus = match self {
            Self::Local(bus) => Arc::clone(bus) as Arc<dyn Bus>,
            Self::Nats(nats) => open(&nats.url(), options).await.unwrap(),
        };
        let person = Person(bus);
        person.until(|link| link.connected).await;
        person
    }

    pub(crate) fn cut(&mut self) {
        match self {
            Self::Local(bus) => bus.cut(),
            Self::Nats(nats) => nats.kill9(),
        }
    }

    pub(crate) async fn restore(&mut self) {
        match self {
            Self::Local(bus) => bus.restore(),
            Self::Nats(nats) => nats.restart().await.unwrap(),
        }
    }
}

/// Somebody on the road.
pub(crate) struct Person(pub(crate) Arc<dyn Bus>);

impl Person {
    pub(crate) async fn until(&self, state: impl FnMut(&Link) -> bool) -> Link {
        let mut link = self.0.link();
        *timeout(HANG, link.wait_for(state)).await.expect("the link does not change").unwrap()
    }

    pub(crate) async fn serve(&self, door: Door) -> Served {
        let (into, asked) = mpsc::channel(4096);
        let listening = self.0.serve(door, into).await.unwrap();
        self.0.settle().await.unwrap();
        Served { asked, listening: Some(listening) }
    }

    pub(crate) async fn listen(&self, topic: Topic) -> Listened {
        self.listen_with(topic, 32_768).await
    }

    pub(crate) async fn listen_with(&self, topic: Topic, notes_max: usize) -> Listened {
        let (into, heard) = mpsc::channel(notes_max);
        let listening = self.0.listen(topic, into).await.unwrap();
        self.0.settle().await.unwrap();
        Listened { heard, listening: Some(listening) }
    }

    /// Asks, and waits for the answer.
    pub(crate) async fn ask(&self, door: Door, ask: Ask) -> Result<Answer, BusError> {
        timeout(HANG, async { self.0.ask(door, ask, None).await?.await }).await.expect("no answer")
    }

    pub(crate) async fn publish(&self, note: Note) {
        self.0.publish(note, None).await.unwrap();
    }

    /// Answers the requests of a door with the head that they ask for.
    pub(crate) fn answer_heads(&self, served: Served) {
        let bus = Arc::clone(&self.0);
        tokio::spawn(async move {
            let Served { mut asked, listening: _served } = served;
            while let Some(asked) = asked.recv().await {
                let Ask::Heads(rooms) = asked.ask else { panic!("{:?}", asked.ask) };
                let heads = rooms.iter().map(|room| crate::words::head(room.as_str(), 1)).collect();
                let _ = bus.answer(asked.reply_to, Answer::Heads(heads)).await;
            }
        });
    }
}

/// Waits for the answer.
pub(crate) async fn answered(pending: Pending) -> Result<Answer, BusError> {
    timeout(HANG, pending).await.expect("no answer")
}

/// A door that somebody serves.
pub(crate) struct Served {
    pub(crate) asked: mpsc::Receiver<Asked>,
    pub(crate) listening: Option<Listening>,
}

impl Served {
    pub(crate) async fn next(&mut self) -> Asked {
        timeout(HANG, self.asked.recv()).await.expect("nobody asks").unwrap()
    }
}

/// A topic that somebody listens to.
pub(crate) struct Listened {
    pub(crate) heard: mpsc::Receiver<Heard>,
    pub(crate) listening: Option<Listening>,
}

impl Listened {
    pub(crate) async fn next(&mut self) -> Note {
        self.next_traced().await.note
    }

    pub(crate) async fn next_traced(&mut self) -> Heard {
        timeout(HANG, self.heard.recv()).await.expect("nothing is heard").unwrap()
    }

    /// Everything up to a note that says `last`.
    pub(crate) async fn up_to(&mut self, last: &Note) -> Vec<Note> {
        let mut notes = Vec::new();
        loop {
            let note = self.next().await;
            if note == *last {
                return notes;
            }
            notes.push(note);
        }
    }
}

//! A road that takes its time, and remembers in which order a writer told and answered.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bus::{
    Answer, Ask, Asked, Bus, BusError, Door, Heard, Link, Listening, LocalBus, Note, Pending, ReplyTo, Topic,
    TraceParent,
};
use tokio::sync::{mpsc, watch};

/// What a writer has done, by seqs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Published(u64),
    Answered(u64),
}

/// The road.
pub(crate) struct Witness {
    bus: Arc<LocalBus>,
    deeds: Mutex<Vec<Deed>>,
}

impl Witness {
    pub(crate) fn new(bus: Arc<LocalBus>) -> Arc<Self> {
        Arc::new(Self { bus, deeds: Mutex::default() })
    }

    pub(crate) fn deeds(&self) -> Vec<Deed> {
        self.deeds.lock().unwrap().clone()
    }

    /// Lets everybody else go on: what is done at the same time gets in between.
    async fn dawdle() {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }
}

#[async_trait]
impl Bus for Witness {
    async fn ask(&self, door: Door, ask: Ask, trace: Option<TraceParent>) -> Result<Pending, BusError> {
        self.bus.ask(door, ask, trace).await
    }

    async fn serve(&self, door: Door, into: mpsc::Sender<Asked>) -> Result<Listening, BusError> {
        self.bus.serve(door, into).await
    }

    async fn answer(&self, to: ReplyTo, answer: Answer) -> Result<(), BusError> {
        if let Answer::Verdicts(verdicts) = &answer {
            let answered = verdicts.iter().flatten().map(|stored| Deed::Answered(stored.seq.get()));
            self.deeds.lock().unwrap().extend(answered);
        }
        self.bus.answer(to, answer).await
    }

    async fn publish(&self, note: Note, trace: Option<TraceParent>) -> Result<(), BusError> {
        Self::dawdle().await;
        if let Note::Events(events) = &note {
            let published = events.events.iter().map(|event| Deed::Published(event.seq.get()));
            self.deeds.lock().unwrap().extend(published);
        }
        self.bus.publish(note, trace).await
    }

    async fn listen(&self, topic: Topic, into: mpsc::Sender<Heard>) -> Result<Listening, BusError> {
        self.bus.listen(topic, into).await
    }

    fn link(&self) -> watch::Receiver<Link> {
        self.bus.link()
    }

    async fn settle(&self) -> Result<(), BusError> {
        self.bus.settle().await
    }
}

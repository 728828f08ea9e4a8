//! A road that takes its time, and remembers in which order a writer told and answered. It can also be a black hole.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
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
    /// Whether what a writer tells is lost without a word.
    pub(crate) swallows: AtomicBool,
    swallowed: AtomicUsize,
}

impl Witness {
    pub(crate) fn new(bus: Arc<LocalBus>) -> Arc<Self> {
        Arc::new(Self {
            bus,
            deeds: Mutex::default(),
            swallows: AtomicBool::new(false),
            swallowed: AtomicUsize::new(0),
        })
    }

    pub(crate) fn deeds(&self) -> Vec<Deed> {
        self.deeds.lock().unwrap().clone()
    }

    /// How many announcements of heads were lost.
    pub(crate) fn swallowed_heads(&self) -> usize {
        self.swallowed.load(Ordering::SeqCst)
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
        if self.swallows.load(Ordering::SeqCst) {
            self.swallowed.fetch_add(usize::from(matches!(note, Note::Heads(..))), Ordering::SeqCst);
            return Ok(());
        }
        if let Note::Events(events) = &note {
            let published = events.events.iter().map(|event| Deed::Published(event.seq.get()));
            self.deeds.lock().unwrap().extend(published);
        }
        self.bus.publish(note, trace).await
    }

    async fn listen(&self, topic: Topic, into: mpsc::Sender<Heard>) -> Result<Listening, BusError> {
        self.bus.listen(topic, into).await
    }

    fn system(&self) -> &'static str {
        self.bus.system()
    }

    fn link(&self) -> watch::Receiver<Link> {
        self.bus.link()
    }

    async fn settle(&self) -> Result<(), BusError> {
        if self.swallows.load(Ordering::SeqCst) { Err(BusError::Cut) } else { self.bus.settle().await }
    }
}

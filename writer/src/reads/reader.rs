//! The task that answers reads: a few at once, the others wait in the queue.
//!
//! It owns the queue. It ends when every door is closed and everybody has been answered.

use std::sync::Arc;
use std::time::Duration;

use bus::{Answer, Asked, Bus, ReplyTo};
use store::Store;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::query::Query;
use super::queue::Queue;
use crate::health::Health;
use crate::metrics::{Metrics, ReadKind};
use crate::refusal;

/// How many requests are taken in together, so that equal ones meet.
const AT_ONCE: usize = 1024;
/// After this nobody waits for an answer any more.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// Somebody who waits for an answer.
#[derive(Debug)]
struct Asker {
    reply_to: ReplyTo,
    since: Instant,
}

/// What the reader works with. Cloning shares it.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) health: Health,
    pub(crate) metrics: Metrics,
}

/// The one who reads.
pub(crate) struct Reader {
    parts: Parts,
    reads_at_once: usize,
    queue: Queue<Query, Asker>,
    asked: mpsc::Receiver<Asked>,
    under_way: JoinSet<()>,
}

impl Reader {
    pub(crate) fn new(
        parts: Parts,
        reads_at_once: usize,
        reads_waiting: usize,
        asked: mpsc::Receiver<Asked>,
    ) -> Self {
        let queue = Queue::new(reads_waiting);
        Self { parts, reads_at_once, queue, asked, under_way: JoinSet::new() }
    }

    /// Works until all doors are closed and all that came in is answered. Dropped, it leaves askers to their
    /// time limits.
    pub(crate) async fn run(mut self) {
        let mut asked = Vec::new();
        let mut open = true;
        while open || !self.under_way.is_empty() {
            tokio::select! {
                count = self.asked.recv_many(&mut asked, AT_ONCE), if open => open = count > 0,
                Some(_) = self.under_way.join_next() => {}
            }
            for asked in asked.drain(..) {
                self.take_in(asked).await;
            }
            self.start();
            self.parts.metrics.reads_waiting(self.queue.askers());
        }
    }

    async fn take_in(&mut self, asked: Asked) {
        let Asked { ask, reply_to, trace: _ } = asked;
        match Query::new(ask) {
            Err(refusal) => self.parts.answer(reply_to, Answer::Refused(refusal)).await,
            Ok(query) => {
                let asker = Asker { reply_to, since: Instant::now() };
                if let Err(asker) = self.queue.offer(query, asker) {
                    self.parts.answer(asker.reply_to, Answer::Refused(refusal::too_many_reads())).await;
                }
            }
        }
    }

    fn start(&mut self) {
        while self.under_way.len() < self.reads_at_once {
            let Some((query, mut askers)) = self.queue.next() else { return };
            askers.retain(|asker| asker.since.elapsed() < WAIT_MAX);
            if !askers.is_empty() {
                let parts = self.parts.clone();
                self.under_way.spawn(async move { parts.read(&query, askers).await });
            }
        }
    }
}

impl Parts {
    async fn read(&self, query: &Query, mut askers: Vec<Asker>) {
        self.metrics.reads(ReadKind::Made, 1);
        self.metrics.reads(ReadKind::Joined, askers.len().saturating_sub(1));
        let asked = Instant::now();
        let answer = query.make(&*self.store).await.unwrap_or_else(|error| {
            self.health.doubt(&error);
            Answer::Refused(refusal::unreadable())
        });
        self.metrics.read_took(asked.elapsed());
        let Some(last) = askers.pop() else { return };
        for asker in askers {
            self.answer(asker.reply_to, answer.clone()).await;
        }
        self.answer(last.reply_to, answer).await;
    }

    async fn answer(&self, to: ReplyTo, answer: Answer) {
        if let Err(error) = self.bus.answer(to, answer).await {
            // Who asked runs into its time limit, and asks again.
            tracing::debug!(%error, "a read could not be answered");
        }
    }
}

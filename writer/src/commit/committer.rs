//! The task that commits: it takes in what comes, and while one batch is on its way the next one gathers.
//!
//! It owns the backlog, and is the only one who appends. It ends when every door is closed and everything
//! that came in has been answered.

use std::sync::Arc;

use bus::{Answer, Ask, Asked, Bus, BusError, ReplyTo, Step, TraceParent};
use chat::{Refusal, Verdict};
use store::Store;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::append::{self, Committed, Fate};
use super::notes::{self, Notes};
use super::trace;
use crate::backlog::{Answered, Backlog, Batch, Bounds};
use crate::heads::{RecentHeads, chunks};
use crate::health::Health;
use crate::metrics::Metrics;
use crate::standstill::Standstill;

/// How many requests are taken in before the next batch is chosen, however many come.
const AT_ONCE: usize = 4096;

/// What the committer works with.
pub(crate) struct Parts {
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) health: Health,
    pub(crate) heads: RecentHeads,
    pub(crate) metrics: Metrics,
    pub(crate) standstill: Standstill,
}

/// What it takes to answer a submission.
#[derive(Debug)]
struct Ticket {
    reply_to: ReplyTo,
    trace: Option<TraceParent>,
}

/// The one who commits.
pub(crate) struct Committer {
    road: Road,
    backlog: Backlog<Ticket>,
    asked: mpsc::Receiver<Asked>,
}

impl Committer {
    pub(crate) fn new(parts: Parts, bounds: Bounds, asked: mpsc::Receiver<Asked>) -> Self {
        Self { road: Road(parts), backlog: Backlog::new(bounds), asked }
    }

    /// Works until all doors are closed and all that came in is answered. Dropped, it leaves askers to their
    /// time limits.
    pub(crate) async fn run(mut self) {
        loop {
            if self.backlog.is_empty() {
                let Some(asked) = self.asked.recv().await else { return };
                self.road.take_in(asked, &mut self.backlog).await;
            }
            for _ in 0..AT_ONCE {
                let Ok(asked) = self.asked.try_recv() else { break };
                self.road.take_in(asked, &mut self.backlog).await;
            }
            if self.road.0.health.is_up() {
                self.commit_once().await;
            } else {
                let given_up = self.backlog.give_up();
                self.road.0.metrics.backlog(0, 0);
                self.road.answer_all(given_up).await;
            }
        }
    }

    async fn commit_once(&mut self) {
        let (batch, too_old) = self.backlog.take(Instant::now());
        self.road.0.metrics.backlog(self.backlog.messages(), self.backlog.bytes());
        self.road.answer_all(too_old).await;
        if batch.is_empty() {
            return;
        }
        let verdicts = {
            let mut carrying = std::pin::pin!(self.road.carry(&batch));
            loop {
                tokio::select! {
                    biased;
                    verdicts = &mut carrying => break verdicts,
                    Some(asked) = self.asked.recv() => self.road.take_in(asked, &mut self.backlog).await,
                }
            }
        };
        let answered = self.backlog.settle(batch, verdicts);
        self.road.0.metrics.backlog(self.backlog.messages(), self.backlog.bytes());
        self.road.answer_all(answered).await;
    }
}

/// The way to the store and back to the askers.
struct Road(Parts);

impl Road {
    /// Puts what somebody asks for into the backlog, or answers at once.
    async fn take_in(&self, asked: Asked, backlog: &mut Backlog<Ticket>) {
        let Asked { ask, trace, reply_to } = asked;
        let Ask::Submit(mut submission) = ask else {
            self.answer(reply_to, Answer::Refused(Refusal::malformed("only submissions come in here"))).await;
            return;
        };
        let now = Instant::now();
        submission.age = submission.age.saturating_add(self.0.standstill.age(now));
        let answered = backlog.push(submission, Ticket { reply_to, trace }, now);
        self.0.metrics.backlog(backlog.messages(), backlog.bytes());
        if let Some(answered) = answered {
            self.answer_one(answered).await;
        }
    }

    /// Commits a batch and tells everybody, in this order: so what is acknowledged has been published.
    async fn carry(&self, batch: &Batch<Ticket>) -> Vec<Verdict> {
        let Parts { bus, store, health, metrics, .. } = &self.0;
        let traces = batch.tickets().map(|ticket| ticket.trace);
        let step = trace::batch(&**bus, traces, batch.drafts().len());
        let commit = step.as_ref().map(|batch| batch.part("commit"));
        let Committed { fates, unavailable } = append::append(&**store, batch.drafts(), metrics).await;
        drop(commit);
        let now = Instant::now();
        for (fate, age) in fates.iter().zip(batch.ages(now)) {
            if fate.is_ok() {
                metrics.committed_after(age);
            }
        }
        if let Some(reason) = unavailable {
            health.set_down(&reason);
        }
        self.tell(batch, &fates, step.as_ref()).await;
        fates.into_iter().map(|fate| fate.map(|appended| appended.stored)).collect()
    }

    async fn tell(&self, batch: &Batch<Ticket>, fates: &[Fate], step: Option<&Step>) {
        let traces = batch.tickets().map(|ticket| ticket.trace);
        let Notes { events, repeats } = Notes::of(batch.drafts(), fates, traces);
        let told = async {
            for run in events {
                trace::publish(&*self.0.bus, run.events, run.trace, step).await?;
            }
            for note in chunks(repeats) {
                self.0.bus.publish(note, None).await?;
            }
            Ok::<(), BusError>(())
        };
        if let Err(error) = told.await {
            // The heads find it, once there is a connection.
            tracing::debug!(%error, "a commit could not be told");
        }
        let committed = batch.drafts().iter().zip(fates);
        let heads = committed.filter_map(|(draft, fate)| Some(notes::head(draft, fate.as_ref().ok()?)));
        self.0.heads.put(heads);
    }

    async fn answer_all(&self, answered: Vec<Answered<Ticket>>) {
        for answered in answered {
            self.answer_one(answered).await;
        }
    }

    async fn answer_one(&self, answered: Answered<Ticket>) {
        for refusal in answered.verdicts.iter().filter_map(|verdict| verdict.as_ref().err()) {
            self.0.metrics.refused(refusal.code);
        }
        self.answer(answered.ticket.reply_to, Answer::Verdicts(answered.verdicts)).await;
    }

    async fn answer(&self, to: ReplyTo, answer: Answer) {
        if let Err(error) = self.0.bus.answer(to, answer).await {
            // Who asked is told `unavailable` by its own gateway, and finds out by the id.
            tracing::debug!(%error, "a verdict could not be given");
        }
    }
}

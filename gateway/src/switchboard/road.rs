//! Requests to the writers: to the one that has won the partition, and past it when it does not answer.
//!
//! The rules are those of a send that must end within five seconds: nobody there, or the owner silent: at once
//! to any writer; no answer: again, within the budget; not connected: not handed over at all.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bus::{Answer, Ask, Bus, BusError, Door, PARTITIONS, Partition, Submission, TraceParent};
use chat::{Code, Draft, Refusal, RoomId, Verdict};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::budget::Budget;
use crate::sampling::Step;
use crate::session::ANSWER_WITHIN;

/// How long the owner of a partition may be silent before any writer is asked.
const OWNER_SILENT: Duration = Duration::from_millis(1500);
/// The same for one that was slow when it last answered: its store is, and would only be given more to do.
const SLOW_OWNER_SILENT: Duration = Duration::from_secs(3);
/// How long after that before the next attempt.
const AGAIN: Duration = Duration::from_secs(2);
/// How long a silent owner is passed over.
const PASSED_OVER: Duration = Duration::from_secs(3);
/// How long to wait when no writer is there at all.
const NOBODY: Duration = Duration::from_millis(200);

/// The way to the writers. Owned by the switchboard's task, in whose loop the requests are worked on beside each other.
pub(super) struct Road {
    bus: Arc<dyn Bus>,
    budget: RefCell<Budget>,
    owners: Vec<Owner>,
}

/// What is known of the writer that owns a partition.
struct Owner {
    answered: Cell<Instant>,
    /// How long its latest answer took.
    took: Cell<Duration>,
    passed_over_until: Cell<Instant>,
}

impl Owner {
    fn has_answered(&self, asked: Instant, now: Instant) {
        self.answered.set(now);
        self.took.set(now.saturating_duration_since(asked));
    }

    /// How long it may be silent: twice as long as its latest answer took.
    fn patience(&self) -> Duration {
        (self.took.get() * 2).clamp(OWNER_SILENT, SLOW_OWNER_SILENT)
    }

    /// Whether it has answered nothing since then; if so, it is passed over for a while.
    fn is_silent_since(&self, then: Instant, now: Instant) -> bool {
        let silent = self.answered.get() <= then;
        if silent {
            self.passed_over_until.set(now + PASSED_OVER);
        }
        silent
    }
}

/// What somebody wants to say in a room.
pub(super) struct Drafts {
    pub(super) room: RoomId,
    pub(super) drafts: Vec<Draft>,
    pub(super) accepted: Instant,
    pub(super) trace: Option<Step>,
}

/// Where a request goes.
#[derive(Clone, Copy)]
struct To {
    service: Service,
    partition: Partition,
    /// How much of the budget another attempt takes.
    weight: usize,
    trace: Option<TraceParent>,
}

#[derive(Clone, Copy)]
enum Service {
    Submit,
    Read,
}

impl Service {
    fn owner(self, partition: Partition) -> Door {
        match self {
            Self::Submit => Door::Submit(partition),
            Self::Read => Door::Read(partition),
        }
    }

    fn any(self) -> Door {
        match self {
            Self::Submit => Door::SubmitAny,
            Self::Read => Door::ReadAny,
        }
    }
}

/// What came of one attempt, and at which door.
type Outcome = (Door, Result<Answer, BusError>);
type Attempt = Pin<Box<dyn Future<Output = Outcome>>>;

impl Road {
    pub(super) fn new(bus: Arc<dyn Bus>) -> Self {
        let now = Instant::now();
        let owner = || Owner {
            answered: Cell::new(now),
            took: Cell::new(Duration::ZERO),
            passed_over_until: Cell::new(now),
        };
        Self {
            bus,
            budget: RefCell::new(Budget::new(now)),
            owners: (0..PARTITIONS).map(|_| owner()).collect(),
        }
    }

    pub(super) fn bus(&self) -> &Arc<dyn Bus> {
        &self.bus
    }

    /// Submits drafts of one room. Ends within [`ANSWER_WITHIN`] of `accepted`, with a verdict a draft.
    pub(super) async fn submit(&self, said: Drafts) -> Vec<Verdict> {
        let Drafts { room, drafts, accepted, trace } = said;
        let count = drafts.len();
        // What came before it ends here.
        let step = trace.and_then(|frame| Step::submission(self.bus.system(), &frame, &room, count));
        let trace = step.as_ref().and_then(Step::parent);
        self.budget.borrow_mut().count(count, Instant::now());
        let ask = || Ask::Submit(Submission { drafts: drafts.clone(), age: accepted.elapsed() });
        let to = To { service: Service::Submit, partition: Partition::of(&room), weight: count, trace };
        let verdicts = match self.ask(to, accepted + ANSWER_WITHIN, &ask).await {
            Ok(Answer::Verdicts(verdicts)) if verdicts.len() == count => verdicts,
            Ok(Answer::Refused(refusal)) | Err(refusal) => vec![Err(refusal); count],
            Ok(_) => vec![Err(nonsense()); count],
        };
        if let (Some(step), Some(Err(refusal))) = (&step, verdicts.iter().find(|verdict| verdict.is_err())) {
            step.fail(refusal.code);
        }
        verdicts
    }

    /// Asks for something that can be read. Ends within [`ANSWER_WITHIN`] of `accepted`.
    pub(super) async fn read(
        &self,
        partition: Partition,
        ask: &Ask,
        accepted: Instant,
    ) -> Result<Answer, Refusal> {
        let to = To { service: Service::Read, partition, weight: 1, trace: None };
        match self.ask(to, accepted + ANSWER_WITHIN, &|| ask.clone()).await {
            Ok(Answer::Refused(refusal)) => Err(refusal),
            other => other,
        }
    }

    async fn ask(&self, to: To, deadline: Instant, ask: &dyn Fn() -> Ask) -> Result<Answer, Refusal> {
        let attempts = self.attempts(to, ask);
        timeout_at(deadline, attempts)
            .await
            .unwrap_or_else(|_| Err(Refusal::unavailable("no writer answered in time")))
    }

    async fn attempts(&self, to: To, ask: &dyn Fn() -> Ask) -> Result<Answer, Refusal> {
        let To { service, partition, weight, trace } = to;
        let owner = &self.owners[usize::from(partition.index())];
        let started = Instant::now();
        let first =
            if owner.passed_over_until.get() > started { service.any() } else { service.owner(partition) };
        let mut under_way = vec![self.attempt(first, ask(), trace).await];
        let mut waits_for_owner = first == service.owner(partition);
        let mut again = started + if waits_for_owner { owner.patience() } else { AGAIN };
        loop {
            tokio::select! {
                biased; // An answer that is there is taken, and not one more asked for.
                (door, answer) = poll_fn(|cx| poll_any(&mut under_way, cx)) => match answer {
                    Ok(answer) => {
                        if door == service.owner(partition) {
                            owner.has_answered(started, Instant::now());
                        }
                        return Ok(answer);
                    }
                    Err(BusError::NoResponder) => {
                        if door == service.any() {
                            sleep(NOBODY).await;
                        }
                        under_way.push(self.attempt(service.any(), ask(), trace).await);
                        (waits_for_owner, again) = (false, Instant::now() + AGAIN);
                    }
                    Err(error) if under_way.is_empty() => return Err(lost(&error)),
                    Err(_) => {} // Another attempt may still be answered.
                },
                () = sleep_until(again) => {
                    let now = Instant::now();
                    // An owner that has answered nobody is dead or frozen, and any writer is asked at once. One
                    // that answers others is slow: what is tried again then must not double its load.
                    let go = match std::mem::take(&mut waits_for_owner) {
                        true => owner.is_silent_since(started, now),
                        false => self.budget.borrow_mut().retry(weight, now),
                    };
                    again = now + AGAIN;
                    if go {
                        under_way.push(self.attempt(service.any(), ask(), trace).await);
                    }
                }
            }
        }
    }

    /// Hands one attempt over; what comes back is its answer. That nobody is there one bus knows at once, and
    /// another learns later.
    async fn attempt(&self, door: Door, ask: Ask, trace: Option<TraceParent>) -> Attempt {
        match self.bus.ask(door, ask, trace).await {
            Ok(pending) => Box::pin(async move { (door, pending.await) }),
            Err(error) => Box::pin(ready((door, Err(error)))),
        }
    }
}

/// What came of the first attempt that has come to its end. There are few: one, as a rule. So each is asked in place; a
/// set that asks only those that were woken would wake the switchboard once more for each request.
fn poll_any(under_way: &mut Vec<Attempt>, cx: &mut Context<'_>) -> Poll<Outcome> {
    for place in 0..under_way.len() {
        if let Poll::Ready(outcome) = under_way[place].as_mut().poll(cx) {
            drop(under_way.swap_remove(place));
            return Poll::Ready(outcome);
        }
    }
    Poll::Pending
}

fn lost(error: &BusError) -> Refusal {
    if *error == BusError::TooLarge {
        // Nothing was handed over, and it would never be.
        return Refusal::new(Code::TooLarge, "too large for the bus");
    }
    tracing::debug!(%error, "a request was lost");
    Refusal::unavailable("this gateway is cut off")
}

fn nonsense() -> Refusal {
    tracing::warn!("a writer's answer does not fit its request: is it of another version?");
    Refusal::unavailable("no writer answered sensibly")
}

#[cfg(test)]
mod tests {
    use bus::LocalBus;
    use tokio::sync::mpsc;

    use super::*;

    static QUESTION: Ask = Ask::Heads(Vec::new());

    /// Answers one question at the door of any writer, `late` after it has opened that door.
    async fn answer_one(bus: &LocalBus, late: Duration) {
        sleep(late).await;
        let (into, mut asked) = mpsc::channel(1);
        let _open = bus.serve(Door::ReadAny, into).await.unwrap();
        let asked = asked.recv().await.unwrap();
        bus.answer(asked.reply_to, Answer::Heads(Vec::new())).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn while_nobody_has_won_a_partition_any_writer_is_asked_even_one_that_comes_late() {
        let partition = Partition::of(&RoomId::parse("r7").unwrap());
        for late in [Duration::ZERO, Duration::from_secs(3)] {
            let bus = Arc::new(LocalBus::new(8));
            let road = Road::new(Arc::clone(&bus) as Arc<dyn Bus>);
            let (answer, ()) =
                tokio::join!(road.read(partition, &QUESTION, Instant::now()), answer_one(&bus, late));
            assert_eq!(answer, Ok(Answer::Heads(Vec::new())), "{late:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn where_no_writer_comes_the_answer_is_unavailable_in_time() {
        let road = Road::new(Arc::new(LocalBus::new(8)));
        let start = Instant::now();
        let answer = road.read(Partition::of(&RoomId::parse("r7").unwrap()), &QUESTION, start).await;
        assert_eq!(answer.map_err(|refusal| refusal.code), Err(Code::Unavailable));
        assert_eq!(start.elapsed(), ANSWER_WITHIN);
    }

    #[tokio::test(start_paused = true)]
    async fn an_owner_that_was_slow_is_given_more_time_before_another_is_asked() {
        let road = Road::new(Arc::new(LocalBus::new(8)));
        let (owner, now) = (&road.owners[0], Instant::now());
        assert_eq!(owner.patience(), OWNER_SILENT);
        for (took_ms, expected) in
            [(1000, Duration::from_secs(2)), (4000, SLOW_OWNER_SILENT), (1, OWNER_SILENT)]
        {
            owner.has_answered(now, now + Duration::from_millis(took_ms));
            assert_eq!(owner.patience(), expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_that_fails_ends_nothing_while_another_is_under_way() {
        let partition = Partition::of(&RoomId::parse("r7").unwrap());
        let bus = Arc::new(LocalBus::new(8));
        let road = Road::new(Arc::clone(&bus) as Arc<dyn Bus>);
        let (into, mut at_owner) = mpsc::channel(1);
        let _owner = bus.serve(Door::Read(partition), into).await.unwrap();
        let (into, _at_any) = mpsc::channel(1);
        let _any = bus.serve(Door::ReadAny, into).await.unwrap();
        let _takes_the_only_place = bus.ask(Door::ReadAny, QUESTION.clone(), None).await.unwrap();
        let owner = async {
            let asked = at_owner.recv().await.unwrap();
            sleep(OWNER_SILENT * 2).await;
            bus.answer(asked.reply_to, Answer::Heads(Vec::new())).await.unwrap();
        };
        let (answer, ()) = tokio::join!(road.read(partition, &QUESTION, Instant::now()), owner);
        assert_eq!(answer, Ok(Answer::Heads(Vec::new())));
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_that_a_question_has_waited_before_counts() {
        let road = Road::new(Arc::new(LocalBus::new(8)));
        let start = Instant::now();
        let asked = start - Duration::from_secs(4);
        let answer = road.read(Partition::of(&RoomId::parse("r7").unwrap()), &QUESTION, asked).await;
        assert!(answer.is_err());
        assert_eq!(start.elapsed(), Duration::from_secs(1));
    }

    /// How many of the questions that `count` askers put to a partition reach a writer that is not its owner,
    /// while the owner answers one more asker every second, or nobody.
    async fn reach_any(count: usize, owner_answers: bool) -> usize {
        let partition = Partition::of(&RoomId::parse("r7").unwrap());
        let bus = Arc::new(LocalBus::new(1000));
        let road = Road::new(Arc::clone(&bus) as Arc<dyn Bus>);
        let (into, mut at_owner) = mpsc::channel(1000);
        let _owner = bus.serve(Door::Read(partition), into).await.unwrap();
        let (into, mut at_any) = mpsc::channel(1000);
        let _any = bus.serve(Door::ReadAny, into).await.unwrap();
        let askers = (0..count).map(|_| road.read(partition, &QUESTION, Instant::now()));
        let owner = async {
            if !owner_answers {
                std::future::pending::<()>().await;
            }
            while let Some(asked) = at_owner.recv().await {
                sleep(Duration::from_secs(1)).await;
                bus.answer(asked.reply_to, Answer::Heads(Vec::new())).await.unwrap();
            }
        };
        tokio::select! {
            _ = futures::future::join_all(askers) => {}
            () = owner => {}
        }
        std::iter::from_fn(|| at_any.try_recv().ok()).count()
    }

    #[tokio::test(start_paused = true)]
    async fn when_the_owner_is_silent_everybody_asks_any_writer_at_once() {
        assert!(reach_any(100, false).await >= 100);
    }

    #[tokio::test(start_paused = true)]
    async fn when_the_owner_is_slow_only_a_few_ask_again() {
        let again = reach_any(100, true).await;
        assert!((1..=30).contains(&again), "{again}");
    }
}

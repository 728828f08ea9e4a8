//! The switchboard's loop: takes wishes, notes and answers, and carries out what the rooms want done.

mod asking;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bus::{Ask, Bus, Heard, Link, Note, Partition};
use chat::{Refusal, RoomHead, RoomId};
use tokio::sync::mpsc;
use tokio::task::yield_now;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;

use asking::Done;

use super::answers::room_state;
use super::due::Due;
use super::heads::Recheck;
use super::interest::Interest;
use super::requests::Requests;
use super::road::{Drafts, Road};
use super::rooms::{Effect, Room};
use super::{Settings, Told, Want};
use crate::metrics::{Metrics, NOTES, WANTS};
use crate::sampling::Step;

/// How many notes wait between the bus and this loop.
const NOTES_MAX: usize = 8192;
/// How many notes, and how many ends of requests, are taken at once.
const AT_ONCE: usize = 512;
/// How many wishes are taken at once, and how much is worked on before the other tasks of the thread have their turn. In
/// solo the writer is one of them, and its queue holds 4096 requests: it takes out 128 a turn while it commits (so many
/// steps the runtime gives to a task), so no more may come in than that.
const TURN: usize = 128;
/// How many empty rooms may linger, each with its subscription and its log: some 6 kB. Who comes back to another one
/// costs a read; without a bound, whoever wanders through rooms would cost that much for each.
const LINGERING_MAX: usize = 4096;
/// How often the link and the recheck are looked after.
const BEAT: Duration = Duration::from_millis(250);

/// What has come since the last turn: at most [`AT_ONCE`] of each, and [`TURN`] wishes.
#[derive(Default)]
struct Came {
    heard: Vec<Heard>,
    finished: Vec<Done>,
    wanted: Vec<(usize, Want)>,
}

impl Came {
    fn count(&self) -> usize {
        self.heard.len() + self.finished.len() + self.wanted.len()
    }
}

/// The one who works the switchboard. Lives in its task.
pub(super) struct Operator {
    road: Rc<Road>,
    settings: Settings,
    metrics: Metrics,
    rooms: HashMap<RoomId, Room>,
    /// How many of the rooms linger.
    lingering: usize,
    interest: Interest,
    due: Due,
    recheck: Recheck,
    shards: Vec<mpsc::Sender<Vec<Told>>>,
    outgoing: Vec<Vec<Told>>,
    notes_in: mpsc::Sender<Heard>,
    notes: mpsc::Receiver<Heard>,
    /// What is asked of the writers.
    requests: Requests<Done>,
    /// How many of the requests are those of clients.
    under_way: usize,
    link: Link,
    degraded: bool,
}

impl Operator {
    pub(super) fn new(
        bus: Arc<dyn Bus>,
        settings: Settings,
        metrics: Metrics,
        shards: Vec<mpsc::Sender<Vec<Told>>>,
    ) -> Self {
        let (notes_in, notes) = mpsc::channel(NOTES_MAX);
        let link = *bus.link().borrow();
        Self {
            road: Rc::new(Road::new(bus)),
            settings,
            metrics,
            rooms: HashMap::new(),
            lingering: 0,
            interest: Interest::new(),
            due: Due::default(),
            recheck: Recheck::default(),
            outgoing: shards.iter().map(|_| Vec::new()).collect(),
            shards,
            notes_in,
            notes,
            requests: Requests::new(),
            under_way: 0,
            link,
            degraded: false,
        }
    }

    /// Works until `shutdown`, or until no shard is left. Runs within a `LocalSet`.
    pub(super) async fn run(
        &mut self,
        mut wants: mpsc::Receiver<(usize, Want)>,
        shutdown: CancellationToken,
    ) {
        let mut link = self.road.bus().link();
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut came, mut worked_on) = (Came::default(), 0);
        loop {
            let due = self.due.next().unwrap_or_else(|| Instant::now() + BEAT);
            // Biased: nothing is left to chance here, so that the same inputs always do the same. Nobody is passed
            // over by that: what is ahead of the queues is rare, and of the queues each is looked at every time.
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return,
                Ok(()) = link.changed() => {}
                _ = beat.tick() => self.measure(&wants),
                there = poll_fn(|cx| self.poll_queues(&mut wants, &mut came, cx)) => if !there { return },
                () = sleep_until(due) => {}
            }
            worked_on += came.count();
            let now = Instant::now();
            self.look_at_link(*link.borrow_and_update(), now);
            came.heard.drain(..).for_each(|note| self.hear(note, now));
            came.finished.drain(..).for_each(|done| self.finish(done, now));
            came.wanted.drain(..).for_each(|(shard, want)| self.serve(shard, want, now));
            while let Some(room) = self.due.take(now) {
                self.with_room(&room, |room, fx| room.look(now, fx));
            }
            self.flush().await;
            if worked_on >= TURN {
                worked_on = 0;
                yield_now().await;
            }
        }
    }

    /// Shows how much waits, here and for the writers.
    fn measure(&self, wants: &mpsc::Receiver<(usize, Want)>) {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let waiting = |queue, count| {
            self.metrics.switchboard_waiting.with_label_values(&[queue]).set(number(count));
        };
        waiting(WANTS, wants.len());
        waiting(NOTES, self.notes.len());
        self.metrics.requests_under_way.set(number(self.under_way));
    }

    /// What is still held for somebody.
    #[cfg(test)]
    pub(super) fn holds(&self) -> Vec<String> {
        let rooms = self.rooms.keys().map(|room| format!("the room {room:?}"));
        let counts = [
            (self.lingering, "rooms that linger"),
            (self.interest.count(), "subscriptions on the bus"),
            (self.under_way, "requests under way"),
            (usize::from(!self.recheck.is_done()), "heads to be asked for"),
            (self.outgoing.iter().map(Vec::len).sum(), "notes for shards"),
        ];
        let counts =
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
        rooms.chain(counts).collect()
    }

    /// Takes what stands in the queues. False once no shard is left.
    fn poll_queues(
        &mut self,
        wants: &mut mpsc::Receiver<(usize, Want)>,
        came: &mut Came,
        cx: &mut Context<'_>,
    ) -> Poll<bool> {
        let heard = self.notes.poll_recv_many(cx, &mut came.heard, AT_ONCE);
        let finished = self.requests.poll(&mut came.finished, AT_ONCE, cx);
        match wants.poll_recv_many(cx, &mut came.wanted, TURN) {
            Poll::Ready(0) => Poll::Ready(false),
            Poll::Pending if heard.is_pending() && finished.is_pending() => Poll::Pending,
            Poll::Ready(_) | Poll::Pending => Poll::Ready(true),
        }
    }

    /// Hands everything over that has gathered. Waits for a shard that is busy; none ever waits for us.
    async fn flush(&mut self) {
        for (shard, outgoing) in self.shards.iter().zip(&mut self.outgoing) {
            if !outgoing.is_empty() {
                // A shard that is gone is a gateway that is going.
                let _gone = shard.send(std::mem::take(outgoing)).await;
            }
        }
    }

    fn look_at_link(&mut self, link: Link, now: Instant) {
        if link.losses != self.link.losses || (link.connected && !self.link.connected) {
            self.recheck.all(self.rooms.keys().cloned());
        }
        self.metrics.bus_losses.inc_by(link.losses.saturating_sub(self.link.losses));
        self.link = link;
        let degraded = !link.connected || (self.degraded && !self.recheck.is_done());
        if degraded != self.degraded {
            self.degraded = degraded;
            tracing::info!(degraded, "the way to the bus has changed");
            self.outgoing.iter_mut().for_each(|told| told.push(Told::Status { degraded }));
        }
        if link.connected
            && let Some(rooms) = self.recheck.start(now)
        {
            self.ask_heads(rooms);
        }
    }

    fn hear(&mut self, heard: Heard, now: Instant) {
        match heard.note {
            Note::Events(events) => {
                let room = events.room.clone();
                let arrival =
                    |trace| Step::arrival(self.road.bus().system(), trace, &room, events.events.len());
                let trace = heard.trace.and_then(arrival);
                self.with_room(&room, |room, fx| room.heard(events, trace.as_ref(), now, fx));
            }
            Note::Heads(_, heads) => self.take_heads(heads, now),
            Note::Beat(_) | Note::Live(_) | Note::Gateway(_) => {}
        }
    }

    fn take_heads(&mut self, heads: Vec<RoomHead>, now: Instant) {
        for head in heads {
            self.with_room(&head.room, |room, fx| room.head(&head.epoch, head.seq, now, fx));
        }
    }

    fn serve(&mut self, shard: usize, want: Want, now: Instant) {
        match want {
            Want::Join { connection, join } => {
                let id = join.room.clone();
                let new = match self.rooms.entry(id.clone()) {
                    Entry::Occupied(_) => false,
                    Entry::Vacant(place) => {
                        place.insert(Room::new(id.clone(), self.shards.len(), self.settings));
                        true
                    }
                };
                self.with_room(&id, |room, fx| room.join(shard, connection, join, now, fx));
                if new {
                    self.open(id);
                }
            }
            Want::Page { to, room, after } => {
                self.with_room(&room, |room, fx| room.page(shard, to, after, fx));
            }
            Want::Quit { room, received } => {
                self.with_room(&room, |room, fx| room.quit(shard, received, now, fx));
            }
            Want::Submit { connection, room, drafts, accepted, trace } => {
                self.submit(shard, connection, Drafts { room, drafts, accepted, trace });
            }
            Want::Read { connection, ask, read } => self.read(shard, connection, ask, read),
            Want::Look { room, create, accepted, reply } => {
                self.errand(reply, async move |road| {
                    let ask = Ask::Open { room: room.clone(), create };
                    road.read(Partition::of(&room), &ask, accepted).await.and_then(room_state)
                });
            }
            Want::Append { draft, accepted, reply } => {
                let sampled = self.settings.sampling.takes(rand::random);
                let trace = sampled.then(Step::request).flatten();
                self.errand(reply, async move |road| {
                    let (room, drafts) = (draft.room.clone(), vec![*draft]);
                    let verdict = road.submit(Drafts { room, drafts, accepted, trace }).await.pop();
                    verdict.unwrap_or_else(|| Err(Refusal::unavailable("no verdict came")))
                });
            }
        }
    }

    /// Lets a room do something, and carries out what it wants done.
    fn with_room(&mut self, id: &RoomId, act: impl FnOnce(&mut Room, &mut Vec<Effect>)) {
        let Some(room) = self.rooms.get_mut(id) else { return };
        let mut effects = Vec::new();
        let lingered = room.lingers();
        act(room, &mut effects);
        let lingers = room.lingers();
        self.lingering = self.lingering + usize::from(lingers) - usize::from(lingered);
        if lingers && !lingered && self.lingering > LINGERING_MAX {
            room.let_go(&mut effects);
        }
        for effect in effects {
            match effect {
                Effect::Tell(shard, told) => self.outgoing[shard].push(told),
                Effect::Look(at) => self.due.at(at, id),
                Effect::Read { after, number } => self.read_log(id.clone(), after, number),
                Effect::Repaired(events) => self.metrics.gaps_repaired.inc_by(events as u64),
                Effect::Close => {
                    let Some(room) = self.rooms.remove(id) else { continue };
                    self.lingering -= usize::from(room.lingers());
                    self.interest.drop(id);
                }
            }
        }
        self.metrics.rooms.set(i64::try_from(self.rooms.len()).unwrap_or(i64::MAX));
    }
}

#[cfg(test)]
mod tests {
    use bus::LocalBus;
    use chat::{RoomKind, RoomState, Seq};
    use prometheus::Registry;

    use super::*;
    use crate::sampling::Sampling;

    #[test]
    fn only_so_many_empty_rooms_linger_and_none_for_ever() {
        let linger = Duration::from_secs(30);
        let sampling = Sampling::NONE;
        let settings = Settings { replay: 1, ring_bytes: 1, linger, sampling };
        let metrics = Metrics::register(&Registry::new()).unwrap();
        let mut operator = Operator::new(Arc::new(LocalBus::new(1)), settings, metrics, Vec::new());
        let state = RoomState {
            kind: RoomKind::Public,
            epoch: chat::Epoch::parse("e.1").unwrap(),
            first_seq: Seq::ZERO.next(),
            seq: Seq::ZERO,
        };
        let now = Instant::now();
        for n in 0..LINGERING_MAX + 10 {
            let room = RoomId::parse(&n.to_string()).unwrap();
            operator.rooms.insert(room.clone(), Room::new(room.clone(), 0, settings));
            operator.interest.begin(&room);
            operator.with_room(&room, |room, fx| room.opened(Ok(state.clone()), now, fx));
        }
        assert_eq!((operator.rooms.len(), operator.lingering), (LINGERING_MAX, LINGERING_MAX));
        while let Some(room) = operator.due.take(now + linger) {
            operator.with_room(&room, |room, fx| room.look(now + linger, fx));
        }
        assert_eq!((operator.rooms.len(), operator.lingering), (0, 0));
    }
}

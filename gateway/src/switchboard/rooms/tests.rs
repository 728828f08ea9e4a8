//! Single cases of a room on the switchboard. What happens to it by chance, `crate::simulation` tries.

use std::collections::{BTreeMap, VecDeque};

use chat::{Body, EventKind, LogPage, RequestId, RoomKind, Timestamp, User};
use dialect::{Alias, From};

use super::*;
use crate::sampling::Sampling;
use crate::session::SubId;

/// The ring holds two events, less than a page has.
const SETTINGS: Settings =
    Settings { replay: 1000, ring_bytes: 400, linger: Duration::from_secs(30), sampling: Sampling::NONE };
const PAGE: usize = 5;

/// One room, with one shard and a store that has it up to `head`.
struct Scene {
    room: Room,
    now: Instant,
    head: u64,
    /// The reads under way.
    reads: VecDeque<(Seq, u64)>,
    told: VecDeque<Told>,
    looks: Vec<Instant>,
    closed: bool,
}

impl Scene {
    /// The room is known, and somebody is inside.
    fn open_at(head: u64) -> Self {
        let mut scene = Self {
            room: Room::new(room_id(), 1, SETTINGS),
            now: Instant::now(),
            head,
            reads: VecDeque::new(),
            told: VecDeque::new(),
            looks: Vec::new(),
            closed: false,
        };
        scene.join(1, From::Live);
        let (kind, first_seq) = (RoomKind::Public, seq(1));
        let state = RoomState { kind, epoch: epoch(), first_seq, seq: seq(head) };
        scene.act(|room, now, fx| room.opened(Ok(state), now, fx));
        assert_eq!(scene.joined(), [(1, head, false)]);
        scene
    }

    fn act(&mut self, act: impl FnOnce(&mut Room, Instant, &mut Vec<Effect>)) {
        let mut effects = Vec::new();
        act(&mut self.room, self.now, &mut effects);
        for effect in effects {
            match effect {
                Effect::Tell(_, told) => self.told.push_back(told),
                Effect::Read { after, number } => self.reads.push_back((after, number)),
                Effect::Look(at) => self.looks.push(at),
                Effect::Close => self.closed = true,
                Effect::Repaired(_) => {}
            }
        }
    }

    fn join(&mut self, who: u32, from: From) {
        let (sub, room, alias) = (SubId(who), room_id(), Alias::new("r"));
        let join = Join { sub, room, alias, from, create: false };
        self.act(|room, now, fx| room.join(0, key(who).connection, join, now, fx));
    }

    fn quit(&mut self, received: u32) {
        self.act(|room, now, fx| room.quit(0, received, now, fx));
    }

    /// The oldest read comes back with a page, or fails.
    fn answer(&mut self, well: bool) {
        let (after, number) = self.reads.pop_front().expect("a read is under way");
        let events = (after.get() + 1..=self.head).take(PAGE).map(event).collect();
        let page = LogPage { epoch: epoch(), first_seq: seq(1), head: seq(self.head), events };
        let result = if well { Ok(page) } else { Err(Refusal::unavailable("by chance")) };
        self.act(|room, now, fx| room.read(number, after, result, now, fx));
    }

    /// Time passes, and what is due is looked at.
    fn pass(&mut self, time: Duration) {
        self.now += time;
        let due = self.looks.iter().filter(|at| **at <= self.now).count();
        self.looks.retain(|at| *at > self.now);
        (0..due).for_each(|_| self.act(Room::look));
    }

    /// Who has been let in since this was last asked: where, and whether something is left out.
    fn joined(&mut self) -> Vec<(u32, u64, bool)> {
        let joined = |told| match told {
            Told::Joined { to, at, .. } => Some((to.sub.0, at.start.get(), at.truncated)),
            _ => None,
        };
        self.told.drain(..).filter_map(joined).collect()
    }
}

fn room_id() -> RoomId {
    RoomId::parse("r").unwrap()
}

fn epoch() -> Epoch {
    Epoch::parse("e.0").unwrap()
}

fn seq(n: u64) -> Seq {
    Seq::new(n).unwrap()
}

fn key(who: u32) -> SubKey {
    SubKey { connection: ConnectionKey { place: who, generation: 1 }, sub: SubId(who) }
}

fn after(position: u64) -> From {
    From::After(seq(position), Some(epoch()))
}

/// When the event of this position was stored.
fn at(n: u64) -> Timestamp {
    Timestamp::from_micros(i64::try_from(n).unwrap())
}

fn event(n: u64) -> Event {
    Event {
        room: room_id(),
        seq: seq(n),
        id: RequestId::parse(&format!("id-{n}")).unwrap(),
        by: User::parse("ana", None).unwrap(),
        at: at(n),
        kind: EventKind::Message { body: Some(Body::trusted("hi")), reply_to: None },
        except: None,
    }
}

#[test]
fn ten_thousand_that_want_all_since_a_moment_cost_one_read() {
    let mut scene = Scene::open_at(4);
    (2..10_002).for_each(|who| scene.join(who, From::AllSince(at(4))));
    assert_eq!((scene.joined(), scene.reads.len()), (vec![], 1));
    scene.answer(true);
    assert_eq!(scene.joined(), (2..10_002).map(|who| (who, 3, false)).collect::<Vec<_>>());
    scene.join(1, From::AllSince(at(5)));
    assert_eq!((scene.joined(), scene.reads.len()), (vec![(1, 4, false)], 0), "it is at hand now");
}

#[test]
fn who_wants_all_since_a_moment_of_which_nothing_is_known_is_told_so() {
    let mut scene = Scene::open_at(4);
    scene.join(2, From::AllSince(at(2)));
    scene.answer(true);
    assert_eq!(scene.joined(), [(2, 4, true)], "the ring holds no more than two events");
    scene.join(3, From::AllAfter(seq(2), epoch()));
    assert_eq!(scene.joined(), [(3, 2, false)]);
}

#[test]
fn the_newest_page_is_read_again_if_it_could_not_be_had_and_is_not_waited_for_too_long() {
    let mut scene = Scene::open_at(4);
    scene.join(2, From::AllSince(at(4)));
    scene.answer(false);
    scene.pass(PAUSE);
    while !scene.reads.is_empty() {
        scene.answer(true);
    }
    assert_eq!(scene.joined(), [(2, 3, false)]);

    let mut scene = Scene::open_at(4);
    scene.join(2, From::AllSince(at(4)));
    scene.pass(JOIN_WITHIN);
    assert!(scene.told.iter().any(|told| matches!(told, Told::NotJoined { .. })), "{:?}", scene.told);
    scene.answer(true);
    assert_eq!(scene.joined(), [], "it was told already");
}

#[test]
fn ten_thousand_that_come_back_cost_one_read_a_page() {
    let mut scene = Scene::open_at(9);
    (2..10_002).for_each(|who| scene.join(who, after(0)));
    let mut seen: BTreeMap<u32, u64> =
        scene.joined().into_iter().map(|(who, start, _)| (who, start)).collect();
    let mut reads = 0;
    while seen.values().any(|cursor| *cursor < 9) {
        for (who, cursor) in seen.iter().filter(|(_, cursor)| **cursor < 9) {
            scene.act(|room, _, fx| room.page(0, key(*who), seq(*cursor), fx));
        }
        reads += scene.reads.len();
        scene.answer(true);
        for told in scene.told.drain(..) {
            let Told::Page { to, events, .. } = told else { panic!("{told:?}") };
            let cursor = seen.get_mut(&to.sub.0).expect("who asked");
            for event in events.iter() {
                assert_eq!(event.seq, seq(*cursor).next());
                *cursor += 1;
            }
        }
    }
    assert_eq!((seen.len(), reads), (10_000, 2), "nine events in pages of five");
}

#[test]
fn those_who_come_back_one_after_the_other_cost_no_read_each() {
    let mut scene = Scene::open_at(9);
    let mut reads = 0;
    for who in 2..102 {
        scene.join(who, after(7));
        assert_eq!(scene.joined(), [(who, 7, false)]);
        scene.act(|room, _, fx| room.page(0, key(who), seq(7), fx));
        if !scene.reads.is_empty() {
            reads += 1;
            scene.answer(true);
        }
        let Some(Told::Page { events, .. }) = scene.told.pop_front() else { panic!("no page") };
        assert_eq!(events.iter().map(|event| event.seq.get()).collect::<Vec<_>>(), [8, 9]);
    }
    assert_eq!(reads, 1, "the first one's read serves all");
}

#[test]
fn a_late_gateway_believes_a_client_that_is_ahead_of_it() {
    let mut scene = Scene::open_at(4);
    scene.head = 6; // Two more, which this gateway has not heard of.
    scene.join(2, after(6));
    assert_eq!(scene.joined(), []);
    scene.answer(true);
    assert_eq!(scene.joined(), [(2, 6, false)]);
}

#[test]
fn a_join_that_is_ahead_waits_for_the_next_read_where_one_is_under_way() {
    let mut scene = Scene::open_at(0);
    scene.head = 4;
    scene.join(2, after(4));
    scene.join(3, after(4));
    scene.answer(true);
    assert_eq!(scene.joined(), [(2, 4, false)]);
    scene.answer(true);
    assert_eq!(scene.joined(), [(3, 4, false)]);
}

#[test]
fn a_room_is_let_go_after_a_join_that_found_it_empty_was_refused() {
    let mut scene = Scene::open_at(0);
    scene.quit(1);
    scene.join(2, after(6));
    // No read succeeds, for longer than a join waits.
    while scene.told.is_empty() {
        scene.pass(Duration::from_millis(100));
        if !scene.reads.is_empty() {
            scene.answer(false);
        }
    }
    assert!(matches!(scene.told[0], Told::NotJoined { .. }));
    assert!(!scene.closed);
    scene.pass(SETTINGS.linger);
    assert!(scene.closed);
}

#[test]
fn a_room_is_not_let_go_while_a_read_is_under_way() {
    let mut scene = Scene::open_at(0);
    scene.quit(1);
    (0..40).for_each(|_| scene.pass(Duration::from_secs(1)));
    assert!(!scene.closed, "the read that confirms its head has not come back");
    scene.answer(true);
    scene.pass(Duration::from_secs(1));
    assert!(scene.closed);
}

#[test]
fn events_are_shared_and_not_copied() {
    let mut scene = Scene::open_at(0);
    let heard = RoomEvents { room: room_id(), epoch: epoch(), events: vec![event(1)] };
    scene.act(|room, now, fx| room.heard(heard, None, now, fx));
    let Some(Told::Events(live)) = scene.told.front() else { panic!("nothing was told") };
    assert_eq!(Arc::strong_count(&live.events), 1, "one hand-over to the one shard");
}

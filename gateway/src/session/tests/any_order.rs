//! Whatever a client asks for and whatever is answered, in any order: every request has exactly one answer, the sends
//! of a room keep their order, and one submission a room is under way.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::*;

const SENDS_WAITING: usize = 8;

/// What happens next.
#[derive(Debug, Clone)]
enum Step {
    Send {
        room: u8,
        id: Option<u8>,
    },
    Join {
        room: u8,
    },
    Leave {
        room: u8,
    },
    History {
        room: u8,
    },
    Rooms,
    Nonsense,
    Renew {
        rooms: u8,
    },
    /// One of the joins under way is answered.
    Joined {
        which: usize,
        answer: u8,
    },
    /// One of the submissions under way is answered, each draft by two bits.
    Verdicts {
        which: usize,
        outcomes: u32,
    },
    /// One of the questions under way is answered.
    Read {
        which: usize,
        answer: u8,
    },
    /// An answer comes that nobody waits for any more.
    Stale {
        sub: u32,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let room = 0..5_u8;
    prop_oneof![
        6 => (room.clone(), prop::option::of(0..4_u8)).prop_map(|(room, id)| Step::Send { room, id }),
        2 => room.clone().prop_map(|room| Step::Join { room }),
        1 => room.clone().prop_map(|room| Step::Leave { room }),
        1 => room.prop_map(|room| Step::History { room }),
        1 => Just(Step::Rooms),
        1 => Just(Step::Nonsense),
        1 => (0..4_u8).prop_map(|rooms| Step::Renew { rooms }),
        2 => (any::<usize>(), any::<u8>()).prop_map(|(which, answer)| Step::Joined { which, answer }),
        4 => (any::<usize>(), any::<u32>()).prop_map(|(which, outcomes)| Step::Verdicts { which, outcomes }),
        2 => (any::<usize>(), any::<u8>()).prop_map(|(which, answer)| Step::Read { which, answer }),
        1 => (0..40_u32).prop_map(|sub| Step::Stale { sub }),
    ]
}

/// What a client and a shard would know.
struct World {
    scene: Scene,
    /// The `ref` of the next request.
    next: u64,
    /// Requests without an answer; of sends, their room.
    waiting: BTreeMap<u64, Option<String>>,
    /// The sends of the submission under way in each room.
    flying: BTreeMap<String, Vec<u64>>,
    /// The last send of each room that was submitted.
    submitted: BTreeMap<String, u64>,
    joins: BTreeSet<SubId>,
    /// What is asked of the writers; `None`: of the porter, who is there.
    reads: Vec<(AskId, Option<Read>)>,
}

type Checked = Result<(), TestCaseError>;

impl World {
    fn new() -> Self {
        let scene = Scene::open_with(Limits { sends_waiting: SENDS_WAITING, ..limits() });
        let (waiting, flying, submitted) = Default::default();
        Self { scene, next: 0, waiting, flying, submitted, joins: BTreeSet::new(), reads: Vec::new() }
    }

    fn take(&mut self, step: &Step) -> Checked {
        // Slowly enough that nobody loses patience, quickly enough that no token runs out.
        self.scene.now += Duration::from_millis(150);
        match *step {
            Step::Send { room, id } => self.send(room, id),
            Step::Join { room } => self.ask(json!({"type": "join", "room": name(room)}), None),
            Step::Leave { room } => self.ask(json!({"type": "leave", "room": name(room)}), None),
            Step::History { room } => self.ask(json!({"type": "history", "room": name(room)}), None),
            Step::Rooms => self.ask(json!({"type": "rooms"}), None),
            Step::Nonsense => self.ask(json!({"type": "dance"}), None),
            Step::Renew { rooms } => self.renew(rooms),
            Step::Joined { which, answer } => self.joined(which, answer),
            Step::Verdicts { which, outcomes } => self.verdicts(which, outcomes),
            Step::Read { which, answer } => self.read(which, answer),
            Step::Stale { sub } => {
                let sub = SubId(sub);
                if self.joins.contains(&sub) {
                    return Ok(());
                }
                let done = self.scene.answer(Answered::Joined(sub, Ok(at(RoomKind::Public, 1))));
                prop_assert!(done.is_nothing(), "{:?}", done);
                Ok(())
            }
        }
    }

    fn ask(&mut self, mut frame: Value, send_to: Option<String>) -> Checked {
        frame["ref"] = json!(self.next);
        self.waiting.insert(self.next, send_to);
        self.next += 1;
        let done = self.scene.says(&frame);
        self.note(done)
    }

    fn send(&mut self, room: u8, id: Option<u8>) -> Checked {
        // The body tells which send a draft comes from.
        let frame = json!({"type": "send", "room": name(room), "id": id.map(|id| id.to_string()), "body": self.next.to_string()});
        self.ask(frame, Some(name(room)))
    }

    fn renew(&mut self, rooms: u8) -> Checked {
        let all: &[(&str, Access)] = &[("r0", Access::Write), ("r1", Access::Read), ("r*", Access::Write)];
        let granted = (rooms > 0).then(|| &all[..usize::from(rooms)]);
        let token = self.scene.token("ana", granted, Duration::from_hours(1));
        self.ask(json!({"type": "hello", "token": token}), None)
    }

    fn joined(&mut self, which: usize, answer: u8) -> Checked {
        let Some(sub) = pick(self.joins.iter(), which).copied() else { return Ok(()) };
        self.joins.remove(&sub);
        let answer = match answer % 4 {
            0 => Err(lost()),
            1 => Ok(at(RoomKind::Private, 1)),
            _ => Ok(at(RoomKind::Public, 1)),
        };
        let done = self.scene.answer(Answered::Joined(sub, answer));
        self.note(done)
    }

    fn verdicts(&mut self, which: usize, outcomes: u32) -> Checked {
        let Some(room) = pick(self.flying.keys(), which).cloned() else { return Ok(()) };
        let drafts = self.flying.remove(&room).unwrap_or_default();
        let verdict = |at: usize| match (outcomes >> (2 * (at % 16))) % 4 {
            0 => Err(lost()),
            1 => Err(Refusal::malformed("no")),
            _ => Ok(stored(1)),
        };
        let verdicts: Vec<Verdict> = (0..drafts.len()).map(verdict).collect();
        let unknown =
            verdicts.iter().any(|v| v.as_ref().is_err_and(|refusal| refusal.code == Code::Unavailable));
        let done = self.scene.verdicts(&room, verdicts);
        self.note(done)?;
        let left = self.waiting.values().filter(|to| to.as_ref() == Some(&room)).count();
        prop_assert!(!unknown || left == 0, "{} sends stand behind one that is lost", left);
        Ok(())
    }

    fn read(&mut self, which: usize, answer: u8) -> Checked {
        if self.reads.is_empty() {
            return Ok(());
        }
        let (ask, read) = self.reads.swap_remove(which % self.reads.len());
        let answer = match (answer % 4, read) {
            (0, _) => Err(lost()),
            (1, Some(Read::Open { .. })) => Ok(ReadAnswer::Room(state(RoomKind::Private, 1))),
            (_, Some(Read::Open { .. })) => Ok(ReadAnswer::Room(state(RoomKind::Public, 1))),
            (_, Some(Read::History { .. })) => {
                Ok(ReadAnswer::History(chat::HistoryPage { messages: vec![], more: false }))
            }
            (_, Some(Read::Rooms { .. })) => Ok(ReadAnswer::Rooms(vec![])),
            (_, None) => {
                Ok(ReadAnswer::Who(chat::Roster { count: chat::Headcount::default(), listed: Some(vec![]) }))
            }
        };
        let done = self.scene.answer(Answered::Read(ask, answer));
        self.note(done)
    }

    /// Looks at all that the session did.
    fn note(&mut self, done: Done) -> Checked {
        for said in &done.said {
            let Some(reference) = said["ref"].as_u64() else { continue };
            let first = self.waiting.remove(&reference).is_some();
            prop_assert!(first, "a second answer: {}", said);
        }
        for action in done.wants {
            match action {
                Action::Submit { room, drafts, .. } => self.note_submission(room.as_str(), &drafts)?,
                Action::Join(join) => drop(self.joins.insert(join.sub)),
                Action::Leave(sub) => drop(self.joins.remove(&sub)),
                Action::Read(ask, read) => self.reads.push((ask, Some(read))),
                Action::Who(ask, _) => self.reads.push((ask, None)),
                Action::Whisper { .. } => {}
                Action::Attend { .. }
                | Action::TuneIn { .. }
                | Action::TuneOut(_)
                | Action::Call { .. }
                | Action::Write(_)
                | Action::Ping
                | Action::Beat(_)
                | Action::Count(_)
                | Action::Close(_) => {
                    prop_assert!(false, "{:?}", action);
                }
            }
        }
        let sends = self.waiting.values().flatten().count();
        prop_assert!(
            sends <= SENDS_WAITING && self.reads.len() <= 20,
            "{} sends, {} reads",
            sends,
            self.reads.len()
        );
        prop_assert_eq!(sends > 0, self.scene.session.awaits_verdicts());
        Ok(())
    }

    fn note_submission(&mut self, room: &str, drafts: &[Draft]) -> Checked {
        let sends: Vec<u64> = drafts.iter().map(sent_as).collect();
        let last = self.submitted.get(room).copied();
        prop_assert!(
            sends.is_sorted_by(|a, b| a < b) && sends.first().copied() > last,
            "{:?} after {:?}",
            sends,
            last
        );
        prop_assert!(
            sends.iter().all(|send| self.waiting.contains_key(send)),
            "answered before: {:?}",
            sends
        );
        let distinct: BTreeSet<_> = ids(drafts).into_iter().collect();
        prop_assert_eq!(distinct.len(), drafts.len());
        self.submitted.extend(sends.last().map(|last| (room.to_owned(), *last)));
        prop_assert!(self.flying.insert(room.to_owned(), sends).is_none(), "two submissions in {}", room);
        Ok(())
    }

    /// Everything that is under way is answered, until nothing is.
    fn settle(&mut self) -> Checked {
        while !(self.joins.is_empty() && self.flying.is_empty() && self.reads.is_empty()) {
            self.joined(0, 2)?;
            self.verdicts(0, u32::MAX)?;
            self.read(0, 2)?;
        }
        prop_assert!(self.waiting.is_empty(), "never answered: {:?}", self.waiting);
        Ok(())
    }
}

fn name(room: u8) -> String {
    format!("r{room}")
}

fn sent_as(draft: &Draft) -> u64 {
    let chat::Change::Message { body, .. } = &draft.change else { panic!("{draft:?}") };
    body.as_str().parse().unwrap()
}

fn pick<T>(mut from: impl ExactSizeIterator<Item = T>, which: usize) -> Option<T> {
    let count = from.len();
    if count == 0 { None } else { from.nth(which % count) }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn every_request_has_one_answer_and_sends_keep_their_order(steps in prop::collection::vec(step(), 1..120)) {
        let mut world = World::new();
        for step in &steps {
            world.take(step)?;
        }
        world.settle()?;
    }
}

//! The backlog, step by step, and as a property over whatever may happen to it.

use std::collections::{HashMap, HashSet};

use chat::{Body, Change, Code, Draft, Refusal, RequestId, RoomId, Seq, Stored, Timestamp, User};
use proptest::prelude::*;

use super::*;

const BOUNDS: Bounds =
    Bounds { batch_messages: 4, batch_bytes: 100_000, queue_messages: 20, queue_bytes: 1_000_000 };

fn draft(room: u8, user: u8, id: u8, change: Change) -> Draft {
    Draft {
        room: RoomId::parse(&format!("r{room}")).unwrap(),
        by: User::parse(&format!("u{user}"), None).unwrap(),
        id: RequestId::parse(&format!("d{id}")).unwrap(),
        change,
        except: None,
    }
}

fn message(text: &str) -> Change {
    Change::Message { body: Body::trusted(text), reply_to: None }
}

fn says(room: u8, id: u8) -> Draft {
    draft(room, 0, id, message("hi"))
}

fn deletes(room: u8, id: u8, target: u64) -> Draft {
    draft(room, 0, id, Change::Delete { target: Seq::new(target).unwrap() })
}

fn of(drafts: Vec<Draft>) -> Submission {
    Submission { drafts, age: Duration::ZERO }
}

#[expect(clippy::unnecessary_wraps, reason = "it is a verdict like the others")]
fn stored(n: u64) -> Verdict {
    let (seq, at) = (Seq::new(n).unwrap(), Timestamp::from_micros(0));
    Ok(Stored { seq, at, target: None, repeat: false })
}

fn codes(answered: &Answered<u32>) -> Vec<Result<u64, Code>> {
    let code = |verdict: &Verdict| match verdict {
        Ok(stored) => Ok(stored.seq.get()),
        Err(refusal) => Err(refusal.code),
    };
    answered.verdicts.iter().map(code).collect()
}

fn ids<T>(batch: &Batch<T>) -> Vec<&str> {
    batch.drafts().iter().map(|draft| draft.id.as_str()).collect()
}

/// A backlog with submissions that are numbered from 0.
fn backlog(submissions: impl IntoIterator<Item = Vec<Draft>>) -> Backlog<u32> {
    let mut backlog = Backlog::new(BOUNDS);
    for (ticket, drafts) in (0..).zip(submissions) {
        assert_eq!(backlog.push(of(drafts), ticket, Instant::now()), None);
    }
    backlog
}

#[test]
fn what_waits_is_taken_in_its_order_up_to_the_bound() {
    let mut backlog = backlog([vec![says(0, 1), says(0, 2)], vec![says(1, 3), says(1, 4), says(1, 5)]]);
    let (batch, too_old) = backlog.take(Instant::now());
    assert_eq!((ids(&batch), too_old), (vec!["d1", "d2", "d3", "d4"], vec![]));
    let answered = backlog.settle(batch, (1..=4).map(stored).collect());
    assert_eq!(answered, [Answered { ticket: 0, verdicts: vec![stored(1), stored(2)] }]);
    let (batch, _) = backlog.take(Instant::now());
    assert_eq!(ids(&batch), ["d5"]);
    let answered = backlog.settle(batch, vec![stored(5)]);
    assert_eq!(answered, [Answered { ticket: 1, verdicts: vec![stored(3), stored(4), stored(5)] }]);
    assert!(backlog.is_empty() && backlog.messages == 0 && backlog.bytes == 0);
}

#[test]
fn the_same_request_twice_waits_for_the_next_batch_with_its_room() {
    let mut backlog = backlog([vec![says(0, 1)], vec![says(0, 1)], vec![says(0, 2)], vec![says(1, 1)]]);
    let (batch, _) = backlog.take(Instant::now());
    assert_eq!(batch.drafts(), [says(0, 1), says(1, 1)], "another room is not held up");
    backlog.settle(batch, vec![stored(1), stored(1)]);
    assert_eq!(backlog.take(Instant::now()).0.drafts(), [says(0, 1), says(0, 2)]);
}

#[test]
fn two_changes_of_one_message_are_kept_apart() {
    let mut backlog = backlog([vec![deletes(0, 1, 7), deletes(0, 2, 8), deletes(0, 3, 7), says(0, 4)]]);
    let (batch, _) = backlog.take(Instant::now());
    assert_eq!(ids(&batch), ["d1", "d2"]);
    assert_eq!(backlog.settle(batch, vec![stored(1), stored(2)]), []);
    assert_eq!(ids(&backlog.take(Instant::now()).0), ["d3", "d4"]);
}

#[test]
fn a_batch_is_bounded_in_bytes_and_takes_a_larger_draft_alone() {
    let large = |id| draft(0, 0, id, message(&"x".repeat(120_000)));
    let mut backlog = backlog([vec![large(1)], vec![says(0, 2), large(3)]]);
    for expected in [["d1"], ["d2"], ["d3"]] {
        let (batch, _) = backlog.take(Instant::now());
        assert_eq!(ids(&batch), expected);
        backlog.settle(batch, vec![stored(1)]);
    }
}

#[test]
fn what_does_not_fit_comes_back_at_once() {
    let mut backlog = backlog((0..20).map(|id| vec![says(0, id)]));
    let answered = backlog.push(of(vec![says(0, 99)]), 99, Instant::now()).unwrap();
    assert_eq!((answered.ticket, codes(&answered)), (99, vec![Err(Code::Unavailable)]));
    let mut backlog = Backlog::new(Bounds { queue_bytes: 100_000, ..BOUNDS });
    let large = || of((0..2).map(|id| draft(0, 0, id, message(&"x".repeat(60_000)))).collect());
    assert!(backlog.push(large(), 1, Instant::now()).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_ghost_is_not_stored() {
    let mut backlog = Backlog::new(BOUNDS);
    let old = Submission { drafts: vec![says(0, 1)], age: AGE_MAX + Duration::from_millis(1) };
    let answered = backlog.push(old, 1, Instant::now()).unwrap();
    assert_eq!(codes(&answered), [Err(Code::Unavailable)]);
    let young = Submission { drafts: vec![says(0, 1)], age: AGE_MAX / 2 };
    assert_eq!(backlog.push(young, 2, Instant::now()), None);
    tokio::time::advance(AGE_MAX / 2 + Duration::from_millis(1)).await;
    let (batch, too_old) = backlog.take(Instant::now());
    assert!(batch.is_empty());
    assert_eq!((too_old[0].ticket, codes(&too_old[0])), (2, vec![Err(Code::Unavailable)]));
}

#[test]
fn after_an_unknown_outcome_the_rest_of_the_submission_is_given_up() {
    let mut backlog = backlog([(1..=6).map(|id| says(0, id)).collect(), vec![says(0, 7)]]);
    let (batch, _) = backlog.take(Instant::now());
    let unknown = || Err(Refusal::unavailable("who knows"));
    let answered = backlog.settle(batch, vec![stored(1), unknown(), unknown(), unknown()]);
    let unavailable = Err(Code::Unavailable);
    assert_eq!(codes(&answered[0]), [Ok(1), unavailable, unavailable, unavailable, unavailable, unavailable]);
    assert_eq!(ids(&backlog.take(Instant::now()).0), ["d7"], "another submission is another sender's");
}

#[test]
fn giving_up_answers_everything_that_waits() {
    let mut backlog = backlog([vec![says(0, 1), says(0, 2)], vec![says(1, 3)]]);
    let answered = backlog.give_up();
    assert_eq!(answered.iter().map(|answered| answered.verdicts.len()).sum::<usize>(), 3);
    assert!(backlog.is_empty() && backlog.messages == 0 && backlog.bytes == 0);
}

/// What may happen to a backlog.
#[derive(Debug, Clone)]
enum Step {
    Push { room: u8, age_s: u8, drafts: Vec<(u8, u8, Option<u8>)> },
    Commit(Vec<u8>),
    Wait(u8),
    GiveUp,
}

fn step() -> impl Strategy<Value = Step> {
    let draft = (0..2_u8, 0..6_u8, proptest::option::weighted(0.3, 1..3_u8));
    prop_oneof![
        6 => (0..3_u8, 0..12_u8, proptest::collection::vec(draft, 1..7))
            .prop_map(|(room, age_s, drafts)| Step::Push { room, age_s, drafts }),
        5 => proptest::collection::vec(0..8_u8, 4).prop_map(Step::Commit),
        1 => (0..6_u8).prop_map(Step::Wait),
        1 => Just(Step::GiveUp),
    ]
}

/// What an observer knows: each draft is told from all others by its body, a change by its place.
#[derive(Default)]
struct Watch {
    submissions: Vec<Vec<Draft>>,
    /// The verdict that each draft was given, by submission and place.
    given: HashMap<(usize, usize), Verdict>,
    answered: HashSet<usize>,
    seq: u64,
}

impl Watch {
    fn answer(&mut self, answered: Answered<usize>) {
        let ticket = answered.ticket;
        assert!(self.answered.insert(ticket), "answered twice");
        assert_eq!(answered.verdicts.len(), self.submissions[ticket].len());
        for (place, verdict) in answered.verdicts.into_iter().enumerate() {
            match self.given.get(&(ticket, place)) {
                Some(given) => assert_eq!(&verdict, given),
                None => assert_eq!(verdict.unwrap_err().code, Code::Unavailable),
            }
        }
    }

    /// Finds where each draft of a batch stands, checks what must hold of a batch, and gives verdicts.
    fn commit(&mut self, batch: &Batch<usize>, luck: &[u8]) -> Vec<Verdict> {
        let drafts = batch.drafts();
        assert!(drafts.len() <= BOUNDS.batch_messages);
        let ids: HashSet<_> = drafts.iter().map(|d| (&d.room, &d.by.id, &d.id)).collect();
        assert_eq!(ids.len(), drafts.len(), "one request twice in a batch");
        let targets: Vec<_> = drafts.iter().filter_map(|d| Some((&d.room, d.change.target()?))).collect();
        assert_eq!(targets.iter().collect::<HashSet<_>>().len(), targets.len(), "one message changed twice");

        let (in_doubt, mut doubtful_now) = (self.in_doubt(), HashSet::new());
        let mut verdicts = Vec::new();
        for ((draft, &ticket), luck) in drafts.iter().zip(batch.tickets()).zip(luck.iter().cycle()) {
            let place = self.next_place(ticket);
            assert_eq!(&self.submissions[ticket][place], draft, "a submission is taken in its order");
            self.check_order(ticket, place, &draft.room);
            assert!(!in_doubt.contains(&ticket), "taken after a doubt");
            self.seq += 1;
            let verdict = match luck {
                0 => Err(Refusal::unavailable("who knows")),
                // Within a batch the one who appends keeps this rule.
                _ if doubtful_now.contains(&ticket) => Err(Refusal::unavailable("who knows")),
                1 => Err(Refusal::malformed("no")),
                _ => stored(self.seq),
            };
            if verdict.as_ref().is_err_and(|why| why.code == Code::Unavailable) {
                doubtful_now.insert(ticket);
            }
            self.given.insert((ticket, place), verdict.clone());
            verdicts.push(verdict);
        }
        verdicts
    }

    fn next_place(&self, ticket: usize) -> usize {
        (0..).find(|&place| !self.given.contains_key(&(ticket, place))).unwrap()
    }

    /// The submissions of which somebody wonders what became of a draft.
    fn in_doubt(&self) -> HashSet<usize> {
        let doubt = |verdict: &Verdict| verdict.as_ref().is_err_and(|why| why.code == Code::Unavailable);
        self.given.iter().filter(|(_, verdict)| doubt(verdict)).map(|((ticket, _), _)| *ticket).collect()
    }

    /// Nothing of this room that came earlier still waits.
    fn check_order(&self, ticket: usize, place: usize, room: &RoomId) {
        for (earlier, drafts) in self.submissions[..ticket].iter().enumerate() {
            let all_given = (0..drafts.len()).all(|place| self.given.contains_key(&(earlier, place)));
            assert!(
                &drafts[0].room != room || self.answered.contains(&earlier) || all_given,
                "overtaken: {earlier} by {ticket}/{place}"
            );
        }
    }
}

proptest! {
    #[test]
    fn whatever_happens_order_is_kept_and_everything_is_answered_once(
        steps in proptest::collection::vec(step(), 1..60)
    ) {
        let (mut backlog, mut watch) = (Backlog::new(BOUNDS), Watch::default());
        let mut now = Instant::now();
        for step in steps {
            match step {
                Step::Push { room, age_s, drafts } => {
                    let draft = |(user, id, target): (u8, u8, Option<u8>)| match target {
                        None => draft(room, user, id, message("hi")),
                        Some(target) => deletes(room, id, target.into()),
                    };
                    let drafts: Vec<Draft> = drafts.into_iter().map(draft).collect();
                    let ticket = watch.submissions.len();
                    watch.submissions.push(drafts.clone());
                    let submission = Submission { drafts, age: Duration::from_secs(age_s.into()) };
                    if let Some(answered) = backlog.push(submission, ticket, now) {
                        watch.answer(answered);
                    }
                }
                Step::Commit(luck) => {
                    let (batch, too_old) = backlog.take(now);
                    too_old.into_iter().for_each(|answered| watch.answer(answered));
                    let verdicts = watch.commit(&batch, &luck);
                    backlog.settle(batch, verdicts).into_iter().for_each(|answered| watch.answer(answered));
                }
                Step::Wait(seconds) => now += Duration::from_secs(seconds.into()),
                Step::GiveUp => backlog.give_up().into_iter().for_each(|answered| watch.answer(answered)),
            }
            prop_assert!(backlog.messages <= BOUNDS.queue_messages + BOUNDS.batch_messages);
        }
        while !backlog.is_empty() {
            let (batch, too_old) = backlog.take(now);
            too_old.into_iter().for_each(|answered| watch.answer(answered));
            let verdicts = watch.commit(&batch, &[2]);
            backlog.settle(batch, verdicts).into_iter().for_each(|answered| watch.answer(answered));
        }
        prop_assert_eq!(watch.answered.len(), watch.submissions.len(), "some were never answered");
        prop_assert_eq!((backlog.messages, backlog.bytes), (0, 0));
    }
}

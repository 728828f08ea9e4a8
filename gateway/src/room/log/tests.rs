//! The log, in whatever way the bus brings what was said.

use super::*;
use chat::{Body, EventKind, RequestId, RoomId, RoomKind, User};
use proptest::prelude::*;

fn event(seq: u64, kind: EventKind) -> Event {
    Event {
        room: RoomId::parse("r").unwrap(),
        seq: Seq::new(seq).unwrap(),
        id: RequestId::parse(&format!("id-{seq}")).unwrap(),
        by: User::parse("ana", None).unwrap(),
        at: Timestamp::from_micros(0),
        kind,
        except: None,
    }
}

pub(in crate::room) fn message(seq: u64) -> Event {
    event(seq, EventKind::Message { body: Some(Body::trusted("hi")), reply_to: None })
}

pub(in crate::room) fn deleted(seq: u64, target: u64) -> Event {
    event(seq, EventKind::Deleted { target: Seq::new(target).unwrap() })
}

fn epoch(name: &str) -> Epoch {
    Epoch::parse(name).unwrap()
}

fn seq(n: u64) -> Seq {
    Seq::new(n).unwrap()
}

fn log_at(last: u64) -> RoomLog {
    let state = RoomState { kind: RoomKind::Public, epoch: epoch("e.1"), first_seq: seq(1), seq: seq(last) };
    RoomLog::new(state, 10_000)
}

fn page(epoch_name: &str, head: u64, events: impl IntoIterator<Item = u64>) -> LogPage {
    LogPage {
        epoch: epoch(epoch_name),
        first_seq: seq(1),
        head: seq(head),
        events: events.into_iter().map(message).collect(),
    }
}

fn seqs(told: &[Arc<Event>]) -> Vec<u64> {
    told.iter().map(|e| e.seq.get()).collect()
}

/// A read that looks at the store now, and is back at once.
fn read(log: &mut RoomLog, page: LogPage, now: Instant) -> Progress {
    log.begin_read();
    log.read(page, now)
}

#[test]
fn what_follows_is_told_and_what_was_told_is_not_told_again() {
    let (mut log, now) = (log_at(4), Instant::now());
    assert_eq!(seqs(&log.hear(&epoch("e.1"), vec![message(5), message(6)], now)), [5, 6]);
    assert_eq!(seqs(&log.hear(&epoch("e.1"), vec![message(5), message(6)], now)), [0; 0]);
    assert_eq!(log.read_at(), None);
}

#[test]
fn what_came_early_is_held_and_told_in_order() {
    let (mut log, now) = (log_at(4), Instant::now());
    assert_eq!(seqs(&log.hear(&epoch("e.1"), vec![message(7), message(6)], now)), [0; 0]);
    assert_eq!(log.read_at(), Some(now + PATIENCE));
    assert_eq!(seqs(&log.hear(&epoch("e.1"), vec![message(5)], now)), [5, 6, 7]);
    assert_eq!(log.read_at(), None);
}

#[test]
fn a_hole_that_stays_is_read() {
    let (mut log, now) = (log_at(4), Instant::now());
    log.hear(&epoch("e.1"), vec![message(7)], now);
    let Progress::Events(told) = read(&mut log, page("e.1", 7, [5, 6]), now) else { panic!("restarted") };
    assert_eq!(seqs(&told), [5, 6, 7]);
    assert_eq!(log.read_at(), None);
}

#[test]
fn a_long_hole_is_read_page_after_page_without_a_pause() {
    let (mut log, now) = (log_at(0), Instant::now());
    log.hear_head(&epoch("e.1"), seq(5), now);
    read(&mut log, page("e.1", 5, [1, 2]), now);
    assert_eq!(log.read_at(), Some(now));
    read(&mut log, page("e.1", 5, [3, 4, 5]), now);
    assert_eq!(log.read_at(), None);
}

#[test]
fn an_announced_head_finds_the_lost_last_message() {
    let (mut log, now) = (log_at(4), Instant::now());
    log.hear_head(&epoch("e.1"), seq(4), now);
    assert_eq!(log.read_at(), None);
    log.hear_head(&epoch("e.1"), seq(5), now);
    assert_eq!(log.read_at(), Some(now + PATIENCE));
}

#[test]
fn a_head_that_the_store_does_not_know_is_not_asked_for_for_ever() {
    let (mut log, now) = (log_at(4), Instant::now());
    log.hear_head(&epoch("e.1"), seq(9), now);
    assert_eq!(read(&mut log, page("e.1", 4, []), now), Progress::Events(vec![]));
    assert_eq!(log.read_at(), None);
}

#[test]
fn what_is_heard_during_a_read_outlives_it() {
    let (mut log, now) = (log_at(4), Instant::now());
    log.hear_head(&epoch("e.1"), seq(6), now);
    log.begin_read();
    log.hear(&epoch("e.1"), vec![message(8)], now);
    let Progress::Events(told) = log.read(page("e.1", 6, [5, 6]), now) else { panic!("restarted") };
    assert_eq!(seqs(&told), [5, 6]);
    assert_eq!(log.read_at(), Some(now + PATIENCE), "8 was heard, and 7 is missing");
    log.begin_read();
    log.hear_head(&epoch("e.2"), seq(1), now);
    log.read(page("e.1", 8, [7, 8]), now);
    assert_eq!(
        log.read_at(),
        Some(now + PATIENCE),
        "there is another epoch, of which that read knew nothing"
    );
}

#[test]
fn another_epoch_counts_only_when_a_read_says_so() {
    let (mut log, now) = (log_at(4), Instant::now());
    assert_eq!(log.hear(&epoch("e.0"), vec![message(5)], now), vec![]);
    assert_eq!(read(&mut log, page("e.1", 4, []), now), Progress::Events(vec![]));
    assert_eq!(log.read_at(), None, "an old writer's echo changes nothing");
    log.hear_head(&epoch("e.2"), seq(2), now);
    assert_eq!(read(&mut log, page("e.2", 2, []), now), Progress::Restart);
    assert_eq!((log.state().seq, log.state().epoch.as_str()), (seq(2), "e.2"));
    assert_eq!(log.recent(seq(1), 9, 999), None, "the ring of the other history is gone");
}

#[test]
fn what_a_page_says_to_be_gone_is_not_promised_any_more() {
    let mut log = log_at(9);
    log.keep(seq(5), &[Arc::new(message(5))]);
    assert_eq!((log.state().first_seq, log.state().seq), (seq(5), seq(9)));
    log.keep(seq(4), &[]);
    assert_eq!(log.state().first_seq, seq(5), "an older page knows less");
}

#[test]
fn what_retention_has_removed_restarts_the_room() {
    let (mut log, now) = (log_at(4), Instant::now());
    log.hear_head(&epoch("e.1"), seq(9), now);
    let gone = LogPage { first_seq: seq(8), ..page("e.1", 9, [8, 9]) };
    assert_eq!(read(&mut log, gone, now), Progress::Restart);
    assert_eq!(log.state().seq, seq(9));
}

proptest! {
    /// Whatever is lost, doubled or swapped on the bus: with reads when they are due, everything is told
    /// once, in order, without a hole.
    #[test]
    fn the_log_is_whole_whatever_the_bus_does(
        heard in prop::collection::vec((1u64..40, 0u64..40, any::<bool>()), 0..80),
        page_size in 1usize..7,
    ) {
        let (mut log, mut now) = (log_at(0), Instant::now());
        let mut told = Vec::new();
        let mut head = 0;
        for (from, announced, wait) in heard {
            head = head.max(from + 2).max(announced);
            told.extend(seqs(&log.hear(&epoch("e.1"), (from..from + 3).map(message).collect(), now)));
            log.hear_head(&epoch("e.1"), seq(announced), now);
            if wait {
                now += PATIENCE;
            }
            while log.read_at().is_some_and(|at| at <= now) {
                let after = log.state().seq.get();
                let next = page("e.1", head, (after + 1..=head).take(page_size));
                let Progress::Events(more) = read(&mut log, next, now) else { panic!("restarted") };
                told.extend(seqs(&more));
            }
        }
        now += PATIENCE;
        while log.read_at().is_some_and(|at| at <= now) {
            let after = log.state().seq.get();
            let Progress::Events(more) = read(&mut log, page("e.1", head, (after + 1..=head).take(page_size)), now)
                else { panic!("restarted") };
            told.extend(seqs(&more));
        }
        prop_assert_eq!(told, (1..=head).collect::<Vec<_>>());
    }
}

//! Bursts that outboxes cannot take: nobody is dismissed for one, nobody misses anything, nothing grows.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::task::yield_now;

use super::*;
use crate::room::Phase;

/// The events that a test tells, as the switchboard keeps them for those who are behind.
#[derive(Default)]
struct Log(Vec<Arc<Event>>);

impl Log {
    /// The next event, with so many letters.
    fn grow(&mut self, letters: usize) -> Arc<Event> {
        let event = Arc::new(message(self.0.len() as u64 + 1, letters));
        self.0.push(Arc::clone(&event));
        event
    }

    /// At most so many events after a position.
    fn page(&self, after: Seq, count: usize) -> Arc<[Arc<Event>]> {
        self.0.iter().filter(|event| event.seq > after).take(count).cloned().collect()
    }
}

impl House {
    fn phase(&mut self, guest: &Guest) -> Phase {
        self.shard.connection(guest.key).expect("it is here").subscriptions.iter().next().unwrap().phase
    }

    /// Tells of events of 8 KiB until the guest cannot take one more. Gives the last one.
    fn overruns(&mut self, guest: &Guest, log: &mut Log) -> u64 {
        while self.phase(guest) == Phase::Live {
            self.tells(&[log.grow(8 * 1024)]);
            self.flush_all();
        }
        log.0.len() as u64
    }

    /// Answers what is wanted with pages of so many events. True if something was.
    fn serves_pages(&mut self, log: &Log, count: usize) -> bool {
        let mut served = false;
        while let Ok((_, want)) = self.wants.try_recv() {
            let Want::Page { to, after, .. } = want else { panic!("{want:?}") };
            self.tell(Told::Page { to, first: Seq::new(1).unwrap(), events: log.page(after, count) });
            self.flush_all();
            served = true;
        }
        served
    }

    /// The guest reads on until it is live again and has been shown the last event. Gives all that it was told.
    async fn catches_up(&mut self, guest: &mut Guest, log: &Log, read: &mut Vec<u8>) -> Vec<Value> {
        let caught_up = self.read_on(guest, log, read);
        tokio::time::timeout(Duration::from_secs(30), caught_up).await.expect("it never catches up")
    }

    async fn read_on(&mut self, guest: &mut Guest, log: &Log, read: &mut Vec<u8>) -> Vec<Value> {
        loop {
            guest.takes(read);
            self.shard.flush(guest.key);
            let served = self.serves_pages(log, 3);
            if !served && self.phase(guest) == Phase::Live && self.is_all_written(guest) {
                let words = words(&mut read.clone());
                if seqs(&words).last() == Some(&(log.0.len() as u64)) {
                    return words;
                }
            }
            yield_now().await;
        }
    }

    fn is_all_written(&mut self, guest: &Guest) -> bool {
        self.shard.connection(guest.key).expect("it is here").outbox.is_empty()
    }
}

/// The seqs of the messages among these words.
fn seqs(words: &[Value]) -> Vec<u64> {
    words.iter().filter(|w| w["type"] == "message").filter_map(|w| w["seq"].as_u64()).collect()
}

#[tokio::test]
async fn whoever_reads_does_not_fall_behind_however_much_has_gathered() {
    let mut house = House::new(64 * 1024);
    let mut guest = house.guest(None).await;
    house.lets_in(&mut guest, "r", 0, 0).await;
    (1..=50).for_each(|seq| house.says(seq, 8 * 1024));
    assert_eq!(house.phase(&guest), Phase::Live);
}

#[tokio::test]
async fn whoever_is_overrun_reads_the_rest_from_the_log_and_is_live_again() {
    let (mut house, mut log) = (House::new(20_000), Log::default());
    let mut guest = house.guest(Some(4096)).await;
    house.lets_in(&mut guest, "r", 0, 0).await;
    let missed = house.overruns(&guest, &mut log);
    assert_eq!(house.phase(&guest).hungry(), Seq::new(missed - 1).ok(), "it goes on with what did not fit");
    // The next one is small enough, and is not shown before the one that was missed.
    house.tells(&[log.grow(2)]);
    let mut read = Vec::new();
    house.catches_up(&mut guest, &log, &mut read).await;
    house.tells(&[log.grow(2)]);
    let words = house.catches_up(&mut guest, &log, &mut read).await;
    assert_eq!(seqs(&words), (1..=missed + 2).collect::<Vec<_>>());
    assert_eq!(
        words.last().map(|word| &word["seq"]),
        Some(&json!(missed + 2)),
        "nothing else was said to it"
    );
    assert_eq!(house.end(&guest), End::Open);
}

#[tokio::test]
async fn whoever_is_behind_is_asked_for_no_page_before_there_is_room_for_it() {
    let (mut house, mut log) = (House::new(100_000), Log::default());
    let mut guest = house.guest(Some(4096)).await;
    house.lets_in(&mut guest, "r", 0, 0).await;
    house.overruns(&guest, &mut log);
    house.tick(Instant::now());
    assert!(house.wants.try_recv().is_err(), "the outbox is full");
    let mut read = Vec::new();
    let words = house.catches_up(&mut guest, &log, &mut read).await;
    assert_eq!(seqs(&words).len(), log.0.len());
}

#[tokio::test]
async fn whoever_stops_reading_costs_its_outbox_and_is_dismissed_after_the_time_for_that() {
    let (mut house, mut log) = (House::new(50_000), Log::default());
    let mut guest = house.guest(Some(4096)).await;
    house.lets_in(&mut guest, "r", 0, 0).await;
    house.overruns(&guest, &mut log);
    for _ in 0..1000 {
        house.tells(&[log.grow(8 * 1024)]);
        house.flush_all();
    }
    let connection = house.shard.connection(guest.key).unwrap();
    assert!(connection.outbox.bytes() <= 50_000, "{} bytes wait", connection.outbox.bytes());
    let since = connection.blocked_since.expect("the socket takes nothing");
    let patience = STALLED - thread::TICK;
    house.tick(since + patience - Duration::from_millis(1));
    assert_eq!(house.end(&guest), End::Open);
    house.tick(since + patience);
    assert!(matches!(house.end(&guest), End::Closing(_)));
    assert_eq!(house.shard.metrics.slow_consumers.get(), 1);
    let mut read = Vec::new();
    for _ in 0..20 {
        guest.reads(&mut read).await;
        house.shard.flush(guest.key);
    }
    let words = words(&mut read);
    assert_eq!(words.last(), Some(&json!(4010)), "and it is told why");
    let seen = seqs(&words);
    assert_eq!(seen, (1..=seen.len() as u64).collect::<Vec<_>>());
}

#[tokio::test]
async fn whoever_goes_on_after_the_last_word_is_heard_for_a_while_and_then_cut_off() {
    let mut house = House::new(50_000);
    let guest = house.guest(None).await;
    house.shard.dismiss_slow(guest.key);
    assert!(matches!(house.end(&guest), End::Closing(_)));
    let pings = masked_frame(Opcode::Ping, b"", [7; 4]).repeat(10_000);
    let mut thrown_away = 0;
    while let Some(connection) = house.shard.connection(guest.key) {
        thrown_away = connection.discarded;
        guest.client.try_write(&pings).ok();
        house.shard.on_readable(guest.key);
        yield_now().await;
    }
    assert!((7 << 20..=8 << 20).contains(&thrown_away), "{thrown_away} bytes were thrown away");
}

/// Somebody who reads now and then, a room that speaks in bursts, and pages of any size: everything is shown once,
/// in order, and what waits stays within its bound and one page.
#[tokio::test]
async fn however_one_reads_everything_is_shown_once_and_in_order() {
    const OUTBOX: usize = 30_000;
    for seed in 0..20 {
        let mut chance = StdRng::seed_from_u64(seed);
        let (mut house, mut log) = (House::new(OUTBOX), Log::default());
        let mut guest = house.guest(Some(16 * 1024)).await;
        house.lets_in(&mut guest, "r", 0, 0).await;
        let (mut read, mut fell) = (Vec::new(), 0);
        for _ in 0..150 {
            let events: Vec<_> =
                (0..chance.random_range(1..4)).map(|_| log.grow(chance.random_range(0..6000))).collect();
            let was_live = house.phase(&guest) == Phase::Live;
            house.tells(&events);
            fell += usize::from(was_live && house.phase(&guest) != Phase::Live);
            if chance.random_bool(0.3) {
                house.flush_all();
            }
            if chance.random_bool(0.4) {
                guest.takes(&mut read);
                house.shard.flush(guest.key);
            }
            if chance.random_bool(0.5) {
                house.serves_pages(&log, chance.random_range(1..10));
            }
            let waits = house.shard.connection(guest.key).unwrap().outbox.bytes();
            assert!(waits <= OUTBOX + 9 * 7000, "seed {seed}: {waits} bytes wait");
        }
        let words = house.catches_up(&mut guest, &log, &mut read).await;
        assert!(fell > 0, "seed {seed}: it never fell behind");
        assert_eq!(seqs(&words), (1..=log.0.len() as u64).collect::<Vec<_>>(), "seed {seed}");
    }
}

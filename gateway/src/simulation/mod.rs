//! A whole town in one thread, without I/O and without real time, out of one number: gateways (the real switchboard with
//! its road, rooms and interest, and the real sessions), a bus that loses, doubles, swaps and delays, writers and a
//! store that stall, refuse and leave in doubt, and residents who talk, repeat, leave and come back elsewhere, in three
//! dialects.
//!
//! The number, the seed, draws how big the town is, which faults it has, and everything that happens. Then the faults
//! end, and what was promised must hold:
//!
//! * what was acknowledged stands where it was said to stand, what was refused does not, one id has one seq, and the
//!   sends of one resident stand in their order;
//! * everybody is shown each event after their position once and in order, or is told that something is left out, and
//!   that only where the past has changed;
//! * pages with the library of Action Cable, which cannot say where they were, are shown each event since their
//!   subscription was confirmed once and in order, on each of their subscriptions; with AnyCable's they are shown each event
//!   since their last position, or hear that it is lost, and that only where the past has changed;
//! * every answer comes within five seconds, and ten seconds after the last fault everybody is at the head;
//! * once everybody has gone, nothing is left.
//!
//! A seed that fails is printed, with the command that lives through it again and tells everything:
//!
//! ```sh
//! PARLOR_SEED=123 cargo test -p gateway --no-default-features simulation -- --nocapture
//! ```
//!
//! `PARLOR_SEEDS=20000..90000` tries others than those that are always tried, and names all that fail.

mod actions;
mod agenda;
mod audit;
mod bell;
mod cable;
mod chance;
mod connection;
mod feeding;
mod gateway;
mod life;
mod pages;
mod resident;
mod saying;
mod shard;
mod store;
mod town;
mod trace;
mod weather;
mod writers;

use std::ops::Range;

use tokio::task::{LocalSet, spawn_local};

use town::Town;
use trace::Trace;

/// What there is to tell of a town.
struct Tale {
    /// How many faults there were.
    faults: u64,
    /// How many messages were acknowledged.
    acknowledged: usize,
    lines: Vec<String>,
}

/// Lives through one seed.
fn live(seed: u64, trace: Trace) -> Tale {
    let _named = Named(seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    // A task of its own: what is run beside the tasks of a set is looked at whenever any of them is.
    let lived = LocalSet::new().block_on(&runtime.expect("a runtime"), async move {
        let town = async move {
            let mut town = Town::new(seed, trace);
            town.live().await;
            Tale { faults: town.faults, acknowledged: town.acknowledged(), lines: town.trace.into_lines() }
        };
        spawn_local(town).await
    });
    lived.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))
}

/// Says which seed it was, if the test does not survive it.
struct Named(u64);

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let seed = self.0;
            eprintln!(
                "seed {seed} has failed; to see what happens in it:\n  \
                 PARLOR_SEED={seed} cargo test -p gateway --no-default-features simulation -- --nocapture"
            );
        }
    }
}

fn env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Lives through a range of seeds, unless others were asked for.
fn live_through(seeds: Range<u64>) {
    if env("PARLOR_SEED").is_some() || env("PARLOR_SEEDS").is_some() {
        return;
    }
    let (mut faults, mut acknowledged) = (0, 0);
    for tale in seeds.map(|seed| live(seed, Trace::off())) {
        faults += tale.faults;
        acknowledged += tale.acknowledged;
    }
    println!("{faults} faults, {acknowledged} messages acknowledged");
    assert!(faults > 10_000 && acknowledged > 10_000, "nothing was tried: {faults}, {acknowledged}");
}

/// Ten thousand seeds, in pieces that can run beside each other.
macro_rules! seeds {
    ($($name:ident: $seeds:expr;)*) => {
        $(#[test]
        fn $name() {
            live_through($seeds);
        })*
    };
}

seeds! {
    the_promises_hold_in_seeds_from_0: 0..1000;
    the_promises_hold_in_seeds_from_1000: 1000..2000;
    the_promises_hold_in_seeds_from_2000: 2000..3000;
    the_promises_hold_in_seeds_from_3000: 3000..4000;
    the_promises_hold_in_seeds_from_4000: 4000..5000;
    the_promises_hold_in_seeds_from_5000: 5000..6000;
    the_promises_hold_in_seeds_from_6000: 6000..7000;
    the_promises_hold_in_seeds_from_7000: 7000..8000;
    the_promises_hold_in_seeds_from_8000: 8000..9000;
    the_promises_hold_in_seeds_from_9000: 9000..10_000;
}

#[test]
fn the_promises_hold_in_many_more_seeds() {
    if env("PARLOR_TEST_LONG").is_some() {
        live_through(10_000..40_000);
    }
}

/// The seed that was asked for, with everything that happens.
#[test]
fn the_promises_hold_in_the_seed_that_was_asked_for() {
    if let Some(seed) = env("PARLOR_SEED") {
        live(seed.parse().expect("PARLOR_SEED is a number"), Trace::printed());
    }
    let Some(seeds) = env("PARLOR_SEEDS") else { return };
    let (first, end) = seeds.split_once("..").expect("PARLOR_SEEDS is first..end");
    let number = |text: &str| text.parse::<u64>().expect("PARLOR_SEEDS is first..end");
    let fails = |seed: &u64| std::panic::catch_unwind(|| live(*seed, Trace::off())).is_err();
    let failed: Vec<u64> = (number(first)..number(end)).filter(fails).collect();
    assert!(failed.is_empty(), "{} seeds have failed: {failed:?}", failed.len());
}

#[test]
fn a_seed_always_tells_the_same_story() {
    for seed in 0..20 {
        let (first, second) = (live(seed, Trace::kept()).lines, live(seed, Trace::kept()).lines);
        let differs = first.iter().zip(&second).find(|(first, second)| first != second);
        assert_eq!(differs, None, "in seed {seed}");
        assert_eq!(first.len(), second.len(), "in seed {seed}");
    }
}

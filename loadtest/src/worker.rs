//! A thread with its share of the people: one current-thread runtime, no lock between them.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tokio::sync::mpsc;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::sleep;

use crate::crowd::Shared;
use crate::person::{Person, Surroundings, live};
use crate::progress::Glimpse;
use crate::tally::Tally;

const SCRATCH_BYTES: usize = 65_536;
/// How often a worker looks whether its people have everything.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What a worker brings home.
pub(crate) struct Yield {
    pub(crate) tally: Tally,
    pub(crate) people: Vec<Person>,
}

/// A person of this worker: its number and where its orders come from.
pub(crate) struct Seat {
    pub(crate) number: u32,
    pub(crate) person: Person,
    pub(crate) orders: mpsc::Receiver<u32>,
}

/// Runs these people until the run is over. Blocks.
///
/// # Errors
/// If the runtime cannot be made.
pub(crate) fn work(number: usize, shared: Arc<Shared>, seats: Vec<Seat>) -> Result<Yield> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let around = Rc::new(Surroundings {
        shared,
        tally: RefCell::new(Tally::new()),
        scratch: RefCell::new(vec![0; SCRATCH_BYTES]),
    });
    let people = LocalSet::new().block_on(&runtime, house(number, around.clone(), seats))?;
    let around = Rc::into_inner(around).context("a client is still running")?;
    Ok(Yield { tally: around.tally.into_inner(), people })
}

async fn house(worker: usize, around: Rc<Surroundings>, seats: Vec<Seat>) -> Result<Vec<Person>> {
    let shared = around.shared.clone();
    let (mut lives, mut people) = (JoinSet::new(), Vec::new());
    for Seat { number, person, orders } in seats {
        let person = Rc::new(RefCell::new(person));
        people.push(person.clone());
        lives.spawn_local(live(person, number, around.clone(), orders));
    }
    let mut glance = Instant::now();
    while !shared.stop.is_cancelled() {
        if glance.elapsed() >= Glimpse::EVERY {
            Glimpse::of(&around.tally.borrow()).show(&shared.glimpses[worker]);
            glance = Instant::now();
        }
        if shared.all_told.load(Ordering::Acquire) {
            let settled = people.iter().all(|person| person.borrow().is_settled(&shared.ledger));
            shared.settled[worker].store(settled, Ordering::Release);
        }
        tokio::select! {
            () = shared.stop.cancelled() => {}
            () = sleep(LOOK_EVERY) => {}
        }
    }
    while let Some(life) = lives.join_next().await {
        life.context("a client has panicked")?;
    }
    let unwrap =
        |person| Rc::into_inner(person).context("a client is still running").map(RefCell::into_inner);
    people.into_iter().map(unwrap).collect()
}

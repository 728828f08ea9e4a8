//! A thread with its share of the people: one current-thread runtime, no lock between them.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::sleep_until;

use crate::crowd::Shared;
use crate::effort::Effort;
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
    pub(crate) effort: Effort,
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
    let (people, effort) = LocalSet::new().block_on(&runtime, house(number, around.clone(), seats))?;
    let around = Rc::into_inner(around).context("a client is still running")?;
    Ok(Yield { tally: around.tally.into_inner(), people, effort })
}

async fn house(worker: usize, around: Rc<Surroundings>, seats: Vec<Seat>) -> Result<(Vec<Person>, Effort)> {
    let shared = around.shared.clone();
    let (mut lives, mut people) = (JoinSet::new(), Vec::new());
    for Seat { number, person, orders } in seats {
        let person = Rc::new(RefCell::new(person));
        people.push(person.clone());
        lives.spawn_local(live(person, number, around.clone(), orders));
    }
    let (mut effort, own) = (Effort::new(), Handle::current().metrics());
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
        let due = Instant::now() + LOOK_EVERY;
        tokio::select! {
            () = shared.stop.cancelled() => {}
            () = sleep_until(due.into()) => {}
        }
        if shared.is_measuring(worker, due) {
            effort.look(due, Instant::now(), own.worker_total_busy_duration(0));
        }
    }
    while let Some(life) = lives.join_next().await {
        life.context("a client has panicked")?;
    }
    let unwrap =
        |person| Rc::into_inner(person).context("a client is still running").map(RefCell::into_inner);
    let people = people.into_iter().map(unwrap).collect::<Result<_>>()?;
    Ok((people, effort))
}

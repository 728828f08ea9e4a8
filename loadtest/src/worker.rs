//! A thread with its share of the people: one current-thread runtime, nothing that is contended between them.

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet, LocalSet, spawn_local};
use tokio::time::sleep_until;

use crate::crowd::Shared;
use crate::ears::listen;
use crate::effort::{Effort, Rest};
use crate::person::{Person, live};
use crate::progress::Glimpse;
use crate::surroundings::Surroundings;
use crate::tally::Tally;

/// How often a worker looks at itself, and whether its people have everything.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How many sockets the system names at once: few, so that nobody who has something to say waits for long.
const SOCKETS_AT_ONCE: usize = 128;

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
    let rest = Arc::new(Rest::new());
    let runtime = runtime(&rest)?;
    let around = Rc::new(Surroundings::new(shared));
    let people = LocalSet::new().block_on(&runtime, house(number, around.clone(), &rest, seats))?;
    let around = Rc::into_inner(around).context("a client is still running")?;
    Ok(Yield { tally: around.tally.into_inner(), people, effort: around.effort.into_inner() })
}

/// A runtime that takes down when its thread rests.
fn runtime(rest: &Arc<Rest>) -> Result<Runtime> {
    let (begins, ends) = (rest.clone(), rest.clone());
    let mut builder = Builder::new_current_thread();
    builder.enable_all().max_io_events_per_tick(SOCKETS_AT_ONCE);
    builder.on_thread_park(move || begins.begin(Instant::now()));
    builder.on_thread_unpark(move || ends.end(Instant::now()));
    Ok(builder.build()?)
}

async fn house(
    worker: usize,
    around: Rc<Surroundings>,
    rest: &Rest,
    seats: Vec<Seat>,
) -> Result<Vec<Person>> {
    let ears = spawn_local(listen(around.clone()));
    let (mut lives, mut people) = (JoinSet::new(), Vec::new());
    for Seat { number, person, orders } in seats {
        let person = Rc::new(RefCell::new(person));
        people.push(person.clone());
        lives.spawn_local(live(person, number, around.clone(), orders));
    }
    look_after(worker, &around, rest, &people).await;
    while let Some(life) = lives.join_next().await {
        life.context("a client has panicked")?;
    }
    end(ears).await?;
    let unwrap =
        |person| Rc::into_inner(person).context("a client is still running").map(RefCell::into_inner);
    people.into_iter().map(unwrap).collect()
}

/// Looks at everything now and then, until the run is over.
async fn look_after(worker: usize, around: &Surroundings, rest: &Rest, people: &[Rc<RefCell<Person>>]) {
    let shared = &around.shared;
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
            around.effort.borrow_mut().look(Instant::now(), rest.so_far());
            around.ears.probe(due);
        }
    }
}

/// Nobody has a connection any more: there is nothing to listen to.
///
/// # Errors
/// If that has ended by itself, which only a panic can do.
async fn end(ears: JoinHandle<Infallible>) -> Result<()> {
    ears.abort();
    match ears.await {
        Err(error) if error.is_cancelled() => Ok(()),
        Err(error) => Err(error).context("what reads has panicked"),
        Ok(never) => match never {},
    }
}

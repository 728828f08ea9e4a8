//! The people of a plan in this process, or a share of them: gathers them on worker threads, and brings home what they
//! have seen.

mod gathering;
mod shared;
mod standing;

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow};
use tokio::sync::mpsc;

use crate::audit::{Head, Ledger};
use crate::pacer;
use crate::person::Person;
use crate::plan::Plan;
use crate::processes::Share;
use crate::progress::Glimpse;
use crate::report::Harvest;
use crate::token::Tokens;
use crate::worker::{Seat, Yield, work};

pub(crate) use gathering::Gathering;
pub(crate) use shared::{Comeback, Shared};
pub(crate) use standing::Standing;

/// How often all workers must call their people settled after something new has become known: the first time they may
/// have begun to look before that.
const LOOKS_AFTER_NEWS: u8 = 2;

/// The people of a run. Dropping it ends them.
pub(crate) struct Crowd {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<Result<Yield>>>,
    /// Where each sender takes its orders; `None` for those of other processes.
    senders: Vec<Option<mpsc::Sender<u32>>>,
    /// How often all workers must still call their people settled until that is believed.
    looks: u8,
}

impl Crowd {
    /// Starts to gather a share of the people; the first connection of all is planned for `opened`.
    pub(crate) fn gather(gathering: &Gathering, tokens: Tokens, share: Share, opened: Instant) -> Self {
        let shared = Arc::new(Shared::new(gathering, tokens, share, opened));
        let threads = gathering.threads(share) as usize;
        let (seats, senders) = seats(&shared.plan, share, threads, gathering.comeback.is_some());
        let start = |(number, seats)| {
            let shared = shared.clone();
            thread::spawn(move || work(number, shared, seats))
        };
        let workers = seats.into_iter().enumerate().map(start).collect();
        Self { shared, workers, senders, looks: 1 }
    }

    /// Everybody has joined: messages are sent by plan from this moment on.
    pub(crate) fn begin(&mut self, at: Instant) {
        // Nobody else sets it.
        let _ = self.shared.start.set(at);
        pacer::start(self.shared.clone(), at, std::mem::take(&mut self.senders));
    }

    /// Cuts all connections that there are.
    pub(crate) fn cut(&self) {
        self.shared.cut_all();
    }

    /// How far they are.
    pub(crate) fn look(&mut self) -> Standing {
        let shared = self.shared.clone();
        let glimpses =
            shared.glimpses.iter().map(|place| *place.lock().unwrap_or_else(PoisonError::into_inner));
        let (trouble, fatal) = {
            let failure = shared.failure();
            (failure.trouble.clone(), failure.fatal.clone())
        };
        Standing {
            arrived: shared.arrived.load(Ordering::Relaxed),
            connections: shared.connections.load(Ordering::Relaxed),
            glimpse: glimpses.fold(Glimpse::default(), Glimpse::with),
            told: shared.all_told.load(Ordering::Acquire),
            settled: self.is_settled(),
            trouble,
            fatal,
        }
    }

    /// Which message has which place, and how far rooms have come, as they have seen it.
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.shared.ledger
    }

    /// Others have seen that rooms have come so far.
    pub(crate) fn learn(&mut self, heads: &[Head]) {
        let risen = heads.iter().filter(|(room, seq)| self.shared.ledger.advance(*room, *seq)).count();
        if risen > 0 {
            self.looks = LOOKS_AFTER_NEWS;
            self.forget_looks();
        }
    }

    /// Sends everybody home.
    ///
    /// # Errors
    /// If a worker failed: a defect of the load tester itself.
    pub(crate) fn leave(mut self) -> Result<Gone> {
        self.shared.stop.cancel();
        let join = |worker: JoinHandle<Result<Yield>>| {
            worker.join().map_err(|_| anyhow!("a worker has panicked"))?.context("a worker failed")
        };
        let yields = self.workers.drain(..).map(join).collect::<Result<_>>()?;
        Ok(Gone { shared: self.shared.clone(), yields })
    }

    /// True if all workers have found that their people have sent and seen everything that is known now.
    fn is_settled(&mut self) -> bool {
        let all = self.shared.settled.iter().all(|settled| settled.load(Ordering::Acquire));
        if all && self.looks > 1 {
            self.looks -= 1;
            self.forget_looks();
            return false;
        }
        all
    }

    /// Each worker has to look again.
    fn forget_looks(&self) {
        self.shared.settled.iter().for_each(|settled| settled.store(false, Ordering::Release));
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.shared.stop.cancel();
        for worker in self.workers.drain(..) {
            let _ = worker.join();
        }
    }
}

/// People who have gone home: nothing changes any more.
pub(crate) struct Gone {
    shared: Arc<Shared>,
    yields: Vec<Yield>,
}

impl Gone {
    /// As of [`Crowd::ledger`].
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.shared.ledger
    }

    /// What they bring home. `not_owed` are messages that nobody need have heard; the ledger must know how far rooms
    /// have come.
    pub(crate) fn harvest(&self, not_owed: &[u32]) -> Harvest {
        Harvest::of(&self.shared.plan, &self.shared.ledger, &self.yields, not_owed)
    }
}

/// Spreads the people of a share over the workers. Each sender's queue holds all that it is to send, so that telling it
/// never waits.
fn seats(
    plan: &Plan,
    share: Share,
    threads: usize,
    returns: bool,
) -> (Vec<Vec<Seat>>, Vec<Option<mpsc::Sender<u32>>>) {
    let mut sends = vec![0_u32; plan.people as usize];
    for message in (0..=u32::MAX).take_while(|message| plan.has(*message)) {
        sends[plan.message(message).sender as usize] += 1;
    }
    let mut seats: Vec<Vec<Seat>> = (0..threads).map(|_| Vec::new()).collect();
    let mut senders: Vec<_> = (0..plan.people).map(|_| None).collect();
    for (turn, number) in share.people(plan.people).enumerate() {
        let sends = sends[number as usize];
        let (sender, orders) = mpsc::channel((sends as usize).max(1));
        senders[number as usize] = Some(sender);
        let person = Person::new(plan, number, sends, returns);
        seats[turn % threads].push(Seat { number, person, orders });
    }
    (seats, senders)
}

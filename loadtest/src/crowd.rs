//! Everybody: gathers the people of a plan on worker threads, and brings home what they have seen.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::args::ConnectArgs;
use crate::audit::Ledger;
use crate::person::Person;
use crate::plan::Plan;
use crate::progress::Glimpse;
use crate::report::Outcome;
use crate::target::Target;
use crate::token::Tokens;
use crate::worker::{Seat, Yield, work};

const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How to connect.
pub(crate) struct Connect {
    pub(crate) targets: Vec<Target>,
    /// From one connection to the next.
    pub(crate) ramp: Duration,
    /// How those come back whose connection breaks; `None` if they do not.
    pub(crate) comeback: Option<Comeback>,
}

/// How clients come back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Comeback {
    /// Those whom the load tester itself has cut off wait for a random part of this.
    pub(crate) after_a_cut_within: Duration,
}

/// What all threads share.
pub(crate) struct Shared {
    pub(crate) plan: Plan,
    pub(crate) ledger: Ledger,
    pub(crate) connect: Connect,
    pub(crate) tokens: Tokens,
    pub(crate) handshakes: Semaphore,
    /// When the run began: set once everybody has arrived.
    pub(crate) start: OnceLock<Instant>,
    /// When the first connection was planned for.
    pub(crate) opened: Instant,
    /// How many have joined all of their rooms.
    pub(crate) arrived: AtomicU32,
    /// How many connections are open.
    pub(crate) connections: AtomicU32,
    /// What each worker has seen so far.
    pub(crate) glimpses: Vec<Mutex<Glimpse>>,
    /// True once every sender has been told all that it is to send.
    pub(crate) all_told: AtomicBool,
    /// For each worker, whether its people have sent and seen everything.
    pub(crate) settled: Vec<AtomicBool>,
    pub(crate) stop: CancellationToken,
    /// Ends the connections of now: with [`Shared::stop`], or when all are cut.
    round: Mutex<CancellationToken>,
    failure: Mutex<Failure>,
}

/// What went wrong.
#[derive(Default)]
struct Failure {
    /// The last thing that went wrong with any connection.
    trouble: Option<String>,
    /// What makes the run impossible.
    fatal: Option<String>,
}

impl Shared {
    /// Something went wrong that may yet turn out well.
    pub(crate) fn trouble(&self, what: String) {
        self.failure().trouble = Some(what);
    }

    /// The run is impossible.
    pub(crate) fn fail(&self, why: String) {
        self.failure().fatal = Some(why);
    }

    /// What ends the connections that are made now.
    pub(crate) fn round(&self) -> CancellationToken {
        self.round.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Cuts all connections that there are.
    pub(crate) fn cut_all(&self) {
        let mut round = self.round.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *round, self.stop.child_token()).cancel();
    }

    /// True if the run had begun by then, and this worker's people have not sent and seen everything yet.
    pub(crate) fn is_measuring(&self, worker: usize, then: Instant) -> bool {
        self.start.get().is_some_and(|begin| *begin <= then) && !self.settled[worker].load(Ordering::Relaxed)
    }

    pub(crate) fn is_sender(&self, person: u32) -> bool {
        person < self.plan.senders
    }

    fn failure(&self) -> std::sync::MutexGuard<'_, Failure> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The people of a run. Dropping it ends them.
pub(crate) struct Crowd {
    pub(crate) shared: Arc<Shared>,
    workers: Vec<JoinHandle<Result<Yield>>>,
    /// Where each sender takes its orders.
    senders: Vec<mpsc::Sender<u32>>,
    join_within: Duration,
}

impl Crowd {
    /// Starts to gather the people of a plan.
    pub(crate) fn gather(plan: Plan, args: &ConnectArgs, tokens: Tokens, comeback: Option<Comeback>) -> Self {
        let ramp = args.step(plan.people);
        let stop = CancellationToken::new();
        let shared = Arc::new(Shared {
            ledger: Ledger::new(&plan),
            connect: Connect { targets: args.targets.clone(), ramp, comeback },
            tokens,
            handshakes: Semaphore::new(usize::from(args.handshakes)),
            start: OnceLock::new(),
            opened: Instant::now(),
            arrived: AtomicU32::new(0),
            connections: AtomicU32::new(0),
            glimpses: (0..args.threads).map(|_| Mutex::default()).collect(),
            all_told: AtomicBool::new(false),
            settled: (0..args.threads).map(|_| AtomicBool::new(false)).collect(),
            round: Mutex::new(stop.child_token()),
            stop,
            failure: Mutex::default(),
            plan,
        });
        let (seats, senders) = seats(&shared.plan, usize::from(args.threads), comeback.is_some());
        let start = |(number, seats)| {
            let shared = shared.clone();
            thread::spawn(move || work(number, shared, seats))
        };
        let workers = seats.into_iter().enumerate().map(start).collect();
        let join_within = args.join_timeout + ramp * shared.plan.people;
        Self { workers, senders, join_within, shared }
    }

    /// Waits until everybody has joined.
    ///
    /// # Errors
    /// If somebody never will, or not in time.
    pub(crate) async fn everybody_joined(&self) -> Result<()> {
        let people = self.shared.plan.people;
        let arrival = async {
            while self.shared.arrived.load(Ordering::Relaxed) < people {
                self.check()?;
                sleep(LOOK_EVERY).await;
            }
            Ok(())
        };
        timeout(self.join_within, arrival).await.unwrap_or_else(|_| {
            let arrived = self.shared.arrived.load(Ordering::Relaxed);
            let why =
                self.shared.failure().trouble.take().unwrap_or_else(|| "no reason was given".to_owned());
            bail!("only {arrived} of {people} have joined after {:?}: {why}", self.join_within)
        })
    }

    /// Sees whether the run has become impossible.
    ///
    /// # Errors
    /// If it has: why.
    pub(crate) fn check(&self) -> Result<()> {
        self.shared.failure().fatal.take().map_or(Ok(()), |why| Err(anyhow!(why)))
    }

    /// Where each sender takes its orders.
    pub(crate) fn take_senders(&mut self) -> Vec<mpsc::Sender<u32>> {
        std::mem::take(&mut self.senders)
    }

    /// True if everybody has sent and seen everything.
    pub(crate) fn is_settled(&self) -> bool {
        self.shared.settled.iter().all(|settled| settled.load(Ordering::Acquire))
    }

    /// Sends everybody home, and puts together what they have seen.
    ///
    /// # Errors
    /// If a worker failed: a defect of the load tester itself.
    pub(crate) fn leave(mut self) -> Result<Outcome> {
        self.shared.stop.cancel();
        let mut yields = Vec::new();
        for worker in self.workers.drain(..) {
            yields.push(
                worker.join().map_err(|_| anyhow!("a worker has panicked"))?.context("a worker failed")?,
            );
        }
        Ok(Outcome::new(&self.shared, &yields))
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

/// Spreads the people over the workers. Each sender's queue holds all that it is to send, so that telling it never
/// waits.
fn seats(plan: &Plan, threads: usize, returns: bool) -> (Vec<Vec<Seat>>, Vec<mpsc::Sender<u32>>) {
    let mut sends = vec![0_u32; plan.people as usize];
    for message in (0..=u32::MAX).take_while(|message| plan.has(*message)) {
        sends[plan.message(message).sender as usize] += 1;
    }
    let mut seats: Vec<Vec<Seat>> = (0..threads).map(|_| Vec::new()).collect();
    let mut senders = Vec::new();
    for (number, sends) in (0..plan.people).zip(sends) {
        let (sender, orders) = mpsc::channel((sends as usize).max(1));
        senders.push(sender);
        let person = Person::new(plan, number, sends, returns);
        seats[number as usize % threads].push(Seat { number, person, orders });
    }
    (seats, senders)
}

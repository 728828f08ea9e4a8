//! What all threads of a crowd share.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::Gathering;
use crate::audit::Ledger;
use crate::plan::Plan;
use crate::processes::Share;
use crate::progress::Glimpse;
use crate::target::Target;
use crate::token::Tokens;

/// How to connect.
pub(crate) struct Connect {
    pub(crate) targets: Vec<Target>,
    /// From one connection to the next.
    pub(crate) ramp: Duration,
    /// How many joins may be under way at once.
    pub(crate) joins: u32,
    /// How those come back whose connection breaks; `None` if they do not.
    pub(crate) comeback: Option<Comeback>,
}

/// How clients come back.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
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
    /// How many more joins may begin.
    pub(crate) joins: Arc<Semaphore>,
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
pub(super) struct Failure {
    /// The last thing that went wrong with any connection.
    pub(super) trouble: Option<String>,
    /// What makes the run impossible.
    pub(super) fatal: Option<String>,
}

impl Shared {
    /// Nobody has connected yet; the first is to at `opened`.
    pub(super) fn new(gathering: &Gathering, tokens: Tokens, share: Share, opened: Instant) -> Self {
        let Gathering { plan, connect, comeback, .. } = gathering;
        let (threads, stop) = (gathering.threads(share), CancellationToken::new());
        let joins = share.part(connect.joins);
        Self {
            ledger: Ledger::new(plan),
            connect: Connect {
                targets: connect.targets.clone(),
                ramp: gathering.ramp(),
                joins,
                comeback: *comeback,
            },
            tokens,
            handshakes: Semaphore::new(share.part(u32::from(connect.handshakes)) as usize),
            joins: Arc::new(Semaphore::new(joins as usize)),
            start: OnceLock::new(),
            opened,
            arrived: AtomicU32::new(0),
            connections: AtomicU32::new(0),
            glimpses: (0..threads).map(|_| Mutex::default()).collect(),
            all_told: AtomicBool::new(false),
            settled: (0..threads).map(|_| AtomicBool::new(false)).collect(),
            round: Mutex::new(stop.child_token()),
            stop,
            failure: Mutex::default(),
            plan: plan.clone(),
        }
    }

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

    pub(super) fn failure(&self) -> MutexGuard<'_, Failure> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

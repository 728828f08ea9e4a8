//! Offers drafts over the bus, and counts what comes of them.
//!
//! Everything is done by the one thread of the runtime, as in a gateway. At most as many requests are on their way as
//! the bus lets wait; a run ends when all of them are answered, or will not be.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use bus::{Answer, Ask, Bus, BusError, Door, Partition, Pending, Submission};
use chat::{Body, Change, Draft, RequestId, RoomId, User};
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use hdrhistogram::Histogram;
use tokio::time::timeout;

use crate::metronome::Metronome;

const ROOMS: u64 = 10_000;
const USERS: u64 = 20_000;
const BODY_BYTES: usize = 200;
/// How long to wait for a verdict: longer than a gateway would.
const VERDICT_WITHIN: Duration = Duration::from_secs(10);
/// Longer ones count as this long: a minute.
const LATENCY_MAX_US: u64 = 60_000_000;

/// How many drafts are offered.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Offered {
    /// So many a second, whatever becomes of them.
    Rate(u32),
    /// So many at once: each answer makes place for the next.
    InFlight(usize),
}

/// What became of them.
pub(crate) struct Outcome {
    pub(crate) refused: u64,
    /// From the first planned time to the last verdict.
    pub(crate) took: Duration,
    /// From the planned time to the acknowledgement of each that was stored, in microseconds.
    pub(crate) latency: Histogram<u64>,
}

impl Outcome {
    pub(crate) fn acknowledged(&self) -> u64 {
        self.latency.len()
    }
}

/// Offers drafts that never repeat themselves.
pub(crate) struct Offer {
    bus: Arc<dyn Bus>,
    drafts: u64,
    acknowledged: u64,
}

impl Offer {
    pub(crate) fn new(bus: Arc<dyn Bus>) -> Self {
        Self { bus, drafts: 0, acknowledged: 0 }
    }

    /// How many drafts were acknowledged so far.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// Offers for a while, and waits for the answers.
    ///
    /// # Errors
    /// If the bus breaks, or an answer is none.
    pub(crate) async fn run(&mut self, offered: Offered, time: Duration) -> Result<Outcome> {
        let (start, before) = (Instant::now(), self.drafts);
        let latency = match offered {
            Offered::Rate(rate) => self.at_rate(rate, time).await?,
            Offered::InFlight(count) => self.at_once(count, time).await?,
        };
        self.acknowledged += latency.len();
        Ok(Outcome { refused: self.drafts - before - latency.len(), took: start.elapsed(), latency })
    }

    async fn at_rate(&mut self, rate: u32, time: Duration) -> Result<Histogram<u64>> {
        let mut metronome = Metronome::start(rate, time)?;
        let mut under_way = UnderWay::new()?;
        loop {
            tokio::select! {
                due = metronome.next() => match due {
                    Some(due) => for _ in 0..due.count {
                        under_way.add(self.submit().await, due.planned)?;
                    },
                    None => break,
                },
                Some(()) = under_way.one_ends() => {}
            }
        }
        while under_way.one_ends().await.is_some() {}
        under_way.latency()
    }

    async fn at_once(&mut self, count: usize, time: Duration) -> Result<Histogram<u64>> {
        let end = Instant::now() + time;
        let mut under_way = UnderWay::new()?;
        for _ in 0..count {
            under_way.add(self.submit().await, Instant::now())?;
        }
        while under_way.one_ends().await.is_some() {
            let planned = Instant::now();
            if planned < end {
                under_way.add(self.submit().await, planned)?;
            }
        }
        under_way.latency()
    }

    /// Hands the next draft over, to the writer that owns its room.
    async fn submit(&mut self) -> Result<Pending, BusError> {
        self.drafts += 1;
        let draft = draft(self.drafts);
        let door = Door::Submit(Partition::of(&draft.room));
        self.bus.ask(door, Ask::Submit(Submission { drafts: vec![draft], age: Duration::ZERO }), None).await
    }
}

/// The drafts that are on their way, and how long it took those that were stored.
struct UnderWay {
    verdicts: FuturesUnordered<BoxFuture<'static, Result<Option<Duration>>>>,
    latency: Histogram<u64>,
    failed: Option<anyhow::Error>,
}

impl UnderWay {
    fn new() -> Result<Self> {
        Ok(Self {
            verdicts: FuturesUnordered::new(),
            latency: Histogram::new_with_max(LATENCY_MAX_US, 3)?,
            failed: None,
        })
    }

    /// Takes one in that was just handed over, unless too many are on their way already.
    fn add(&mut self, handed_over: Result<Pending, BusError>, planned: Instant) -> Result<()> {
        match handed_over {
            Ok(pending) => self.verdicts.push(verdict(pending, planned).boxed()),
            Err(BusError::Full) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Waits until one has its verdict; `None` if there is none.
    ///
    /// Cancel safe.
    async fn one_ends(&mut self) -> Option<()> {
        match self.verdicts.next().await? {
            Ok(Some(took)) => self.latency.saturating_record(took.as_micros().try_into().unwrap_or(u64::MAX)),
            Ok(None) => {}
            Err(error) => self.failed = Some(error),
        }
        Some(())
    }

    fn latency(self) -> Result<Histogram<u64>> {
        self.failed.map_or(Ok(self.latency), Err)
    }
}

/// How long after `planned` a draft was acknowledged; `None` if it was refused, or got no answer in time.
async fn verdict(pending: Pending, planned: Instant) -> Result<Option<Duration>> {
    // What the bus has lost under too much load has no verdict, ever.
    let Ok(answer) = timeout(VERDICT_WITHIN, pending).await else { return Ok(None) };
    let answer = answer?;
    let took = planned.elapsed();
    match answer {
        Answer::Verdicts(verdicts) => Ok(matches!(verdicts[..], [Ok(_)]).then_some(took)),
        other => bail!("no verdict: {other:?}"),
    }
}

/// The name of a room of the load.
fn room(number: u64) -> RoomId {
    RoomId::parse(&format!("team-{number}:general")).expect("a room name is within its alphabet")
}

/// The names of all rooms of the load.
pub(crate) fn rooms() -> impl Iterator<Item = RoomId> {
    (0..ROOMS).map(room)
}

/// The n-th draft.
fn draft(n: u64) -> Draft {
    // Odd factors without a common divisor with the moduli: each room and user has its turn, in no visible order.
    let (at, user) = (n.wrapping_mul(7919) % ROOMS, n.wrapping_mul(104_729) % USERS);
    let id = format!("{:016x}-{n:019x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    Draft {
        room: room(at),
        by: User::parse(&format!("user-{user}"), Some(&format!("User Number {user}"))).expect("printable"),
        id: RequestId::parse(&id).expect("printable"),
        change: Change::Message { body: Body::trusted(&format!("{n:0>BODY_BYTES$}")), reply_to: None },
    }
}

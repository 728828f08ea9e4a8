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
    /// All that were not stored, as far as anybody said.
    pub(crate) refused: u64,
    /// How many of those nobody said anything of: lost on the way there or back. Some may have been stored.
    pub(crate) unanswered: u64,
    /// From the first planned time to the last verdict that came.
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
        let UnderWay { latency, unanswered, last, .. } = match offered {
            Offered::Rate(rate) => self.at_rate(rate, time).await?,
            Offered::InFlight(count) => self.at_once(count, time).await?,
        };
        self.acknowledged += latency.len();
        let refused = self.drafts - before - latency.len();
        Ok(Outcome { refused, unanswered, took: last.saturating_duration_since(start), latency })
    }

    async fn at_rate(&mut self, rate: u32, time: Duration) -> Result<UnderWay> {
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
        under_way.ended()
    }

    async fn at_once(&mut self, count: usize, time: Duration) -> Result<UnderWay> {
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
        under_way.ended()
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
    verdicts: FuturesUnordered<BoxFuture<'static, Result<Verdict>>>,
    latency: Histogram<u64>,
    unanswered: u64,
    /// When the last verdict came.
    last: Instant,
    failed: Option<anyhow::Error>,
}

impl UnderWay {
    fn new() -> Result<Self> {
        Ok(Self {
            verdicts: FuturesUnordered::new(),
            latency: Histogram::new_with_max(LATENCY_MAX_US, 3)?,
            unanswered: 0,
            last: Instant::now(),
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
            Ok(Verdict::None) => {
                self.unanswered += 1;
                return Some(());
            }
            Ok(Verdict::Stored(took)) => {
                self.latency.saturating_record(took.as_micros().try_into().unwrap_or(u64::MAX));
            }
            Ok(Verdict::Refused) => {}
            Err(error) => self.failed = Some(error),
        }
        self.last = Instant::now();
        Some(())
    }

    /// All of it, unless something failed.
    fn ended(mut self) -> Result<Self> {
        self.failed.take().map_or(Ok(self), Err)
    }
}

/// What became of a draft.
enum Verdict {
    /// Stored, and acknowledged so long after the planned time.
    Stored(Duration),
    Refused,
    /// There is none: what the bus has lost under too much load is never answered.
    None,
}

async fn verdict(pending: Pending, planned: Instant) -> Result<Verdict> {
    let Ok(answer) = timeout(VERDICT_WITHIN, pending).await else { return Ok(Verdict::None) };
    let answer = answer?;
    let took = planned.elapsed();
    match answer {
        Answer::Verdicts(verdicts) if matches!(verdicts[..], [Ok(_)]) => Ok(Verdict::Stored(took)),
        Answer::Verdicts(_) => Ok(Verdict::Refused),
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
        except: None,
    }
}

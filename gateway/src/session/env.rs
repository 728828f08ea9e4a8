//! What all sessions of a shard share.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::Duration;

use chat::{Clock, Refusal, Timestamp, UserId};
use dialect::{DecodeLimits, LimitsShown};
use rand::RngExt;
use rand::rngs::StdRng;

use crate::auth::{Admitted, Identity, Reception, Seat};
use crate::sampling::{Sampling, Step};
use crate::settings::{Limits, Presence};

/// Within which time somebody who is sent away should come back, in milliseconds.
const COME_BACK_MS: std::ops::Range<u64> = 500..2500;

/// No timer needs to run longer, and sums of times stay far from their limits.
const UNTIL_MAX: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// What an [`Env`] is made of, before it is on its shard's thread.
pub(crate) struct EnvParts {
    /// What a client may take.
    pub(crate) limits: Limits,
    /// How fast typing and whispers may come.
    pub(crate) presence: Presence,
    /// Whether joining an unknown room creates it.
    pub(crate) auto_create: bool,
    /// Checks tokens, and counts the connections of each user.
    pub(crate) reception: Reception,
    /// The wall clock, for tokens and for what people read.
    pub(crate) clock: Arc<dyn Clock>,
    /// Which messages are traced.
    pub(crate) sampling: Sampling,
}

/// What all sessions of a shard share. Stays on its shard's thread.
pub(crate) struct Env {
    pub(super) limits: Limits,
    pub(super) presence: Presence,
    pub(super) auto_create: bool,
    reception: Reception,
    pub(super) clock: Arc<dyn Clock>,
    sampling: Sampling,
    chance: RefCell<StdRng>,
    /// The random number of the shard.
    pub(super) shard: u32,
    degraded: Cell<bool>,
}

impl EnvParts {
    /// The environment, with a source of chance that nobody can foresee.
    pub(crate) fn into_env(self) -> Env {
        self.with_chance(rand::make_rng())
    }

    fn with_chance(self, mut chance: StdRng) -> Env {
        let Self { limits, presence, auto_create, reception, clock, sampling } = self;
        Env {
            limits,
            presence,
            auto_create,
            reception,
            clock,
            sampling,
            shard: chance.random(),
            chance: RefCell::new(chance),
            degraded: Cell::new(false),
        }
    }

    /// The same, with chance that repeats itself: for tests.
    #[cfg(test)]
    pub(crate) fn into_env_with_seed(self, seed: u64) -> Env {
        self.with_chance(rand::SeedableRng::seed_from_u64(seed))
    }
}

impl Env {
    /// Notes whether the gateway is cut off from its bus, for those who come while it is.
    pub(crate) fn set_degraded(&self, degraded: bool) {
        self.degraded.set(degraded);
    }

    pub(super) fn is_degraded(&self) -> bool {
        self.degraded.get()
    }

    /// Says whom a token stands for.
    pub(super) fn verify(&self, token: &str) -> Result<Identity, Refusal> {
        self.reception.verify(token, self.clock.now())
    }

    /// Says whom a token stands for, and takes a seat for that user.
    pub(super) fn admit(&self, token: &str) -> Result<Admitted, Refusal> {
        self.reception.admit(token, self.clock.now())
    }

    /// The time for people, without its fraction: what is said within a second is the same for everybody.
    pub(super) fn this_second(&self) -> Timestamp {
        Timestamp::from_micros(self.clock.now().as_seconds() * 1_000_000)
    }

    /// Takes a seat for a user whom somebody has named who is trusted to.
    pub(super) fn seat(&self, user: &UserId) -> Result<Seat, Refusal> {
        self.reception.seat(user)
    }

    /// How long it is until then, at most [`UNTIL_MAX`]; `None` if that is over.
    pub(super) fn until(&self, then: Timestamp) -> Option<Duration> {
        let left = then.as_micros().checked_sub(self.clock.now().as_micros())?;
        u64::try_from(left)
            .ok()
            .filter(|left| *left > 0)
            .map(|left| Duration::from_micros(left).min(UNTIL_MAX))
    }

    /// What is recorded of a frame in this dialect that says something; nothing of most.
    pub(super) fn trace(&self, dialect: &'static str) -> Option<Step> {
        self.sampling.takes(|| self.random_number()).then(|| Step::frame(dialect)).flatten()
    }

    /// 64 bits that nobody can foresee.
    pub(super) fn random_number(&self) -> u64 {
        self.chance.borrow_mut().random()
    }

    /// 128 bits that nobody can foresee.
    pub(super) fn random(&self) -> u128 {
        self.chance.borrow_mut().random()
    }

    /// When somebody who is sent away should come back: spread over time, as many are often sent away at once.
    pub(super) fn come_back(&self) -> Duration {
        Duration::from_millis(self.chance.borrow_mut().random_range(COME_BACK_MS))
    }

    pub(super) fn decode_limits(&self) -> DecodeLimits {
        DecodeLimits { body_bytes: unless_zero(self.limits.body_bytes) }
    }

    pub(super) fn limits_shown(&self) -> LimitsShown {
        LimitsShown {
            frame_bytes: self.limits.frame_bytes,
            body_bytes: self.limits.body_bytes,
            rooms_per_connection: self.limits.rooms_per_connection,
            replay: self.limits.replay,
            page: self.limits.page,
            sends_per_s: self.limits.sends_per_s,
        }
    }
}

/// A limit of which 0 means that there is none.
pub(super) fn unless_zero(limit: usize) -> usize {
    if limit == 0 { usize::MAX } else { limit }
}

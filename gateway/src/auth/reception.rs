//! Lets people in: their token is checked, and a seat taken for them.

use std::sync::Arc;

use chat::{Code, Refusal, Timestamp, UserId};

use super::seats::{Seat, Seats};
use super::{Identity, Verifier};

/// Where people are let in. Cheap to clone; all clones count the same seats.
#[derive(Debug, Clone)]
pub(crate) struct Reception {
    verifier: Arc<Verifier>,
    seats: Arc<Seats>,
}

/// Somebody who has been let in. The seat is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) identity: Identity,
    pub(crate) seat: Seat,
}

impl Reception {
    /// With so many seats for each user; 0 = any number.
    pub(crate) fn new(verifier: Arc<Verifier>, seats_per_user: u32) -> Self {
        Self { verifier, seats: Seats::new(seats_per_user) }
    }

    /// Says whom a token stands for.
    ///
    /// # Errors
    /// `not_identified`, with the rule that the token breaks.
    pub(crate) fn verify(&self, token: &str, now: Timestamp) -> Result<Identity, Refusal> {
        self.verifier.verify(token, now)
    }

    /// Says whom a token stands for, and takes a seat for that user.
    ///
    /// # Errors
    /// As [`Reception::verify`], and `too_many` if all seats are taken.
    pub(crate) fn admit(&self, token: &str, now: Timestamp) -> Result<Admitted, Refusal> {
        let identity = self.verify(token, now)?;
        let seat = self.seat(&identity.user.id)?;
        Ok(Admitted { identity, seat })
    }

    /// Whether a user may be connected: false only if it certainly is not.
    pub(crate) fn may_have_seated(&self, user: &UserId) -> bool {
        self.seats.may_have_given(user)
    }

    /// Takes a seat for a user who is known.
    ///
    /// # Errors
    /// `too_many` if all seats are taken.
    pub(crate) fn seat(&self, user: &UserId) -> Result<Seat, Refusal> {
        let seat = self.seats.take(user);
        seat.ok_or_else(|| Refusal::new(Code::TooMany, "this user has too many connections to this server"))
    }
}

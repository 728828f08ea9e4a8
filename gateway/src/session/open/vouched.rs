//! Connections that nobody knows when they come: they are let into single rooms, by whoever the operator trusts to sign
//! for that. What was signed is the whole grant, for as long as the room is joined.

use chat::{Code, Grants, Member, Refusal, RoomId, User};
use dialect::{Alias, Claim, From, Mark, Voucher};

use super::Open;
use super::asks::Asks;
use super::channels::{Tuning, nameless};
use super::known::Known;
use super::pace::{Bucket, Patience};
use super::pulse::Pulse;
use super::subscriptions::Subscriptions;
use super::token_life::TokenLife;
use crate::session::turn::Turn;

/// What is known of a client beside its token and its rooms. Most have nothing of it.
#[derive(Default)]
pub(super) struct Dossier {
    vouched: Vouched,
    /// The user that it has signed in as, as others are shown it.
    pub(super) signed_in: Option<Member>,
    /// The channels that it listens to.
    pub(super) tunings: Vec<Tuning>,
}

/// Whether, and how, others say who the client is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Vouched {
    /// It has shown a token.
    #[default]
    NotNeeded,
    /// Nobody has said yet who it is.
    Stranger,
    /// Somebody has.
    Named,
}

impl Open {
    /// Somebody of whom nothing is known, and who may do nothing yet.
    pub(in crate::session) fn stranger(turn: &Turn<'_>) -> Self {
        let user =
            User::parse(&turn.connection.to_string(), Some("guest")).expect("digits and a dot are a user id");
        Self {
            user,
            grants: Some(Box::default()),
            seat: None,
            life: None,
            pulse: Pulse::new(turn.now),
            sends: Bucket::new(turn.now),
            joins: Bucket::new(turn.now),
            whispers: Bucket::new(turn.now),
            patience: Patience::new(turn.now),
            subscriptions: Subscriptions::default(),
            lanes: None,
            asks: Asks::default(),
            known: Known::default(),
            dossier: Some(Box::new(Dossier { vouched: Vouched::Stranger, ..Dossier::default() })),
        }
    }

    pub(in crate::session) fn user(&self) -> &User {
        &self.user
    }

    /// Opens a subscription with what the client was given for it.
    ///
    /// # Errors
    /// Why the connection ends.
    pub(super) fn enter(
        &mut self,
        turn: &mut Turn<'_>,
        mark: Mark,
        alias: Alias,
        room: &RoomId,
        from: From,
        claim: &Claim,
    ) -> Result<(), Refusal> {
        if let Err(refusal) = self.take_voucher(turn, &alias, room, claim) {
            return self.refuse(turn, &mark, Some(&alias), None, &refusal);
        }
        let going_on = self.join(turn, mark, alias, room.clone(), from);
        self.forget_voucher(room);
        going_on
    }

    fn take_voucher(
        &mut self,
        turn: &Turn<'_>,
        alias: &Alias,
        room: &RoomId,
        claim: &Claim,
    ) -> Result<(), Refusal> {
        let voucher = turn.vouch(alias, claim)?;
        let access = voucher.access;
        let is_nobody = voucher.user.is_none() && self.signed_in().is_none();
        if is_nobody && turn.voice.attendance(alias).present {
            return Err(nameless());
        }
        self.accept(turn, voucher)?;
        self.vouchers().put(room, access);
        Ok(())
    }

    /// Takes note of what was signed, wherever it is good for.
    pub(super) fn accept(&mut self, turn: &Turn<'_>, voucher: Voucher) -> Result<(), Refusal> {
        let life = match voucher.until {
            Some(until) => match turn.env.until(until) {
                Some(left) => Some(TokenLife::begin(left, turn.now)),
                None => return Err(Refusal::expired("the time to enter so is over")),
            },
            None => None,
        };
        if let Some(user) = voucher.user {
            self.take_name(turn, user)?;
        }
        if let Some(life) = life
            && self.life.as_ref().is_none_or(|shortest| life.is_shorter_than(shortest))
        {
            self.life = Some(life);
        }
        Ok(())
    }

    /// It is known now who the client is.
    fn take_name(&mut self, turn: &Turn<'_>, user: User) -> Result<(), Refusal> {
        if self.vouched() == Vouched::Stranger {
            self.seat = Some(turn.env.seat(&user.id)?);
            self.dossier().vouched = Vouched::Named;
        } else if self.user.id != user.id {
            return Err(Refusal::new(Code::NotAllowed, "this connection is that of another user"));
        }
        self.user = user;
        Ok(())
    }

    /// Forgets what was signed for a room that is not joined, or not any more.
    pub(super) fn forget_voucher(&mut self, room: &RoomId) {
        if self.vouched() != Vouched::NotNeeded && self.subscriptions.iter().all(|sub| sub.room != *room) {
            self.vouchers().take(room);
        }
    }

    fn vouched(&self) -> Vouched {
        self.dossier.as_ref().map_or(Vouched::NotNeeded, |dossier| dossier.vouched)
    }

    pub(super) fn dossier(&mut self) -> &mut Dossier {
        self.dossier.get_or_insert_default()
    }

    fn vouchers(&mut self) -> &mut Grants {
        self.grants.get_or_insert_default()
    }

    /// Whoever writes what is kept must be known.
    ///
    /// # Errors
    /// `not_allowed`.
    pub(super) fn check_known(&self) -> Result<(), Refusal> {
        if self.vouched() == Vouched::Stranger {
            return Err(Refusal::new(Code::NotAllowed, "nobody has said who you are"));
        }
        Ok(())
    }
}

//! Channels: places that are no rooms. Whoever listens is told what passes; nothing of it is kept here.

use std::sync::Arc;

use chat::{Access, Channel, ChannelName, Code, Member, Refusal, Whisper};
use dialect::{Alias, Claim, Entry, Mark, Say};

use super::Open;
use super::pace::Pace;
use crate::session::env::unless_zero;
use crate::session::turn::Turn;
use crate::session::{Action, SubId, Tuned};

/// A channel that is listened to. A connection has at most `limits.rooms_per_connection` of them, its rooms included.
pub(super) struct Tuning {
    id: SubId,
    channel: Channel,
    /// False while that is under way.
    is_open: bool,
    /// What the client may do there.
    access: Access,
    /// As whom it is seen there, where that is shown.
    member: Option<Member>,
}

/// What somebody may do in a channel, and as whom.
type Admission = (Access, Option<Member>);

impl Open {
    /// How many places of a connection are taken.
    pub(super) fn places(&self) -> usize {
        self.subscriptions.count() + self.dossier.as_ref().map_or(0, |dossier| dossier.tunings.len())
    }

    /// # Errors
    /// Why the connection ends: nobody comes in with a signature that is none.
    pub(super) fn sign_in(&mut self, turn: &mut Turn<'_>, mark: &Mark, claim: &Claim) -> Result<(), Refusal> {
        let voucher = turn.vouch_for_user(claim)?;
        let (user, info) = (voucher.user.clone(), voucher.info.clone());
        if let Err(refusal) = self.accept(turn, voucher) {
            return match refusal.code {
                // Whoever signs for another user lets that one in, and not here.
                Code::NotAllowed => Err(Refusal::new(Code::NotIdentified, refusal.message)),
                _ => self.refuse(turn, mark, None, None, &refusal),
            };
        }
        self.dossier().signed_in = user.map(|user| Member { user, info });
        turn.voice.say(&Say::SignedIn { mark, data: claim.data.as_deref().unwrap_or_default() });
        Ok(())
    }

    /// Listens to a channel. One that is listened to already is confirmed.
    ///
    /// # Errors
    /// Why the connection ends.
    pub(super) fn tune_in(
        &mut self,
        turn: &mut Turn<'_>,
        mark: &Mark,
        channel: Channel,
        entry: &Entry,
    ) -> Result<(), Refusal> {
        if let Some(tuning) = self.tuning(&channel.name) {
            if tuning.is_open {
                turn.voice.say(&Say::StillTunedIn { channel: &channel });
            }
            return Ok(());
        }
        let alias = Alias::new(channel.name.as_str());
        let (access, member) = match self.admit(turn, &channel, &alias, entry) {
            Ok(admission) => admission,
            Err(refusal) => return self.refuse(turn, mark, Some(&alias), None, &refusal),
        };
        if let Err(refusal) = self.may_take_a_place(turn) {
            return self.refuse_join(turn, mark, &alias, refusal);
        }
        let id = self.subscriptions.next_id();
        let seen = member.clone().map(Box::new);
        let tuning = Tuning { id, channel: channel.clone(), is_open: false, access, member };
        self.dossier().tunings.push(tuning);
        turn.voice.act(Action::TuneIn { sub: id, channel, member: seen });
        Ok(())
    }

    /// What the client may do in a channel.
    fn admit(
        &mut self,
        turn: &Turn<'_>,
        channel: &Channel,
        alias: &Alias,
        entry: &Entry,
    ) -> Result<Admission, Refusal> {
        match entry {
            Entry::Anybody => Ok((Access::Read, None)),
            Entry::Only(user) => match self.signed_in() {
                Some(member) if member.user.id == *user => Ok((Access::Read, None)),
                Some(_) => Err(Refusal::new(Code::NotAllowed, "this is another user's channel")),
                None => Err(Refusal::new(Code::NotIdentified, "sign in before you enter a user's channel")),
            },
            Entry::Vouched(claim) => {
                let voucher = turn.vouch(alias, claim)?;
                let (user, info, access) = (voucher.user.clone(), voucher.info.clone(), voucher.access);
                self.accept(turn, voucher)?;
                let member = match user {
                    _ if !channel.shows_members => None,
                    Some(user) => Some(Member { user, info }),
                    None => Some(self.signed_in().cloned().ok_or_else(nameless)?),
                };
                Ok((access, member))
            }
        }
    }

    /// Whether a connection may have one place more. The rate comes last: what is refused anyway costs nothing of it.
    fn may_take_a_place(&mut self, turn: &Turn<'_>) -> Result<(), Refusal> {
        let limits = &turn.env.limits;
        if self.places() >= unless_zero(limits.rooms_per_connection) {
            return Err(Refusal::new(Code::TooMany, "you have entered as many channels as a connection may"));
        }
        self.joins.take(Pace::of_joins(limits), turn.now)
    }

    /// Listens to a channel no longer.
    pub(super) fn tune_out(&mut self, turn: &mut Turn<'_>, name: &ChannelName) {
        let Some(tunings) = self.tunings() else { return };
        if let Some(at) = tunings.iter().position(|tuning| tuning.channel.name == *name) {
            turn.voice.act(Action::TuneOut(tunings.swap_remove(at).id));
        }
    }

    /// Says something to the programs of the others in a channel.
    ///
    /// # Errors
    /// Why the connection ends.
    pub(super) fn call(
        &mut self,
        turn: &mut Turn<'_>,
        mark: &Mark,
        channel: ChannelName,
        whisper: Whisper,
    ) -> Result<(), Refusal> {
        let Some(tuning) = self.tuning(&channel).filter(|tuning| tuning.is_open) else {
            return self.refuse_outsider(turn, mark, None);
        };
        let by = tuning.member.as_ref().map_or(&self.user, |member| &member.user).clone();
        let spoken = if tuning.access < Access::Write {
            Err(Refusal::new(Code::NotAllowed, "you may listen in this channel, and no more"))
        } else {
            self.whispers.take(Pace::of_whispers(&turn.env.presence), turn.now)
        };
        match spoken {
            Ok(()) => {
                turn.voice.act(Action::Call { channel, by, whisper });
                turn.voice.say(&Say::Done { mark });
                Ok(())
            }
            Err(refusal) => self.refuse(turn, mark, None, None, &refusal),
        }
    }

    /// The answer to [`Action::TuneIn`].
    ///
    /// # Errors
    /// Why the connection ends: nobody asks again for what cannot be had just now.
    pub(super) fn on_tuned_in(
        &mut self,
        turn: &mut Turn<'_>,
        id: SubId,
        outcome: Result<Arc<Tuned>, Refusal>,
    ) -> Result<(), Refusal> {
        let Some(tunings) = self.tunings() else { return Ok(()) };
        let Some(at) = tunings.iter().position(|tuning| tuning.id == id) else { return Ok(()) };
        match outcome {
            Ok(tuned) => {
                let tuning = &mut tunings[at];
                tuning.is_open = true;
                say_tuned_in(turn, tuning, &tuned);
                Ok(())
            }
            Err(refusal) => {
                let tuning = tunings.swap_remove(at);
                let alias = Alias::new(tuning.channel.name.as_str());
                self.refuse_join(turn, &Mark::default(), &alias, refusal)
            }
        }
    }

    /// Who the client is in a channel, where that is shown.
    pub(in crate::session) fn member(&self, name: &ChannelName) -> Option<&Member> {
        self.tuning(name)?.member.as_ref()
    }

    /// Who has signed in, as others are shown it.
    pub(super) fn signed_in(&self) -> Option<&Member> {
        self.dossier.as_ref()?.signed_in.as_ref()
    }

    fn tuning(&self, name: &ChannelName) -> Option<&Tuning> {
        self.dossier.as_ref()?.tunings.iter().find(|tuning| tuning.channel.name == *name)
    }

    fn tunings(&mut self) -> Option<&mut Vec<Tuning>> {
        self.dossier.as_mut().map(|dossier| &mut dossier.tunings)
    }
}

/// Those who are known to each other must be somebody.
pub(super) fn nameless() -> Refusal {
    Refusal::malformed("a presence channel needs `channel_data`, or a user who has signed in")
}

fn say_tuned_in(turn: &mut Turn<'_>, tuning: &Tuning, tuned: &Tuned) {
    let channel = &tuning.channel.name;
    let company = tuning.member.as_ref().zip(tuned.roster.as_deref());
    turn.voice.say(&Say::TunedIn { channel, company });
    if tuning.channel.keeps_last {
        turn.voice.say(&Say::Kept { channel, broadcast: tuned.kept.as_ref() });
    }
}

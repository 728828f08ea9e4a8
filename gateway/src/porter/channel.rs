//! One channel: who listens to it here, and, where that is shown, who is in it. Without I/O and without a clock.
//!
//! It begins with [`News::Begun`], which comes back to this gateway as soon as the bus brings what is told there; only then
//! is anybody let in, so that nobody misses what is broadcast after the answer. Where the last broadcast is kept, the other
//! gateways are given a moment to tell theirs first.

use std::sync::Arc;
use std::time::Duration;

use bus::News;
use chat::{ConnectionName, Member, Moment, Refusal, Roster, Stay};
use tokio::time::Instant;

use crate::presence::{self, Asker, Beginning, GATHER, Guest, Heard, Parting, Room};
use crate::switchboard::SubKey;

/// How long the bus may take to bring back what was told to it.
const BEGINS_WITHIN: Duration = Duration::from_secs(2);
/// How often it is told again.
const BEGIN_AGAIN: Duration = Duration::from_millis(500);
/// Within which time a gateway tells what it keeps, unless another one has.
const TELL_WITHIN: Duration = Duration::from_millis(100);

/// A channel to which somebody here listens, or of which something is kept here. Owned by the porter.
#[derive(Debug)]
pub(super) struct Channel {
    /// Who is in it, where that is shown.
    company: Option<Box<Room>>,
    /// Whether the others have long been told that nobody here is in it any more.
    is_left: bool,
    heard: Heard,
    keeps_last: bool,
    /// Whether something is kept.
    keeps: bool,
    stage: Stage,
    /// How many subscriptions each shard has.
    subscriptions: Box<[u32]>,
    waiting: Vec<Waiting>,
    /// When the others are told what is kept.
    tells_at: Option<Instant>,
    /// Anything from 0 to 1 that differs from channel to channel and from gateway to gateway.
    spread: f64,
    /// The look that is asked for already.
    looks: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The bus does not bring yet what is told.
    Begins { until: Instant, again: Instant },
    /// It does, and others may keep a broadcast.
    Gathers { until: Instant },
    /// All that there is to know is known.
    Open,
}

/// Somebody who waits until the channel is open.
#[derive(Debug)]
enum Waiting {
    Tuner(Tuner),
    Asker(Asker),
}

/// A subscription to open.
#[derive(Debug)]
pub(super) struct Tuner {
    pub(super) shard: usize,
    pub(super) to: SubKey,
    /// As whom it is seen, and by which stay, where that is shown.
    pub(super) member: Option<(Member, Stay)>,
}

/// What a channel wants done.
#[derive(Debug)]
pub(super) enum Effect {
    /// Tell the shards that listen, all but one connection.
    Pass(Moment, Option<ConnectionName>),
    /// Tell the other gateways, and oneself.
    Publish(News),
    /// Tell the other gateways what is kept.
    TellKept,
    /// A subscription is open, with those who are there where that is shown.
    Open { shard: usize, to: SubKey, roster: Option<Arc<Roster>> },
    /// A subscription cannot be opened.
    Refuse { shard: usize, to: SubKey, refusal: Refusal },
    /// Answer a request.
    Answer(Asker, Roster),
    /// A request cannot be answered.
    Unanswered(Asker),
    /// Call [`Channel::look`] at that time.
    Look(Instant),
}

impl Channel {
    /// Begins with a channel. `alone`: no other gateway is known.
    pub(super) fn begin(
        at: Beginning,
        rules: presence::Rules,
        channel: &chat::Channel,
        alone: bool,
        now: Instant,
        fx: &mut Vec<Effect>,
    ) -> Self {
        fx.push(Effect::Publish(News::Begun));
        let mut begun = Vec::new();
        let room = channel.shows_members.then(|| Room::open(at, rules, alone, now, &mut begun));
        let mut channel = Self {
            company: room.map(Box::new),
            is_left: false,
            heard: Heard::default(),
            keeps_last: channel.keeps_last,
            keeps: false,
            stage: Stage::Begins { until: now + BEGINS_WITHIN, again: now + BEGIN_AGAIN },
            subscriptions: vec![0; at.shards].into(),
            waiting: Vec::new(),
            tells_at: None,
            spread: at.spread,
            looks: None,
        };
        channel.translate(begun, fx);
        channel.plan(fx);
        channel
    }

    /// Which shards listen.
    pub(super) fn listeners(&self) -> impl Iterator<Item = usize> + '_ {
        self.subscriptions.iter().enumerate().filter(|(_, count)| **count > 0).map(|(shard, _)| shard)
    }

    /// How many subscriptions there are here.
    pub(super) fn subscriptions(&self) -> u32 {
        self.subscriptions.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// How many users are in it through any gateway, where that is shown.
    pub(super) fn users(&self) -> Option<u32> {
        self.company.as_ref().map(|room| room.count().users)
    }

    /// Whether what is broadcast last is kept.
    pub(super) fn keeps_last(&self) -> bool {
        self.keeps_last
    }

    /// True if nobody needs it any more, and nobody is to be told anything.
    pub(super) fn is_needless(&self) -> bool {
        let is_left = self.company.as_ref().is_none_or(|room| self.is_left && room.is_needless());
        is_left && !self.keeps && self.waiting.is_empty() && self.subscriptions() == 0
    }

    /// Something is kept from now on, or no longer.
    pub(super) fn keep(&mut self, keeps: bool) {
        self.keeps = keeps;
    }

    /// A subscription is to be opened. Answered by [`Effect::Open`] or [`Effect::Refuse`].
    pub(super) fn tune_in(&mut self, tuner: Tuner, now: Instant, fx: &mut Vec<Effect>) {
        self.serve(Waiting::Tuner(tuner), now, fx);
    }

    /// A subscription that was open has ended.
    pub(super) fn tune_out(&mut self, guest: Guest, parting: Parting, now: Instant, fx: &mut Vec<Effect>) {
        let subscriptions = &mut self.subscriptions[usize::from(guest.shard)];
        *subscriptions = subscriptions.saturating_sub(1);
        self.in_company(fx, |room, fx| room.exit(guest, parting, now, fx));
    }

    /// Somebody wants to know who is there: nobody, where that is not shown.
    pub(super) fn ask(&mut self, asker: Asker, now: Instant, fx: &mut Vec<Effect>) {
        self.serve(Waiting::Asker(asker), now, fx);
    }

    fn serve(&mut self, waiting: Waiting, now: Instant, fx: &mut Vec<Effect>) {
        self.is_left = false;
        self.waiting.push(waiting);
        if self.stage == Stage::Open {
            self.let_in(now, fx);
        }
        self.plan(fx);
    }

    /// The bus brings what is told: this gateway has heard itself. `alone`: no other gateway is known.
    pub(super) fn hear_oneself(&mut self, alone: bool, now: Instant, fx: &mut Vec<Effect>) {
        let Stage::Begins { .. } = self.stage else { return };
        if self.keeps_last && !self.keeps && !alone {
            self.stage = Stage::Gathers { until: now + GATHER };
            self.plan(fx);
        } else {
            self.open(now, fx);
        }
    }

    /// What was broadcast last is known.
    pub(super) fn find(&mut self, now: Instant, fx: &mut Vec<Effect>) {
        self.tells_at = None;
        if let Stage::Gathers { .. } = self.stage {
            self.open(now, fx);
        }
    }

    /// Another gateway tells something.
    pub(super) fn hear(&mut self, gateway: u64, news: News, now: Instant, fx: &mut Vec<Effect>) {
        match news {
            News::Begun => {
                if self.keeps {
                    self.tells_at.get_or_insert(now + TELL_WITHIN.mul_f64(self.spread));
                }
            }
            News::Broadcast { broadcast, at, except } => {
                if self.heard.is_new(gateway, at) {
                    fx.push(Effect::Pass(Moment::Broadcast(broadcast), except));
                }
            }
            News::Whisper { by, whisper } => fx.push(Effect::Pass(Moment::Whisper { by, whisper }, None)),
            news => self.in_company(fx, |room, fx| room.hear(gateway, news, now, fx)),
        }
        self.plan(fx);
    }

    /// Another gateway is gone, and with it those who were there through it.
    pub(super) fn lose(&mut self, gateway: u64, now: Instant, fx: &mut Vec<Effect>) {
        self.heard.forget(gateway);
        self.in_company(fx, |room, fx| room.lose(gateway, now, fx));
    }

    /// Does what is due. `alone`: no other gateway is known.
    pub(super) fn look(&mut self, alone: bool, now: Instant, fx: &mut Vec<Effect>) {
        self.looks.take_if(|at| *at <= now);
        self.in_company(fx, |room, fx| room.look(alone, now, fx));
        match self.stage {
            Stage::Begins { until, .. } if until <= now => self.give_up(now, fx),
            Stage::Begins { until, again } if again <= now => {
                fx.push(Effect::Publish(News::Begun));
                self.stage = Stage::Begins { until, again: now + BEGIN_AGAIN };
            }
            Stage::Gathers { until } if until <= now => self.open(now, fx),
            Stage::Begins { .. } | Stage::Gathers { .. } | Stage::Open => {}
        }
        if self.tells_at.take_if(|at| *at <= now).is_some() {
            fx.push(Effect::TellKept);
        }
        self.plan(fx);
    }

    fn open(&mut self, now: Instant, fx: &mut Vec<Effect>) {
        self.stage = Stage::Open;
        self.let_in(now, fx);
    }

    fn let_in(&mut self, now: Instant, fx: &mut Vec<Effect>) {
        for waiting in std::mem::take(&mut self.waiting) {
            match waiting {
                Waiting::Tuner(tuner) => self.admit(tuner, now, fx),
                Waiting::Asker(asker) if self.company.is_none() => {
                    let nobody = Roster { count: chat::Headcount::default(), listed: Some(Vec::new()) };
                    fx.push(Effect::Answer(asker, nobody));
                }
                Waiting::Asker(asker) => self.in_company(fx, |room, fx| room.ask(asker, now, fx)),
            }
        }
    }

    /// A subscription counts from its answer on: whoever ends it while it waits need not say so before.
    fn admit(&mut self, tuner: Tuner, now: Instant, fx: &mut Vec<Effect>) {
        let Tuner { shard, to, member } = tuner;
        if self.company.is_none() {
            return self.count(shard, to, None, fx);
        }
        let guest = super::guest(shard, to.connection);
        self.in_company(fx, |room, fx| {
            if let Some((member, stay)) = member {
                room.enter(guest, &member.user, member.info.as_ref(), stay, now, fx);
            }
            room.ask(Asker::Roster { shard, to }, now, fx);
        });
    }

    fn count(&mut self, shard: usize, to: SubKey, roster: Option<Arc<Roster>>, fx: &mut Vec<Effect>) {
        self.subscriptions[shard] = self.subscriptions[shard].saturating_add(1);
        fx.push(Effect::Open { shard, to, roster });
    }

    /// The bus does not bring anything.
    fn give_up(&mut self, now: Instant, fx: &mut Vec<Effect>) {
        for waiting in std::mem::take(&mut self.waiting) {
            fx.push(match waiting {
                Waiting::Tuner(Tuner { shard, to, member: _ }) => {
                    let refusal = Refusal::unavailable("the other servers cannot be heard");
                    Effect::Refuse { shard, to, refusal }
                }
                Waiting::Asker(asker) => Effect::Unanswered(asker),
            });
        }
        self.stage = Stage::Begins { until: now + BEGINS_WITHIN, again: now };
    }

    fn in_company(&mut self, fx: &mut Vec<Effect>, act: impl FnOnce(&mut Room, &mut Vec<presence::Effect>)) {
        let Some(room) = &mut self.company else { return };
        let mut wanted = Vec::new();
        act(room, &mut wanted);
        self.translate(wanted, fx);
    }

    fn translate(&mut self, wanted: Vec<presence::Effect>, fx: &mut Vec<Effect>) {
        for effect in wanted {
            match effect {
                presence::Effect::Tell(moment, except) => fx.push(Effect::Pass(moment, except)),
                presence::Effect::Publish(news) => fx.push(Effect::Publish(news)),
                presence::Effect::Answer(Asker::Roster { shard, to }, roster) => {
                    self.count(shard, to, Some(Arc::new(roster)), fx);
                }
                presence::Effect::Answer(asker, roster) => fx.push(Effect::Answer(asker, roster)),
                presence::Effect::Look(at) => fx.push(Effect::Look(at)),
                // The channel ends with it, unless it is needed otherwise.
                presence::Effect::Close => self.is_left = true,
            }
        }
    }

    /// Asks to be looked at when the next thing is due.
    fn plan(&mut self, fx: &mut Vec<Effect>) {
        let stage = match self.stage {
            Stage::Begins { until, again } => Some(until.min(again)),
            Stage::Gathers { until } => Some(until),
            Stage::Open => None,
        };
        let next = [stage, self.tells_at].into_iter().flatten().min();
        if let Some(next) = next.filter(|next| self.looks.is_none_or(|looks| *next < looks)) {
            self.looks = Some(next);
            fx.push(Effect::Look(next));
        }
    }
}

#[cfg(test)]
mod tests;

//! The channels at the desk: begun with, asked, ended, and what they want done; and what was broadcast last in them.

use std::sync::Arc;
use std::time::Duration;

use bus::{LiveNews, News};
use chat::{Broadcast, ChannelName, Code, Member, Moment, Place, Refusal, Timestamp};
use tokio::time::Instant;

use super::Desk;
use crate::porter::channel::{Channel, Effect, Tuner};
use crate::porter::post::Letter;
use crate::porter::shelf::Stamp;
use crate::porter::{Broadcasting, Occupancy};
use crate::presence::{Asker, Rules};
use crate::session::Tuned;
use crate::switchboard::{SubKey, Told};

/// The most connections in a channel that are listed, whatever is set: each may come with a kilobyte of what an
/// application says of it, and the list must fit into a note of the bus.
const LIST_MAX: u32 = 500;

impl Desk {
    /// Another gateway is gone.
    pub(super) fn channels_lose(&mut self, gone: u64, now: Instant) {
        let channels: Vec<_> = self.channels.keys().cloned().collect();
        for channel in channels {
            self.with_channel(&channel, now, |channel, now, fx| channel.lose(gone, now, fx));
        }
    }

    /// Opens a subscription.
    pub(super) fn tune_in(
        &mut self,
        shard: usize,
        to: SubKey,
        channel: &chat::Channel,
        member: Option<Member>,
        now: Instant,
    ) {
        let member = member.map(|member| (member, self.begin_stay()));
        let tuner = Tuner { shard, to, member };
        if self.begin(channel, now) {
            self.with_channel(&channel.name, now, |channel, now, fx| channel.tune_in(tuner, now, fx));
        } else {
            let refusal = Refusal::new(Code::TooMany, "this server has as many channels as it may");
            self.tuned_in(shard, to, &channel.name, Err(refusal));
        }
    }

    /// Somebody wants to know who is in a channel.
    pub(super) fn ask_in_channel(&mut self, channel: &chat::Channel, asker: Asker, now: Instant) {
        if self.begin(channel, now) {
            self.with_channel(&channel.name, now, |channel, now, fx| channel.ask(asker, now, fx));
        } else {
            self.callers.turn_away(asker);
        }
    }

    /// Tells everybody in a place something.
    pub(super) fn broadcast(&mut self, broadcasting: Broadcasting, now: Instant) -> Result<(), Refusal> {
        let Broadcasting { room, channel, event, data, except } = broadcasting;
        if !self.link.borrow().connected {
            return Err(Refusal::unavailable("this server is cut off from the others"));
        }
        let broadcast = Broadcast { channel: channel.name.clone(), event, data };
        let at = self.time_of(&broadcast, now);
        let place = match room {
            Some(room) => Place::Room(room),
            None => {
                if channel.keeps_last && self.begin(&channel, now) {
                    self.keep(broadcast.clone(), Stamp { at, by: self.me }, now);
                }
                Place::Channel(channel.name)
            }
        };
        self.pass(&place, Moment::Broadcast(broadcast.clone()), except);
        self.publish(&place, News::Broadcast { broadcast, at, except });
        Ok(())
    }

    /// A time for a broadcast: later than that of the last one here, and than that of the one which is kept.
    fn time_of(&mut self, broadcast: &Broadcast, now: Instant) -> Timestamp {
        let kept = self.shelf.get(&broadcast.channel, now).map_or(0, |kept| kept.stamp.at.as_micros());
        let after = kept.max(self.last_broadcast.as_micros()).saturating_add(1);
        let at = Timestamp::from_micros(self.clock.now().as_micros().max(after));
        self.last_broadcast = at;
        at
    }

    /// The channels with a subscription here whose names begin so.
    pub(super) fn occupied(&self, prefix: &str) -> Vec<Occupancy> {
        let named = self.channels.iter().filter(|(name, _)| name.as_str().starts_with(prefix));
        let occupied = named.filter(|(_, channel)| channel.subscriptions() > 0);
        let occupied = occupied.map(|(name, channel)| Occupancy {
            channel: name.clone(),
            subscriptions: channel.subscriptions(),
            users: channel.users(),
        });
        occupied.collect()
    }

    /// This gateway hears what it has told itself.
    pub(super) fn hear_oneself(&mut self, told: &LiveNews, now: Instant) {
        if let (Place::Channel(name), News::Begun) = (&told.place, &told.news) {
            let alone = self.gateways.is_alone();
            self.with_channel(name, now, |channel, now, fx| channel.hear_oneself(alone, now, fx));
        }
    }

    /// Another gateway tells something of a channel.
    pub(super) fn hear_of_channel(&mut self, name: &ChannelName, gateway: u64, news: News, now: Instant) {
        let Some(channel) = self.channels.get(name) else { return };
        match news {
            News::Kept { broadcast, at, by } => {
                let stamp = Stamp { at, by };
                self.keep(broadcast, stamp, now);
                // What another one has told need not be told again.
                if self.shelf.get(name, now).is_some_and(|kept| kept.stamp == stamp) {
                    self.with_channel(name, now, Channel::find);
                }
            }
            news => {
                if let News::Broadcast { broadcast, at, except: _ } = &news
                    && channel.keeps_last()
                {
                    self.keep(broadcast.clone(), Stamp { at: *at, by: gateway }, now);
                }
                self.with_channel(name, now, |channel, now, fx| channel.hear(gateway, news, now, fx));
            }
        }
    }

    /// Forgets what was kept for long enough.
    pub(super) fn tidy_shelf(&mut self, now: Instant) {
        let gone = self.shelf.expire(now);
        self.forget(gone, now);
    }

    /// Something may have been missed: whoever keeps a broadcast tells it.
    pub(super) fn ask_for_kept(&mut self) {
        let keeping = self.channels.iter().filter(|(_, channel)| channel.keeps_last());
        let names: Vec<_> = keeping.map(|(name, _)| name.clone()).collect();
        for name in names {
            self.publish(&Place::Channel(name), News::Begun);
        }
    }

    /// Keeps what was broadcast, unless something later is known.
    fn keep(&mut self, broadcast: Broadcast, stamp: Stamp, now: Instant) {
        let name = broadcast.channel.clone();
        let age = self.clock.now().as_micros().saturating_sub(stamp.at.as_micros());
        let age = Duration::from_micros(u64::try_from(age).unwrap_or(0));
        let gone = self.shelf.put(broadcast, stamp, age, now);
        let keeps = self.shelf.get(&name, now).is_some();
        self.with_channel(&name, now, |channel, _, _| channel.keep(keeps));
        self.forget(gone, now);
    }

    fn forget(&mut self, channels: Vec<ChannelName>, now: Instant) {
        for name in channels {
            self.with_channel(&name, now, |channel, _, _| channel.keep(false));
        }
    }

    /// Begins with a channel if it is not there: listened to first, so that nothing is missed that is told because of it.
    /// False if there are too many.
    fn begin(&mut self, channel: &chat::Channel, now: Instant) -> bool {
        if self.channels.contains_key(&channel.name) {
            return true;
        }
        if self.channels.len() >= self.channels_max {
            return false;
        }
        let (at, alone) = (self.beginning(), self.gateways.is_alone());
        let rules = Rules { list_max: self.rules.list_max.min(LIST_MAX), ..self.rules };
        let mut effects = Vec::new();
        let begun = Channel::begin(at, rules, channel, alone, now, &mut effects);
        self.channels.insert(channel.name.clone(), Box::new(begun));
        self.letters.push(Letter::Listen(Place::Channel(channel.name.clone())));
        self.carry_out_in_channel(&channel.name, effects, now);
        true
    }

    pub(super) fn with_channel(
        &mut self,
        name: &ChannelName,
        now: Instant,
        act: impl FnOnce(&mut Channel, Instant, &mut Vec<Effect>),
    ) {
        let Some(channel) = self.channels.get_mut(name) else { return };
        let mut effects = Vec::new();
        act(channel, now, &mut effects);
        let is_needless = channel.is_needless();
        self.carry_out_in_channel(name, effects, now);
        if is_needless {
            self.channels.remove(name);
            self.letters.push(Letter::Ignore(Place::Channel(name.clone())));
        }
    }

    fn carry_out_in_channel(&mut self, name: &ChannelName, effects: Vec<Effect>, now: Instant) {
        let place = Place::Channel(name.clone());
        for effect in effects {
            match effect {
                Effect::Pass(moment, except) => self.pass(&place, moment, except),
                Effect::Publish(news) => self.publish(&place, news),
                Effect::TellKept => {
                    if let Some(kept) = self.shelf.get(name, now) {
                        let (broadcast, Stamp { at, by }) = (kept.broadcast.clone(), kept.stamp);
                        self.publish(&place, News::Kept { broadcast, at, by });
                    }
                }
                Effect::Open { shard, to, roster } => {
                    let kept = self.shelf.get(name, now).map(|kept| kept.broadcast.clone());
                    self.tuned_in(shard, to, name, Ok(Tuned { roster, kept }));
                }
                Effect::Refuse { shard, to, refusal } => self.tuned_in(shard, to, name, Err(refusal)),
                Effect::Answer(Asker::Caller(caller), roster) => self.callers.answer(caller, roster),
                Effect::Unanswered(asker) => self.callers.turn_away(asker),
                // Nobody else asks here.
                Effect::Answer(Asker::Roster { .. } | Asker::Who { .. }, _) => {}
                Effect::Look(at) => self.due.at(at, &place),
            }
        }
    }

    fn tuned_in(&mut self, shard: usize, to: SubKey, name: &ChannelName, outcome: Result<Tuned, Refusal>) {
        let (channel, outcome) = (name.clone(), outcome.map(Arc::new));
        self.outgoing[shard].push(Told::TunedIn { to, channel, outcome });
    }
}

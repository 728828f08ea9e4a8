//! One room: who enters and leaves here, what the other gateways tell, and what clients are told of it.

use std::sync::Arc;

use bus::{News, There};
use chat::{Headcount, Moment, PresenceChange, Roster, Stay, User};
use tokio::time::Instant;

use super::heard::Heard;
use super::own::Own;
use super::peers::{Peers, Understood};
use super::people::People;
use super::{
    ANSWER_AFTER, Asker, BATCH, CONFIRM_AFTER, CROWD_BATCH, DIGEST_EVERY, Effect, GATHER, Guest, LINGER,
    MARGIN, Parting, Rules,
};

/// A room in which somebody here is, or wants to know who is. Owned by the porter; it ends a while after nobody needs it.
#[derive(Debug)]
pub(crate) struct Room {
    me: u64,
    rules: Rules,
    people: People,
    own: Own,
    peers: Peers,
    heard: Heard,
    /// Which shards are told what passes.
    watchers: Vec<bool>,
    /// Those who ask while it is not known yet who is there.
    asking: Vec<Asker>,
    /// What clients were told last.
    told: Told,
    due: Dues,
    /// The look that is asked for already.
    looks: Option<Instant>,
}

/// What clients know by what they were told.
#[derive(Debug)]
struct Told {
    count: Headcount,
    /// Since when there are too many to be listed; `None` while they are listed.
    crowd: Option<Instant>,
}

/// When something is to be done.
#[derive(Debug, Default)]
struct Dues {
    /// Those who were asked have had their time to answer.
    gathered: Option<Instant>,
    /// Everybody is asked once more.
    confirm: Option<Instant>,
    /// What has changed is told.
    tell: Option<Instant>,
    /// All is told to the other gateways.
    answer: Option<Instant>,
    /// The last telling is said again.
    digest: Option<Instant>,
    /// Nobody has needed the room for long enough.
    close: Option<Instant>,
}

/// What a room begins with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Beginning {
    /// This gateway.
    pub(crate) me: u64,
    /// Counts up with each room that this gateway begins with, from 1.
    pub(crate) incarnation: u64,
    /// How many shards there are.
    pub(crate) shards: usize,
    /// Anything from 0 to 1 that differs from room to room: so that not all of them speak at the same moment.
    pub(crate) spread: f64,
}

impl Room {
    /// Begins with a room, and asks who is there. `alone`: no other gateway is known.
    pub(crate) fn open(at: Beginning, rules: Rules, alone: bool, now: Instant, fx: &mut Vec<Effect>) -> Self {
        let Beginning { me, incarnation, shards, spread } = at;
        let mut room = Self {
            me,
            rules,
            people: People::default(),
            own: Own::new(incarnation),
            peers: Peers::default(),
            heard: Heard::default(),
            watchers: vec![false; shards],
            asking: Vec::new(),
            told: Told { count: Headcount::default(), crowd: None },
            due: Dues::default(),
            looks: None,
        };
        fx.push(Effect::Publish(News::Wanted { of: None }));
        if !alone {
            room.due.gathered = Some(now + GATHER);
        }
        room.due.confirm = Some(now + CONFIRM_AFTER);
        room.due.digest = Some(now + CONFIRM_AFTER + DIGEST_EVERY.mul_f64(spread));
        room.plan(now, fx);
        room
    }

    /// Which shards are to be told of what passes here.
    pub(crate) fn watchers(&self) -> impl Iterator<Item = usize> + '_ {
        self.watchers.iter().enumerate().filter(|(_, watches)| **watches).map(|(shard, _)| shard)
    }

    /// A shard wants to be told, or no longer.
    pub(crate) fn watch(&mut self, shard: usize, watches: bool, now: Instant, fx: &mut Vec<Effect>) {
        self.watchers[shard] = watches;
        self.plan(now, fx);
    }

    /// A connection is there from now on. One that is there already changes nothing.
    pub(crate) fn enter(
        &mut self,
        guest: Guest,
        user: &User,
        info: Option<&Arc<str>>,
        stay: Stay,
        now: Instant,
        fx: &mut Vec<Effect>,
    ) {
        if self.own.enter(guest, &user.id, stay.id) {
            self.people.add(user, info, stay);
            self.own.replace_broken(&user.id, now + MARGIN);
        }
        self.plan(now, fx);
    }

    /// A connection is no longer there.
    pub(crate) fn exit(&mut self, guest: Guest, parting: Parting, now: Instant, fx: &mut Vec<Effect>) {
        match parting {
            Parting::Clean => {
                if let Some((user, id)) = self.own.leave(guest) {
                    self.people.remove(&user, id);
                }
            }
            Parting::Broken => {
                self.own.lose(guest, now + self.rules.grace + MARGIN);
            }
        }
        self.plan(now, fx);
    }

    /// Somebody wants to know who is there.
    pub(crate) fn ask(&mut self, asker: Asker, now: Instant, fx: &mut Vec<Effect>) {
        self.asking.push(asker);
        if self.due.gathered.is_none() {
            self.answer(fx);
        }
        self.due.close = None;
        self.plan(now, fx);
    }

    /// Another gateway tells something.
    pub(crate) fn hear(&mut self, gateway: u64, news: News, now: Instant, fx: &mut Vec<Effect>) {
        let understood = match news {
            News::Changed { at, came, went } => {
                self.peers.changed(gateway, at, &came, &went, &mut self.people)
            }
            News::All { at, there } => {
                self.peers.all(gateway, at, &there, &mut self.people);
                Understood::Yes
            }
            News::Last(at) => self.peers.last(gateway, at, &mut self.people),
            News::Wanted { of } => {
                if of.is_none_or(|of| of == self.me) {
                    // Who is only being found out about is told of then.
                    let at = (now + ANSWER_AFTER).max(self.due.gathered.unwrap_or(now));
                    self.due.answer.get_or_insert(at);
                }
                Understood::Yes
            }
            News::Whisper { by, whisper } => {
                fx.push(Effect::Tell(Moment::Whisper { by, whisper }, None));
                Understood::Yes
            }
            // That is for those who keep what was broadcast in a channel.
            News::Kept { .. } | News::Begun => Understood::Yes,
            News::Broadcast { broadcast, at, except } => {
                if self.heard.is_new(gateway, at) {
                    fx.push(Effect::Tell(Moment::Broadcast(broadcast), except));
                }
                Understood::Yes
            }
        };
        if understood == Understood::No && self.peers.may_ask(gateway, now) {
            fx.push(Effect::Publish(News::Wanted { of: Some(gateway) }));
        }
        self.plan(now, fx);
    }

    /// Another gateway is gone, and with it those who were there through it.
    pub(crate) fn lose(&mut self, gateway: u64, now: Instant, fx: &mut Vec<Effect>) {
        self.heard.forget(gateway);
        if self.peers.forget(gateway, &mut self.people) {
            self.plan(now, fx);
        }
    }

    /// Does what is due. `alone`: no other gateway is known.
    pub(crate) fn look(&mut self, alone: bool, now: Instant, fx: &mut Vec<Effect>) {
        self.looks.take_if(|at| *at <= now);
        let is_due = |due: &mut Option<Instant>| due.take_if(|at| *at <= now).is_some();
        while let Some((user, id)) = self.own.take_late(now) {
            self.people.remove(&user, id);
        }
        if is_due(&mut self.due.gathered) {
            self.gathered(now, fx);
        }
        if is_due(&mut self.due.confirm) && !alone {
            fx.push(Effect::Publish(News::Wanted { of: None }));
        }
        let answers = is_due(&mut self.due.answer);
        // All is told as it was told last: what comes and goes before the next telling is never told.
        if is_due(&mut self.due.tell) || (answers && !self.people.is_settled()) {
            self.due.tell = None;
            self.tell(alone, now, fx);
        }
        if answers {
            fx.push(Effect::Publish(self.all()));
        }
        if is_due(&mut self.due.digest) {
            self.due.digest = Some(now + DIGEST_EVERY);
            if !alone {
                fx.push(Effect::Publish(News::Last(self.own.last)));
            }
        }
        if is_due(&mut self.due.close) && self.is_needless() {
            fx.push(Effect::Close);
            return;
        }
        self.plan(now, fx);
    }

    /// True if nobody needs the room.
    pub(crate) fn is_needless(&self) -> bool {
        self.own.stays() == 0 && self.asking.is_empty() && !self.watchers.iter().any(|watches| *watches)
    }

    /// Who is known to be there.
    #[cfg(test)]
    pub(super) fn known(&self) -> Vec<chat::Attendee> {
        self.people.known()
    }

    /// Everybody has had the time to say who is there: that is where all begins.
    fn gathered(&mut self, now: Instant, fx: &mut Vec<Effect>) {
        self.people.settle_others(self.me);
        self.told.count = self.count();
        self.told.crowd = self.is_crowd(self.told.count).then_some(now);
        self.answer(fx);
    }

    fn answer(&mut self, fx: &mut Vec<Effect>) {
        let count = self.count();
        for asker in std::mem::take(&mut self.asking) {
            let listed = match asker {
                // What changes from there on is told: so it begins with what was told last, never with too many.
                Asker::Roster { .. } => self.told.crowd.is_none().then(|| self.people.told()),
                // The latest may already be too many, though nobody was told that yet.
                Asker::Who { .. } | Asker::Caller(_) => {
                    let crowded = self.told.crowd.is_some() || self.is_crowd(count);
                    (!crowded).then(|| self.people.known())
                }
            };
            fx.push(Effect::Answer(asker, Roster { count, listed }));
        }
    }

    /// Whether so many are too many to be listed.
    fn is_crowd(&self, count: Headcount) -> bool {
        count.connections > self.rules.list_max
    }

    /// Tells the other gateways and the clients what has changed.
    fn tell(&mut self, alone: bool, now: Instant, fx: &mut Vec<Effect>) {
        self.tell_gateways(alone, fx);
        self.tell_clients(now, fx);
        self.people.settle();
    }

    /// A gateway that is alone counts its tellings, too: whoever comes finds out what it has missed.
    fn tell_gateways(&mut self, alone: bool, fx: &mut Vec<Effect>) {
        let (came, went) = self.people.shifts_of(self.me);
        let counted = number(self.own.stays()) > self.rules.list_max;
        if came.is_empty() && went.is_empty() && counted == self.own.counted {
            return;
        }
        let anew = counted || self.own.counted;
        self.own.counted = counted;
        self.own.last.n += 1;
        if !alone {
            let at = self.own.last;
            let news = if anew { self.all() } else { News::Changed { at, came, went } };
            fx.push(Effect::Publish(news));
        }
    }

    fn all(&self) -> News {
        let there = if self.own.counted {
            let users = number(self.people.users_of(self.me));
            There::Counted(Headcount { users, connections: number(self.own.stays()) })
        } else {
            There::Listed(self.people.known_of(self.me))
        };
        News::All { at: self.own.last, there }
    }

    fn tell_clients(&mut self, now: Instant, fx: &mut Vec<Effect>) {
        let count = self.count();
        let crowded = self.is_crowd(count);
        let moment = match (self.told.crowd, crowded) {
            (None, false) if self.people.is_settled() => None,
            (None, false) => {
                let (came, went) = self.people.shifts();
                Some(Moment::Presence(PresenceChange { came, went, count }))
            }
            (None, true) => {
                self.told.crowd = Some(now);
                let now = Roster { count, listed: None };
                Some(Moment::Relisted { before: self.people.told(), now })
            }
            // A room around that size is not to be listed again and again.
            (Some(since), false) if since + CROWD_BATCH <= now => {
                self.told.crowd = None;
                let now = Roster { count, listed: Some(self.people.known()) };
                Some(Moment::Relisted { before: Vec::new(), now })
            }
            (Some(_), _) if count == self.told.count => None,
            (Some(_), _) => {
                Some(Moment::Presence(PresenceChange { came: Vec::new(), went: Vec::new(), count }))
            }
        };
        self.told.count = count;
        fx.extend(moment.map(|moment| Effect::Tell(moment, None)));
    }

    /// How many are known to be there.
    pub(crate) fn count(&self) -> Headcount {
        let counted = self.peers.counted();
        Headcount {
            users: counted.users.saturating_add(number(self.people.users())),
            connections: counted.connections.saturating_add(number(self.people.stays())),
        }
    }

    /// Whether clients or gateways are to be told something.
    fn has_news(&self) -> bool {
        let count = self.count();
        let crowded = self.is_crowd(count);
        !self.people.is_settled() || count != self.told.count || crowded != self.told.crowd.is_some()
    }

    /// Asks to be looked at when the next thing is due.
    fn plan(&mut self, now: Instant, fx: &mut Vec<Effect>) {
        if self.due.gathered.is_none() && self.due.tell.is_none() && self.has_news() {
            let batch = if self.told.crowd.is_some() { CROWD_BATCH } else { BATCH };
            self.due.tell = Some(now + batch);
        }
        if !self.is_needless() {
            self.due.close = None;
        } else {
            self.due.close.get_or_insert(now + LINGER);
        }
        let Dues { gathered, confirm, tell, answer, digest, close } = &self.due;
        let dues = [*gathered, *confirm, *tell, *answer, *digest, *close, self.own.next_late()];
        let next = dues.into_iter().flatten().min();
        if let Some(next) = next.filter(|next| self.looks.is_none_or(|looks| *next < looks)) {
            self.looks = Some(next);
            fx.push(Effect::Look(next));
        }
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;

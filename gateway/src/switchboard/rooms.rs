//! A room on the switchboard: who is in it, who waits to get in, what is read for it. Pure: what is to be done
//! comes out as effects.

mod looking_back;
mod reading;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use bus::RoomEvents;
use chat::{Epoch, Event, Refusal, RoomId, RoomState, Seq};
use tokio::time::Instant;

pub(super) use reading::PAGE_EVENTS;
use reading::Reader;

use super::{ConnectionKey, Live, Settings, SubKey, Told};
use crate::room::{Entry, Pages, RoomLog, enter};
use crate::sampling::Step;
use crate::session::{Join, JoinedAt};

/// How much of what is heard before the room is known is kept.
const EARLY_BYTES_MAX: usize = 256 * 1024;
/// How long a join may wait for a fresh read.
const JOIN_WITHIN: Duration = Duration::from_millis(4500);
/// How long after the first SUB the head is asked for once more: in a cluster interest spreads asynchronously.
const CONFIRM_AFTER: Duration = Duration::from_secs(1);
/// How long to wait after a failed read.
const PAUSE: Duration = Duration::from_millis(500);

/// What a room wants done.
#[derive(Debug)]
pub(super) enum Effect {
    /// Tell a shard.
    Tell(usize, Told),
    /// Read the log after a position; the answer comes by [`Room::read`] with the same number.
    Read { after: Seq, number: u64 },
    /// Call [`Room::look`] at that time.
    Look(Instant),
    /// Forget the room: nobody needs it.
    Close,
    /// Count events that the bus did not bring.
    Repaired(usize),
}

/// One room. Owned by the operator.
#[derive(Debug)]
pub(super) struct Room {
    id: RoomId,
    stage: Stage,
    /// For each shard, how many of its joins were granted since it was last out of the room; 0 = it is out.
    granted: Vec<u32>,
    joins: Vec<Joining>,
    /// Those who want all since a moment that is before what is at hand: the newest page is read for them.
    looking_back: Vec<Joining>,
    pages: Pages<Reader>,
    log_waits: bool,
    newest_waits: bool,
    reads: u64,
    confirm_at: Option<Instant>,
    empty_since: Option<Instant>,
    settings: Settings,
}

#[derive(Debug)]
enum Stage {
    /// Where the room stands is being asked; what is heard meanwhile is kept.
    Opening { early: Vec<RoomEvents>, bytes: usize },
    /// The room is known.
    Known(RoomLog),
}

#[derive(Debug)]
struct Joining {
    shard: usize,
    connection: ConnectionKey,
    join: Join,
    since: Instant,
    /// Only a read that was started after this many tells whether the wish is ahead of the room.
    reads: u64,
    /// The newest page was read for it.
    has_looked_back: bool,
}

impl Room {
    pub(super) fn new(id: RoomId, shards: usize, settings: Settings) -> Self {
        Self {
            id,
            stage: Stage::Opening { early: Vec::new(), bytes: 0 },
            granted: vec![0; shards],
            joins: Vec::new(),
            looking_back: Vec::new(),
            pages: Pages::new(),
            log_waits: false,
            newest_waits: false,
            reads: 0,
            confirm_at: None,
            empty_since: None,
            settings,
        }
    }

    /// A subscription wants to get in.
    pub(super) fn join(
        &mut self,
        shard: usize,
        connection: ConnectionKey,
        join: Join,
        now: Instant,
        fx: &mut Vec<Effect>,
    ) {
        self.empty_since = None;
        let (reads, has_looked_back) = (self.reads, false);
        let joining = Joining { shard, connection, join, since: now, reads, has_looked_back };
        match self.stage {
            Stage::Opening { .. } => self.joins.push(joining),
            Stage::Known(_) => self.admit(joining, now, fx),
        }
    }

    /// Where the room stands is known; or it is not to be had, and then the room is closed.
    pub(super) fn opened(&mut self, result: Result<RoomState, Refusal>, now: Instant, fx: &mut Vec<Effect>) {
        let state = match result {
            Ok(state) => state,
            Err(refusal) => {
                for joining in self.joins.drain(..) {
                    fx.push(joining.refuse(refusal.clone()));
                }
                fx.push(Effect::Close);
                return;
            }
        };
        let log = RoomLog::new(state, self.settings.ring_bytes);
        let before = std::mem::replace(&mut self.stage, Stage::Known(log));
        if let Stage::Opening { early, .. } = before {
            for heard in early {
                self.heard(heard, None, now, fx);
            }
        }
        for joining in std::mem::take(&mut self.joins) {
            self.admit(joining, now, fx);
        }
        self.confirm_at = Some(now + CONFIRM_AFTER);
        fx.push(Effect::Look(now + CONFIRM_AFTER));
        self.note_emptiness(now, fx);
    }

    /// The bus brought events. Their trace ends here if they have to wait for what is before them.
    pub(super) fn heard(
        &mut self,
        heard: RoomEvents,
        trace: Option<&Step>,
        now: Instant,
        fx: &mut Vec<Effect>,
    ) {
        match &mut self.stage {
            Stage::Opening { early, bytes } => {
                *bytes += heard.events.iter().map(Event::weight).sum::<usize>();
                // What does not fit is found missing one second after the room is known.
                if *bytes <= EARLY_BYTES_MAX {
                    early.push(heard);
                }
            }
            Stage::Known(log) => {
                let told = log.hear(&heard.epoch, heard.events, now);
                self.tell(told, trace, now, fx);
                self.plan(fx);
            }
        }
    }

    /// A head was announced, or answered.
    pub(super) fn head(&mut self, epoch: &Epoch, seq: Seq, now: Instant, fx: &mut Vec<Effect>) {
        if let Stage::Known(log) = &mut self.stage {
            log.hear_head(epoch, seq, now);
            self.plan(fx);
        }
    }

    /// A shard has nobody in the room any more, as far as it was told of `received` joins.
    pub(super) fn quit(&mut self, shard: usize, received: u32, now: Instant, fx: &mut Vec<Effect>) {
        self.granted[shard] = self.granted[shard].saturating_sub(received);
        self.note_emptiness(now, fx);
    }

    /// Looks whether something is due.
    pub(super) fn look(&mut self, now: Instant, fx: &mut Vec<Effect>) {
        if self.empty_since.is_some_and(|since| since + self.settings.linger <= now) {
            // An answer that is still to come must not find another room of that name.
            fx.push(if self.pages.is_reading() { Effect::Look(now + PAUSE) } else { Effect::Close });
            return;
        }
        let Stage::Known(log) = &self.stage else { return };
        let missing = log.read_at().is_some_and(|at| at <= now);
        let confirm = self.confirm_at.take_if(|at| *at <= now).is_some();
        if missing || confirm {
            self.want_log();
        }
        self.want_newest();
        let is_late = |joining: &mut Joining| joining.since + JOIN_WITHIN <= now;
        let late = self.joins.extract_if(.., is_late).chain(self.looking_back.extract_if(.., is_late));
        for joining in late {
            fx.push(Joining::refuse(joining, Refusal::unavailable("the room could not be read in time")));
        }
        self.note_emptiness(now, fx);
        self.start_read(fx);
    }

    /// True while nobody is in the room, and nobody waits to get in.
    pub(super) fn lingers(&self) -> bool {
        self.empty_since.is_some()
    }

    /// Lets an empty room go before its time, unless an answer is still to come for it.
    pub(super) fn let_go(&self, fx: &mut Vec<Effect>) {
        if !self.pages.is_reading() {
            fx.push(Effect::Close);
        }
    }

    /// True if a join that is to make the room stands in line.
    pub(super) fn creates(&self) -> bool {
        self.joins.iter().any(|joining| joining.join.create)
    }

    fn admit(&mut self, joining: Joining, now: Instant, fx: &mut Vec<Effect>) {
        let Stage::Known(log) = &self.stage else { return };
        let fresh = joining.reads < self.reads && log.read_at().is_none() && !self.log_waits;
        match enter(&joining.join.from, log.state(), self.settings.replay, fresh) {
            Entry::At { start, truncated } => {
                let at = JoinedAt { state: log.state().clone(), start, truncated };
                self.grant(&joining, at, fx);
            }
            Entry::Since(at) => self.admit_since(at, joining, now, fx),
            Entry::Ahead => {
                fx.push(Effect::Look(joining.since + JOIN_WITHIN));
                self.joins.push(joining);
                self.want_log();
                self.start_read(fx);
                self.note_emptiness(now, fx);
            }
        }
    }

    fn grant(&mut self, joining: &Joining, at: JoinedAt, fx: &mut Vec<Effect>) {
        let to = joining.key();
        self.granted[joining.shard] += 1;
        fx.push(Effect::Tell(joining.shard, Told::Joined { to, room: self.id.clone(), at }));
    }

    /// The history is another one: whoever waited for the old one starts again with the rest of its shard.
    fn restart(&mut self, fx: &mut Vec<Effect>) {
        self.pages = Pages::new();
        self.newest_waits = false;
        self.want_newest();
        let Stage::Known(log) = &self.stage else { return };
        let state = log.state().clone();
        let start = state.seq.back(self.settings.replay).max(state.first_seq.back(1));
        for shard in self.inside() {
            let told = Told::Restarted { room: self.id.clone(), state: state.clone(), start };
            fx.push(Effect::Tell(shard, told));
        }
    }

    fn tell(&self, told: Vec<Arc<Event>>, trace: Option<&Step>, now: Instant, fx: &mut Vec<Effect>) {
        let Stage::Known(log) = &self.stage else { return };
        if told.is_empty() {
            return;
        }
        let events: Arc<[Arc<Event>]> = told.into();
        for shard in self.inside() {
            let (room, epoch) = (self.id.clone(), log.state().epoch.clone());
            let (events, trace) = (Arc::clone(&events), trace.cloned());
            let live = Live { room, epoch, events, heard: now, trace };
            fx.push(Effect::Tell(shard, Told::Events(live)));
        }
    }

    fn inside(&self) -> impl Iterator<Item = usize> + '_ {
        self.granted.iter().enumerate().filter(|(_, granted)| **granted > 0).map(|(shard, _)| shard)
    }

    fn plan(&self, fx: &mut Vec<Effect>) {
        if let Stage::Known(log) = &self.stage
            && let Some(at) = log.read_at()
        {
            fx.push(Effect::Look(at));
        }
    }

    fn note_emptiness(&mut self, now: Instant, fx: &mut Vec<Effect>) {
        let waited_for = !self.joins.is_empty() || !self.looking_back.is_empty();
        let empty = !waited_for && self.inside().next().is_none();
        if !empty {
            self.empty_since = None;
        } else if self.empty_since.is_none() {
            self.empty_since = Some(now);
            fx.push(Effect::Look(now + self.settings.linger));
        }
    }
}

impl Joining {
    fn key(&self) -> SubKey {
        SubKey { connection: self.connection, sub: self.join.sub }
    }

    fn refuse(self, refusal: Refusal) -> Effect {
        Effect::Tell(self.shard, Told::NotJoined { to: self.key(), refusal })
    }
}

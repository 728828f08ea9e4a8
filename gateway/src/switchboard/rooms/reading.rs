//! What is read of a room's log: for the log itself where it has a hole, and for subscriptions that are behind. One read is
//! under way at a time, and serves everybody within it.

use std::sync::Arc;

use chat::{Event, LogPage, Refusal, Seq};
use tokio::time::Instant;

use super::{Effect, Joining, PAUSE, Room, Stage};
use crate::room::Progress;
use crate::switchboard::{SubKey, Told};

/// How many events a page may hold, and about how many bytes.
pub(in crate::switchboard) const PAGE_EVENTS: u16 = 200;
const PAGE_BYTES: usize = 64 * 1024;

/// Who waits for a page.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reader {
    Log,
    Newest,
    Sub { shard: usize, to: SubKey },
}

impl Room {
    /// A subscription that is behind wants the events after its position.
    pub(in crate::switchboard) fn page(
        &mut self,
        shard: usize,
        to: SubKey,
        after: Seq,
        fx: &mut Vec<Effect>,
    ) {
        let Stage::Known(log) = &self.stage else { return };
        match log.recent(after, usize::from(PAGE_EVENTS), PAGE_BYTES) {
            Some(events) => {
                let (first, events) = (log.state().first_seq, events.into());
                fx.push(Effect::Tell(shard, Told::Page { to, first, events }));
            }
            None => {
                self.pages.want(Reader::Sub { shard, to }, after);
                self.start_read(fx);
            }
        }
    }

    /// A read came back.
    pub(in crate::switchboard) fn read(
        &mut self,
        number: u64,
        after: Seq,
        result: Result<LogPage, Refusal>,
        now: Instant,
        fx: &mut Vec<Effect>,
    ) {
        let Stage::Known(log) = &mut self.stage else { return };
        let Ok(page) = result else {
            log.read_failed(now);
            (self.log_waits, self.newest_waits) = (false, false);
            fx.push(Effect::Look(now + PAUSE));
            tell_page(self.pages.fail(), log.state().first_seq, &Arc::from([]), fx);
            return;
        };
        if page.epoch != log.state().epoch {
            self.finish_log(number, page, now, fx);
            self.start_read(fx);
            return;
        }
        let until = page.events.last().map_or(after, |event| event.seq);
        let served = self.pages.finish(after, until);
        let log_served = served.iter().any(|(who, _)| matches!(who, Reader::Log));
        let newest_served = served.iter().any(|(who, _)| matches!(who, Reader::Newest));
        let (first, events): (_, Arc<[_]>) =
            (page.first_seq, page.events.iter().cloned().map(Arc::new).collect());
        // The log first: so each subscription's page ends where its shard has been told up to, or before.
        if log_served {
            self.finish_log(number, page, now, fx);
        }
        if let Stage::Known(log) = &mut self.stage {
            log.keep(first, &events);
        }
        if newest_served {
            self.have_looked_back(now, fx);
        }
        tell_page(served.into_iter().map(|(who, _)| who), first, &events, fx);
        self.start_read(fx);
    }

    /// A page for the log itself.
    pub(super) fn finish_log(&mut self, number: u64, page: LogPage, now: Instant, fx: &mut Vec<Effect>) {
        let Stage::Known(log) = &mut self.stage else { return };
        self.log_waits = false;
        match log.read(page, now) {
            Progress::Events(told) => {
                fx.push(Effect::Repaired(told.len()));
                self.tell(told, None, now, fx);
            }
            Progress::Restart => self.restart(fx),
        }
        self.plan(fx);
        let (fresh, waiting) =
            std::mem::take(&mut self.joins).into_iter().partition(|j: &Joining| j.reads < number);
        self.joins = waiting;
        if !self.joins.is_empty() {
            self.want_log();
        }
        for joining in fresh {
            self.admit(joining, now, fx);
        }
    }

    pub(super) fn want_log(&mut self) {
        let Stage::Known(log) = &self.stage else { return };
        if !self.log_waits {
            self.log_waits = true;
            self.pages.want_first(Reader::Log, log.state().seq);
        }
    }

    pub(super) fn start_read(&mut self, fx: &mut Vec<Effect>) {
        if let Some(after) = self.pages.start() {
            if let Stage::Known(log) = &mut self.stage {
                log.begin_read();
            }
            self.reads += 1;
            fx.push(Effect::Read { after, number: self.reads });
        }
    }
}

/// Hands a page to the subscriptions among those who waited for it.
fn tell_page(
    served: impl Iterator<Item = Reader>,
    first: Seq,
    events: &Arc<[Arc<Event>]>,
    fx: &mut Vec<Effect>,
) {
    for who in served {
        if let Reader::Sub { shard, to } = who {
            fx.push(Effect::Tell(shard, Told::Page { to, first, events: Arc::clone(events) }));
        }
    }
}

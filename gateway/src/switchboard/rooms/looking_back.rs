//! Joins that want all since a moment: where the room's ring does not reach back so far, the newest page is read into
//! it, once for all who wait. That is how far back a moment is looked for; who has been away for longer than that has a
//! position, or hears that something is left out.

use chat::{Seq, Timestamp};
use tokio::time::Instant;

use super::{Effect, JOIN_WITHIN, Joining, PAGE_EVENTS, Reader, Room, Stage};
use crate::room::enter_after;
use crate::session::JoinedAt;

impl Room {
    /// Lets one in who wants all since a moment; or reads the newest page first.
    pub(super) fn admit_since(
        &mut self,
        at: Timestamp,
        joining: Joining,
        now: Instant,
        fx: &mut Vec<Effect>,
    ) {
        let Stage::Known(log) = &self.stage else { return };
        let position = log.before(at);
        if position.is_none() && !joining.has_looked_back {
            return self.look_back(joining, now, fx);
        }
        let (start, truncated) = enter_after(position, log.state(), self.settings.replay);
        let at = JoinedAt { state: log.state().clone(), start, truncated };
        self.grant(&joining, at, fx);
    }

    fn look_back(&mut self, joining: Joining, now: Instant, fx: &mut Vec<Effect>) {
        fx.push(Effect::Look(joining.since + JOIN_WITHIN));
        self.looking_back.push(joining);
        self.want_newest();
        self.start_read(fx);
        self.note_emptiness(now, fx);
    }

    /// Puts the newest page in line, if somebody waits for it.
    pub(super) fn want_newest(&mut self) {
        let Stage::Known(log) = &self.stage else { return };
        if !self.newest_waits && !self.looking_back.is_empty() {
            self.newest_waits = true;
            let after: Seq = log.state().seq.back(u64::from(PAGE_EVENTS));
            self.pages.want(Reader::Newest, after);
        }
    }

    /// The newest page is in the ring, as far as there is room for it.
    pub(super) fn have_looked_back(&mut self, now: Instant, fx: &mut Vec<Effect>) {
        self.newest_waits = false;
        for joining in std::mem::take(&mut self.looking_back) {
            self.admit(Joining { has_looked_back: true, ..joining }, now, fx);
        }
    }
}

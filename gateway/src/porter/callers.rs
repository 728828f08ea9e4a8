//! Requests over HTTP that wait until it is known who is somewhere.
//!
//! Owned by the desk. An entry ends with its answer, or when nobody waits for it any more.

use std::collections::HashMap;

use chat::Roster;
use tokio::sync::oneshot;

use crate::presence::Asker;

/// How many wait at the most.
const WAITING_MAX: usize = 4096;

/// Those who wait, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Callers {
    waiting: HashMap<u64, oneshot::Sender<Roster>>,
    last: u64,
}

impl Callers {
    /// Somebody waits from now on; `None` if too many do.
    pub(super) fn add(&mut self, reply: oneshot::Sender<Roster>) -> Option<Asker> {
        (self.waiting.len() < WAITING_MAX).then(|| {
            self.last += 1;
            self.waiting.insert(self.last, reply);
            Asker::Caller(self.last)
        })
    }

    /// Answers one.
    pub(super) fn answer(&mut self, caller: u64, roster: Roster) {
        if let Some(reply) = self.waiting.remove(&caller) {
            let _gone = reply.send(roster);
        }
    }

    /// Lets one know that there is no answer.
    pub(super) fn turn_away(&mut self, asker: Asker) {
        if let Asker::Caller(caller) = asker {
            drop(self.waiting.remove(&caller));
        }
    }

    /// Forgets those who wait no longer.
    pub(super) fn sweep(&mut self) {
        self.waiting.retain(|_, reply| !reply.is_closed());
    }
}

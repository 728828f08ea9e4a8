//! How long answers took, and how old messages were when they were shown.
//!
//! Pure, like the rest of the audit. All clients are in one process, so that their clocks are one clock.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::finding::{Finding, Kind, find};
use crate::diary::{Diary, Entry};

/// When something was broken, and when it was whole again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Its beginning.
    pub from: Instant,
    /// Its end.
    pub until: Instant,
}

/// How slow anything may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// From a request to its answer, whatever is broken.
    pub answer: Duration,
    /// From the acknowledgement of a message, or the end of a fault, or the return of a client, to the moment at
    /// which the message is shown.
    pub shown: Duration,
}

/// The slowest of everything, and who it happened to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Times {
    /// The slowest answer that came.
    pub answer: Slowest,
    /// The longest that somebody waited for an answer that never came, on a connection that stayed.
    pub silence: Slowest,
    /// The message that was oldest when it was shown.
    pub shown: Slowest,
    /// From the beginning of the fault until somebody who had lost the connection was in a room again.
    pub elsewhere: Slowest,
}

/// A time, and what it was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Slowest {
    /// How long it took.
    pub took: Duration,
    /// What that was.
    pub what: String,
}

impl Slowest {
    fn note(&mut self, took: Duration, what: impl FnOnce() -> String) {
        if took > self.took {
            *self = Self { took, what: what() };
        }
    }
}

impl Times {
    /// Reads all diaries. While the fault lasts nobody owes anybody a message; answers are owed all the time.
    #[must_use]
    pub fn of(diaries: &[Diary], fault: Option<Fault>) -> Self {
        let mut times = Self::default();
        let histories: Vec<_> = diaries.iter().map(|diary| (diary.user(), diary.read_timed())).collect();
        let acknowledged = acknowledged(&histories);
        for (user, entries) in &histories {
            times.note_answers(user, entries);
            times.note_shown(user, entries, &acknowledged, fault);
            if let Some(fault) = fault {
                times.note_return(user, entries, fault);
            }
        }
        times
    }

    /// What took longer than it may.
    #[must_use]
    pub fn findings(&self, bounds: &Bounds) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (slowest, bound, kind) in [
            (&self.answer, bounds.answer, Kind::Late),
            (&self.silence, bounds.answer, Kind::Late),
            (&self.shown, bounds.shown, Kind::Stale),
        ] {
            if slowest.took > bound {
                let what = format!("{} took {:?}, more than {bound:?}", slowest.what, slowest.took);
                find(&mut findings, kind, what);
            }
        }
        findings
    }

    fn note_answers(&mut self, user: &str, entries: &[(Instant, Entry)]) {
        let mut waiting: HashMap<(&str, &str), Instant> = HashMap::new();
        for (at, entry) in entries {
            match entry {
                Entry::Asked { room, id, .. } => drop(waiting.insert((room, id), *at)),
                Entry::Sent { room, id, .. } | Entry::Refused { room, id, .. } => {
                    if let Some(asked) = waiting.remove(&(room.as_str(), id.as_str())) {
                        self.answer.note(*at - asked, || format!("the answer to {id} of {user} in {room}"));
                    }
                }
                Entry::Ended => {
                    for ((room, id), asked) in waiting.drain() {
                        self.silence.note(*at - asked, || format!("no answer to {id} of {user} in {room}"));
                    }
                }
                _ => {}
            }
        }
    }

    fn note_return(&mut self, user: &str, entries: &[(Instant, Entry)], fault: Fault) {
        let mut since = entries.iter().filter(|(at, _)| *at >= fault.from);
        let has_left = since.any(|(_, entry)| *entry == Entry::Ended);
        let back = since.find_map(|(at, entry)| match entry {
            Entry::Joined { room, .. } => Some((*at, room)),
            _ => None,
        });
        if let (true, Some((at, room))) = (has_left, back) {
            self.elsewhere.note(at - fault.from, || format!("{user} came back to {room}"));
        }
    }

    fn note_shown(
        &mut self,
        user: &str,
        entries: &[(Instant, Entry)],
        acknowledged: &HashMap<(&str, u64), Instant>,
        fault: Option<Fault>,
    ) {
        let mut joined: HashMap<&str, Instant> = HashMap::new();
        for (at, entry) in entries {
            match entry {
                Entry::Joined { room, .. } => drop(joined.insert(room, *at)),
                Entry::Shown { room, message } => {
                    let said = acknowledged.get(&(room.as_str(), message.seq)).copied();
                    let owed = said.max(joined.get(room.as_str()).copied());
                    let (Some(_), Some(owed)) = (said, owed) else { continue };
                    let took = at.saturating_duration_since(after_fault(owed, *at, fault));
                    self.shown.note(took, || format!("{} of {room}, shown to {user},", message.seq));
                }
                _ => {}
            }
        }
    }
}

/// When a message was first known to be stored, by room and seq.
fn acknowledged<'a>(histories: &'a [(&str, Vec<(Instant, Entry)>)]) -> HashMap<(&'a str, u64), Instant> {
    let mut first = HashMap::new();
    for (at, entry) in histories.iter().flat_map(|(_, entries)| entries) {
        if let Entry::Sent { room, seq, .. } = entry {
            let known = first.entry((room.as_str(), *seq)).or_insert(*at);
            *known = (*known).min(*at);
        }
    }
    first
}

/// From when on a time counts that lies across a fault.
fn after_fault(owed: Instant, shown: Instant, fault: Option<Fault>) -> Instant {
    match fault {
        Some(fault) if owed < fault.until && shown > fault.from => fault.until,
        _ => owed,
    }
}

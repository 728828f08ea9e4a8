//! What a seed is like: how big the town is, and which faults it has, how often. Each fault is left out of half of the
//! seeds: a town in which everything breaks at once hides what breaks when only one thing does.

use super::chance::Chance;

/// Rates are per mille, times are milliseconds.
#[derive(Debug)]
pub(super) struct Weather {
    pub(super) gateways: usize,
    pub(super) shards: usize,
    pub(super) rooms: usize,
    pub(super) residents: usize,
    /// Pages with the library of Action Cable, who live among them.
    pub(super) cables: usize,
    /// How long there are faults.
    pub(super) storm: u64,
    /// How long a resident does nothing, at the most.
    pub(super) idle: u64,
    /// How often a resident that does something does not speak: it leaves, joins, goes, asks for history.
    pub(super) restless: u64,
    /// How long a note, a request or an answer is under way, at the most.
    pub(super) way: u64,
    /// How long a shard lets lie what it is told, at the most.
    pub(super) shard_lag: u64,
    /// Notes of events that are lost, doubled, or very late.
    pub(super) note_lost: u64,
    pub(super) note_doubled: u64,
    pub(super) note_late: u64,
    /// Announced heads that are lost; the bus tells of it, but late.
    pub(super) heads_lost: u64,
    /// Requests that never reach a writer, or reach it late.
    pub(super) ask_lost: u64,
    pub(super) ask_late: u64,
    /// Requests for which the store is away.
    pub(super) store_away: u64,
    /// Requests that are done, while the asker hears nothing, or that nobody knows.
    pub(super) answer_lost: u64,
    pub(super) commit_unknown: u64,
    /// Commits after which the writer dies before it tells anybody.
    pub(super) unpublished: u64,
    /// How long it is until something bigger happens, at the most; 0 = it never does.
    pub(super) trouble: u64,
    /// What may happen then, by weight.
    pub(super) troubles: [(Trouble, u64); 7],
    /// Live events that do not fit into somebody's outbox.
    pub(super) clogged: u64,
    /// The switchboard's and the shards' bounds.
    pub(super) wants_max: usize,
    pub(super) told_max: usize,
    pub(super) replay: u64,
    pub(super) ring_bytes: usize,
    /// How many events a page of the log has, at the most.
    pub(super) page: usize,
    pub(super) sends_waiting: usize,
    /// Whether the town is watched on for a while after all is well.
    pub(super) watched_on: bool,
}

/// Something bigger than a lost note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// A gateway has no bus for a while.
    Cut,
    /// A gateway dies and another takes its place.
    Kill,
    /// A gateway dismisses everybody, as before a roll-out.
    Dismiss,
    /// The writer that owns the rooms is gone for a while; another one may be there.
    OwnerGone,
    /// It stands still for a while, and then does all that it was asked.
    OwnerFrozen,
    /// The store is restored from a copy that had not got so far.
    Restore,
    /// The store forgets its oldest events.
    Trim,
}

impl Weather {
    pub(super) fn draw(chance: &mut Chance) -> Self {
        let c = chance;
        let troubles = [
            (Trouble::Cut, c.perhaps(1, 4)),
            (Trouble::Kill, c.perhaps(1, 2)),
            (Trouble::Dismiss, c.perhaps(1, 2)),
            (Trouble::OwnerGone, c.perhaps(1, 3)),
            (Trouble::OwnerFrozen, c.perhaps(1, 3)),
            (Trouble::Restore, if c.happens(200) { 1 } else { 0 }),
            (Trouble::Trim, if c.happens(200) { 1 } else { 0 }),
        ];
        let tight = c.happens(250);
        Self {
            gateways: 1 + c.index(3),
            shards: 1 + c.index(2),
            rooms: 1 + c.index(3),
            residents: 2 + c.index(4),
            cables: c.index(3),
            storm: c.between(1_500, 6_000),
            idle: c.between(300, 1_500),
            restless: c.between(50, 400),
            way: c.between(2, 60),
            shard_lag: c.between(0, 80),
            note_lost: c.perhaps(10, 500),
            note_doubled: c.perhaps(10, 300),
            note_late: c.perhaps(10, 300),
            heads_lost: c.perhaps(10, 500),
            ask_lost: c.perhaps(10, 200),
            ask_late: c.perhaps(10, 200),
            store_away: c.perhaps(10, 300),
            answer_lost: c.perhaps(10, 200),
            commit_unknown: c.perhaps(10, 200),
            unpublished: c.perhaps(10, 200),
            clogged: c.perhaps(10, 200),
            trouble: c.perhaps(500, 4_000),
            troubles,
            wants_max: if tight { c.between(2, 8).try_into().expect("small") } else { 1024 },
            told_max: if tight { c.between(1, 3).try_into().expect("small") } else { 64 },
            replay: if c.happens(300) { c.between(2, 10) } else { 1000 },
            ring_bytes: c.index(3_000),
            page: 3 + c.index(9),
            sends_waiting: if tight { 4 } else { 64 },
            watched_on: c.happens(100),
        }
    }

    /// Whether positions always keep their meaning: then nobody is ever told that something is left out.
    pub(super) fn keeps_the_past(&self) -> bool {
        let changes = |(trouble, weight): &(Trouble, u64)| {
            matches!(trouble, Trouble::Restore | Trouble::Trim) && *weight > 0 && self.trouble > 0
        };
        self.replay >= 1000 && !self.troubles.iter().any(changes)
    }

    /// No fault any more.
    pub(super) fn clear_up(&mut self) {
        let faults = [
            &mut self.note_lost,
            &mut self.note_doubled,
            &mut self.note_late,
            &mut self.heads_lost,
            &mut self.ask_lost,
            &mut self.ask_late,
            &mut self.store_away,
            &mut self.answer_lost,
            &mut self.commit_unknown,
            &mut self.unpublished,
            &mut self.clogged,
            &mut self.trouble,
        ];
        faults.into_iter().for_each(|fault| *fault = 0);
        self.way = self.way.min(20);
        self.shard_lag = self.shard_lag.min(20);
        self.idle = self.idle.min(300);
    }
}

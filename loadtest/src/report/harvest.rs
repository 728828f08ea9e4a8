//! What people bring home: their counts, and what their subscriptions have and lack.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Audit;
use crate::audit::Ledger;
use crate::effort::Spent;
use crate::person::Person;
use crate::plan::Plan;
use crate::tally::Tally;
use crate::worker::Yield;

/// What the people of one or of several processes bring home.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Harvest {
    pub(super) tally: Tally,
    /// What can be told by looking at one person after the other; the rest is 0.
    pub(super) audit: Audit,
    /// Of each worker thread.
    pub(super) efforts: Vec<Spent>,
}

impl Harvest {
    /// Of nobody.
    pub(crate) fn none() -> Self {
        Self { tally: Tally::new(), audit: Audit::default(), efforts: Vec::new() }
    }

    /// Of these workers' people. They must all be done, and the ledger must know how far rooms have come; `not_owed` are
    /// messages that nobody need have heard.
    pub(crate) fn of(plan: &Plan, ledger: &Ledger, yields: &[Yield], not_owed: &[u32]) -> Self {
        let mut harvest = Self::none();
        for part in yields {
            harvest.tally.add(&part.tally);
            harvest.efforts.push(part.effort.spent());
        }
        let people = || yields.iter().flat_map(|part| &part.people);
        for person in people() {
            harvest.audit.judge(person, ledger);
        }
        if !plan.speech.terms().positions {
            harvest.audit.excuse(people(), plan, ledger, not_owed);
        }
        harvest
    }

    /// Takes another process's in.
    pub(crate) fn add(&mut self, other: Self) {
        self.tally.add(&other.tally);
        self.audit.add(&other.audit);
        self.efforts.extend(other.efforts);
    }
}

impl Audit {
    fn judge(&mut self, person: &Person, ledger: &Ledger) {
        let (unsent, unknown, disorder) = person.sends();
        self.unsent += unsent;
        self.unknown += unknown;
        self.sender_out_of_order += disorder;
        for (room, trail) in person.trails() {
            let Some(trail) = trail else { continue };
            let head = ledger.head(room);
            self.subscriptions += 1;
            self.expected += trail.expected(head);
            self.received += trail.seen();
            self.lost += trail.lost(head);
            self.doubled += trail.doubled();
            self.out_of_order += trail.out_of_order();
        }
    }

    /// Takes out what was never said or was refused: where places are the turns of the plan, nobody has seen these.
    fn excuse<'a>(
        &mut self,
        people: impl Iterator<Item = &'a Person>,
        plan: &Plan,
        ledger: &Ledger,
        not_owed: &[u32],
    ) {
        let mut turns: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
        for planned in not_owed.iter().map(|message| plan.message(*message)) {
            turns.entry(planned.room).or_default().push(u64::from(planned.turn) + 1);
        }
        for (room, trail) in people.flat_map(Person::trails) {
            let (Some(trail), Some(turns)) = (trail, turns.get(&room)) else { continue };
            let head = ledger.head(room);
            let excused = turns.iter().filter(|turn| **turn <= head && trail.lacks(**turn)).count() as u64;
            self.expected -= excused;
            self.lost -= excused;
        }
    }

    /// Adds what was found by looking at other people.
    const fn add(&mut self, other: &Self) {
        self.unsent += other.unsent;
        self.unknown += other.unknown;
        self.sender_out_of_order += other.sender_out_of_order;
        self.subscriptions += other.subscriptions;
        self.expected += other.expected;
        self.received += other.received;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.out_of_order += other.out_of_order;
    }
}

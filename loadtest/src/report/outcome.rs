//! What everybody has seen, put together and judged.

use std::collections::BTreeMap;

use super::Audit;
use crate::crowd::Shared;
use crate::effort::Efforts;
use crate::person::Person;
use crate::tally::Tally;
use crate::worker::Yield;

/// What everybody has counted and seen.
pub(crate) struct Outcome {
    pub(crate) tally: Tally,
    pub(crate) audit: Audit,
    pub(crate) efforts: Efforts,
}

impl Outcome {
    /// Puts together what the workers bring home. They must all be done: a room's head is final only then.
    pub(crate) fn new(shared: &Shared, yields: &[Yield]) -> Self {
        let mut tally = Tally::new();
        for part in yields {
            tally.add(&part.tally);
        }
        let quarrels = shared.ledger.quarrels(&shared.plan);
        let mut audit = Audit {
            planned: shared.plan.messages(),
            sent: tally.sent,
            acknowledged: shared.ledger.acknowledged(),
            refused: tally.refused.total(),
            repeated: tally.repeated,
            wrong_room: tally.wrong_room,
            two_places: quarrels.two_places,
            one_place: quarrels.one_place,
            refused_but_stored: quarrels.refused_but_stored,
            truncated: tally.truncated,
            other_epoch: tally.other_epoch,
            unreadable: tally.unreadable,
            broken: tally.broken.total(),
            reconnects: tally.reconnects,
            ..Audit::default()
        };
        for person in yields.iter().flat_map(|part| &part.people) {
            audit.add(person, shared);
        }
        if !shared.plan.speech.terms().positions {
            audit.excuse(yields, shared);
        }
        let efforts = Efforts::of(yields.iter().map(|part| &part.effort), tally.unread_bytes);
        Self { tally, audit, efforts }
    }
}

impl Audit {
    fn add(&mut self, person: &Person, shared: &Shared) {
        let (unsent, unknown, disorder) = person.sends();
        self.unsent += unsent;
        self.unknown += unknown;
        self.sender_out_of_order += disorder;
        for (room, trail) in person.trails() {
            let Some(trail) = trail else { continue };
            let head = shared.ledger.head(room);
            self.subscriptions += 1;
            self.expected += trail.expected(head);
            self.received += trail.seen();
            self.lost += trail.lost(head);
            self.doubled += trail.doubled();
            self.out_of_order += trail.out_of_order();
        }
    }

    /// Takes out what was never said or was refused: where places are the turns of the plan, nobody has seen these.
    fn excuse(&mut self, yields: &[Yield], shared: &Shared) {
        let mut turns: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
        for planned in shared.ledger.not_owed().map(|message| shared.plan.message(message)) {
            turns.entry(planned.room).or_default().push(u64::from(planned.turn) + 1);
        }
        for (room, trail) in yields.iter().flat_map(|part| &part.people).flat_map(Person::trails) {
            let (Some(trail), Some(turns)) = (trail, turns.get(&room)) else { continue };
            let head = shared.ledger.head(room);
            let excused = turns.iter().filter(|turn| **turn <= head && trail.lacks(**turn)).count() as u64;
            self.expected -= excused;
            self.lost -= excused;
        }
    }

    /// Everything that should not be, in words. A connection that broke is no problem where it may come back.
    pub(super) fn problems(&self, reconnect: bool) -> Vec<String> {
        let broken = if reconnect { 0 } else { self.broken };
        let counts = [
            (self.lost, "receipts lost"),
            (self.doubled, "receipts doubled"),
            (self.out_of_order, "receipts out of order"),
            (self.wrong_room, "receipts in the wrong room"),
            (self.sender_out_of_order, "messages placed before an earlier one of the same sender"),
            (self.two_places, "sightings of a message at another place than before"),
            (self.one_place, "messages at a place that another message has"),
            (self.refused_but_stored, "messages refused and stored all the same"),
            (self.truncated, "joins with something left out"),
            (self.other_epoch, "joins that found another history"),
            (self.unreadable, "frames that make no sense"),
            (self.unsent, "messages never sent"),
            (self.refused, "messages refused"),
            (self.unknown, "messages without a final answer"),
            (broken, "connections broken"),
        ];
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_wrong_is_a_problem() {
        assert_eq!(
            Audit { expected: 5, received: 5, reconnects: 1, ..Audit::default() }.problems(true),
            [""; 0]
        );
        let wrong = Audit { lost: 3, unknown: 1, ..Audit::default() };
        assert_eq!(wrong.problems(true), ["3 receipts lost", "1 messages without a final answer"]);
        let broken = Audit { broken: 2, ..Audit::default() };
        assert_eq!((broken.problems(true).len(), broken.problems(false).len()), (0, 1));
    }
}

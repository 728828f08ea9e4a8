//! What everybody has seen, put together and judged.

use super::{Audit, Harvest};
use crate::audit::Ledger;
use crate::effort::Efforts;
use crate::plan::Plan;
use crate::tally::Tally;

/// What everybody has counted and seen.
pub(crate) struct Outcome {
    pub(crate) tally: Tally,
    pub(crate) audit: Audit,
    pub(crate) efforts: Efforts,
    /// How many processes of the load tester it took.
    pub(crate) processes: u32,
}

impl Outcome {
    /// Judges what people bring home. The ledger must know what all of them have seen.
    pub(crate) fn new(plan: &Plan, ledger: &Ledger, harvest: Harvest, processes: u32) -> Self {
        let Harvest { tally, audit, efforts } = harvest;
        let quarrels = ledger.quarrels(plan);
        let audit = Audit {
            planned: plan.messages(),
            sent: tally.sent,
            acknowledged: ledger.acknowledged(),
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
            ..audit
        };
        let efforts = Efforts::of(efforts.iter(), tally.unread_bytes);
        Self { tally, audit, efforts, processes }
    }
}

impl Audit {
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

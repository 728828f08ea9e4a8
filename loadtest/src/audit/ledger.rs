//! Which message has which place, as everybody together has seen it.
//!
//! Shared by all worker threads without a lock. Bound: twelve bytes for each planned message, twenty in a closed loop,
//! and eight for each room.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use super::receipts::Receipts;
use super::testimony::{Head, Testimony};
use crate::plan::Plan;

/// Nobody has answered yet.
const UNKNOWN: u8 = 0;
/// Acknowledged: it must reach everybody.
const ACKNOWLEDGED: u8 = 1;
/// Refused: it must reach nobody.
const REFUSED: u8 = 2;

/// What was said about each message, and how far each room has come.
pub(crate) struct Ledger {
    /// The place of each message; 0 while nobody has seen it.
    places: Vec<AtomicU64>,
    verdicts: Vec<AtomicU8>,
    heads: Vec<AtomicU64>,
    renamed: AtomicU64,
    /// When the turn of each message came, in microseconds from the start; empty in an open loop, where the plan says.
    turns: Vec<AtomicU64>,
    /// How many receipts there were; only counted in a closed loop.
    receipts: Receipts,
}

/// What people do not agree on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Quarrels {
    /// A message was seen or acknowledged at two places.
    pub(crate) two_places: u64,
    /// Two messages were seen or acknowledged at one place of one room.
    pub(crate) one_place: u64,
    /// A message was refused as certainly not stored, and then seen.
    pub(crate) refused_but_stored: u64,
}

impl Ledger {
    pub(crate) fn new(plan: &Plan) -> Self {
        let messages = plan.messages();
        Self {
            places: (0..messages).map(|_| AtomicU64::new(0)).collect(),
            verdicts: (0..messages).map(|_| AtomicU8::new(UNKNOWN)).collect(),
            heads: (0..plan.rooms).map(|_| AtomicU64::new(0)).collect(),
            renamed: AtomicU64::new(0),
            turns: (0..if plan.in_flight.is_some() { messages } else { 0 })
                .map(|_| AtomicU64::new(0))
                .collect(),
            receipts: Receipts::new(),
        }
    }

    /// True if the plan has a message of this number.
    pub(crate) fn has(&self, message: u32) -> bool {
        (message as usize) < self.places.len()
    }

    /// A message was acknowledged at this place of its room.
    pub(crate) fn acknowledge(&self, message: u32, room: u32, seq: u64) {
        self.verdicts[message as usize].store(ACKNOWLEDGED, Ordering::Relaxed);
        self.place(message, seq);
        self.advance(room, seq);
    }

    /// A message was refused, certainly not stored.
    pub(crate) fn refuse(&self, message: u32) {
        self.verdicts[message as usize].store(REFUSED, Ordering::Relaxed);
    }

    /// A message was seen at this place of its room.
    pub(crate) fn place(&self, message: u32, seq: u64) {
        let place = &self.places[message as usize];
        // Nearly always it is known already: look before writing.
        let known = match place.load(Ordering::Relaxed) {
            0 => place
                .compare_exchange(0, seq, Ordering::Relaxed, Ordering::Relaxed)
                .unwrap_or_else(|known| known),
            known => known,
        };
        if known != 0 && known != seq {
            self.renamed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The turn of a message has come, in a closed loop.
    pub(crate) fn take_turn(&self, message: u32, at: Duration) {
        if let Some(turn) = self.turns.get(message as usize) {
            turn.store(u64::try_from(at.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }

    /// When a message should have been sent: as planned, or when its turn came.
    pub(crate) fn due(&self, message: u32, planned: Duration) -> Duration {
        let turn = self.turns.get(message as usize);
        turn.map_or(planned, |turn| Duration::from_micros(turn.load(Ordering::Relaxed)))
    }

    /// Somebody has received so many messages for the first time.
    pub(crate) fn receive(&self, messages: u64) {
        if messages > 0 && !self.turns.is_empty() {
            self.receipts.add(messages);
        }
    }

    /// Blocks until there were so many receipts in all, or for this long; may also return earlier. Gives how many there
    /// were. Only one thread may wait, and only in a closed loop.
    pub(crate) fn wait_for_receipts(&self, needed: u64, within: Duration) -> u64 {
        self.receipts.wait_for(needed, within)
    }

    /// A room has come to this position at least. True if that is news.
    pub(crate) fn advance(&self, room: u32, seq: u64) -> bool {
        let head = &self.heads[room as usize];
        // Nearly always it is known already: look before writing.
        head.load(Ordering::Relaxed) < seq && head.fetch_max(seq, Ordering::Relaxed) < seq
    }

    /// How far all rooms have come in which something was said.
    pub(crate) fn heads(&self) -> impl Iterator<Item = Head> {
        let heads = (0..).zip(&self.heads).map(|(room, head)| (room, head.load(Ordering::Relaxed)));
        heads.filter(|(_, head)| *head > 0)
    }

    /// All that it knows, for a ledger of the same plan.
    pub(crate) fn testify(&self) -> Testimony {
        Testimony {
            places: self.places.iter().map(|place| place.load(Ordering::Relaxed)).collect(),
            verdicts: self.verdicts.iter().map(|verdict| verdict.load(Ordering::Relaxed)).collect(),
            heads: self.heads().collect(),
            renamed: self.renamed.load(Ordering::Relaxed),
        }
    }

    /// Takes in what another ledger of the same plan knows. Where that one has another place for a message, this counts
    /// as one sighting, however many there were.
    pub(crate) fn hear(&self, testimony: &Testimony) {
        let seen = (0..).zip(&testimony.places).filter(|(message, place)| **place > 0 && self.has(*message));
        seen.for_each(|(message, place)| self.place(message, *place));
        // Only the process of a message's sender knows what was answered.
        let answered = self.verdicts.iter().zip(&testimony.verdicts).filter(|(_, told)| **told != UNKNOWN);
        answered.for_each(|(verdict, told)| verdict.store(*told, Ordering::Relaxed));
        for (room, head) in &testimony.heads {
            if (*room as usize) < self.heads.len() {
                self.advance(*room, *head);
            }
        }
        self.renamed.fetch_add(testimony.renamed, Ordering::Relaxed);
    }

    /// How far a room has come.
    pub(crate) fn head(&self, room: u32) -> u64 {
        self.heads[room as usize].load(Ordering::Relaxed)
    }

    /// The messages that nobody need have heard: refused, or never said. For dialects in which those who say something
    /// give it its place.
    pub(crate) fn not_owed(&self) -> impl Iterator<Item = u32> {
        let verdicts = (0..).zip(&self.places).zip(&self.verdicts);
        let not_owed = verdicts.filter(|((_, place), verdict)| {
            place.load(Ordering::Relaxed) == 0 || verdict.load(Ordering::Relaxed) == REFUSED
        });
        not_owed.map(|((message, _), _)| message)
    }

    /// How many messages were acknowledged.
    pub(crate) fn acknowledged(&self) -> u64 {
        let acknowledged = |verdict: &&AtomicU8| verdict.load(Ordering::Relaxed) == ACKNOWLEDGED;
        self.verdicts.iter().filter(acknowledged).count() as u64
    }

    /// Everything that people do not agree on.
    pub(crate) fn quarrels(&self, plan: &Plan) -> Quarrels {
        let mut quarrels =
            Quarrels { two_places: self.renamed.load(Ordering::Relaxed), ..Quarrels::default() };
        let mut taken = HashSet::new();
        for (message, place) in (0..).zip(&self.places) {
            let place = place.load(Ordering::Relaxed);
            if place == 0 {
                continue;
            }
            quarrels.one_place += u64::from(!taken.insert((plan.message(message).room, place)));
            let refused = self.verdicts[message as usize].load(Ordering::Relaxed) == REFUSED;
            quarrels.refused_but_stored += u64::from(refused);
        }
        quarrels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        let duration = Duration::from_secs(1);
        Plan { senders: 2, rate: 10.0, duration, ..Plan::idle("r".into(), 2, 2) }
    }

    /// Message 0 and 2 are of room 0, message 1 and 3 of room 1.
    fn quarrels(what_happens: impl FnOnce(&Ledger)) -> Quarrels {
        let ledger = Ledger::new(&plan());
        what_happens(&ledger);
        ledger.quarrels(&plan())
    }

    #[test]
    fn when_all_agree_there_is_no_quarrel() {
        let none = quarrels(|ledger| {
            ledger.acknowledge(0, 0, 1);
            ledger.place(0, 1);
            ledger.place(2, 2);
            ledger.acknowledge(2, 0, 2);
            ledger.acknowledge(1, 1, 1);
            ledger.refuse(3);
        });
        assert_eq!(none, Quarrels::default());
    }

    #[test]
    fn a_message_at_two_places_is_found() {
        let two_places = Quarrels { two_places: 2, ..Quarrels::default() };
        let seen_elsewhere = |ledger: &Ledger| {
            ledger.acknowledge(0, 0, 1);
            ledger.place(0, 2);
            ledger.acknowledge(0, 0, 3);
        };
        assert_eq!(quarrels(seen_elsewhere), two_places);
    }

    #[test]
    fn two_messages_at_one_place_are_found_and_places_of_other_rooms_are_not_the_same() {
        let one_place = Quarrels { one_place: 1, ..Quarrels::default() };
        let same_place = |ledger: &Ledger| {
            ledger.place(0, 5);
            ledger.place(2, 5);
            ledger.place(1, 5);
        };
        assert_eq!(quarrels(same_place), one_place);
    }

    #[test]
    fn a_refused_message_that_is_seen_is_found() {
        let stored = Quarrels { refused_but_stored: 1, ..Quarrels::default() };
        let refused = |ledger: &Ledger| {
            ledger.refuse(3);
            ledger.place(3, 1);
        };
        assert_eq!(quarrels(refused), stored);
    }

    #[test]
    fn it_has_the_messages_of_its_plan() {
        let (plan, ledger) = (plan(), Ledger::new(&plan()));
        assert!((0..20).all(|message| ledger.has(message) == plan.has(message)));
        assert!(ledger.has(9) && !ledger.has(10));
    }

    #[test]
    fn the_head_of_a_room_only_rises() {
        let ledger = Ledger::new(&plan());
        ledger.acknowledge(0, 0, 7);
        ledger.advance(0, 3);
        assert_eq!((ledger.head(0), ledger.head(1)), (7, 0));
    }

    #[test]
    fn what_several_have_seen_is_judged_together() {
        let [one, other, all] = [(); 3].map(|()| Ledger::new(&plan()));
        one.acknowledge(0, 0, 1);
        one.refuse(3);
        one.place(2, 2);
        other.place(0, 2);
        other.place(2, 2);
        other.place(3, 1);
        other.advance(1, 4);
        for ledger in [&one, &other] {
            all.hear(&ledger.testify());
        }
        // Message 0 is at 1 and at 2, and at 2 there is message 2, too; message 3 was refused.
        let expected = Quarrels { two_places: 1, one_place: 0, refused_but_stored: 1 };
        assert_eq!(all.quarrels(&plan()), expected);
        assert_eq!(all.heads().collect::<Vec<_>>(), [(0, 1), (1, 4)]);
        assert_eq!(
            (all.acknowledged(), all.not_owed().collect::<Vec<_>>()),
            (1, vec![1, 3, 4, 5, 6, 7, 8, 9])
        );
        assert_eq!((all.advance(1, 4), all.advance(1, 5)), (false, true));
    }

    #[test]
    fn in_a_closed_loop_a_message_is_due_when_its_turn_comes() {
        let (ms, planned) = (Duration::from_millis, Duration::from_millis(300));
        let open = Ledger::new(&plan());
        open.take_turn(3, ms(700));
        open.receive(1);
        assert_eq!((open.due(3, planned), open.wait_for_receipts(0, planned)), (planned, 0));
        let closed = Ledger::new(&Plan { in_flight: Some(2), ..plan() });
        closed.take_turn(3, ms(700));
        closed.receive(1);
        assert_eq!((closed.due(3, planned), closed.wait_for_receipts(1, planned)), (ms(700), 1));
    }
}

//! What a person has to say: told to, said, and not yet answered.
//!
//! Bound: the person's share of the plan.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::pace::Pace;

/// A server answers within 5 s; whoever has heard nothing after twice that asks again.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// More than 64 sends of one connection without an answer are refused by Parlor, and whoever goes on is cut off. What has
/// to wait for that is late, and counted so: its planned time does not change.
const UNDER_WAY_MAX: usize = 60;

/// The messages of one sender.
#[derive(Debug, Default)]
pub(super) struct Sends {
    /// How many it has not been told to send yet.
    untold: u32,
    /// What it was told to send and has no final answer for, by number: repeats go out in the order of the plan.
    open: BTreeMap<u32, Open>,
    /// Where the messages landed that needed one attempt only: by connection, room and number.
    firsts: Vec<(u32, u32, u32, u64)>,
}

/// A message without a final answer.
#[derive(Debug, Default)]
struct Open {
    attempts: u32,
    /// When it is to be sent (again); `None` once nobody waits for it any more.
    due: Option<Instant>,
    /// Whether an answer may still come on the connection that it was sent on.
    awaited: bool,
}

impl Sends {
    pub(super) fn planned(untold: u32) -> Self {
        Self { untold, ..Self::default() }
    }

    /// It is told to send a message.
    pub(super) fn tell(&mut self, message: u32, now: Instant) {
        self.untold = self.untold.saturating_sub(1);
        self.open.insert(message, Open { attempts: 0, due: Some(now), awaited: false });
    }

    /// The messages that are to go out now, in order and as many as the pace and [`UNDER_WAY_MAX`] allow, each with the number of attempts
    /// before this one. They are due again when no answer comes: after a while if the person `repeats`, else never.
    pub(super) fn take_due(&mut self, now: Instant, pace: &mut Pace, repeats: bool) -> Vec<(u32, u32)> {
        let mut due = Vec::new();
        let mut under_way = self.open.values().filter(|open| open.awaited).count();
        for (message, open) in &mut self.open {
            if open.due.is_some_and(|at| at <= now) {
                under_way += usize::from(!open.awaited);
                if under_way > UNDER_WAY_MAX || !pace.take(now) {
                    break;
                }
                due.push((*message, open.attempts));
                open.attempts += 1;
                open.due = repeats.then(|| now + ANSWER_WITHIN);
                open.awaited = true;
            }
        }
        due
    }

    /// A new connection: what was not answered on the old one is due at once.
    pub(super) fn reconnected(&mut self, now: Instant) {
        for open in self.open.values_mut() {
            open.due = open.due.map(|_| now);
            open.awaited = false;
        }
    }

    /// It was committed, at `seq` of `room`; true if it was still open.
    pub(super) fn acknowledge(&mut self, message: u32, connection: u32, room: u32, seq: u64) -> bool {
        let Some(open) = self.open.remove(&message) else { return false };
        if open.attempts == 1 {
            self.firsts.push((connection, room, message, seq));
        }
        true
    }

    /// It was said, and nobody will answer.
    pub(super) fn forget(&mut self, message: u32) {
        self.open.remove(&message);
    }

    /// It is sent again at `due`, or never: then nobody knows whether it was stored.
    pub(super) fn postpone(&mut self, message: u32, due: Option<Instant>) {
        if let Some(open) = self.open.get_mut(&message) {
            open.due = due;
            open.awaited = false;
        }
    }

    /// It was refused, certainly not stored. True if that is the whole story; a message that had been sent before
    /// may have been stored then, and stays unknown.
    pub(super) fn refuse(&mut self, message: u32) -> bool {
        match self.open.get(&message) {
            Some(open) if open.attempts <= 1 => self.open.remove(&message).is_some(),
            _ => {
                self.postpone(message, None);
                false
            }
        }
    }

    /// True if no answer is waited for and nothing is left to be sent.
    pub(super) fn are_settled(&self) -> bool {
        self.untold == 0
            && self.open.values().all(|open| open.due.is_none() && !open.awaited && open.attempts > 0)
    }

    /// True if there is nothing that it was told to send and has no answer for.
    pub(super) fn are_answered(&self) -> bool {
        self.open.is_empty()
    }

    /// How many were never sent.
    pub(super) fn unsent(&self) -> u64 {
        let waiting = self.open.values().filter(|open| open.attempts == 0).count();
        u64::from(self.untold) + waiting as u64
    }

    /// How many were sent and have no final answer.
    pub(super) fn unknown(&self) -> u64 {
        self.open.values().filter(|open| open.attempts > 0).count() as u64
    }

    /// How many messages took a place before that of one which this sender had sent earlier, on the same connection
    /// to the same room.
    pub(super) fn disorder(&self) -> u64 {
        let mut firsts = self.firsts.clone();
        firsts.sort_unstable();
        let swapped = |pair: &&[(u32, u32, u32, u64)]| match pair {
            [a, b] => (a.0, a.1) == (b.0, b.1) && a.3 > b.3,
            _ => false,
        };
        firsts.windows(2).filter(swapped).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(messages: &[u32], now: Instant) -> Sends {
        let mut sends = Sends::planned(u32::try_from(messages.len()).unwrap());
        for message in messages {
            sends.tell(*message, now);
        }
        sends
    }

    fn any(now: Instant) -> Pace {
        Pace::new(0, now)
    }

    #[test]
    fn a_message_is_sent_once_and_again_only_without_an_answer() {
        let now = Instant::now();
        let mut sends = told(&[3, 8], now);
        assert_eq!(sends.take_due(now, &mut any(now), true), [(3, 0), (8, 0)]);
        assert_eq!(sends.take_due(now, &mut any(now), true), []);
        assert!(sends.acknowledge(8, 1, 0, 5));
        assert!(!sends.are_settled());
        assert_eq!(sends.take_due(now + ANSWER_WITHIN, &mut any(now), true), [(3, 1)]);
        assert!(sends.acknowledge(3, 1, 0, 6));
        assert!(!sends.acknowledge(3, 1, 0, 6), "answered twice");
        assert!(sends.are_settled());
        assert_eq!((sends.unsent(), sends.unknown()), (0, 0));
    }

    #[test]
    fn without_repeats_what_is_not_answered_stays_unknown() {
        let now = Instant::now();
        let mut sends = told(&[3], now);
        sends.take_due(now, &mut any(now), false);
        assert!(!sends.are_settled(), "an answer may still come");
        sends.reconnected(now);
        assert_eq!(sends.take_due(now + ANSWER_WITHIN * 2, &mut any(now), false), []);
        assert!(sends.are_settled());
        assert_eq!(sends.unknown(), 1);
    }

    #[test]
    fn a_new_connection_repeats_what_was_open_in_order() {
        let now = Instant::now();
        let mut sends = told(&[1, 2, 3], now);
        sends.take_due(now, &mut any(now), true);
        sends.acknowledge(2, 1, 0, 1);
        sends.reconnected(now);
        assert_eq!(sends.take_due(now, &mut any(now), true), [(1, 1), (3, 1)]);
    }

    #[test]
    fn no_more_is_under_way_than_a_server_takes_however_much_has_gathered() {
        let now = Instant::now();
        let most = u32::try_from(UNDER_WAY_MAX).unwrap();
        let mut sends = told(&(0..most + 2).collect::<Vec<_>>(), now);
        assert_eq!(sends.take_due(now, &mut any(now), true).len(), UNDER_WAY_MAX);
        assert_eq!(sends.take_due(now, &mut any(now), true), []);
        assert!(sends.acknowledge(7, 1, 0, 1));
        assert_eq!(sends.take_due(now, &mut any(now), true), [(most, 0)]);
        sends.reconnected(now);
        assert_eq!(
            sends.take_due(now, &mut any(now), true).len(),
            UNDER_WAY_MAX,
            "nothing is under way there"
        );
    }

    #[test]
    fn no_more_is_sent_than_the_pace_allows() {
        let now = Instant::now();
        let (mut sends, mut pace) = (told(&[1, 2, 3], now), Pace::new(2, now));
        assert_eq!(sends.take_due(now, &mut pace, true), [(1, 0), (2, 0)]);
        assert_eq!(sends.take_due(now, &mut pace, true), []);
        assert_eq!(sends.take_due(now + Duration::from_millis(500), &mut pace, true), [(3, 0)]);
    }

    #[test]
    fn a_refusal_settles_only_what_was_sent_once() {
        let now = Instant::now();
        let mut sends = told(&[1, 2], now);
        sends.take_due(now, &mut any(now), true);
        assert!(sends.refuse(1));
        sends.postpone(2, Some(now));
        sends.take_due(now, &mut any(now), true);
        assert!(!sends.refuse(2), "its first attempt may have been stored");
        assert_eq!(sends.unknown(), 1);
        assert!(sends.are_settled());
    }

    #[test]
    fn what_was_never_told_or_never_written_is_unsent() {
        let now = Instant::now();
        let mut sends = Sends::planned(3);
        sends.tell(0, now);
        assert_eq!((sends.unsent(), sends.unknown()), (3, 0));
        sends.take_due(now, &mut any(now), true);
        assert_eq!((sends.unsent(), sends.unknown()), (2, 1));
    }

    #[test]
    fn disorder_is_found_within_a_connection_and_a_room_only() {
        let now = Instant::now();
        let places = [(1, 1, 0, 10), (2, 1, 0, 12), (3, 1, 0, 11), (4, 1, 7, 1), (5, 2, 0, 9), (6, 2, 0, 13)];
        let mut sends = told(&places.map(|(message, ..)| message), now);
        sends.take_due(now, &mut any(now), true);
        for (message, connection, room, seq) in places.into_iter().rev() {
            sends.acknowledge(message, connection, room, seq);
        }
        assert_eq!(sends.disorder(), 1);
    }
}

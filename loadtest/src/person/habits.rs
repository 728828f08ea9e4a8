//! What people do beside writing: they stay for a while, leave, and come again. Random, and the same for the same
//! seed.

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde::{Deserialize, Serialize};

/// No stay and no absence is longer than this many times the usual one.
const LONGEST: f64 = 5.0;

/// How long people stay and are away.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Customs {
    /// On average.
    pub(crate) stay: Duration,
    /// On average.
    pub(crate) away: Duration,
    pub(crate) seed: u64,
}

/// When a person comes and goes.
#[derive(Debug)]
pub(super) struct Habits {
    chance: StdRng,
    customs: Customs,
    next: Option<Next>,
}

#[derive(Debug, Clone, Copy)]
enum Next {
    Leave(Instant),
    Return(Instant),
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Move {
    Leave,
    Return,
}

impl Habits {
    /// The habits of a person of this number.
    pub(super) fn new(customs: Customs, number: u32) -> Self {
        // The finaliser of a hash would do as well: neighbours must not do the same.
        let seed = customs.seed ^ u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Self { chance: StdRng::seed_from_u64(seed), customs, next: None }
    }

    /// Time has passed, and the run has begun. The person is needed again at `free_until`, which is asked for only when
    /// it would leave; it does so only if it will be back by then. What it is told to do is told again until it is [`Self::done`].
    pub(super) fn tick(&mut self, now: Instant, free_until: impl FnOnce() -> Instant) -> Option<Move> {
        match self.next {
            None => self.stay(now),
            Some(Next::Leave(at)) if at <= now => {
                if now + self.customs.away.mul_f64(LONGEST) <= free_until() {
                    return Some(Move::Leave);
                }
                self.stay(now);
            }
            Some(Next::Return(at)) if at <= now => return Some(Move::Return),
            Some(_) => {}
        }
        None
    }

    /// It has done so.
    pub(super) fn done(&mut self, what: Move, now: Instant) {
        match what {
            Move::Leave => self.next = Some(Next::Return(now + self.about(self.customs.away))),
            Move::Return => self.stay(now),
        }
    }

    fn stay(&mut self, now: Instant) {
        self.next = Some(Next::Leave(now + self.about(self.customs.stay)));
    }

    /// Short times are frequent and long ones rare, as with people.
    fn about(&mut self, usual: Duration) -> Duration {
        let share: f64 = self.chance.random();
        usual.mul_f64((-(1.0 - share).ln()).min(LONGEST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUSTOMS: Customs = Customs { stay: Duration::from_secs(20), away: Duration::from_secs(5), seed: 7 };

    /// When a person of this number comes and goes in ten minutes, in tenths of a second.
    fn moves(number: u32, is_free: bool) -> Vec<(u32, Move)> {
        let begin = Instant::now();
        let mut habits = Habits::new(CUSTOMS, number);
        let mut moves = Vec::new();
        for tick in 0..6000 {
            let now = begin + Duration::from_millis(100) * tick;
            let free = Duration::from_secs(if is_free { 3600 } else { 20 });
            if let Some(what) = habits.tick(now, || now + free) {
                habits.done(what, now);
                moves.push((tick, what));
            }
        }
        moves
    }

    #[test]
    fn people_come_and_go_in_turn_each_in_its_own_way_and_the_same_each_time() {
        let ana = moves(1, true);
        assert!((20..80).contains(&ana.len()), "{ana:?}");
        let in_turn = |pair: &[(u32, Move)]| pair[0].1 != pair[1].1;
        assert!(ana[0].1 == Move::Leave && ana.windows(2).all(in_turn), "{ana:?}");
        assert_eq!(ana, moves(1, true));
        assert_ne!(ana, moves(2, true));
    }

    #[test]
    fn whoever_is_needed_stays() {
        assert_eq!(moves(1, false), []);
    }
}

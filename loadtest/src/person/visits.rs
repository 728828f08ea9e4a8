//! A person who comes and goes as it pleases.

use super::habits::Move;
use super::membership::Membership;
use super::scene::Scene;
use super::state::Person;

impl Person {
    /// True if it does more than listen and write.
    pub(crate) const fn has_habits(&self) -> bool {
        self.habits.is_some()
    }

    /// Comes and goes as it pleases, where that keeps it from nothing that it has to say.
    pub(super) fn come_and_go(&mut self, scene: &mut Scene<'_>) {
        let (Some(begin), Some(habits)) = (scene.start, &mut self.habits) else { return };
        let free_until = || begin + scene.plan.next_of(self.number, self.told_up_to);
        let Some(what) = habits.tick(scene.now, free_until) else { return };
        let may = match what {
            Move::Leave => self.rooms.iter().all(Membership::is_inside) && self.sends.are_answered(),
            // Who has come back already, because the connection broke meanwhile, is there.
            Move::Return => self.rooms.iter().all(|m| m.is_inside() || m.has_left()),
        };
        if !may {
            return;
        }
        habits.done(what, scene.now);
        match what {
            Move::Leave => self.rooms.iter_mut().for_each(|membership| membership.leave(scene)),
            Move::Return => self.want_in(),
        }
        scene.tally.absences.chosen += u64::from(what == Move::Return);
    }
}

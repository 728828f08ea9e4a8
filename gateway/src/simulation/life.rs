//! What the residents do, and what happens to the town.

use dialect::native::Native;

use super::agenda::Deed;
use super::gateway::Gateway;
use super::resident::Stay;
use super::saying::Known;
use super::town::{Owner, Town};
use super::weather::Trouble;

impl Town {
    /// Somebody does something.
    pub(super) fn act(&mut self, number: usize) {
        match self.cable(number) {
            None => self.act_as_resident(number),
            Some(_) => self.act_as_page(number),
        }
    }

    /// A resident comes back, repeats what it must, or does what comes to its mind.
    fn act_as_resident(&mut self, number: usize) {
        if self.residents[number].place.is_none() {
            return self.connect(number);
        }
        self.residents[number].check_patience();
        if self.residents[number].rests() {
            return;
        }
        let joins = self.residents[number].joins();
        self.say_all(number, &joins);
        for at in self.residents[number].unknown() {
            let repeat = self.residents[number].repeat(at);
            self.say(number, &repeat);
        }
        if self.calm {
            return;
        }
        if self.chance.happens(self.weather.restless) { self.be_restless(number) } else { self.talk(number) }
    }

    fn connect(&mut self, number: usize) {
        let (gateway, shard) =
            (self.chance.index(self.gateways.len()), self.chance.index(self.weather.shards));
        let Some(there) = &mut self.gateways[gateway] else { return };
        let resident = &mut self.residents[number];
        resident.place = Some((gateway, shard));
        there.shards[shard].open(number, &Native, &resident.token);
        self.deliver();
        let joins = self.residents[number].joins();
        self.say_all(number, &joins);
    }

    /// Says one or two things in a room.
    fn talk(&mut self, number: usize) {
        let room = self.rooms[self.chance.index(self.rooms.len())].clone();
        // Only where it wants to be: it asks for nothing in a room that may not be there yet.
        if self.residents[number].rooms[&room].stay == Stay::Outside {
            return;
        }
        for _ in 0..=self.chance.below(2) {
            let refused = self.chance.happens(50);
            let frame = self.residents[number].says(&room, refused);
            self.say(number, &frame);
        }
    }

    fn be_restless(&mut self, number: usize) {
        let room = self.rooms[self.chance.index(self.rooms.len())].clone();
        match self.chance.below(6) {
            0 => self.hang_up(number),
            1 | 2 if self.residents[number].rooms[&room].stay != Stay::Outside => {
                let leave = self.residents[number].leave(&room);
                self.say(number, &leave);
            }
            1..=3 => {
                self.residents[number].wants(&room);
                let joins = self.residents[number].joins();
                self.say_all(number, &joins);
            }
            4 => {
                let history = self.residents[number].history(&room);
                self.say(number, &history);
            }
            _ => self.repeat_something(number),
        }
    }

    /// Asks once more for something that it knows to be stored.
    fn repeat_something(&mut self, number: usize) {
        let sends = &self.residents[number].sends;
        let at = self.chance.index(sends.len());
        if sends.get(at).is_some_and(|send| send.fate == Known::Stored) {
            let repeat = self.residents[number].repeat(at);
            self.say(number, &repeat);
        }
    }

    pub(super) fn say_all(&mut self, number: usize, frames: &[String]) {
        for frame in frames {
            self.say(number, frame);
        }
    }

    /// Somebody says something. False if nobody listens.
    pub(super) fn say(&mut self, number: usize, frame: &str) -> bool {
        let Some((gateway, shard)) = self.place(number) else {
            self.lose_connection(number); // It was sent away for what it said before.
            return false;
        };
        self.note(|_| format!("u{number} at {gateway} says {frame}"));
        let heard =
            self.gateways[gateway].as_mut().is_some_and(|there| there.shards[shard].hear(number, frame));
        self.deliver();
        heard
    }

    /// Where somebody is connected.
    pub(super) fn place(&self, number: usize) -> Option<(usize, usize)> {
        match self.cable(number) {
            None => self.residents[number].place,
            Some(cable) => self.cables[cable].place,
        }
    }

    fn lose_connection(&mut self, number: usize) {
        match self.cable(number) {
            None => self.residents[number].lose_connection(),
            Some(cable) => self.cables[cable].lose_connection(),
        }
    }

    /// Somebody's connection breaks.
    pub(super) fn hang_up(&mut self, number: usize) {
        let Some((gateway, shard)) = self.place(number) else { return };
        self.note(|_| format!("u{number} hangs up at {gateway}"));
        if let Some(gateway) = &mut self.gateways[gateway] {
            gateway.shards[shard].forget(number);
        }
        self.lose_connection(number);
    }

    /// Something bigger happens.
    pub(super) fn make_trouble(&mut self) {
        if self.weather.trouble == 0 {
            return;
        }
        self.plan_within(self.weather.trouble, Deed::Trouble);
        let all: u64 = self.weather.troubles.iter().map(|(_, weight)| weight).sum();
        let mut at = self.chance.below(all);
        let hit = self.weather.troubles.iter().find(|(_, weight)| {
            let hit = at < *weight;
            at = at.saturating_sub(*weight);
            hit
        });
        let Some((trouble, _)) = hit.copied() else { return };
        self.faults += 1;
        self.note(|_| format!("trouble: {trouble:?}"));
        let gateway = self.chance.index(self.gateways.len());
        match trouble {
            Trouble::Cut => self.cut(gateway),
            Trouble::Kill => self.kill(gateway),
            Trouble::Dismiss => {
                if let Some(gateway) = &mut self.gateways[gateway] {
                    gateway.shards.iter_mut().for_each(super::shard::Shard::dismiss_all);
                }
            }
            Trouble::OwnerGone => self.lose_owner(Owner::Gone),
            Trouble::OwnerFrozen => self.lose_owner(Owner::Frozen(Vec::new())),
            Trouble::Restore => self.restore(),
            Trouble::Trim => self.store.trim(&mut self.chance),
        }
    }

    fn cut(&mut self, number: usize) {
        let Some(gateway) = &self.gateways[number] else { return };
        gateway.bus.cut();
        let mend = Deed::Mend { gateway: number, life: gateway.life };
        self.plan_within(6_000, mend);
    }

    pub(super) fn mend(&mut self, number: usize, life: u32) {
        if let Some(gateway) = self.gateways[number].as_mut().filter(|gateway| gateway.life == life) {
            gateway.bus.restore();
            gateway.has_losses = false;
        }
    }

    fn kill(&mut self, number: usize) {
        let Some(gateway) = self.gateways[number].take() else { return };
        gateway.kill();
        for somebody in 0..self.everybody() {
            if self.place(somebody).is_some_and(|(gateway, _)| gateway == number) {
                self.lose_connection(somebody);
            }
        }
        self.plan_within(3_000, Deed::Start(number));
    }

    pub(super) fn start(&mut self, number: usize) {
        self.lives += 1;
        let (seed, owner) = (self.chance.below(u64::MAX), !matches!(self.owner, Owner::Gone));
        let gateway = Gateway::start(self.lives, seed, &self.weather, owner, &self.rooms);
        self.gateways[number].get_or_insert(gateway);
    }

    fn lose_owner(&mut self, how: Owner) {
        if !matches!(self.owner, Owner::Here) {
            return;
        }
        if matches!(how, Owner::Gone) {
            self.set_owner(false);
        }
        self.owner = how;
        self.plan_within(5_000, Deed::OwnerBack);
    }

    pub(super) fn bring_owner_back(&mut self) {
        match std::mem::replace(&mut self.owner, Owner::Here) {
            Owner::Here => {}
            Owner::Gone => self.set_owner(true),
            Owner::Frozen(later) => later.into_iter().for_each(|deed| self.plan_within(20, deed)),
        }
    }

    fn set_owner(&mut self, there: bool) {
        for gateway in self.gateways.iter_mut().flatten() {
            gateway.set_owner(there, &self.rooms);
        }
    }

    /// The store is restored: whoever has worked on it has been stopped, with all that it had been asked.
    fn restore(&mut self) {
        self.agenda.cancel(|deed| matches!(deed, Deed::Ask { .. }));
        if let Owner::Frozen(later) = &mut self.owner {
            later.clear();
        }
        self.store.restore(&mut self.chance);
    }
}

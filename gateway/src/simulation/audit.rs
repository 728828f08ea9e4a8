//! The end of a town: the faults are over, everybody comes to know what they must, and leaves; and nothing is left.

use std::collections::BTreeMap;

use super::gateway::LINGER;
use super::resident::{Resident, Stay};
use super::saying::Known;
use super::town::Town;

/// By when, after the last fault, everybody is at the head and knows what became of their sends: milliseconds.
const HEALED_WITHIN: u64 = 10_000;
/// When the last answer that was lost is waited for no more, after the last fault.
const FORGOTTEN_AFTER: u64 = 6_000;
/// How long the rooms of a town that everybody has left may take to be let go, beyond the time that they linger.
const LET_GO_WITHIN: u64 = 3_500;

impl Town {
    /// Lives through everything, and checks that all promises are kept.
    pub(super) async fn live(&mut self) {
        self.live_until(self.weather.storm).await;
        self.clear_up();
        let healed = self.weather.storm;
        self.live_until_settled(healed + HEALED_WITHIN).await;
        (0..self.everybody()).for_each(|number| self.say_goodbye(number));
        let linger = u64::try_from(LINGER.as_millis()).expect("seconds");
        let let_go = self.agenda.now() + linger + LET_GO_WITHIN;
        self.live_until(let_go.max(healed + FORGOTTEN_AFTER)).await;
        for (number, gateway) in std::mem::take(&mut self.gateways).into_iter().enumerate() {
            let held = gateway.expect("all are there again").end().await;
            assert!(held.is_empty(), "gateway {number} still holds {held:?}");
        }
    }

    /// Most towns are left as soon as all is well: what can go wrong later does so in those that are watched on.
    async fn live_until_settled(&mut self, end: u64) {
        while self.agenda.now() < end && (self.weather.watched_on || self.unsettled().is_some()) {
            let next = end.min(self.agenda.now() + 500);
            self.live_until(next).await;
        }
        assert_eq!(self.unsettled(), None);
        for resident in &self.residents {
            let mut last = BTreeMap::new();
            resident.sends.iter().for_each(|send| send.check(&resident.user.id, &self.store, &mut last));
        }
    }

    /// No fault from here on, and everybody wants to be everywhere.
    fn clear_up(&mut self) {
        self.note(|_| "all faults are over".to_owned());
        self.calm = true;
        self.weather.clear_up();
        self.bring_owner_back();
        for number in 0..self.gateways.len() {
            match self.gateways[number].as_ref().map(|gateway| (gateway.life, gateway.has_losses)) {
                None => self.start(number),
                Some((life, has_losses)) => {
                    let shards = self.gateways[number].iter_mut().flat_map(|gateway| &mut gateway.shards);
                    shards.for_each(|shard| shard.clogged = 0);
                    if has_losses && let Some(gateway) = &self.gateways[number] {
                        gateway.bus.cut(); // What the bus has lost it tells of at the latest now.
                    }
                    self.mend(number, life);
                }
            }
        }
        for resident in &mut self.residents {
            resident.rooms.values_mut().for_each(|membership| membership.wanted = true);
        }
        let subscriptions = self.cables.iter_mut().flat_map(|cable| &mut cable.subscriptions);
        subscriptions.for_each(|subscription| subscription.wanted = true);
    }

    /// How many messages were acknowledged.
    pub(super) fn acknowledged(&self) -> usize {
        let sends = self.residents.iter().flat_map(|resident| &resident.sends);
        sends.filter(|send| send.fate == Known::Stored).count()
    }

    /// What is not as it will be in the end.
    fn unsettled(&self) -> Option<String> {
        let pages = || self.cables.iter().find_map(|cable| cable.unsettled(&self.store));
        self.residents.iter().find_map(|resident| self.unsettled_resident(resident)).or_else(pages)
    }

    fn unsettled_resident(&self, resident: &Resident) -> Option<String> {
        let user = &resident.user.id;
        if let Some((question, since)) = resident.asked.values().next() {
            return Some(format!("{user} waits for {question:?} since {:?}", since.elapsed()));
        }
        if let Some(send) = resident.unknown().first().map(|at| &resident.sends[*at]) {
            return Some(format!("{user} does not know what became of {:?}", send.id));
        }
        resident.rooms.iter().find_map(|(room, membership)| {
            let head = (self.store.epoch(), self.store.head(room));
            let inside = matches!(membership.stay, Stay::Inside { .. });
            let there = inside && membership.position == Some(head);
            (!there).then(|| {
                format!(
                    "{user} is {:?} {room:?} at {:?}, not at {head:?}",
                    membership.stay, membership.position
                )
            })
        })
    }

    /// Every other one leaves before it hangs up.
    fn say_goodbye(&mut self, number: usize) {
        self.agenda.cancel(|deed| matches!(deed, super::agenda::Deed::Act(resident) if *resident == number));
        match self.cable(number) {
            _ if !number.is_multiple_of(2) => {}
            None => {
                for room in self.rooms.clone() {
                    let leave = self.residents[number].leave(&room);
                    self.say(number, &leave);
                }
            }
            Some(cable) => {
                (0..self.cables[cable].subscriptions.len()).for_each(|at| self.unsubscribe(number, at));
            }
        }
        self.hang_up(number);
    }
}

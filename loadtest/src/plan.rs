//! Who is in which room, who sends what and when: all of it known before the first connection is made.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use chat::RoomId;
use serde::{Deserialize, Serialize};

use crate::layout::{Layout, Place};
use crate::person::Customs;
use crate::speech::{Answers, Native, Speech};

/// A run, planned. People, rooms and messages are numbered from 0.
///
/// People and messages take the rooms in turn, as the [`Layout`] says. Message `m` is planned at `m / rate`, by its
/// room's senders in turn; where nobody of a room sends, a sender of another one joins it, too.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// A random word that tells this run from others.
    pub(crate) run: String,
    pub(crate) people: u32,
    pub(crate) rooms: u32,
    /// In how many rooms each person is, its home among them; 0 where nobody sends. Senders may be in more, where a room has nobody else to
    /// send to it.
    pub(crate) rooms_each: u32,
    pub(crate) senders: u32,
    /// Messages a second, all senders together.
    pub(crate) rate: f64,
    pub(crate) size: usize,
    pub(crate) warm_up: Duration,
    pub(crate) duration: Duration,
    pub(crate) room_prefix: String,
    pub(crate) layout: Layout,
    /// What people do beside writing, if they do.
    pub(crate) customs: Option<Customs>,
    /// How many messages may be on their way at once; with `None` none waits for another.
    pub(crate) in_flight: Option<u32>,
    /// How the target speaks. Not told to other processes: these have the options that say so.
    #[serde(skip, default = "native")]
    pub(crate) speech: Arc<dyn Speech>,
}

fn native() -> Arc<dyn Speech> {
    Arc::new(Native)
}

/// A message of the plan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Planned {
    /// From the start of the run.
    pub(crate) at: Duration,
    pub(crate) room: u32,
    /// How many messages the plan has for this room before it.
    pub(crate) turn: u32,
    pub(crate) sender: u32,
}

impl Plan {
    /// A plan in which people only sit in their rooms.
    pub(crate) fn idle(run: String, people: u32, rooms: u32) -> Self {
        Self {
            room_prefix: format!("load-{run}-"),
            run,
            people,
            rooms,
            rooms_each: 1,
            senders: 0,
            rate: 0.0,
            size: 0,
            warm_up: Duration::ZERO,
            duration: Duration::ZERO,
            layout: Layout::Even,
            customs: None,
            in_flight: None,
            speech: native(),
        }
    }

    /// Says what cannot work.
    ///
    /// # Errors
    /// The first thing that cannot.
    pub(crate) fn check(&self) -> Result<()> {
        ensure!(self.senders <= self.people, "--senders are some of the --subscribers, not more than these");
        ensure!(
            self.rooms_each <= self.rooms && (self.rooms_each > 0 || self.senders == 0),
            "--rooms-per-client {}: there are {} --rooms",
            self.rooms_each,
            self.rooms
        );
        ensure!(
            self.speech.many_rooms() || (0..self.people).all(|person| self.rooms_of(person).len() <= 1),
            "a connection is in one room only here: no --rooms-per-client, and at least as many --senders as --rooms"
        );
        ensure!(
            self.in_flight.is_none() || self.speech.terms().answers != Answers::Never,
            "--in-flight needs a dialect in which a sender learns that its message was taken"
        );
        ensure!(
            self.customs.is_none() || self.speech.terms().positions,
            "people come and go only in the native dialect: the others repeat nothing to who was away"
        );
        ensure!(self.messages() <= u64::from(u32::MAX), "more than {} messages are too many", u32::MAX);
        ensure!(RoomId::parse(&self.room_name(self.rooms)).is_ok(), "--room-prefix gives no name of a room");
        Ok(())
    }

    /// How many messages are planned.
    pub(crate) fn messages(&self) -> u64 {
        let exact = self.rate * (self.warm_up + self.duration).as_secs_f64();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturates, and is not negative"
        )]
        let whole = exact.round() as u64;
        whole
    }

    /// True if there is a message of this number.
    pub(crate) fn has(&self, message: u32) -> bool {
        u64::from(message) < self.messages()
    }

    /// A message.
    pub(crate) fn message(&self, message: u32) -> Planned {
        let place @ Place { room, turn } = self.layout.place(message, self.rooms);
        let at = Duration::from_secs_f64(f64::from(message) / self.rate);
        let sender = self.layout.sender(place, self.rooms, self.senders);
        Planned { at, room, turn, sender }
    }

    /// Where a message goes: less to work out than all of [`Self::message`].
    pub(crate) fn place_of(&self, message: u32) -> Place {
        self.layout.place(message, self.rooms)
    }

    /// When a person is to send next, from its first message that is not before `from`; the end of the run if there
    /// is none.
    pub(crate) fn next_of(&self, person: u32, from: u32) -> Duration {
        let end = self.warm_up + self.duration;
        if person >= self.senders {
            return end;
        }
        let mut messages = (from..u32::MAX).take_while(|message| self.has(*message));
        messages
            .find(|message| self.message(*message).sender == person)
            .map_or(end, |next| self.message(next).at)
    }

    /// True if this message counts for the latencies.
    pub(crate) fn is_measured(&self, planned: Duration) -> bool {
        planned >= self.warm_up
    }

    /// The rooms that somebody joins, its home first.
    pub(crate) fn rooms_of(&self, person: u32) -> Vec<u32> {
        if self.rooms_each == 0 {
            return Vec::new();
        }
        let mut own = vec![self.layout.home(person, self.rooms)];
        own.extend(self.layout.further(person, self.rooms, self.rooms_each - 1));
        let adopted = self.layout.adopted(person, self.rooms, self.senders);
        let more: Vec<u32> = adopted.into_iter().filter(|room| !own.contains(room)).collect();
        own.extend(more);
        own
    }

    /// How many people are in each room.
    pub(crate) fn listeners(&self) -> Vec<u32> {
        let mut listeners = vec![0; self.rooms as usize];
        for room in (0..self.people).flat_map(|person| self.rooms_of(person)) {
            listeners[room as usize] += 1;
        }
        listeners
    }

    /// The name of a room.
    pub(crate) fn room_name(&self, room: u32) -> String {
        format!("{}{room}", self.room_prefix)
    }

    /// The id of a person.
    pub(crate) fn user(&self, person: u32) -> String {
        format!("load-{}-{person}", self.run)
    }

    /// The room of this name, if it is one of the run.
    pub(crate) fn room_of_name(&self, name: &str) -> Option<u32> {
        name.strip_prefix(&self.room_prefix)?.parse().ok().filter(|room| *room < self.rooms)
    }

    /// The id under which a message is sent: the same each time it is repeated.
    pub(crate) fn id_of(&self, message: u32) -> String {
        format!("{}-{message}", self.run)
    }

    /// The message of this id, if it is one of the run.
    pub(crate) fn message_of_id(&self, id: &str) -> Option<u32> {
        let message = id.strip_prefix(&self.run)?.strip_prefix('-')?.parse().ok()?;
        self.has(message).then_some(message)
    }

    /// What a message says.
    pub(crate) fn text_of(&self, message: u32) -> String {
        let planned = self.message(message).at;
        crate::stamp::Stamp { run: &self.run, message, planned }.text(self.size)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::layout::Distribution;
    use crate::speech::Plain;

    fn plan(people: u32, rooms: u32, senders: u32) -> Plan {
        let seconds = Duration::from_secs;
        Plan {
            senders,
            rate: 100.0,
            warm_up: seconds(1),
            duration: seconds(9),
            ..Plan::idle("r".into(), people, rooms)
        }
    }

    /// How many messages each room and each sender has.
    fn shares(plan: &Plan) -> (BTreeMap<u32, u32>, BTreeMap<u32, u32>) {
        let (mut rooms, mut senders) = (BTreeMap::new(), BTreeMap::new());
        for message in 0..u32::try_from(plan.messages()).unwrap() {
            let planned = plan.message(message);
            *rooms.entry(planned.room).or_insert(0) += 1;
            *senders.entry(planned.sender).or_insert(0) += 1;
            assert!(plan.rooms_of(planned.sender).contains(&planned.room), "whoever sends is in the room");
        }
        (rooms, senders)
    }

    #[test]
    fn messages_are_planned_evenly_over_time_rooms_and_senders() {
        for (people, rooms, senders) in
            [(300, 30, 50), (10, 10, 10), (40, 20, 4), (5, 1, 5), (7, 20, 3), (9, 3, 1)]
        {
            let plan = plan(people, rooms, senders);
            plan.check().unwrap();
            assert_eq!(plan.messages(), 1000);
            assert_eq!(plan.message(0).at, Duration::ZERO);
            assert_eq!(plan.message(999).at, Duration::from_millis(9990));
            let (by_room, by_sender) = shares(&plan);
            assert_eq!(by_room.len(), rooms as usize, "every room is spoken in");
            assert_eq!(by_sender.len(), senders as usize, "every sender speaks");
            let spread = by_room.values().max().unwrap() - by_room.values().min().unwrap();
            assert!(spread <= 1, "{by_room:?}");
        }
    }

    #[test]
    fn a_plan_that_cannot_work_is_refused() {
        assert!(plan(5, 1, 6).check().is_err());
        assert!(Plan { room_prefix: "a b".into(), ..plan(5, 1, 5) }.check().is_err());
        assert!(Plan { rate: 1e9, ..plan(5, 1, 5) }.check().is_err());
        assert!(Plan { rooms_each: 4, ..plan(5, 3, 5) }.check().is_err());
        assert!(Plan { rooms_each: 0, ..plan(5, 3, 5) }.check().is_err(), "they could say nothing");
        assert!(Plan { rooms_each: 0, ..plan(5, 3, 0) }.check().is_ok());
        let speech = Arc::new(Plain { on_join: Some("JOIN".into()), ..Plain::default() });
        let one_room = Plan { speech, ..plan(6, 3, 3) };
        one_room.check().unwrap();
        assert!(Plan { rooms_each: 2, ..one_room.clone() }.check().is_err());
        assert!(Plan { senders: 2, ..one_room }.check().is_err(), "two would have to send to three rooms");
    }

    #[test]
    fn people_are_in_as_many_rooms_as_they_should_and_no_room_twice() {
        for distribution in [Distribution::Even, Distribution::Zipf] {
            for (people, rooms, each, senders) in [(60, 12, 4, 24), (5, 10, 10, 2), (300, 30, 7, 3)] {
                let layout = Layout::new(distribution, rooms, senders).unwrap();
                let plan = Plan { layout, rooms_each: each, ..plan(people, rooms, senders) };
                plan.check().unwrap();
                shares(&plan);
                for person in 0..people {
                    let own = plan.rooms_of(person);
                    let different: BTreeSet<u32> = own.iter().copied().collect();
                    assert_eq!(different.len(), own.len(), "{own:?}");
                    assert!(own.len() == each as usize || (own.len() > each as usize && person < senders));
                    assert!(own.iter().all(|room| *room < rooms), "{own:?}");
                }
            }
        }
    }

    #[test]
    fn large_rooms_are_large_for_those_in_many_rooms_too() {
        let layout = Layout::new(Distribution::Zipf, 50, 10).unwrap();
        let listeners = Plan { layout, rooms_each: 5, ..plan(500, 50, 10) }.listeners();
        let seats = listeners.iter().sum::<u32>();
        assert!((500 * 5..=500 * 5 + 50).contains(&seats), "senders adopt rooms beside: {seats}");
        assert!(listeners[0] > 400 && listeners[0] <= 500, "{listeners:?}");
        assert!((50..200).contains(&listeners[9]), "{listeners:?}");
        assert!(listeners[49] < 40, "{listeners:?}");
    }

    #[test]
    fn names_lead_back_to_what_they_name() {
        let plan = plan(10, 5, 5);
        assert_eq!(plan.room_of_name(&plan.room_name(4)), Some(4));
        assert_eq!(plan.room_of_name(&plan.room_name(5)), None);
        assert_eq!(plan.room_of_name("elsewhere"), None);
        assert_eq!(plan.message_of_id(&plan.id_of(999)), Some(999));
        assert_eq!(plan.message_of_id(&plan.id_of(1000)), None);
        assert_eq!(plan.message_of_id("other-1"), None);
    }
}

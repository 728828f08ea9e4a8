//! What a person says, and what it is told about that.

use std::time::{Duration, Instant};

use chat::Code;

use super::scene::Scene;
use super::state::{Person, RETRY};
use crate::speech::Saying;
use crate::tally::Timed;

impl Person {
    /// It is told to send a message, and keeps that in mind whether or not it has a connection.
    pub(crate) fn take_order(&mut self, message: u32, now: Instant) {
        self.sends.tell(message, now);
        self.told_up_to = message + 1;
    }

    /// It has just been told to send this message, and does.
    pub(crate) fn obey(&mut self, message: u32, scene: &mut Scene<'_>) {
        let said = self.say_what_is_due(scene);
        // What had to wait for a connection, or was held back by the server's pace, was not late by our own fault.
        if said.contains(&message)
            && let Some(lateness) = scene.lateness(scene.ledger.due(message, scene.plan.message(message).at))
        {
            scene.tally.behind.record(lateness);
        }
    }

    /// Gives the messages that it has said.
    pub(super) fn say_what_is_due(&mut self, scene: &mut Scene<'_>) -> Vec<u32> {
        if !self.is_ready() {
            return Vec::new();
        }
        // Without ids that the server knows, a repeat would be another message.
        let has_positions = scene.plan.speech.terms().positions;
        let repeats = self.returns && has_positions;
        let due = self.sends.take_due(scene.now, &mut self.pace, repeats);
        for (message, attempts) in &due {
            if *attempts > 0 {
                scene.tally.repeated += 1;
            } else {
                scene.tally.sent += 1;
            }
            let (room, id) = (scene.plan.message(*message).room, scene.plan.id_of(*message));
            let saying = Saying { number: *message, id: &id, body: &scene.plan.text_of(*message) };
            let said = scene.plan.speech.send(&self.who(), &scene.plan.room_name(room), &saying);
            scene.say(Some(said));
            if !has_positions {
                self.said(*message, scene);
            }
        }
        due.into_iter().map(|(message, _)| message).collect()
    }

    pub(super) fn acknowledged(&mut self, id: &str, seq: u64, scene: &mut Scene<'_>) {
        let Some(message) = scene.plan.message_of_id(id) else {
            scene.tally.unreadable += 1;
            return;
        };
        self.acknowledged_at(message, seq, scene);
    }

    /// A message of the plan was committed there.
    pub(super) fn acknowledged_at(&mut self, message: u32, seq: u64, scene: &mut Scene<'_>) {
        let planned = scene.plan.message(message);
        scene.ledger.acknowledge(message, planned.room, seq);
        if self.sends.acknowledge(message, self.connection, planned.room, seq) {
            scene.time(Timed::Acknowledgement, scene.ledger.due(message, planned.at));
        }
    }

    pub(super) fn refused(&mut self, id: &str, code: &str, retry_ms: Option<u64>, scene: &mut Scene<'_>) {
        let Some(message) = scene.plan.message_of_id(id) else {
            scene.tally.unreadable += 1;
            return;
        };
        let again = scene.now + retry_ms.map_or(RETRY, Duration::from_millis);
        match Code::parse(code) {
            Some(Code::Unavailable | Code::TooMany) if self.returns => {
                self.sends.postpone(message, Some(again));
            }
            Some(Code::Unavailable) => self.sends.postpone(message, None),
            _ if self.sends.refuse(message) => {
                scene.ledger.refuse(message);
                scene.tally.refused.count(code);
            }
            _ => {}
        }
    }
}

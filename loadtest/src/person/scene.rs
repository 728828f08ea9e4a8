//! What a person decides with, and where its words and its findings go.

use std::time::{Duration, Instant};

use websocket::{Opcode, masked_frame_into};

use crate::audit::Ledger;
use crate::plan::Plan;
use crate::tally::{Tally, Timed};

/// What a person decides with, and where its words go.
pub(crate) struct Scene<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) ledger: &'a Ledger,
    pub(crate) tally: &'a mut Tally,
    /// Frames to be written, masked.
    pub(crate) out: &'a mut Vec<u8>,
    pub(crate) now: Instant,
    /// When the run began, if it has.
    pub(crate) start: Option<Instant>,
    /// How many messages were received for the first time meanwhile.
    pub(crate) received: u64,
}

impl Scene<'_> {
    /// Says this, if there is something to say.
    pub(super) fn say(&mut self, text: Option<String>) {
        if let Some(text) = text {
            masked_frame_into(self.out, Opcode::Text, text.as_bytes(), rand::random());
        }
    }

    /// Asks for a sign of life.
    pub(crate) fn ask_for_a_sign(&mut self) {
        match self.plan.speech.ping() {
            Some(ping) => self.say(Some(ping)),
            None => self.ping(),
        }
    }

    pub(super) fn ping(&mut self) {
        masked_frame_into(self.out, Opcode::Ping, b"", rand::random());
    }

    /// How late it is for something that was planned for this time of the run, if that is measured.
    pub(super) fn lateness(&self, planned: Duration) -> Option<Duration> {
        let start = self.start.filter(|_| self.plan.is_measured(planned))?;
        Some(self.now.saturating_duration_since(start + planned))
    }

    /// Something has happened to a message that was planned for this time of the run.
    pub(super) fn time(&mut self, what: Timed, planned: Duration) {
        let Some(start) = self.start else { return };
        let at = self.now.saturating_duration_since(start);
        let measured = self.plan.is_measured(planned);
        self.tally.time(what, at, at.saturating_sub(planned), measured);
    }
}

/// The server will never let this person in: the run makes no sense.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rejected(pub(crate) String);

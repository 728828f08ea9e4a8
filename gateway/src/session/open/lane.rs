//! The way of one room's requests: what waits at its door, what waits to be submitted, what is under way.

use std::collections::VecDeque;
use std::time::Duration;

use chat::{Draft, PageFrom, Refusal, RequestId, RoomId, RoomKind};
use dialect::Mark;
use tokio::time::Instant;

use crate::sampling::Step;
use crate::session::ANSWER_WITHIN;
use crate::session::turn::Voice;

/// The most drafts of a submission.
const DRAFTS_MAX: usize = 64;
/// The most bytes of a submission, as [`Draft::weight`] counts them; a single draft always fits. On the bus a byte may
/// take six (`\u0001`), and NATS takes 1 MiB.
const BYTES_MAX: usize = 128 * 1024;
/// How long anybody may wait at the door: it is looked at every second, and the answer is due [`ANSWER_WITHIN`].
const AT_DOOR: Duration = ANSWER_WITHIN.saturating_sub(Duration::from_secs(1));

/// The requests of one connection for one room. There is one only while something waits in it.
pub(super) struct Lane {
    pub(super) room: RoomId,
    /// What the room is, as far as that is known; a token's grants make it needless.
    pub(super) kind: Option<RoomKind>,
    pub(super) stage: Stage,
    /// Sends that are not submitted yet, in the order in which they came.
    pub(super) queue: VecDeque<Queued>,
    /// What is to be read, and waits until it is known what the room is.
    pub(super) pages: Vec<WantedPage>,
}

/// How far a lane is.
#[derive(Debug)]
pub(super) enum Stage {
    /// What the room is, is being found out; everything waits for that.
    Shut,
    /// Nothing is under way.
    Free,
    /// A submission is under way: the only one. Everything behind it waits for its verdicts.
    Flying(Flight),
}

/// A submission under way.
#[derive(Debug, Default)]
pub(super) struct Flight {
    /// Where the answers belong, in the order of the drafts.
    pub(super) drafts: Vec<(Mark, RequestId)>,
    bytes: usize,
}

/// A send that waits.
pub(super) struct Queued {
    pub(super) mark: Mark,
    pub(super) draft: Draft,
    pub(super) accepted: Instant,
    pub(super) trace: Option<Step>,
}

/// Something to read of a room, that waits.
pub(super) struct WantedPage {
    pub(super) mark: Mark,
    pub(super) what: Wanted,
    pub(super) accepted: Instant,
}

/// What is to be read.
pub(super) enum Wanted {
    /// A page of history.
    History { from: PageFrom, limit: u16 },
    /// Who is there.
    Who,
}

/// What is to be submitted.
pub(super) struct Batch {
    pub(super) drafts: Vec<Draft>,
    /// When the oldest of them was accepted.
    pub(super) accepted: Instant,
    /// The trace of the first of them that has one.
    pub(super) trace: Option<Step>,
}

impl Lane {
    pub(super) fn new(room: RoomId, kind: Option<RoomKind>, stage: Stage) -> Self {
        Self { room, kind, stage, queue: VecDeque::new(), pages: Vec::new() }
    }

    /// True if somebody waits to hear what the room is.
    pub(super) fn waits_at_door(&self) -> bool {
        matches!(self.stage, Stage::Shut) || !self.pages.is_empty()
    }

    /// Lets those in who wait at the door.
    pub(super) fn open(&mut self, kind: RoomKind) {
        self.kind = Some(kind);
        if matches!(self.stage, Stage::Shut) {
            self.stage = Stage::Free;
        }
    }

    /// Refuses those who wait at the door. What is queued behind a submission is past it.
    pub(super) fn turn_away(&mut self, voice: &mut Voice<'_>, refusal: &Refusal) {
        for page in self.pages.drain(..) {
            voice.refuse(&page.mark, None, None, refusal);
        }
        if matches!(self.stage, Stage::Shut) {
            self.refuse_queue(voice, refusal);
        }
    }

    /// Refuses those who have waited at the door for too long, with every send behind such a one: none overtakes
    /// another.
    pub(super) fn turn_late_away(&mut self, voice: &mut Voice<'_>, now: Instant) {
        let is_late = |accepted: Instant| accepted + AT_DOOR <= now;
        let refusal = Refusal::unavailable("what this room is could not be found out in time");
        for page in self.pages.extract_if(.., |page| is_late(page.accepted)) {
            voice.refuse(&page.mark, None, None, &refusal);
        }
        let first = self.queue.front().map(|queued| queued.accepted);
        if matches!(self.stage, Stage::Shut) && first.is_some_and(is_late) {
            self.refuse_queue(voice, &refusal);
        }
    }

    /// Refuses everything that is not submitted yet.
    pub(super) fn refuse_queue(&mut self, voice: &mut Voice<'_>, refusal: &Refusal) {
        for queued in self.queue.drain(..) {
            voice.refuse(&queued.mark, None, Some(&queued.draft.id), refusal);
        }
    }

    /// True if a submission may go out, and there is something for it.
    pub(super) fn is_ready(&self) -> bool {
        matches!(self.stage, Stage::Free) && !self.queue.is_empty()
    }

    /// Takes what may go out together, and notes that it is under way. Only for a lane that is ready.
    ///
    /// An id that stands in the batch already waits for the next one, with everything behind it: a batch names
    /// each request once.
    pub(super) fn take_off(&mut self) -> Option<Batch> {
        debug_assert!(self.is_ready(), "one submission at a time");
        let accepted = self.queue.front()?.accepted;
        let (mut drafts, mut flight, mut trace) = (Vec::new(), Flight::default(), None);
        while let Some(next) = self.queue.pop_front_if(|next| flight.has_place_for(&next.draft)) {
            flight.bytes += next.draft.weight();
            flight.drafts.push((next.mark, next.draft.id.clone()));
            drafts.push(next.draft);
            trace = trace.or(next.trace);
        }
        self.stage = Stage::Flying(flight);
        Some(Batch { drafts, accepted, trace })
    }

    /// Takes what was under way: its verdicts are there. `None` if nothing was.
    pub(super) fn land(&mut self) -> Option<Flight> {
        let Stage::Flying(flight) = &mut self.stage else { return None };
        let flight = std::mem::take(flight);
        self.stage = Stage::Free;
        Some(flight)
    }

    /// How many sends have no verdict yet.
    pub(super) fn sends(&self) -> usize {
        self.queue.len() + self.flight().map_or(0, |flight| flight.drafts.len())
    }

    /// How many bytes these take.
    pub(super) fn bytes(&self) -> usize {
        let queued: usize = self.queue.iter().map(|queued| queued.draft.weight()).sum();
        queued + self.flight().map_or(0, |flight| flight.bytes)
    }

    /// True while something waits here.
    pub(super) fn is_needed(&self) -> bool {
        self.sends() > 0 || !self.pages.is_empty()
    }

    fn flight(&self) -> Option<&Flight> {
        match &self.stage {
            Stage::Flying(flight) => Some(flight),
            Stage::Shut | Stage::Free => None,
        }
    }
}

impl Flight {
    fn has_place_for(&self, draft: &Draft) -> bool {
        let fits = self.drafts.len() < DRAFTS_MAX && self.bytes + draft.weight() <= BYTES_MAX;
        self.drafts.is_empty() || (fits && self.drafts.iter().all(|(_, id)| *id != draft.id))
    }
}

//! Sends, in the order in which they came.
//!
//! In each room one submission is under way at a time; what is sent meanwhile goes out together with the next. If
//! nobody knows what became of one of its drafts, what waits behind it is `unavailable` too: none overtakes another,
//! and each has its answer within the time of the oldest.

use chat::{Change, Code, Draft, Refusal, RequestId, RoomId, Verdict};
use dialect::{Mark, Say};

use super::Open;
use super::door::Way;
use super::lane::{Batch, Queued, Stage};
use super::pace::Pace;
use super::permission::{Ruling, Wish, rule};
use crate::session::Action;
use crate::session::names::made_up_id;
use crate::session::turn::Turn;

impl Open {
    /// # Errors
    /// Why the connection ends.
    pub(super) fn send(
        &mut self,
        turn: &mut Turn<'_>,
        mark: Mark,
        room: &RoomId,
        id: Option<RequestId>,
        change: Change,
    ) -> Result<(), Refusal> {
        let id = id.unwrap_or_else(|| made_up_id(turn.env));
        let draft = Draft { room: room.clone(), by: self.user.clone(), id, change, except: None };
        match self.may_send(turn, &draft) {
            Err(refusal) => self.refuse(turn, &mark, None, Some(&draft.id), &refusal),
            Ok(way) => {
                let (accepted, trace) = (turn.now, turn.env.trace(turn.voice.dialect_name()));
                self.lane(turn, room, way).queue.push_back(Queued { mark, draft, accepted, trace });
                self.submit(turn, room);
                Ok(())
            }
        }
    }

    /// Checks all that can stand against a send. The rate comes last: what is refused anyway costs nothing of it.
    fn may_send(&mut self, turn: &Turn<'_>, draft: &Draft) -> Result<Way, Refusal> {
        let limits = &turn.env.limits;
        self.check_known()?;
        let way = self.way(&draft.room, Wish::Write)?;
        if let Some(lanes) = &self.lanes {
            lanes.check_place(draft.weight(), limits)?;
        }
        if way == Way::Ask {
            self.check_place_for_question()?;
        }
        self.sends.take(Pace::of_sends(limits), turn.now)?;
        Ok(way)
    }

    /// Submits what waits in a lane, if nothing is under way there and it is still allowed.
    pub(super) fn submit(&mut self, turn: &mut Turn<'_>, room: &RoomId) {
        let lane = self.lanes.as_mut().and_then(|lanes| lanes.get_mut(room));
        let Some(lane) = lane.filter(|lane| lane.is_ready()) else { return };
        match rule(self.grants.as_deref(), room, lane.kind, Wish::Write) {
            Ruling::Allowed => {
                if let Some(batch) = lane.take_off() {
                    let Batch { drafts, accepted, trace } = batch;
                    turn.voice.act(Action::Submit { room: room.clone(), drafts, accepted, trace });
                }
            }
            Ruling::Refused(refusal) => lane.refuse_queue(&mut turn.voice, &refusal),
            Ruling::HangsOnKind => {
                // The token had grants when this was sent, and has none any more.
                lane.stage = Stage::Shut;
                self.ask_about(turn, room);
            }
        }
    }

    /// The verdicts of the submission that is under way in a room.
    pub(super) fn on_verdicts(&mut self, turn: &mut Turn<'_>, room: &RoomId, verdicts: Vec<Verdict>) {
        let Some(lane) = self.lanes.as_mut().and_then(|lanes| lanes.get_mut(room)) else { return };
        let Some(flight) = lane.land() else { return };
        let verdicts = verdicts.into_iter().map(Some).chain(std::iter::repeat_with(|| None));
        let mut unknown = None;
        for ((mark, id), verdict) in flight.drafts.iter().zip(verdicts) {
            match verdict.unwrap_or_else(|| Err(Refusal::unavailable("no verdict came"))) {
                Ok(stored) => turn.voice.say(&Say::Sent { mark, room, id, stored: &stored }),
                Err(refusal) => {
                    turn.voice.refuse(mark, None, Some(id), &refusal);
                    unknown = unknown.or(Some(refusal).filter(|refusal| refusal.code == Code::Unavailable));
                }
            }
        }
        match unknown {
            Some(refusal) => lane.refuse_queue(&mut turn.voice, &refusal),
            None => self.submit(turn, room),
        }
    }
}

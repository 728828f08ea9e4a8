//! History and the list of rooms.

use chat::{PageFrom, Refusal, RoomId};
use dialect::{Mark, Say};

use super::Open;
use super::asks::Asked;
use super::door::Way;
use super::lane::{Wanted, WantedPage};
use super::permission::{Ruling, Wish, rule, veiled};
use crate::session::turn::Turn;
use crate::session::{Action, AskId, Read, ReadAnswer};
use crate::settings::Limits;

impl Open {
    /// # Errors
    /// Why the connection ends.
    pub(super) fn history(
        &mut self,
        turn: &mut Turn<'_>,
        mark: Mark,
        room: &RoomId,
        from: PageFrom,
        limit: Option<u16>,
    ) -> Result<(), Refusal> {
        let most = page_limit(&turn.env.limits);
        let limit = limit.map_or(most, |limit| limit.min(most));
        let page = WantedPage { mark, what: Wanted::History { from, limit }, accepted: turn.now };
        self.want_page(turn, room, page)
    }

    /// Reads something of a room, once it is known that it may be read.
    ///
    /// # Errors
    /// Why the connection ends.
    pub(super) fn want_page(
        &mut self,
        turn: &mut Turn<'_>,
        room: &RoomId,
        page: WantedPage,
    ) -> Result<(), Refusal> {
        let way = self.way(room, Wish::Read).and_then(|way| {
            self.check_place_for_question()?;
            Ok(way)
        });
        match way {
            Err(refusal) => return self.refuse(turn, &page.mark, None, None, &refusal),
            Ok(Way::Open(_)) => self.read_page(turn, room, page),
            Ok(way) => self.lane(turn, room, way).pages.push(page),
        }
        Ok(())
    }

    pub(super) fn read_page(&mut self, turn: &mut Turn<'_>, room: &RoomId, page: WantedPage) {
        let WantedPage { mark, what, accepted } = page;
        let room = room.clone();
        match what {
            Wanted::History { from, limit } => {
                let ask = self.asks.add(Asked::History { mark, room: room.clone() });
                turn.voice.act(Action::Read(ask, Read::History { room, from, limit, accepted }));
            }
            Wanted::Who => {
                let ask = self.asks.add(Asked::Who { mark, room: room.clone() });
                turn.voice.act(Action::Who(ask, room));
            }
        }
    }

    /// # Errors
    /// Why the connection ends.
    pub(super) fn rooms(&mut self, turn: &mut Turn<'_>, mark: Mark) -> Result<(), Refusal> {
        if let Err(refusal) = self.check_place_for_question() {
            return self.refuse(turn, &mark, None, None, &refusal);
        }
        let ask = self.asks.add(Asked::Rooms { mark });
        let (limit, accepted) = (page_limit(&turn.env.limits), turn.now);
        turn.voice.act(Action::Read(ask, Read::Rooms { limit, accepted }));
        Ok(())
    }

    pub(super) fn check_place_for_question(&self) -> Result<(), Refusal> {
        self.asks.check_place(self.lanes.as_ref().map_or(0, |lanes| lanes.pages()))
    }

    /// The answer to a question.
    pub(super) fn on_read(&mut self, turn: &mut Turn<'_>, ask: AskId, answer: Result<ReadAnswer, Refusal>) {
        let Some(asked) = self.asks.take(ask) else { return };
        match (asked, answer) {
            (Asked::Room(room), Ok(ReadAnswer::Room(state))) => {
                self.known.remember(room.clone(), state.kind);
                self.settle(turn, &room, Ok(state.kind));
            }
            (Asked::Room(room), answer) => self.settle(turn, &room, Err(&refusal_of(answer))),
            (Asked::History { mark, room }, Ok(ReadAnswer::History(page))) => {
                turn.voice.say(&Say::History { mark: &mark, room: &room, page: &page });
            }
            (Asked::Who { mark, room }, Ok(ReadAnswer::Who(roster))) => {
                turn.voice.say(&Say::Who { mark: &mark, room: &room, roster: &roster });
            }
            (Asked::Rooms { mark }, Ok(ReadAnswer::Rooms(mut rooms))) => {
                let grants = self.grants.as_deref();
                rooms.retain(|room| rule(grants, &room.room, Some(room.kind), Wish::Read) == Ruling::Allowed);
                turn.voice.say(&Say::Rooms { mark: &mark, rooms: &rooms });
            }
            (Asked::History { mark, .. } | Asked::Who { mark, .. } | Asked::Rooms { mark }, answer) => {
                turn.voice.refuse(&mark, None, None, &refusal_of(answer));
            }
        }
    }
}

/// Why there is no answer; one of another kind than was asked for is none.
fn refusal_of(answer: Result<ReadAnswer, Refusal>) -> Refusal {
    answer.err().map_or_else(|| Refusal::unavailable("the answer was to another question"), veiled)
}

/// The most entries of a page; where the operator set no limit, as many as can be asked for.
fn page_limit(limits: &Limits) -> u16 {
    if limits.page == 0 { u16::MAX } else { limits.page }
}

//! The writers: they do to the store what they are asked for, if the weather lets them, and tell the gateways.

use bus::{Answer, Ask};
use chat::{Event, Refusal};

use super::chance::Chance;
use super::store::Store;
use super::weather::Weather;

/// How a request came to the writers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    /// By the door of the writer that owns the room.
    Owner,
    /// By the door of all writers.
    Any,
}

/// How old a submission may become before nobody does it any more, in milliseconds.
const AGE_MAX: u64 = 10_000;

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It never comes to a writer.
    Lost,
    /// It comes later.
    Late,
    /// The store is away: nothing is done, and the asker is told so.
    StoreAway,
    /// It is done, and the answer is lost.
    AnswerLost,
    /// It is done, and the asker is told that nobody knows.
    Unknown,
    /// It is done and answered.
    Done,
}

impl Fate {
    pub(super) fn draw(weather: &Weather, chance: &mut Chance) -> Self {
        let fates = [
            (Self::Lost, weather.ask_lost),
            (Self::Late, weather.ask_late),
            (Self::StoreAway, weather.store_away),
            (Self::AnswerLost, weather.answer_lost),
            (Self::Unknown, weather.commit_unknown),
        ];
        let hit = fates.into_iter().filter(|(_, rate)| chance.happens(*rate)).map(|(fate, _)| fate).last();
        hit.unwrap_or(Self::Done)
    }
}

/// Does what is asked. Gives back the answer and the events that are new.
pub(super) fn work(store: &mut Store, ask: Ask, waited: u64) -> (Answer, Vec<Event>) {
    let mut new = Vec::new();
    let answer = match ask {
        Ask::Submit(submission) => {
            let age = submission.age.as_millis() + u128::from(waited);
            if age > u128::from(AGE_MAX) {
                Ok(Answer::Refused(nobody_knows()))
            } else {
                let (verdicts, events) = store.append(submission.drafts);
                new = events;
                Ok(Answer::Verdicts(verdicts))
            }
        }
        Ask::Open { room, create } => store.open(&room, create).map(Answer::Room),
        Ask::Events { room, after, .. } => store.events(&room, after).map(Answer::Events),
        Ask::History { room, .. } => store.history(&room).map(Answer::History),
        Ask::Rooms { .. } => Ok(Answer::Rooms(Vec::new(), false)),
        Ask::Heads(rooms) => Ok(Answer::Heads(store.heads(&rooms))),
        Ask::Poll { .. } | Ask::Post { .. } => unreachable!("no writer is asked for sessions"),
        Ask::Survey(_) | Ask::SendAway { .. } => unreachable!("only gateways are asked that"),
    };
    (answer.unwrap_or_else(Answer::Refused), new)
}

pub(super) fn nobody_knows() -> Refusal {
    Refusal::unavailable("the store is away")
}

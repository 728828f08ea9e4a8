//! What is asked of the writers, and what their answers are: an answer of another kind than was asked for is none.

use bus::{Answer, Ask, PageLimit, Partition};
use chat::{LogPage, Refusal, RoomHead, RoomState};

use crate::session::{Read, ReadAnswer};

/// What a read asks of which partition.
pub(super) fn question(read: Read) -> (Partition, Ask) {
    match read {
        Read::Open { room, create, .. } => (Partition::of(&room), Ask::Open { room, create }),
        Read::History { room, from, limit, .. } => {
            (Partition::of(&room), Ask::History { room, from, limit: PageLimit(limit) })
        }
        Read::Rooms { limit, .. } => {
            // The list belongs to no partition; the first one's owner is as good as any.
            let anywhere = Partition::all().next().unwrap_or_else(|| unreachable!("there are 64"));
            (anywhere, Ask::Rooms { after: None, limit: PageLimit(limit) })
        }
    }
}

/// What a session is given of an answer.
pub(super) fn read_answer(answer: Answer) -> Result<ReadAnswer, Refusal> {
    match answer {
        Answer::Room(state) => Ok(ReadAnswer::Room(state)),
        Answer::History(page) => Ok(ReadAnswer::History(page)),
        Answer::Rooms(rooms, _) => Ok(ReadAnswer::Rooms(rooms)),
        Answer::Refused(refusal) => Err(refusal),
        Answer::Verdicts(_)
        | Answer::Events(_)
        | Answer::Heads(_)
        | Answer::Frames(_)
        | Answer::Tallies(_)
        | Answer::SentAway(_) => Err(unexpected()),
    }
}

pub(super) fn room_state(answer: Answer) -> Result<RoomState, Refusal> {
    if let Answer::Room(state) = answer { Ok(state) } else { Err(unexpected()) }
}

pub(super) fn log_page(answer: Answer) -> Result<LogPage, Refusal> {
    if let Answer::Events(page) = answer { Ok(page) } else { Err(unexpected()) }
}

pub(super) fn heads(answer: Answer) -> Result<Vec<RoomHead>, Refusal> {
    if let Answer::Heads(heads) = answer { Ok(heads) } else { Err(unexpected()) }
}

fn unexpected() -> Refusal {
    tracing::warn!("a writer's answer does not fit its request: is it of another version?");
    Refusal::unavailable("no writer answered sensibly")
}

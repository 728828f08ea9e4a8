//! What can be read, and how.

use bus::{Answer, Ask, HEADS_MAX, PageLimit};
use chat::{PageFrom, Refusal, RoomId, Seq};
use store::{PageBound, Store, StoreError};

use crate::refusal;

/// The most entries of a page, whatever is asked for.
const PAGE_MAX: u16 = 1000;
/// The most bytes of text of a page: even where each takes six as JSON, the answer fits a message of the bus.
const PAGE_BYTES_MAX: usize = 128 * 1024;

/// A request to read: equal ones have equal answers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Query {
    Open { room: RoomId, create: bool },
    Events { room: RoomId, after: Seq, count: u16 },
    History { room: RoomId, from: PageFrom, count: u16 },
    Rooms { after: Option<RoomId>, count: u16 },
    Heads(Vec<RoomId>),
}

impl Query {
    /// # Errors
    /// A refusal if this is nothing that can be read.
    pub(crate) fn new(ask: Ask) -> Result<Self, Refusal> {
        Ok(match ask {
            Ask::Open { room, create } => Self::Open { room, create },
            Ask::Events { room, after, limit } => Self::Events { room, after, count: count(limit) },
            Ask::History { room, from, limit } => Self::History { room, from, count: count(limit) },
            Ask::Rooms { after, limit } => Self::Rooms { after, count: count(limit) },
            Ask::Heads(rooms) if rooms.len() <= HEADS_MAX => Self::Heads(rooms),
            Ask::Heads(_) => return Err(Refusal::malformed("too many rooms at once")),
            Ask::Submit(_) => return Err(Refusal::malformed("no submissions come in here")),
            Ask::Poll { .. } | Ask::Post { .. } => {
                return Err(Refusal::malformed("no sessions are kept here"));
            }
            Ask::Survey(_) | Ask::SendAway { .. } => {
                return Err(Refusal::malformed("nobody is connected here"));
            }
        })
    }

    /// Asks the store.
    ///
    /// # Errors
    /// [`StoreError`] as the store gives it.
    pub(crate) async fn make(&self, store: &dyn Store) -> Result<Answer, StoreError> {
        Ok(match self {
            Self::Open { room, create } => found(store.open(room, *create).await?, Answer::Room),
            Self::Events { room, after, count } => {
                found(store.events(room, *after, bound(*count)).await?, Answer::Events)
            }
            Self::History { room, from, count } => {
                found(store.history(room, *from, bound(*count)).await?, Answer::History)
            }
            Self::Rooms { after, count } => {
                // One more than asked for tells whether there are more.
                let count = usize::from(*count);
                let mut rooms = store.rooms(after.as_ref(), count + 1).await?;
                let more = rooms.len() > count;
                rooms.truncate(count);
                Answer::Rooms(rooms, more)
            }
            Self::Heads(rooms) => Answer::Heads(store.heads(rooms).await?),
        })
    }
}

fn count(limit: PageLimit) -> u16 {
    limit.0.clamp(1, PAGE_MAX)
}

fn bound(count: u16) -> PageBound {
    PageBound { count: usize::from(count), bytes: PAGE_BYTES_MAX }
}

fn found<T>(found: Option<T>, answer: impl FnOnce(T) -> Answer) -> Answer {
    found.map_or_else(|| Answer::Refused(refusal::no_room()), answer)
}

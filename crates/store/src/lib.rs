//! Where messages are kept: one trait, two backends, chosen by the URL's scheme.
//!
//! The store is the truth: a message is acknowledged once [`Store::append`] has committed it, and everything
//! else (bus, rings, sockets) is repaired from here.
//!
//! [`open()`] gives a store, [`migrate`] makes or changes its tables. `postgres://…` is for any number of writers at
//! once; `sqlite:FILE` for one process with nothing installed. Both pass one contract suite (`tests/contract`).
//!
//! # How it is kept
//! * A room is a log: every event takes the next seq of its room, in the transaction that stores it, under the
//!   lock of the room's row. Correctness hangs on that lock and two unique indexes, on no lease and no clock.
//! * Plain messages are appended by one statement a batch. A batch with changes of messages locks its rooms first,
//!   then looks with a fresh snapshot; what becomes of each draft is decided by one pure function for both
//!   backends (`rules`).
//! * A row of the log never changes, but for text that a deletion scrubs and for the note in a message which edit
//!   says what it says now: so a page of history is one range of one index.
//! * The epoch of a room is `<database epoch>.<room key>`; a restored or promoted database makes itself a new
//!   database epoch when somebody connects to it.
//!
//! `migrations/README.md` tells how tables change, `docs/decisions` why they are as they are, and
//! `cargo bench -p store` how fast it is beside what the database can do at all.

mod backend;
mod connections;
mod cursor;
mod error;
mod migrations;
mod open;
mod options;
mod postgres;
mod reads;
mod record;
mod rules;
mod sqlite;
mod time;
mod transaction;
mod writes;

use async_trait::async_trait;
use chat::{
    Draft, Epoch, HistoryPage, LogPage, PageFrom, RoomHead, RoomId, RoomState, RoomSummary, Seq, Stored,
};

pub use backend::{Backend, check_url};
pub use connections::InUse;
pub use cursor::Cursor;
pub use error::{OpenError, StoreError};
pub use open::{migrate, open};
pub use options::Options;

/// Where a room log is kept. Every backend passes the same contract suite.
///
/// Each call ends within the store's own time limit (4 s by default) whatever the server does; a call that was
/// cut off by it, or whose future was dropped, may still have happened.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Commits a batch in one transaction and says, for each draft in the order given, what became of it.
    /// Drafts of one room take their seqs in the order given; a draft whose (room, user, id) is already
    /// there gets the seq it has.
    ///
    /// No (room, user, id) may appear twice in a batch, and no batch may hold two changes of one message, or
    /// a message and its change: whoever builds batches keeps such drafts apart.
    ///
    /// # Errors
    /// [`StoreError::Data`], [`StoreError::Conflict`] and [`StoreError::Locked`]: nothing of the batch is stored.
    /// [`StoreError::Unavailable`]: nobody knows; the same batch again finds out, by its ids.
    async fn append(&self, batch: &[Draft]) -> Result<Vec<Result<Appended, Declined>>, StoreError>;

    /// Where a room stands; with `create`, a room that is not there is made, as a public one.
    /// `None`: there is no such room.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn open(&self, room: &RoomId, create: bool) -> Result<Option<RoomState>, StoreError>;

    /// The events of a room after a position, oldest first, at least one if there is one, else up to `bound`.
    /// `None`: there is no such room.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn events(
        &self,
        room: &RoomId,
        after: Seq,
        bound: PageBound,
    ) -> Result<Option<LogPage>, StoreError>;

    /// A page of messages as they stand now. `None`: there is no such room.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn history(
        &self,
        room: &RoomId,
        from: PageFrom,
        bound: PageBound,
    ) -> Result<Option<HistoryPage>, StoreError>;

    /// Public rooms in the order of their ids, after `after`, at most `count`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn rooms(&self, after: Option<&RoomId>, count: usize) -> Result<Vec<RoomSummary>, StoreError>;

    /// The heads of the rooms given; rooms that are not there are left out.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn heads(&self, rooms: &[RoomId]) -> Result<Vec<RoomHead>, StoreError>;

    /// The heads of every room that has changed since an earlier call, exactly, whatever clocks do; and the
    /// cursor for the next call. `None` starts a little in the past. A head may be told more than once.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn heads_since(&self, since: Option<Cursor>) -> Result<(Vec<RoomHead>, Cursor), StoreError>;

    /// Answers if the store can commit now: it is there, and writable.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] says why not.
    async fn check(&self) -> Result<(), StoreError>;

    /// How the connections are used now.
    fn usage(&self) -> Usage;

    /// Ends all connections, after the calls under way.
    async fn close(&self);
}

/// How the connections of a store are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Those that append.
    pub append: InUse,
    /// Those that read.
    pub read: InUse,
}

/// How large a page may be. A page holds at least one entry if there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PageBound {
    /// The most entries.
    pub count: usize,
    /// The most bytes of text, names and ids together.
    pub bytes: usize,
}

/// A draft that is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// Its place.
    pub stored: Stored,
    /// Which history the place belongs to.
    pub epoch: Epoch,
}

/// Why a draft was certainly not stored. The rest of its batch is not touched by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Declined {
    /// There is no such room.
    #[error("there is no such room")]
    NoRoom,
    /// The same user has used the same id in this room for something else.
    #[error("this id was used for another request")]
    IdTaken,
    /// What should be changed is not a message of this room.
    #[error("there is no such message")]
    NoTarget,
    /// The message belongs to somebody else.
    #[error("the message is somebody else's")]
    NotAuthor,
    /// The message has been deleted; it cannot be edited any more.
    #[error("the message has been deleted")]
    Deleted,
}

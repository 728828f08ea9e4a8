//! A store that does what it is told to: fail, be slow, lose its answer.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chat::{Change, Draft, HistoryPage, LogPage, PageFrom, RoomHead, RoomId, RoomState, RoomSummary, Seq};
use store::{Appended, Cursor, Declined, PageBound, Store, StoreError, Usage};
use tokio::sync::Semaphore;

/// What the next append does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// What it should.
    Good,
    /// Says that somebody else was at the same rows.
    Conflict,
    /// Commits, and loses the answer.
    Forgetful,
    /// Does nothing, and says that nobody knows.
    Absent,
}

/// A store in front of a real one.
pub(crate) struct MoodyStore {
    real: Arc<dyn Store>,
    moods: Mutex<VecDeque<Mood>>,
    /// Whether it answers to nothing.
    pub(crate) gone: AtomicBool,
    /// Whether a scan for heads finds nothing.
    pub(crate) blind: AtomicBool,
    /// Appends take a permit if `held`, so that a test can hold them up.
    pub(crate) held: AtomicBool,
    pub(crate) permits: Semaphore,
    pub(crate) appends: Mutex<Vec<Vec<Draft>>>,
    pub(crate) reads: AtomicUsize,
    pub(crate) reads_held: AtomicBool,
    pub(crate) read_permits: Semaphore,
    closed: AtomicBool,
    /// How long it takes to close.
    pub(crate) goodbye: Mutex<Duration>,
    /// How often it was asked for something although it was closed.
    pub(crate) late: AtomicUsize,
}

impl MoodyStore {
    pub(crate) fn new(real: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            real,
            moods: Mutex::default(),
            gone: AtomicBool::new(false),
            blind: AtomicBool::new(false),
            held: AtomicBool::new(false),
            permits: Semaphore::new(0),
            appends: Mutex::default(),
            reads: AtomicUsize::new(0),
            reads_held: AtomicBool::new(false),
            read_permits: Semaphore::new(0),
            closed: AtomicBool::new(false),
            goodbye: Mutex::default(),
            late: AtomicUsize::new(0),
        })
    }

    /// The moods of the next appends; then it is good again.
    pub(crate) fn moods(&self, moods: impl IntoIterator<Item = Mood>) {
        self.moods.lock().unwrap().extend(moods);
    }

    /// Lets the appends that are held up go on, and all later ones.
    pub(crate) fn release(&self) {
        self.held.store(false, Ordering::SeqCst);
        self.permits.add_permits(1000);
    }

    /// How many drafts each append had.
    pub(crate) fn sizes(&self) -> Vec<usize> {
        self.appends.lock().unwrap().iter().map(Vec::len).collect()
    }

    fn here(&self) -> Result<(), StoreError> {
        if self.closed.load(Ordering::SeqCst) {
            self.late.fetch_add(1, Ordering::SeqCst);
        }
        if self.gone.load(Ordering::SeqCst) {
            Err(StoreError::Unavailable("gone".to_owned()))
        } else {
            Ok(())
        }
    }

    async fn reading(&self) -> Result<(), StoreError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        if self.reads_held.load(Ordering::SeqCst) {
            self.read_permits.acquire().await.unwrap().forget();
        }
        self.here()
    }
}

/// A text that this store cannot keep.
pub(crate) const POISON: &str = "poison";

fn is_poison(draft: &Draft) -> bool {
    matches!(&draft.change, Change::Message { body, .. } if body.as_str() == POISON)
}

#[async_trait]
impl Store for MoodyStore {
    async fn append(&self, batch: &[Draft]) -> Result<Vec<Result<Appended, Declined>>, StoreError> {
        self.appends.lock().unwrap().push(batch.to_vec());
        if self.held.load(Ordering::SeqCst) {
            self.permits.acquire().await.unwrap().forget();
        }
        self.here()?;
        if batch.iter().any(is_poison) {
            return Err(StoreError::Data("poison".to_owned()));
        }
        let mood = self.moods.lock().unwrap().pop_front().unwrap_or(Mood::Good);
        match mood {
            Mood::Good => self.real.append(batch).await,
            Mood::Conflict => Err(StoreError::Conflict("told to".to_owned())),
            Mood::Forgetful => {
                self.real.append(batch).await?;
                Err(StoreError::Unavailable("forgotten".to_owned()))
            }
            Mood::Absent => Err(StoreError::Unavailable("absent".to_owned())),
        }
    }

    async fn open(&self, room: &RoomId, create: bool) -> Result<Option<RoomState>, StoreError> {
        self.reading().await?;
        self.real.open(room, create).await
    }

    async fn events(
        &self,
        room: &RoomId,
        after: Seq,
        bound: PageBound,
    ) -> Result<Option<LogPage>, StoreError> {
        self.reading().await?;
        self.real.events(room, after, bound).await
    }

    async fn history(
        &self,
        room: &RoomId,
        from: PageFrom,
        bound: PageBound,
    ) -> Result<Option<HistoryPage>, StoreError> {
        self.reading().await?;
        self.real.history(room, from, bound).await
    }

    async fn rooms(&self, after: Option<&RoomId>, count: usize) -> Result<Vec<RoomSummary>, StoreError> {
        self.reading().await?;
        self.real.rooms(after, count).await
    }

    async fn heads(&self, rooms: &[RoomId]) -> Result<Vec<RoomHead>, StoreError> {
        self.reading().await?;
        self.real.heads(rooms).await
    }

    async fn heads_since(&self, since: Option<Cursor>) -> Result<(Vec<RoomHead>, Cursor), StoreError> {
        self.here()?;
        if self.blind.load(Ordering::SeqCst) {
            return Ok((Vec::new(), since.unwrap_or_default()));
        }
        self.real.heads_since(since).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.here()
    }

    fn usage(&self) -> Usage {
        Usage::default()
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        let goodbye = *self.goodbye.lock().unwrap();
        tokio::time::sleep(goodbye).await;
    }
}

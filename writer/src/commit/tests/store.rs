//! A store that finds fault with single drafts.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use chat::{Draft, HistoryPage, LogPage, PageFrom, RoomHead, RoomId, RoomState, RoomSummary, Seq};
use store::{Appended, Cursor, Declined, PageBound, Store, StoreError, Usage};

use super::appended;

/// What is wrong with a draft, for the store in these tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    None,
    /// Its value cannot be kept.
    Poison,
    /// It is declined.
    Declined,
    /// A batch that holds it is in conflict so many times.
    Conflict(u32),
    /// Somebody keeps its room locked.
    Locked,
    /// A batch that holds it finds the store gone.
    Absent,
}

/// A store that knows what is wrong with each draft, by its id.
#[derive(Default)]
pub(super) struct Flawed {
    flaws: HashMap<String, Flaw>,
    /// How long each call takes.
    pub(super) delay: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    heads: HashMap<RoomId, u64>,
    conflicts: HashMap<String, u32>,
    calls: Vec<Vec<String>>,
}

impl Flawed {
    pub(super) fn new(flaws: impl IntoIterator<Item = (usize, Flaw)>) -> Self {
        let flaws = flaws.into_iter().map(|(n, flaw)| (format!("d{n}"), flaw)).collect();
        Self { flaws, ..Self::default() }
    }

    fn flaw(&self, draft: &Draft) -> Flaw {
        self.flaws.get(draft.id.as_str()).copied().unwrap_or(Flaw::None)
    }

    pub(super) fn calls(&self) -> Vec<Vec<String>> {
        self.state.lock().unwrap().calls.clone()
    }
}

#[async_trait]
impl Store for Flawed {
    async fn append(&self, batch: &[Draft]) -> Result<Vec<Result<Appended, Declined>>, StoreError> {
        tokio::time::sleep(self.delay).await;
        let mut state = self.state.lock().unwrap();
        state.calls.push(batch.iter().map(|draft| draft.id.as_str().to_owned()).collect());
        for draft in batch {
            match self.flaw(draft) {
                Flaw::Absent => return Err(StoreError::Unavailable("absent".to_owned())),
                Flaw::Poison => return Err(StoreError::Data("poison".to_owned())),
                Flaw::Conflict(times) => {
                    let so_far = state.conflicts.entry(draft.id.as_str().to_owned()).or_default();
                    if *so_far < times {
                        *so_far += 1;
                        return Err(StoreError::Conflict("told to".to_owned()));
                    }
                }
                Flaw::Locked => return Err(StoreError::Locked("told to".to_owned())),
                Flaw::None | Flaw::Declined => {}
            }
        }
        let append = |draft: &Draft| {
            if self.flaw(draft) == Flaw::Declined {
                return Err(Declined::NotAuthor);
            }
            let head = state.heads.entry(draft.room.clone()).or_default();
            *head += 1;
            Ok(appended(*head))
        };
        Ok(batch.iter().map(append).collect())
    }

    async fn open(&self, _: &RoomId, _: bool) -> Result<Option<RoomState>, StoreError> {
        unreachable!("nobody reads here")
    }
    async fn events(&self, _: &RoomId, _: Seq, _: PageBound) -> Result<Option<LogPage>, StoreError> {
        unreachable!("nobody reads here")
    }
    async fn history(
        &self,
        _: &RoomId,
        _: PageFrom,
        _: PageBound,
    ) -> Result<Option<HistoryPage>, StoreError> {
        unreachable!("nobody reads here")
    }
    async fn rooms(&self, _: Option<&RoomId>, _: usize) -> Result<Vec<RoomSummary>, StoreError> {
        unreachable!("nobody reads here")
    }
    async fn heads(&self, _: &[RoomId]) -> Result<Vec<RoomHead>, StoreError> {
        unreachable!("nobody reads here")
    }
    async fn heads_since(&self, _: Option<Cursor>) -> Result<(Vec<RoomHead>, Cursor), StoreError> {
        unreachable!("nobody reads here")
    }
    async fn check(&self) -> Result<(), StoreError> {
        Ok(())
    }
    fn usage(&self) -> Usage {
        Usage::default()
    }
    async fn close(&self) {}
}

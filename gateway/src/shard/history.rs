//! Pages of history: one at a time for a connection, and the next only when its outbox has room. Sixteen pages
//! that nobody reads would be megabytes.

use std::collections::VecDeque;

use chat::Refusal;
use tokio::time::Instant;

use super::{Shard, busy};
use crate::session::{Answered, AskId, Read, ReadAnswer};
use crate::switchboard::{ConnectionKey, Want};

/// The pages that a connection has asked for. Owned by it; the session bounds how many there can be.
#[derive(Debug, Default)]
pub(crate) struct PageLine {
    under_way: Option<AskId>,
    waiting: VecDeque<(AskId, Read)>,
}

impl Shard {
    /// Hands a question over, unless it is for a page that has to wait for its turn. What cannot be handed over
    /// is answered at once.
    pub(super) fn read(&mut self, key: ConnectionKey, ask: AskId, read: Read) -> Option<Answered> {
        if matches!(read, Read::History { .. }) {
            let connection = self.connection(key)?;
            let busy = connection.pages.under_way.is_some() || connection.outbox.is_half_full();
            if busy {
                connection.pages.waiting.push_back((ask, read));
                return None;
            }
            connection.pages.under_way = Some(ask);
        }
        if self.line.ask(Want::Read { connection: key, ask, read }).is_ok() {
            return None;
        }
        self.page_is_over(key, ask);
        Some(Answered::Read(ask, Err(busy())))
    }

    /// The answer to a question. Where a page could not be had, those behind it are not waited for one by one:
    /// each would take as long.
    pub(super) fn read_answered(
        &mut self,
        key: ConnectionKey,
        ask: AskId,
        answer: Result<ReadAnswer, Refusal>,
        now: Instant,
    ) {
        let was_page = self.page_is_over(key, ask);
        let refusal = answer.as_ref().err().cloned();
        self.answer(key, Answered::Read(ask, answer), now);
        match refusal {
            Some(refusal) if was_page => self.refuse_pages(key, &refusal, now),
            _ => self.next_page(key),
        }
    }

    /// Asks for the next page, if it is its turn.
    pub(super) fn next_page(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connection(key) else { return };
        if connection.pages.under_way.is_some() || connection.outbox.is_half_full() {
            return;
        }
        let Some((ask, read)) = connection.pages.waiting.pop_front() else { return };
        if let Some(refused) = self.read(key, ask, read) {
            self.answer(key, refused, Instant::now());
        }
    }

    fn refuse_pages(&mut self, key: ConnectionKey, refusal: &Refusal, now: Instant) {
        let Some(connection) = self.connection(key) else { return };
        for (ask, _) in std::mem::take(&mut connection.pages.waiting) {
            self.answer(key, Answered::Read(ask, Err(refusal.clone())), now);
        }
    }

    /// Notes that a question is answered. True if it was for the page under way.
    fn page_is_over(&mut self, key: ConnectionKey, ask: AskId) -> bool {
        self.connection(key).is_some_and(|connection| {
            let over = connection.pages.under_way == Some(ask);
            if over {
                connection.pages.under_way = None;
            }
            over
        })
    }
}

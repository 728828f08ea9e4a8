//! The end of a test: everything is read again by somebody new, and held against what everybody did and saw.

use std::collections::BTreeSet;

use tokio::time::{Instant, sleep};

use super::Town;
use super::database::{Stored, copies, stored};
use crate::audit::{Audit, Books, Kind};
use crate::diary::{Diary, Entry};
use crate::message::Message;
use crate::patience::PATIENCE;
use crate::person::{Person, Visit};

/// How often is looked whether those who are behind have caught up.
const GLANCE: std::time::Duration = std::time::Duration::from_millis(50);

/// The largest page that a server gives by default.
const PAGE: u16 = 200;

impl Town {
    /// Waits until everybody who is here has seen everything, and audits what everybody did and saw against what
    /// is stored. In Postgres, `count(*) = max(seq)` must hold for every room that there is.
    ///
    /// # Panics
    /// If the history cannot be read, or anything is wrong with it or with what somebody saw.
    pub async fn audit(&self) -> Audit {
        self.examine().await.clean()
    }

    /// The same, without demanding that nothing is wrong.
    ///
    /// # Panics
    /// If the history cannot be read.
    pub async fn examine(&self) -> Audit {
        let books = self.books().await;
        let start = Instant::now();
        loop {
            let audit = Audit::of(&self.diaries(), Some(&books));
            if audit.count(Kind::Missed) == 0 || start.elapsed() > PATIENCE {
                return audit;
            }
            sleep(GLANCE).await;
        }
    }

    /// Everything that is stored in the rooms that anybody was in, read by a new client.
    ///
    /// # Panics
    /// If it cannot be read.
    pub async fn books(&self) -> Books {
        let mut books = Books::default();
        let reader = Visit::new(self.running(), Diary::new("the auditor")).await;
        for room in self.rooms() {
            let (epoch, messages) = read(&reader, &room).await;
            books.add(&room, &epoch, messages);
        }
        reader.goes().await;
        if let Some(url) = self.database_url() {
            compare(&books, &url).await;
        }
        books
    }

    /// How many events Postgres itself has under the id of a request.
    ///
    /// # Panics
    /// If it does not answer, or the town has none.
    pub async fn copies(&self, id: &str) -> i64 {
        let url = self.database_url().unwrap_or_else(|| panic!("a solo has no Postgres"));
        copies(&url, id).await.unwrap_or_else(|e| panic!("Postgres does not answer: {e:#}"))
    }

    /// The gateways that run.
    fn running(&self) -> Vec<std::net::SocketAddr> {
        self.gateways.iter().filter(|gateway| gateway.runs()).map(crate::Server::listen).collect()
    }

    fn rooms(&self) -> BTreeSet<String> {
        let entries = self.diaries().into_iter().flat_map(|diary| diary.read());
        let rooms = entries.filter_map(|entry| match entry {
            Entry::Joined { room, .. } | Entry::Sent { room, .. } => Some(room),
            _ => None,
        });
        rooms.collect()
    }
}

/// In Postgres no room lacks an event, and those that were read are there as they were read.
async fn compare(books: &Books, url: &str) {
    let stored = stored(url).await.unwrap_or_else(|e| panic!("Postgres does not answer: {e:#}"));
    for (room, counts) in &stored {
        assert!(counts.is_whole(), "{room} in Postgres: {counts:?}");
    }
    for (room, book) in books.rooms() {
        assert_eq!(stored.get(room), Some(&Stored::whole(book.messages.len())), "{room} in Postgres");
    }
}

/// The epoch of a room, and all its messages.
async fn read(reader: &Person, room: &str) -> (String, Vec<Message>) {
    let joined = reader.joins(room).await;
    let mut all: Vec<Message> = Vec::new();
    loop {
        let after = all.last().map_or(0, |message| message.seq);
        let (page, more) = reader.history(room, after, PAGE).await;
        assert!(!more || !page.is_empty(), "a page of {room} after {after} is empty, and more are promised");
        all.extend(page);
        if !more {
            return (joined.epoch, all);
        }
    }
}

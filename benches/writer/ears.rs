//! Hears everything that is published, as a gateway with a member in each room, and counts it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use bus::{Bus, Link, Listening, Note, Topic};
use tokio::sync::{mpsc, watch};

use crate::offer;

/// How many notes may have come and not been counted.
const UNCOUNTED_MAX: usize = 8192;
const HANG: Duration = Duration::from_secs(30);

pub(crate) struct Ears {
    heard: Arc<AtomicU64>,
    link: watch::Receiver<Link>,
    _listening: Vec<Listening>,
}

impl Ears {
    /// Listens to all rooms.
    ///
    /// # Errors
    /// If the bus has been closed.
    pub(crate) async fn open(bus: &dyn Bus) -> Result<Self> {
        let (into, mut notes) = mpsc::channel(UNCOUNTED_MAX);
        let mut listening = Vec::new();
        for room in offer::rooms() {
            listening.push(bus.listen(Topic::Room(room), into.clone()).await?);
        }
        let heard = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Some(heard) = notes.recv().await {
                if let Note::Events(events) = heard.note {
                    count.fetch_add(events.events.len() as u64, Ordering::Relaxed);
                }
            }
        });
        Ok(Self { heard, link: bus.link(), _listening: listening })
    }

    /// Waits until all of so many events were heard.
    ///
    /// # Errors
    /// If they are not, and the bus does not say that some were lost.
    pub(crate) async fn expect(&self, events: u64) -> Result<()> {
        let start = Instant::now();
        while self.heard() < events && start.elapsed() < HANG && !self.lost() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        ensure!(self.heard() >= events || self.lost(), "{events} were acknowledged, {} heard", self.heard());
        Ok(())
    }

    fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }

    /// More came than could be taken: that is the load, not the writer.
    fn lost(&self) -> bool {
        self.link.borrow().losses > 0
    }
}

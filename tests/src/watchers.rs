//! Residents who say nothing and see everything, while something happens to the town.

use std::time::Duration;

use futures::future::join_all;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::crowd::square;
use crate::resident::Resident;
use crate::town::Town;

/// One in each room of the crowd, all at one gateway.
#[derive(Debug)]
pub struct Watchers {
    tasks: Vec<JoinHandle<Resident>>,
    enough: watch::Sender<bool>,
}

impl Watchers {
    /// Lets them come in. They give a connection up that has been silent for `quiet`, and for `sign` more after
    /// they have asked for a sign of life: as the protocol advises, 25 s and 10 s.
    ///
    /// # Panics
    /// If one cannot come in.
    pub async fn watch(town: &Town, rooms: usize, gateway: usize, quiet: Duration, sign: Duration) -> Self {
        let (enough, is_enough) = watch::channel(false);
        let mut tasks = Vec::new();
        for room in 0..rooms {
            let mut watcher =
                town.resident(&format!("watcher-{room}")).at(gateway).joins(&square(room)).await;
            let is_enough = is_enough.clone();
            tasks.push(tokio::spawn(async move {
                watcher.watches(quiet, sign, is_enough).await;
                watcher
            }));
        }
        Self { tasks, enough }
    }

    /// Ends the watch. They stay where they are: the audit demands that they have seen everything.
    ///
    /// # Panics
    /// If one had to give up.
    pub async fn ends(self) -> Vec<Resident> {
        self.enough.send_replace(true);
        let watchers = join_all(self.tasks).await.into_iter().collect::<Result<Vec<_>, _>>();
        watchers.unwrap_or_else(|e| panic!("a watcher gave up: {e}"))
    }
}

//! Says when drafts are due: each millisecond, and how many.
//!
//! A thread of its own keeps the time, because the timers of a runtime are late by up to a millisecond. It ends with
//! its run, or when nobody listens any more; what is due and was not taken yet waits in a channel as long as a run.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::sync::mpsc;

const TICK: Duration = Duration::from_millis(1);

/// What is due.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Due {
    /// When it was to be sent.
    pub(crate) planned: Instant,
    pub(crate) count: u64,
}

pub(crate) struct Metronome(mpsc::Receiver<Due>);

impl Metronome {
    /// Starts to count out `rate` a second, for a while.
    #[expect(clippy::disallowed_methods, reason = "the thread that sleeps has nothing else to do")]
    pub(crate) fn start(rate: u32, time: Duration) -> Result<Self> {
        let ticks = u32::try_from(time.as_millis())?;
        let (says, said) = mpsc::channel(time.as_millis().try_into()?);
        let start = Instant::now();
        thread::spawn(move || {
            for tick in 0..ticks {
                let planned = start + TICK * tick;
                thread::sleep(planned.saturating_duration_since(Instant::now()));
                let by = |tick: u32| u64::from(rate) * u64::from(tick) / 1000;
                if says.blocking_send(Due { planned, count: by(tick + 1) - by(tick) }).is_err() {
                    return;
                }
            }
        });
        Ok(Self(said))
    }

    /// What is due next; `None` when the time is over.
    ///
    /// Cancel safe.
    pub(crate) async fn next(&mut self) -> Option<Due> {
        self.0.recv().await
    }
}

//! How a Postgres is to be.

use std::ffi::OsString;

use anyhow::Result;

use super::Postgres;
use crate::wall_clock::WallClock;

/// A server that is not started yet.
#[derive(Debug, Default)]
#[must_use = "a plan is nothing until it is started"]
pub struct PostgresPlan {
    pub(super) settings: Vec<(String, String)>,
    pub(super) disk_megabytes: Option<u32>,
    pub(super) environment: Vec<(&'static str, OsString)>,
}

impl PostgresPlan {
    /// With a setting beside ours, such as `("shared_buffers", "2GB")`.
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With all its data, the write-ahead log too, on a disk of its own of so many megabytes, which can be filled.
    /// An empty server needs about thirty.
    pub fn disk_of(mut self, megabytes: u32) -> Self {
        self.disk_megabytes = Some(megabytes);
        self.set("min_wal_size", "2MB").set("max_wal_size", "8MB")
    }

    /// With a wall clock that can be moved.
    pub fn clock(mut self, clock: &WallClock) -> Self {
        self.environment.extend(clock.for_postgres());
        self
    }

    /// Starts the server. Takes about half a second.
    ///
    /// # Errors
    /// [`NotHere`](crate::NotHere) if a disk of its own cannot be mounted on this machine. Else if Postgres is not
    /// installed, or does not start: with the end of its log.
    pub async fn start(self) -> Result<Postgres> {
        Postgres::build(self).await
    }
}

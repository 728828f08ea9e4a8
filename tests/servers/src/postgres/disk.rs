//! A server whose data lie on a disk of their own.

use anyhow::{Context as _, Result};

use super::Postgres;
use crate::disk::Disk;

impl Postgres {
    /// Fills its disk to the last byte; gives the size of the ballast. From now on a transaction that needs a new
    /// page fails (`53100`), while what fits into pages that there are goes on. When it needs a new segment of the
    /// write-ahead log, the server gives up; after [`Self::free_disk`] it needs a restart then.
    ///
    /// # Errors
    /// If it has no disk of its own.
    pub fn fill_disk(&mut self) -> Result<u64> {
        self.own_disk()?.fill()
    }

    /// Takes the ballast off its disk.
    ///
    /// # Errors
    /// If its disk was not filled.
    pub fn free_disk(&mut self) -> Result<()> {
        self.own_disk()?.free()
    }

    fn own_disk(&self) -> Result<&Disk> {
        self.disk.as_ref().context("this server has no disk of its own: plan it with disk_of()")
    }
}

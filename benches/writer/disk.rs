//! What the disk takes to keep something.

use std::io::{Seek as _, Write as _};
use std::time::{Duration, Instant};

use anyhow::Result;

const TIMES: usize = 500;
const PAGE: [u8; 8192] = [7; 8192];

/// The median time of one write of 8 KiB over the same place and `fdatasync`, where temporary files are: there
/// Postgres has its data, too.
pub(crate) fn fdatasync() -> Result<Duration> {
    let mut file = tempfile::tempfile()?;
    let mut times = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let start = Instant::now();
        file.rewind()?;
        file.write_all(&PAGE)?;
        file.sync_data()?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok(times[TIMES / 2])
}

//! How fast a writer is: the program `parlor writer` itself, on a NATS and a Postgres of its own with fsync on.
//!
//! `cargo bench --bench writer` prints it, and `-- --json FILE` keeps it. Drafts come over the bus as from a gateway,
//! one a submission, and everything that is published is heard by one listener, as by a gateway with a member in each
//! room. First they come at fixed rates, planned a millisecond at a time, whatever the writer does with them; then a
//! fixed number is on its way at once, as fast as the answers come. Latencies are held against what the disk takes
//! for one `fdatasync` in the same run.

mod disk;
mod ears;
mod histogram;
mod metronome;
mod offer;
mod report;
mod stage;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use clap::Parser;

use crate::ears::Ears;
use crate::offer::{Offer, Offered};
use crate::report::{Figures, Report};
use crate::stage::Stage;

/// How long each load runs before it is measured.
const WARM_UP: Duration = Duration::from_secs(1);

/// What is measured.
#[derive(Debug, Parser)]
struct Args {
    /// Messages a second that are offered, one run each
    #[arg(long, value_delimiter = ',', default_values_t = [5_000, 20_000, 60_000])]
    rates: Vec<u32>,
    /// Messages on their way at once, one run each
    #[arg(long, value_delimiter = ',', default_values_t = [64, 512])]
    in_flight: Vec<usize>,
    /// Seconds of each run, after a second that is not counted
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// Where the figures go as JSON
    #[arg(long)]
    json: Option<PathBuf>,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

/// Drafts are offered and answers taken by one thread, as in a gateway.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let args = Args::parse();
    let rates = args.rates.iter().map(|&rate| Offered::Rate(rate));
    let loads = rates.chain(args.in_flight.iter().map(|&count| Offered::InFlight(count)));
    let stage = Stage::set().await?;
    let ears = Ears::open(&**stage.bus()).await?;
    let mut offer = Offer::new(Arc::clone(stage.bus()));
    let mut report = Report::new(disk::fdatasync()?);
    report.print_head();
    for load in loads {
        offer.run(load, WARM_UP).await?;
        let before = stage.look()?;
        let outcome = offer.run(load, Duration::from_secs(args.seconds)).await?;
        report.add(Figures::new(load, &outcome, &before, &stage.look()?));
    }
    ears.expect(offer.acknowledged()).await?;
    args.json.map_or(Ok(()), |file| report.write(&file))
}

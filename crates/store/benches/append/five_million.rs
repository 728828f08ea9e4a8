//! Postgres with five million messages: what appending still makes there, and how long reading takes.
//!
//! One writer fills the table through the store, over 100 000 rooms of which the n-th is as busy as 1/n. Nothing is
//! left out of the rates: autovacuum and checkpoints run as they do.

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use chat::{PageFrom, Seq};
use serde::Serialize;
use store::{PageBound, Store};

use crate::load::{Load, Spread};
use crate::quantiles::Quantiles;
use crate::stage::{Figure, Stage};

const BATCH: usize = 1000;
/// Rates are those of so many messages in a row.
const SLICE: usize = 250_000;
const SLICES: usize = 20;
/// Reads of each kind.
const READS: usize = 6000;
/// The most bytes of a page, as a writer asks for it.
const BYTES: usize = 256 * 1024;

/// What was found out.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    /// Each quarter of a million.
    slices: Vec<Figure>,
    /// The last million's rate as a part of that of the first quarter.
    full_to_empty: f64,
    latest_50_ms: Quantiles,
    after_seq_100_ms: Quantiles,
}

pub(crate) async fn measure() -> Result<Figures> {
    let stage = Stage::set().await?;
    let store = stage.open().await?;
    let mut load = Load::new(3);
    println!("PostgreSQL, filled by one writer in batches of {BATCH}: messages/s and CPU of PostgreSQL");
    let mut slices = Vec::with_capacity(SLICES);
    for n in 1..=SLICES {
        let figure = fill(&stage, &*store, &mut load).await?;
        println!("  up to {:>9} {:>8.0}/s  {:>5.1} µs", n * SLICE, figure.per_s, figure.cpu_us);
        slices.push(figure);
    }
    let million = &slices[SLICES - 4..];
    // Each slice has as many messages: their common rate is the harmonic mean.
    let full = million.len() as f64 / million.iter().map(|figure| 1.0 / figure.per_s).sum::<f64>();
    let figures = Figures {
        full_to_empty: full / slices[0].per_s,
        latest_50_ms: latest(&*store, &mut load).await?,
        after_seq_100_ms: after(&*store, &mut load).await?,
        slices,
    };
    println!("  the last million: {:.2} of the first quarter", figures.full_to_empty);
    for (what, times) in
        [("latest 50", &figures.latest_50_ms), ("100 after a seq", &figures.after_seq_100_ms)]
    {
        println!("  {what:<16} {:.2} ms (median), {:.2} ms (p99)", times.p50, times.p99);
    }
    Ok(figures)
}

async fn fill(stage: &Stage, store: &dyn Store, load: &mut Load) -> Result<Figure> {
    let batches: Vec<_> = (0..SLICE / BATCH).map(|_| load.batch(Spread::Zipf, BATCH, 0, 1)).collect();
    let watch = stage.watch()?;
    for batch in &batches {
        let answers = store.append(batch).await?;
        ensure!(answers.iter().all(Result::is_ok), "a message was refused");
    }
    watch.stop(SLICE)
}

/// The latest messages of a room, as one who opens it reads them.
async fn latest(store: &dyn Store, load: &mut Load) -> Result<Quantiles> {
    let bound = PageBound { count: 50, bytes: BYTES };
    let mut times = Vec::with_capacity(READS);
    for _ in 0..READS {
        let room = load.room(Spread::Zipf);
        let start = Instant::now();
        store.history(&room, PageFrom::Before(Seq::MAX), bound).await?.context("a room is gone")?;
        times.push(start.elapsed());
    }
    Ok(Quantiles::of(times))
}

/// The events of a room from its middle on, as one who comes back reads them.
async fn after(store: &dyn Store, load: &mut Load) -> Result<Quantiles> {
    let bound = PageBound { count: 100, bytes: BYTES };
    let mut times = Vec::with_capacity(READS);
    for _ in 0..READS {
        let room = load.room(Spread::Zipf);
        let state = store.open(&room, false).await?.context("a room is gone")?;
        let middle = Seq::new(state.seq.get() / 2)?;
        let start = Instant::now();
        store.events(&room, middle, bound).await?.context("a room is gone")?;
        times.push(start.elapsed());
    }
    Ok(Quantiles::of(times))
}

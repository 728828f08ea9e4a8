//! SQLite: synchronous FULL, batches of 100 and of 1000.

use std::time::Instant;

use anyhow::{Result, ensure};
use serde::Serialize;
use store::Options;

use crate::load::{Load, Spread, room};
use crate::{ROUNDS, median};

const MESSAGES: usize = 50_000;

/// What was found out.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    batch: usize,
    per_s: f64,
}

pub(crate) async fn measure() -> Result<Vec<Figures>> {
    println!("SQLite, uniform over 1000 rooms, a new file each time, medians of {ROUNDS}: messages/s");
    let mut load = Load::new(2);
    let mut figures = Vec::new();
    for size in [100, 1000] {
        let mut rates = Vec::new();
        for _ in 0..ROUNDS {
            rates.push(rate(&mut load, size).await?);
        }
        let per_s = median(rates);
        println!("  batches of {size:<5} {per_s:>8.0}");
        figures.push(Figures { batch: size, per_s });
    }
    Ok(figures)
}

async fn rate(load: &mut Load, size: usize) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite:{}/bench.db", folder.path().display());
    store::migrate(&url, false).await?;
    let store = store::open(&url, &Options::default()).await?;
    for n in 0..1000 {
        store.open(&room(n * 97), true).await?;
    }
    let batches: Vec<_> = (0..MESSAGES / size).map(|_| load.batch(Spread::Uniform, size, 0, 1)).collect();
    let start = Instant::now();
    for batch in &batches {
        let answers = store.append(batch).await?;
        ensure!(answers.iter().all(Result::is_ok), "a message was refused");
    }
    let rate = MESSAGES as f64 / start.elapsed().as_secs_f64();
    store.close().await;
    Ok(rate)
}

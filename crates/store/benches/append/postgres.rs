//! Postgres: one writer and two, beside the raw insert.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use chat::{Change, Draft};
use serde::Serialize;
use sqlx::{Executor as _, PgConnection};
use store::Store;

use crate::ROUNDS;
use crate::load::{Load, Spread};
use crate::quantiles::Quantiles;
use crate::stage::{Figure, Stage};

const BATCH: usize = 1000;
const BATCHES: usize = 150;
/// How often a message is appended by itself.
const LONE: usize = 2000;

const RAW: &str = "
INSERT INTO raw (room, seq, tx, at, kind, author, author_name, request, body)
SELECT room, seq, $8, now(), $3, author, author_name, request, body
FROM unnest($1::bigint[], $2::bigint[], $4::text[], $5::text[], $6::text[], $7::text[])
    AS t (room, seq, author, author_name, request, body)";

/// What was found out.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    batch: usize,
    rounds: usize,
    spreads: Vec<SpreadFigures>,
    /// A message in a batch of its own.
    lone_ms: Quantiles,
}

/// Medians of the rounds of one spread.
#[derive(Debug, Serialize)]
struct SpreadFigures {
    spread: &'static str,
    /// The plain multi-row insert: R.
    limit: Figure,
    one_writer: Figure,
    two_writers: Figure,
    /// `one_writer` as a part of R.
    one_to_limit: f64,
    two_to_one: f64,
}

pub(crate) async fn measure() -> Result<Figures> {
    let stage = Stage::set().await?;
    let mut bench = Bench {
        raw: stage.connect().await?,
        stores: [stage.open().await?, stage.open().await?],
        stage,
        load: Load::new(1),
    };
    bench.raw.execute(sqlx::raw_sql("CREATE TABLE raw (LIKE events INCLUDING ALL)")).await?;
    println!(
        "PostgreSQL, batches of {BATCH}, medians of {ROUNDS}: messages/s, as a part of R, and CPU of PostgreSQL"
    );
    let mut spreads = Vec::new();
    for spread in Spread::ALL {
        let figures = bench.spread(spread).await?;
        figures.print();
        spreads.push(figures);
    }
    let lone_ms = bench.lone().await?;
    println!("  a lone message: {:.2} ms (median), {:.2} ms (p99)", lone_ms.p50, lone_ms.p99);
    Ok(Figures { batch: BATCH, rounds: ROUNDS, spreads, lone_ms })
}

impl SpreadFigures {
    fn print(&self) {
        println!("  {}", self.spread);
        for (name, figure) in
            [("R", &self.limit), ("1 writer", &self.one_writer), ("2 writers", &self.two_writers)]
        {
            println!(
                "    {name:<10} {:>8.0}/s = {:.2} R   {:>5.1} µs = {:.2} R",
                figure.per_s,
                figure.per_s / self.limit.per_s,
                figure.cpu_us,
                figure.cpu_us / self.limit.cpu_us
            );
        }
        println!("    2 writers = {:.2} × 1 writer", self.two_to_one);
    }
}

struct Bench {
    stage: Stage,
    raw: PgConnection,
    stores: [Arc<dyn Store>; 2],
    load: Load,
}

impl Bench {
    /// All three in turns.
    async fn spread(&mut self, spread: Spread) -> Result<SpreadFigures> {
        let mut figures: [Vec<Figure>; 3] = Default::default();
        for round in 0..=ROUNDS {
            let taken =
                [self.raw_rate(spread).await?, self.rate(spread, 1).await?, self.rate(spread, 2).await?];
            // The first round warms up.
            if round > 0 {
                figures.iter_mut().zip(taken).for_each(|(figures, taken)| figures.push(taken));
            }
        }
        let [limit, one_writer, two_writers] = figures.map(|taken| Figure::median(&taken));
        Ok(SpreadFigures {
            spread: spread.name(),
            limit,
            one_writer,
            two_writers,
            one_to_limit: one_writer.per_s / limit.per_s,
            two_to_one: two_writers.per_s / one_writer.per_s,
        })
    }

    /// Rows per second of the raw insert.
    async fn raw_rate(&mut self, spread: Spread) -> Result<Figure> {
        self.raw.execute(sqlx::raw_sql("TRUNCATE raw")).await?;
        let batches: Vec<Vec<Draft>> = (0..BATCHES).map(|_| self.load.batch(spread, BATCH, 0, 1)).collect();
        let watch = self.stage.watch()?;
        for (tx, batch) in (1..).zip(&batches) {
            raw_insert(&mut self.raw, batch, tx).await?;
        }
        watch.stop(BATCH * BATCHES)
    }

    /// Messages per second of one or two stores at once.
    async fn rate(&mut self, spread: Spread, writers: usize) -> Result<Figure> {
        self.raw.execute(sqlx::raw_sql("TRUNCATE events")).await?;
        let mut parts = Vec::new();
        for (writer, store) in (0..).zip(&self.stores[..writers]) {
            let batch = |_| self.load.batch(spread, BATCH, writer, writers as u64);
            let batches: Vec<_> = (0..BATCHES / writers).map(batch).collect();
            parts.push((Arc::clone(store), batches));
        }
        let watch = self.stage.watch()?;
        let writing: Vec<_> =
            parts.into_iter().map(|(store, batches)| tokio::spawn(write(store, batches))).collect();
        for writer in writing {
            writer.await??;
        }
        watch.stop(BATCH * BATCHES)
    }

    async fn lone(&mut self) -> Result<Quantiles> {
        let mut times = Vec::with_capacity(LONE);
        for _ in 0..LONE {
            let lone = self.load.batch(Spread::Zipf, 1, 0, 1);
            let start = Instant::now();
            self.stores[0].append(&lone).await?;
            times.push(start.elapsed());
        }
        Ok(Quantiles::of(times))
    }
}

async fn raw_insert(connection: &mut PgConnection, batch: &[Draft], tx: i64) -> Result<()> {
    let rooms: Vec<i64> = batch.iter().map(|draft| number(draft.room.as_str())).collect::<Result<_>>()?;
    let seqs: Vec<i64> = (0..).take(batch.len()).map(|n| tx * 1000 + n).collect();
    let body = |draft: &Draft| match &draft.change {
        Change::Message { body, .. } => body.as_str().to_owned(),
        Change::Edit { .. } | Change::Delete { .. } => String::new(),
    };
    sqlx::query(RAW)
        .bind(rooms)
        .bind(seqs)
        .bind(1_i16)
        .bind(batch.iter().map(|draft| draft.by.id.as_str()).collect::<Vec<_>>())
        .bind(batch.iter().map(|draft| &*draft.by.name).collect::<Vec<_>>())
        .bind(batch.iter().map(|draft| draft.id.as_str()).collect::<Vec<_>>())
        .bind(batch.iter().map(body).collect::<Vec<_>>())
        .bind(tx)
        .execute(connection)
        .await?;
    Ok(())
}

fn number(room: &str) -> Result<i64> {
    let number = room.strip_prefix("team-").and_then(|rest| rest.strip_suffix(":general"));
    Ok(number.context("not a room of the load")?.parse()?)
}

async fn write(store: Arc<dyn Store>, batches: Vec<Vec<Draft>>) -> Result<()> {
    for batch in &batches {
        let answers = store.append(batch).await?;
        ensure!(answers.iter().all(Result::is_ok), "a message was refused");
    }
    Ok(())
}

//! Postgres: one writer and two, beside the raw insert.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use chat::{Change, Draft};
use servers::Postgres;
use sqlx::{Connection as _, Executor as _, PgConnection};
use store::{Options, Store};

use crate::load::{Load, Spread};
use crate::{ROUNDS, median};

const BATCH: usize = 1000;
const BATCHES: usize = 150;

const RAW: &str = "
INSERT INTO raw (room, seq, tx, at, kind, author, author_name, request, body)
SELECT room, seq, $8, now(), $3, author, author_name, request, body
FROM unnest($1::bigint[], $2::bigint[], $4::text[], $5::text[], $6::text[], $7::text[])
    AS t (room, seq, author, author_name, request, body)";

pub(crate) async fn measure() -> Result<()> {
    let settings = [("shared_buffers", "2GB"), ("max_wal_size", "8GB"), ("checkpoint_timeout", "15min")];
    let server = Postgres::start_with(&settings).await?;
    let url = server.create_database("bench").await?;
    store::migrate(&url, false).await?;
    let mut raw = PgConnection::connect(&url).await?;
    raw.execute(sqlx::raw_sql("CREATE TABLE raw (LIKE events INCLUDING ALL)")).await?;
    let rooms =
        "INSERT INTO rooms (name, kind) SELECT 'team-' || n || ':general', 1 FROM generate_series(0, $1) n";
    sqlx::query(rooms).bind(i64::try_from(Load::ROOMS)?).execute(&mut raw).await?;
    raw.execute(sqlx::raw_sql("VACUUM ANALYZE")).await?;
    let stores = [open(&url).await?, open(&url).await?];

    println!(
        "PostgreSQL, batches of {BATCH}, medians of {ROUNDS}: messages/s, as a fraction of R, and CPU of PostgreSQL"
    );
    let mut load = Load::new(1);
    for spread in Spread::ALL {
        let mut figures: [Vec<Figure>; 3] = Default::default();
        for round in 0..=ROUNDS {
            let taken = [
                raw_rate(&server, &mut raw, &mut load, spread).await?,
                rate(&server, &mut raw, &stores[..1], &mut load, spread).await?,
                rate(&server, &mut raw, &stores, &mut load, spread).await?,
            ];
            // The first round warms up.
            if round > 0 {
                figures.iter_mut().zip(taken).for_each(|(figures, taken)| figures.push(taken));
            }
        }
        let [limit, one, two] = figures.map(|taken| Figure::median(&taken));
        println!("  {}", spread.name());
        for (name, figure) in [("R", limit), ("1 writer", one), ("2 writers", two)] {
            println!(
                "    {name:<10} {:>8.0}/s = {:.2} R   {:>5.1} µs = {:.2} R",
                figure.rate,
                figure.rate / limit.rate,
                figure.cpu_us,
                figure.cpu_us / limit.cpu_us
            );
        }
    }
    let mut times = Vec::new();
    for _ in 0..2000 {
        let lone = load.batch(Spread::Zipf, 1, 0, 1);
        let start = Instant::now();
        stores[0].append(&lone).await?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    println!("  a lone message: {:.2?} (median), {:.2?} (p99)", times[1000], times[1980]);
    Ok(())
}

/// What was measured in one go.
#[derive(Clone, Copy)]
struct Figure {
    /// Messages per second.
    rate: f64,
    /// CPU time of all of PostgreSQL's processes a message, in microseconds.
    cpu_us: f64,
}

impl Figure {
    fn median(taken: &[Self]) -> Self {
        Self {
            rate: median(taken.iter().map(|figure| figure.rate).collect()),
            cpu_us: median(taken.iter().map(|figure| figure.cpu_us).collect()),
        }
    }
}

/// A measurement under way.
struct Watch {
    pid: u32,
    cpu_us: f64,
    start: Instant,
}

impl Watch {
    fn start(server: &Postgres) -> Result<Self> {
        let pid = server.pid()?;
        Ok(Self { pid, cpu_us: cpu_us(pid)?, start: Instant::now() })
    }

    fn stop(self) -> Result<Figure> {
        let messages = (BATCH * BATCHES) as f64;
        let rate = messages / self.start.elapsed().as_secs_f64();
        Ok(Figure { rate, cpu_us: (cpu_us(self.pid)? - self.cpu_us) / messages })
    }
}

/// CPU time of a process and its children so far, in microseconds; the kernel counts in hundredths of a second.
fn cpu_us(pid: u32) -> Result<f64> {
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
    let mut ticks = 0_u64;
    for pid in children.split_whitespace().chain([pid.to_string().as_str()]) {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // After the name, which is in brackets: user time is the 12th field, system time the 13th.
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
        ticks += fields.filter_map(|field| field.parse::<u64>().ok()).sum::<u64>();
    }
    Ok(ticks as f64 * 10_000.0)
}

async fn open(url: &str) -> Result<Arc<dyn Store>> {
    Ok(store::open(url, &Options::default()).await?)
}

/// Rows per second of the raw insert.
async fn raw_rate(
    server: &Postgres,
    connection: &mut PgConnection,
    load: &mut Load,
    spread: Spread,
) -> Result<Figure> {
    connection.execute(sqlx::raw_sql("TRUNCATE raw")).await?;
    let batches: Vec<Vec<Draft>> = (0..BATCHES).map(|_| load.batch(spread, BATCH, 0, 1)).collect();
    let mut tx = 0_i64;
    let watch = Watch::start(server)?;
    for batch in &batches {
        tx += 1;
        raw_insert(connection, batch, tx).await?;
    }
    watch.stop()
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

/// Messages per second of one or two stores at once.
async fn rate(
    server: &Postgres,
    connection: &mut PgConnection,
    stores: &[Arc<dyn Store>],
    load: &mut Load,
    spread: Spread,
) -> Result<Figure> {
    connection.execute(sqlx::raw_sql("TRUNCATE events")).await?;
    let mut parts = Vec::new();
    for (writer, store) in (0..).zip(stores) {
        let count = BATCHES / stores.len();
        let writers = u64::try_from(stores.len())?;
        let batches: Vec<_> = (0..count).map(|_| load.batch(spread, BATCH, writer, writers)).collect();
        parts.push((Arc::clone(store), batches));
    }
    let watch = Watch::start(server)?;
    let writers: Vec<_> =
        parts.into_iter().map(|(store, batches)| tokio::spawn(write(store, batches))).collect();
    for writer in writers {
        writer.await??;
    }
    watch.stop()
}

async fn write(store: Arc<dyn Store>, batches: Vec<Vec<Draft>>) -> Result<()> {
    for batch in &batches {
        let answers = store.append(batch).await?;
        ensure!(answers.iter().all(Result::is_ok), "a message was refused");
    }
    Ok(())
}

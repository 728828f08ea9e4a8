//! A Postgres of our own with the tables and rooms of the load, and what it uses of the processor.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde::Serialize;
use servers::{Postgres, cpu_time};
use sqlx::{Connection as _, Executor as _, PgConnection};
use store::{Options, Store};

use crate::load::Load;
use crate::median;

/// A Postgres for much traffic: the defaults are those for a small machine. `fsync` is on.
const SETTINGS: [(&str, &str); 3] =
    [("shared_buffers", "2GB"), ("max_wal_size", "8GB"), ("checkpoint_timeout", "15min")];

pub(crate) struct Stage {
    server: Postgres,
    url: String,
}

impl Stage {
    /// Starts it, with all rooms and no messages.
    ///
    /// # Errors
    /// If Postgres is not installed or does not start.
    pub(crate) async fn set() -> Result<Self> {
        let server = Postgres::start_with(&SETTINGS).await?;
        let url = server.create_database("bench").await?;
        store::migrate(&url, false).await?;
        let stage = Self { server, url };
        let mut connection = stage.connect().await?;
        let rooms = "INSERT INTO rooms (name, kind) SELECT 'team-' || n || ':general', 1 FROM generate_series(0, $1) n";
        sqlx::query(rooms).bind(i64::try_from(Load::ROOMS)?).execute(&mut connection).await?;
        connection.execute(sqlx::raw_sql("VACUUM ANALYZE")).await?;
        Ok(stage)
    }

    /// A connection that is nobody's.
    pub(crate) async fn connect(&self) -> Result<PgConnection> {
        Ok(PgConnection::connect(&self.url).await?)
    }

    /// A store, as one writer has it.
    pub(crate) async fn open(&self) -> Result<Arc<dyn Store>> {
        Ok(store::open(&self.url, &Options::default()).await?)
    }

    /// Starts to measure.
    pub(crate) fn watch(&self) -> Result<Watch> {
        let pid = self.server.pid()?;
        Ok(Watch { pid, cpu: cpu_time(pid)?, start: Instant::now() })
    }
}

/// A measurement under way.
pub(crate) struct Watch {
    pid: u32,
    cpu: Duration,
    start: Instant,
}

impl Watch {
    /// Ends it: so many messages were stored.
    pub(crate) fn stop(self, messages: usize) -> Result<Figure> {
        let messages = messages as f64;
        let rate = messages / self.start.elapsed().as_secs_f64();
        let cpu = cpu_time(self.pid)?.saturating_sub(self.cpu);
        Ok(Figure { per_s: rate, cpu_us: cpu.as_secs_f64() * 1e6 / messages })
    }
}

/// What was measured in one go.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Figure {
    /// Messages per second.
    pub(crate) per_s: f64,
    /// CPU time of all of PostgreSQL's processes a message, in microseconds.
    pub(crate) cpu_us: f64,
}

impl Figure {
    pub(crate) fn median(taken: &[Self]) -> Self {
        Self {
            per_s: median(taken.iter().map(|figure| figure.per_s).collect()),
            cpu_us: median(taken.iter().map(|figure| figure.cpu_us).collect()),
        }
    }
}

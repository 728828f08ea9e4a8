//! Postgres, NATS and the writer between them, each a process of its own, and what each of them has used so far.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use bus::{Ask, Bus, Door};
use servers::{Nats, Postgres, cpu_time};
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::histogram::Histogram;
use crate::offer;

/// A Postgres for much traffic: the defaults are those for a small machine.
const POSTGRES: [(&str, &str); 4] = [
    ("shared_buffers", "2GB"),
    ("max_wal_size", "8GB"),
    ("min_wal_size", "2GB"),
    ("checkpoint_timeout", "15min"),
];
/// Files of the log (16 MiB each) that are there before the first message: more than all runs write. A server that has
/// run for a while goes round in those that it has; a new one stops for 15 ms wherever it has to make the next.
const LOG_FILES: usize = 100;
const HANG: Duration = Duration::from_secs(30);

/// In the order in which it ends.
pub(crate) struct Stage {
    bus: Arc<dyn Bus>,
    writer: Writer,
    postgres: Postgres,
    nats: Nats,
}

/// What everybody has used by now, and what the writer has counted.
pub(crate) struct Look {
    pub(crate) postgres: Duration,
    pub(crate) nats: Duration,
    pub(crate) writer: Duration,
    /// From arrival to commit, in seconds.
    pub(crate) to_commit: Histogram,
    /// Messages a batch.
    pub(crate) batches: Histogram,
}

impl Stage {
    /// Starts all of it, and waits until the writer serves every room.
    ///
    /// # Errors
    /// If something is not installed or does not start.
    pub(crate) async fn set() -> Result<Self> {
        let (postgres, nats) = (Postgres::start_with(&POSTGRES).await?, Nats::start().await?);
        let database = postgres.create_database("bench").await?;
        store::migrate(&database, false).await?;
        let store = store::open(&database, &store::Options::default()).await?;
        for room in offer::rooms() {
            store.open(&room, true).await?;
        }
        store.close().await;
        let mut server = PgConnection::connect(&database).await?;
        for _ in 0..LOG_FILES {
            server.execute("SELECT pg_logical_emit_message(false, 'parlor', ''), pg_switch_wal()").await?;
        }
        server.execute("CHECKPOINT").await?;
        server.close().await?;
        let bus = bus::open(&nats.url(), &bus::Options::default()).await?;
        let writer = Writer::start(&nats.url(), &database)?;
        let stage = Self { bus, writer, postgres, nats };
        stage.until_served().await?;
        Ok(stage)
    }

    pub(crate) fn bus(&self) -> &Arc<dyn Bus> {
        &self.bus
    }

    pub(crate) fn look(&self) -> Result<Look> {
        let metrics = self.writer.metrics()?;
        Ok(Look {
            postgres: cpu_time(self.postgres.pid()?)?,
            nats: cpu_time(self.nats.pid()?)?,
            writer: cpu_time(self.writer.process.id())?,
            to_commit: Histogram::read(&metrics, "parlor_accept_to_commit_seconds")?,
            batches: Histogram::read(&metrics, "parlor_commit_batch_messages")?,
        })
    }

    /// Doors are opened in the order of partitions, so the last one tells of all.
    async fn until_served(&self) -> Result<()> {
        let start = Instant::now();
        for partition in bus::Partition::all() {
            while !self.is_served(Door::Read(partition)).await {
                ensure!(start.elapsed() < HANG, "the writer does not serve");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Ok(())
    }

    async fn is_served(&self, door: Door) -> bool {
        match self.bus.ask(door, Ask::Heads(Vec::new()), None).await {
            Ok(pending) => pending.await.is_ok(),
            Err(_) => false,
        }
    }
}

/// The program. Dropped, it is killed.
struct Writer {
    process: Child,
    admin: SocketAddr,
}

impl Writer {
    fn start(bus: &str, store: &str) -> Result<Self> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_parlor"));
        command.args(["writer", "--admin-listen", "127.0.0.1:0", "--bus", bus, "--store", store]);
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let printed = BufReader::new(process.stdout.take().context("no output")?);
        let mut lines = printed.lines();
        let admin = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                line.strip_prefix("admin: ")?.trim_start_matches("http://").trim_end_matches('/').parse().ok()
            })
            .context("the writer has not said where its admin port is")?;
        // Nobody may find its pipe full.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Ok(Self { process, admin })
    }

    /// What its admin port shows.
    fn metrics(&self) -> Result<String> {
        let mut socket = TcpStream::connect(self.admin)?;
        socket.set_read_timeout(Some(HANG))?;
        write!(socket, "GET /metrics HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.admin)?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer)?;
        Ok(answer)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // It may have ended before.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

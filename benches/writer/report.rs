//! The figures of a run: a line a person reads, and JSON.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use hdrhistogram::Histogram;
use serde::Serialize;

use crate::offer::{Offered, Outcome};
use crate::stage::Look;

/// What is demanded.
const BASE: Duration = Duration::from_micros(500);
const P99_TIMES: u32 = 5;
const WRITER_CPU_US: f64 = 10.0;

/// Everything that was measured in one sitting.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    schema: u8,
    fdatasync_us: f64,
    /// What p99 from arrival to commit is held to: five times (`fdatasync` + 0.5 ms).
    p99_limit_ms: f64,
    writer_cpu_limit_us: f64,
    loads: Vec<Figures>,
}

/// One run.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    load: String,
    acknowledged_per_s: f64,
    /// How many were not stored: nobody had room for them, or they got lost.
    refused: u64,
    /// How many of those were never answered.
    unanswered: u64,
    messages_a_batch: f64,
    /// From arrival at the writer to the commit, from its own metrics.
    arrival_to_commit_ms: Quantiles,
    /// From the planned time to the verdict: with the bus, there and back.
    planned_to_verdict_ms: Quantiles,
    /// CPU a message, in microseconds.
    cpu_us: Cpu,
}

#[derive(Debug, Serialize)]
struct Quantiles {
    p50: f64,
    p99: f64,
}

#[derive(Debug, Serialize)]
struct Cpu {
    writer: f64,
    postgres: f64,
    nats: f64,
}

impl Figures {
    pub(crate) fn new(offered: Offered, outcome: &Outcome, before: &Look, after: &Look) -> Self {
        let messages = outcome.acknowledged() as f64;
        let cpu = |before: Duration, after: Duration| (after - before).as_secs_f64() * 1e6 / messages;
        let to_commit = after.to_commit.since(&before.to_commit);
        let ms = |part: f64| to_commit.quantile(part) * 1e3;
        Self {
            load: match offered {
                Offered::Rate(rate) => format!("{rate}/s"),
                Offered::InFlight(count) => format!("{count} in flight"),
            },
            acknowledged_per_s: messages / outcome.took.as_secs_f64(),
            refused: outcome.refused,
            unanswered: outcome.unanswered,
            messages_a_batch: after.batches.since(&before.batches).mean(),
            arrival_to_commit_ms: Quantiles { p50: ms(0.5), p99: ms(0.99) },
            planned_to_verdict_ms: Quantiles::of(&outcome.latency),
            cpu_us: Cpu {
                writer: cpu(before.writer, after.writer),
                postgres: cpu(before.postgres, after.postgres),
                nats: cpu(before.nats, after.nats),
            },
        }
    }
}

impl Quantiles {
    /// Of microseconds.
    fn of(times: &Histogram<u64>) -> Self {
        let ms = |part: f64| times.value_at_quantile(part) as f64 / 1e3;
        Self { p50: ms(0.5), p99: ms(0.99) }
    }
}

impl Report {
    pub(crate) fn new(fdatasync: Duration) -> Self {
        Self {
            schema: 1,
            fdatasync_us: fdatasync.as_secs_f64() * 1e6,
            p99_limit_ms: ((fdatasync + BASE) * P99_TIMES).as_secs_f64() * 1e3,
            writer_cpu_limit_us: WRITER_CPU_US,
            loads: Vec::new(),
        }
    }

    pub(crate) fn print_head(&self) {
        println!(
            "fdatasync {:.0} µs: arrival to commit is held to p99 ≤ {:.2} ms at 20 000/s, the writer to {WRITER_CPU_US} \
             µs a message",
            self.fdatasync_us, self.p99_limit_ms
        );
        println!(
            "{:<14} {:>9} {:>8} {:>10} {:>6}   {:^15}   {:^15}   {:^26}",
            "", "", "", "", "", "to commit, ms", "to verdict, ms", "CPU µs a message"
        );
        println!(
            "{:<14} {:>9} {:>8} {:>10} {:>6}   {:>7} {:>7}   {:>7} {:>7}   {:>8} {:>8} {:>8}",
            "offered",
            "stored/s",
            "refused",
            "unanswered",
            "batch",
            "p50",
            "p99",
            "p50",
            "p99",
            "writer",
            "Postgres",
            "NATS"
        );
    }

    /// Takes the figures of a run in, and prints them.
    pub(crate) fn add(&mut self, figures: Figures) {
        let Figures { load, acknowledged_per_s, refused, unanswered, messages_a_batch, .. } = &figures;
        let (commit, verdict, cpu) =
            (&figures.arrival_to_commit_ms, &figures.planned_to_verdict_ms, &figures.cpu_us);
        println!(
            "{load:<14} {acknowledged_per_s:>9.0} {refused:>8} {unanswered:>10} {messages_a_batch:>6.1}   {:>7.2} {:>7.2}   \
             {:>7.2} {:>7.2}   {:>8.1} {:>8.1} {:>8.1}",
            commit.p50, commit.p99, verdict.p50, verdict.p99, cpu.writer, cpu.postgres, cpu.nats
        );
        self.loads.push(figures);
    }

    /// Writes all of it as JSON.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn write(&self, file: &Path) -> Result<()> {
        Ok(std::fs::write(file, serde_json::to_vec_pretty(self)?)?)
    }
}

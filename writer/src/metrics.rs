//! What a writer counts, for the admin port. No label has a value that a user chooses.

use std::time::Duration;

use chat::Code;
use prometheus::{Histogram, HistogramOpts, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};
use store::Usage;

/// Bounds of the histogram of sizes.
const SIZES: [f64; 10] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0];
/// Bounds of the histogram of latencies, in seconds: 100 µs to 10 s, closest where a commit usually ends.
const LATENCIES: [f64; 22] = [
    0.0001, 0.00025, 0.0005, 0.00075, 0.001, 0.0015, 0.002, 0.0025, 0.003, 0.004, 0.005, 0.0075, 0.01, 0.025,
    0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// The collectors. Cloning shares them.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    batch_messages: Histogram,
    commits: IntCounterVec,
    accept_to_commit: Histogram,
    refused: IntCounterVec,
    reads: IntCounterVec,
    commit: Histogram,
    read: Histogram,
    backlog_messages: IntGauge,
    backlog_bytes: IntGauge,
    reads_waiting: IntGauge,
    store_reachable: IntGauge,
    store_connections: IntGaugeVec,
    store_connections_max: IntGaugeVec,
    partitions: IntGauge,
}

/// How an attempt to commit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Committed,
    Data,
    Conflict,
    Unavailable,
}

impl Outcome {
    const ALL: [Self; 4] = [Self::Committed, Self::Data, Self::Conflict, Self::Unavailable];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Data => "data",
            Self::Conflict => "conflict",
            Self::Unavailable => "unavailable",
        }
    }
}

/// How a request to read was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadKind {
    /// The store was asked.
    Made,
    /// It was answered together with an equal one.
    Joined,
}

impl ReadKind {
    const ALL: [Self; 2] = [Self::Made, Self::Joined];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Joined => "joined",
        }
    }
}

impl Metrics {
    /// Makes the collectors and registers them.
    ///
    /// # Errors
    /// If one of the names is taken already.
    pub(crate) fn register(registry: &Registry) -> prometheus::Result<Self> {
        let metrics = Self {
            batch_messages: histogram(
                "parlor_commit_batch_messages",
                "Messages that were committed together",
                &SIZES,
            )?,
            commits: counters("parlor_commits_total", "Attempts to commit, by how they ended", "outcome")?,
            accept_to_commit: histogram(
                "parlor_accept_to_commit_seconds",
                "From the acceptance by a gateway to the commit",
                &LATENCIES,
            )?,
            refused: counters("parlor_drafts_refused_total", "Drafts that were not committed", "code")?,
            reads: counters("parlor_store_reads_total", "Reads asked for, by how they were met", "kind")?,
            commit: histogram(
                "parlor_commit_seconds",
                "One append in the store, however it ended",
                &LATENCIES,
            )?,
            read: histogram("parlor_store_read_seconds", "One read of the store", &LATENCIES)?,
            backlog_messages: IntGauge::new(
                "parlor_backlog_messages",
                "Messages that wait to be committed; at writer.queue_messages further ones are refused",
            )?,
            backlog_bytes: IntGauge::new(
                "parlor_backlog_bytes",
                "What these take; at writer.queue_bytes further ones are refused",
            )?,
            reads_waiting: IntGauge::new(
                "parlor_reads_waiting",
                "Askers whose reads wait for their turn; at writer.reads_waiting further ones are refused",
            )?,
            store_reachable: IntGauge::new(
                "parlor_store_reachable",
                "1 while the store can commit, as far as this writer knows",
            )?,
            store_connections: gauges(
                "parlor_store_connections",
                "Connections to the store",
                &["use", "state"],
            )?,
            store_connections_max: gauges(
                "parlor_store_connections_max",
                "The most connections to the store",
                &["use"],
            )?,
            partitions: IntGauge::new(
                "parlor_partitions_owned",
                "Partitions whose submissions come here, of 64",
            )?,
        };
        registry.register(Box::new(metrics.batch_messages.clone()))?;
        registry.register(Box::new(metrics.commits.clone()))?;
        registry.register(Box::new(metrics.accept_to_commit.clone()))?;
        registry.register(Box::new(metrics.refused.clone()))?;
        registry.register(Box::new(metrics.reads.clone()))?;
        registry.register(Box::new(metrics.commit.clone()))?;
        registry.register(Box::new(metrics.read.clone()))?;
        registry.register(Box::new(metrics.backlog_messages.clone()))?;
        registry.register(Box::new(metrics.backlog_bytes.clone()))?;
        registry.register(Box::new(metrics.reads_waiting.clone()))?;
        registry.register(Box::new(metrics.store_reachable.clone()))?;
        registry.register(Box::new(metrics.store_connections.clone()))?;
        registry.register(Box::new(metrics.store_connections_max.clone()))?;
        registry.register(Box::new(metrics.partitions.clone()))?;
        metrics.show_all_labels();
        Ok(metrics)
    }

    /// A counter that has not counted yet is shown as 0, not left out.
    fn show_all_labels(&self) {
        Outcome::ALL.iter().for_each(|outcome| self.commits.with_label_values(&[outcome.as_str()]).reset());
        Code::ALL.iter().for_each(|code| self.refused.with_label_values(&[code.as_str()]).reset());
        ReadKind::ALL.iter().for_each(|kind| self.reads.with_label_values(&[kind.as_str()]).reset());
        self.store(false, Usage::default());
    }

    /// An attempt to commit so many messages has ended, after so long.
    pub(crate) fn commit(&self, outcome: Outcome, messages: usize, took: Duration) {
        self.commit.observe(took.as_secs_f64());
        self.commits.with_label_values(&[outcome.as_str()]).inc();
        if outcome == Outcome::Committed {
            // Exact up to 2^53, and a batch has a thousand.
            self.batch_messages.observe(messages as f64);
        }
    }

    /// A message was committed that a gateway had accepted so long ago.
    pub(crate) fn committed_after(&self, age: Duration) {
        self.accept_to_commit.observe(age.as_secs_f64());
    }

    pub(crate) fn refused(&self, code: Code) {
        self.refused.with_label_values(&[code.as_str()]).inc();
    }

    /// A read of the store has ended, after so long.
    pub(crate) fn read_took(&self, took: Duration) {
        self.read.observe(took.as_secs_f64());
    }

    /// So much waits to be committed.
    pub(crate) fn backlog(&self, messages: usize, bytes: usize) {
        self.backlog_messages.set(number(messages));
        self.backlog_bytes.set(number(bytes));
    }

    /// So many wait for their reads.
    pub(crate) fn reads_waiting(&self, askers: usize) {
        self.reads_waiting.set(number(askers));
    }

    /// Whether the store can commit, and how its connections are used.
    pub(crate) fn store(&self, reachable: bool, usage: Usage) {
        self.store_reachable.set(i64::from(reachable));
        for (used_for, use_) in [("append", usage.append), ("read", usage.read)] {
            let set = |state, count| {
                self.store_connections.with_label_values(&[used_for, state]).set(number(count));
            };
            set("lent", use_.lent);
            set("idle", use_.idle);
            self.store_connections_max.with_label_values(&[used_for]).set(number(use_.max));
        }
    }

    /// The writer owns so many partitions.
    pub(crate) fn partitions(&self, owned: usize) {
        self.partitions.set(number(owned));
    }

    pub(crate) fn reads(&self, kind: ReadKind, count: usize) {
        self.reads.with_label_values(&[kind.as_str()]).inc_by(count as u64);
    }
}

fn histogram(name: &str, help: &str, buckets: &[f64]) -> prometheus::Result<Histogram> {
    Histogram::with_opts(HistogramOpts::new(name, help).buckets(buckets.to_vec()))
}

fn gauges(name: &str, help: &str, labels: &[&str]) -> prometheus::Result<IntGaugeVec> {
    IntGaugeVec::new(Opts::new(name, help), labels)
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn counters(name: &str, help: &str, label: &str) -> prometheus::Result<IntCounterVec> {
    IntCounterVec::new(Opts::new(name, help), &[label])
}

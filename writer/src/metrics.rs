//! What a writer counts, for the admin port. No label has a value that a user chooses.

use std::time::Duration;

use chat::Code;
use prometheus::{Histogram, HistogramOpts, IntCounterVec, Opts, Registry};

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
        };
        registry.register(Box::new(metrics.batch_messages.clone()))?;
        registry.register(Box::new(metrics.commits.clone()))?;
        registry.register(Box::new(metrics.accept_to_commit.clone()))?;
        registry.register(Box::new(metrics.refused.clone()))?;
        registry.register(Box::new(metrics.reads.clone()))?;
        metrics.show_all_labels();
        Ok(metrics)
    }

    /// A counter that has not counted yet is shown as 0, not left out.
    fn show_all_labels(&self) {
        Outcome::ALL.iter().for_each(|outcome| self.commits.with_label_values(&[outcome.as_str()]).reset());
        Code::ALL.iter().for_each(|code| self.refused.with_label_values(&[code.as_str()]).reset());
        ReadKind::ALL.iter().for_each(|kind| self.reads.with_label_values(&[kind.as_str()]).reset());
    }

    /// An attempt to commit so many messages has ended.
    pub(crate) fn commit(&self, outcome: Outcome, messages: usize) {
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

    pub(crate) fn reads(&self, kind: ReadKind, count: usize) {
        self.reads.with_label_values(&[kind.as_str()]).inc_by(count as u64);
    }
}

fn histogram(name: &str, help: &str, buckets: &[f64]) -> prometheus::Result<Histogram> {
    Histogram::with_opts(HistogramOpts::new(name, help).buckets(buckets.to_vec()))
}

fn counters(name: &str, help: &str, label: &str) -> prometheus::Result<IntCounterVec> {
    IntCounterVec::new(Opts::new(name, help), &[label])
}

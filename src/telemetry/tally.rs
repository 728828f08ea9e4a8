//! How many spans there were, and what became of them.

use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};
use prometheus::{IntCounter, IntCounterVec, Opts, Registry};

/// The counts. Cloning shares them.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    all: IntCounterVec,
    /// Spans that were made here.
    pub(super) ended: IntCounter,
    /// Those that the collector has taken.
    pub(super) exported: IntCounter,
    /// Those that it was sent and has not taken.
    pub(super) failed: IntCounter,
}

impl Tally {
    /// Nothing has been counted.
    ///
    /// # Errors
    /// If the counters cannot be made.
    pub(crate) fn new() -> prometheus::Result<Self> {
        let all = IntCounterVec::new(
            Opts::new(
                "parlor_trace_spans_total",
                "Spans: ended here, taken by the collector, not taken; the rest waits, or found no place in the queue",
            ),
            &["outcome"],
        )?;
        let [ended, exported, failed] =
            ["ended", "exported", "failed"].map(|outcome| all.with_label_values(&[outcome]));
        Ok(Self { all, ended, exported, failed })
    }

    /// Shows them.
    ///
    /// # Errors
    /// If the name is taken.
    pub(crate) fn register(&self, registry: &Registry) -> prometheus::Result<()> {
        registry.register(Box::new(self.all.clone()))
    }
}

/// Counts what ends before it is queued.
#[derive(Debug)]
pub(super) struct Counted<P> {
    next: P,
    tally: Tally,
}

impl<P> Counted<P> {
    pub(super) fn new(next: P, tally: Tally) -> Self {
        Self { next, tally }
    }
}

impl<P: SpanProcessor> SpanProcessor for Counted<P> {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.next.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        self.tally.ended.inc();
        self.next.on_end(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.next.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.next.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.next.set_resource(resource);
    }
}

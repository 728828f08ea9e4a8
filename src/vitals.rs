//! What every process shows of itself at `/metrics`, whichever roles it plays.

use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, Link};
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Histogram, HistogramOpts, IntCounter, IntGauge, IntGaugeVec, Opts, Registry};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use tracing_appender::non_blocking::ErrorCounter;

use crate::admin::{Insight, Readiness};
use crate::failure::Failure;
use crate::telemetry::Tally;

/// Bounds of the histogram of latencies, in seconds: 100 µs to 10 s.
const LATENCIES: [f64; 16] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// How often it is looked at how late timers are.
const LOOK: Duration = Duration::from_secs(1);

/// What is counted from the start of the process.
#[derive(Debug, Clone)]
pub(crate) struct Vitals {
    /// What the process does.
    pub(crate) role: &'static str,
    /// The lines that the log has lost.
    pub(crate) lost_lines: ErrorCounter,
    /// Spans, and what became of them.
    pub(crate) spans: Tally,
}

impl Vitals {
    /// What the admin port shows: these, and whatever the parts of the process register later. Called within the
    /// runtime of the main thread, whose timers are watched until it ends.
    ///
    /// # Errors
    /// [`Failure::Metrics`].
    pub(crate) fn insight(self, readiness: Readiness, bus: &dyn Bus) -> Result<Insight, Failure> {
        let (registry, readiness) = (Registry::new(), Arc::new(readiness));
        self.register(&registry, Arc::clone(&readiness), bus.link())?;
        Ok(Insight { readiness, registry })
    }

    fn register(
        self,
        registry: &Registry,
        readiness: Arc<Readiness>,
        link: watch::Receiver<Link>,
    ) -> prometheus::Result<()> {
        registry.register(Box::new(build_info(self.role)?))?;
        let ready =
            Opts::new("parlor_ready", "1 for each part of the process that can serve, as /readyz says");
        registry.register(Box::new(AtScrape {
            metric: IntGaugeVec::new(ready, &["part"])?,
            look: move |ready: &IntGaugeVec| {
                for (part, is_ready) in readiness.parts() {
                    ready.with_label_values(&[part]).set(i64::from(is_ready));
                }
            },
        }))?;
        registry.register(Box::new(AtScrape {
            metric: IntGauge::new("parlor_bus_connected", "1 while there is a connection to the bus")?,
            look: move |connected: &IntGauge| connected.set(i64::from(link.borrow().connected)),
        }))?;
        let lost = self.lost_lines;
        registry.register(Box::new(AtScrape {
            metric: IntCounter::new(
                "parlor_log_lines_dropped_total",
                "Lines of the log that were lost because nobody read standard error fast enough",
            )?,
            look: move |lines: &IntCounter| {
                lines.inc_by((lost.dropped_lines() as u64).saturating_sub(lines.get()));
            },
        }))?;
        self.spans.register(registry)?;
        watch_timers(registry)?;
        #[cfg(target_os = "linux")]
        registry.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))?;
        Ok(())
    }
}

fn build_info(role: &str) -> prometheus::Result<IntGaugeVec> {
    let info = Opts::new("parlor_build_info", "1, of this version in this role");
    let info = IntGaugeVec::new(info, &["version", "role"])?;
    info.with_label_values(&[env!("CARGO_PKG_VERSION"), role]).set(1);
    Ok(info)
}

/// Measures how late the timers of this thread are, until its runtime ends. A gateway does the same in its shards.
fn watch_timers(registry: &Registry) -> prometheus::Result<()> {
    let lag = Histogram::with_opts(
        HistogramOpts::new("parlor_loop_lag_seconds", "How late a thread runs its timers: once a second")
            .const_label("thread", "main")
            .buckets(LATENCIES.to_vec()),
    )?;
    registry.register(Box::new(lag.clone()))?;
    tokio::spawn(async move {
        let mut clock = interval(LOOK);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            lag.observe(clock.tick().await.elapsed().as_secs_f64());
        }
    });
    Ok(())
}

/// A metric that is looked up whenever somebody asks.
struct AtScrape<M, F> {
    metric: M,
    look: F,
}

impl<M: Collector, F: Fn(&M) + Send + Sync> Collector for AtScrape<M, F> {
    fn desc(&self) -> Vec<&Desc> {
        self.metric.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        (self.look)(&self.metric);
        self.metric.collect()
    }
}

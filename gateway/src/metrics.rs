//! What a gateway counts, for the admin port. No label has a value that a user chooses.

use chat::Code;
use prometheus::{
    Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};

/// Bounds of the latency histograms, in seconds: 100 µs to 10 s.
const LATENCIES: [f64; 16] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The collectors. Cloning shares them.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    pub(crate) connections: IntGaugeVec,
    pub(crate) rooms: IntGauge,
    pub(crate) subscriptions: IntGauge,
    pub(crate) deliveries: IntCounterVec,
    pub(crate) fanout: Histogram,
    pub(crate) bus_to_socket: Histogram,
    pub(crate) gaps_repaired: IntCounter,
    pub(crate) log_reads: IntCounter,
    pub(crate) bus_losses: IntCounter,
    pub(crate) slow_consumers: IntCounter,
    pub(crate) refusals: IntCounterVec,
    pub(crate) drain_remaining: IntGauge,
    /// Bytes that wait for all sockets.
    pub(crate) outbox_bytes: IntGauge,
    /// Requests of clients that wait for a writer.
    pub(crate) requests_under_way: IntGauge,
    /// What waits for the switchboard, by queue.
    pub(crate) switchboard_waiting: IntGaugeVec,
    /// How late the shards run their timers.
    pub(crate) shard_lag: Histogram,
}

/// The queues before the switchboard: wishes of shards, and notes of the bus.
pub(crate) const WANTS: &str = "wants";
pub(crate) const NOTES: &str = "notes";

impl Metrics {
    /// Makes the collectors and registers them.
    ///
    /// # Errors
    /// If one of the names is taken already.
    pub(crate) fn register(registry: &Registry) -> prometheus::Result<Self> {
        let metrics = Self {
            connections: IntGaugeVec::new(
                Opts::new("parlor_connections", "Open client connections"),
                &["dialect"],
            )?,
            rooms: IntGauge::new("parlor_rooms", "Rooms that this gateway listens to")?,
            subscriptions: IntGauge::new("parlor_subscriptions", "Open subscriptions of all connections")?,
            deliveries: IntCounterVec::new(
                Opts::new("parlor_deliveries_total", "Events handed to sockets, one a subscription"),
                &["dialect"],
            )?,
            fanout: histogram(
                "parlor_fanout_seconds",
                "From the commit (the store's clock) to the socket write (this host's clock), at least 0",
            )?,
            bus_to_socket: histogram(
                "parlor_bus_to_socket_seconds",
                "From the arrival on the bus to the socket write",
            )?,
            gaps_repaired: IntCounter::new(
                "parlor_gaps_repaired_total",
                "Events that the bus did not bring and that were read from the store",
            )?,
            log_reads: IntCounter::new(
                "parlor_log_reads_total",
                "Reads of a room's log for catching up, repairing holes and confirming heads",
            )?,
            bus_losses: IntCounter::new(
                "parlor_bus_losses_total",
                "Times that the bus may have lost something: a reconnect, or more than this gateway could read",
            )?,
            slow_consumers: IntCounter::new(
                "parlor_slow_consumers_total",
                "Connections dismissed because they did not read",
            )?,
            refusals: IntCounterVec::new(
                Opts::new("parlor_refusals_total", "Refused requests and dismissed connections"),
                &["code"],
            )?,
            drain_remaining: IntGauge::new(
                "parlor_drain_remaining",
                "Connections that are still to be dismissed by the drain under way",
            )?,
            outbox_bytes: IntGauge::new(
                "parlor_outbox_bytes",
                "Bytes that wait for sockets to take them, as of the last second",
            )?,
            requests_under_way: IntGauge::new(
                "parlor_requests_under_way",
                "Requests of clients that wait for a writer; at 20000 further ones are refused",
            )?,
            switchboard_waiting: IntGaugeVec::new(
                Opts::new(
                    "parlor_switchboard_waiting",
                    "What waits for the switchboard: wants of shards (at most 65536), notes of the bus (8192)",
                ),
                &["queue"],
            )?,
            // A process shows the same of its main thread.
            shard_lag: Histogram::with_opts(
                HistogramOpts::new(
                    "parlor_loop_lag_seconds",
                    "How late a thread runs its timers: once a second",
                )
                .const_label("thread", "shard")
                .buckets(LATENCIES.to_vec()),
            )?,
        };
        for queue in [WANTS, NOTES] {
            metrics.switchboard_waiting.with_label_values(&[queue]).set(0);
        }
        for code in Code::ALL {
            metrics.refusals.with_label_values(&[code.as_str()]).reset();
        }
        registry.register(Box::new(metrics.connections.clone()))?;
        registry.register(Box::new(metrics.rooms.clone()))?;
        registry.register(Box::new(metrics.subscriptions.clone()))?;
        registry.register(Box::new(metrics.deliveries.clone()))?;
        registry.register(Box::new(metrics.fanout.clone()))?;
        registry.register(Box::new(metrics.bus_to_socket.clone()))?;
        registry.register(Box::new(metrics.gaps_repaired.clone()))?;
        registry.register(Box::new(metrics.log_reads.clone()))?;
        registry.register(Box::new(metrics.bus_losses.clone()))?;
        registry.register(Box::new(metrics.slow_consumers.clone()))?;
        registry.register(Box::new(metrics.refusals.clone()))?;
        registry.register(Box::new(metrics.drain_remaining.clone()))?;
        registry.register(Box::new(metrics.outbox_bytes.clone()))?;
        registry.register(Box::new(metrics.requests_under_way.clone()))?;
        registry.register(Box::new(metrics.switchboard_waiting.clone()))?;
        registry.register(Box::new(metrics.shard_lag.clone()))?;
        Ok(metrics)
    }

    /// Shows a dialect from now on, even if nobody speaks it.
    pub(crate) fn show_dialect(&self, name: &str) {
        self.connections.with_label_values(&[name]).set(0);
        self.deliveries.with_label_values(&[name]).reset();
    }
}

fn histogram(name: &str, help: &str) -> prometheus::Result<Histogram> {
    Histogram::with_opts(HistogramOpts::new(name, help).buckets(LATENCIES.to_vec()))
}

//! Sends batches of spans on a runtime of its own: the thread that asks for it has none, and the threads of Parlor have
//! better things to do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter as Export};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::Tally;
use crate::config::Telemetry as Settings;

/// Sends one batch at a time. The log hears when that begins to fail and when it ends, not of each batch.
#[derive(Debug)]
pub(super) struct Courier {
    exporter: Arc<SpanExporter>,
    runtime: Handle,
    endpoint: String,
    limit: Duration,
    tally: Tally,
    fails: AtomicBool,
}

impl Courier {
    pub(super) fn new(exporter: SpanExporter, runtime: Handle, settings: &Settings, tally: Tally) -> Self {
        Self {
            exporter: Arc::new(exporter),
            runtime,
            endpoint: settings.endpoint.clone().unwrap_or_default(),
            limit: settings.timeout,
            tally,
            fails: AtomicBool::new(false),
        }
    }

    fn note(&self, spans: u64, sent: &OTelSdkResult) {
        let endpoint = &self.endpoint;
        match sent {
            Ok(()) => {
                self.tally.exported.inc_by(spans);
                if self.fails.swap(false, Ordering::Relaxed) {
                    tracing::info!(endpoint, "traces are taken again");
                }
            }
            Err(error) => {
                self.tally.failed.inc_by(spans);
                if !self.fails.swap(true, Ordering::Relaxed) {
                    tracing::warn!(endpoint, %error, "traces are lost until the collector takes them");
                }
            }
        }
    }
}

impl Export for Courier {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let (spans, limit) = (batch.len() as u64, self.limit);
        let exporter = Arc::clone(&self.exporter);
        let sending = self.runtime.spawn(async move { timeout(limit, exporter.export(batch)).await });
        let sent = match sending.await {
            Ok(Ok(sent)) => sent,
            Ok(Err(_late)) => Err(OTelSdkError::Timeout(limit)),
            Err(failed) => Err(OTelSdkError::InternalFailure(failed.to_string())),
        };
        self.note(spans, &sent);
        sent
    }

    /// Comes before the first batch: nobody else has the exporter yet.
    fn set_resource(&mut self, resource: &Resource) {
        if let Some(exporter) = Arc::get_mut(&mut self.exporter) {
            exporter.set_resource(resource);
        }
    }
}

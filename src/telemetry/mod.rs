//! Traces, on their way to a collector.
//!
//! Whoever ends a span puts it into a bounded queue and never waits; what does not fit is lost. A thread of
//! OpenTelemetry's batches what is there once a second and hands it to a [`Courier`], which sends it on a thread of its
//! own. So a collector that is slow, or gone, costs its own data and nothing else.

mod courier;
mod tally;

use std::time::Duration;

use axum::http::Uri;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{
    ExporterBuildError, RetryPolicy, SpanExporter, WithExportConfig, WithHttpConfig, WithTonicConfig,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::{EnvResourceDetector, TelemetryResourceDetector};
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider};
use rand::distr::{Alphanumeric, SampleString};
use tokio::runtime::{Builder, Runtime};
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use self::courier::Courier;
use self::tally::Counted;
pub(crate) use self::tally::Tally;
use crate::config::{Protocol, Telemetry as Settings};
use crate::failure::Failure;

/// How often what has gathered is sent.
const PERIOD: Duration = Duration::from_secs(1);
/// The most spans that are sent together.
const BATCH_SPANS: usize = 512;

/// What sends traces; nothing, where none are sent.
pub(crate) struct Telemetry(Option<Sending>);

struct Sending {
    provider: SdkTracerProvider,
    /// What the exporter's connections live on; there until this is dropped.
    runtime: Option<Runtime>,
    flush: Duration,
}

impl Drop for Sending {
    /// Waits for nothing: not for a collector, nor for its name to be looked up.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Telemetry {
    /// Starts to send, if there is a collector to send to. It need not be there. `role` is what this process does.
    ///
    /// # Errors
    /// [`Failure::Telemetry`] if it can never be done like this; [`Failure::Runtime`].
    pub(crate) fn start(settings: &Settings, role: &'static str, tally: &Tally) -> Result<Self, Failure> {
        let Some(endpoint) = &settings.endpoint else { return Ok(Self(None)) };
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("telemetry")
            .enable_all()
            .build()
            .map_err(Failure::Runtime)?;
        let exporter = {
            let _within = runtime.enter();
            exporter(settings, endpoint).map_err(|error| Failure::Telemetry(error.to_string()))?
        };
        let courier = Courier::new(exporter, runtime.handle().clone(), settings, tally.clone());
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(settings.queue_spans.get())
            .with_max_export_batch_size(BATCH_SPANS.min(settings.queue_spans.get()))
            .with_scheduled_delay(PERIOD);
        let processor = BatchSpanProcessor::builder(courier).with_batch_config(batches.build()).build();
        let provider = SdkTracerProvider::builder()
            .with_resource(resource(role))
            // A gateway makes no span of a message that is not sampled: what has no parent is.
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)))
            .with_span_processor(Counted::new(processor, tally.clone()))
            .build();
        Ok(Self(Some(Sending { provider, runtime: Some(runtime), flush: settings.flush })))
    }

    /// Takes the steps of messages out of all that this process does.
    pub(crate) fn layer<S>(&self) -> Option<impl Layer<S> + Send + Sync + use<S>>
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        let tracer = self.0.as_ref()?.provider.tracer("parlor");
        let layer = tracing_opentelemetry::layer()
            .with_tracer(tracer)
            .with_location(false)
            .with_threads(false)
            .with_level(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_context_activation(false);
        Some(layer.with_filter(filter_fn(|about| about.is_span() && about.target() == bus::STEP_TARGET)))
    }

    /// Sends what is left, for `telemetry.flush` at the most. Blocks.
    pub(crate) fn flush(&self) {
        let Some(sending) = &self.0 else { return };
        if let Err(error) = sending.provider.shutdown_with_timeout(sending.flush) {
            tracing::warn!(%error, "the last traces are lost");
        }
    }
}

fn exporter(settings: &Settings, endpoint: &str) -> Result<SpanExporter, ExporterBuildError> {
    // What has failed once is lost: the next batch waits for it.
    let (builder, retry) = (SpanExporter::builder(), RetryPolicy::disabled());
    match settings.protocol {
        Protocol::Http => builder
            .with_http()
            .with_endpoint(traces_of(endpoint))
            .with_protocol(opentelemetry_otlp::Protocol::HttpBinary)
            .with_timeout(settings.timeout)
            .with_retry_policy(retry)
            .build(),
        Protocol::Grpc => builder
            .with_tonic()
            .with_endpoint(endpoint)
            .with_timeout(settings.timeout)
            .with_retry_policy(retry)
            .build(),
    }
}

/// Where traces go at a collector, unless it says so itself.
fn traces_of(endpoint: &str) -> String {
    let has_path = endpoint.parse::<Uri>().is_ok_and(|uri| !matches!(uri.path(), "" | "/"));
    if has_path { endpoint.to_owned() } else { format!("{}/v1/traces", endpoint.trim_end_matches('/')) }
}

/// What this process is. OTEL_RESOURCE_ATTRIBUTES knows better.
fn resource(role: &'static str) -> Resource {
    let instance = Alphanumeric.sample_string(&mut rand::rng(), 16);
    Resource::builder_empty()
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_attributes([
            KeyValue::new("service.namespace", "parlor"),
            KeyValue::new("service.name", format!("parlor-{role}")),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", instance),
        ])
        .with_detector(Box::new(EnvResourceDetector::new()))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_go_where_collectors_take_them_unless_a_path_is_given() {
        for (endpoint, traces) in [
            ("http://collector:4318", "http://collector:4318/v1/traces"),
            ("http://collector:4318/", "http://collector:4318/v1/traces"),
            ("http://collector/otlp/v1/traces", "http://collector/otlp/v1/traces"),
        ] {
            assert_eq!(traces_of(endpoint), traces);
        }
    }
}

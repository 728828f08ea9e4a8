//! `telemetry.*`: whether and where traces go. What is not set by these keys is set by none: of the variables that
//! OpenTelemetry knows only OTEL_EXPORTER_OTLP_HEADERS and OTEL_RESOURCE_ATTRIBUTES are looked at.

use std::num::NonZeroUsize;
use std::time::Duration;

use axum::http::Uri;
use gateway::settings::Sampling;
use serde::{Deserialize, Serialize};

use super::Mistake;

/// How traces are sent (OTLP).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub(crate) enum Protocol {
    /// OTLP over HTTP, as protobuf: port 4318 of most collectors.
    Http,
    /// OTLP over gRPC: port 4317.
    Grpc,
}

impl TryFrom<String> for Protocol {
    type Error = &'static str;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        match word.as_str() {
            "http" => Ok(Self::Http),
            "grpc" => Ok(Self::Grpc),
            _ => Err("expected http or grpc"),
        }
    }
}

/// Traces of messages.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Telemetry {
    /// Where the collector is: `http://host:4318`. Not set: nothing is traced.
    pub(crate) endpoint: Option<String>,
    /// `http` or `grpc`.
    pub(crate) protocol: Protocol,
    /// Which part of all messages is traced, from 0 to 1. A gateway decides that when a client's frame comes; everybody
    /// else follows.
    pub(crate) ratio: f64,
    /// The most spans that wait to be sent; further ones are lost.
    pub(crate) queue_spans: NonZeroUsize,
    /// After this a collector that does not answer has lost what it was sent.
    #[serde(with = "humantime_serde")]
    pub(crate) timeout: Duration,
    /// How long an orderly end waits for what is still to be sent.
    #[serde(with = "humantime_serde")]
    pub(crate) flush: Duration,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            endpoint: None,
            protocol: Protocol::Http,
            ratio: 0.01,
            queue_spans: NonZeroUsize::MIN.saturating_add(4095),
            timeout: Duration::from_secs(5),
            flush: Duration::from_secs(2),
        }
    }
}

impl Telemetry {
    /// Which messages a gateway traces.
    pub(crate) fn sampling(&self) -> Sampling {
        if self.endpoint.is_some() { Sampling::ratio(self.ratio) } else { Sampling::NONE }
    }

    /// What is wrong with it.
    pub(super) fn check(&self) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        if let Some(wrong) = self.endpoint.as_deref().and_then(wrong_endpoint) {
            mistakes.push(Mistake::of("telemetry.endpoint", wrong));
        }
        if !(0.0..=1.0).contains(&self.ratio) {
            mistakes.push(Mistake::of("telemetry.ratio", "must be from 0 to 1"));
        }
        if self.timeout.is_zero() {
            mistakes.push(Mistake::of("telemetry.timeout", "must be longer than 0s"));
        }
        mistakes
    }
}

fn wrong_endpoint(endpoint: &str) -> Option<&'static str> {
    let Ok(uri) = endpoint.parse::<Uri>() else { return Some("is no URL: http://collector:4318") };
    match (uri.scheme_str(), uri.authority()) {
        (Some("https"), _) => {
            Some("https is not supported: let a collector on this host or in this cluster pass traces on")
        }
        (Some("http"), Some(authority)) if authority.as_str().contains('@') => {
            Some("must hold no user: a header can be set by OTEL_EXPORTER_OTLP_HEADERS")
        }
        (Some("http"), Some(_)) => None,
        _ => Some("must begin with http://, and name a host"),
    }
}

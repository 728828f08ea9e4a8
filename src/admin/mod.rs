//! The admin port: `/healthz`, `/readyz` and `/metrics` of this process, whichever roles it plays.
//!
//! It depends on nothing but this process: it answers while every backend is gone.

mod readiness;
mod serve;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use prometheus::{Registry, TEXT_FORMAT, TextEncoder};
use tokio_util::task::AbortOnDropHandle;

use crate::failure::Failure;
use crate::terminal::say;

pub(crate) use readiness::{Readiness, State as PartState};

/// What the admin port shows.
#[derive(Debug)]
pub(crate) struct Insight {
    /// Which parts can serve.
    pub(crate) readiness: Arc<Readiness>,
    /// What they count.
    pub(crate) registry: Registry,
}

/// The open admin port; dropped, it is closed.
#[derive(Debug)]
#[must_use = "the port is closed when this is dropped"]
pub(crate) struct Port(#[expect(dead_code, reason = "held for its drop")] AbortOnDropHandle<()>);

/// Opens the admin port, and prints where it is.
///
/// # Errors
/// [`Failure::Port`].
pub(crate) async fn open(address: SocketAddr, insight: Insight) -> Result<Port, Failure> {
    let failed = |error| Failure::Port { address, key: "admin.listen", error };
    let server = serve::Server::bind(address).await.map_err(failed)?;
    say(format_args!("admin: http://{}", server.address().map_err(failed)?));
    Ok(Port(AbortOnDropHandle::new(tokio::spawn(server.run(routes(insight))))))
}

fn routes(insight: Insight) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(Arc::new(insight))
}

async fn ready(State(insight): State<Arc<Insight>>) -> Response {
    let report = insight.readiness.report();
    let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(report)).into_response()
}

async fn metrics(State(insight): State<Arc<Insight>>) -> Response {
    match TextEncoder::new().encode_to_string(&insight.registry.gather()) {
        Ok(text) => ([(header::CONTENT_TYPE, TEXT_FORMAT)], text).into_response(),
        Err(e) => {
            tracing::error!(error = %e, "the metrics could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    async fn answer(routes: &Router, path: &str) -> (u16, String) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = routes.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn readiness_follows_the_parts_and_health_does_not() {
        let mut readiness = Readiness::default();
        let gateway = readiness.part("gateway");
        let routes = routes(Insight { readiness: Arc::new(readiness), registry: Registry::new() });

        let starting = r#"{"ready":false,"reasons":{"gateway":"starting"}}"#;
        assert_eq!(answer(&routes, "/readyz").await, (503, starting.to_owned()));
        assert_eq!(answer(&routes, "/healthz").await.0, 200);

        drop(gateway.send_replace(Ok(())));
        assert_eq!(answer(&routes, "/readyz").await, (200, r#"{"ready":true}"#.to_owned()));
    }

    #[tokio::test]
    async fn metrics_show_what_the_parts_count() {
        let registry = Registry::new();
        let rooms = prometheus::IntGauge::new("parlor_rooms", "rooms").unwrap();
        registry.register(Box::new(rooms.clone())).unwrap();
        rooms.set(3);
        let routes = routes(Insight { readiness: Arc::default(), registry });
        let (status, text) = answer(&routes, "/metrics").await;
        assert_eq!(status, 200);
        assert!(text.lines().any(|line| line == "parlor_rooms 3"), "{text}");
    }
}

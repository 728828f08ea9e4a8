//! HTTP on one socket: hyper's own connection under axum's Router, with a timer and bounds.

use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;

/// How long a client may take for the head of a request, the first as well as the next.
const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// How large the head of a request may be, and how much of a body is buffered.
const BUFFER_BYTES: usize = 16 * 1024;
/// How many headers a request may have.
const HEADERS_MAX: usize = 64;

/// What answers on a shard's sockets. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Service(Router);

impl Service {
    pub(crate) fn new(router: Router) -> Self {
        Self(router)
    }

    /// Answers on a socket until it closes or has become a WebSocket.
    pub(crate) async fn serve(self, socket: TcpStream) {
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_WITHIN)
            .max_buf_size(BUFFER_BYTES)
            .max_headers(HEADERS_MAX)
            .serve_connection(TokioIo::new(socket), TowerToHyperService::new(self.0))
            .with_upgrades();
        if let Err(error) = connection.await {
            tracing::debug!(%error, "an HTTP connection failed");
        }
    }
}

//! HTTP on the public port: the chat page, handshakes of all dialects, and what else is asked by request and
//! answer. axum's Router on hyper's own connection, so that a slow or silent handshake is cut.

pub(crate) mod accept;
mod dev_token;
mod handshake;
mod load;
pub(crate) mod longpoll;
mod origin;
mod page;
pub(crate) mod pusher;
mod service;

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use chat::Clock;
use dialect::Dialect;
use tokio::sync::mpsc;

pub(crate) use handshake::{Arrival, Upgraded};
pub(crate) use load::{Load, Slot};
pub(crate) use service::Service;

use crate::auth::{Reception, Signer};
pub(crate) use origin::Origins;

/// What the handlers of one shard share.
#[derive(Clone)]
pub(crate) struct Desk {
    /// Where accepted handshakes go.
    pub(crate) arrivals: mpsc::Sender<Arrival>,
    /// Counts the WebSockets of the shard.
    pub(crate) load: Load,
    /// Which browsers may come.
    pub(crate) origins: Arc<Origins>,
    /// Whether a token in the URL is taken.
    pub(crate) query_token: bool,
    /// Makes tokens for whoever asks, in development only.
    pub(crate) dev_tokens: Option<Arc<Signer>>,
    /// Whether the public port is on a loopback address.
    pub(crate) loopback: bool,
    /// Lets those in who must be known before the handshake is done.
    pub(crate) reception: Reception,
    /// The time by which tokens are made and checked.
    pub(crate) clock: Arc<dyn Clock>,
    /// Serves clients and backends of Pusher, where an application is configured.
    pub(crate) pusher: Option<Arc<pusher::Office>>,
}

/// The routes of the public port. Where several dialects have the same path, the first that takes a request speaks.
pub(crate) fn router(desk: Desk, dialects: &[&'static dyn Dialect]) -> Router {
    let mut router = Router::new();
    let paths: BTreeSet<_> = dialects.iter().map(|dialect| dialect.path()).collect();
    for path in paths {
        let here: Arc<[_]> = dialects.iter().copied().filter(|dialect| dialect.path() == path).collect();
        let open = move |state, request| handshake::open(Arc::clone(&here), state, request);
        router = router.route(path, get(open));
    }
    if let Some(office) = &desk.pusher {
        router = router.merge(pusher::routes(office, &desk.origins));
    }
    router
        .route("/dev/token", post(dev_token::make))
        .fallback(get(page::file))
        .with_state(desk)
        .layer(axum::extract::DefaultBodyLimit::max(BODY_BYTES_MAX))
}

/// The largest request body on the public port.
const BODY_BYTES_MAX: usize = 64 * 1024;

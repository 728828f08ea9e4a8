//! What clients and backends of Pusher ask over HTTP, where an application is configured.
//!
//! * `authorize`: who lets pages into channels, where the application leaves that to Parlor.
//! * `publish`: the HTTP API of backends.
//! * `refused`: refusals as HTTP statuses.

mod authorize;
mod publish;
mod refused;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Method;
use axum::routing::post;
use dialect::DecodeLimits;
use dialect::pusher::{App, Settings};
use tower_http::cors::{AllowCredentials, AllowHeaders, AllowOrigin, CorsLayer};

use super::{Desk, Origins};
use crate::porter::Bell;
use crate::switchboard::Line;

/// The largest body of a request of a backend: a batch of ten events, escaped twice.
const BODY_BYTES_MAX: usize = 512 * 1024;
/// How long browsers remember that they may ask.
const REMEMBERED: Duration = Duration::from_secs(600);

/// What is needed for an application.
pub(crate) struct Office {
    settings: Settings,
    app: App,
    limits: DecodeLimits,
    /// Whether a room that is not there is made.
    auto_create: bool,
    /// The way to the writers.
    line: Line,
    /// The way to those who listen to channels.
    bell: Bell,
}

impl Office {
    /// For the application that is configured, if one is.
    pub(crate) fn new(settings: &crate::Settings, line: Line, bell: Bell) -> Option<Self> {
        Some(Self {
            app: App::new(&settings.pusher)?,
            settings: settings.pusher.clone(),
            limits: DecodeLimits { body_bytes: settings.limits.body_bytes },
            auto_create: settings.rooms.auto_create,
            line,
            bell,
        })
    }
}

/// The paths of an application.
pub(super) fn routes(office: &Arc<Office>, origins: &Arc<Origins>) -> Router<Desk> {
    let mut router = Router::new();
    for path in ["/pusher/auth", "/broadcasting/auth"] {
        let office = Arc::clone(office);
        let let_in =
            move |state, headers, body| authorize::channel(Arc::clone(&office), state, headers, body);
        router = router.route(path, post(let_in).layer(cors(origins)));
    }
    let (events, batch) = (Arc::clone(office), Arc::clone(office));
    let events = move |state, app, request| publish::events(Arc::clone(&events), state, app, request);
    let batch = move |state, app, request| publish::batch(Arc::clone(&batch), state, app, request);
    router.route("/apps/{app_id}/events", post(events)).route("/apps/{app_id}/batch_events", post(batch))
}

/// Pages of the origins that may come may ask; with cookies those that are known.
fn cors(origins: &Arc<Origins>) -> CorsLayer {
    let (allowed, known) = (Arc::clone(origins), Arc::clone(origins));
    CorsLayer::new()
        .allow_methods([Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
        .allow_origin(AllowOrigin::predicate(move |_, request| allowed.allow(&request.headers)))
        .allow_credentials(AllowCredentials::predicate(move |_, request| known.know(&request.headers)))
        .max_age(REMEMBERED)
}

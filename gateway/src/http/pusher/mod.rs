//! What clients and backends of Pusher ask over HTTP, where an application is configured.
//!
//! * `authorize`: who lets pages into channels, and says who they are, where the application leaves that to Parlor.
//! * `backend`: who may use the HTTP API of backends.
//! * `publish`: what backends say.
//! * `look`: what they ask about channels.
//! * `send_away`: whom they send away.
//! * `refused`: refusals as HTTP statuses.

mod authorize;
mod backend;
mod look;
mod publish;
mod refused;
mod send_away;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{Method, StatusCode};
use axum::routing::{MethodFilter, post};
use dialect::DecodeLimits;
use dialect::pusher::{App, Settings};
use tower_http::cors::{AllowCredentials, AllowHeaders, AllowOrigin, CorsLayer};

use self::backend::{answer, answer_with};
use super::{Desk, Origins};
use crate::neighbours::Neighbours;
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
    /// The way to those who are in channels.
    bell: Bell,
    /// All gateways.
    neighbours: Neighbours,
}

impl Office {
    /// For the application that is configured, if one is.
    pub(crate) fn new(
        settings: &crate::Settings,
        line: Line,
        bell: Bell,
        neighbours: Neighbours,
    ) -> Option<Self> {
        Some(Self {
            app: App::new(&settings.pusher)?,
            settings: settings.pusher.clone(),
            limits: DecodeLimits { body_bytes: settings.limits.body_bytes },
            auto_create: settings.rooms.auto_create,
            line,
            bell,
            neighbours,
        })
    }
}

/// The paths of an application.
pub(super) fn routes(office: &Arc<Office>, origins: &Arc<Origins>) -> Router<Desk> {
    Router::new().merge(of_pages(office, origins)).merge(of_backends(office))
}

fn of_pages(office: &Arc<Office>, origins: &Arc<Origins>) -> Router<Desk> {
    let mut router = Router::new();
    for folder in ["pusher", "broadcasting"] {
        let (channels, users) = (Arc::clone(office), Arc::clone(office));
        let let_in =
            move |state, headers, body| authorize::channel(Arc::clone(&channels), state, headers, body);
        let name = move |state, headers, body| authorize::user(Arc::clone(&users), state, headers, body);
        router = router
            .route(&format!("/{folder}/auth"), post(let_in).layer(cors(origins)))
            .route(&format!("/{folder}/user-auth"), post(name).layer(cors(origins)));
    }
    router
}

fn of_backends(office: &Arc<Office>) -> Router<Desk> {
    let (get, post) = (MethodFilter::GET, MethodFilter::POST);
    let old_event = answer_with(StatusCode::ACCEPTED, post, office, publish::old_event);
    let send_away = || answer(post, office, send_away::send_away);
    Router::new()
        .route("/apps/{app_id}/events", answer(post, office, publish::events))
        .route("/apps/{app_id}/batch_events", answer(post, office, publish::batch))
        .route("/apps/{app_id}/channels", answer(get, office, look::list))
        .route("/apps/{app_id}/channels/{channel}", answer(get, office, look::one))
        .route("/apps/{app_id}/channels/{channel}/users", answer(get, office, look::users))
        .route("/apps/{app_id}/channels/{channel}/events", old_event)
        .route("/apps/{app_id}/users/{user}/terminate_connections", send_away())
        // One library leaves the application out.
        .route("/users/{user}/terminate_connections", send_away())
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

//! Who may use the HTTP API: backends that have the application's secret.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONNECTION;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use chat::Refusal;
use dialect::pusher::{ApiRequest, Unauthorized};
use serde_json::Value;

use super::refused::refused;
use super::{BODY_BYTES_MAX, Office};
use crate::http::Desk;

/// A request that was signed with the application's secret.
pub(super) struct Call {
    /// What stands in the path, by the names of its places.
    place: HashMap<String, String>,
    /// The query, with all that belongs to the signature.
    pub(super) query: String,
    pub(super) body: Bytes,
}

impl Call {
    /// What stands at a place of the path.
    pub(super) fn at(&self, place: &str) -> &str {
        self.place.get(place).map_or("", |value| value)
    }
}

/// Answers such requests with what `act` gives, and 200.
pub(super) fn answer<A>(
    method: MethodFilter,
    office: &Arc<Office>,
    act: impl Fn(Arc<Office>, Call) -> A + Clone + Send + Sync + 'static,
) -> MethodRouter<Desk>
where
    A: Future<Output = Result<Value, Refusal>> + Send + 'static,
{
    answer_with(StatusCode::OK, method, office, act)
}

/// Answers such requests with what `act` gives, and with this status.
pub(super) fn answer_with<A>(
    status: StatusCode,
    method: MethodFilter,
    office: &Arc<Office>,
    act: impl Fn(Arc<Office>, Call) -> A + Clone + Send + Sync + 'static,
) -> MethodRouter<Desk>
where
    A: Future<Output = Result<Value, Refusal>> + Send + 'static,
{
    let office = Arc::clone(office);
    on(
        method,
        move |State(desk): State<Desk>, Path(place): Path<HashMap<String, String>>, request: Request| async move {
            match authorized(&office, &desk, place, request).await {
                Ok(call) => act(office, call).await.map_or_else(
                    |refusal| refused(&refusal),
                    |answer| (status, Json(answer)).into_response(),
                ),
                Err(response) => response,
            }
        },
    )
}

/// # Errors
/// The answer to whoever has not signed the request.
async fn authorized(
    office: &Office,
    desk: &Desk,
    place: HashMap<String, String>,
    request: Request,
) -> Result<Call, Response> {
    if place.get("app_id").is_some_and(|app_id| app_id != office.app.id()) {
        return Err((StatusCode::NOT_FOUND, "there is no application with this id\n").into_response());
    }
    let (parts, body) = request.into_parts();
    let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
    let head = ApiRequest { method: parts.method.as_str(), path, query };
    // Nothing is read, and kept, for whoever has not the secret.
    let signed =
        office.app.authorize(&head, desk.clock.now().as_seconds()).map_err(|no| unauthorized(&no))?;
    let body = to_bytes(body, BODY_BYTES_MAX).await;
    let body = body.map_err(|_| too_large())?;
    signed.check(&body).map_err(|no| unauthorized(&no))?;
    Ok(Call { place, query: query.to_owned(), body })
}

/// Says that the connection ends, as it does with what is not read of the body: a backend that keeps it for its next request
/// would lose that.
fn too_large() -> Response {
    let why = format!("a request has at most {BODY_BYTES_MAX} bytes, and an event 10240 of data\n");
    (StatusCode::PAYLOAD_TOO_LARGE, [(CONNECTION, "close")], why).into_response()
}

fn unauthorized(no: &Unauthorized) -> Response {
    (StatusCode::UNAUTHORIZED, format!("{}\n", no.0)).into_response()
}

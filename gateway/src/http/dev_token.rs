//! `POST /dev/token`: a token for anybody who asks. Only where `auth.dev` is on; elsewhere the path is not there.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chat::{Code, User};
use serde::Deserialize;
use serde_json::json;

use super::Desk;
use crate::auth::Pass;

/// How long such a token is good.
const LIVES: Duration = Duration::from_hours(24);

#[derive(Deserialize)]
pub(super) struct Wanted {
    user: String,
    name: Option<String>,
}

pub(super) async fn make(State(desk): State<Desk>, wanted: Result<Json<Wanted>, JsonRejection>) -> Response {
    let Some(signer) = desk.dev_tokens else {
        return (StatusCode::NOT_FOUND, "not found\n").into_response();
    };
    let Ok(Json(wanted)) = wanted else {
        return malformed("the body is no {\"user\":…,\"name\":…}");
    };
    let user = match User::parse(&wanted.user, wanted.name.as_deref()) {
        Ok(user) => user,
        Err(bad) => return malformed(&bad.to_string()),
    };
    let pass = Pass { user, lives: LIVES, rooms: None, admin: false };
    match signer.sign(&pass, desk.clock.now()) {
        Ok(token) => Json(json!({ "token": token })).into_response(),
        Err(error) => {
            tracing::error!(%error, "no token could be made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn malformed(message: &str) -> Response {
    let body = json!({ "code": Code::Malformed.as_str(), "message": message });
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

//! `POST /dev/token`: a token for anybody who asks. Only where `auth.dev` is on; elsewhere the path is not there.
//!
//! A gateway on a loopback address answers only those who call it by a loopback name. Otherwise a page from
//! elsewhere could point a name of its own at 127.0.0.1 (DNS rebinding) and enter with the visitor's browser.

use std::net::IpAddr;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderMap, StatusCode, header, uri::Authority};
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

pub(super) async fn make(
    State(desk): State<Desk>,
    headers: HeaderMap,
    wanted: Result<Json<Wanted>, JsonRejection>,
) -> Response {
    let Some(signer) = desk.dev_tokens else {
        return (StatusCode::NOT_FOUND, "not found\n").into_response();
    };
    if desk.loopback && !is_called_by_loopback_name(&headers) {
        return (StatusCode::FORBIDDEN, "this server is called 127.0.0.1 or localhost\n").into_response();
    }
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

fn is_called_by_loopback_name(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let Some(authority) = host.and_then(|host| host.parse::<Authority>().ok()) else { return false };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_ours_on_loopback() {
        for (host, ours) in [
            ("127.0.0.1:8080", true),
            ("localhost", true),
            ("LocalHost:8080", true),
            ("[::1]:8080", true),
            ("rebound.example:8080", false),
            ("127.0.0.1.example", false),
            ("user@localhost.example", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]);
            assert_eq!(is_called_by_loopback_name(&headers), ours, "{host:?}");
        }
        assert!(!is_called_by_loopback_name(&HeaderMap::new()));
    }
}

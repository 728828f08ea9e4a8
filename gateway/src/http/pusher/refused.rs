//! Refusals as HTTP statuses.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chat::{Code, Refusal};
use serde_json::json;

/// The answer to a request that is refused.
pub(super) fn refused(refusal: &Refusal) -> Response {
    let body = json!({ "code": refusal.code.as_str(), "message": &*refusal.message });
    let mut response = (status(refusal.code), Json(body)).into_response();
    if let Some(retry) = refusal.retry {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry.as_secs().max(1)));
    }
    response
}

/// A promise to clients.
const fn status(code: Code) -> StatusCode {
    match code {
        Code::Malformed => StatusCode::BAD_REQUEST,
        Code::NotIdentified => StatusCode::UNAUTHORIZED,
        Code::NotAllowed | Code::Removed => StatusCode::FORBIDDEN,
        Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::TooMany => StatusCode::TOO_MANY_REQUESTS,
        Code::Unavailable | Code::GoingAway | Code::TooSlow | Code::Quiet => StatusCode::SERVICE_UNAVAILABLE,
    }
}

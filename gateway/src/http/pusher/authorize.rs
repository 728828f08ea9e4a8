//! `POST /pusher/auth`, and Laravel's `/broadcasting/auth`: lets the bearer of a token into the channels of the rooms that
//! it may enter. `/pusher/user-auth` and `/broadcasting/user-auth`: says who it is, for `signin`. An application that signs
//! for itself needs neither.
//!
//! What is signed says who the user is and until when that is good, so that it need not be remembered here: the
//! connection may be one of another gateway.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse, Response};
use chat::{Access, Code, Refusal, RoomId};
use dialect::OpenRequest;
use dialect::pusher::{Channel, Kind};
use serde_json::Value;

use super::Office;
use super::refused::refused;
use crate::auth::Identity;
use crate::http::Desk;
use crate::session::access;

/// Answers with the signature for a user.
pub(super) async fn user(
    office: Arc<Office>,
    State(desk): State<Desk>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match name(&office, &desk, &headers, &body) {
        Ok(signed) => Json(signed).into_response(),
        Err(refusal) => refused(&refusal),
    }
}

/// # Errors
/// Why not.
fn name(office: &Office, desk: &Desk, headers: &HeaderMap, body: &[u8]) -> Result<Value, Refusal> {
    check_origin(desk, headers)?;
    let identity = identity(office, desk, headers)?;
    office.app.sign_in(&field(body, "socket_id")?, &identity.user, until(desk, &identity))
}

/// Answers with the signature for a channel.
pub(super) async fn channel(
    office: Arc<Office>,
    State(desk): State<Desk>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match let_in(&office, &desk, &headers, &body).await {
        Ok(signed) => Json(signed).into_response(),
        Err(refusal) => refused(&refusal),
    }
}

/// # Errors
/// Why not.
async fn let_in(office: &Office, desk: &Desk, headers: &HeaderMap, body: &[u8]) -> Result<Value, Refusal> {
    check_origin(desk, headers)?;
    let identity = identity(office, desk, headers)?;
    let (socket_id, name) = (field(body, "socket_id")?, field(body, "channel_name")?);
    let channel = Channel::parse(&office.settings, &name)?;
    let room = channel.room.filter(|_| channel.kind != Kind::Public);
    let room = room.ok_or_else(|| Refusal::new(Code::NotAllowed, "only rooms are let into here"))?;
    let access = access_of(office, &identity, &room).await?;
    if access < Access::Read {
        return Err(Refusal::new(Code::NotAllowed, "there is no such room, or it is not open to you"));
    }
    office.app.let_in(&socket_id, &name, &identity.user, access, until(desk, &identity))
}

fn check_origin(desk: &Desk, headers: &HeaderMap) -> Result<(), Refusal> {
    if desk.origins.allow(headers) {
        return Ok(());
    }
    Err(Refusal::new(Code::NotAllowed, "this origin is not allowed"))
}

/// Until when a signature is good, in seconds since 1970: as long as the token.
fn until(desk: &Desk, identity: &Identity) -> i64 {
    let lives = i64::try_from(identity.lives.as_secs()).unwrap_or(i64::MAX);
    desk.clock.now().as_seconds().saturating_add(lives)
}

/// Who the bearer of a token is. A cookie counts only where no foreign page can make a browser send it.
fn identity(office: &Office, desk: &Desk, headers: &HeaderMap) -> Result<Identity, Refusal> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let cookie = text(header::COOKIE).filter(|_| desk.origins.know(headers));
    let authorization = text(header::AUTHORIZATION);
    let request = OpenRequest { authorization, cookie, ..OpenRequest::default() };
    let name = Some(&*office.settings.cookie).filter(|name| !name.is_empty());
    let token = request.bearer().or_else(|| request.cookie(name?));
    let token = token.ok_or_else(|| Refusal::new(Code::NotIdentified, "no token came with the request"))?;
    desk.reception.verify(token, desk.clock.now())
}

/// What the user may do in a room; what it is must be looked up only where the token does not say it.
async fn access_of(office: &Office, identity: &Identity, room: &RoomId) -> Result<Access, Refusal> {
    let grants = identity.grants.as_ref();
    if let Some(access) = access(grants, room, None) {
        return Ok(access);
    }
    let state = office.line.look(room.clone(), office.auto_create).await?;
    Ok(access(grants, room, Some(state.kind)).unwrap_or(Access::None))
}

/// A field of a form.
fn field<'a>(body: &'a [u8], name: &str) -> Result<Cow<'a, str>, Refusal> {
    let found = form_urlencoded::parse(body).find(|(named, _)| named == name).map(|(_, value)| value);
    found.ok_or_else(|| Refusal::malformed(format!("the form has no `{name}`")))
}

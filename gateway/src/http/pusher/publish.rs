//! The HTTP API of backends: `events` and `batch_events`. Answered with 200 once what was published is stored, or, where nothing
//! is, handed over to the other gateways.

use std::sync::Arc;

use axum::Json;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chat::{Change, Code, Draft, Refusal, RequestId, Stored};
use dialect::pusher::{self, Announcement, ApiRequest, Publication, Trigger, Unauthorized};
use futures::future::join_all;
use serde_json::{Map, Value, json};

use super::refused::refused;
use super::{BODY_BYTES_MAX, Office};
use crate::http::Desk;
use crate::porter::Broadcasting;

/// Publishes one event.
pub(super) async fn events(
    office: Arc<Office>,
    State(desk): State<Desk>,
    Path(app_id): Path<String>,
    request: Request,
) -> Response {
    let body = match authorized(&office, &desk, &app_id, request).await {
        Ok(body) => body,
        Err(response) => return response,
    };
    match pusher::events(&office.settings, &office.limits, &body) {
        Ok(trigger) => answer(publish(&office, trigger).await),
        Err(refusal) => refused(&refusal),
    }
}

/// Publishes several events, one after the other.
pub(super) async fn batch(
    office: Arc<Office>,
    State(desk): State<Desk>,
    Path(app_id): Path<String>,
    request: Request,
) -> Response {
    let body = match authorized(&office, &desk, &app_id, request).await {
        Ok(body) => body,
        Err(response) => return response,
    };
    let events = match pusher::batch(&office.settings, &office.limits, &body) {
        Ok(events) => events,
        Err(refusal) => return refused(&refusal),
    };
    let mut published = Vec::with_capacity(events.len());
    for trigger in events {
        match publish(&office, trigger).await {
            Ok(event) => published.push(event),
            Err(refusal) => return refused(&refusal),
        }
    }
    answer(Ok(json!({ "batch": published })))
}

fn answer(published: Result<Value, Refusal>) -> Response {
    published.map_or_else(|refusal| refused(&refusal), |published| Json(published).into_response())
}

/// The body of a request that was signed with the application's secret.
///
/// # Errors
/// The answer to another one.
async fn authorized(office: &Office, desk: &Desk, app_id: &str, request: Request) -> Result<Bytes, Response> {
    if app_id != office.app.id() {
        return Err((StatusCode::NOT_FOUND, "there is no application with this id\n").into_response());
    }
    let (parts, body) = request.into_parts();
    let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
    let head = ApiRequest { method: parts.method.as_str(), path, query };
    // Nothing is read, and kept, for whoever has not the secret.
    let signed =
        office.app.authorize(&head, desk.clock.now().as_seconds()).map_err(|no| unauthorized(&no))?;
    let body = to_bytes(body, BODY_BYTES_MAX).await;
    let body = body.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE.into_response())?;
    signed.check(&body).map_err(|no| unauthorized(&no))?;
    Ok(body)
}

fn unauthorized(no: &Unauthorized) -> Response {
    (StatusCode::UNAUTHORIZED, format!("{}\n", no.0)).into_response()
}

/// Says a message in each of its rooms, and tells the rest in its channels. Tells where a message stands: `seq` of each, and, where it is one, of that.
///
/// # Errors
/// The first refusal. In other rooms it may have been said: who gives it a `client_id` may try again.
async fn publish(office: &Office, trigger: Trigger) -> Result<Value, Refusal> {
    let Trigger { messages, announcements } = trigger;
    let has_messages = !messages.is_empty();
    let said = messages.into_iter().map(async |publication| {
        let channel = publication.channel.clone();
        say(office, publication).await.map(|stored| (channel, json!({ "seq": stored.seq.get() })))
    });
    let channels = join_all(said).await.into_iter().collect::<Result<Map<_, _>, _>>()?;
    let mut event = Map::new();
    if let Some((_, only)) = channels.iter().next().filter(|_| channels.len() == 1) {
        event.insert("seq".to_owned(), only["seq"].clone());
    }
    if has_messages {
        event.insert("channels".to_owned(), channels.into());
    }
    announce(office, announcements).await?;
    Ok(event.into())
}

/// Tells those who listen to channels, through all gateways.
///
/// # Errors
/// `unavailable`: some may have been told.
async fn announce(office: &Office, announcements: Vec<Announcement>) -> Result<(), Refusal> {
    for Announcement { channel, room, event, data, except } in announcements {
        office.bell.broadcast(Broadcasting { room, channel, event, data, except }).await?;
    }
    Ok(())
}

/// Says a message in a room, which is made if it is not there and may be.
async fn say(office: &Office, publication: Publication) -> Result<Stored, Refusal> {
    let Publication { channel: _, room, by, id, body, except } = publication;
    let id = id.unwrap_or_else(made_up_id);
    let change = Change::Message { body, reply_to: None };
    let draft = Draft { room: room.clone(), by, id, change, except: except.map(Box::new) };
    match office.line.append(draft.clone()).await {
        Err(refusal) if refusal.code == Code::NotAllowed && office.auto_create => {
            office.line.look(room, true).await?;
            office.line.append(draft).await
        }
        verdict => verdict,
    }
}

fn made_up_id() -> RequestId {
    let letters = URL_SAFE_NO_PAD.encode(rand::random::<u128>().to_be_bytes());
    RequestId::parse(&letters).expect("22 letters, digits, `-` and `_` are a request id")
}

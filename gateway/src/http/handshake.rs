//! The handshake of a WebSocket (RFC 6455, section 4.2), for every dialect.

use std::borrow::Cow;
use std::net::TcpStream as StdStream;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    AUTHORIZATION, CONNECTION, COOKIE, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use dialect::{Dialect, OpenRequest, Opening};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use websocket::handshake::{BadRequest, Request as Handshake, offered_subprotocols};

use super::Desk;
use super::load::Slot;
use crate::session::Credential;

/// A connection that was let in, on its way to the shard.
pub(crate) struct Arrival {
    socket: Socket,
    dialect: &'static dyn Dialect,
    credential: Option<Credential>,
    slot: Slot,
}

/// What a connection speaks through.
enum Socket {
    /// The one that its handshake came on, once that is answered.
    Upgrade(OnUpgrade),
    /// One that is ready.
    Ready(StdStream),
}

/// A WebSocket, ready to speak.
pub(crate) struct Upgraded {
    pub(crate) stream: TcpStream,
    /// What the client has sent behind its request.
    pub(crate) early: Bytes,
    pub(crate) dialect: &'static dyn Dialect,
    pub(crate) credential: Option<Credential>,
    pub(crate) slot: Slot,
}

impl Arrival {
    /// A connection without a handshake of its own.
    pub(super) fn ready(
        stream: StdStream,
        dialect: &'static dyn Dialect,
        credential: Option<Credential>,
        slot: Slot,
    ) -> Self {
        Self { socket: Socket::Ready(stream), dialect, credential, slot }
    }

    /// Waits until the answer has been written, and takes the plain socket back. `None` if the client went away.
    pub(crate) async fn upgraded(self) -> Option<Upgraded> {
        let Self { socket, dialect, credential, slot } = self;
        let (stream, early) = match socket {
            Socket::Upgrade(upgrade) => {
                let parts = upgrade.await.ok()?.downcast::<TokioIo<TcpStream>>().ok()?;
                (parts.io.into_inner(), parts.read_buf)
            }
            Socket::Ready(stream) => (TcpStream::from_std(stream).ok()?, Bytes::new()),
        };
        Some(Upgraded { stream, early, dialect, credential, slot })
    }
}

/// Answers a request for a WebSocket at the path of these dialects.
pub(super) async fn open(
    dialects: Arc<[&'static dyn Dialect]>,
    State(desk): State<Desk>,
    mut request: Request,
) -> Response {
    if !desk.origins.allow(request.headers()) {
        return (StatusCode::FORBIDDEN, "this origin is not allowed\n").into_response();
    }
    let accept = match accept(request.headers()) {
        Ok(accept) => accept,
        Err(bad) => return refuse(&bad),
    };
    let Some(upgrade) = request.extensions_mut().remove::<OnUpgrade>() else {
        return (StatusCode::BAD_REQUEST, "this connection cannot be upgraded\n").into_response();
    };
    let opened = choose(&dialects, &open_request(request.uri(), request.headers(), desk.query_token))
        .and_then(|(dialect, opening)| Ok((dialect, opening.protocol, credential(&desk, dialect, opening)?)));
    let (dialect, protocol, credential) = match opened {
        Ok(opened) => opened,
        Err(status) => {
            return StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST).into_response();
        }
    };
    let socket = Socket::Upgrade(upgrade);
    if desk.arrivals.try_send(Arrival { socket, dialect, credential, slot: desk.load.enter() }).is_err() {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many at once\n").into_response();
    }
    switching_protocols(&accept, protocol)
}

/// The first dialect that takes a request, and how it has the connection start.
///
/// # Errors
/// The HTTP status with which the last of them refuses.
pub(super) fn choose<'a>(
    dialects: &[&'static dyn Dialect],
    request: &OpenRequest<'a>,
) -> Result<(&'static dyn Dialect, Opening<'a>), u16> {
    let mut refused = StatusCode::NOT_FOUND.as_u16();
    for &dialect in dialects {
        match dialect.open(request) {
            Ok(opening) => return Ok((dialect, opening)),
            Err(status) => refused = status,
        }
    }
    Err(refused)
}

/// What the session is to look at: somebody who was let in, if strangers are refused here already.
///
/// # Errors
/// The status for a stranger.
pub(super) fn credential(
    desk: &Desk,
    dialect: &'static dyn Dialect,
    opening: Opening<'_>,
) -> Result<Option<Credential>, u16> {
    if let Some(refusal) = opening.refusal {
        return Ok(Some(Credential::Refused(refusal)));
    }
    let token = opening.token.map(Cow::into_owned);
    let Some(status) = dialect.terms().refused_with else { return Ok(token.map(Credential::Token)) };
    let admitted = token.and_then(|token| desk.reception.admit(&token, desk.clock.now()).ok());
    admitted.map(|admitted| Some(Credential::Admitted(Box::new(admitted)))).ok_or(status)
}

fn accept(headers: &HeaderMap) -> Result<String, BadRequest> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let request = Handshake {
        upgrade: text(UPGRADE),
        connection: text(CONNECTION),
        version: text(SEC_WEBSOCKET_VERSION),
        key: text(SEC_WEBSOCKET_KEY),
    };
    request.accept()
}

fn refuse(bad: &BadRequest) -> Response {
    let mut response = (StatusCode::BAD_REQUEST, format!("{bad}\n")).into_response();
    let headers = response.headers_mut();
    match bad {
        BadRequest::Key => return response,
        BadRequest::NoUpgrade => headers.insert(UPGRADE, HeaderValue::from_static("websocket")),
        BadRequest::Version => headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13")),
    };
    *response.status_mut() = StatusCode::UPGRADE_REQUIRED;
    response
}

pub(super) fn open_request<'a>(uri: &'a Uri, headers: &'a HeaderMap, query_token: bool) -> OpenRequest<'a> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let protocols = headers
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(offered_subprotocols)
        .collect();
    OpenRequest {
        path: uri.path(),
        query: uri.query().unwrap_or_default(),
        protocols,
        authorization: text(AUTHORIZATION),
        jid: text(HeaderName::from_static("x-jid")),
        cookie: text(COOKIE),
        query_token,
    }
}

fn switching_protocols(accept: &str, protocol: Option<&'static str>) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    if let Ok(accept) = HeaderValue::from_str(accept) {
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    if let Some(protocol) = protocol {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
    }
    response
}

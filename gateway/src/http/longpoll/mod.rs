//! Long polling: sessions are begun, polled for and posted to by requests, each of which may come to any gateway.
//!
//! Refusals are cheap: what is no token of ours costs a signature, and no body is read for it.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use dialect::phoenix::poll::{PollReply, lines, tokens};
use dialect::{Dialect, OpenRequest};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use super::handshake::{Arrival, choose, credential, open_request};
use super::{Desk, Origins};
use crate::longpoll::{Failure, Polls, Shown, Ticket};

/// The largest body of a post: a hundred frames, most of which are far smaller than they may be.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// The longest frame of a post. How long a frame may be, its connection knows; this is what can be carried there.
const LINE_BYTES_MAX: usize = 128 * 1024;
/// How long browsers remember that they may ask.
const REMEMBERED: Duration = Duration::from_hours(1);

/// Where newer libraries show the token of their session, which would stand in the URL otherwise.
const SESSION_HEADER: HeaderName = HeaderName::from_static("x-phoenix-longpoll-token");
/// Where the library shows its `authToken`.
const AUTH_HEADER: HeaderName = HeaderName::from_static("x-phoenix-authtoken");

/// What the handlers share.
#[derive(Clone)]
struct Office {
    desk: Desk,
    polls: Arc<Polls>,
    /// Those who are polled for at this path.
    dialects: Arc<[&'static dyn Dialect]>,
}

/// The paths at which these dialects are polled for.
pub(crate) fn routes(desk: &Desk, polls: &Arc<Polls>, dialects: &[&'static dyn Dialect]) -> Router {
    let mut router = Router::new();
    let paths: BTreeSet<_> = dialects.iter().filter_map(|dialect| dialect.poll_path()).collect();
    for path in paths {
        let here = dialects.iter().copied().filter(|dialect| dialect.poll_path() == Some(path));
        let office = Office { desk: desk.clone(), polls: Arc::clone(polls), dialects: here.collect() };
        router = router.route(path, methods(&desk.origins).with_state(office));
    }
    router
}

/// Without `HEAD`: it would be a poll whose answer nobody reads.
fn methods(origins: &Arc<Origins>) -> MethodRouter<Office> {
    let no_head = || async { (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET,POST,OPTIONS")]) };
    get(poll).head(no_head).post(post).layer(cors(origins))
}

/// Pages of the origins that may come may ask.
fn cors(origins: &Arc<Origins>) -> CorsLayer {
    let origins = Arc::clone(origins);
    CorsLayer::new()
        .allow_methods([Method::GET, Method::POST, Method::OPTIONS])
        .allow_headers(AllowHeaders::mirror_request())
        .allow_origin(AllowOrigin::predicate(move |_, request| origins.allow(&request.headers)))
        .max_age(REMEMBERED)
}

/// `GET`: begins a session, or waits for what comes for one.
async fn poll(State(office): State<Office>, uri: Uri, headers: HeaderMap) -> Response {
    if !office.desk.origins.allow(&headers) {
        return answer(PollReply::Refused);
    }
    match office.shown(&uri, &headers) {
        (Shown::Ticket(ticket), token) => match office.polls.poll(ticket).await {
            Ok(frames) => answer(PollReply::Frames(&token, &frames)),
            Err(failure) => answer(refused(failure)),
        },
        // A session that was begun now would have nobody: the library fails its connection first.
        (Shown::Forged, _) => answer(PollReply::Gone),
        (Shown::Other, _) => office.open(&uri, &headers),
    }
}

/// `POST`: says something in a session.
async fn post(State(office): State<Office>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    if !office.desk.origins.allow(&head.headers) {
        return answer(PollReply::Refused);
    }
    let (Shown::Ticket(ticket), _) = office.shown(&head.uri, &head.headers) else {
        return answer(PollReply::Gone);
    };
    let content_type = text(&head.headers, &CONTENT_TYPE);
    match said(content_type, body).await {
        Ok(lines) => office.say(ticket, lines).await,
        Err(reply) => answer(reply),
    }
}

impl Office {
    /// The token of a session that a request shows, and what it is: the header's, or the last one in the URL that may be
    /// one, as the application's own may be called the same.
    fn shown(&self, uri: &Uri, headers: &HeaderMap) -> (Shown, String) {
        let in_header = text(headers, &SESSION_HEADER).map(str::to_owned).into_iter();
        let in_url = tokens(uri.query().unwrap_or_default()).map(Cow::into_owned);
        let last = in_url.chain(in_header).map(|token| (self.polls.look(&token), token));
        last.filter(|(shown, _)| *shown != Shown::Other).last().unwrap_or((Shown::Other, String::new()))
    }

    /// Begins a session for whoever may come in.
    fn open(&self, uri: &Uri, headers: &HeaderMap) -> Response {
        let Self { desk, polls, dialects } = self;
        let bearer = text(headers, &AUTH_HEADER).map(|token| format!("Bearer {token}"));
        let request = open_request(uri, headers, desk.query_token);
        let authorization = bearer.as_deref().or(request.authorization);
        let request = OpenRequest { authorization, protocols: Vec::new(), ..request };
        let opened = choose(dialects, &request)
            .and_then(|(dialect, opening)| Ok((dialect, credential(desk, dialect, opening)?)));
        let Ok((dialect, credential)) = opened else { return answer(PollReply::Refused) };
        let (begun, stream) = match polls.begin() {
            Ok(begun) => begun,
            Err(failure) => return answer(refused(failure)),
        };
        let arrival = Arrival::ready(stream, dialect, credential, desk.load.enter());
        if desk.arrivals.try_send(arrival).is_err() {
            return answer(PollReply::Failed);
        }
        let response = answer(PollReply::Opened(&begun.token));
        begun.keep(desk.load.enter());
        response
    }

    async fn say(&self, ticket: Ticket, lines: Vec<String>) -> Response {
        let posted = self.polls.post(ticket, lines).await;
        answer(posted.map_or_else(refused, |()| PollReply::Taken))
    }
}

/// The frames of a body.
///
/// # Errors
/// What is answered if there are none.
async fn said(content_type: Option<&str>, body: Body) -> Result<Vec<String>, PollReply<'static>> {
    let body = to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| PollReply::TooLarge)?;
    let body = String::from_utf8(body.into()).map_err(|_| PollReply::Unreadable)?;
    let lines = lines(content_type, body).ok_or(PollReply::Unreadable)?;
    let fit = lines.iter().all(|line| line.len() <= LINE_BYTES_MAX);
    if fit { Ok(lines) } else { Err(PollReply::TooLarge) }
}

fn refused(failure: Failure) -> PollReply<'static> {
    match failure {
        Failure::Gone => PollReply::Gone,
        Failure::TooLarge => PollReply::TooLarge,
        Failure::Unknown => PollReply::Failed,
    }
}

fn answer(reply: PollReply<'_>) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, reply.to_json()).into_response()
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

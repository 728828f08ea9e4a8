//! How somebody comes in: to which gateway, with which token, into which rooms.

use std::future::IntoFuture;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use anyhow::{Result, bail};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::Person;
use crate::diary::{Diary, Place};
use crate::line::Line;
use crate::patience::PATIENCE;
use crate::token::Token;

/// Where a client shows its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// `Authorization: Bearer …`
    Header,
    /// A second subprotocol, as browsers do.
    Subprotocol,
    /// The first frame.
    Hello,
    /// Nowhere.
    Nowhere,
}

/// Somebody who is about to come in. Awaiting it gives the [`Person`], identified and joined.
#[derive(Debug, Clone)]
#[must_use = "nobody comes in until this is awaited"]
pub struct Visit {
    gateways: Vec<SocketAddr>,
    at: usize,
    diary: Diary,
    token: String,
    shown: Shown,
    path: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    protocols: Vec<String>,
    receive_buffer: Option<u32>,
    rooms: Vec<(String, Option<Place>)>,
}

/// Why nobody came in.
#[derive(Debug)]
pub enum Turned {
    /// The handshake was answered with this status.
    Away(u16),
    /// There was no answer, or none that makes sense.
    Nobody(anyhow::Error),
}

impl Visit {
    pub(crate) fn new(gateways: Vec<SocketAddr>, diary: Diary) -> Self {
        let token = Token::of(diary.user()).sign();
        Self {
            gateways,
            at: 0,
            diary,
            token,
            shown: Shown::Header,
            path: "/ws".to_owned(),
            headers: Vec::new(),
            protocols: vec!["parlor.v1".to_owned()],
            receive_buffer: None,
            rooms: Vec::new(),
        }
    }

    /// To this gateway; without it, to gateway 0.
    pub fn at(mut self, gateway: usize) -> Self {
        self.at = gateway;
        self
    }

    /// Over these lines, one to each gateway, instead of straight to them.
    pub(crate) fn over(mut self, lines: &[Line]) -> Self {
        self.gateways = lines.iter().map(Line::address).collect();
        self
    }

    /// Joins a room, for what comes from now on.
    pub fn joins(mut self, room: &str) -> Self {
        self.rooms.push((room.to_owned(), None));
        self
    }

    /// Joins a room, for what came after `seq` and what comes from now on.
    pub fn joins_after(mut self, room: &str, seq: u64) -> Self {
        self.rooms.push((room.to_owned(), Some(Place { seq, epoch: String::new() })));
        self
    }

    /// Joins a room where it was before.
    pub(crate) fn rejoins(mut self, room: &str, place: Place) -> Self {
        self.rooms.push((room.to_owned(), Some(place)));
        self
    }

    /// With this token instead of a good one.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = token.into();
        self
    }

    /// Shows the token in a subprotocol.
    pub fn by_subprotocol(mut self) -> Self {
        self.shown = Shown::Subprotocol;
        self
    }

    /// Shows the token in the first frame.
    pub fn by_hello(mut self) -> Self {
        self.shown = Shown::Hello;
        self
    }

    /// Shows no token.
    pub fn unidentified(mut self) -> Self {
        self.shown = Shown::Nowhere;
        self
    }

    /// To this path and query instead of `/ws`.
    pub fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// Offers these subprotocols instead of `parlor.v1`.
    pub fn protocols(mut self, protocols: &[&str]) -> Self {
        self.protocols = protocols.iter().map(|&protocol| protocol.to_owned()).collect();
        self
    }

    /// With a header more.
    pub fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((HeaderName::from_static(name), HeaderValue::from_static(value)));
        self
    }

    /// Lets the kernel keep only so many bytes that the client has not read: what a slow reader does not read
    /// is then soon felt by the server.
    pub fn receive_buffer(mut self, bytes: u32) -> Self {
        self.receive_buffer = Some(bytes);
        self
    }

    /// Opens the connection, and neither waits for the welcome nor joins.
    ///
    /// # Errors
    /// How it was turned away.
    pub async fn enters(&self) -> Result<Person, Turned> {
        let opened = timeout(PATIENCE, self.open()).await;
        let (stream, protocol) = opened.map_err(|late| Turned::Nobody(late.into()))??;
        let person = Person::new(self.diary.clone(), stream, protocol);
        if self.shown == Shown::Hello {
            person.shows(&self.token).await;
        }
        Ok(person)
    }

    /// Comes in within a time, and waits for the welcome and to be let into the rooms.
    ///
    /// # Errors
    /// Why it was not let in.
    pub async fn tries(&self, patience: Duration) -> Result<Person> {
        let entered = timeout(patience, async {
            let person = self.enters().await.or_else(|turned| bail!("{turned:?}"))?;
            person.try_welcome().await?;
            for (room, place) in &self.rooms {
                let epoch =
                    place.as_ref().map(|place| place.epoch.as_str()).filter(|epoch| !epoch.is_empty());
                person.try_join(room, place.as_ref().map(|place| place.seq), epoch).await?;
            }
            Ok(person)
        });
        entered.await?
    }

    async fn open(&self) -> Result<(WebSocketStream<TcpStream>, Option<String>), Turned> {
        let stream = self.connect().await.map_err(|e| Turned::Nobody(e.into()))?;
        match client_async(self.request().map_err(|e| Turned::Nobody(e.into()))?, stream).await {
            Ok((stream, response)) => {
                let protocol = response.headers().get(SEC_WEBSOCKET_PROTOCOL);
                Ok((stream, protocol.and_then(|p| p.to_str().ok()).map(str::to_owned)))
            }
            Err(Error::Http(response)) => Err(Turned::Away(response.status().as_u16())),
            Err(error) => Err(Turned::Nobody(error.into())),
        }
    }

    async fn connect(&self) -> std::io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        if let Some(bytes) = self.receive_buffer {
            socket.set_recv_buffer_size(bytes)?;
        }
        socket.set_nodelay(true)?;
        socket.connect(self.address()).await
    }

    fn address(&self) -> SocketAddr {
        self.gateways[self.at % self.gateways.len()]
    }

    fn request(&self) -> Result<Request, Error> {
        let mut request = format!("ws://{}{}", self.address(), self.path).into_client_request()?;
        let headers = request.headers_mut();
        let mut protocols = self.protocols.clone();
        match self.shown {
            Shown::Header => {
                headers.insert(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {}", self.token))?);
            }
            Shown::Subprotocol => protocols.push(format!("parlor.token.{}", self.token)),
            Shown::Hello | Shown::Nowhere => {}
        }
        if !protocols.is_empty() {
            headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_str(&protocols.join(", "))?);
        }
        for (name, value) in &self.headers {
            headers.append(name, value.clone());
        }
        Ok(request)
    }
}

impl IntoFuture for Visit {
    type Output = Person;
    type IntoFuture = Pin<Box<dyn Future<Output = Person> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let user = self.diary.user().to_owned();
            self.tries(PATIENCE).await.unwrap_or_else(|e| panic!("{user} does not come in: {e:#}"))
        })
    }
}

//! Plain HTTP requests, one connection each.

use std::net::SocketAddr;

use anyhow::Result;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::patience::PATIENCE;

/// What a server has answered.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The body, as text.
    pub body: String,
}

impl Reply {
    /// The body as JSON, `null` if it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// Asks for a path.
///
/// # Errors
/// If nobody answers.
pub async fn get(server: SocketAddr, path: &str) -> Result<Reply> {
    ask(Method::GET, server, path, None).await
}

/// Posts JSON to a path.
///
/// # Errors
/// If nobody answers.
pub async fn post(server: SocketAddr, path: &str, body: &Value) -> Result<Reply> {
    ask(Method::POST, server, path, Some(body)).await
}

async fn ask(method: Method, server: SocketAddr, path: &str, body: Option<&Value>) -> Result<Reply> {
    let asked = timeout(PATIENCE, async {
        let stream = TcpStream::connect(server).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path).header("host", server.to_string());
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        let response = sender.send_request(request.body(Full::new(Bytes::from(body)))?).await?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await?.to_bytes();
        connection.abort();
        Ok(Reply { status, body: String::from_utf8_lossy(&body).into_owned() })
    });
    asked.await?
}

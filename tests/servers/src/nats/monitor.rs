//! What a NATS server says of itself.

use std::net::Ipv4Addr;

use anyhow::{Context as _, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// One of its pages, such as `/routez`.
///
/// # Errors
/// If it does not answer with JSON.
pub(super) async fn look(port: u16, page: &str) -> Result<serde_json::Value> {
    let mut monitor = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    monitor.write_all(format!("GET {page} HTTP/1.0\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    monitor.read_to_string(&mut answer).await?;
    let (_, body) = answer.split_once("\r\n\r\n").context("no body")?;
    Ok(serde_json::from_str(body)?)
}

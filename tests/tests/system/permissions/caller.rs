//! Somebody who talks to NATS in its own words, with the login of a role: what somebody could say who has taken over a
//! gateway, and not only what a gateway says.

use anyhow::{Context as _, Result, ensure};
use servers::Nats;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use town::PATIENCE;

/// A connection to NATS.
pub(super) struct Caller(BufReader<TcpStream>);

impl Caller {
    /// Logs in.
    ///
    /// # Errors
    /// If NATS lets nobody in with this name and password.
    pub(super) async fn login(nats: &Nats, user: &str, password: &str) -> Result<Self> {
        let socket = TcpStream::connect(("127.0.0.1", nats.port())).await?;
        let mut caller = Self(BufReader::new(socket));
        caller.line().await?;
        let login = serde_json::json!({"user": user, "pass": password, "verbose": false, "headers": true});
        let refusals = caller.says(&format!("CONNECT {login}\r\n")).await?;
        ensure!(refusals.is_empty(), "{refusals:?}");
        Ok(caller)
    }

    /// Says something, and gives all that NATS says until it has read that: what it minds, what it brings.
    ///
    /// # Errors
    /// If it hangs up.
    pub(super) async fn says(&mut self, words: &str) -> Result<Vec<String>> {
        self.0.write_all(format!("{words}PING\r\n").as_bytes()).await?;
        let mut heard = Vec::new();
        loop {
            match self.line().await?.as_str() {
                "PONG" => return Ok(heard),
                line => heard.push(line.to_owned()),
            }
        }
    }

    /// Publishes nothing in particular.
    ///
    /// # Errors
    /// If NATS hangs up.
    pub(super) async fn may_publish(&mut self, subject: &str) -> Result<bool> {
        let heard = self.says(&format!("PUB {subject} 0\r\n\r\n")).await?;
        Ok(is_allowed(&heard, "Publish", subject))
    }

    /// Subscribes; `queue` is a queue group, or nothing.
    ///
    /// # Errors
    /// If NATS hangs up.
    pub(super) async fn may_subscribe(&mut self, subject: &str, queue: &str) -> Result<bool> {
        let heard = self.says(&format!("SUB {subject} {queue} 1\r\n")).await?;
        let allowed = is_allowed(&heard, "Subscription", subject);
        self.says("UNSUB 1\r\n").await?;
        Ok(allowed)
    }

    async fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        let read = tokio::time::timeout(PATIENCE, self.0.read_line(&mut line)).await;
        ensure!(read.context("NATS is silent")?? > 0, "NATS has hung up");
        Ok(line.trim_end().to_owned())
    }
}

/// Whether NATS minds; all that it minds must be this.
fn is_allowed(heard: &[String], what: &str, subject: &str) -> bool {
    let complaints: Vec<_> = heard.iter().filter(|line| line.starts_with("-ERR")).collect();
    let expected = format!("Permissions Violation for {what} to \"{subject}\"");
    for complaint in &complaints {
        assert!(complaint.contains(&expected), "{complaint}");
    }
    complaints.is_empty()
}

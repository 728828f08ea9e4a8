//! Where answers come in: one wildcard subscription, so that a request costs no subscription of its own.
//!
//! What a process says to itself comes in here too, under a token of its own: so NATS can let a gateway say that, and
//! nothing else to any inbox but what it was asked for (`k8s/base/nats/permissions.conf`). It is never read for its
//! content.
//!
//! One task reads it and ends the waits. It ends with the bus.

use std::sync::Arc;

use async_nats::{Client, Message, StatusCode, Subject, SubscribeError};
use futures::StreamExt as _;
use rand::RngExt as _;
use rand::distr::Alphanumeric;
use tokio_util::sync::CancellationToken;

use super::echo::Unanswered;
use crate::waiting::Waiting;
use crate::{Answer, BusError, wire};

/// What stands between the inbox and what the process says to itself.
const SELF: &str = "self.";
/// The end of the subject of calls to oneself.
const ECHO: &str = "echo";

/// The subjects of this process's answers.
#[derive(Debug)]
pub(super) struct Inbox {
    /// All of them begin so; the number of the request follows, or [`SELF`].
    prefix: String,
}

impl Inbox {
    /// Subscribes, and starts to end waits and to hear echoes.
    ///
    /// # Errors
    /// [`SubscribeError`] if the client has been closed.
    pub(super) async fn open(
        client: &Client,
        waiting: Arc<Waiting>,
        unanswered: Arc<Unanswered>,
        stop: CancellationToken,
    ) -> Result<Self, SubscribeError> {
        let name: String = rand::rng().sample_iter(Alphanumeric).take(22).map(char::from).collect();
        let prefix = format!("_INBOX.{name}.");
        let mut answers = client.subscribe(format!("{prefix}>")).await?;
        let skip = prefix.len();
        tokio::spawn(stop.run_until_cancelled_owned(async move {
            while let Some(message) = answers.next().await {
                let rest = message.subject.get(skip..).unwrap_or_default();
                match rest.strip_prefix(SELF) {
                    None => end(&waiting, rest, || outcome(&message)),
                    Some(ECHO) => unanswered.heard(),
                    Some(number) => end(&waiting, number, || Ok(Answer::Heads(Vec::new()))),
                }
            }
        }));
        Ok(Self { prefix })
    }

    /// Where the answer to request `number` is to be sent.
    pub(super) fn subject(&self, number: u64) -> Subject {
        format!("{}{number}", self.prefix).into()
    }

    /// Where a process itself ends its wait `number`.
    pub(super) fn own(&self, number: u64) -> Subject {
        format!("{}{SELF}{number}", self.prefix).into()
    }

    /// Where calls to oneself go.
    pub(super) fn echo(&self) -> Subject {
        format!("{}{SELF}{ECHO}", self.prefix).into()
    }
}

fn end(waiting: &Waiting, number: &str, outcome: impl FnOnce() -> Result<Answer, BusError>) {
    if let Ok(number) = number.parse() {
        waiting.end(number, outcome());
    }
}

fn outcome(message: &Message) -> Result<Answer, BusError> {
    match message.status {
        None => wire::decode_answer(&message.payload).map_err(|e| BusError::Unreadable(e.to_string())),
        Some(StatusCode::NO_RESPONDERS) => Err(BusError::NoResponder),
        Some(status) => Err(BusError::Unreadable(format!("NATS status {status}"))),
    }
}

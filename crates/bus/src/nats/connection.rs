//! The one connection of this process, as all parts of the bus use it: what is handed over in an order arrives in
//! that order.

use std::sync::Arc;
use std::time::Duration;

use async_nats::{Client, HeaderMap, PublishError, PublishErrorKind, Subject, SubscribeError, Subscriber};
use bytes::Bytes;
use futures::FutureExt as _;
use tokio::sync::watch;

use super::TRACE;
use super::forward::Subscribing;
use super::inbox::Inbox;
use crate::waiting::Waiting;
use crate::{Ask, BusError, Link, Pending, TraceParent, wire};

/// How long [`Connection::settle`] waits for its round trip.
const SETTLE: Duration = Duration::from_secs(5);
/// How long to wait after a round trip that came to nothing.
const PAUSE: Duration = Duration::from_millis(250);

/// The client, with the inbox for answers and those who wait for them.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) client: Client,
    pub(super) inbox: Inbox,
    pub(super) waiting: Arc<Waiting>,
    pub(super) link: watch::Receiver<Link>,
}

/// What one publishes.
pub(super) struct Parcel {
    pub(super) subject: Subject,
    pub(super) reply: Option<Subject>,
    pub(super) payload: Bytes,
    pub(super) trace: Option<TraceParent>,
}

impl Connection {
    /// Hands a request over, whose answer comes through what this gives.
    pub(super) async fn ask(
        &self,
        subject: Subject,
        ask: &Ask,
        trace: Option<TraceParent>,
    ) -> Result<Pending, BusError> {
        let (number, pending) = self.waiting.enter()?;
        let reply = Some(self.inbox.subject(number));
        self.send(Parcel { subject, reply, payload: wire::encode_ask(ask), trace }).await?;
        Ok(pending)
    }

    /// Hands something to the client. The client's queue is bounded: where it is full this waits, but never
    /// for a connection to come back.
    pub(super) async fn send(&self, parcel: Parcel) -> Result<(), BusError> {
        let Parcel { subject, reply, payload, trace } = parcel;
        let headers = trace.map(|trace| headers(&trace));
        let client = &self.client;
        let sent = async {
            match (reply, headers) {
                (None, None) => client.publish(subject, payload).await,
                (None, Some(headers)) => client.publish_with_headers(subject, headers, payload).await,
                (Some(reply), None) => client.publish_with_reply(subject, reply, payload).await,
                (Some(reply), Some(headers)) => {
                    client.publish_with_reply_and_headers(subject, reply, headers, payload).await
                }
            }
        };
        tokio::select! {
            biased;
            done = sent => done.map_err(|error| refused(&error)),
            () = self.cut() => Err(BusError::Cut),
        }
    }

    /// Comes back when a subscription stands in the client's queue. Without a connection it may stand before
    /// that queue, where places are given in the order of asking: before whatever is handed over later all
    /// the same.
    pub(super) async fn stand(
        &self,
        subscribing: impl Future<Output = Result<Subscriber, SubscribeError>> + Send + 'static,
    ) -> Result<Subscribing, BusError> {
        let mut subscribing = subscribing.boxed();
        tokio::select! {
            biased;
            done = &mut subscribing => match done {
                Ok(subscriber) => Ok(std::future::ready(Ok(subscriber)).boxed()),
                Err(_) => Err(BusError::Cut),
            },
            () = self.cut() => Ok(subscribing),
        }
    }

    /// An answer to oneself, which takes the same way as everything before it. (The client's own `flush` says
    /// only that bytes were written.)
    pub(super) async fn settle(&self) -> Result<(), BusError> {
        let (number, pending) = self.waiting.enter()?;
        let subject = self.inbox.own(number);
        self.send(Parcel { subject, reply: None, payload: Bytes::new(), trace: None }).await?;
        tokio::time::timeout(SETTLE, pending).await.map_err(|_| BusError::Cut)?.map(|_| ())
    }

    /// The same, tried until it succeeds, however long there is no connection.
    pub(super) async fn settle_at_last(&self) {
        while self.settle().await.is_err() {
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Waits until there is no connection.
    async fn cut(&self) {
        // It fails when the watching task has ended, and then there is none for sure.
        let _ = self.link.clone().wait_for(|link| !link.connected).await;
    }

    pub(super) fn connected(&self) -> Result<(), BusError> {
        if self.link.borrow().connected { Ok(()) } else { Err(BusError::Cut) }
    }
}

fn headers(trace: &TraceParent) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(TRACE, trace.as_str());
    headers
}

fn refused(error: &PublishError) -> BusError {
    match error.kind() {
        PublishErrorKind::MaxPayloadExceeded => BusError::TooLarge,
        PublishErrorKind::InvalidSubject => BusError::NoResponder,
        PublishErrorKind::Send => BusError::Cut,
    }
}

//! The road over NATS: one connection a process, so that what is handed over in an order arrives in that
//! order.
//!
//! [`NatsBus`] owns the client, the inbox for answers and the task that watches the connection; they end with
//! it. Each subscription has a task of its own that ends with its [`Listening`].

mod connect;
mod echo;
mod forward;
mod inbox;
mod link;
mod servers;
mod subject;

use std::sync::Arc;
use std::time::Duration;

use async_nats::{Client, HeaderMap, PublishError, PublishErrorKind, Subject, SubscribeError, Subscriber};
use async_trait::async_trait;
use bytes::Bytes;
use futures::FutureExt as _;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use self::echo::{Echo, Unanswered};
use self::forward::Subscribing;
use self::inbox::Inbox;
pub(crate) use self::servers::ServerList;
use self::subject::Subjects;
use crate::waiting::Waiting;
use crate::{
    Answer, Ask, Asked, Bus, BusError, Door, Heard, Link, Listening, Note, OpenError, Options, Pending,
    ReplyRoute, ReplyTo, Subscribed, Topic, TraceParent, wire,
};

/// The header that carries a [`TraceParent`].
const TRACE: &str = "traceparent";
/// The queue group of those who serve a shared door.
const GROUP: &str = "writers";
/// How long [`Bus::settle`] waits for its round trip.
const SETTLE: Duration = Duration::from_secs(5);

/// The road over NATS.
#[derive(Debug)]
pub(crate) struct NatsBus {
    client: Client,
    subjects: Subjects,
    inbox: Inbox,
    waiting: Arc<Waiting>,
    link: watch::Receiver<Link>,
    _tasks: DropGuard,
}

impl NatsBus {
    /// Starts to connect, and keeps trying.
    ///
    /// # Errors
    /// [`OpenError`] if a file cannot be read or the prefix is none.
    pub(crate) async fn open(servers: &ServerList, options: &Options) -> Result<Self, OpenError> {
        let subjects = Subjects::new(&options.prefix).ok_or(OpenError::Prefix)?;
        let (client, signals) = connect::connect(servers, options).await?;
        let waiting = Waiting::new(options.requests_max, false);
        let stop = CancellationToken::new();
        let unanswered = Arc::new(Unanswered::default());
        let inbox = Inbox::open(&client, Arc::clone(&waiting), Arc::clone(&unanswered), stop.clone())
            .await
            .map_err(|error| OpenError::Client(error.to_string()))?;
        let echo = Echo::new(inbox.echo(), unanswered);
        let link =
            link::watch(client.clone(), signals, Arc::clone(&waiting), echo, options.ping, stop.clone());
        Ok(Self { client, subjects, inbox, waiting, link, _tasks: stop.drop_guard() })
    }

    /// Hands something to the client. The client's queue is bounded: where it is full this waits, but never
    /// for a connection to come back.
    async fn send(&self, parcel: Parcel) -> Result<(), BusError> {
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
    async fn stand(
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

    /// Waits until there is no connection.
    async fn cut(&self) {
        // It fails when the watching task has ended, and then there is none for sure.
        let _ = self.link.clone().wait_for(|link| !link.connected).await;
    }

    fn connected(&self) -> Result<(), BusError> {
        if self.link.borrow().connected { Ok(()) } else { Err(BusError::Cut) }
    }
}

/// What one publishes.
struct Parcel {
    subject: Subject,
    reply: Option<Subject>,
    payload: Bytes,
    trace: Option<TraceParent>,
}

#[async_trait]
impl Bus for NatsBus {
    async fn ask(&self, door: Door, ask: Ask, trace: Option<TraceParent>) -> Result<Pending, BusError> {
        let (number, pending) = self.waiting.enter()?;
        let (subject, reply) = (self.subjects.door(door), Some(self.inbox.subject(number)));
        self.send(Parcel { subject, reply, payload: wire::encode_ask(&ask), trace }).await?;
        Ok(pending)
    }

    async fn serve(&self, door: Door, into: mpsc::Sender<Asked>) -> Result<Listening, BusError> {
        let (client, subject) = (self.client.clone(), self.subjects.door(door));
        let subscribing = if door.is_shared() {
            self.stand(async move { client.queue_subscribe(subject, GROUP.to_owned()).await }).await?
        } else {
            self.stand(async move { client.subscribe(subject).await }).await?
        };
        let guard = forward::door(subscribing, self.client.clone(), into);
        Ok(Listening(Subscribed::Forwarded(guard)))
    }

    async fn answer(&self, to: ReplyTo, answer: Answer) -> Result<(), BusError> {
        self.connected()?;
        let ReplyRoute::Subject(subject) = to.0 else { return Err(BusError::NoResponder) };
        let payload = wire::encode_answer(&answer);
        self.send(Parcel { subject, reply: None, payload, trace: None }).await
    }

    async fn publish(&self, note: Note, trace: Option<TraceParent>) -> Result<(), BusError> {
        self.connected()?;
        let subject = self.subjects.note(&note);
        self.send(Parcel { subject, reply: None, payload: wire::encode_note(&note), trace }).await
    }

    async fn listen(&self, topic: Topic, into: mpsc::Sender<Heard>) -> Result<Listening, BusError> {
        let (client, subject) = (self.client.clone(), self.subjects.topic(&topic));
        let subscribing = self.stand(async move { client.subscribe(subject).await }).await?;
        Ok(Listening(Subscribed::Forwarded(forward::topic(subscribing, into))))
    }

    fn link(&self) -> watch::Receiver<Link> {
        self.link.clone()
    }

    /// An answer to oneself, which takes the same way as everything before it. (The client's own `flush` says
    /// only that bytes were written.)
    async fn settle(&self) -> Result<(), BusError> {
        let (number, pending) = self.waiting.enter()?;
        let payload = wire::encode_answer(&Answer::Heads(Vec::new()));
        let subject = self.inbox.subject(number);
        self.send(Parcel { subject, reply: None, payload, trace: None }).await?;
        tokio::time::timeout(SETTLE, pending).await.map_err(|_| BusError::Cut)?.map(|_| ())
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

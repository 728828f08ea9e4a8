//! The tasks that carry what a subscription gets into its owner's queue, as words.
//!
//! One task a subscription; the guard that it is started with ends it. While the owner's queue is full the
//! task waits, and the client's buffer of that subscription, which is bounded, fills.

use std::time::Duration;

use async_nats::{Client, HeaderMap, Message, SubscribeError, Subscriber};
use chat::Refusal;
use futures::StreamExt as _;
use futures::future::BoxFuture;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::TRACE;
use crate::wire::{self, Unreadable};
use crate::{Answer, Asked, Heard, ReplyRoute, ReplyTo, TraceParent};

/// How long a door that is closed goes on with what had come in before.
const DRAIN: Duration = Duration::from_secs(1);

/// A subscription that stands in the client's queue, or waits there for its turn.
pub(super) type Subscribing = BoxFuture<'static, Result<Subscriber, SubscribeError>>;

/// Takes the notes of one subscription.
pub(super) trait Hearer: Send + 'static {
    /// Hands a note over. False if nobody is there any more to take any.
    fn hear(&mut self, message: Message) -> impl Future<Output = bool> + Send;
}

impl Hearer for mpsc::Sender<Heard> {
    async fn hear(&mut self, message: Message) -> bool {
        match note(&message) {
            Some(heard) => self.send(heard).await.is_ok(),
            None => true,
        }
    }
}

/// Carries notes until the guard is dropped.
pub(super) fn topic(subscribing: Subscribing, into: mpsc::Sender<Heard>) -> DropGuard {
    Readers::default().read(subscribing, into)
}

/// Tasks that read a subscription each, and can be told together to come to an end.
#[derive(Debug, Default)]
pub(super) struct Readers {
    finish: CancellationToken,
    tasks: TaskTracker,
}

impl Readers {
    /// Reads a subscription until the guard is dropped, or until [`Readers::finish`].
    pub(super) fn read(&self, subscribing: Subscribing, hearer: impl Hearer) -> DropGuard {
        let (stop, finish) = (CancellationToken::new(), self.finish.clone());
        self.tasks.spawn(stop.clone().run_until_cancelled_owned(carry(subscribing, finish, hearer)));
        stop.drop_guard()
    }

    /// Ends all the subscriptions. Comes back when everything is handed over that had come in by then, or when
    /// the guards are gone.
    pub(super) async fn finish(self) {
        self.finish.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

async fn carry(subscribing: Subscribing, finish: CancellationToken, mut hearer: impl Hearer) {
    let mut subscriber = tokio::select! {
        // What stands already may hold something.
        biased;
        subscribed = subscribing => match subscribed {
            Ok(subscriber) => subscriber,
            Err(_) => return,
        },
        () = finish.cancelled() => return,
    };
    while let Some(message) = finish.run_until_cancelled(subscriber.next()).await {
        let Some(message) = message else { return };
        if !hearer.hear(message).await {
            return;
        }
    }
    // From here on nothing more comes in; its stream ends behind what has.
    if subscriber.unsubscribe().await.is_ok() {
        while let Some(message) = subscriber.next().await
            && hearer.hear(message).await
        {}
    }
}

/// What a message says, if it can be read.
pub(super) fn note(message: &Message) -> Option<Heard> {
    match wire::decode_note(&message.payload) {
        Ok(note) => Some(Heard { note, trace: trace(message.headers.as_ref()) }),
        // A newer version tells of more than this one knows.
        Err(Unreadable::Unknown) => None,
        Err(error) => {
            tracing::warn!(subject = %message.subject, %error, "a note that cannot be read");
            None
        }
    }
}

/// Carries requests until the guard is dropped, and those that had come in by then.
pub(super) fn door(subscribing: Subscribing, client: Client, into: mpsc::Sender<Asked>) -> DropGuard {
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    tokio::spawn(async move {
        let Some(Ok(subscriber)) = stopped.run_until_cancelled(subscribing).await else { return };
        let mut door = OpenDoor { subscriber, client, into };
        while let Some(Some(message)) = stopped.run_until_cancelled(door.subscriber.next()).await {
            door.hand_over(message).await;
        }
        // Without a connection the end of a drain would never come.
        let _ = tokio::time::timeout(DRAIN, door.drain()).await;
    });
    stop.drop_guard()
}

struct OpenDoor {
    subscriber: Subscriber,
    client: Client,
    into: mpsc::Sender<Asked>,
}

impl OpenDoor {
    async fn hand_over(&self, message: Message) {
        // Nobody can be answered: nobody asked.
        let Some(reply) = message.reply else { return };
        match wire::decode_ask(&message.payload) {
            Ok(ask) => {
                let trace = trace(message.headers.as_ref());
                let reply_to = ReplyTo(ReplyRoute::Subject(reply));
                // Fails if the owner has gone: then the asker runs into its time limit.
                let _ = self.into.send(Asked { ask, trace, reply_to }).await;
            }
            Err(error) => {
                tracing::warn!(subject = %message.subject, %error, "a request that cannot be read");
                let refused = Answer::Refused(Refusal::malformed("the request cannot be read"));
                let _ = self.client.publish(reply, wire::encode_answer(&refused)).await;
            }
        }
    }

    async fn drain(&mut self) {
        if self.subscriber.drain().await.is_err() {
            return;
        }
        while let Some(message) = self.subscriber.next().await {
            self.hand_over(message).await;
        }
    }
}

/// The trace of what is recorded. Of what is not, nobody needs to know it.
fn trace(headers: Option<&HeaderMap>) -> Option<TraceParent> {
    TraceParent::parse(headers?.get(TRACE)?.as_str()).filter(TraceParent::is_sampled)
}

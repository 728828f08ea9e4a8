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

use super::TRACE;
use crate::wire::{self, Unreadable};
use crate::{Answer, Asked, Heard, ReplyRoute, ReplyTo, TraceParent};

/// How long a door that is closed goes on with what had come in before.
const DRAIN: Duration = Duration::from_secs(1);

/// A subscription that stands in the client's queue, or waits there for its turn.
pub(super) type Subscribing = BoxFuture<'static, Result<Subscriber, SubscribeError>>;

/// Carries notes until the guard is dropped.
pub(super) fn topic(subscribing: Subscribing, into: mpsc::Sender<Heard>) -> DropGuard {
    let stop = CancellationToken::new();
    tokio::spawn(stop.clone().run_until_cancelled_owned(async move {
        let Ok(mut subscriber) = subscribing.await else { return };
        while let Some(message) = subscriber.next().await {
            match wire::decode_note(&message.payload) {
                Ok(note) => {
                    let trace = trace(message.headers.as_ref());
                    if into.send(Heard { note, trace }).await.is_err() {
                        return;
                    }
                }
                // A newer version tells of more than this one knows.
                Err(Unreadable::Unknown) => {}
                Err(error) => {
                    tracing::warn!(subject = %message.subject, %error, "a note that cannot be read");
                }
            }
        }
    }));
    stop.drop_guard()
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

fn trace(headers: Option<&HeaderMap>) -> Option<TraceParent> {
    TraceParent::parse(headers?.get(TRACE)?.as_str())
}

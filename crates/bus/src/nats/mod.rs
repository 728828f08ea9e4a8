//! The road over NATS: one connection a process, so that what is handed over in an order arrives in that
//! order.
//!
//! [`NatsBus`] owns the connection with its inbox for answers, the task that watches it, and what is listened to;
//! they end with it. Each subscription has a task of its own that ends with its [`Listening`], except for rooms of a
//! partition that is listened to as a whole ([`rooms`]).

mod connect;
mod connection;
mod echo;
mod forward;
mod inbox;
mod link;
mod rooms;
mod servers;
mod subject;
mod trouble;

use std::sync::Arc;

use async_trait::async_trait;
use chat::Place;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

pub use self::connect::UNREAD_MAX;
use self::connection::{Connection, Parcel};
use self::echo::{Echo, Unanswered};
use self::inbox::Inbox;
pub(crate) use self::rooms::RoomListening;
use self::rooms::Rooms;
pub(crate) use self::servers::ServerList;
use self::subject::{Kind, Subjects};
use crate::waiting::Waiting;
use crate::{
    Answer, Ask, Asked, Bus, BusError, Door, Heard, Link, Listening, Note, OpenError, Options, Partition,
    Pending, ReplyRoute, ReplyTo, Subscribed, Topic, TraceParent, wire,
};

/// The header that carries a [`TraceParent`].
const TRACE: &str = "traceparent";
/// The queue group of those who serve a shared door.
const GROUP: &str = "writers";

/// The road over NATS.
#[derive(Debug)]
pub(crate) struct NatsBus {
    connection: Arc<Connection>,
    subjects: Subjects,
    /// Rooms, by their events.
    rooms: Rooms,
    /// Rooms, by what is in no log.
    live: Rooms,
    /// Channels.
    channels: Rooms,
    _tasks: DropGuard,
}

impl NatsBus {
    /// Starts to connect, and keeps trying.
    ///
    /// # Errors
    /// [`OpenError`] if a file cannot be read or the prefix is none.
    pub(crate) async fn open(servers: &ServerList, options: &Options) -> Result<Self, OpenError> {
        let subjects = Subjects::new(&options.prefix).ok_or(OpenError::Prefix)?;
        let stop = CancellationToken::new();
        let connection = Arc::new(connect_and_watch(servers, options, &stop).await?);
        let (shared, single_max) = (Arc::clone(&connection), options.single_rooms_max);
        let open = |kind| Rooms::open(Arc::clone(&shared), subjects.clone(), kind, single_max, stop.clone());
        let (rooms, live, channels) = (open(Kind::Events), open(Kind::Live), open(Kind::Channel));
        Ok(Self { connection, subjects, rooms, live, channels, _tasks: stop.drop_guard() })
    }
}

async fn connect_and_watch(
    servers: &ServerList,
    options: &Options,
    stop: &CancellationToken,
) -> Result<Connection, OpenError> {
    let (client, signals) = connect::connect(servers, options).await?;
    let waiting = Waiting::new(options.requests_max, false);
    let unanswered = Arc::new(Unanswered::default());
    let inbox = Inbox::open(&client, Arc::clone(&waiting), Arc::clone(&unanswered), stop.clone())
        .await
        .map_err(|error| OpenError::Client(error.to_string()))?;
    let echo = Echo::new(inbox.echo(), unanswered);
    let link = link::watch(client.clone(), signals, Arc::clone(&waiting), echo, options.ping, stop.clone());
    Ok(Connection { client, inbox, waiting, link })
}

#[async_trait]
impl Bus for NatsBus {
    async fn ask(&self, door: Door, ask: Ask, trace: Option<TraceParent>) -> Result<Pending, BusError> {
        self.connection.ask(self.subjects.door(door), &ask, trace).await
    }

    async fn serve(&self, door: Door, into: mpsc::Sender<Asked>) -> Result<Listening, BusError> {
        let (client, subject) = (self.connection.client.clone(), self.subjects.door(door));
        let subscribing = if door.is_shared() {
            let subscribing = async move { client.queue_subscribe(subject, GROUP.to_owned()).await };
            self.connection.stand(subscribing).await?
        } else {
            self.connection.stand(async move { client.subscribe(subject).await }).await?
        };
        let guard = forward::door(subscribing, self.connection.client.clone(), into);
        Ok(Listening(Subscribed::Forwarded(guard)))
    }

    async fn answer(&self, to: ReplyTo, answer: Answer) -> Result<(), BusError> {
        self.connection.connected()?;
        let ReplyRoute::Subject(subject) = to.0 else { return Err(BusError::NoResponder) };
        let payload = wire::encode_answer(&answer);
        self.connection.send(Parcel { subject, reply: None, payload, trace: None }).await
    }

    async fn publish(&self, note: Note, trace: Option<TraceParent>) -> Result<(), BusError> {
        self.connection.connected()?;
        let subject = self.subjects.note(&note);
        self.connection.send(Parcel { subject, reply: None, payload: wire::encode_note(&note), trace }).await
    }

    async fn listen(&self, topic: Topic, into: mpsc::Sender<Heard>) -> Result<Listening, BusError> {
        let subject = match topic {
            Topic::Room(room) => return self.rooms.listen(Partition::of(&room), room.as_str(), into).await,
            Topic::Live(Place::Room(room)) => {
                return self.live.listen(Partition::of(&room), room.as_str(), into).await;
            }
            Topic::Live(Place::Channel(channel)) => {
                let partition = Partition::of_channel(&channel);
                return self.channels.listen(partition, channel.as_str(), into).await;
            }
            Topic::Rooms(partition) => self.subjects.partition(Kind::Events, partition),
            Topic::Heads(partition) => self.subjects.heads(partition),
            Topic::Beats => self.subjects.beats(),
            Topic::Gateways => self.subjects.gateways(),
        };
        let client = self.connection.client.clone();
        let subscribing = self.connection.stand(async move { client.subscribe(subject).await }).await?;
        Ok(Listening(Subscribed::Forwarded(forward::topic(subscribing, into))))
    }

    fn system(&self) -> &'static str {
        "nats"
    }

    fn link(&self) -> watch::Receiver<Link> {
        self.connection.link.clone()
    }

    async fn settle(&self) -> Result<(), BusError> {
        self.connection.settle().await
    }
}

//! Something to say.

use bus::{Ask, Beat, GatewayBeat, LiveNews, News, Note, Partition, RoomEvents, Telling, TraceParent};
use chat::{
    Body, ChannelName, Epoch, Event, EventKind, Place, RequestId, RoomHead, RoomId, Seq, Timestamp, User,
};

pub(crate) fn room(name: &str) -> RoomId {
    RoomId::parse(name).unwrap()
}

pub(crate) fn partition(index: u8) -> Partition {
    Partition::new(index).unwrap()
}

pub(crate) fn epoch() -> Epoch {
    Epoch::parse("e.1").unwrap()
}

pub(crate) fn head(name: &str, seq: u64) -> RoomHead {
    RoomHead { room: room(name), epoch: epoch(), seq: Seq::new(seq).unwrap() }
}

/// A request that says `name`.
pub(crate) fn ask(name: &str) -> Ask {
    Ask::Heads(vec![room(name)])
}

/// A note of a room that says `seq`.
pub(crate) fn said(name: &str, seq: u64) -> Note {
    let event = Event {
        room: room(name),
        seq: Seq::new(seq).unwrap(),
        id: RequestId::parse(&format!("m{seq}")).unwrap(),
        by: User::parse("ana", Some("Ana")).unwrap(),
        at: Timestamp::from_micros(1),
        kind: EventKind::Message { body: Some(Body::trusted("hi")), reply_to: None },
        except: None,
    };
    Note::Events(RoomEvents { room: room(name), epoch: epoch(), events: vec![event] })
}

pub(crate) fn beat(writer: &str) -> Note {
    Note::Beat(Beat { writer: writer.to_owned(), able: true, leaving: false })
}

/// News of a room that say `n`.
pub(crate) fn news(name: &str, n: u64) -> Note {
    let news = News::Last(Telling { incarnation: 1, n });
    Note::Live(LiveNews { place: Place::Room(room(name)), gateway: 7, news })
}

pub(crate) fn channel(name: &str) -> ChannelName {
    ChannelName::parse(name).unwrap()
}

/// News of a channel that say `n`.
pub(crate) fn channel_news(name: &str, n: u64) -> Note {
    let news = News::Last(Telling { incarnation: 1, n });
    Note::Live(LiveNews { place: Place::Channel(channel(name)), gateway: 7, news })
}

pub(crate) fn gateway(gateway: u64) -> Note {
    Note::Gateway(GatewayBeat { gateway, leaving: false })
}

pub(crate) fn trace() -> Option<TraceParent> {
    TraceParent::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
}

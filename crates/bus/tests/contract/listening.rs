//! Notes and those who listen.

use bus::{Answer, Door, Note, Partition, Topic};
use chat::Place;

use crate::road::{Road, answered};
use crate::words::{
    ask, beat, channel, channel_news, gateway as alive, head, news, partition, room, said, trace,
};

pub(crate) async fn notes_reach_everybody_who_listens_in_order(road: Road) {
    let (writer, one, other) = (road.join().await, road.join().await, road.join().await);
    let topic = Topic::Room(room("general"));
    let mut listened = [one.listen(topic.clone()).await, other.listen(topic).await];
    for seq in 1..=1000 {
        writer.0.publish(said("general", seq), trace()).await.unwrap();
    }
    for listened in &mut listened {
        for seq in 1..=1000 {
            let heard = listened.next_traced().await;
            assert_eq!(heard.note, said("general", seq));
            assert!(heard.trace.is_some() && heard.trace == trace());
        }
    }
}

pub(crate) async fn each_topic_hears_its_own_notes_only(road: Road) {
    let (writer, gateway) = (road.join().await, road.join().await);
    let names = ["a", "a.b", "a.b.c", "a:b", "a-b", "a_b", "a=b", "a@b", "a,b", "a;b", ".", "-", "YS5i", "A"];
    let mut rooms = Vec::new();
    for name in names {
        rooms.push(gateway.listen(Topic::Room(room(name))).await);
    }
    let mut beats = gateway.listen(Topic::Beats).await;
    let mut heads = gateway.listen(Topic::Heads(partition(7))).await;
    let mut live = Vec::new();
    for name in names {
        live.push(gateway.listen(Topic::Live(Place::Room(room(name)))).await);
    }
    let mut channels = Vec::new();
    for name in names {
        channels.push(gateway.listen(Topic::Live(Place::Channel(channel(name)))).await);
    }
    let mut gateways = gateway.listen(Topic::Gateways).await;
    for name in names {
        writer.publish(said(name, 1)).await;
    }
    writer.publish(Note::Heads(partition(8), vec![head("elsewhere", 1)])).await;
    let announced = Note::Heads(partition(7), vec![head("a", 1)]);
    writer.publish(announced.clone()).await;
    writer.publish(beat("w1")).await;
    writer.publish(alive(7)).await;
    for name in names {
        writer.publish(said(name, 2)).await;
        writer.publish(news(name, 1)).await;
        writer.publish(channel_news(name, 2)).await;
    }
    for (name, listened) in names.iter().zip(&mut rooms) {
        assert_eq!(listened.up_to(&said(name, 2)).await, [said(name, 1)], "{name}");
    }
    assert_eq!(heads.next().await, announced);
    for (name, listened) in names.iter().zip(&mut live) {
        assert_eq!(listened.next().await, news(name, 1), "{name}");
    }
    for (name, listened) in names.iter().zip(&mut channels) {
        assert_eq!(listened.next().await, channel_news(name, 2), "{name}");
    }
    assert_eq!(beats.next().await, beat("w1"));
    assert_eq!(gateways.next().await, alive(7));
}

pub(crate) async fn a_partition_hears_all_its_rooms(road: Road) {
    let (writer, gateway) = (road.join().await, road.join().await);
    let names: Vec<String> = (0..300).map(|n| format!("r.{n}")).collect();
    let partition = Partition::of(&room(&names[0]));
    let own: Vec<&String> = names.iter().filter(|name| Partition::of(&room(name)) == partition).collect();
    assert!(own.len() > 1 && own.len() < 100);
    let mut listened = gateway.listen(Topic::Rooms(partition)).await;
    for name in &names {
        writer.publish(said(name, 1)).await;
    }
    for name in own {
        assert_eq!(listened.next().await, said(name, 1));
    }
}

pub(crate) async fn who_has_stopped_listening_hears_nothing(road: Road) {
    let (writer, gateway) = (road.join().await, road.join().await);
    let topic = Topic::Room(room("general"));
    let mut stopped = gateway.listen(topic.clone()).await;
    let mut other = gateway.listen(topic).await;
    writer.publish(said("general", 1)).await;
    assert_eq!(stopped.next().await, said("general", 1));
    stopped.listening = None;
    gateway.0.settle().await.unwrap();
    writer.publish(said("general", 2)).await;
    assert_eq!(other.up_to(&said("general", 2)).await, [said("general", 1)]);
    // The queue has lost its last sender.
    assert!(stopped.heard.recv().await.is_none());
}

/// The switch from history to live hangs on this: what happens after the answer to a read is heard.
pub(crate) async fn a_room_is_listened_to_before_the_next_request_is_heard(road: Road) {
    let (gateway, writer) = (road.join().await, road.join().await);
    let mut served = writer.serve(Door::ReadAny).await;
    for n in 0..200 {
        let name = format!("room:{n}");
        let (into, mut heard) = tokio::sync::mpsc::channel(4);
        let _listening = gateway.0.listen(Topic::Room(room(&name)), into).await.unwrap();
        let pending = gateway.0.ask(Door::ReadAny, ask(&name), None).await.unwrap();
        let asked = served.next().await;
        writer.publish(said(&name, 1)).await;
        writer.0.answer(asked.reply_to, Answer::Heads(vec![])).await.unwrap();
        answered(pending).await.unwrap();
        let heard = tokio::time::timeout(crate::road::HANG, heard.recv()).await;
        assert_eq!(heard.expect("the note was missed").unwrap().note, said(&name, 1));
    }
}

pub(crate) async fn a_slow_listener_loses_a_bounded_part_and_the_others_nothing(road: Road) {
    const NOTES: u64 = 50_000;
    const { assert!(NOTES > bus::UNREAD_MAX as u64, "they must not all be kept") };
    let (writer, slow, fast) = (road.join().await, road.join().await, road.join().await);
    let topic = Topic::Room(room("general"));
    let mut slow_listened = slow.listen_with(topic.clone(), 1).await;
    let mut fast_listened = fast.listen(topic).await;
    for seq in 1..=NOTES {
        writer.publish(said("general", seq)).await;
        // Who listens keeps up; who is slow does not even begin.
        if seq % 1000 == 0 {
            for seq in seq - 999..=seq {
                assert_eq!(fast_listened.next().await, said("general", seq));
            }
        }
    }
    assert!(slow.until(|link| link.losses > 0).await.connected, "a loss is not a cut");
    if matches!(road, Road::Nats(_)) {
        assert_eq!(fast.0.link().borrow().losses, 0);
    }
    drop(slow_listened.listening.take());
    let mut kept = 0;
    while let Some(heard) = slow_listened.heard.recv().await {
        kept += 1;
        assert_eq!(heard.note, said("general", kept), "what was kept is in order");
    }
    assert!(kept > 0 && kept < NOTES, "{kept} were kept");
}

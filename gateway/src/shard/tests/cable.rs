//! Clients of Action Cable: several subscriptions of one room, signs of life, and a room that begins anew.

use std::sync::LazyLock;

use dialect::action_cable::ActionCable;

use super::*;

static CABLE: LazyLock<ActionCable> = LazyLock::new(ActionCable::default);

/// Two spellings of the same room.
const FIRST: &str = r#"{"channel":"RoomChannel","room":"r"}"#;
const SECOND: &str = r#"{"room":"r","channel":"RoomChannel"}"#;

impl House {
    async fn subscribes(&mut self, guest: &mut Guest, identifier: &str, seq: u64) {
        let words = json!({"command": "subscribe", "identifier": identifier});
        let join = self.asks_in(guest, &words).await;
        self.grant(guest, join, seq, seq);
    }

    /// A second passes.
    fn ticks(&mut self, now: &mut Instant) {
        *now += thread::TICK;
        self.tick(*now);
    }
}

/// What a guest was told, `type` or else the identifier and the seq of a message.
async fn heard(guest: &mut Guest) -> Vec<String> {
    let mut read = Vec::new();
    guest.reads(&mut read).await;
    let name = |word: &Value| match (&word["type"], &word["identifier"], word) {
        (Value::String(kind), ..) => kind.clone(),
        (_, Value::String(identifier), _) => format!("{identifier} {}", word["message"]["seq"]),
        (_, _, word) => word.to_string(),
    };
    words(&mut read).iter().map(name).collect()
}

#[tokio::test]
async fn each_spelling_of_a_room_gets_every_message_once_until_it_is_left() {
    let mut house = House::new(256 * 1024);
    let mut guest = house.guest_of(&*CABLE, None).await;
    for identifier in [FIRST, SECOND, FIRST, FIRST] {
        if identifier == FIRST && house.shard.rooms.contains_key(&room_id("r")) {
            // It is there already: no second one is asked for.
            house.hear(&mut guest, &json!({"command": "subscribe", "identifier": identifier})).await;
            assert!(house.wants.try_recv().is_err());
        } else {
            house.subscribes(&mut guest, identifier, 0).await;
        }
    }
    house.says(1, 2);
    house.says(2, 2);
    house.hear(&mut guest, &json!({"command": "unsubscribe", "identifier": FIRST})).await;
    house.says(3, 2);
    house.flush_all();
    let mut told = heard(&mut guest).await;
    assert_eq!(
        told.drain(..3).collect::<Vec<_>>(),
        ["welcome", "confirm_subscription", "confirm_subscription"]
    );
    let of = |identifier: &str| -> Vec<_> {
        told.iter().filter_map(|told| told.strip_prefix(identifier)).map(str::trim).collect()
    };
    assert_eq!((of(FIRST), of(SECOND)), (vec!["1", "2"], vec!["1", "2", "3"]));
    assert_eq!(told.len(), 5);
}

#[tokio::test]
async fn the_server_beats_where_nothing_else_was_written_and_all_share_one_frame() {
    let mut house = House::new(256 * 1024);
    let mut now = Instant::now();
    let mut quiet = house.guest_of(&*CABLE, None).await;
    let mut busy = house.guest_of(&*CABLE, None).await;
    let mut native = house.guest(None).await;
    house.subscribes(&mut busy, FIRST, 0).await;
    for second in 1..=9 {
        house.says(second, 2);
        house.flush_all();
        house.ticks(&mut now);
    }
    house.ticks(&mut now);
    let count = |heard: &[String], what: &str| heard.iter().filter(|heard| *heard == what).count();
    assert_eq!(heard(&mut quiet).await, ["welcome", "ping", "ping", "ping"]);
    let told = heard(&mut busy).await;
    assert_eq!(
        (count(&told, "ping"), told.len()),
        (0, 2 + 9),
        "each message says that we are there: {told:?}"
    );
    assert_eq!(heard(&mut native).await, ["welcome"]);
    for _ in 0..3 {
        house.ticks(&mut now);
    }
    assert_eq!(heard(&mut busy).await, ["ping"]);
    let beat = |house: &mut House| house.shard.last_beats.encode(&*CABLE, Timestamp::from_micros(5_000_000));
    let (one, other) = (beat(&mut house).unwrap(), beat(&mut house).unwrap());
    assert!(Rc::ptr_eq(&one, &other));
}

#[tokio::test]
async fn a_pong_is_no_sign_of_life_that_a_page_could_see() {
    let mut house = House::new(256 * 1024);
    let mut now = Instant::now();
    let mut guest = house.guest_of(&*CABLE, None).await;
    for _ in 0..3 {
        let frame = masked_frame(Opcode::Ping, b"", [7; 4]);
        guest.client.write_all(&frame).await.unwrap();
        let stream = Rc::clone(&house.shard.connection(guest.key).unwrap().stream);
        stream.readable().await.unwrap();
        house.shard.on_readable(guest.key);
        house.ticks(&mut now);
    }
    let mut read = Vec::new();
    guest.reads(&mut read).await;
    let text = String::from_utf8_lossy(&read).into_owned();
    assert!(text.contains(r#"{"type":"ping""#), "{text}");
}

#[tokio::test]
async fn a_room_that_begins_anew_ends_those_connections_that_could_not_be_told() {
    let mut house = House::new(256 * 1024);
    let mut guest = house.guest_of(&*CABLE, None).await;
    let mut elsewhere = house.guest_of(&*CABLE, None).await;
    let mut native = house.guest(None).await;
    house.subscribes(&mut guest, FIRST, 0).await;
    house.subscribes(&mut guest, SECOND, 0).await;
    house.lets_in(&mut native, "r", 0, 0).await;
    let state = RoomState { epoch: Epoch::parse("e.2").unwrap(), ..state(3) };
    house.tell(Told::Restarted { room: room_id("r"), state, start: Seq::new(3).unwrap() });
    house.flush_all();
    let told = heard(&mut guest).await;
    assert_eq!(told[3..], ["disconnect", "1000"], "{told:?}");
    assert!(matches!(house.end(&guest), End::Closing(_)));
    assert_eq!(heard(&mut elsewhere).await, ["welcome"]);
    assert_eq!(heard(&mut native).await, ["welcome", "joined", "joined"]);
    let connections = house.shard.rooms.get(&room_id("r")).unwrap().members;
    assert_eq!(connections, 1, "nobody is left behind");
}

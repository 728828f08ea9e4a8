//! What only a real NATS can do to us.

use std::time::{Duration, Instant};

use bus::{Answer, Ask, BusError, Door, Options, Submission, Topic, open};
use chat::{Body, Change, Code, Draft, RequestId, User};
use servers::Nats;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::road::{HANG, Person, Road, answered};
use crate::words::{ask, beat, head, partition, room, said};

async fn join(nats: &Nats, options: &Options) -> Person {
    let person = Person(open(&nats.url(), options).await.unwrap());
    person.until(|link| link.connected).await;
    person
}

#[tokio::test]
async fn a_server_that_is_not_there_yet_is_waited_for() {
    let mut nats = Nats::start().await.unwrap();
    nats.kill9();
    let person = Person(open(&nats.url(), &Options::default()).await.unwrap());
    assert!(!person.0.link().borrow().connected);
    assert_eq!(person.ask(Door::ReadAny, ask("a")).await, Err(BusError::Cut));
    let (into, mut asked) = tokio::sync::mpsc::channel(8);
    let _served = person.0.serve(Door::ReadAny, into).await.unwrap();
    nats.restart().await.unwrap();
    let link = person.until(|link| link.connected).await;
    assert_eq!(link.losses, 0, "nothing can have been lost before the first connection");
    let _pending = person.0.ask(Door::ReadAny, ask("a"), None).await.unwrap();
    assert_eq!(tokio::time::timeout(HANG, asked.recv()).await.unwrap().unwrap().ask, ask("a"));
}

#[tokio::test]
async fn a_frozen_server_is_noticed_and_nobody_waits_for_it() {
    let mut nats = Nats::start().await.unwrap();
    let options = Options { ping: Duration::from_millis(200), ..Options::default() };
    let person = join(&nats, &options).await;
    let _served = person.serve(Door::ReadAny).await;
    nats.pause();
    let frozen = Instant::now();
    let pending = person.0.ask(Door::ReadAny, ask("a"), None).await.unwrap();
    assert_eq!(answered(pending).await, Err(BusError::Cut));
    assert!(frozen.elapsed() < Duration::from_secs(5), "{:?}", frozen.elapsed());
    nats.resume();
    person.until(|link| link.connected).await;
}

#[tokio::test]
async fn a_full_queue_to_a_frozen_server_holds_nobody_up() {
    let mut nats = Nats::start().await.unwrap();
    let options = Options { ping: Duration::from_millis(200), ..Options::default() };
    let person = join(&nats, &options).await;
    nats.pause();
    let flood = async {
        // More than the client, the kernel and the queue between can hold.
        while person.0.publish(beat(&"w".repeat(100_000)), None).await.is_ok() {}
    };
    tokio::time::timeout(HANG, flood).await.expect("publishing hangs");
}

#[tokio::test]
async fn rooms_without_number_can_be_listened_to_while_there_is_no_server() {
    listen_to_rooms_without_number(Options::default()).await;
}

#[tokio::test]
async fn partitions_with_rooms_without_number_can_be_listened_to_while_there_is_no_server() {
    listen_to_rooms_without_number(Options { single_rooms_max: 8, ..Options::default() }).await;
}

async fn listen_to_rooms_without_number(options: Options) {
    let mut nats = Nats::start().await.unwrap();
    let writer = join(&nats, &Options::default()).await;
    let gateway = join(&nats, &options).await;
    let mut served = writer.serve(Door::ReadAny).await;
    nats.kill9();
    gateway.until(|link| !link.connected).await;
    let (into, mut heard) = tokio::sync::mpsc::channel(8);
    let mut listening = Vec::new();
    for n in 0..5000 {
        let topic = Topic::Room(room(&format!("r{n}")));
        listening.push(gateway.0.listen(topic, into.clone()).await.unwrap());
    }
    nats.restart().await.unwrap();
    for person in [&gateway, &writer] {
        person.until(|link| link.connected).await;
    }
    writer.0.settle().await.unwrap();
    // The last of them stands before a request that is handed over now.
    let _pending = gateway.0.ask(Door::ReadAny, ask("a"), None).await.unwrap();
    served.next().await;
    writer.publish(said("r4999", 1)).await;
    let heard = tokio::time::timeout(HANG, heard.recv()).await.expect("the note was missed").unwrap();
    assert_eq!(heard.note, said("r4999", 1));
}

#[tokio::test]
async fn what_had_come_in_at_a_door_is_handed_over_after_it_was_closed() {
    let road = Road::nats().await;
    let (gateway, writer) = (road.join().await, road.join().await);
    let (into, mut asked) = tokio::sync::mpsc::channel(1);
    let door = Door::Submit(partition(5));
    let listening = writer.0.serve(door, into).await.unwrap();
    writer.0.settle().await.unwrap();
    let mut pending = Vec::new();
    for n in 0..50 {
        pending.push(gateway.0.ask(door, ask(&format!("r{n}")), None).await.unwrap());
    }
    gateway.0.settle().await.unwrap();
    writer.0.settle().await.unwrap();
    drop(listening);
    for n in 0..50 {
        let asked = tokio::time::timeout(HANG, asked.recv()).await.unwrap().expect("the rest was dropped");
        assert_eq!(asked.ask, ask(&format!("r{n}")));
    }
    assert!(asked.recv().await.is_none());
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_or_passed_over() {
    let nats = Nats::start().await.unwrap();
    let writer = join(&nats, &Options::default()).await;
    writer.answer_heads(writer.serve(Door::ReadAny).await);
    let mut listened = writer.listen(Topic::Beats).await;
    let stranger = async_nats::connect(nats.url()).await.unwrap();
    for nonsense in ["", "{", "[]", r#"{"v":1}"#, r#"{"v":9,"heads":["a"]}"#, "\u{0}\u{1}"] {
        let refused = stranger.request("parlor.read.any", nonsense.into()).await.unwrap();
        let refused: serde_json::Value = serde_json::from_slice(&refused.payload).unwrap();
        assert_eq!(refused["refused"]["code"], Code::Malformed.as_str(), "{nonsense:?}");
        stranger.publish("parlor.beats", nonsense.into()).await.unwrap();
    }
    stranger.publish("parlor.read.any", r#"{"v":1,"heads":["a"]}"#.into()).await.unwrap();
    stranger.flush().await.unwrap();
    assert_eq!(writer.ask(Door::ReadAny, ask("b")).await, Ok(Answer::Heads(vec![head("b", 1)])));
    writer.publish(beat("w")).await;
    assert_eq!(listened.next().await, beat("w"));
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_an_error() {
    use futures::StreamExt as _;
    let nats = Nats::start().await.unwrap();
    let gateway = join(&nats, &Options::default()).await;
    let stranger = async_nats::connect(nats.url()).await.unwrap();
    let mut asked = stranger.subscribe("parlor.read.any").await.unwrap();
    tokio::spawn(async move {
        let asked = asked.next().await.unwrap();
        stranger.publish(asked.reply.unwrap(), "nonsense".into()).await.unwrap();
        stranger.flush().await.unwrap();
    });
    let mut answered = Err(BusError::NoResponder);
    while answered == Err(BusError::NoResponder) {
        answered = gateway.ask(Door::ReadAny, ask("a")).await;
    }
    assert!(matches!(answered, Err(BusError::Unreadable(_))), "{answered:?}");
}

#[tokio::test]
async fn what_is_too_large_goes_nowhere() {
    let nats = Nats::start().await.unwrap();
    let person = join(&nats, &Options::default()).await;
    let _served = person.serve(Door::SubmitAny).await;
    let draft = |n: usize| Draft {
        room: room("a"),
        by: User::parse("ana", None).unwrap(),
        id: RequestId::parse(&n.to_string()).unwrap(),
        change: Change::Message { body: Body::trusted(&"x".repeat(16_384)), reply_to: None },
        except: None,
    };
    let submit =
        |count| Ask::Submit(Submission { drafts: (0..count).map(draft).collect(), age: Duration::ZERO });
    assert!(person.0.ask(Door::SubmitAny, submit(50), None).await.is_ok());
    assert_eq!(person.0.ask(Door::SubmitAny, submit(70), None).await.unwrap_err(), BusError::TooLarge);
}

#[tokio::test]
async fn two_installations_share_a_server_without_hearing_each_other() {
    let nats = Nats::start().await.unwrap();
    let ours = join(&nats, &Options::default()).await;
    let theirs = join(&nats, &Options { prefix: "parlor-two".to_owned(), ..Options::default() }).await;
    ours.answer_heads(ours.serve(Door::ReadAny).await);
    let mut listened = ours.listen(Topic::Beats).await;
    assert_eq!(theirs.ask(Door::ReadAny, ask("a")).await, Err(BusError::NoResponder));
    theirs.publish(beat("theirs")).await;
    theirs.0.settle().await.unwrap();
    ours.publish(beat("ours")).await;
    assert_eq!(listened.next().await, beat("ours"));
}

/// A server that says hello and takes down what the client says.
async fn greeting(url: impl FnOnce(u16) -> String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = url(listener.local_addr().unwrap().port());
    let _bus = open(&url, &Options::default()).await.unwrap();
    let talk = async {
        let (mut socket, _) = listener.accept().await.unwrap();
        socket
            .write_all(b"INFO {\"server_id\":\"x\",\"max_payload\":1048576,\"headers\":true}\r\n")
            .await
            .unwrap();
        let mut said = vec![0; 4096];
        let read = socket.read(&mut said).await.unwrap();
        String::from_utf8_lossy(&said[..read]).into_owned()
    };
    tokio::time::timeout(HANG, talk).await.expect("the client says nothing")
}

#[tokio::test]
async fn user_and_password_of_the_url_reach_the_server() {
    let said = greeting(|port| format!("nats://ana:p%40ss@127.0.0.1:{port}")).await;
    assert!(said.contains(r#""user":"ana","pass":"p@ss""#), "{said}");
    let said = greeting(|port| format!("nats://t0ken@127.0.0.1:{port}")).await;
    assert!(said.contains(r#""auth_token":"t0ken""#), "{said}");
}

#[tokio::test]
async fn nothing_is_said_in_the_clear_where_the_url_asks_for_tls() {
    let said = greeting(|port| format!("tls://ana:secret@127.0.0.1:{port}")).await;
    // A TLS record that holds a handshake message.
    assert_eq!(said.as_bytes().first(), Some(&0x16), "{said}");
    assert!(!said.contains("secret"));
}

#[tokio::test]
async fn files_that_are_not_there_are_named() {
    let missing = || "/nowhere/at-all.pem".into();
    let options = [
        Options { credentials_file: Some(missing()), ..Options::default() },
        Options { ca_file: Some(missing()), ..Options::default() },
    ];
    for options in options {
        let Err(error) = open("nats://127.0.0.1:1", &options).await else { panic!("opened") };
        assert!(error.to_string().starts_with("/nowhere/at-all.pem: "), "{error}");
    }
}

//! What becomes of frames, and of the sessions that they are for.

use super::*;

#[tokio::test]
async fn through_either_gateway_frames_go_both_ways_in_order() {
    let (mut home, other) = two().await;
    let (session, mut connection) = home.opens().await;
    assert_eq!((connection.dialect, connection.user.identity.user.id.as_str()), ("phoenix", "ana"));
    for gateway in [&home, &other, &home, &other] {
        assert_eq!(status(&gateway.posts(&session, "[1]\n[2]\nAAEC\n").await), 200);
        assert_eq!(connection.hears(3).await, ["[1]", "[2]", "[0, 1, 2]"]);
        connection.says(&["[3]", "[\"„\\\"\\n👍\"]"]).await;
        let mut heard = Vec::new();
        while heard.len() < 2 {
            let answer = gateway.polls(&session).await;
            assert_eq!((status(&answer), &answer["token"]), (&json!(200), &json!(session)));
            heard.extend(answer["messages"].as_array().unwrap().clone());
        }
        assert_eq!(heard, ["[3]", "[\"„\\\"\\n👍\"]"]);
    }
    assert_eq!(home.load.count(), 2, "the connection that was let in, and its session");
}

#[tokio::test(start_paused = true)]
async fn a_poll_waits_for_what_comes_and_not_for_ever() {
    let (mut home, other) = two().await;
    let (session, mut connection) = home.opens().await;
    for gateway in [&home, &other] {
        let begin = Instant::now();
        let nothing = gateway.polls(&session).await;
        assert_eq!(nothing, json!({ "status": 204, "token": session, "messages": [] }));
        assert!((WINDOW..WINDOW + Duration::from_secs(1)).contains(&begin.elapsed()));
        let speaks = async {
            sleep(WINDOW / 2).await;
            connection.says(&["[1]"]).await;
        };
        let (answer, ()) = tokio::join!(gateway.polls(&session), speaks);
        assert_eq!((status(&answer), &answer["messages"]), (&json!(200), &json!(["[1]"])));
    }
}

#[tokio::test(start_paused = true)]
async fn polls_are_signs_of_life_and_a_session_without_any_ends() {
    let (mut home, other) = two().await;
    let (session, mut connection) = home.opens().await;
    for _ in 0..10 {
        assert_eq!(status(&other.polls(&session).await), 204);
        let mut pong = [0; 6];
        connection.stream.read_exact(&mut pong).await.unwrap();
        assert_eq!(pong[0] & 0x0f, 0xa);
    }
    let begin = Instant::now();
    assert_eq!(connection.hears(2).await, ["closed 1000", "the end"]);
    let since_it_was_asked = begin.elapsed() + WINDOW;
    assert!((15..=30).contains(&since_it_was_asked.as_secs()), "{since_it_was_asked:?}");
    for gateway in [&home, &other] {
        assert_eq!(status(&gateway.polls(&session).await), 410);
        assert_eq!(status(&gateway.posts(&session, "[1]").await), 410);
    }
    assert_eq!(home.load.count(), 1, "the connection, which this test keeps");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_ends_ends_its_session_once_all_was_polled() {
    let (mut home, other) = two().await;
    let (session, mut connection) = home.opens().await;
    connection.says(&["[1]"]).await;
    connection.closes(1012).await;
    assert_eq!(connection.hears(1).await, ["the end"], "it is told at once that the close was heard");
    assert_eq!(status(&other.posts(&session, "[2]").await), 410, "nothing more is taken");
    assert_eq!(other.polls(&session).await["messages"], json!(["[1]"]));
    assert_eq!(status(&other.polls(&session).await), 410);
    // Whoever polls at that moment is told at once, with no token of a new session.
    let (session, mut connection) = home.opens().await;
    let (answer, ()) = tokio::join!(other.polls(&session), connection.closes(1012));
    assert_eq!(answer, json!({ "status": 410, "token": null, "messages": [] }));
}

#[tokio::test(start_paused = true)]
async fn what_nobody_takes_is_not_read_and_nothing_of_it_is_lost() {
    let (mut home, other) = two().await;
    let (session, mut connection) = home.opens().await;
    let frame = |number: usize| format!("[{number},\"{}\"]", "x".repeat(1000));
    let mut said = 0;
    while timeout(Duration::from_secs(1), connection.says(&[&frame(said)])).await.is_ok() {
        said += 1;
        assert!(said < 2000, "it reads for ever");
    }
    // The last one was cut, and goes on below.
    let mut heard = Vec::new();
    while heard.len() < said {
        let answer = other.polls(&session).await;
        assert_eq!(status(&answer), 200, "after {}", heard.len());
        let messages = answer["messages"].as_array().unwrap().clone();
        assert!(messages.len() * 1000 <= 256 * 1024, "{} at once", messages.len());
        heard.extend(messages);
    }
    let expected: Vec<_> = (0..heard.len()).map(frame).collect();
    assert_eq!(heard, expected);
}

#[tokio::test(start_paused = true)]
async fn what_comes_while_nobody_reads_the_answer_waits_for_the_next_poll() {
    let (mut home, _other) = two().await;
    let (session, mut connection) = home.opens().await;
    let mut given_up = Box::pin(home.polls(&session));
    poll_fn(|cx| Poll::Ready(given_up.as_mut().poll(cx).is_pending())).await;
    drop(given_up);
    connection.says(&["[1]"]).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(home.polls(&session).await["messages"], json!(["[1]"]));
}

#[tokio::test]
async fn of_two_polls_at_once_one_gets_what_comes() {
    let (mut home, other) = two().await;
    let (session, mut connection) = home.opens().await;
    let speaks = async {
        sleep(Duration::from_millis(50)).await;
        connection.says(&["[1]"]).await;
    };
    let (one, two, ()) = tokio::join!(home.polls(&session), other.polls(&session), speaks);
    let (mut statuses, mut messages) = (vec![status(&one), status(&two)], Vec::new());
    statuses.sort_by_key(|status| status.as_u64());
    messages.extend(one["messages"].as_array().unwrap());
    messages.extend(two["messages"].as_array().unwrap());
    assert_eq!((statuses, messages), (vec![&json!(200), &json!(204)], vec![&json!("[1]")]));
}

//! One process that is everything, with nothing installed.

use std::process::Command;
use std::time::Duration;

use serde_json::json;
use town::{Role, Server, Settings, Town, probe, program};

/// Where solo keeps its messages, unless it is told otherwise.
const SQLITE: &str = "sqlite:parlor-data/parlor.db";

#[tokio::test(flavor = "multi_thread")]
async fn two_people_talk_and_after_a_restart_the_history_is_there() {
    let mut town = Town::solo().start().await;
    let ana = town.person("ana").joins("r7").await;
    let ben = town.person("ben").joins("r7").await;
    for number in 0..10 {
        ana.says("r7", &format!("ana {number}")).await;
        ben.says("r7", &format!("ben {number}")).await;
    }
    let before = ana.sees("r7", 20).await;
    assert_eq!(ben.sees("r7", 20).await, before);

    town.gateways[0].stop().await;
    assert_eq!(ana.closed().await.code, Some(1012));
    assert_eq!(ben.closed().await.code, Some(1012));
    town.gateways[0].restart().await;

    let ana = town.person("ana").joins_after("r7", 15).await;
    assert_eq!(ana.sees("r7", 5).await[..], before[15..]);
    assert_eq!(ana.history("r7", 0, 200).await, (before, false));
    assert_eq!(ana.says("r7", "after").await.seq, 21);
    assert_eq!(town.audit().await.acknowledged, 21);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_solo_that_is_killed_has_lost_nothing_that_it_acknowledged() {
    let mut town = Town::solo().start().await;
    let crowd = town::Crowd::talks(&town, 6, 2).await;
    for _ in 0..2 {
        crowd.says_more(100).await;
        town.gateways[0].kill9();
        town.gateways[0].restart().await;
    }
    crowd.says_more(50).await;
    let (told, _here) = crowd.ends().await;
    assert!(told.returns >= 12, "{told:?}");
    assert_eq!(town.audit().await.acknowledged, told.said);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_new_epoch_positions_of_the_old_history_count_no_more() {
    let mut town = Town::solo().start().await;
    let ana = town.person("ana").await;
    let before = ana.joins("r7").await;
    for number in 0..3 {
        ana.says("r7", &format!("number {number}")).await;
    }
    town.gateways[0].stop().await;
    let parlor = program("parlor").unwrap();
    let mut migrated = Command::new(parlor);
    migrated.args(["migrate", "--new-epoch"]).arg("--store").arg(SQLITE);
    let migrated = migrated.current_dir(town.folder()).output().unwrap();
    assert!(migrated.status.success(), "{migrated:?}");
    town.gateways[0].restart().await;

    let ana = town.person("ana").await;
    let after = ana.joins_after("r7", 2, Some(&before.epoch)).await;
    assert_eq!((after.seq, after.truncated), (3, true));
    assert_ne!(after.epoch, before.epoch);
    assert_eq!(ana.sees("r7", 3).await[0].seq, 1, "the newest are shown, and that is all of them");
    let knows = town.person("ben").await.joins_after("r7", 2, Some(&after.epoch)).await;
    assert!(!knows.truncated);
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_serves_a_page_and_hands_out_tokens_to_whoever_is_on_this_machine() {
    let town = Town::solo().start().await;
    let address = town.gateways[0].listen();
    let page = probe::get(address, "/").await.unwrap();
    assert_eq!(page.status, 200);
    assert!(page.body.contains("<title>Parlor</title>"), "{}", page.body);

    let made = probe::post(address, "/dev/token", &json!({ "user": "ana", "name": "Ana" })).await.unwrap();
    let token = made.json()["token"].as_str().unwrap().to_owned();
    let ana = town.person("ana").token(token.clone()).by_subprotocol().await;
    assert_eq!(ana.protocol(), Some("parlor.v1"), "the token is not echoed");
    let in_url = town.person("ana").unidentified().path(&format!("/ws?token={token}")).joins("r7").await;
    in_url.says("r7", "hello").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_by_itself_hands_out_no_tokens_and_takes_none_from_the_url() {
    let town = Town::new().start().await;
    let address = town.gateways[0].listen();
    let made = probe::post(address, "/dev/token", &json!({ "user": "ana" })).await.unwrap();
    assert_eq!(made.status, 404);
    let path = format!("/ws?token={}", town::Token::of("ana").sign());
    let in_url = town.person("ana").unidentified().path(&path).enters().await.unwrap();
    in_url.writes(json!({ "type": "ping" }).to_string()).await;
    assert_eq!(in_url.closed().await.code, Some(4001));
}

/// A second process in the folder of a town.
fn second(town: &Town, settings: &[(&str, &str)]) -> Server {
    let mut all = Settings::default();
    for (key, value) in settings {
        all.set(key, value);
    }
    Server::new("second".to_owned(), Role::Solo, all, town.folder().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_solo_on_the_same_data_names_the_first_and_ends_with_code_1() {
    let town = Town::solo().start().await;
    let mut second = second(&town, &[("gateway.listen", "127.0.0.1:0"), ("admin.listen", "127.0.0.1:0")]);
    second.launch();
    assert_eq!(second.exit().await, Some(1));
    let said = second.log();
    assert!(said.contains(&format!("pid {}", town.gateways[0].pid())), "{said}");
    let ana = town.person("ana").joins("r7").await;
    ana.says("r7", "the first is undisturbed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_named_and_ends_the_start_with_code_1() {
    let town = Town::solo().start().await;
    let other_data = ("store.url", "sqlite:other/parlor.db");
    for (key, env) in
        [("gateway.listen", "PARLOR__GATEWAY__LISTEN"), ("admin.listen", "PARLOR__ADMIN__LISTEN")]
    {
        let taken = town.gateways[0].listen().to_string();
        let other = if key == "admin.listen" { "gateway.listen" } else { "admin.listen" };
        let mut second = second(&town, &[(key, &taken), (other, "127.0.0.1:0"), other_data]);
        second.launch();
        assert_eq!(second.exit().await, Some(1), "{key}");
        let said = second.log();
        assert!(said.contains(&taken) && said.contains("taken") && said.contains(env), "{said}");
    }
    let ana = town.person("ana").joins("r7").await;
    ana.says("r7", "the first is undisturbed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_renewed_in_time_goes_on_and_one_that_is_not_closes() {
    let town = Town::solo().set("auth.leeway", "0s").start().await;
    let short = || town::Token::of("ana").lives(Duration::from_secs(4)).sign();
    let renews = town.person("ana").token(short()).joins("r7").await;
    let forgets = town.person("ana").token(short()).joins("r7").await;
    for person in [&renews, &forgets] {
        assert!(person.hears("token_expiring").await["in_s"].as_u64().unwrap() <= 4);
    }
    let renewed = renews.asks(json!({ "type": "hello", "token": town::Token::of("ana").sign() })).await;
    assert_eq!((&renewed["type"], &renewed["user"]["id"]), (&"renewed".into(), &"ana".into()));

    let closed = forgets.closed().await;
    let bye = closed.bye.unwrap_or_default();
    assert_eq!((closed.code, bye["code"].as_str()), (Some(4001), Some("not_identified")));
    assert!(renews.is_here());
    renews.says("r7", "still here").await;

    renews.shows(&town::Token::of("ben").sign()).await;
    assert_eq!(renews.closed().await.code, Some(4001), "a renewal for another user");
}

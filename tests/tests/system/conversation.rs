//! People talk, wherever they are connected.

use futures::future::join_all;
use town::{Person, Town};

#[tokio::test(flavor = "multi_thread")]
async fn everybody_on_three_gateways_sees_every_message_once_in_the_same_order() {
    let town = Town::new().gateways(3).writers(2).start().await;
    let mut people: Vec<Person> = Vec::new();
    for (number, name) in ["ana", "ben", "cid", "dia", "eli", "fay"].into_iter().enumerate() {
        people.push(town.person(name).at(number).joins("r7").joins("kitchen").await);
    }
    for round in 0..5 {
        for person in &people {
            for room in ["r7", "kitchen"] {
                let body = format!("{} in {room}, round {round} ✓", person.user());
                let sent = person.says(room, &body).await;
                // Whoever speaks is shown it too.
                let shown = &person.sees(room, usize::try_from(sent.seq).unwrap()).await[..];
                let own = shown.last().unwrap();
                assert_eq!((own.seq, &*own.id, &*own.body), (sent.seq, &*sent.id, &*body));
            }
        }
    }
    for room in ["r7", "kitchen"] {
        let seen = join_all(people.iter().map(|person| person.sees(room, 30))).await;
        let seqs: Vec<u64> = seen[0].iter().map(|message| message.seq).collect();
        assert_eq!(seqs, (1..=30).collect::<Vec<_>>(), "{room}");
        assert!(seen.iter().all(|one| *one == seen[0]), "{room}: not all saw the same");
    }
    let audit = town.audit().await;
    assert_eq!((audit.asked, audit.acknowledged, audit.shown), (60, 60, 360));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_in_a_room_is_shown_nothing_of_it() {
    let town = Town::new().gateways(2).start().await;
    let ana = town.person("ana").at(0).joins("r7").await;
    let ben = town.person("ben").at(1).joins("r7").joins("kitchen").await;
    ana.says("r7", "both").await;
    ben.sees("r7", 1).await;
    ben.leaves("r7").await;
    ana.says("r7", "only ana").await;
    ana.says("kitchen", "from outside").await;
    ben.sees("kitchen", 1).await;
    ana.sees("r7", 2).await;
    assert_eq!((ben.shown("r7").len(), ana.shown("kitchen").len()), (1, 0));
    town.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_connections_of_one_user_both_see_what_either_says() {
    let town = Town::new().gateways(2).start().await;
    let at_home = town.person("ana").at(0).joins("r7").await;
    let on_the_way = town.person("ana").at(1).joins("r7").await;
    at_home.says("r7", "one").await;
    on_the_way.says("r7", "two").await;
    assert_eq!(at_home.sees("r7", 2).await, on_the_way.sees("r7", 2).await);
    town.audit().await;
}

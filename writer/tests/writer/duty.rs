//! Partitions and those who serve them.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bus::{Ask, Bus as _, Door, PARTITIONS, Partition};
use tokio::time::timeout;

use crate::house::{HANG, House, settings};
use crate::moody::MoodyStore;
use crate::words::{room, says, submission, told};

/// How many writers take what comes in at the door of each partition.
async fn servers(house: &House, stores: &[&Arc<MoodyStore>]) -> Vec<usize> {
    let reads = || stores.iter().map(|store| store.reads.load(Ordering::SeqCst)).sum::<usize>();
    let mut servers = Vec::new();
    for partition in Partition::all() {
        let before = reads();
        let ask = Ask::Open { room: room("a"), create: false };
        // A writer that was just killed may have taken it with it.
        let _ = timeout(Duration::from_millis(200), house.ask(Door::Read(partition), ask)).await;
        // The first answer counts; another server may still be at it.
        tokio::time::sleep(Duration::from_millis(2)).await;
        servers.push(reads() - before);
    }
    servers
}

async fn until_each_has_one_server(house: &House, stores: &[&Arc<MoodyStore>]) {
    let each_has_one = async {
        while servers(house, stores).await != [1; PARTITIONS as usize] {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(HANG, each_has_one).await.expect("the partitions are never in order");
}

#[tokio::test]
async fn each_partition_is_served_by_one_writer_whoever_comes_and_goes() {
    let house = House::new().await;
    let stores: Vec<_> = (0..3).map(|_| MoodyStore::new(Arc::clone(&house.store))).collect();
    let all: Vec<&Arc<MoodyStore>> = stores.iter().collect();
    let first = house.writer_on(stores[0].clone(), settings()).await;
    until_each_has_one_server(&house, &all).await;
    let second = house.writer_on(stores[1].clone(), settings()).await;
    let third = house.writer_on(stores[2].clone(), settings()).await;
    until_each_has_one_server(&house, &all).await;
    for store in &stores {
        let before = store.reads.load(Ordering::SeqCst);
        servers(&house, &all).await;
        let share = store.reads.load(Ordering::SeqCst) - before;
        assert!((5..45).contains(&share), "a writer serves {share} of {PARTITIONS}");
    }
    first.leave().await;
    until_each_has_one_server(&house, &all).await;
    // Killed: it says nothing, and its silence is noticed.
    drop(second);
    until_each_has_one_server(&house, &all).await;
    assert_eq!(house.served().await, PARTITIONS as usize);
    drop(third);
}

#[tokio::test]
async fn a_writer_that_alone_has_lost_its_store_leaves_its_partitions_to_the_others() {
    let house = House::new().await;
    let (cut_off, fine) =
        (MoodyStore::new(Arc::clone(&house.store)), MoodyStore::new(Arc::clone(&house.store)));
    let mut first = house.writer_on(cut_off.clone(), settings()).await;
    let _second = house.writer_on(fine.clone(), settings()).await;
    until_each_has_one_server(&house, &[&cut_off, &fine]).await;
    cut_off.gone.store(true, Ordering::SeqCst);
    first.until(Result::is_err).await;
    until_each_has_one_server(&house, &[&fine]).await;
    for n in 0..50 {
        assert!(house.submit(vec![says("a", &format!("m{n}"))]).await[0].is_ok());
    }
    cut_off.gone.store(false, Ordering::SeqCst);
    first.until(Result::is_ok).await;
    let before = cut_off.reads.load(Ordering::SeqCst);
    until_each_has_one_server(&house, &[&cut_off, &fine]).await;
    let back = async {
        while cut_off.reads.load(Ordering::SeqCst) == before {
            servers(&house, &[&cut_off, &fine]).await;
        }
    };
    timeout(HANG, back).await.expect("it never takes part again");
}

#[tokio::test]
async fn where_no_writer_has_its_store_all_serve_on_and_say_so() {
    let house = House::new().await;
    let stores: Vec<_> = (0..2).map(|_| MoodyStore::new(Arc::clone(&house.store))).collect();
    let mut writers = Vec::new();
    for store in &stores {
        writers.push(house.writer_on(store.clone(), settings()).await);
    }
    stores.iter().for_each(|store| store.gone.store(true, Ordering::SeqCst));
    for writer in &mut writers {
        writer.until(Result::is_err).await;
    }
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(house.served().await, PARTITIONS as usize);
    assert!(told(&house.submit(vec![says("a", "1")]).await)[0].is_err());
}

#[tokio::test]
async fn two_writers_on_one_room_give_each_draft_one_seq() {
    let house = House::new().await;
    let (_one, _other) = (house.writer().await, house.writer().await);
    let mut pending = Vec::new();
    for n in 0..400 {
        // Each draft twice, to any writer: as often to both as to one.
        for _ in 0..2 {
            let ask = submission(vec![says("a", &format!("m{n}"))]);
            pending.push((n, house.bus.ask(Door::SubmitAny, ask, None).await.unwrap()));
        }
    }
    let mut seqs: Vec<Vec<u64>> = vec![Vec::new(); 400];
    for (n, pending) in pending {
        let Ok(bus::Answer::Verdicts(verdicts)) = pending.await else { panic!() };
        seqs[n].extend(told(&verdicts)[0].iter());
    }
    let mut firsts: Vec<u64> = seqs
        .iter()
        .map(|seqs| {
            assert!(seqs.len() == 2 && seqs[0] == seqs[1], "{seqs:?}");
            seqs[0]
        })
        .collect();
    firsts.sort_unstable();
    assert_eq!(firsts, (1..=400).collect::<Vec<_>>());
}

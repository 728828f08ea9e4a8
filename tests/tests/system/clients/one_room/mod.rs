//! One room, and everybody in it: clients of all dialects with their own, unmodified libraries, on three gateways.

mod guest;

use std::time::Duration;

use town::audit::Books;
use town::{Crowd, Line, Town};

use guest::{Guest, Shown, everybody};

/// The room in which a crowd talks that has one room.
const ROOM: &str = "square-0";
/// How many things each says at once: no more than may wait for their verdicts.
const BURST: usize = 20;
/// How often each does so.
const ROUNDS: usize = 10;
/// What the crowd says while a line is cut, and after it is mended.
const MEANWHILE: usize = 30;
/// How long one of the crowd waits between two messages.
const PAUSE: Duration = Duration::from_millis(50);

async fn town() -> Town {
    let plan = super::pusher::plan().gateways(3).writers(2);
    // However long it takes a library to come back, all that was said meanwhile can be had.
    plan.set("auth.query_token", true).set("limits.replay", 100_000).start().await
}

/// A line to each gateway.
async fn lay_lines(town: &Town) -> Vec<Line> {
    let mut lines = Vec::new();
    for gateway in &town.gateways {
        lines.push(Line::to(gateway.listen().port()).await.expect("a free port"));
    }
    lines
}

fn texts(name: &str, round: usize) -> Vec<String> {
    (0..BURST).map(|number| format!("{name} {} 👍", round * BURST + number)).collect()
}

/// What is stored in the room.
fn stored(books: &Books) -> Vec<Shown> {
    books.room(ROOM).iter().map(|message| (message.seq, message.body.to_string())).collect()
}

/// Asserts that somebody was shown exactly this.
fn assert_shown(guest: &Guest, expected: &[Shown]) {
    let shown = guest.shown();
    let odd = shown.iter().zip(expected).find(|(shown, expected)| shown != expected);
    let name = guest.library().name();
    assert_eq!((odd, shown.len()), (None, expected.len()), "{name}: each once, in order");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_messages_of_all_dialects_are_seen_once_by_everybody_in_one_order() {
    let town = town().await;
    let lines = lay_lines(&town).await;
    let Some(guests) = everybody(&town, &lines).await else { return };
    let mut native = town.resident("native").at(1).joins(ROOM).await;
    let mut said = 0;
    for round in 0..ROUNDS {
        for guest in &guests {
            texts(guest.library().name(), round).iter().for_each(|text| guest.says(text));
        }
        native.says_all(ROOM, &texts("native", round)).await;
        said += BURST * (guests.len() + 1);
        for guest in &guests {
            guest.reaches(said as u64).await;
        }
        native.sees(ROOM, said as u64).await;
    }
    assert_eq!(said, 1000);
    // What is shown twice is shown before this.
    let end = native.says(ROOM, "the end").await.seq;
    for guest in &guests {
        guest.reaches(end).await;
    }
    let stored = stored(&town.books().await);
    assert_eq!(stored.len(), 1001, "what was said is stored once");
    for name in guests.iter().map(|guest| guest.library().name()).chain(["native"]) {
        let own = stored.iter().map(|(_, text)| text).filter(|text| text.starts_with(&format!("{name} ")));
        let expected: Vec<_> = (0..ROUNDS).flat_map(|round| texts(name, round)).collect();
        assert!(own.eq(&expected), "{name}: in the order in which it was said");
    }
    guests.iter().for_each(|guest| assert_shown(guest, &stored));
    let audit = town.audit().await;
    assert_eq!((audit.asked, audit.shown), (201, 1001), "the native one, who is audited");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_can_resume_has_everything_once_in_order_however_often_all_are_cut_off() {
    let town = town().await;
    let lines = lay_lines(&town).await;
    let Some(mut guests) = everybody(&town, &lines).await else { return };
    let mut native = town.resident("native").at(0).over(&lines).joins(ROOM).await;
    let crowd = Crowd::murmurs(&town, 3, 1, PAUSE).await;
    crowd.says_more(MEANWHILE).await;
    for (gateway, line) in lines.iter().enumerate() {
        let mut here: Vec<_> = guests.iter_mut().filter(|guest| guest.at() == gateway).collect();
        line.cut();
        // Nobody gets in again before that is said: Phoenix would be back within milliseconds.
        crowd.says_more(MEANWHILE).await;
        here.iter_mut().for_each(|guest| guest.moves(&lines));
        line.mend();
        for guest in here {
            guest.comes_back().await;
        }
        let said = crowd.told().said as u64;
        native.sees(ROOM, said).await;
        crowd.says_more(MEANWHILE).await;
    }
    let (told, _crowd) = crowd.ends().await;
    let end = native.says(ROOM, "the end").await.seq;
    for guest in &guests {
        guest.reaches(end).await;
    }
    let stored = stored(&town.books().await);
    assert_eq!((stored.len() as u64, stored.len()), (end, told.said + 1));
    for guest in &guests {
        if guest.library().resumes() {
            assert_shown(guest, &stored);
        } else {
            assert_whole_while_here(guest, &stored);
        }
    }
    let broken: Vec<_> = lines.iter().map(|line| line.toll().broken).collect();
    assert!(broken.iter().all(|broken| *broken > 0) && native.returns() > 0, "{broken:?}");
    town.audit().await;
}

/// Asserts that somebody who cannot resume was shown nothing twice, all in order, and everything while it was there.
fn assert_whole_while_here(guest: &Guest, stored: &[Shown]) {
    let name = guest.library().name();
    let stretches = guest.stretches();
    assert!(stretches.len() > 1, "{name} was cut off");
    let mut last = 0;
    for stretch in stretches.iter().filter(|stretch| !stretch.is_empty()) {
        let start = stretch[0].0;
        assert!(start > last, "{name} is shown {start} after {last}");
        let expected = stored.iter().skip_while(|(seq, _)| *seq < start).take(stretch.len());
        assert!(stretch.iter().eq(expected), "{name}: each once, in order, from {start} on");
        last = stretch[stretch.len() - 1].0;
    }
    assert_eq!(last, stored.len() as u64, "{name}: to the end");
}

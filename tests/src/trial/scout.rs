//! Whether all is well: everybody is ready, and at each gateway a message can be said and is seen at all others.

use std::time::Duration;

use futures::future::join_all;
use tokio::time::sleep;

use crate::diary::Diary;
use crate::patience::until;
use crate::person::{Answer, Person, Visit, new_id};
use crate::server::Server;
use crate::town::Town;

/// How long a try to come in may take.
const COME_WITHIN: Duration = Duration::from_secs(2);
/// How long an answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(6);
const PAUSE: Duration = Duration::from_millis(20);
/// Nobody else is in this room.
const ROOM: &str = "lookout";

/// Waits until it is. What the scouts say is not part of the experiment, and stands in no diary of the town.
pub(super) async fn all_is_well(town: &Town) {
    let servers = || town.gateways.iter().chain(&town.writers).filter(|server| server.runs());
    join_all(servers().map(Server::is_ready)).await;
    let gateways = || town.gateways.iter().filter(|gateway| gateway.runs());
    let scouts = join_all(gateways().map(comes)).await;
    let seqs = join_all(scouts.iter().map(says)).await;
    let head = seqs.into_iter().max().unwrap_or_default();
    join_all(scouts.iter().map(|scout| sees(scout, head))).await;
    join_all(scouts.into_iter().map(Person::goes)).await;
}

async fn comes(gateway: &Server) -> Person {
    let visit = Visit::new(vec![gateway.listen()], Diary::new(&format!("scout-of-{}", gateway.name())));
    let visit = visit.joins_after(ROOM, 0);
    until(format!("somebody can come in at {}", gateway.name()), async || visit.tries(COME_WITHIN).await.ok())
        .await
}

/// Gives the seq of what was said.
async fn says(scout: &Person) -> u64 {
    let id = new_id();
    until(format!("{} can say something", scout.user()), async || {
        let pending = scout.begins(ROOM, &id, "all is well").await;
        match scout.answer_within(pending, ANSWER_WITHIN).await {
            Some(Answer::Sent(sent)) => Some(sent.seq),
            _ => {
                sleep(PAUSE).await;
                None
            }
        }
    })
    .await
}

async fn sees(scout: &Person, head: u64) {
    until(format!("{} sees {head}", scout.user()), async || {
        scout.shown(ROOM).last().is_some_and(|message| message.seq >= head).then_some(())
    })
    .await;
}

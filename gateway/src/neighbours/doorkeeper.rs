//! The task that answers what other gateways ask of this one.
//!
//! It answers several at once, and holds no one up behind a shard that is busy; how many, is bounded. It ends with its
//! token, or with the bus.

use std::sync::Arc;
use std::time::Duration;

use bus::{Answer, Ask, Asked, Bus, Door};
use chat::Refusal;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::Here;

/// How many requests are answered at once, and how many wait for that.
const AT_ONCE: usize = 64;
/// How long an answer may take: nobody waits for it any longer.
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);

/// Answers at the door of the gateway with this number until `stop`. `alive` is dropped when it has ended, however it did.
pub(crate) async fn keep(
    number: u64,
    bus: Arc<dyn Bus>,
    here: Here,
    stop: CancellationToken,
    alive: DropGuard,
) {
    let _alive = alive;
    let (into, mut asked) = mpsc::channel(AT_ONCE);
    let door = bus.serve(Door::Gateway(number), into).await;
    if let Err(error) = &door {
        tracing::warn!(%error, "no other gateway can ask this one");
    }
    let mut answers = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            Some(_answered) = answers.join_next() => {}
            next = asked.recv(), if answers.len() < AT_ONCE => match next {
                Some(asked) => {
                    answers.spawn(give_answer(Arc::clone(&bus), here.clone(), asked));
                }
                None => return stop.cancelled().await,
            },
        }
    }
}

async fn give_answer(bus: Arc<dyn Bus>, here: Here, asked: Asked) {
    let Ok(answer) = timeout(ANSWERED_WITHIN, answer(&here, asked.ask)).await else { return };
    if let Err(error) = bus.answer(asked.reply_to, answer).await {
        tracing::debug!(%error, "another gateway could not be answered");
    }
}

async fn answer(here: &Here, ask: Ask) -> Answer {
    match ask {
        Ask::Survey(survey) => Answer::Tallies(here.survey(&survey).await),
        Ask::SendAway { user, dialect } => Answer::SentAway(here.send_away(&user, dialect.as_deref()).await),
        Ask::Submit(_)
        | Ask::Open { .. }
        | Ask::Events { .. }
        | Ask::History { .. }
        | Ask::Rooms { .. }
        | Ask::Heads(_)
        | Ask::Poll { .. }
        | Ask::Post { .. } => Answer::Refused(Refusal::malformed("this is asked elsewhere")),
    }
}

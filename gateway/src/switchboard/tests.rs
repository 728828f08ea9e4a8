//! The switchboard beside a writer on its own thread, as in solo.

use std::sync::Arc;
use std::time::Duration;

use bus::{Answer, Asked, Bus, Door, LocalBus, Partition};
use chat::{Change, Code, Draft, Refusal, RequestId, RoomId, Seq, User};
use prometheus::Registry;
use tokio::sync::mpsc;
use tokio::task::LocalSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::test_bench::{Bounds, start_here};
use super::{ConnectionKey, Settings, Told, Want};
use crate::metrics::Metrics;
use crate::sampling::Sampling;

/// How many requests wait at the door of a writer.
const ASKED_MAX: usize = 4096;
const WISHES: usize = 3 * ASKED_MAX;

/// Refuses all that is asked, one after the other.
async fn refuse_all(bus: Arc<LocalBus>, mut asked: mpsc::Receiver<Asked>) {
    while let Some(asked) = asked.recv().await {
        let refused = Answer::Refused(Refusal::malformed("this writer likes nothing"));
        bus.answer(asked.reply_to, refused).await.unwrap();
    }
}

fn wish() -> Want {
    let draft = Draft {
        room: RoomId::parse("r7").unwrap(),
        by: User::parse("ana", None).unwrap(),
        id: RequestId::parse("1").unwrap(),
        change: Change::Delete { target: Seq::ZERO },
        except: None,
    };
    Want::Submit {
        connection: ConnectionKey { place: 0, generation: 0 },
        room: draft.room.clone(),
        drafts: vec![draft],
        accepted: Instant::now(),
        trace: None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_wishes_leaves_the_writer_its_turns() {
    let bus = Arc::new(LocalBus::new(WISHES));
    let (into, asked) = mpsc::channel(ASKED_MAX);
    let owner = Door::Submit(Partition::of(&RoomId::parse("r7").unwrap()));
    let _at_owner = bus.serve(owner, into.clone()).await.unwrap();
    let _at_any = bus.serve(Door::SubmitAny, into).await.unwrap();
    let _writer = tokio::spawn(refuse_all(Arc::clone(&bus), asked));

    let here = LocalSet::new();
    let codes = here.run_until(async {
        let bounds = Bounds { wants: WISHES, told: WISHES };
        let settings =
            Settings { replay: 1, ring_bytes: 1, linger: Duration::ZERO, sampling: Sampling::NONE };
        let metrics = Metrics::register(&Registry::new()).unwrap();
        let (mut ends, _work) = start_here(1, bounds, bus, settings, metrics, CancellationToken::new());
        (0..WISHES).for_each(|_| ends[0].line.ask(wish()).unwrap());
        let mut codes = Vec::new();
        while codes.len() < WISHES {
            for told in ends[0].told.recv().await.unwrap() {
                let Told::Verdicts { verdicts, .. } = told else { continue };
                codes.extend(verdicts.into_iter().map(|verdict| verdict.unwrap_err().code));
            }
        }
        codes
    });
    let codes = codes.await;
    let refused = codes.iter().filter(|code| **code == Code::Malformed).count();
    assert_eq!(refused, WISHES, "{} of them unavailable", WISHES - refused);
}

//! Doors while partitions change hands, over a bus in the process.

use std::sync::Arc;
use std::time::Duration;

use bus::{Answer, Ask, Asked, Beat, Bus, BusError, Door, LocalBus, Note, Partition, Topic};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{Doors, Duty, Keeper, Parts, Queues};
use crate::health::Health;

const BEAT: Duration = Duration::from_secs(1);

/// A writer that answers whatever it is asked.
struct Writer {
    bus: Arc<LocalBus>,
    leave: CancellationToken,
    keeper: JoinHandle<Result<(), BusError>>,
}

impl Writer {
    /// Starts it, alone, and waits until it serves.
    async fn start() -> Self {
        let bus = Arc::new(LocalBus::new(1000));
        let (into, asked) = mpsc::channel(1000);
        tokio::spawn(answer_all(Arc::clone(&bus), asked));
        let doors =
            Doors::new(Arc::clone(&bus) as Arc<dyn Bus>, Queues { submissions: into.clone(), reads: into });
        let duty = watch::Sender::new(Duty::default());
        let mut serves = duty.subscribe();
        let parts = Parts {
            bus: Arc::clone(&bus) as Arc<dyn Bus>,
            health: Health::new(),
            beat: BEAT,
            silence: 3 * BEAT,
            duty,
        };
        let leave = CancellationToken::new();
        let keeper = tokio::spawn(Keeper::new(parts, doors).run(leave.clone()));
        serves.wait_for(|duty| duty.serves).await.expect("a keeper");
        Self { bus, leave, keeper }
    }

    /// How many partitions it answers for.
    async fn answers(&self) -> usize {
        let mut answers = 0;
        for partition in Partition::all() {
            if let Ok(pending) = self.bus.ask(Door::Read(partition), Ask::Heads(Vec::new()), None).await
                && pending.await.is_ok()
            {
                answers += 1;
            }
        }
        answers
    }

    /// Another writer is heard for the first time.
    async fn meets(&self, other: &str) {
        let beat = Beat { writer: other.to_owned(), able: true, leaving: false };
        self.bus.publish(Note::Beat(beat), None).await.expect("a bus");
    }
}

async fn answer_all(bus: Arc<LocalBus>, mut asked: mpsc::Receiver<Asked>) {
    while let Some(asked) = asked.recv().await {
        let _ = bus.answer(asked.reply_to, Answer::Heads(Vec::new())).await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_leaves_is_heard_to_leave_before_its_doors_close() {
    let mut writer = Writer::start().await;
    writer.meets("another").await;
    sleep(BEAT).await;
    let share = writer.answers().await;
    assert!((10..54).contains(&share), "it shares with the other: {share}");
    let (into, mut beats) = mpsc::channel(10);
    let _listening = writer.bus.listen(Topic::Beats, into).await.expect("a bus");
    writer.leave.cancel();
    loop {
        let Note::Beat(beat) = beats.recv().await.expect("a last beat").note else { continue };
        if beat.leaving {
            break;
        }
    }
    assert_eq!(writer.answers().await, share, "nobody has taken its place yet");
    (&mut writer.keeper).await.expect("a keeper").expect("a bus");
    assert_eq!(writer.answers().await, 0);
}

#[tokio::test(start_paused = true)]
async fn who_is_alone_leaves_at_once() {
    let writer = Writer::start().await;
    let start = Instant::now();
    writer.leave.cancel();
    writer.keeper.await.expect("a keeper").expect("a bus");
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn what_a_newcomer_wins_is_served_until_it_stands_there_itself() {
    let writer = Writer::start().await;
    writer.meets("another").await;
    sleep(BEAT / 4).await;
    assert_eq!(writer.answers().await, 64, "the newcomer opens its doors only now");
    sleep(BEAT).await;
    let left = writer.answers().await;
    assert!((10..54).contains(&left), "it shares with the newcomer: {left}");
}

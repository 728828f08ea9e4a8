//! A bus, a store, and writers on them.

use std::sync::Arc;
use std::time::Duration;

use bus::{Answer, Ask, Bus, BusError, Door, Heard, Listening, LocalBus, Note, PARTITIONS, Topic};
use chat::{Draft, Verdict};
use prometheus::Registry;
use store::Store;
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use writer::{Parts, RunError, Settings};

use crate::words::{room, submission};

/// Nothing here takes this long unless it hangs.
pub(crate) const HANG: Duration = Duration::from_secs(30);

/// Everything that writers need, and the gateways' view of it.
pub(crate) struct House {
    pub(crate) bus: Arc<LocalBus>,
    pub(crate) store: Arc<dyn Store>,
    /// The road as the writers have it: the same, unless a test puts something in between.
    pub(crate) writers_bus: Arc<dyn Bus>,
    _folder: TempDir,
}

impl House {
    /// A house with an empty store that has a few rooms: `a`, `b` and `r0` to `r9`.
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("parlor.db").display());
        store::migrate(&url, false).await.unwrap();
        let store = store::open(&url, &store::Options::default()).await.unwrap();
        let names = ["a".to_owned(), "b".to_owned()].into_iter().chain((0..10).map(|n| format!("r{n}")));
        for name in names {
            store.open(&room(&name), true).await.unwrap().unwrap();
        }
        let bus = Arc::new(LocalBus::new(65_536));
        Self { writers_bus: Arc::clone(&bus) as Arc<dyn Bus>, bus, store, _folder: folder }
    }

    /// A writer on the house's store.
    pub(crate) async fn writer(&self) -> Writer {
        self.writer_on(Arc::clone(&self.store), settings()).await
    }

    /// A writer on another store, or with other settings.
    pub(crate) async fn writer_on(&self, store: Arc<dyn Store>, settings: Settings) -> Writer {
        let mut writer = self.start(settings, move || {
            let store = Arc::clone(&store);
            async { Ok(store) }
        });
        writer.until(Result::is_ok).await;
        let ready = self.ask(Door::ReadAny, Ask::Heads(Vec::new())).await;
        assert!(ready.is_ok(), "ready, and its doors are closed: {ready:?}");
        writer
    }

    /// Starts a writer, and does not wait for anything.
    pub(crate) fn start<Fut>(
        &self,
        settings: Settings,
        open: impl Fn() -> Fut + Send + Sync + 'static,
    ) -> Writer
    where
        Fut: Future<Output = Result<Arc<dyn Store>, store::OpenError>> + Send,
    {
        let (stop, registry) = (CancellationToken::new(), Registry::new());
        let (readiness, ready) = watch::channel(Err("not started".to_owned()));
        let bus = Arc::clone(&self.writers_bus);
        let parts = Parts { bus, registry: registry.clone(), readiness };
        let stopped = stop.clone();
        let running = tokio::spawn(async move { writer::run(settings, parts, open, stopped).await });
        Writer { ready, registry, stop, running }
    }

    pub(crate) async fn ask(&self, door: Door, ask: Ask) -> Result<Answer, BusError> {
        timeout(HANG, async { self.bus.ask(door, ask, None).await?.await }).await.expect("no answer")
    }

    /// Submits drafts of one room to any writer.
    pub(crate) async fn submit(&self, drafts: Vec<Draft>) -> Vec<Verdict> {
        match self.ask(Door::SubmitAny, submission(drafts)).await {
            Ok(Answer::Verdicts(verdicts)) => verdicts,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn listen(&self, topic: Topic) -> Ears {
        let (into, heard) = mpsc::channel(65_536);
        let _listening = self.bus.listen(topic, into).await.unwrap();
        Ears { heard, _listening }
    }

    /// The partitions at whose doors somebody answers, each counted.
    pub(crate) async fn served(&self) -> usize {
        let mut served = 0;
        for index in 0..PARTITIONS {
            let door = Door::Read(bus::Partition::new(index).unwrap());
            served += usize::from(self.ask(door, Ask::Heads(Vec::new())).await.is_ok());
        }
        served
    }
}

/// Everything is quick in a test.
pub(crate) fn settings() -> Settings {
    Settings {
        beat: Duration::from_millis(100),
        silence: Duration::from_millis(400),
        heads: Duration::from_millis(50),
        ..Settings::default()
    }
}

/// A running writer. Dropped, it is gone at once.
pub(crate) struct Writer {
    pub(crate) ready: watch::Receiver<Result<(), String>>,
    pub(crate) registry: Registry,
    pub(crate) stop: CancellationToken,
    running: JoinHandle<Result<(), RunError>>,
}

impl Writer {
    pub(crate) async fn until(&mut self, state: impl FnMut(&Result<(), String>) -> bool) {
        timeout(HANG, self.ready.wait_for(state)).await.expect("the readiness does not change").unwrap();
    }

    /// Waits for its end.
    pub(crate) async fn ended(mut self) -> Result<(), RunError> {
        timeout(HANG, &mut self.running).await.expect("the writer does not end").unwrap()
    }

    /// Asks it to leave, and waits until it has.
    pub(crate) async fn leave(self) {
        self.stop.cancel();
        self.ended().await.unwrap();
    }

    /// The value of a counter, or the count of a histogram.
    pub(crate) fn count(&self, name: &str, label: Option<&str>) -> f64 {
        let families = self.registry.gather();
        let family = families.iter().find(|family| family.name() == name).expect("no such metric");
        let fits = |metric: &&prometheus::proto::Metric| {
            label.is_none_or(|label| metric.get_label().iter().any(|pair| pair.value() == label))
        };
        let count = |metric: &prometheus::proto::Metric| {
            metric.get_counter().get_value() + metric.get_histogram().get_sample_count() as f64
        };
        family.get_metric().iter().filter(fits).map(count).sum()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// Hears a topic.
pub(crate) struct Ears {
    heard: mpsc::Receiver<Heard>,
    _listening: Listening,
}

impl Ears {
    pub(crate) async fn next(&mut self) -> Note {
        timeout(HANG, self.heard.recv()).await.expect("nothing is heard").unwrap().note
    }

    /// The seqs of events until `count` of them were heard.
    pub(crate) async fn seqs(&mut self, count: usize) -> Vec<u64> {
        let mut seqs = Vec::new();
        while seqs.len() < count {
            if let Note::Events(events) = self.next().await {
                seqs.extend(events.events.iter().map(|event| event.seq.get()));
            }
        }
        seqs
    }

    /// What has been heard and not been taken yet, without waiting.
    pub(crate) fn heard(&mut self) -> Vec<Note> {
        std::iter::from_fn(|| self.heard.try_recv().ok()).map(|heard| heard.note).collect()
    }
}

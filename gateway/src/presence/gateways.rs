//! Which gateways live, by their beats and by whatever else is heard of them.
//!
//! Silence counts only while it could have been broken: while this gateway is connected to the bus, and awake. So a bus
//! that is gone makes nobody leave, and whoever slept reads what has come meanwhile before it finds anybody missing.
//! Owned by the porter; an entry ends ten seconds after the last sign of life.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::MARGIN;

/// How often a gateway says that it lives.
pub(crate) const BEAT_EVERY: Duration = Duration::from_secs(3);
/// After how much silence it is taken for dead.
const DEAD_AFTER: Duration = Duration::from_secs(10);
/// After how much listening it is known who there is: whoever hears the first beat of this gateway says at once that it is
/// there, too.
const KNOWN_AFTER: Duration = Duration::from_millis(500);
/// A longer pause between two ticks means that this gateway stood still.
const STOOD_STILL: Duration = Duration::from_secs(1);

/// The other gateways that live.
#[derive(Debug)]
pub(crate) struct Gateways {
    /// What a gateway that leaves is given, as if each of its connections had broken.
    grace: Duration,
    /// How long this gateway has listened.
    listened: Duration,
    ticked: Option<Instant>,
    /// Until when, by what was listened, each of the others lives.
    living: HashMap<u64, Life>,
}

#[derive(Debug, Clone, Copy)]
struct Life {
    until: Duration,
    leaving: bool,
}

impl Gateways {
    pub(crate) fn new(grace: Duration) -> Self {
        Self { grace, listened: Duration::ZERO, ticked: None, living: HashMap::new() }
    }

    /// True if nobody else is there to be told anything.
    pub(crate) fn is_alone(&self) -> bool {
        self.living.is_empty()
    }

    /// The others, but for those that are leaving, in the order of their numbers; `None` before it is known who there is.
    pub(crate) fn known(&self) -> Option<Vec<u64>> {
        let staying = self.living.iter().filter(|(_, life)| !life.leaving);
        let mut known: Vec<_> = staying.map(|(gateway, _)| *gateway).collect();
        known.sort_unstable();
        (self.listened >= KNOWN_AFTER).then_some(known)
    }

    /// Something was heard of a gateway. True if it is a new one.
    pub(crate) fn heard(&mut self, gateway: u64) -> bool {
        let life = Life { until: self.listened + DEAD_AFTER, leaving: false };
        let known = self.living.get_mut(&gateway).map(|known| {
            if !known.leaving {
                *known = life;
            }
        });
        if known.is_none() {
            self.living.insert(gateway, life);
        }
        known.is_none()
    }

    /// A gateway has said that this was its last beat.
    pub(crate) fn leaves(&mut self, gateway: u64) {
        let until = self.listened + self.grace + MARGIN;
        self.living.insert(gateway, Life { until, leaving: true });
    }

    /// Time has passed: tells who is gone. To be called several times a second, after what has come was heard.
    pub(crate) fn tick(&mut self, connected: bool, now: Instant) -> Vec<u64> {
        let passed = self.ticked.replace(now).map_or(Duration::ZERO, |ticked| now - ticked);
        if connected && passed < STOOD_STILL {
            self.listened += passed;
        }
        let listened = self.listened;
        self.living.extract_if(|_, life| life.until <= listened).map(|(gateway, _)| gateway).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Duration = Duration::from_millis(250);

    struct Scene {
        gateways: Gateways,
        now: Instant,
    }

    impl Scene {
        fn new() -> Self {
            let mut gateways = Gateways::new(Duration::from_secs(5));
            assert!(gateways.heard(7));
            Self { gateways, now: Instant::now() }
        }

        /// Lets time pass; tells after how much of it somebody was gone.
        fn gone_after(&mut self, most: Duration, connected: bool) -> Option<Duration> {
            let began = self.now;
            while self.now < began + most {
                self.now += STEP;
                if !self.gateways.tick(connected, self.now).is_empty() {
                    return Some(self.now - began);
                }
            }
            None
        }
    }

    #[test]
    fn a_gateway_is_dead_after_ten_seconds_of_silence() {
        let mut scene = Scene::new();
        assert_eq!(scene.gone_after(Duration::from_secs(9), true), None);
        assert!(!scene.gateways.heard(7), "it is known");
        let gone = scene.gone_after(Duration::from_secs(20), true).unwrap();
        assert!(gone <= Duration::from_secs(11), "{gone:?}");
        assert!(scene.gateways.is_alone());
    }

    #[test]
    fn what_could_not_be_heard_is_no_silence() {
        let mut scene = Scene::new();
        assert_eq!(scene.gone_after(Duration::from_secs(9), true), None);
        assert_eq!(scene.gone_after(Duration::from_secs(3600), false), None, "there is no bus");
        scene.now += Duration::from_secs(3600);
        assert_eq!(scene.gateways.tick(true, scene.now), Vec::<u64>::new(), "this gateway stood still");
        assert!(scene.gone_after(Duration::from_secs(2), true).is_some());
    }

    #[test]
    fn who_there_is_is_known_after_a_moment_of_listening() {
        let mut scene = Scene::new();
        scene.gateways.heard(3);
        scene.gone_after(Duration::from_secs(9), false);
        assert_eq!(scene.gateways.known(), None);
        scene.gone_after(Duration::from_secs(1), true);
        assert_eq!(scene.gateways.known(), Some(vec![3, 7]));
        scene.gateways.leaves(7);
        assert_eq!(scene.gateways.known(), Some(vec![3]));
    }

    #[test]
    fn a_gateway_that_leaves_is_given_the_grace_of_its_connections() {
        let mut scene = Scene::new();
        scene.gateways.leaves(7);
        assert!(!scene.gateways.heard(7), "what it said before may come later");
        assert_eq!(scene.gone_after(Duration::from_secs(5), true), None);
        assert!(scene.gone_after(Duration::from_secs(1), true).is_some());
    }
}

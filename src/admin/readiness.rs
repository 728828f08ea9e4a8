//! Whether this process can serve, put together from what each of its parts says about itself.

use std::collections::BTreeMap;

use serde::Serialize;
use tokio::sync::watch;

/// What a part says of itself: `Ok`, or why it cannot serve.
pub(crate) type State = Result<(), String>;

/// The parts of this process, each with the state that it reports.
#[derive(Debug, Default)]
pub(crate) struct Readiness(Vec<(&'static str, watch::Receiver<State>)>);

/// What `/readyz` answers.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Report {
    /// True if all parts can serve.
    pub(crate) ready: bool,
    /// Why not, by part.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) reasons: BTreeMap<&'static str, String>,
}

impl Readiness {
    /// Adds a part, which is not ready until it says so, and is not ready any more once it has dropped its end.
    pub(crate) fn part(&mut self, name: &'static str) -> watch::Sender<State> {
        let (say, hear) = watch::channel(Err("starting".to_owned()));
        self.0.push((name, hear));
        say
    }

    /// All parts, and whether each can serve now.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (&'static str, bool)> {
        self.0.iter().map(|(name, state)| (*name, state.borrow().is_ok() && state.has_changed().is_ok()))
    }

    /// How things stand now.
    pub(crate) fn report(&self) -> Report {
        let reasons: BTreeMap<_, _> = self
            .0
            .iter()
            .filter_map(|(name, state)| match &*state.borrow() {
                Err(why) => Some((*name, why.clone())),
                Ok(()) if state.has_changed().is_err() => Some((*name, "ended".to_owned())),
                Ok(()) => None,
            })
            .collect();
        Report { ready: reasons.is_empty(), reasons }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_ready_when_all_its_parts_are() {
        let mut readiness = Readiness::default();
        let gateway = readiness.part("gateway");
        let writer = readiness.part("writer");
        assert_eq!(readiness.report().reasons.len(), 2);

        drop(gateway.send_replace(Ok(())));
        drop(writer.send_replace(Err("the store is gone".to_owned())));
        let report = readiness.report();
        assert!(!report.ready);
        assert_eq!(report.reasons, BTreeMap::from([("writer", "the store is gone".to_owned())]));

        drop(writer.send_replace(Ok(())));
        assert!(readiness.report().ready);
    }

    #[test]
    fn a_part_that_has_ended_is_not_ready() {
        let mut readiness = Readiness::default();
        let gateway = readiness.part("gateway");
        drop(gateway.send_replace(Ok(())));
        drop(gateway);
        assert_eq!(readiness.report().reasons, BTreeMap::from([("gateway", "ended".to_owned())]));
    }
}

//! When nothing is heard: a connection may be dead without anybody having closed it.

use std::time::{Duration, Instant};

/// How long a sign of life that was asked for may take.
const PONG_WITHIN: Duration = Duration::from_secs(10);

/// How long it has been silent, and whether that was asked about.
#[derive(Debug)]
pub(super) struct Silence {
    since: Instant,
    asked: bool,
}

/// What to do about it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    None,
    /// Ask for a sign of life.
    Ask,
    /// Nobody is there any more.
    Dead,
}

impl Silence {
    pub(super) const fn begin(now: Instant) -> Self {
        Self { since: now, asked: false }
    }

    /// Something was heard at this moment, the last time until now.
    pub(super) fn heard(&mut self, at: Instant) {
        if at > self.since {
            *self = Self::begin(at);
        }
    }

    /// Time has passed. `ask_after` is the silence that the server lets pass before one should ask.
    pub(super) fn doubt(&mut self, now: Instant, ask_after: Duration) -> Doubt {
        let silence = now.saturating_duration_since(self.since);
        if silence > ask_after + PONG_WITHIN {
            Doubt::Dead
        } else if silence > ask_after && !std::mem::replace(&mut self.asked, true) {
            Doubt::Ask
        } else {
            Doubt::None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_server_is_asked_once_and_then_given_up() {
        let (begin, ask_after) = (Instant::now(), Duration::from_secs(25));
        let mut silence = Silence::begin(begin);
        let mut doubt_after = |seconds| silence.doubt(begin + Duration::from_secs(seconds), ask_after);
        assert_eq!(
            [25, 26, 27, 35].map(&mut doubt_after),
            [Doubt::None, Doubt::Ask, Doubt::None, Doubt::None]
        );
        assert_eq!(doubt_after(36), Doubt::Dead);
    }

    #[test]
    fn whatever_is_heard_ends_the_doubt() {
        let (begin, ask_after) = (Instant::now(), Duration::from_secs(25));
        let mut silence = Silence::begin(begin);
        assert_eq!(silence.doubt(begin + Duration::from_secs(30), ask_after), Doubt::Ask);
        silence.heard(begin + Duration::from_secs(31));
        silence.heard(begin + Duration::from_secs(29));
        assert_eq!(silence.doubt(begin + Duration::from_secs(56), ask_after), Doubt::None);
        assert_eq!(silence.doubt(begin + Duration::from_secs(57), ask_after), Doubt::Ask);
    }
}

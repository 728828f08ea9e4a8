//! What waits for one client that polls, and its poll. Decides without I/O when a poll is answered, and when a session is
//! over.
//!
//! Owned by the session's task. Bounded by [`WAITING_BYTES_MAX`]: nothing more is read from the connection then, so that the
//! shard's own rules for slow readers hold.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::WINDOW;
use super::registry::Asker;

/// How much waits until nothing more is taken, and how much one answer holds, or a single frame.
const WAITING_BYTES_MAX: usize = 256 * 1024;
/// About what a frame takes beside its bytes.
const FRAME_BYTES: usize = 48;
/// How long a session lasts after its last poll, and after the answer to that: 20 to 30 s after the poll was made.
const LASTS: Duration = Duration::from_secs(20);
/// How long it is kept for what is left to be polled once its connection has ended: whoever is there polls again at once.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// What waits, and who polls.
#[derive(Debug)]
pub(super) struct Waiting {
    frames: VecDeque<String>,
    bytes: usize,
    poll: Option<Poll>,
    /// The connection has ended: nothing more comes.
    ended: bool,
    /// When the session is over if nobody polls.
    lasts_until: Instant,
}

#[derive(Debug)]
struct Poll {
    asker: Asker,
    /// When it is answered although nothing has come.
    until: Instant,
}

impl Waiting {
    pub(super) fn new(now: Instant) -> Self {
        Self { frames: VecDeque::new(), bytes: 0, poll: None, ended: false, lasts_until: now + LASTS }
    }

    /// The client polls. A poll before that one is answered with nothing: its client has given it up.
    pub(super) fn on_poll(&mut self, asker: Asker, now: Instant) {
        if let Some(earlier) = self.poll.take() {
            let _gone = earlier.asker.send(Vec::new());
        }
        self.poll = Some(Poll { asker, until: now + WINDOW });
        self.last(now);
        self.deliver(now);
    }

    /// Something has come; [`Waiting::deliver`] gives it to the poll.
    pub(super) fn on_frame(&mut self, frame: &str) {
        self.bytes += frame.len() + FRAME_BYTES;
        self.frames.push_back(frame.to_owned());
    }

    /// The connection has ended. What has come may still be polled.
    pub(super) fn on_end(&mut self, now: Instant) {
        if !self.ended {
            self.ended = true;
            self.lasts_until = self.lasts_until.min(now + LAST_WORDS);
        }
        self.deliver(now);
    }

    /// Time has passed: at [`Waiting::due`] at the latest.
    pub(super) fn on_time(&mut self, now: Instant) {
        if let Some(poll) = self.poll.take_if(|poll| poll.until <= now) {
            self.answer(poll.asker, Vec::new(), now);
        }
    }

    /// Gives the poll what there is, or tells it that nothing comes any more.
    pub(super) fn deliver(&mut self, now: Instant) {
        if self.frames.is_empty() && !self.ended {
            return;
        }
        let Some(poll) = self.poll.take() else { return };
        // Dropped if nothing comes any more: there is no session.
        if !self.frames.is_empty() {
            let frames = self.take();
            self.answer(poll.asker, frames, now);
        }
    }

    /// Whether more may come.
    pub(super) fn has_room(&self) -> bool {
        self.bytes < WAITING_BYTES_MAX
    }

    /// When time is to be told.
    pub(super) fn due(&self) -> Instant {
        self.poll.as_ref().map_or(self.lasts_until, |poll| poll.until)
    }

    /// Whether the session is over.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        let read = self.ended && self.frames.is_empty();
        self.poll.is_none() && (read || self.lasts_until <= now)
    }

    /// Answers a poll; what nobody waits for any more is kept for the next one.
    fn answer(&mut self, asker: Asker, frames: Vec<String>, now: Instant) {
        match asker.send(frames) {
            Ok(()) => self.last(now),
            Err(frames) => {
                for frame in frames.into_iter().rev() {
                    self.bytes += frame.len() + FRAME_BYTES;
                    self.frames.push_front(frame);
                }
            }
        }
    }

    /// The client has given a sign of life.
    fn last(&mut self, now: Instant) {
        self.lasts_until = now + if self.ended { LAST_WORDS } else { LASTS };
    }

    /// As much as one answer holds.
    fn take(&mut self) -> Vec<String> {
        let (mut taken, mut bytes) = (Vec::new(), 0);
        while let Some(frame) = self.frames.front() {
            let more = frame.len() + FRAME_BYTES;
            if bytes > 0 && bytes + more > WAITING_BYTES_MAX {
                break;
            }
            bytes += more;
            taken.extend(self.frames.pop_front());
        }
        self.bytes -= bytes;
        taken
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot::error::TryRecvError;
    use tokio::sync::oneshot::{self, Receiver};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A session, with its clock.
    struct Stage {
        waiting: Waiting,
        now: Instant,
    }

    impl Stage {
        fn new() -> Self {
            let now = Instant::now();
            Self { waiting: Waiting::new(now), now }
        }

        fn polls(&mut self) -> Receiver<Vec<String>> {
            let (asker, answer) = oneshot::channel();
            self.waiting.on_poll(asker, self.now);
            answer
        }

        fn comes(&mut self, frames: &[&str]) {
            frames.iter().for_each(|frame| self.waiting.on_frame(frame));
            self.waiting.deliver(self.now);
        }

        fn passes(&mut self, time: Duration) {
            self.now += time;
            self.waiting.on_time(self.now);
        }

        fn ends(&mut self) {
            self.waiting.on_end(self.now);
        }

        /// How long the session lasts from now on if nobody comes.
        fn lasts(&mut self) -> Duration {
            let begin = self.now;
            while !self.waiting.is_over(self.now) {
                let due = self.waiting.due();
                assert!(due > self.now, "it would be told of the time for ever");
                self.passes(due - self.now);
            }
            self.now - begin
        }
    }

    #[test]
    fn a_poll_is_answered_with_what_is_there_or_comes_first() {
        let mut stage = Stage::new();
        stage.comes(&["a", "b"]);
        assert_eq!(stage.polls().try_recv().unwrap(), ["a", "b"]);
        let mut waits = stage.polls();
        assert_eq!(waits.try_recv(), Err(TryRecvError::Empty));
        stage.comes(&["c"]);
        assert_eq!(waits.try_recv().unwrap(), ["c"]);
        stage.comes(&["d"]);
        assert_eq!(stage.polls().try_recv().unwrap(), ["d"], "nothing is told twice");
    }

    #[test]
    fn a_poll_for_which_nothing_comes_is_answered_in_time() {
        let mut stage = Stage::new();
        let mut waits = stage.polls();
        stage.passes(WINDOW - SECOND);
        assert_eq!(waits.try_recv(), Err(TryRecvError::Empty));
        stage.passes(SECOND);
        assert_eq!(waits.try_recv().unwrap(), Vec::<String>::new());
    }

    #[test]
    fn of_two_polls_the_later_one_gets_what_comes() {
        let mut stage = Stage::new();
        let (mut first, mut second) = (stage.polls(), stage.polls());
        assert_eq!(first.try_recv().unwrap(), Vec::<String>::new());
        stage.comes(&["a"]);
        assert_eq!(second.try_recv().unwrap(), ["a"]);
    }

    #[test]
    fn what_came_for_a_poll_that_was_given_up_is_kept_in_order() {
        let mut stage = Stage::new();
        drop(stage.polls());
        stage.comes(&["a", "b"]);
        stage.comes(&["c"]);
        assert_eq!(stage.polls().try_recv().unwrap(), ["a", "b", "c"]);
    }

    #[test]
    fn a_session_lasts_some_twenty_seconds_after_its_last_poll() {
        assert_eq!(Stage::new().lasts(), LASTS);
        let mut stage = Stage::new();
        stage.passes(LASTS - SECOND);
        let _waits = stage.polls();
        assert_eq!(stage.lasts(), WINDOW + LASTS);
        let mut stage = Stage::new();
        stage.passes(LASTS - SECOND);
        drop(stage.polls());
        assert_eq!(stage.lasts(), LASTS, "one that was given up counts from its beginning");
        let mut stage = Stage::new();
        stage.comes(&["nobody takes it"]);
        assert_eq!(stage.lasts(), LASTS);
    }

    #[test]
    fn a_connection_that_ends_leaves_what_has_come_for_a_while() {
        let mut stage = Stage::new();
        stage.comes(&["last words"]);
        stage.ends();
        assert!(!stage.waiting.is_over(stage.now));
        assert_eq!(stage.polls().try_recv().unwrap(), ["last words"]);
        assert!(stage.waiting.is_over(stage.now));
        stage.polls().try_recv().unwrap_err();
        let mut stage = Stage::new();
        stage.comes(&["last words"]);
        stage.ends();
        assert_eq!(stage.lasts(), LAST_WORDS);
    }

    #[test]
    fn who_polls_when_the_connection_ends_hears_it_at_once() {
        let mut stage = Stage::new();
        let mut waits = stage.polls();
        stage.ends();
        assert_eq!(waits.try_recv(), Err(TryRecvError::Closed));
        assert!(stage.waiting.is_over(stage.now));
    }

    #[test]
    fn what_waits_is_bounded_and_so_is_one_answer() {
        let mut stage = Stage::new();
        let frame = "x".repeat(1000);
        let mut count = 0;
        while stage.waiting.has_room() {
            stage.comes(&[&frame]);
            count += 1;
            assert!(count < 1000, "there is no end of it");
        }
        assert!(count * 1000 <= WAITING_BYTES_MAX, "{count} frames");
        // What had been read already is taken all the same.
        for _ in 0..16 {
            stage.comes(&[&frame]);
        }
        let first = stage.polls().try_recv().unwrap();
        assert!(first.len() * 1000 <= WAITING_BYTES_MAX);
        let second = stage.polls().try_recv().unwrap();
        assert_eq!(first.len() + second.len(), count + 16);
        assert_eq!(stage.waiting.bytes, 0);
        stage.comes(&[&"x".repeat(WAITING_BYTES_MAX + 1), "behind"]);
        assert_eq!(stage.polls().try_recv().unwrap().len(), 1, "a large one comes alone");
        assert_eq!(stage.polls().try_recv().unwrap(), ["behind"]);
    }
}

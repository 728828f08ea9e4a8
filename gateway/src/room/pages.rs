//! Who waits for a page of a room's log. One read of a room is under way at a time, and its page serves
//! everybody whose position lies within it: ten thousand clients that come back cost one read a page.

use std::collections::VecDeque;

use chat::Seq;

/// The waiting ones of one room. Each is there once, for one read or, where it is another's, two.
#[derive(Debug)]
pub(crate) struct Pages<W> {
    waiting: VecDeque<(W, Seq)>,
    reading: bool,
}

impl<W> Pages<W> {
    pub(crate) fn new() -> Self {
        Self { waiting: VecDeque::new(), reading: false }
    }

    /// Puts somebody in line for the events after a position.
    pub(crate) fn want(&mut self, who: W, after: Seq) {
        self.waiting.push_back((who, after));
    }

    /// Puts somebody before everybody else in line: what the whole room waits for does not wait for readers that
    /// are behind, of whom there may be many, each at a position of its own.
    pub(crate) fn want_first(&mut self, who: W, after: Seq) {
        self.waiting.push_front((who, after));
    }

    /// True while a read is under way.
    pub(crate) fn is_reading(&self) -> bool {
        self.reading
    }

    /// The position after which to read now, if somebody waits and no read is under way. The one who has
    /// waited longest decides, so that nobody waits for ever.
    pub(crate) fn start(&mut self) -> Option<Seq> {
        if self.reading {
            return None;
        }
        let (_, after) = self.waiting.front()?;
        self.reading = true;
        Some(*after)
    }

    /// A read after `after` has come to its end and reaches up to `until`: those whom it serves.
    pub(crate) fn finish(&mut self, after: Seq, until: Seq) -> Vec<(W, Seq)> {
        self.reading = false;
        let mut served = Vec::new();
        for _ in 0..self.waiting.len() {
            let Some((who, at)) = self.waiting.pop_front() else { break };
            if at == after || (after < at && at < until) {
                served.push((who, at));
            } else {
                self.waiting.push_back((who, at));
            }
        }
        served
    }

    /// A read failed. Those who wait; nobody is in line any more.
    pub(crate) fn fail(&mut self) -> impl Iterator<Item = W> {
        self.reading = false;
        std::mem::take(&mut self.waiting).into_iter().map(|(who, _)| who)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seq(n: u64) -> Seq {
        Seq::new(n).unwrap()
    }

    #[test]
    fn one_read_serves_everybody_within_it() {
        let mut pages = Pages::new();
        for (who, after) in [("a", 10), ("b", 10), ("c", 14), ("d", 15), ("e", 3)] {
            pages.want(who, seq(after));
        }
        assert_eq!(pages.start(), Some(seq(10)));
        assert_eq!(pages.start(), None, "one read at a time");
        let served: Vec<_> = pages.finish(seq(10), seq(15)).into_iter().map(|(who, _)| who).collect();
        assert_eq!(served, ["a", "b", "c"], "d would get nothing from it, e is before it");
        assert_eq!(pages.start(), Some(seq(15)));
    }

    #[test]
    fn an_empty_page_answers_the_one_who_asked() {
        let mut pages = Pages::new();
        pages.want("a", seq(4));
        pages.start();
        assert_eq!(pages.finish(seq(4), seq(4)).len(), 1);
        assert_eq!(pages.start(), None);
    }

    #[test]
    fn what_the_room_waits_for_waits_for_one_read_at_the_most() {
        let mut pages = Pages::new();
        for after in [30, 20, 10] {
            pages.want("a slow one", seq(after));
        }
        assert_eq!(pages.start(), Some(seq(30)));
        pages.want_first("the room", seq(50));
        pages.finish(seq(30), seq(31));
        assert_eq!(pages.start(), Some(seq(50)));
    }

    #[test]
    fn a_failure_keeps_nobody_in_line() {
        let mut pages = Pages::new();
        pages.want("a", seq(4));
        pages.start();
        pages.want("b", seq(9));
        assert_eq!(pages.fail().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(pages.start(), None);
    }
}

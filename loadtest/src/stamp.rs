//! What a message says: which one it is and when it should have been sent, so that whoever receives it knows how
//! late it is. Plain ASCII without anything that JSON would escape, and the same in every dialect.

use std::time::Duration;

/// The name of a run, the number of a message in its plan, and the time planned for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp<'a> {
    pub(crate) run: &'a str,
    pub(crate) message: u32,
    /// From the start of the run.
    pub(crate) planned: Duration,
}

impl<'a> Stamp<'a> {
    /// A text of `size` bytes that says this; longer only where `size` is too little for it.
    pub(crate) fn text(&self, size: usize) -> String {
        let mut text = format!("{} {} {} ", self.run, self.message, self.planned.as_micros());
        text.extend(std::iter::repeat_n('x', size.saturating_sub(text.len())));
        text
    }

    /// Finds the stamp of a run somewhere in a text.
    pub(crate) fn find(text: &'a str, run: &str) -> Option<Self> {
        let mut begins = text.match_indices(run);
        begins.find_map(|(at, _)| Self::of_run(&text[at..], run))
    }

    /// Reads a text of this run; `None` if it is none of its messages. Made for every single delivery: it looks at no
    /// more of the text than says something.
    pub(crate) fn of_run(text: &'a str, run: &str) -> Option<Self> {
        let rest = text.strip_prefix(run)?.strip_prefix(' ')?;
        let (message, rest) = number(rest)?;
        let (planned, _) = number(rest)?;
        let message = u32::try_from(message).ok()?;
        Some(Self { run: &text[..run.len()], message, planned: Duration::from_micros(planned) })
    }
}

/// The digits that a text begins with, up to the space behind them, and what follows that.
fn number(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(digits)?;
    Some((number.parse().ok()?, rest.strip_prefix(' ')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_found_wherever_it_is() {
        let stamp = Stamp { run: "a1b2", message: 77, planned: Duration::from_micros(1_234) };
        let text =
            format!(r#"{{"room":"load-a1b2-3","id":"a1b2-77","data":"{{\"m\":\"{}\"}}"}}"#, stamp.text(40));
        assert_eq!(Stamp::find(&text, "a1b2"), Some(stamp));
        assert_eq!(Stamp::find(&text, "c3d4"), None);
        assert_eq!(Stamp::find("a1b2 a1b2 7", "a1b2"), None);
    }

    #[test]
    fn a_stamp_is_read_as_it_was_written_whatever_its_size() {
        let stamp = Stamp { run: "a1b2", message: 77, planned: Duration::from_micros(1_234_567) };
        for size in [0, 20, 128, 16_384] {
            let text = stamp.text(size);
            assert_eq!(text.len(), size.max("a1b2 77 1234567 ".len()));
            assert_eq!(Stamp::of_run(&text, "a1b2"), Some(stamp));
        }
        let too_long = format!("a1b2 {} 5 x", u64::from(u32::MAX) + 1);
        let others = [
            "",
            "hello",
            "a1b2",
            "a1b2 ",
            "a1b2 77",
            "a1b2 77 5",
            "a1b2 77 soon x",
            "a1b2 -1 5 x",
            "a1b2 +1 5 x",
        ];
        for other in others.into_iter().chain(["a1b2c 1 5 x", "c3d4 1 5 x", "a1b2 1  5 x", &too_long]) {
            assert_eq!(Stamp::of_run(other, "a1b2"), None, "{other}");
        }
    }
}

//! Which messages are traced. It is decided once for each, when its frame comes; of the others nothing is made.

pub(crate) use bus::Step;

/// Which part of all messages is traced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sampling {
    /// Of all numbers of 64 bits, those up to this one are in; none if it is 0.
    up_to: u64,
}

impl Sampling {
    /// No message at all.
    pub const NONE: Self = Self { up_to: 0 };

    /// This part of all: 0 is none, and 1 is all.
    #[must_use]
    pub fn ratio(ratio: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a cast of floats saturates"
        )]
        #[expect(clippy::cast_precision_loss, reason = "a ratio is not known that exactly")]
        let up_to = (ratio * u64::MAX as f64) as u64;
        Self { up_to }
    }

    /// Whether the next one is in, by a random number, which is not asked for where none is.
    pub(crate) fn takes(self, chance: impl FnOnce() -> u64) -> bool {
        self.up_to > 0 && chance() <= self.up_to
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_that_part_of_all_numbers() {
        let steps = 1000;
        let part = |ratio: f64| {
            let sampling = Sampling::ratio(ratio);
            (0..steps).filter(|step| sampling.takes(|| u64::MAX / (steps - 1) * step)).count()
        };
        for (ratio, expected) in [(0.01, 10), (0.25, 250), (0.5, 500), (1.0, 1000), (7.0, 1000)] {
            assert!(part(ratio).abs_diff(expected) <= 1, "{ratio}: {}", part(ratio));
        }
    }

    #[test]
    fn where_nothing_is_traced_no_number_is_asked_for() {
        for ratio in [0.0, -1.0, f64::NAN] {
            assert!(!Sampling::ratio(ratio).takes(|| unreachable!("asked for")), "{ratio}");
        }
    }
}

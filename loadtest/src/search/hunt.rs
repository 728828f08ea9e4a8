//! Which rate to try next: doubled until one does not hold, then halfway between those that did and did not.

/// How often the first rate is halved, where not even that holds, before the hunt is given up.
const HALVINGS_MAX: u32 = 6;

/// What is known so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Hunt {
    first: f64,
    ceiling: f64,
    /// How close two rates are that need nothing between them, such as 1.05.
    close: f64,
    /// The highest rate that has held.
    pub(super) held: Option<f64>,
    /// The lowest rate that has not.
    pub(super) broke: Option<f64>,
}

impl Hunt {
    pub(super) fn new(first: f64, ceiling: f64, precision: u8) -> Self {
        let close = 1.0 + f64::from(precision) / 100.0;
        Self { first: first.min(ceiling), ceiling, close, held: None, broke: None }
    }

    /// The rate to try next; `None` once the hunt is over.
    pub(super) fn next(&self) -> Option<f64> {
        match (self.held, self.broke) {
            (None, None) => Some(self.first),
            (Some(held), None) => (held < self.ceiling).then(|| (held * 2.0).min(self.ceiling)),
            (None, Some(broke)) => {
                let lowest = self.first / f64::from(2_u32.pow(HALVINGS_MAX));
                (broke > lowest).then_some(broke / 2.0)
            }
            (Some(held), Some(broke)) => (broke > held * self.close).then_some(f64::midpoint(held, broke)),
        }
    }

    /// A rate was tried.
    pub(super) fn learn(&mut self, rate: f64, has_held: bool) {
        *(if has_held { &mut self.held } else { &mut self.broke }) = Some(rate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found where all up to `limit` holds, and what was tried.
    fn hunt(mut hunt: Hunt, limit: f64) -> (Hunt, Vec<f64>) {
        let mut tried = Vec::new();
        while let Some(rate) = hunt.next() {
            tried.push(rate);
            assert!(tried.len() < 50, "{tried:?}");
            hunt.learn(rate, rate <= limit);
        }
        (hunt, tried)
    }

    #[test]
    fn the_limit_is_found_as_precisely_as_asked() {
        for limit in [2.0, 99.0, 100.0, 101.0, 777.0, 123_456.0] {
            let (found, _) = hunt(Hunt::new(100.0, 1e6, 5), limit);
            let (held, broke) = (found.held.unwrap(), found.broke.unwrap());
            assert!(held <= limit && limit < broke && broke <= held * 1.05, "{limit}: {found:?}");
        }
    }

    #[test]
    fn rates_double_and_then_halve_what_is_between() {
        let (_, tried) = hunt(Hunt::new(100.0, 1e6, 10), 500.0);
        assert_eq!(tried, [100.0, 200.0, 400.0, 800.0, 600.0, 500.0, 550.0]);
    }

    #[test]
    fn the_ceiling_is_tried_and_not_exceeded() {
        let (found, tried) = hunt(Hunt::new(100.0, 350.0, 5), 1e9);
        assert_eq!((found.held, found.broke, tried), (Some(350.0), None, vec![100.0, 200.0, 350.0]));
    }

    #[test]
    fn where_nothing_holds_it_ends() {
        let (found, tried) = hunt(Hunt::new(100.0, 1e6, 5), 0.0);
        assert_eq!((found.held, tried.len()), (None, 7));
    }
}

//! An axis: which value is where, and which ones are written beside it.

/// Where an axis would have more of 1, 2, 5, 10, 20, 50 …, only the powers of ten are written.
const LOGARITHMIC_TICKS_MAX: usize = 12;

/// How values become places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scale {
    Linear,
    Logarithmic,
}

/// Values from the first to the last one of an axis, and what is written there.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    from: f64,
    to: f64,
    scale: Scale,
    /// Where there is a line, and what it says.
    pub ticks: Vec<(f64, String)>,
}

impl Axis {
    /// From 0 to a round number that is no less than `max`.
    #[must_use]
    pub fn from_zero(max: f64) -> Self {
        let step = step_for(max);
        let steps = (max / step - 1e-9).ceil().max(1.0);
        Self::linear(step * steps, step)
    }

    /// From 0 to exactly `max`.
    #[must_use]
    pub fn up_to(max: f64) -> Self {
        Self::linear(max, step_for(max))
    }

    fn linear(to: f64, step: f64) -> Self {
        let values = (0..).map(|n| f64::from(n) * step).take_while(|value| *value <= to * (1.0 + 1e-9));
        let ticks = values.map(|value| (value, number(value))).collect();
        Self { from: 0.0, to, scale: Scale::Linear, ticks }
    }

    /// From one of 1, 2, 5, 10, 20, 50 … to another, around these values, which are above 0.
    #[must_use]
    pub fn logarithmic(min: f64, max: f64) -> Self {
        let first = 10_f64.powf(min.log10().floor());
        let powers = std::iter::successors(Some(first), |power| Some(power * 10.0));
        let values = powers.flat_map(|power| [1.0, 2.0, 5.0].map(|factor| power * factor));
        let from = values.clone().take_while(|value| *value <= min * 1.001).last().unwrap_or(first);
        let to = values.clone().find(|value| *value > from && *value >= max * 0.999).unwrap_or(max);
        let mut shown: Vec<f64> =
            values.skip_while(|value| *value < from).take_while(|value| *value <= to * 1.001).collect();
        if shown.len() > LOGARITHMIC_TICKS_MAX {
            shown.retain(|value| (value.log10() - value.log10().round()).abs() < 1e-6);
        }
        let ticks = shown.into_iter().map(|value| (value, number(value))).collect();
        Self { from, to, scale: Scale::Logarithmic, ticks }
    }

    /// True if equal steps of an axis are equal factors.
    #[must_use]
    pub fn is_logarithmic(&self) -> bool {
        self.scale == Scale::Logarithmic
    }

    /// Percentiles up to that which one of so many values does not reach: each further nine is as wide as the one
    /// before. A place on it is 1/(1 - percentile).
    #[must_use]
    pub fn percentiles(count: u64) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a place in a plot")]
        let to = (count as f64).clamp(100.0, 1e7);
        let names = ["0 %", "90 %", "99 %", "99.9 %", "99.99 %", "99.999 %", "99.9999 %", "99.99999 %"];
        let powers = std::iter::successors(Some(1.0), |power| Some(power * 10.0)).zip(names);
        let mut ticks: Vec<(f64, String)> = powers
            .take_while(|(power, _)| *power <= to)
            .map(|(power, name)| (power, name.to_owned()))
            .collect();
        ticks.insert(1, (2.0, "50 %".to_owned()));
        Self { from: 1.0, to, scale: Scale::Logarithmic, ticks }
    }

    /// Where a value is, from 0 to 1.
    #[must_use]
    pub fn place(&self, value: f64) -> f64 {
        let value = value.clamp(self.from, self.to);
        match self.scale {
            Scale::Linear => (value - self.from) / (self.to - self.from),
            Scale::Logarithmic => (value / self.from).ln() / (self.to / self.from).ln(),
        }
    }
}

/// A round step that goes into `max` four to eight times.
fn step_for(max: f64) -> f64 {
    let rough = (max / 5.0).max(1e-6);
    let power = 10_f64.powf(rough.log10().floor());
    let round = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| power * factor >= rough * 0.999);
    power * round.unwrap_or(10.0)
}

/// A number with its thousands apart, and with decimals only where it is small.
#[must_use]
pub fn number(value: f64) -> String {
    let rounded = match value.abs() {
        0.0 => return "0".to_owned(),
        size if size >= 100.0 => return thousands(value),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 0.1 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    };
    rounded.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) && digits.len() > 4 {
            // A narrow space that does not break the line.
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, name)| name.as_str()).collect()
    }

    #[test]
    fn ticks_are_round_numbers_that_hold_the_values() {
        assert_eq!(names(&Axis::from_zero(4.2)), ["0", "1", "2", "3", "4", "5"]);
        assert_eq!(names(&Axis::from_zero(0.37)), ["0", "0.1", "0.2", "0.3", "0.4"]);
        assert_eq!(names(&Axis::from_zero(17_000.0)).last(), Some(&"20\u{202f}000"));
        assert_eq!(names(&Axis::up_to(11.0)), ["0", "5", "10"]);
        assert_eq!(names(&Axis::logarithmic(0.3, 40.0)), ["0.2", "0.5", "1", "2", "5", "10", "20", "50"]);
        assert_eq!(names(&Axis::logarithmic(0.3, 4000.0)), ["1", "10", "100", "1000"]);
        assert_eq!(names(&Axis::percentiles(1_500)), ["0 %", "50 %", "90 %", "99 %", "99.9 %"]);
        for max in [0.0, 1e-3, 0.99, 1.0, 7.0, 123_456.0] {
            let axis = Axis::from_zero(max);
            assert!((2..=11).contains(&axis.ticks.len()) && axis.place(max) <= 1.0, "{max}: {axis:?}");
        }
    }

    #[test]
    fn every_value_has_a_place_on_its_axis() {
        let percentiles = Axis::percentiles(10_000);
        let nines = [1.0, 10.0, 100.0, 1e3, 1e4].map(|inverse| percentiles.place(inverse));
        for (place, expected) in nines.into_iter().zip([0.0, 0.25, 0.5, 0.75, 1.0]) {
            assert!((place - expected).abs() < 1e-9, "each nine is as wide as the one before");
        }
        assert_eq!(percentiles.place(f64::INFINITY), 1.0);
        assert_eq!((Axis::from_zero(10.0).place(-5.0), Axis::from_zero(10.0).place(5.0)), (0.0, 0.5));
        assert_eq!(Axis::logarithmic(1.0, 1.0).place(0.0), 0.0);
    }

    #[test]
    fn numbers_are_short() {
        let shown = [0.0, 0.05, 0.5, 12.0, 12.34, 123.4, 4_567.0, 1_234_567.0].map(number);
        assert_eq!(shown, ["0", "0.05", "0.5", "12", "12.3", "123", "4567", "1\u{202f}234\u{202f}567"]);
    }
}

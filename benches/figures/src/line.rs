//! A line of a table: a figure, what it is held to, and whether it is held.

use anyhow::Result;

use crate::measured::{Measured, Pairs, Spread};
use crate::page::{number, round};

/// What the columns are; the fourth is what Parlor is held against.
pub(crate) const fn heads(beside: &str) -> [&str; 7] {
    ["", "figure", "Parlor", beside, "ratio (least to most)", "held to", ""]
}

/// A line.
pub(crate) struct Line {
    /// What was done.
    pub(crate) what: &'static str,
    /// What was measured, with its unit.
    pub(crate) unit: &'static str,
    /// The name of the file that has it.
    pub(crate) file: &'static str,
    pub(crate) figure: Figure,
    pub(crate) held: Held,
}

/// Where a figure is in its file.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Figure {
    /// Of a comparison, by its name there. What is held is the ratio of the sides.
    Ratio(&'static str),
    /// Of a comparison. What is held is that of Parlor.
    Side(&'static str),
    /// A value, by its place.
    Value(&'static str),
    /// A count over the seconds that it took, by their places.
    Rate(&'static str, &'static str),
    /// A value over another one: its place, and the file and the place of the other.
    Quotient(&'static str, &'static str, &'static str),
}

/// What a figure is held to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Held {
    AtMost(f64),
    AtLeast(f64),
    /// It is only said.
    Said,
}

/// What a figure has become.
struct Shown {
    parlor: String,
    beside: String,
    ratio: String,
    /// What is held.
    value: Option<f64>,
}

impl Line {
    /// The cells of the line.
    ///
    /// # Errors
    /// If a file cannot be understood.
    pub(crate) fn cells(&self, measured: &Measured) -> Result<[String; 7]> {
        let shown = self.figure.show(self.file, measured)?;
        let outcome = match shown.value {
            None => "not measured".to_owned(),
            Some(value) => self.held.outcome(value).to_owned(),
        };
        let problems = measured.problems(self.file)?;
        // What a load tester that was late itself has seen of latencies, is in part its own.
        let is_doubtful =
            self.unit.ends_with("ms") && problems.iter().any(|problem| problem.contains("Not valid"));
        let outcome = if is_doubtful && !outcome.is_empty() {
            format!("{outcome}, as far as a load tester that was late can tell")
        } else {
            outcome
        };
        let outcome = match problems.first() {
            None => outcome,
            Some(first) => {
                let separator = if outcome.is_empty() { "" } else { "; " };
                format!("{outcome}{separator}in {} runs: {first}", problems.len())
            }
        };
        let Shown { parlor, beside, ratio, .. } = shown;
        Ok([self.what.into(), self.unit.into(), parlor, beside, ratio, self.bound(), outcome])
    }

    fn bound(&self) -> String {
        let of = if matches!(self.figure, Figure::Ratio(_) | Figure::Quotient(..)) { "ratio " } else { "" };
        match self.held {
            Held::AtMost(bound) => format!("{of}≤ {}", round(bound)),
            Held::AtLeast(bound) => format!("{of}≥ {}", round(bound)),
            Held::Said => String::new(),
        }
    }
}

impl Held {
    fn outcome(self, value: f64) -> &'static str {
        let is_held = match self {
            Self::AtMost(bound) => value <= bound,
            Self::AtLeast(bound) => value >= bound,
            Self::Said => return "",
        };
        if is_held { "held" } else { "**missed**" }
    }
}

impl Figure {
    fn show(self, file: &str, measured: &Measured) -> Result<Shown> {
        Ok(match self {
            Self::Ratio(name) => Shown::pairs(measured.pairs(file, name)?, |pairs| Some(pairs.ratio?.median)),
            Self::Side(name) => Shown::pairs(measured.pairs(file, name)?, |pairs| Some(pairs.a.median)),
            Self::Value(place) => Shown::value(measured.value(file, place)?),
            Self::Rate(count, seconds) => Shown::value(measured.rate(file, count, seconds)?),
            Self::Quotient(place, of_file, of_place) => {
                Shown::quotient(measured.value(file, place)?, measured.value(of_file, of_place)?)
            }
        })
    }
}

impl Shown {
    fn pairs(pairs: Option<Pairs>, value: impl Fn(&Pairs) -> Option<f64>) -> Self {
        let beside = pairs.and_then(|pairs| pairs.b).map(|b| number(b.median));
        let ratio = pairs.and_then(|pairs| pairs.ratio).map(spread);
        Self {
            parlor: pairs.map(|pairs| number(pairs.a.median)).unwrap_or_default(),
            beside: beside.unwrap_or_default(),
            ratio: ratio.unwrap_or_default(),
            value: pairs.as_ref().and_then(value),
        }
    }

    fn value(value: Option<Spread>) -> Self {
        Self {
            parlor: value.map(spread).unwrap_or_default(),
            beside: String::new(),
            ratio: String::new(),
            value: value.map(|value| value.median),
        }
    }

    fn quotient(value: Option<Spread>, of: Option<Spread>) -> Self {
        let ratio = value.zip(of).map(|(value, of)| value.median / of.median);
        Self {
            parlor: value.map(spread).unwrap_or_default(),
            beside: of.map(spread).unwrap_or_default(),
            ratio: ratio.map(number).unwrap_or_default(),
            value: ratio,
        }
    }
}

/// The middle, and between what it lies.
fn spread(spread: Spread) -> String {
    let Spread { median, min, max } = spread;
    if min == max {
        number(median)
    } else {
        format!("{} ({} to {})", number(median), number(min), number(max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_the_last_value_that_is_held() {
        assert_eq!(Held::AtMost(1.15).outcome(1.15), "held");
        assert_eq!(Held::AtMost(1.15).outcome(1.151), "**missed**");
        assert_eq!(Held::AtLeast(2.0).outcome(1.9), "**missed**");
        assert_eq!(Held::Said.outcome(9.0), "");
    }
}

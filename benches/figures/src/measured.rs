//! The files that `benches/run` leaves.
//!
//! A figure of one run is in `NAME.json`, or of several in `NAME-1.json`, `NAME-2.json` …; where it was measured, in
//! `TOPIC.origin`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::Value;

/// A folder of them.
pub(crate) struct Measured(PathBuf);

/// A figure of several runs: the middle, the least and the most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

/// A figure of two sides in pairs of runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pairs {
    pub(crate) a: Spread,
    pub(crate) b: Option<Spread>,
    /// Of the pairs.
    pub(crate) ratio: Option<Spread>,
}

impl Measured {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.0
    }

    /// When and where a topic was measured, if it was.
    pub(crate) fn origin(&self, topic: &str) -> Option<String> {
        let line = fs::read_to_string(self.0.join(format!("{topic}.origin"))).ok()?;
        Some(line.trim().to_owned())
    }

    /// What stands at a place of a file, in all of its runs; `None` if nothing was measured.
    ///
    /// # Errors
    /// If a file is no JSON.
    pub(crate) fn value(&self, name: &str, place: &str) -> Result<Option<Spread>> {
        let runs = self.runs(name)?;
        let values = runs.iter().filter_map(|run| run.pointer(place)?.as_f64());
        Ok(Spread::of(values.collect()))
    }

    /// A count over the seconds that it took, in all runs of a file.
    ///
    /// # Errors
    /// If a file is no JSON.
    pub(crate) fn rate(&self, name: &str, count: &str, seconds: &str) -> Result<Option<Spread>> {
        let runs = self.runs(name)?;
        let rate = |run: &Value| Some(run.pointer(count)?.as_f64()? / run.pointer(seconds)?.as_f64()?);
        Ok(Spread::of(runs.iter().filter_map(rate).collect()))
    }

    /// A figure of a comparison, by its name there.
    ///
    /// # Errors
    /// If a file is no JSON.
    pub(crate) fn pairs(&self, name: &str, figure: &str) -> Result<Option<Pairs>> {
        let Some(comparison) = self.read(name)? else { return Ok(None) };
        let figures = comparison["figures"].as_array();
        Ok(figures.and_then(|figures| Pairs::of(figures.iter().find(|each| each["name"] == figure)?)))
    }

    /// What was wrong with some of the runs of a name, in their words.
    ///
    /// # Errors
    /// If a file is no JSON.
    pub(crate) fn problems(&self, name: &str) -> Result<Vec<String>> {
        let runs = self.runs(name)?;
        let said = |run: &Value| -> Vec<String> {
            let lists = ["problems", "doubts"].iter().filter_map(|list| run[*list].as_array());
            lists.flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        Ok(runs.iter().flat_map(said).collect())
    }

    /// `NAME.json`, or `NAME-1.json` and those after it.
    fn runs(&self, name: &str) -> Result<Vec<Value>> {
        let mut runs: Vec<Value> = self.read(name)?.into_iter().collect();
        for number in 1.. {
            let Some(run) = self.read(&format!("{name}-{number}"))? else { break };
            runs.push(run);
        }
        Ok(runs)
    }

    fn read(&self, name: &str) -> Result<Option<Value>> {
        let file = self.0.join(format!("{name}.json"));
        let Ok(text) = fs::read_to_string(&file) else { return Ok(None) };
        serde_json::from_str(&text).map(Some).with_context(|| file.display().to_string())
    }
}

impl Spread {
    /// Of these values, if there are any.
    fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let (min, max) = (*values.first()?, *values.last()?);
        let (upper, lower) = (values.len() / 2, (values.len() - 1) / 2);
        Some(Self { median: f64::midpoint(values[lower], values[upper]), min, max })
    }
}

impl Pairs {
    fn of(figure: &Value) -> Option<Self> {
        let side =
            |name: &str| Spread::of(figure[name].as_array()?.iter().filter_map(Value::as_f64).collect());
        let ratio = |part: &str| figure["ratio"][part].as_f64();
        let ratio = ratio("median").zip(ratio("min")).zip(ratio("max"));
        let ratio = ratio.map(|((median, min), max)| Spread { median, min, max });
        Some(Self { a: side("a")?, b: side("b"), ratio })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_of_several_runs_is_their_median() {
        let folder = tempfile::tempdir().unwrap();
        for (number, value) in [(1, 3.0), (2, 9.0), (3, 4.0)] {
            let text = format!("{{\"x\":{{\"y\":{value}}},\"doubts\":[\"late\"]}}");
            fs::write(folder.path().join(format!("storm-{number}.json")), text).unwrap();
        }
        let measured = Measured::new(folder.path().to_owned());
        let spread = Spread { median: 4.0, min: 3.0, max: 9.0 };
        assert_eq!(measured.value("storm", "/x/y").unwrap(), Some(spread));
        assert_eq!(measured.value("storm", "/x/z").unwrap(), None);
        assert_eq!(measured.rate("storm", "/x/y", "/x/y").unwrap().map(|rate| rate.max), Some(1.0));
        assert_eq!(measured.problems("storm").unwrap().len(), 3);
        assert_eq!(measured.value("calm", "/x/y").unwrap(), None);
        fs::write(folder.path().join("calm.json"), "no").unwrap();
        assert!(measured.value("calm", "/x/y").is_err());
    }
}

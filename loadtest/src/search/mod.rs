//! The highest rate that holds: short runs, each in rooms of its own, with the rate that the [`hunt`] names.

mod hunt;

use anyhow::Result;
use serde::Serialize;

use crate::args::{OutputArgs, RunArgs, SearchArgs};
use crate::report::{self, Outcome, Report, Verdict};
use crate::run;
use hunt::Hunt;

/// What came out.
#[derive(Debug, Serialize)]
struct Search {
    schema: &'static str,
    schema_version: u32,
    /// The highest rate that has held, in messages a second; null if none has.
    highest_per_s: Option<f64>,
    /// The lowest rate that has not; null if all have.
    broke_per_s: Option<f64>,
    /// What was wrong there, in words.
    broke: Vec<String>,
    /// True if the load tester itself was late there: then the servers may well do more.
    load_tester_late: bool,
    steps: Vec<Step>,
}

/// One of the runs.
#[derive(Debug, Serialize)]
struct Step {
    rate_per_s: f64,
    held: bool,
    /// What was wrong, in words.
    broke: Vec<String>,
    load_tester_late: bool,
    /// Null if the run could not be made at this rate.
    report: Option<Report>,
}

/// Searches, and reports. Clean if some rate has held.
///
/// # Errors
/// If not even the first run can be made.
pub(crate) fn run(args: &SearchArgs) -> Result<Verdict> {
    let mut hunt = Hunt::new(args.run.messages_per_s(), args.up_to, args.precision);
    let (mut steps, mut best) = (Vec::new(), None);
    while let Some(rate) = hunt.next() {
        let (step, outcome) = try_rate(&args.run, rate, steps.is_empty())?;
        eprintln!("{}", step.line());
        hunt.learn(rate, step.held);
        if step.held {
            best = outcome.map(|outcome| (steps.len(), outcome));
        }
        steps.push(step);
    }
    let search = Search::new(&hunt, steps);
    print!("{}", search.text());
    search.write(&args.run.output, best)?;
    Ok(Verdict::from(search.highest_per_s.is_some()))
}

/// Makes one run. One that is impossible at this rate has not held, but the first must be possible.
fn try_rate(args: &RunArgs, rate: f64, is_first: bool) -> Result<(Step, Option<Outcome>)> {
    Ok(match run::make(&args.at_rate(rate)) {
        Ok((report, outcome)) => (Step::new(rate, report), Some(outcome)),
        Err(error) if is_first => return Err(error),
        Err(error) => (Step::impossible(rate, format!("{error:#}")), None),
    })
}

impl Step {
    fn new(rate_per_s: f64, report: Report) -> Self {
        let broke = report.shortcomings();
        let (held, load_tester_late) = (broke.is_empty(), report.load_tester_was_late());
        Self { rate_per_s, held, broke, load_tester_late, report: Some(report) }
    }

    fn impossible(rate_per_s: f64, why: String) -> Self {
        Self { rate_per_s, held: false, broke: vec![why], load_tester_late: false, report: None }
    }

    /// The step in a line.
    fn line(&self) -> String {
        let rate = self.rate_per_s;
        match (self.held, &self.report) {
            (true, Some(report)) => format!("{rate:>10.0} messages/s hold: {}", report.in_short()),
            _ => format!("{rate:>10.0} messages/s do not hold: {}", self.broke.join(", ")),
        }
    }
}

impl Search {
    fn new(hunt: &Hunt, steps: Vec<Step>) -> Self {
        // The last one that did not hold is the lowest: the hunt only goes down from there.
        let broke = steps.iter().rfind(|step| !step.held);
        Self {
            schema: "parlor-loadtest-search",
            schema_version: 1,
            highest_per_s: hunt.held,
            broke_per_s: hunt.broke,
            broke: broke.map(|step| step.broke.clone()).unwrap_or_default(),
            load_tester_late: broke.is_some_and(|step| step.load_tester_late),
            steps,
        }
    }

    fn text(&self) -> String {
        let mut text = match self.highest_per_s {
            Some(rate) => format!("\nhighest       {rate:.0} messages/s hold\n"),
            None => "\nhighest       no rate holds\n".to_owned(),
        };
        text += &match self.broke_per_s {
            Some(rate) => format!("broke         {rate:.0} messages/s: {}\n", self.broke.join(", ")),
            None => "broke         nothing: this is the highest rate of the search (--up-to)\n".to_owned(),
        };
        if self.load_tester_late {
            text += "\nThe load tester itself was late there: the servers may well do more.\n";
        }
        text
    }

    /// Writes the search as JSON, and the best of its runs in the other forms.
    fn write(&self, output: &OutputArgs, best: Option<(usize, Outcome)>) -> Result<()> {
        if let Some(file) = &output.json {
            report::write_json(self, file)?;
        }
        let best = best.and_then(|(step, outcome)| Some((self.steps[step].report.as_ref()?, outcome)));
        best.map_or(Ok(()), |(report, outcome)| {
            report::write_files(report, &outcome, &OutputArgs { json: None, ..output.clone() })
        })
    }
}

//! The comparison: two runs, made in turns in one sitting, so that whatever else the machine does meets both.

mod figures;
mod served;

use anyhow::{Context as _, Result, bail, ensure};
use serde::Serialize;
use serde_json::Value;

use crate::args::{CompareArgs, SideArgs};
use crate::child;
use crate::environment::{Environment, masked_line};
use crate::report::{self, Verdict};
use figures::Figure;
use served::Served;

/// What came out.
#[derive(Debug, Serialize)]
struct Comparison {
    schema: &'static str,
    schema_version: u32,
    environment: Environment,
    a: Side,
    b: Side,
    figures: Vec<Figure>,
    /// What was wrong with some of the runs.
    problems: Vec<String>,
}

/// One side of it, as it was asked for. Secrets are left out.
#[derive(Debug, Serialize)]
struct Side {
    name: String,
    options: String,
    server: Option<String>,
}

/// A run that was made.
struct Run {
    report: Value,
    verdict: Verdict,
    /// What was wrong with it, in its own words.
    problem: Option<String>,
}

/// All of them.
#[derive(Default)]
struct Runs {
    /// By pairs.
    reports: Vec<[Value; 2]>,
    verdicts: Vec<Verdict>,
    problems: Vec<String>,
}

/// Makes the runs and prints their figures side by side. The verdict is the worst of the runs.
///
/// # Errors
/// If a run cannot be made.
pub(crate) fn run(args: &CompareArgs) -> Result<Verdict> {
    let sides = args.sides();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let Runs { reports, verdicts, problems } = runtime.block_on(all_runs(&sides, args.pairs))?;
    let comparison = Comparison {
        schema: "parlor-loadtest-compare",
        schema_version: 1,
        environment: Environment::look(),
        a: Side::of(&sides[0]),
        b: Side::of(&sides[1]),
        figures: figures::figures(&reports),
        problems,
    };
    comparison.print(args.pairs);
    if let Some(file) = &args.json {
        report::write_json(&comparison, file)?;
    }
    Ok(worst(&verdicts))
}

/// The verdict on all runs together: that a run is not clean says most, as it holds however fast the load tester was.
fn worst(verdicts: &[Verdict]) -> Verdict {
    let order = [Verdict::NotClean, Verdict::NotValid, Verdict::Missed];
    order.into_iter().find(|verdict| verdicts.contains(verdict)).unwrap_or(Verdict::Clean)
}

/// A B A B …: what changes slowly on the machine changes for both.
async fn all_runs(sides: &[SideArgs; 2], pairs: u16) -> Result<Runs> {
    let mut runs = Runs::default();
    for pair in 1..=pairs {
        let mut both = [Value::Null, Value::Null];
        for (side, report) in sides.iter().zip(&mut both) {
            eprintln!("pair {pair} of {pairs}: {} …", side.name);
            let run = one_run(side).await.with_context(|| format!("{}, pair {pair}", side.name))?;
            runs.verdicts.push(run.verdict);
            runs.problems.extend(run.problem.map(|problem| format!("{}, pair {pair}: {problem}", side.name)));
            *report = run.report;
        }
        runs.reports.push(both);
    }
    Ok(runs)
}

async fn one_run(side: &SideArgs) -> Result<Run> {
    let Some(command) = &side.server else { return load(&side.options).await };
    let targets = side.targets()?;
    ensure!(!targets.is_empty(), "where does the server listen? Its options name no --target");
    let server = Served::start(command, &targets).await?;
    let run = load(&format!("{} --server-pid {}", side.options, server.pid)).await;
    server.stop().await?;
    run
}

async fn load(options: &str) -> Result<Run> {
    let done = child::run(options).await?;
    let verdict = done.code.and_then(Verdict::of_code);
    let (Some(report), Some(verdict)) = (done.report, verdict) else { bail!("{}", done.said.trim()) };
    let last_words = || done.said.trim().lines().last().unwrap_or_default().to_owned();
    Ok(Run { report, verdict, problem: (verdict != Verdict::Clean).then(last_words) })
}

impl Side {
    fn of(side: &SideArgs) -> Self {
        let server = side.server.as_deref().map(masked_line);
        Self { name: side.name.clone(), options: masked_line(&side.options), server }
    }
}

impl Comparison {
    fn print(&self, pairs: u16) {
        println!("\n{:20}{:>14}{:>14}{:>10}   of {pairs} pairs, least to most", "", "A", "B", "A/B");
        for figure in &self.figures {
            let shown = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), number);
            let (a, b) = (shown(figure.a_median), shown(figure.b_median));
            let ratio = figure.ratio.map_or_else(
                || "–".to_owned(),
                |ratio| format!("{:.2}   {:.2} to {:.2}", ratio.median, ratio.min, ratio.max),
            );
            println!("{:20}{a:>14}{b:>14}{:>6}{ratio}", figure.name, "");
        }
        println!();
        for (letter, side) in [("A", &self.a), ("B", &self.b)] {
            println!("{letter} is {}: {}", side.name, side.options);
            if let Some(server) = &side.server {
                println!("  against {server}");
            }
        }
        for problem in &self.problems {
            println!("\n{problem}");
        }
    }
}

/// With as many digits as say something.
fn number(value: f64) -> String {
    match value {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bad_run_makes_the_comparison_bad() {
        use Verdict::{Clean, Missed, NotClean, NotValid};
        assert_eq!(worst(&[Clean, Clean]), Clean);
        assert_eq!(worst(&[Clean, Missed]), Missed);
        assert_eq!(worst(&[Missed, NotValid, Clean]), NotValid);
        assert_eq!(worst(&[NotValid, NotClean]), NotClean);
    }
}

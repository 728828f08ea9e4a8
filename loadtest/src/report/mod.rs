//! What came out of a run: for people ([`table`], [`html`]), for programs ([`Report`] as JSON) and for the plotter of
//! HdrHistogram ([`hgrm`]).

mod harvest;
mod hgrm;
mod html;
mod outcome;
mod quantiles;
mod short;
mod slices;
mod table;
mod thresholds;
mod verdict;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::args::{OutputArgs, RunArgs};
use crate::effort::Efforts;
use crate::environment::Environment;
use crate::meter::Cost;
use crate::plan::Plan;

pub(crate) use harvest::Harvest;
pub(crate) use outcome::Outcome;
pub(crate) use quantiles::Quantiles;
pub(crate) use table::{latency_rows, print, rooms};
pub(crate) use verdict::Verdict;

use slices::OverTime;
use thresholds::Threshold;

/// Raised when a field changes its meaning or goes away; new fields may come without.
const SCHEMA_VERSION: u32 = 1;

/// The report of a run. Times are in microseconds unless their name says otherwise.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    schema: &'static str,
    schema_version: u32,
    environment: Environment,
    plan: Planned,
    /// What the audit cannot tell in this dialect.
    not_told: Vec<&'static str>,
    /// True if nothing at all is wrong.
    clean: bool,
    /// What is wrong, in words.
    problems: Vec<String>,
    /// False if the load tester itself was the bottleneck: then the times say little about the servers.
    valid: bool,
    /// Why it is not valid, in words.
    doubts: Vec<&'static str>,
    /// True if only the audit decides how the run has ended.
    #[serde(skip)]
    audit_only: bool,
    /// What the run took of the load tester.
    efforts: Efforts,
    /// Those of the command line.
    thresholds: Vec<Threshold>,
    audit: Audit,
    /// Messages refused, certainly not stored, by code.
    refused: BTreeMap<String, u64>,
    /// Connections that broke, by reason.
    broken: BTreeMap<String, u64>,
    /// From the planned time to the acknowledgement.
    acknowledged: Quantiles,
    /// From the planned time to each receipt.
    delivered: Quantiles,
    /// From the planned time to the load tester's own write: what it adds to the other two.
    behind: Quantiles,
    /// From the break of a connection to the moment at which its client was back, and had all that there was then.
    away: Quantiles,
    /// From asking for a page of history to having it; not from a planned time.
    history: Quantiles,
    /// How often a client came again that had left by choice.
    came_again: u64,
    /// From the first break of a connection to the last such return, in seconds; null if none broke.
    all_back_s: Option<f64>,
    /// From the time planned for each client's first connection to the end of its handshake, and of its last join.
    connected: Quantiles,
    joined: Quantiles,
    sending_s: f64,
    /// From the first message until everybody had everything; null if that was not so in time.
    receiving_s: Option<f64>,
    /// Receipts for each second of that; where it is null, for each second in which messages were sent.
    deliveries_per_s: f64,
    /// What the servers' processes have cost; null if none was named.
    pub(crate) servers: Option<Cost>,
    over_time: OverTime,
}

#[derive(Debug, Serialize)]
struct Planned {
    run: String,
    targets: Vec<String>,
    subscribers: u32,
    /// How many processes of the load tester they were in.
    processes: u32,
    rooms: u32,
    rooms_per_client: u32,
    senders: u32,
    rate_per_s: f64,
    size_bytes: usize,
    warm_up_s: f64,
    duration_s: f64,
    dialect: &'static str,
    reconnect: bool,
    room_prefix: String,
}

/// What was received against what should have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Audit {
    /// Messages of the plan.
    pub(crate) planned: u64,
    /// Messages that were sent, repeats not counted.
    pub(crate) sent: u64,
    /// Messages that never were.
    pub(crate) unsent: u64,
    pub(crate) acknowledged: u64,
    /// Messages refused, certainly not stored.
    pub(crate) refused: u64,
    /// Messages without a final answer.
    pub(crate) unknown: u64,
    /// How often a message was sent again under the same id.
    pub(crate) repeated: u64,
    pub(crate) subscriptions: u64,
    /// Receipts that there should be: for each subscription, all that its room has had since it joined.
    pub(crate) expected: u64,
    /// Receipts that there were, the same one twice not counted.
    pub(crate) received: u64,
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
    pub(crate) out_of_order: u64,
    pub(crate) wrong_room: u64,
    /// Messages that took a place before one that their sender had sent earlier.
    pub(crate) sender_out_of_order: u64,
    /// A message seen or acknowledged at two places.
    pub(crate) two_places: u64,
    /// Two messages seen or acknowledged at one place.
    pub(crate) one_place: u64,
    pub(crate) refused_but_stored: u64,
    /// Joins after a position that were told that something is left out.
    pub(crate) truncated: u64,
    /// Joins that found another history than the one before.
    pub(crate) other_epoch: u64,
    /// Frames that made no sense.
    pub(crate) unreadable: u64,
    /// Connections that broke during the run.
    pub(crate) broken: u64,
    pub(crate) reconnects: u64,
}

impl Report {
    /// Puts the report together. `sending` is how long messages were sent.
    pub(crate) fn new(plan: &Plan, args: &RunArgs, sending: Duration, outcome: &Outcome) -> Self {
        let problems = outcome.audit.problems(args.returns());
        let (audit, tally) = (outcome.audit, &outcome.tally);
        let mut report = Self {
            schema: "parlor-loadtest",
            schema_version: SCHEMA_VERSION,
            environment: Environment::look(),
            plan: Planned::of(plan, args, outcome),
            not_told: plan.speech.terms().not_told(),
            clean: problems.is_empty(),
            problems,
            valid: true,
            doubts: Vec::new(),
            audit_only: args.audit_only,
            efforts: outcome.efforts,
            thresholds: Vec::new(),
            audit,
            refused: tally.refused.0.clone(),
            broken: tally.broken.0.clone(),
            acknowledged: Quantiles::of(&tally.acknowledged),
            delivered: Quantiles::of(&tally.delivered),
            behind: Quantiles::of(&tally.behind),
            away: Quantiles::of(&tally.absences.each),
            history: Quantiles::of(&tally.history),
            came_again: tally.absences.chosen,
            all_back_s: tally.absences.all().map(|time| time.as_secs_f64()),
            connected: Quantiles::of(&tally.arrivals.connected),
            joined: Quantiles::of(&tally.arrivals.joined),
            sending_s: sending.as_secs_f64(),
            receiving_s: None,
            #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
            deliveries_per_s: audit.received as f64 / sending.as_secs_f64().max(0.001),
            servers: None,
            over_time: OverTime::of(&tally.series, plan.warm_up + plan.duration),
        };
        report.thresholds = Threshold::all(&args.thresholds, &report);
        report.doubts = report.efforts.doubts(report.behind.p99, report.delivered.p99, audit.lost);
        report.valid = report.doubts.is_empty();
        report
    }

    /// How long it took until everybody had everything. Servers that fall behind deliver longer than messages are sent.
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    pub(crate) fn set_receiving(&mut self, receiving: Option<Duration>) {
        self.receiving_s = receiving.map(|time| time.as_secs_f64());
        let seconds = self.receiving_s.unwrap_or(self.sending_s).max(0.001);
        self.deliveries_per_s = self.audit.received as f64 / seconds;
    }

    /// How the run has ended.
    pub(crate) fn verdict(&self) -> Verdict {
        let missed = self.thresholds.iter().any(|threshold| !threshold.held);
        if (self.clean || missed) && !self.valid && !self.audit_only {
            Verdict::NotValid
        } else if missed {
            Verdict::Missed
        } else {
            Verdict::from(self.clean)
        }
    }
}

impl Planned {
    fn of(plan: &Plan, args: &RunArgs, outcome: &Outcome) -> Self {
        Self {
            run: plan.run.clone(),
            targets: args.connect.targets.iter().map(ToString::to_string).collect(),
            subscribers: plan.people,
            processes: outcome.processes,
            rooms: plan.rooms,
            rooms_per_client: plan.rooms_each,
            senders: plan.senders,
            rate_per_s: plan.rate,
            size_bytes: plan.size,
            warm_up_s: plan.warm_up.as_secs_f64(),
            duration_s: plan.duration.as_secs_f64(),
            dialect: plan.speech.name(),
            reconnect: args.returns(),
            room_prefix: plan.room_prefix.clone(),
        }
    }
}

/// Writes the files that were asked for.
///
/// # Errors
/// If one cannot be written.
pub(crate) fn write_files(report: &Report, outcome: &Outcome, output: &OutputArgs) -> Result<()> {
    if let Some(file) = &output.json {
        write_json(report, file)?;
    }
    if let Some(file) = &output.html {
        write(file, &html::page(report, &outcome.tally))?;
    }
    if let Some(file) = &output.hgrm {
        write(file, &hgrm::text(&outcome.tally.delivered))?;
    }
    Ok(())
}

/// Writes a report as JSON.
///
/// # Errors
/// If the file cannot be written.
pub(crate) fn write_json(report: &impl Serialize, file: &Path) -> Result<()> {
    let text = serde_json::to_string_pretty(report).context("a report that is no JSON")?;
    write(file, &(text + "\n"))
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

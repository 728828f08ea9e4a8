//! The run: everybody joins, messages are sent by plan, everybody gets everything, or not.

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::time::sleep;

use crate::args::RunArgs;
use crate::crowd::Gathering;
use crate::everybody::Everybody;
use crate::layout::Layout;
use crate::meter::Meter;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::report::{self, Outcome, Report, Verdict};
use crate::series::Series;

/// From the moment at which everybody has joined to the first message.
const BREATH: Duration = Duration::from_millis(100);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long to listen when everybody has everything: what comes twice comes late.
const LISTEN: Duration = Duration::from_secs(1);

/// Makes the run and reports.
///
/// # Errors
/// If the run cannot be made.
pub(crate) fn run(args: &RunArgs) -> Result<Verdict> {
    let (report, outcome) = make(args)?;
    report::print(&report);
    report::write_files(&report, &outcome, &args.output)?;
    Ok(report.verdict())
}

/// Makes the run.
///
/// # Errors
/// If it cannot be made.
pub(crate) fn make(args: &RunArgs) -> Result<(Report, Outcome)> {
    let plan = plan(args)?;
    let mut meter = Meter::new(&args.server_pids)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut outcome, conducted) = runtime.block_on(async {
        let mut everybody = Everybody::gather(gathering(&plan, args)).await?;
        let conducted = conduct(&mut everybody, &plan, args, meter.as_mut()).await?;
        anyhow::Ok((everybody.leave().await?, conducted))
    })?;
    outcome.tally.series.add(&conducted.connections);
    let mut report = Report::new(&plan, args, conducted.sending, &outcome);
    report.set_receiving(conducted.receiving);
    report.servers = meter.map(|meter| meter.cost(outcome.audit.received, plan.people));
    Ok((report, outcome))
}

/// A short word of its own for each run.
pub(crate) fn random_word() -> String {
    format!("{:08x}", rand::random::<u32>())
}

fn plan(args: &RunArgs) -> Result<Plan> {
    let run = random_word();
    Ok(Plan {
        room_prefix: args.room_prefix.clone().unwrap_or_else(|| format!("load-{run}-")),
        run,
        people: args.subscribers,
        rooms: args.rooms,
        rooms_each: args.rooms_per_client,
        senders: args.senders,
        rate: args.messages_per_s(),
        size: args.size,
        warm_up: args.warm_up,
        duration: args.duration,
        layout: Layout::new(args.distribution, args.rooms, args.senders)?,
        customs: args.customs(),
        in_flight: args.in_flight,
        speech: args.connect.dialect.speech()?,
    })
}

/// Tokens must be good for as long as the run may take.
fn gathering(plan: &Plan, args: &RunArgs) -> Gathering {
    let length = args.connect.join_timeout + plan.warm_up + plan.duration + args.settle;
    Gathering { plan: plan.clone(), connect: args.connect.clone(), comeback: args.comeback(), length }
}

/// What was seen of a run from outside.
pub(crate) struct Conducted {
    /// How long messages were sent.
    pub(crate) sending: Duration,
    /// From the first message until everybody had everything; `None` if that was not so in time.
    pub(crate) receiving: Option<Duration>,
    /// How many connections were open, over time.
    pub(crate) connections: Series,
}

/// Everything between the first connection and the last receipt.
async fn conduct(
    everybody: &mut Everybody,
    plan: &Plan,
    args: &RunArgs,
    mut meter: Option<&mut Meter>,
) -> Result<Conducted> {
    let mut progress = Progress::new(plan);
    everybody.joined(|standing| progress.joining(standing)).await?;
    meter.as_mut().map_or(Ok(()), |meter| meter.begin())?;
    let begin = Instant::now() + BREATH;
    everybody.begin(begin).await?;
    progress.begin(begin);
    let mut cut = args.cut.map(|after| begin + after);
    loop {
        if cut.take_if(|at| *at <= Instant::now()).is_some() {
            everybody.cut().await?;
        }
        let standing = everybody.look().await?;
        progress.look(&standing);
        if standing.told {
            break;
        }
        sleep(LOOK_EVERY).await;
    }
    let sending = begin.elapsed();
    let receiving =
        everything_received(everybody, &mut progress, args.settle).await?.then(|| begin.elapsed());
    meter.map_or(Ok(()), Meter::end)?;
    sleep(LISTEN).await;
    Ok(Conducted { sending, receiving, connections: progress.into_series() })
}

/// Waits until everybody has everything. False if that is not so in time.
async fn everything_received(
    everybody: &mut Everybody,
    progress: &mut Progress,
    within: Duration,
) -> Result<bool> {
    let patience = Instant::now() + within;
    loop {
        let standing = everybody.look().await?;
        progress.look(&standing);
        if standing.settled || Instant::now() >= patience {
            return Ok(standing.settled);
        }
        sleep(LOOK_EVERY).await;
    }
}

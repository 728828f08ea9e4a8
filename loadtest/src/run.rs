//! The run: everybody joins, messages are sent by plan, everybody gets everything, or not.

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::time::sleep;

use crate::args::{ConnectArgs, RunArgs};
use crate::crowd::Crowd;
use crate::layout::Layout;
use crate::meter::Meter;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::report::{self, Outcome, Report, Verdict};
use crate::series::Series;
use crate::token::Tokens;
use crate::{limits, pacer};

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
    plan.check()?;
    limits::allow_connections(plan.people)?;
    let tokens = Tokens::of_run(&args.connect, &plan, length(&args.connect, &plan, args.settle))?;
    let mut meter = Meter::new(&args.server_pids)?;
    let crowd = Crowd::gather(plan.clone(), &args.connect, tokens, args.comeback());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (crowd, conducted) = runtime.block_on(conduct(crowd, args, meter.as_mut()))?;
    let mut outcome = crowd.leave()?;
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

/// How long the run takes at the most: what tokens must be good for.
fn length(connect: &ConnectArgs, plan: &Plan, settle: Duration) -> Duration {
    connect.join_timeout + plan.warm_up + plan.duration + settle
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
    mut crowd: Crowd,
    args: &RunArgs,
    mut meter: Option<&mut Meter>,
) -> Result<(Crowd, Conducted)> {
    let mut progress = Progress::new(crowd.shared.plan.people);
    tokio::select! {
        joined = crowd.everybody_joined() => joined?,
        never = progress.joining(&crowd) => match never {},
    }
    meter.as_mut().map_or(Ok(()), |meter| meter.begin())?;
    let begin = Instant::now() + BREATH;
    // Nobody else sets it.
    let _ = crowd.shared.start.set(begin);
    let pacer = pacer::start(crowd.shared.clone(), begin, crowd.take_senders());
    progress.begin(begin, &crowd.shared.plan);
    let mut cut = args.cut.map(|after| begin + after);
    while !pacer.is_finished() {
        crowd.check()?;
        if cut.take_if(|at| *at <= Instant::now()).is_some() {
            crowd.shared.cut_all();
        }
        progress.look(&crowd);
        sleep(LOOK_EVERY).await;
    }
    let sending = begin.elapsed();
    let patience = Instant::now() + args.settle;
    while !crowd.is_settled() && Instant::now() < patience {
        crowd.check()?;
        progress.look(&crowd);
        sleep(LOOK_EVERY).await;
    }
    let receiving = crowd.is_settled().then(|| begin.elapsed());
    meter.map_or(Ok(()), Meter::end)?;
    sleep(LISTEN).await;
    Ok((crowd, Conducted { sending, receiving, connections: progress.into_series() }))
}

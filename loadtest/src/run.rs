//! The run: everybody joins, messages are sent by plan, everybody gets everything, or not.

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::time::sleep;

use crate::args::{ConnectArgs, RunArgs};
use crate::crowd::Crowd;
use crate::meter::Meter;
use crate::plan::Plan;
use crate::report::{self, Report};
use crate::token::Tokens;
use crate::{limits, pacer};

/// From the moment at which everybody has joined to the first message.
const BREATH: Duration = Duration::from_millis(100);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long to listen when everybody has everything: what comes twice comes late.
const LISTEN: Duration = Duration::from_secs(1);

/// Makes the run and reports. True if nothing was wrong.
///
/// # Errors
/// If the run cannot be made.
pub(crate) fn run(args: &RunArgs) -> Result<bool> {
    let plan = plan(args);
    plan.check()?;
    limits::allow_connections(plan.people)?;
    let tokens = Tokens::new(&args.connect, &plan.run, length(&args.connect, &plan, args.settle))?;
    let mut meter = Meter::new(&args.server_pids)?;
    let crowd = Crowd::gather(plan.clone(), &args.connect, tokens, args.reconnect);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (crowd, sending) = runtime.block_on(conduct(crowd, args.settle, meter.as_mut()))?;
    let outcome = crowd.leave()?;
    let mut report = Report::new(&plan, &args.connect.targets, args.reconnect, sending, &outcome);
    report.servers = meter.map(|meter| meter.cost(outcome.audit.received, plan.people));
    report::print(&report);
    if let Some(file) = &args.json {
        report::write_json(&report, file)?;
    }
    Ok(report.is_clean())
}

/// A short word of its own for each run.
pub(crate) fn random_word() -> String {
    format!("{:08x}", rand::random::<u32>())
}

fn plan(args: &RunArgs) -> Plan {
    let run = random_word();
    Plan {
        room_prefix: args.room_prefix.clone().unwrap_or_else(|| format!("load-{run}-")),
        run,
        people: args.subscribers,
        rooms: args.rooms,
        senders: args.senders,
        rate: args.rate,
        size: args.size,
        warm_up: args.warm_up,
        duration: args.duration,
    }
}

/// How long the run takes at the most: what tokens must be good for.
fn length(connect: &ConnectArgs, plan: &Plan, settle: Duration) -> Duration {
    connect.join_timeout + plan.warm_up + plan.duration + settle
}

/// Everything between the first connection and the last receipt. Gives how long messages were sent.
async fn conduct(
    mut crowd: Crowd,
    settle: Duration,
    mut meter: Option<&mut Meter>,
) -> Result<(Crowd, Duration)> {
    eprintln!("{} clients join …", crowd.shared.plan.people);
    crowd.everybody_joined().await?;
    meter.as_mut().map_or(Ok(()), |meter| meter.begin())?;
    let begin = Instant::now() + BREATH;
    // Nobody else sets it.
    let _ = crowd.shared.start.set(begin);
    let pacer = pacer::start(crowd.shared.clone(), begin, crowd.take_senders());
    let mut progress = Progress::new(begin);
    while !pacer.is_finished() {
        crowd.check()?;
        progress.look(&crowd);
        sleep(LOOK_EVERY).await;
    }
    let sending = begin.elapsed();
    let patience = Instant::now() + settle;
    while !crowd.is_settled() && Instant::now() < patience {
        crowd.check()?;
        progress.look(&crowd);
        sleep(LOOK_EVERY).await;
    }
    meter.map_or(Ok(()), Meter::end)?;
    sleep(LISTEN).await;
    Ok((crowd, sending))
}

/// A line now and then, so that somebody who waits sees that something happens.
struct Progress {
    begin: Instant,
    next: Instant,
}

impl Progress {
    const EVERY: Duration = Duration::from_secs(5);

    fn new(begin: Instant) -> Self {
        Self { begin, next: begin + Self::EVERY }
    }

    fn look(&mut self, crowd: &Crowd) {
        if Instant::now() < self.next {
            return;
        }
        self.next += Self::EVERY;
        let acknowledged = crowd.shared.ledger.acknowledged();
        let planned = crowd.shared.plan.messages();
        eprintln!(
            "{:4.0} s  {acknowledged} of {planned} messages acknowledged",
            self.begin.elapsed().as_secs_f64()
        );
    }
}

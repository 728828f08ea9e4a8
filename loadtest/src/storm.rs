//! A storm of handshakes: how long clients take to get in when many come at once.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;
use tokio::time::sleep;

use crate::args::StormArgs;
use crate::crowd::Crowd;
use crate::environment::Environment;
use crate::limits;
use crate::plan::Plan;
use crate::report::{self, Quantiles, Verdict};
use crate::run::random_word;
use crate::token::Tokens;

/// What came out. Times are in microseconds unless their name says otherwise.
#[derive(Debug, Serialize)]
struct Storm {
    schema: &'static str,
    schema_version: u32,
    environment: Environment,
    clients: u32,
    rooms: u32,
    planned_per_s: f64,
    handshakes: u16,
    /// From the first planned time to the last join.
    all_joined_s: f64,
    joined_per_s: f64,
    /// From the time planned for each connection to the end of its handshake.
    connected: Quantiles,
    /// From the time planned for each connection to the last of its joins.
    joined: Quantiles,
    /// Attempts that failed and were made again, by reason.
    failed: BTreeMap<String, u64>,
    /// Connections that broke after they had joined, by reason.
    broken: BTreeMap<String, u64>,
}

/// Lets the storm loose, and reports. Clean if every attempt succeeded and everybody stayed connected.
///
/// # Errors
/// If not everybody can join.
pub(crate) fn run(args: &StormArgs) -> Result<Verdict> {
    let plan = Plan::idle(random_word(), args.clients, args.rooms);
    plan.check()?;
    limits::allow_connections(plan.people)?;
    let tokens =
        Tokens::new(&args.connect.tokens, &plan.run, plan.people, args.connect.join_timeout + args.hold)?;
    let crowd = Crowd::gather(plan, &args.connect, tokens, None);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let took = runtime.block_on(blow(&crowd, args.hold))?;
    let storm = Storm::new(args, took, &crowd.leave()?.tally);
    print!("{}", storm.text());
    if let Some(file) = &args.json {
        report::write_json(&storm, file)?;
    }
    let clean = storm.failed.is_empty() && storm.broken.is_empty();
    Ok(if clean { Verdict::Clean } else { Verdict::NotClean })
}

async fn blow(crowd: &Crowd, hold: Duration) -> Result<Duration> {
    eprintln!("{} clients join …", crowd.shared.plan.people);
    crowd.everybody_joined().await?;
    let took = crowd.shared.opened.elapsed();
    sleep(hold).await;
    crowd.check()?;
    Ok(took)
}

impl Storm {
    fn new(args: &StormArgs, took: Duration, tally: &crate::tally::Tally) -> Self {
        let all_joined_s = took.as_secs_f64();
        Self {
            schema: "parlor-loadtest-connect",
            schema_version: 1,
            environment: Environment::look(),
            clients: args.clients,
            rooms: args.rooms,
            planned_per_s: 1.0 / args.connect.step(args.clients).as_secs_f64(),
            handshakes: args.connect.handshakes,
            all_joined_s,
            joined_per_s: f64::from(args.clients) / all_joined_s,
            connected: Quantiles::of(&tally.arrivals.connected),
            joined: Quantiles::of(&tally.arrivals.joined),
            failed: tally.arrivals.failed.0.clone(),
            broken: tally.broken.0.clone(),
        }
    }

    fn text(&self) -> String {
        let mut text = format!(
            "\n{} clients, {:.0} a second, at most {} handshakes at once\n\nall joined    after {:.2} s, {:.0} a second\n\n",
            self.clients, self.planned_per_s, self.handshakes, self.all_joined_s, self.joined_per_s
        );
        text += &report::latency_rows(&[("connected", &self.connected), ("joined", &self.joined)]);
        for (what, reasons) in [("failed", &self.failed), ("broken", &self.broken)] {
            for (reason, count) in reasons {
                text += &format!("{what:14}{count} × {reason}\n");
            }
        }
        text + match (self.failed.is_empty(), self.broken.is_empty()) {
            (true, true) => "\nClean: everybody came in at the first attempt, and stayed.\n",
            (false, _) => "\nNot clean: attempts to connect failed.\n",
            (true, false) => "\nNot clean: connections broke.\n",
        }
    }
}

//! A storm of handshakes: how long clients take to get in when many come at once.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;
use tokio::time::sleep;

use crate::args::StormArgs;
use crate::crowd::Gathering;
use crate::environment::Environment;
use crate::everybody::Everybody;
use crate::plan::Plan;
use crate::report::{self, Outcome, Quantiles, Verdict};
use crate::run::random_word;
use crate::servers::Usage;

/// What came out. Times are in microseconds unless their name says otherwise.
#[derive(Debug, Serialize)]
struct Storm {
    schema: &'static str,
    schema_version: u32,
    environment: Environment,
    clients: u32,
    /// How many processes of the load tester they were in.
    processes: u32,
    rooms: u32,
    rooms_per_client: u32,
    planned_per_s: f64,
    handshakes: u16,
    /// From the first planned time to the last join.
    all_joined_s: f64,
    joined_per_s: f64,
    /// From the time planned for each connection to the end of its handshake.
    connected: Quantiles,
    /// From the time planned for each connection to the last of its joins.
    joined: Quantiles,
    /// Processor time of the servers for each client, from its connection to the last of its joins; null if no process
    /// was named.
    server_cpu_us_per_client: Option<f64>,
    /// Attempts that failed and were made again, by reason.
    failed: BTreeMap<String, u64>,
    /// Connections that broke after they had joined, by reason.
    broken: BTreeMap<String, u64>,
    /// What is wrong, in words.
    problems: Vec<String>,
}

/// Lets the storm loose, and reports. Clean if every attempt succeeded and everybody stayed connected.
///
/// # Errors
/// If not everybody can join.
pub(crate) fn run(args: &StormArgs) -> Result<Verdict> {
    let speech = args.connect.dialect.speech()?;
    let rooms_each = args.rooms_per_client;
    let plan = Plan { speech, rooms_each, ..Plan::idle(random_word(), args.clients, args.rooms) };
    let length = args.connect.join_timeout + args.hold;
    let gathering = Gathering { plan, connect: args.connect.clone(), comeback: None, length };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let before = Usage::of(&args.server_pids)?.cpu;
    let (blown, outcome) = runtime.block_on(async {
        let mut everybody = Everybody::gather(gathering).await?;
        let blown = blow(&mut everybody, args).await?;
        anyhow::Ok((blown, everybody.leave().await?))
    })?;
    let mut storm = Storm::new(args, blown.took, &outcome);
    let each = blown.server_cpu.saturating_sub(before).as_secs_f64() * 1e6 / f64::from(args.clients);
    storm.server_cpu_us_per_client = (!args.server_pids.is_empty()).then_some(each);
    print!("{}", storm.text());
    if let Some(file) = &args.json {
        report::write_json(&storm, file)?;
    }
    Ok(Verdict::from(storm.problems.is_empty()))
}

/// What was seen of a storm from outside.
struct Blown {
    /// From the first planned time until everybody had joined.
    took: Duration,
    /// What processor time the servers had used by then.
    server_cpu: Duration,
}

async fn blow(everybody: &mut Everybody, args: &StormArgs) -> Result<Blown> {
    eprintln!("{} clients join …", args.clients);
    everybody.joined(|_| ()).await?;
    let took = everybody.opened().elapsed();
    let server_cpu = Usage::of(&args.server_pids)?.cpu;
    sleep(args.hold).await;
    everybody.look().await?;
    Ok(Blown { took, server_cpu })
}

impl Storm {
    fn new(args: &StormArgs, took: Duration, outcome: &Outcome) -> Self {
        let (tally, all_joined_s) = (&outcome.tally, took.as_secs_f64());
        let wrong =
            [(&tally.arrivals.failed, "attempts to connect failed"), (&tally.broken, "connections broke")];
        let wrong = wrong.iter().map(|(reasons, what)| (reasons.0.values().sum::<u64>(), what));
        let problems = wrong.filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
        Self {
            schema: "parlor-loadtest-connect",
            schema_version: 1,
            environment: Environment::look(),
            clients: args.clients,
            processes: outcome.processes,
            rooms: args.rooms,
            rooms_per_client: args.rooms_per_client,
            planned_per_s: 1.0 / args.connect.step(args.clients).as_secs_f64(),
            handshakes: args.connect.handshakes,
            all_joined_s,
            joined_per_s: f64::from(args.clients) / all_joined_s,
            connected: Quantiles::of(&tally.arrivals.connected),
            joined: Quantiles::of(&tally.arrivals.joined),
            server_cpu_us_per_client: None,
            failed: tally.arrivals.failed.0.clone(),
            broken: tally.broken.0.clone(),
            problems: problems.collect(),
        }
    }

    fn text(&self) -> String {
        let mut text = format!(
            "\n{} clients in {}, {:.0} a second, at most {} handshakes at once\n\n\
             all joined    after {:.2} s, {:.0} a second\n\n",
            self.clients,
            report::rooms(self.rooms, self.rooms_per_client),
            self.planned_per_s,
            self.handshakes,
            self.all_joined_s,
            self.joined_per_s
        );
        text += &report::latency_rows(&[("connected", &self.connected), ("joined", &self.joined)]);
        if let Some(each) = self.server_cpu_us_per_client {
            text += &format!("{:14}{each:.1} µs of processor time a client\n", "servers");
        }
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

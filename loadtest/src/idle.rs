//! Idle clients: what a joined client that says nothing costs the server in memory, and in processor time for signs of
//! life.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;
use tokio::time::{Instant, sleep};

use crate::args::IdleArgs;
use crate::crowd::Gathering;
use crate::environment::Environment;
use crate::everybody::Everybody;
use crate::plan::Plan;
use crate::report::{self, Verdict};
use crate::run::random_word;
use crate::servers::Usage;

/// How long servers are left alone before that: they are still busy with those who came last.
const SETTLING: Duration = Duration::from_secs(1);

/// What came out.
#[derive(Debug, Serialize)]
struct Memory {
    schema: &'static str,
    schema_version: u32,
    environment: Environment,
    clients: u32,
    /// How many processes of the load tester they were in.
    processes: u32,
    rooms: u32,
    rooms_per_client: u32,
    before_bytes: u64,
    after_bytes: u64,
    bytes_per_client: u64,
    /// The processor time of the servers in a second of sitting still, in milliseconds.
    idle_cpu_ms_per_s: f64,
    /// What is wrong, in words.
    problems: Vec<String>,
}

/// Joins the clients, reads the memory, and reports. Clean if everybody stayed connected.
///
/// # Errors
/// If not everybody can join, or the server's memory cannot be read.
pub(crate) fn run(args: &IdleArgs) -> Result<Verdict> {
    let speech = args.connect.dialect.speech()?;
    let rooms_each = args.rooms_per_client;
    let plan = Plan { speech, rooms_each, ..Plan::idle(random_word(), args.clients, args.rooms) };
    let length = args.connect.join_timeout + args.hold;
    let gathering = Gathering { plan, connect: args.connect.clone(), comeback: None, length };
    let before_bytes = Usage::of(&args.server_pids)?.resident_bytes;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (sat, outcome) = runtime.block_on(async {
        let mut everybody = Everybody::gather(gathering).await?;
        let sat = sit(&mut everybody, args).await?;
        anyhow::Ok((sat, everybody.leave().await?))
    })?;
    let audit = outcome.audit;
    let memory = Memory {
        schema: "parlor-loadtest-idle",
        schema_version: 1,
        environment: Environment::look(),
        clients: args.clients,
        processes: outcome.processes,
        rooms: args.rooms,
        rooms_per_client: args.rooms_per_client,
        before_bytes,
        after_bytes: sat.resident_bytes,
        bytes_per_client: sat.resident_bytes.saturating_sub(before_bytes) / u64::from(args.clients),
        idle_cpu_ms_per_s: sat.cpu_ms_per_s,
        problems: (audit.broken > 0)
            .then(|| format!("{} connections broke meanwhile", audit.broken))
            .into_iter()
            .collect(),
    };
    print(&memory);
    if let Some(file) = &args.json {
        report::write_json(&memory, file)?;
    }
    Ok(Verdict::from(memory.problems.is_empty()))
}

/// What servers used while everybody sat there.
struct Sat {
    /// At the end.
    resident_bytes: u64,
    cpu_ms_per_s: f64,
}

/// Has everybody join and sit there for a while.
async fn sit(everybody: &mut Everybody, args: &IdleArgs) -> Result<Sat> {
    eprintln!("{} clients join …", args.clients);
    everybody.joined(|_| ()).await?;
    sleep(SETTLING).await;
    let (from, before) = (Instant::now(), Usage::of(&args.server_pids)?);
    sleep(args.hold).await;
    everybody.look().await?;
    let (after, time) = (Usage::of(&args.server_pids)?, from.elapsed());
    let cpu_ms_per_s = (after.cpu - before.cpu).as_secs_f64() * 1000.0 / time.as_secs_f64();
    Ok(Sat { resident_bytes: after.resident_bytes, cpu_ms_per_s })
}

fn print(memory: &Memory) {
    let rooms = report::rooms(memory.rooms, memory.rooms_per_client);
    println!("clients      {} joined, in {rooms}", memory.clients);
    println!("before       {} kB resident", memory.before_bytes / 1024);
    println!("after        {} kB resident", memory.after_bytes / 1024);
    println!("per client   {} bytes", memory.bytes_per_client);
    println!("idle         {:.1} ms of processor time a second", memory.idle_cpu_ms_per_s);
    for problem in &memory.problems {
        println!("\nNot clean: {problem}.");
    }
}

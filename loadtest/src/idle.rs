//! Idle clients: what a joined client that says nothing costs the server in memory.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;
use tokio::time::sleep;

use crate::args::IdleArgs;
use crate::crowd::Crowd;
use crate::environment::Environment;
use crate::plan::Plan;
use crate::report::Verdict;
use crate::run::random_word;
use crate::servers::Usage;
use crate::token::Tokens;
use crate::{limits, report};

/// What came out.
#[derive(Debug, Serialize)]
struct Memory {
    schema: &'static str,
    schema_version: u32,
    environment: Environment,
    clients: u32,
    rooms: u32,
    rooms_per_client: u32,
    before_bytes: u64,
    after_bytes: u64,
    bytes_per_client: u64,
}

/// Joins the clients, reads the memory, and reports. Clean if everybody stayed connected.
///
/// # Errors
/// If not everybody can join, or the server's memory cannot be read.
pub(crate) fn run(args: &IdleArgs) -> Result<Verdict> {
    let speech = args.connect.dialect.speech()?;
    let rooms_each = args.rooms_per_client;
    let plan = Plan { speech, rooms_each, ..Plan::idle(random_word(), args.clients, args.rooms) };
    plan.check()?;
    limits::allow_connections(plan.people)?;
    let tokens = Tokens::of_run(&args.connect, &plan, args.connect.join_timeout + args.hold)?;
    let before_bytes = Usage::of(&args.server_pids)?.resident_bytes;
    let crowd = Crowd::gather(plan, &args.connect, tokens, None);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let after_bytes = runtime.block_on(sit(&crowd, args.hold, &args.server_pids))?;
    let audit = crowd.leave()?.audit;
    let memory = Memory {
        schema: "parlor-loadtest-idle",
        schema_version: 1,
        environment: Environment::look(),
        clients: args.clients,
        rooms: args.rooms,
        rooms_per_client: args.rooms_per_client,
        before_bytes,
        after_bytes,
        bytes_per_client: after_bytes.saturating_sub(before_bytes) / u64::from(args.clients),
    };
    print(&memory, audit.broken);
    if let Some(file) = &args.json {
        report::write_json(&memory, file)?;
    }
    Ok(Verdict::from(audit.broken == 0))
}

async fn sit(crowd: &Crowd, hold: Duration, pids: &[u32]) -> Result<u64> {
    eprintln!("{} clients join …", crowd.shared.plan.people);
    crowd.everybody_joined().await?;
    sleep(hold).await;
    crowd.check()?;
    Ok(Usage::of(pids)?.resident_bytes)
}

fn print(memory: &Memory, broken: u64) {
    let rooms = report::rooms(memory.rooms, memory.rooms_per_client);
    println!("clients      {} joined, in {rooms}", memory.clients);
    println!("before       {} kB resident", memory.before_bytes / 1024);
    println!("after        {} kB resident", memory.after_bytes / 1024);
    println!("per client   {} bytes", memory.bytes_per_client);
    if broken > 0 {
        println!("\nNot clean: {broken} connections broke meanwhile.");
    }
}

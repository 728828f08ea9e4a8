//! Idle clients: what a joined client that says nothing costs the server in memory.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde::Serialize;
use tokio::time::sleep;

use crate::args::IdleArgs;
use crate::crowd::Crowd;
use crate::environment::Environment;
use crate::plan::Plan;
use crate::run::random_word;
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
    before_bytes: u64,
    after_bytes: u64,
    bytes_per_client: u64,
}

/// Joins the clients, reads the memory, and reports. True if everybody stayed connected.
///
/// # Errors
/// If not everybody can join, or the server's memory cannot be read.
pub(crate) fn run(args: &IdleArgs) -> Result<bool> {
    let plan = Plan::idle(random_word(), args.clients, args.rooms);
    plan.check()?;
    limits::allow_connections(plan.people)?;
    let tokens = Tokens::new(&args.connect, &plan.run, args.connect.join_timeout + args.hold)?;
    let before_bytes = resident_bytes(&args.server_pids)?;
    let crowd = Crowd::gather(plan, &args.connect, tokens, false);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let after_bytes = runtime.block_on(sit(&crowd, args.hold, &args.server_pids))?;
    let audit = crowd.leave()?.audit;
    let memory = Memory {
        schema: "parlor-loadtest-idle",
        schema_version: 1,
        environment: Environment::look(),
        clients: args.clients,
        rooms: args.rooms,
        before_bytes,
        after_bytes,
        bytes_per_client: after_bytes.saturating_sub(before_bytes) / u64::from(args.clients),
    };
    print(&memory, audit.broken);
    if let Some(file) = &args.json {
        report::write_json(&memory, file)?;
    }
    Ok(audit.broken == 0)
}

async fn sit(crowd: &Crowd, hold: Duration, pids: &[u32]) -> Result<u64> {
    eprintln!("{} clients join …", crowd.shared.plan.people);
    crowd.everybody_joined().await?;
    sleep(hold).await;
    crowd.check()?;
    resident_bytes(pids)
}

fn print(memory: &Memory, broken: u64) {
    println!("clients      {} joined, in {} rooms", memory.clients, memory.rooms);
    println!("before       {} kB resident", memory.before_bytes / 1024);
    println!("after        {} kB resident", memory.after_bytes / 1024);
    println!("per client   {} bytes", memory.bytes_per_client);
    if broken > 0 {
        println!("\nNot clean: {broken} connections broke meanwhile.");
    }
}

/// The resident memory of these processes, added up.
fn resident_bytes(pids: &[u32]) -> Result<u64> {
    pids.iter().map(|pid| resident_bytes_of(*pid)).sum()
}

fn resident_bytes_of(pid: u32) -> Result<u64> {
    let file = format!("/proc/{pid}/status");
    let status = fs::read_to_string(&file)
        .with_context(|| format!("cannot read {file}: is there a process {pid}?"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kb = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kb.map(|kb| kb * 1024).with_context(|| format!("{file} says nothing about resident memory"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_and_added_up() {
        let own = resident_bytes(&[std::process::id()]).unwrap();
        assert!(own > 100_000, "{own}");
        assert!(resident_bytes(&[std::process::id(); 2]).unwrap() > own);
        assert!(resident_bytes(&[u32::MAX]).unwrap_err().to_string().contains("is there a process"));
    }
}

//! The self-check: a built-in server makes mistakes that it counts, and the audit must find every one of them.

use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::broadcaster::{Broadcaster, Defects, Planted};
use crate::child;
use crate::report::Verdict;

/// The run that every case is tried with: 12 subscribers in 3 rooms, 6 of them senders, 300 messages in a second.
const RUN: &str = "--secret selftest --subscribers 12 --rooms 3 --senders 6 --rate 300 --duration 900ms --warm-up 100ms --audit-only";
const MESSAGES: u64 = 300;
/// How many hear each message.
const LISTENERS: u64 = 4;
/// After how many messages the connections of a server's first address are cut, where they are.
const CUT_AFTER: u64 = 100;
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A server with defects, and what the audit has to say of it.
struct Case {
    name: &'static str,
    defects: Defects,
    /// Whether the connections of one of its two addresses are cut in the middle.
    cuts: bool,
    /// What is added to the options of the run.
    options: &'static str,
    counts: fn(&Planted) -> Vec<Count>,
}

/// A count that the server knows, and how the audit tells it.
struct Count {
    what: &'static str,
    expected: u64,
    /// Of the report's audit, added up.
    found: fn(&Value) -> Option<u64>,
}

/// A count that stands in the audit under one name.
macro_rules! count {
    ($what:literal, $name:literal, $expected:expr) => {
        Count { what: $what, expected: $expected, found: |audit| audit[$name].as_u64() }
    };
}

fn cases() -> Vec<Case> {
    let none = Defects::default();
    vec![
        Case {
            name: "no mistakes",
            defects: none,
            cuts: false,
            options: "",
            counts: |_| {
                vec![
                    count!("messages acknowledged", "acknowledged", MESSAGES),
                    count!("receipts", "received", MESSAGES * LISTENERS),
                    count!("receipts lost", "lost", 0),
                ]
            },
        },
        Case {
            name: "every 7th dropped, every 11th doubled, every 13th swapped",
            defects: Defects { drop_every: 7, double_every: 11, swap_every: 13, ..none },
            cuts: false,
            options: "--settle 3s",
            counts: |planted| {
                vec![
                    count!("receipts lost", "lost", planted.dropped),
                    count!("receipts doubled", "doubled", planted.doubled),
                    count!("receipts out of order", "out_of_order", planted.swapped),
                ]
            },
        },
        Case {
            name: "every 17th in the wrong room",
            defects: Defects { misplace_every: 17, ..none },
            cuts: false,
            options: "--settle 3s",
            counts: |planted| {
                vec![
                    count!("receipts in the wrong room", "wrong_room", planted.misplaced),
                    count!("receipts lost", "lost", planted.dropped),
                ]
            },
        },
        Case {
            name: "every 40th refused and stored",
            defects: Defects { refuse_every: 40, ..none },
            cuts: false,
            options: "",
            counts: |planted| vec![count!("refused, and seen", "refused_but_stored", planted.refused)],
        },
        Case {
            name: "every 50th acknowledged and forgotten",
            defects: Defects { forget_every: 50, ..none },
            cuts: false,
            options: "--settle 3s",
            counts: |planted| {
                // The next message takes the place that was promised; where there is no next, everybody lacks one.
                let found =
                    |audit: &Value| Some(audit["one_place"].as_u64()? + audit["lost"].as_u64()? / LISTENERS);
                vec![Count { what: "places lost, or given twice", expected: planted.forgotten, found }]
            },
        },
        Case {
            name: "every 25th answered with \"perhaps\"",
            defects: Defects { unsure_every: 25, ..none },
            cuts: false,
            options: "",
            counts: |planted| vec![count!("without a final answer", "unknown", planted.unsure)],
        },
        Case {
            name: "half of the connections cut",
            defects: none,
            cuts: true,
            options: "--reconnect",
            counts: |_| {
                vec![
                    count!("connections broken", "broken", 6),
                    count!("connections that came back", "reconnects", 6),
                    count!("receipts", "received", MESSAGES * LISTENERS),
                ]
            },
        },
    ]
}

/// Tries all cases and prints what was planted beside what was found. Clean if all of it is equal.
///
/// # Errors
/// If a run cannot be made.
pub(crate) fn run() -> Result<Verdict> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let tried = runtime.block_on(async {
        let mut trials = JoinSet::new();
        for (number, case) in cases().into_iter().enumerate() {
            trials.spawn(async move { attempt(case).await.map(|tried| (number, tried)) });
        }
        trials.join_all().await.into_iter().collect::<Result<Vec<_>>>()
    });
    let mut tried = tried?;
    tried.sort_by_key(|(number, _)| *number);
    println!("{:52}{:>10}{:>10}", "", "planted", "found");
    Ok(tried.into_iter().fold(true, |right, (_, tried)| tried.print() && right).into())
}

/// A case that was tried.
struct Tried {
    name: &'static str,
    counts: Vec<Count>,
    audit: Value,
}

async fn attempt(case: Case) -> Result<Tried> {
    let server = Broadcaster::start(2, case.defects).await?;
    let targets: Vec<String> = server.targets().iter().map(|url| format!("--target {url}")).collect();
    let options = format!("{} {RUN} {}", targets.join(" "), case.options);
    let run = child::run(&options);
    let done = if case.cuts { tokio::join!(run, cut(&server)).0 } else { run.await };
    let done = done.with_context(|| case.name)?;
    ensure!(matches!(done.code, Some(0 | 3)), "{}: {}", case.name, done.said);
    let report = done.report.ok_or_else(|| anyhow!("{}: {}", case.name, done.said))?;
    Ok(Tried { name: case.name, counts: (case.counts)(&server.planted()), audit: report["audit"].clone() })
}

async fn cut(server: &Broadcaster) {
    while server.stored() < CUT_AFTER {
        sleep(LOOK_EVERY).await;
    }
    server.cut(0);
}

impl Tried {
    /// True if every count was found as it was planted.
    fn print(&self) -> bool {
        println!("{}", self.name);
        self.counts.iter().fold(true, |right, count| {
            let found = (count.found)(&self.audit);
            let equal = found == Some(count.expected);
            let shown = found.map_or_else(|| "nothing".to_owned(), |found| found.to_string());
            let remark = if equal { "" } else { "   WRONG" };
            println!("  {:50}{:>10}{shown:>10}{remark}", count.what, count.expected);
            right && equal
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_equal_counts_are_right() {
        let tried = |audit| Tried { name: "a case", counts: vec![count!("lost", "lost", 7)], audit };
        assert!(tried(json!({"lost": 7})).print());
        assert!(!tried(json!({"lost": 6})).print());
        assert!(!tried(json!({})).print(), "a count that the report does not have was not found");
    }
}

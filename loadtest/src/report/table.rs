//! The report as a person reads it.

use super::Report;
use super::quantiles::{Quantiles, millis};

/// Prints the report.
pub(crate) fn print(report: &Report) {
    print!("{}", text(report));
}

fn text(report: &Report) -> String {
    let (plan, audit) = (&report.plan, &report.audit);
    let mut text = format!(
        "\n{} subscribers in {} over {} target(s); {} senders, {} messages/s of {} bytes for {:.1} s\n\n",
        plan.subscribers,
        rooms(plan.rooms, plan.rooms_per_client),
        plan.targets.len(),
        plan.senders,
        plan.rate_per_s,
        plan.size_bytes,
        report.sending_s,
    );
    text += &row(
        "messages",
        &[("sent", audit.sent), ("acknowledged", audit.acknowledged), ("refused", audit.refused)],
    );
    text += &row("", &[("unknown", audit.unknown), ("repeated", audit.repeated), ("unsent", audit.unsent)]);
    text += &row("receipts", &[("expected", audit.expected), ("received", audit.received)]);
    text +=
        &row("", &[("lost", audit.lost), ("doubled", audit.doubled), ("out of order", audit.out_of_order)]);
    text += &row("connections", &[("broken", audit.broken), ("came back", audit.reconnects)]);
    if report.came_again > 0 {
        text += &row(
            "people",
            &[("left and came again", report.came_again), ("read history", report.history.count)],
        );
    }
    if let Some(time) = report.all_back_s {
        text += &format!("{:14}all were back {time:.1} s after the first had broken\n", "");
    }
    for (reason, count) in &report.broken {
        text += &format!("{:14}{count} × {reason}\n", "");
    }
    for (code, count) in &report.refused {
        text += &format!("{:14}{count} × refused {code}\n", "");
    }
    text += &format!("{:14}{:.0} deliveries/s\n\n", "", report.deliveries_per_s);
    text += &servers(report);
    text += &latency_rows(&latencies(report));
    text += &verdict(report);
    text
}

/// How many rooms there are, and in how many of them each client is if that is more than one.
pub(crate) fn rooms(rooms: u32, of_each: u32) -> String {
    match of_each {
        0 => "no room".to_owned(),
        1 => format!("{rooms} rooms"),
        _ => format!("{rooms} rooms, {of_each} each,"),
    }
}

fn servers(report: &Report) -> String {
    let Some(cost) = &report.servers else { return String::new() };
    let each = cost.cpu_us_per_delivery.map_or_else(String::new, |us| format!(", {us:.2} µs a delivery"));
    format!(
        "{:14}processor {:.2} s{each}\n{:14}memory {} kB resident, {} bytes a client\n\n",
        "servers",
        cost.cpu_us as f64 / 1e6,
        "",
        cost.resident_bytes / 1024,
        cost.resident_bytes_per_client,
    )
}

fn row(name: &str, cells: &[(&str, u64)]) -> String {
    let cells: Vec<String> =
        cells.iter().map(|(name, count)| format!("{:<26}", format!("{name} {count}"))).collect();
    format!("{name:14}{}\n", cells.concat().trim_end())
}

/// The latencies that there are in this run, by what they are of.
pub(super) fn latencies(report: &Report) -> Vec<(&'static str, &Quantiles)> {
    let always = [
        ("acknowledged", &report.acknowledged),
        ("delivered", &report.delivered),
        ("load tester", &report.behind),
    ];
    let some = [("away", &report.away), ("history", &report.history)];
    always.into_iter().chain(some.into_iter().filter(|(_, latencies)| latencies.count > 0)).collect()
}

/// Latencies one below the other, each with its name.
pub(crate) fn latency_rows(rows: &[(&str, &Quantiles)]) -> String {
    let mut text = format!(
        "{:14}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}   ms from the planned time\n",
        "", "p50", "p90", "p99", "p99.9", "p99.99", "max"
    );
    for (name, latency) in rows {
        let cells = latency.columns().map(|(_, us)| format!("{:>10}", millis(us)));
        text += &format!("{name:14}{}\n", cells.concat());
    }
    text
}

/// Why the figures may say little.
pub(super) fn warnings(report: &Report) -> Vec<&'static str> {
    let debug = "This load tester is a debug build: the latencies say little about the servers.";
    report.doubts.iter().copied().chain(report.environment.debug_build.then_some(debug)).collect()
}

fn verdict(report: &Report) -> String {
    let mut text: String = warnings(report).iter().map(|warning| format!("\n{warning}\n")).collect();
    for threshold in &report.thresholds {
        let (option, bound, value) = threshold.in_words();
        let held = if threshold.held { "held" } else { "MISSED" };
        text += &format!("\nthreshold     {held:8}{option} {bound}: {value}");
    }
    for what in &report.not_told {
        text += &format!("\n{:14}{what}", report.plan.dialect);
    }
    if !report.not_told.is_empty() {
        text += "\n";
    }
    if !report.thresholds.is_empty() {
        text += "\n";
    }
    text += &match report.problems.as_slice() {
        [] => "\nClean: every subscription has everything, once and in order.\n".to_owned(),
        problems => format!("\nNot clean: {}.\n", problems.join(", ")),
    };
    if !report.valid {
        text += "Not valid: the figures are those of the load tester, not of the servers.\n";
    }
    text
}

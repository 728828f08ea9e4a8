//! The figures below the plots.

use super::{escape, thousands};
use crate::report::Report;
use crate::report::quantiles::millis;
use crate::report::table;

/// All of them.
pub(super) fn all(report: &Report) -> String {
    let rest = [audit(report), reasons(report), not_told(report), environment(report)].concat();
    format!(
        "{}{}<div class=\"facts\">\n{rest}</div>\n{}",
        thresholds(report),
        latencies(report),
        command(report)
    )
}

fn thresholds(report: &Report) -> String {
    if report.thresholds.is_empty() {
        return String::new();
    }
    let rows = report.thresholds.iter().map(|threshold| {
        let (option, bound, value) = threshold.in_words();
        let (class, held) = if threshold.held { ("good", "held") } else { ("bad", "missed") };
        format!(
            "<tr><th scope=\"row\"><code>{option}</code></th><td>{bound}</td><td>{value}</td>\
             <td class=\"{class}\">{held}</td></tr>\n"
        )
    });
    let head = "<tr><td></td><th scope=\"col\">bound</th><th scope=\"col\">seen</th><td></td></tr>";
    section("Thresholds", "", &format!("<table>\n{head}\n{}</table>", rows.collect::<String>()))
}

fn latencies(report: &Report) -> String {
    let names = report.delivered.columns().map(|(name, _)| format!("<th scope=\"col\">{name}</th>")).concat();
    let mut text = format!(
        "<table>\n<tr><td></td>{names}<th scope=\"col\">mean</th><th scope=\"col\">count</th></tr>\n"
    );
    for (name, latency) in table::latencies(report) {
        let cells = latency.columns().map(|(_, us)| format!("<td>{}</td>", millis(us))).concat();
        let (mean, count) = (millis(latency.mean), thousands(latency.count));
        text += &format!("<tr><th scope=\"row\">{name}</th>{cells}<td>{mean}</td><td>{count}</td></tr>\n");
    }
    section(
        "Latency",
        "milliseconds from the planned time, so that a stall is charged in full",
        &(text + "</table>"),
    )
}

fn audit(report: &Report) -> String {
    let audit = &report.audit;
    let rows = [
        ("messages planned", audit.planned),
        ("sent", audit.sent),
        ("acknowledged", audit.acknowledged),
        ("refused", audit.refused),
        ("without a final answer", audit.unknown),
        ("repeated under the same id", audit.repeated),
        ("receipts expected", audit.expected),
        ("received", audit.received),
        ("lost", audit.lost),
        ("doubled", audit.doubled),
        ("out of order", audit.out_of_order),
        ("in the wrong room", audit.wrong_room),
    ];
    let mut rows: Vec<(&str, String)> = rows.iter().map(|(name, count)| (*name, thousands(*count))).collect();
    if report.came_again > 0 {
        rows.push(("left and came again", thousands(report.came_again)));
    }
    if let Some(time) = report.all_back_s {
        rows.push(("all back after the first had broken", format!("{time:.1} s")));
    }
    list("Audit", &rows)
}

/// What the audit cannot tell in this dialect; nothing if it can tell all.
fn not_told(report: &Report) -> String {
    if report.not_told.is_empty() {
        return String::new();
    }
    let items: String = report.not_told.iter().map(|what| format!("<li>{}</li>\n", escape(what))).collect();
    section("Not told", report.plan.dialect, &format!("<ul>\n{items}</ul>"))
}

/// Why connections broke and messages were refused; nothing if none did.
fn reasons(report: &Report) -> String {
    let broken = report.broken.iter().map(|(why, count)| (format!("broken: {why}"), thousands(*count)));
    let refused = report.refused.iter().map(|(why, count)| (format!("refused: {why}"), thousands(*count)));
    let all: Vec<(String, String)> = broken.chain(refused).collect();
    if all.is_empty() { String::new() } else { list("Reasons", &all) }
}

fn environment(report: &Report) -> String {
    let environment = &report.environment;
    let gib = |kb: u64| format!("{:.1} GiB", kb as f64 / 1024.0 / 1024.0);
    let unknown = || "unknown".to_owned();
    let build = if environment.debug_build { "debug" } else { "release" };
    let commit = environment.commit.map_or_else(String::new, |commit| format!(", {commit}"));
    let processes = match report.plan.processes {
        1 => String::new(),
        many => format!(" in {many} processes"),
    };
    let rows = [
        ("targets", report.plan.targets.join(", ")),
        ("load tester", format!("{} ({build}{commit}){processes}", environment.version)),
        ("machine", format!("{} × {}", environment.cpus, environment.cpu.clone().unwrap_or_else(unknown))),
        ("memory", environment.memory_kb.map_or_else(unknown, gib)),
        (
            "system",
            format!(
                "{} {} {}",
                environment.os,
                environment.kernel.as_deref().unwrap_or_default(),
                environment.arch
            ),
        ),
        ("run", report.plan.run.clone()),
        ("comes back", if report.plan.reconnect { "yes" } else { "no" }.to_owned()),
        ("ended", environment.at.clone()),
    ];
    list("Environment", &rows)
}

fn command(report: &Report) -> String {
    let words: Vec<String> = report.environment.command.iter().map(|word| quoted(word)).collect();
    section("Command", "", &format!("<pre>{}</pre>", escape(&words.join(" "))))
}

/// A word as a shell reads it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,*".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

fn list(title: &str, rows: &[(impl AsRef<str>, String)]) -> String {
    let row = |(name, value): &(_, String)| row(AsRef::as_ref(name), value);
    let rows: String = rows.iter().map(row).collect();
    section(title, "", &format!("<dl>\n{rows}</dl>"))
}

fn row(name: &str, value: &str) -> String {
    format!("<div><dt>{}</dt><dd>{}</dd></div>\n", escape(name), escape(value))
}

fn section(title: &str, aside: &str, content: &str) -> String {
    format!("<section><h2>{title} <small>{aside}</small></h2>\n{content}\n</section>\n")
}

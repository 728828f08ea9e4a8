//! The report as a page: one file with its style and its plots inside, and no script. It follows the system into the
//! dark, and prints.

mod plots;
mod tables;
mod time;

use plot::number;

use super::quantiles::millis;
use super::{Report, Verdict, table};
use crate::tally::Tally;

const STYLE: &str = include_str!("style.css");

/// The whole page.
pub(super) fn page(report: &Report, tally: &Tally) -> String {
    let legend = |names: &[(&str, &str)]| -> String {
        names.iter().map(|(class, name)| format!("<span class=\"key {class}\">{name}</span>")).collect()
    };
    let both = legend(&[("delivered", "delivered"), ("acknowledged", "acknowledged")]);
    let bands = legend(&[("delivered", "p50"), ("p99", "p99"), ("max", "max")]);
    let figures = [
        figure("wide", "Latency by percentile", &both, &plots::percentiles(tally)),
        figure("wide", "Latency over time", &bands, &plots::latency_over_time(report)),
        figure("", "Deliveries", "", &plots::deliveries(report)),
        figure("", "Connections", "", &plots::connections(report)),
    ];
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{} · parlor-loadtest</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         {}{}<div class=\"plots\">\n{}</div>\n{}</main>\n</body>\n</html>\n",
        word(report.verdict()),
        header(report),
        cards(report),
        figures.concat(),
        tables::all(report),
    )
}

fn header(report: &Report) -> String {
    let verdict = report.verdict();
    let (plan, environment) = (&report.plan, &report.environment);
    let at = environment.at.split('.').next().unwrap_or_default().trim_end_matches('Z').replace('T', " ");
    let cpu = environment.cpu.as_deref().unwrap_or(environment.arch);
    let asides: String = table::warnings(report)
        .iter()
        .map(|warning| format!("<p class=\"warning\">{warning}</p>\n"))
        .collect();
    format!(
        "<header class=\"{}\">\n<div class=\"badge\" aria-hidden=\"true\">{}</div>\n\
         <div><h1>{}</h1>\n<p class=\"reason\">{}</p>\n\
         <p class=\"plan\">{} subscribers in {} over {} · {} senders, {} messages/s of {} bytes for {} s</p>\n\
         </div>\n<p class=\"where\">{at} UTC<br>{} × {}<br>parlor-loadtest {}</p>\n</header>\n{asides}",
        class(verdict),
        match verdict {
            Verdict::Clean => "✓",
            Verdict::NotValid => "?",
            Verdict::NotClean | Verdict::Missed => "✗",
        },
        word(verdict),
        escape(&reason(report)),
        number(f64::from(plan.subscribers)),
        rooms(plan.rooms, plan.rooms_per_client),
        escape(&targets(&plan.targets)),
        number(f64::from(plan.senders)),
        number(plan.rate_per_s),
        plan.size_bytes,
        number(plan.duration_s),
        environment.cpus,
        escape(cpu),
        environment.version,
    )
}

/// One target by its address, several by their number: all of them are in the environment below.
fn targets(targets: &[String]) -> String {
    match targets {
        [one] => one.clone(),
        many => format!("{} targets", many.len()),
    }
}

fn rooms(rooms: u32, of_each: u32) -> String {
    let rooms = number(f64::from(rooms));
    if of_each == 1 { format!("{rooms} rooms") } else { format!("{rooms} rooms ({of_each} each)") }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Clean => "Clean",
        Verdict::NotClean => "Not clean",
        Verdict::NotValid => "Not valid",
        Verdict::Missed => "Threshold missed",
    }
}

fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Clean => "good",
        Verdict::NotValid => "doubtful",
        Verdict::NotClean | Verdict::Missed => "bad",
    }
}

fn reason(report: &Report) -> String {
    match report.shortcomings().as_slice() {
        [] => "Every subscription has everything, once and in order.".to_owned(),
        all => format!("{}.", all.join(" · ")),
    }
}

fn cards(report: &Report) -> String {
    let (audit, delivered, acknowledged) = (&report.audit, &report.delivered, &report.acknowledged);
    let whole = audit.lost + audit.doubled + audit.out_of_order == 0;
    let beside = |p50, max| [format!("p50 {} ms", millis(p50)), format!("max {} ms", millis(max))];
    let counts = |one, what: &str, other, so: &str| {
        [format!("{} {what}", thousands(one)), format!("{} {so}", thousands(other))]
    };
    let mut cards = vec![
        card("", "Delivered, p99", &millis(delivered.p99), "ms", &beside(delivered.p50, delivered.max)),
        card(
            "",
            "Acknowledged, p99",
            &millis(acknowledged.p99),
            "ms",
            &beside(acknowledged.p50, acknowledged.max),
        ),
        card(
            "",
            "Deliveries",
            &number(report.deliveries_per_s),
            "/s",
            &counts(audit.received, "received", audit.expected, "expected"),
        ),
        card(
            if whole { "good" } else { "bad" },
            "Lost",
            &thousands(audit.lost),
            "",
            &counts(audit.doubled, "doubled", audit.out_of_order, "out of order"),
        ),
        card(
            "",
            "Connections",
            &number(f64::from(report.plan.subscribers)),
            "",
            &counts(audit.broken, "broke", audit.reconnects, "came back"),
        ),
    ];
    if let Some(cost) = &report.servers {
        let kb = |bytes| thousands(bytes / 1024);
        let memory = [
            format!("{} kB a client", kb(cost.resident_bytes_per_client)),
            format!("{} kB in all", kb(cost.resident_bytes)),
        ];
        let each = cost.cpu_us_per_delivery.map_or_else(|| "–".to_owned(), number);
        cards.push(card("", "Servers, a delivery", &each, "µs CPU", &memory));
    }
    format!("<section class=\"cards\">\n{}</section>\n", cards.concat())
}

fn card(class: &str, name: &str, value: &str, unit: &str, beside: &[String; 2]) -> String {
    format!(
        "<div class=\"card {class}\"><h2>{name}</h2><p class=\"value\">{value}<small>{unit}</small></p>\
         <p class=\"beside\">{}</p></div>\n",
        beside.join("<br>")
    )
}

fn figure(class: &str, title: &str, legend: &str, plot: &str) -> String {
    format!(
        "<figure class=\"{class}\"><figcaption><h2>{title}</h2><p>{legend}</p></figcaption>\n{plot}</figure>\n"
    )
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn thousands(count: u64) -> String {
    number(count as f64)
}

/// A text as it stands in a page, between tags or quotes.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests;
